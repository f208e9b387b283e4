//! What is read out of a certificate that is already there (RFC 5280, 4.1).

use std::net::IpAddr;
use x509_parser::extensions::{GeneralName, ParsedExtension};

#[derive(Debug, Clone)]
pub struct Parsed {
    /// DER of the names.
    pub subject: Vec<u8>,
    pub issuer: Vec<u8>,
    /// For people.
    pub subject_text: String,
    pub issuer_text: String,
    /// DER of the SubjectPublicKeyInfo, and the bits of the key in it.
    pub spki: Vec<u8>,
    pub key: Vec<u8>,
    pub serial: Vec<u8>,
    /// Milliseconds since the Unix epoch.
    pub not_before: i64,
    pub not_after: i64,
    pub is_ca: bool,
    /// How many more CAs may stand below. `None`: any number.
    pub path_length: Option<u32>,
    pub key_id: Option<Vec<u8>>,
    /// It may sign certificates: its key usage says so, or says nothing.
    pub may_sign: bool,
    pub may_sign_lists: bool,
    /// A server may show it: its extended key usage says so, or says nothing.
    pub may_serve: bool,
    /// It names a server: by its alternative names, or by a common name that could be one.
    pub names_server: bool,
}

/// `None`: no certificate, or more than one.
pub fn parse(der: &[u8]) -> Option<Parsed> {
    let (rest, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
    if !rest.is_empty() {
        return None;
    }
    let basic = certificate.basic_constraints().ok()?.map(|found| found.value.clone());
    let usage = certificate.key_usage().ok()?.map(|found| *found.value);
    let key_id = certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
        _ => None,
    });
    let purposes = certificate.extended_key_usage().ok()?.map(|found| found.value.clone());
    let names = certificate.subject_alternative_name().ok()?.map(|found| &found.value.general_names);
    let is_server = |name: &GeneralName| matches!(name, GeneralName::DNSName(_) | GeneralName::IPAddress(_));
    let mut commons = certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok());
    let could_be = |name: &str| name.contains('.') && crate::net::is_dns_name(name) || name.parse::<IpAddr>().is_ok();
    let millis = |time: x509_parser::time::ASN1Time| time.timestamp().saturating_mul(1_000);
    Some(Parsed {
        subject: certificate.subject().as_raw().to_vec(),
        issuer: certificate.issuer().as_raw().to_vec(),
        subject_text: certificate.subject().to_string(),
        issuer_text: certificate.issuer().to_string(),
        spki: certificate.public_key().raw.to_vec(),
        key: certificate.public_key().subject_public_key.data.to_vec(),
        serial: certificate.raw_serial().to_vec(),
        not_before: millis(certificate.validity().not_before),
        not_after: millis(certificate.validity().not_after),
        is_ca: basic.as_ref().is_some_and(|basic| basic.ca),
        path_length: basic.and_then(|basic| basic.path_len_constraint),
        key_id,
        may_sign: usage.is_none_or(|usage| usage.key_cert_sign()),
        may_sign_lists: usage.is_none_or(|usage| usage.crl_sign()),
        may_serve: purposes.is_none_or(|purposes| purposes.server_auth || purposes.any),
        names_server: names.map_or_else(|| commons.any(could_be), |names| names.iter().any(is_server)),
    })
}
