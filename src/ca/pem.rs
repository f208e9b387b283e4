//! PEM (RFC 7468): what people and phones carry certificates in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

const BEGIN: &[u8] = b"-----BEGIN ";

pub fn certificate(der: &[u8]) -> String {
    block("CERTIFICATE", der)
}

pub fn block(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        out.extend(line.iter().map(|byte| char::from(*byte)));
        out.push('\n');
    }
    out + "-----END " + label + "-----\n"
}

/// A file that a person brings: PEM as it is; DER as PEM, where `label` knows it. `None`: neither.
pub fn of_file(bytes: Vec<u8>, label: impl Fn(&[u8]) -> Option<&'static str>) -> Option<String> {
    const SEQUENCE: u8 = 0x30;
    let is_der = bytes.first() == Some(&SEQUENCE) && !bytes.windows(BEGIN.len()).any(|part| part == BEGIN);
    if is_der { Some(block(label(&bytes)?, &bytes)) } else { String::from_utf8(bytes).ok() }
}

/// Every certificate of a text. `None`: one of them is not well formed, or there is none.
pub fn certificates(pem: &[u8]) -> Option<Vec<Vec<u8>>> {
    let found: Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(pem).map(|found| found.map(|der| der.to_vec())).collect();
    found.ok().filter(|found| !found.is_empty())
}
