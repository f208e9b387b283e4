//! CMS (RFC 5652), as much of it as enrolment speaks: signed by one, enveloped for one, and the degenerate kind that
//! only carries certificates.
//!
//! Own code and not a general library, because signatures must be checked over the bytes that came (a library that
//! decodes and encodes again sorts a SET that a phone did not sort) and because every count is bounded here.

mod enveloped;
mod signed;

pub use enveloped::{Cipher, Opened, open, seal};
pub use signed::{Signed, attribute, certs_only, new_attribute, sign};

use super::asn1::{self, CONTEXT_0, INTEGER, Malformed, OID, SEQUENCE};
use x509_parser::asn1_rs::oid;

const DATA: &[u8] = &oid!(raw 1.2.840.113549.1.7.1);
const SIGNED: &[u8] = &oid!(raw 1.2.840.113549.1.7.2);
const ENVELOPED: &[u8] = &oid!(raw 1.2.840.113549.1.7.3);

fn content_info(kind: &[u8], content: &[u8]) -> Vec<u8> {
    asn1::sequence(&[&asn1::oid(kind), &asn1::element_of(CONTEXT_0, &[content])])
}

/// The SEQUENCE inside a ContentInfo of this kind.
fn content<'a>(der: &'a [u8], kind: &[u8]) -> asn1::Result<asn1::Reader<'a>> {
    let mut info = asn1::only(der, SEQUENCE)?.inside();
    if info.expect(OID)?.body != kind {
        return Err(Malformed);
    }
    info.open(CONTEXT_0)?.open(SEQUENCE)
}

/// Of a certificate only what names it, and its key. Whether it is worth anything is not looked at.
#[derive(Debug, Clone, Copy)]
pub struct Certificate<'a> {
    pub der: &'a [u8],
    /// Content of the INTEGER.
    pub serial: &'a [u8],
    /// Whole elements.
    pub issuer: &'a [u8],
    pub subject: &'a [u8],
    pub spki: &'a [u8],
}

impl<'a> Certificate<'a> {
    pub fn parse(der: &'a [u8]) -> asn1::Result<Certificate<'a>> {
        let mut tbs = asn1::only(der, SEQUENCE)?.inside().open(SEQUENCE)?;
        tbs.optional(CONTEXT_0)?;
        let serial = tbs.expect(INTEGER)?.body;
        tbs.expect(SEQUENCE)?;
        let issuer = tbs.expect(SEQUENCE)?.raw;
        tbs.expect(SEQUENCE)?;
        let subject = tbs.expect(SEQUENCE)?.raw;
        Ok(Certificate { der, serial, issuer, subject, spki: tbs.expect(SEQUENCE)?.raw })
    }

    /// IssuerAndSerialNumber.
    fn name(&self) -> Vec<u8> {
        asn1::sequence(&[self.issuer, &asn1::element_of(INTEGER, &[self.serial])])
    }

    fn is_named(&self, issuer_and_serial: asn1::Element) -> bool {
        let mut parts = issuer_and_serial.inside();
        let issuer = parts.expect(SEQUENCE).map(|issuer| issuer.raw);
        let serial = parts.expect(INTEGER).map(|serial| serial.body);
        issuer_and_serial.tag == SEQUENCE && issuer == Ok(self.issuer) && serial == Ok(self.serial)
    }
}
