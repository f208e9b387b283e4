//! EST (RFC 7030, RFC 8951): what goes over the wire. Who may have a certificate is decided elsewhere.

use super::asn1::{self, Malformed};
use super::cms;
use super::signature::Digest;
use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use x509_parser::asn1_rs::oid;

/// Certificates. strongSwan reads the media type up to its end, so nothing stands behind it but what RFC 7030 writes.
pub const CERTIFICATES: &str = "application/pkcs7-mime; smime-type=certs-only";
pub const ATTRIBUTES: &str = "application/csrattrs";
const PREFIX: &str = "/.well-known/est/";
const LONGEST_LABEL: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    CaCertificates,
    Enroll,
    Reenroll,
    Attributes,
}

const OPERATIONS: &[(&str, Operation)] = &[
    ("cacerts", Operation::CaCertificates),
    ("simpleenroll", Operation::Enroll),
    ("simplereenroll", Operation::Reenroll),
    ("csrattrs", Operation::Attributes),
];

impl Operation {
    pub fn word(self) -> &'static str {
        OPERATIONS.iter().find(|(_, operation)| *operation == self).map_or("", |(word, _)| word)
    }

    /// `/.well-known/est/[label/]operation`. The label names nothing here: there is one CA.
    pub fn of_path(path: &str) -> Option<Operation> {
        let rest = path.strip_prefix(PREFIX)?;
        let word = match rest.split_once('/') {
            Some((label, word)) if !label.is_empty() && label.len() <= LONGEST_LABEL => word,
            Some(_) => return None,
            None => rest,
        };
        OPERATIONS.iter().find(|(known, _)| *known == word).map(|(_, operation)| *operation)
    }

    pub fn takes_request(self) -> bool {
        matches!(self, Operation::Enroll | Operation::Reenroll)
    }
}

/// Below this all belongs to EST, whether it means something or not.
pub fn is_path(path: &str) -> bool {
    path.starts_with(PREFIX)
}

/// Base64 without line breaks: some clients read nothing else, and all read that.
pub fn body(der: &[u8]) -> String {
    STANDARD.encode(der)
}

/// Base64 with any white space and with or without padding; some clients send plain DER.
pub fn request(body: &[u8]) -> asn1::Result<Vec<u8>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    if body.first() == Some(&asn1::SEQUENCE) && asn1::only(body, asn1::SEQUENCE).is_ok() {
        return Ok(body.to_vec());
    }
    let text: Vec<u8> = body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    LENIENT.decode(text).map_err(|_| Malformed)
}

pub fn certificates(certificates: &[&[u8]]) -> String {
    body(&cms::certs_only(certificates, &[]))
}

/// RFC 7030 §4.5.2: what a request should be like. An RSA key, signed with SHA-256.
pub fn attributes() -> String {
    const RSA: &[u8] = &oid!(raw 1.2.840.113549.1.1.1);
    const SHA256_WITH_RSA: &[u8] = &oid!(raw 1.2.840.113549.1.1.11);
    debug_assert_eq!(Digest::of_signature(SHA256_WITH_RSA), Some(Digest::Sha256));
    body(&asn1::sequence(&[&asn1::oid(RSA), &asn1::oid(SHA256_WITH_RSA)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_an_operation_with_or_without_a_label() {
        for (path, operation) in [
            ("/.well-known/est/cacerts", Some(Operation::CaCertificates)),
            ("/.well-known/est/phones/simpleenroll", Some(Operation::Enroll)),
            ("/.well-known/est//simpleenroll", None),
            ("/.well-known/est/a/b/simpleenroll", None),
            ("/.well-known/est/serverkeygen", None),
            ("/.well-known/est/fullcmc", None),
            ("/.well-known/est/", None),
            ("/est/cacerts", None),
        ] {
            assert_eq!(Operation::of_path(path), operation, "{path}");
        }
    }

    #[test]
    fn a_request_is_base64_in_any_shape_or_der() {
        let der = asn1::sequence(&[&asn1::integer(7)]);
        for body in ["MAMCAQc=", "MAMCAQc", "MAMC\r\nAQc=\r\n", " M A M C A Q c = "] {
            assert_eq!(request(body.as_bytes()).as_deref(), Ok(der.as_slice()), "{body}");
        }
        assert_eq!(request(&der).as_deref(), Ok(der.as_slice()));
        assert_eq!(request(b"MAMC*Qc="), Err(Malformed));
        assert!(!body(&[7; 500]).contains('\n'));
    }
}
