//! SignedData (RFC 5652 §5).

use super::{Certificate, DATA, SIGNED, content, content_info};
use crate::ca::asn1::{self, CONTEXT_0, CONTEXT_1, Element, INTEGER, Malformed, OCTET_STRING, OID, SEQUENCE, SET};
use crate::ca::signature::{self, Digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use x509_parser::asn1_rs::oid;

const CONTENT_TYPE: &[u8] = &oid!(raw 1.2.840.113549.1.9.3);
const MESSAGE_DIGEST: &[u8] = &oid!(raw 1.2.840.113549.1.9.4);

const CERTIFICATES: usize = 16;
const ATTRIBUTES: usize = 32;

/// What one signer signed. The signature is not yet looked at.
#[derive(Debug)]
pub struct Signed<'a> {
    pub content: &'a [u8],
    pub certificates: Vec<Certificate<'a>>,
    /// `None`: one that is not known here.
    pub digest: Option<Digest>,
    signer: Element<'a>,
    /// Content of the SET, as it came.
    attributes: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Signed<'a> {
    /// Reads what [`asn1::normalise`] made.
    pub fn parse(der: &'a [u8]) -> asn1::Result<Signed<'a>> {
        let mut data = content(der, SIGNED)?;
        data.expect(INTEGER)?;
        data.expect(SET)?;
        let mut encapsulated = data.open(SEQUENCE)?;
        if encapsulated.expect(OID)?.body != DATA {
            return Err(Malformed);
        }
        let content = match encapsulated.optional(CONTEXT_0)? {
            Some(content) => content.inside().expect(OCTET_STRING)?.body,
            None => &[],
        };
        let certificates = match data.optional(CONTEXT_0)? {
            Some(set) => set.inside().all(CERTIFICATES)?,
            None => Vec::new(),
        };
        data.optional(CONTEXT_1)?;
        let mut signers = data.open(SET)?;
        let mut signer = signers.open(SEQUENCE)?;
        signers.end()?;
        signer.expect(INTEGER)?;
        let id = signer.any()?;
        let digest = Digest::from_oid(signer.open(SEQUENCE)?.expect(OID)?.body);
        let attributes = signer.expect(CONTEXT_0)?.body;
        let algorithm = signer.open(SEQUENCE)?.expect(OID)?.body;
        if Digest::of_signature(algorithm).is_some_and(|named| Some(named) != digest) {
            return Err(Malformed);
        }
        let signature = signer.expect(OCTET_STRING)?.body;
        Ok(Signed {
            content,
            certificates: certificates
                .into_iter()
                .filter(|certificate| certificate.tag == SEQUENCE)
                .map(|certificate| Certificate::parse(certificate.raw))
                .collect::<asn1::Result<_>>()?,
            digest,
            signer: id,
            attributes,
            signature,
        })
    }

    /// The certificate of whoever signed, once the signature, the digest and the content type have proved right.
    pub fn verified(&self) -> Option<Certificate<'a>> {
        let digest = self.digest?;
        let certificate = self.certificates.iter().find(|certificate| certificate.is_named(self.signer))?;
        let is = |id, tag, expected: &[u8]| {
            attribute(self.attributes, id).is_ok_and(|value| value.is_some_and(|v| v.tag == tag && v.body == expected))
        };
        let signed = asn1::element_of(SET, &[self.attributes]);
        let is_right = is(CONTENT_TYPE, OID, DATA)
            && is(MESSAGE_DIGEST, OCTET_STRING, &digest.of(self.content))
            && signature::is_good(certificate.spki, digest, &signed, self.signature);
        is_right.then_some(*certificate)
    }

    /// The one value of a signed attribute.
    pub fn attribute(&self, id: &[u8]) -> asn1::Result<Option<Element<'a>>> {
        attribute(self.attributes, id)
    }
}

/// The one value of the one attribute of this kind in the content of a SET OF Attribute.
pub fn attribute<'a>(attributes: &'a [u8], id: &[u8]) -> asn1::Result<Option<Element<'a>>> {
    let mut found = None;
    for one in asn1::Reader::new(attributes).all(ATTRIBUTES)? {
        let mut parts = one.inside();
        if one.tag != SEQUENCE || parts.expect(OID)?.body != id {
            continue;
        }
        let mut values = parts.open(SET)?;
        let value = values.any()?;
        values.end()?;
        if found.replace(value).is_some() {
            return Err(Malformed);
        }
    }
    Ok(found)
}

/// Signed with SHA-256 by the holder of `certificate`, which goes with it. `attributes` are whole Attribute elements.
pub fn sign(
    key: &KeyPair,
    certificate: &Certificate,
    content: Option<&[u8]>,
    attributes: Vec<Vec<u8>>,
) -> Option<Vec<u8>> {
    let digest = Digest::Sha256;
    let hash = asn1::octets(&digest.of(content.unwrap_or_default()));
    let own = [new_attribute(CONTENT_TYPE, &asn1::oid(DATA)), new_attribute(MESSAGE_DIGEST, &hash)];
    let signed = asn1::set_of(own.into_iter().chain(attributes).collect());
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&aws_lc_rs::signature::RSA_PKCS1_SHA256, &SystemRandom::new(), &signed, &mut signature).ok()?;
    let attributes = asn1::element_of(CONTEXT_0, &[asn1::only(&signed, SET).ok()?.body]);
    let signer = asn1::sequence(&[
        &asn1::integer(1),
        &certificate.name(),
        &digest.algorithm(),
        &attributes,
        // Without the digest, as CMS allows and some clients (strongSwan 5.9.8) want it.
        &asn1::algorithm(signature::RSA),
        &asn1::octets(&signature),
    ]);
    let content = content.map(|content| asn1::element_of(CONTEXT_0, &[&asn1::octets(content)])).unwrap_or_default();
    Some(data(&digest.algorithm(), &content, &[certificate.der], &[], &signer))
}

/// The degenerate kind, without content and signers: certificates and revocation lists (RFC 8894 §3.4, RFC 7030 §4.1.3).
pub fn certs_only(certificates: &[&[u8]], crls: &[&[u8]]) -> Vec<u8> {
    data(&[], &[], certificates, crls, &[])
}

fn data(digests: &[u8], content: &[u8], certificates: &[&[u8]], crls: &[&[u8]], signers: &[u8]) -> Vec<u8> {
    let bag = |tag, members: &[&[u8]]| if members.is_empty() { Vec::new() } else { asn1::element_of(tag, members) };
    let data = asn1::sequence(&[
        &asn1::integer(1),
        &asn1::element_of(SET, &[digests]),
        &asn1::sequence(&[&asn1::oid(DATA), content]),
        &bag(CONTEXT_0, certificates),
        &bag(CONTEXT_1, crls),
        &asn1::element_of(SET, &[signers]),
    ]);
    content_info(SIGNED, &data)
}

/// An Attribute with one value.
pub fn new_attribute(id: &[u8], value: &[u8]) -> Vec<u8> {
    asn1::sequence(&[&asn1::oid(id), &asn1::element_of(SET, &[value])])
}
