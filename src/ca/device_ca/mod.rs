//! Device CAs: whose certificates of phones are accepted besides our own. An administrator uploads them, from the
//! vendor's site or from a phone; some of them sign with SHA-1, which counts only where he says so.

pub mod api;
pub mod store;

use super::client::has_short_key;
use super::{Authority, from_pem};
use std::collections::HashSet;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;

/// A row: a CA whose certificates of devices count here.
#[derive(Debug, Clone)]
pub struct DeviceCa {
    pub name: String,
    /// DER.
    pub certificate: Vec<u8>,
    /// SHA-1, MD5 and short keys count below it.
    pub weak: bool,
    /// DER of its newest revocation list.
    pub list: Option<Vec<u8>>,
    pub created_at: i64,
}

/// Where a chain may end.
#[derive(Debug)]
pub struct Anchor {
    /// An authority of this box; else a device CA.
    pub ours: bool,
    pub weak: bool,
    /// DER of its name and of its key.
    pub subject: Vec<u8>,
    pub spki: Vec<u8>,
    pub short_key: bool,
    pub not_before: i64,
    pub not_after: i64,
    /// Numbers on its revocation list; what this box issued is looked up elsewhere.
    pub revoked: HashSet<Vec<u8>>,
}

/// What is wrong with an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("it holds no certificate, neither as PEM nor as DER")]
    NoCertificate,
    #[error("it is no CA: its basic constraints do not say so (RFC 5280, 4.2.1.9)")]
    NotACa,
    #[error("its key is none that signatures are verified with here: RSA of 1024 to 8192 bits, P-256, P-384 or P-521")]
    Key,
    #[error("the list is no CRL, neither as PEM nor as DER")]
    NoList,
    #[error("the list is not signed by this CA")]
    ForeignList,
}

/// A CA's certificate out of an uploaded file.
pub fn certificate(file: &[u8]) -> Result<Vec<u8>, Unfit> {
    let text = std::str::from_utf8(file).ok().and_then(from_pem);
    let der = text.unwrap_or_else(|| file.to_vec());
    let parsed = super::parsed::parse(&der).ok_or(Unfit::NoCertificate)?;
    // Roots of before 1999 are of version 1 and say nothing of themselves but that they signed themselves.
    if !parsed.is_ca && parsed.subject != parsed.issuer {
        return Err(Unfit::NotACa);
    }
    if !super::signature::is_usable(&parsed.spki) {
        return Err(Unfit::Key);
    }
    Ok(der)
}

/// A file's list as DER.
pub fn list_der(file: &[u8]) -> Result<Vec<u8>, Unfit> {
    let pem = || x509_parser::pem::parse_x509_pem(file).ok().map(|(_, pem)| pem.contents);
    if file.trim_ascii_start().starts_with(b"-----") { pem().ok_or(Unfit::NoList) } else { Ok(file.to_vec()) }
}

/// Its revocation list out of an uploaded file.
pub fn list(file: &[u8], ca: &[u8]) -> Result<Vec<u8>, Unfit> {
    let der = list_der(file)?;
    let (_, list) = CertificateRevocationList::from_der(&der).map_err(|_| Unfit::NoList)?;
    let ca = super::parsed::parse(ca).ok_or(Unfit::NoCertificate)?;
    let digest = super::signature::Digest::of_signature(list.signature_algorithm.algorithm.as_bytes());
    let signed = digest.is_some_and(|digest| {
        super::signature::is_good(&ca.spki, digest, list.tbs_cert_list.as_ref(), &list.signature_value.data)
    });
    if !signed || list.issuer().as_raw() != ca.subject {
        return Err(Unfit::ForeignList);
    }
    Ok(der)
}

impl Anchor {
    pub fn of_ours(authority: &Authority) -> Anchor {
        let parsed = &authority.parsed;
        Anchor {
            ours: true,
            weak: false,
            subject: parsed.subject.clone(),
            spki: parsed.spki.clone(),
            short_key: false,
            not_before: parsed.not_before,
            not_after: parsed.not_after,
            revoked: HashSet::new(),
        }
    }

    /// `None`: the row is damaged.
    pub fn of_row(row: &DeviceCa) -> Option<Anchor> {
        let (_, certificate) = x509_parser::parse_x509_certificate(&row.certificate).ok()?;
        let parsed = super::parsed::parse(&row.certificate)?;
        let list = row.list.as_ref().and_then(|der| Some(CertificateRevocationList::from_der(der).ok()?.1));
        Some(Anchor {
            ours: false,
            weak: row.weak,
            short_key: has_short_key(&certificate),
            subject: parsed.subject,
            spki: parsed.spki,
            not_before: parsed.not_before,
            not_after: parsed.not_after,
            revoked: list
                .iter()
                .flat_map(|list| list.iter_revoked_certificates().map(|one| one.raw_serial().to_vec()))
                .collect(),
        })
    }
}
