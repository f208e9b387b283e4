//! Certification requests (PKCS#10, RFC 2986): the key that wants a certificate, proved by its own signature, and what
//! the request says beside it.
//!
//! Nothing of a request but its key ever gets into a certificate: names are kept only so that whoever decides can see
//! whether they contradict the holder.

use super::asn1::{
    self, BIT_STRING, BOOLEAN, CONTEXT_0, Element, INTEGER, Malformed, OCTET_STRING, OID, Reader, SEQUENCE, SET,
};
use super::cms::attribute;
use super::signature::{self, Digest};
use crate::settings::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use x509_parser::asn1_rs::oid;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

const CHALLENGE_PASSWORD: &[u8] = &oid!(raw 1.2.840.113549.1.9.7);
/// Of RSA Laboratories and, in older clients, of Microsoft.
const EXTENSION_REQUEST: [&[u8]; 2] = [&oid!(raw 1.2.840.113549.1.9.14), &oid!(raw 1.3.6.1.4.1.311.2.1.14)];
const SUBJECT_ALT_NAME: &[u8] = &oid!(raw 2.5.29.17);
const BASIC_CONSTRAINTS: &[u8] = &oid!(raw 2.5.29.19);

/// Larger than any request with an RSA-8192 key.
pub const LARGEST: usize = 16 * 1024;
const EXTENSIONS: usize = 32;
const NAMES: usize = 64;
const DEEPEST: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CsrError {
    #[error("this is no certification request: a PKCS#10 request in PEM or DER is expected, at most {LARGEST} bytes")]
    Malformed,
    #[error("the request is signed with an algorithm this box does not take: RSA or ECDSA with SHA-1 or SHA-2 is")]
    Algorithm,
    #[error("no signature of its kind of key is verified here: RSA of 1024 to 8192 bits, P-256, P-384 and P-521 are")]
    Key,
    #[error("the request asks to be a CA (basicConstraints CA:TRUE), which no device is: make one without that")]
    WantsCa,
    #[error("the request's own signature is wrong, so it does not prove that its key exists: make a new request")]
    Signature,
}

impl From<Malformed> for CsrError {
    fn from(_: Malformed) -> CsrError {
        CsrError::Malformed
    }
}

#[derive(Debug)]
pub struct Csr {
    /// SubjectPublicKeyInfo.
    pub spki: Vec<u8>,
    /// The Name, as it was written. Shown to people, compared in polls, never copied into a certificate.
    pub subject: Vec<u8>,
    pub challenge: Option<Secret>,
    /// Every text in the subject and in the alternative names.
    pub names: Vec<String>,
    /// Those of the alternative names alone.
    alternatives: Vec<String>,
}

/// A request taken apart, nothing in it verified.
struct Parts<'a> {
    info: Element<'a>,
    algorithm: &'a [u8],
    signed: &'a [u8],
    subject: Element<'a>,
    spki: &'a [u8],
    attributes: &'a [u8],
}

impl Parts<'_> {
    fn of(der: &[u8]) -> Result<Parts<'_>, CsrError> {
        if der.len() > LARGEST {
            return Err(CsrError::Malformed);
        }
        let mut request = asn1::only(der, SEQUENCE)?.inside();
        let info = request.expect(SEQUENCE)?;
        let algorithm = request.open(SEQUENCE)?.expect(OID)?.body;
        let signed = signature::bits(request.expect(BIT_STRING)?.body)?;
        request.end()?;
        let mut parts = info.inside();
        parts.expect(INTEGER)?;
        let subject = parts.expect(SEQUENCE)?;
        let spki = parts.expect(SEQUENCE)?.raw;
        let attributes = parts.optional(CONTEXT_0)?.map(|set| set.body).unwrap_or_default();
        parts.end()?;
        Ok(Parts { info, algorithm, signed, subject, spki, attributes })
    }
}

fn challenge(attributes: &[u8]) -> asn1::Result<Option<Secret>> {
    Ok(attribute(attributes, CHALLENGE_PASSWORD)?.and_then(|value| text(&value)).map(Secret::new))
}

/// The challenge in a request that may be wrong in all else: whose it is stands beside the refusal.
pub fn challenge_of(der: &[u8]) -> Option<Secret> {
    challenge(Parts::of(der).ok()?.attributes).ok()?
}

impl Csr {
    /// Reads DER and verifies the request's own signature. MD5 only where somebody allowed it.
    pub fn parse(der: &[u8], md5: bool) -> Result<Csr, CsrError> {
        let Parts { info, algorithm, signed, subject, spki, attributes } = Parts::of(der)?;
        let digest = Digest::of_signature(algorithm).filter(|digest| md5 || *digest != Digest::Md5);
        if !signature::is_usable(spki) {
            return Err(CsrError::Key);
        }
        if !signature::is_good(spki, digest.ok_or(CsrError::Algorithm)?, info.raw, signed) {
            return Err(CsrError::Signature);
        }
        let (mut names, mut alternatives) = (Vec::new(), Vec::new());
        texts(subject, &mut names, DEEPEST)?;
        for id in EXTENSION_REQUEST {
            if let Some(extensions) = attribute(attributes, id)?
                && names_and_wish(extensions, &mut alternatives)?
            {
                return Err(CsrError::WantsCa);
            }
        }
        names.extend(alternatives.iter().cloned());
        let challenge = challenge(attributes)?;
        Ok(Csr { spki: spki.to_vec(), subject: subject.raw.to_vec(), challenge, names, alternatives })
    }

    /// RFC 7030 §4.2.2: a renewal is for the names of the certificate there is. The first that is not: neither in that
    /// certificate nor `known` of its holder. Who names nothing, or only part of it, asks for nothing else.
    pub fn new_name(&self, certificate: &[u8], known: impl Fn(&str) -> bool) -> Option<String> {
        let (Ok((_, certificate)), Ok((_, subject))) =
            (x509_parser::parse_x509_certificate(certificate), X509Name::from_der(&self.subject))
        else {
            return Some("unreadable".into());
        };
        let commons = |name: &X509Name| -> Vec<String> {
            name.iter_common_name().map(|one| one.as_str().unwrap_or_default().to_owned()).collect()
        };
        let mut held = commons(certificate.subject());
        let alternatives = certificate.subject_alternative_name().ok().flatten();
        held.extend(alternatives.iter().flat_map(|names| &names.value.general_names).filter_map(|name| match name {
            GeneralName::DNSName(name) | GeneralName::URI(name) => Some((*name).to_owned()),
            _ => None,
        }));
        let subject = match subject.to_string() {
            whole if whole.is_empty() || whole == certificate.subject().to_string() => Vec::new(),
            whole => Some(commons(&subject)).filter(|names| !names.is_empty()).unwrap_or_else(|| vec![whole]),
        };
        let is_new = |name: &&String| !known(name) && !held.iter().any(|one| one.eq_ignore_ascii_case(name));
        subject.iter().chain(&self.alternatives).find(is_new).cloned()
    }

    /// The same for what a person brings: PEM, DER, or that in base64.
    pub fn from_file(bytes: &[u8]) -> Result<Csr, CsrError> {
        const BEGIN: [&str; 2] = ["-----BEGIN CERTIFICATE REQUEST-----", "-----BEGIN NEW CERTIFICATE REQUEST-----"];
        let text = std::str::from_utf8(bytes).ok();
        let inside =
            text.and_then(|text| BEGIN.iter().find_map(|begin| text.split_once(begin))).map(|(_, after)| after);
        let Some(inside) = inside else {
            // What stands in JSON is no DER, but may be its base64.
            let body: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
            return BASE64.decode(body).map_or_else(|_| Csr::parse(bytes, false), |der| Csr::parse(&der, false));
        };
        let body: String = inside.split('-').next().unwrap_or_default().split_whitespace().collect();
        Csr::parse(&BASE64.decode(body).map_err(|_| CsrError::Malformed)?, false)
    }
}

/// Collects the alternative names. Answers whether the request would be a CA: other wishes are not granted, this one is an
/// attack.
fn names_and_wish(extensions: Element, names: &mut Vec<String>) -> asn1::Result<bool> {
    let mut wants_ca = false;
    for extension in extensions.inside().all(EXTENSIONS)? {
        if extension.tag != SEQUENCE {
            continue;
        }
        let mut parts = extension.inside();
        let id = parts.expect(OID)?.body;
        if id != SUBJECT_ALT_NAME && id != BASIC_CONSTRAINTS {
            continue;
        }
        let value = parts.all(2)?.pop().filter(|value| value.tag == OCTET_STRING).ok_or(Malformed)?;
        let value = asn1::only(value.body, SEQUENCE)?;
        if id == SUBJECT_ALT_NAME {
            texts(value, names, DEEPEST)?;
        } else {
            wants_ca |= value.inside().optional(BOOLEAN)?.is_some_and(|ca| ca.body != [0]);
        }
    }
    Ok(wants_ca)
}

/// Every text inside an element, whatever it is the name of.
fn texts(element: Element, names: &mut Vec<String>, depth: usize) -> asn1::Result<()> {
    const CONSTRUCTED: u8 = 0x20;
    let depth = depth.checked_sub(1).ok_or(Malformed)?;
    if element.tag & CONSTRUCTED != 0 {
        let mut inside: Reader = element.inside();
        while !inside.is_empty() {
            texts(inside.any()?, names, depth)?;
        }
    } else if element.tag != OID && element.tag != INTEGER {
        if names.len() == NAMES {
            return Err(Malformed);
        }
        names.extend(text(&element));
    }
    Ok(())
}

fn text(element: &Element) -> Option<String> {
    const BMP: u8 = 0x1e;
    if matches!(element.tag, SEQUENCE | SET) {
        return None;
    }
    Some(match element.tag {
        BMP => String::from_utf16_lossy(
            &element
                .body
                .chunks_exact(2)
                .map(|pair| pair.iter().fold(0, |c, b| c << 8 | u16::from(*b)))
                .collect::<Vec<_>>(),
        ),
        _ => String::from_utf8_lossy(element.body).into_owned(),
    })
}
