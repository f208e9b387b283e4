//! How a phone of each vendor comes to an identity certificate that this box gives it, from `protocols/avaya.md` §6 and
//! `protocols/vendors.md` §1.6. Whoever has no row here keeps the factory's.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateWay {
    /// It makes its key and asks by SCEP, with a challenge from its settings.
    Scep,
    /// It fetches certificate and key as one PEM file.
    Pem,
}

/// (vendor, dialect or empty for all, way).
const ROWS: [(&str, &str, CertificateWay); 4] = [
    ("avaya", "j100", CertificateWay::Scep),
    ("avaya", "96x1", CertificateWay::Scep),
    ("avaya", "vantage", CertificateWay::Scep),
    ("yealink", "", CertificateWay::Pem),
];

/// Whether any phone of this vendor asks by SCEP.
pub fn asks_for_certificates(vendor: &str) -> bool {
    ROWS.iter().any(|(of, _, way)| *of == vendor && *way == CertificateWay::Scep)
}

/// What is written about a family of phones.
pub fn words(vendor: &str, dialect: &str) -> &'static str {
    match (certificate_way(vendor, dialect), takes_pkcs12(vendor, dialect)) {
        (Some(CertificateWay::Scep), true) => {
            "SCEP with a challenge of its own; or, once one was made, a PKCS#12 file with its password"
        }
        (Some(CertificateWay::Scep), false) => "SCEP with a challenge of its own",
        (Some(CertificateWay::Pem), _) => "a PEM file with certificate and key",
        (None, _) => "no way is known; the certificate of its factory counts below an accepted CA",
    }
}

/// (vendor, dialect): takes a PKCS#12 file too, with the password from its settings. A 96x1 asks its user for it.
const TAKE_PKCS12: [(&str, &str); 2] = [("avaya", "j100"), ("avaya", "vantage")];

pub fn takes_pkcs12(vendor: &str, dialect: &str) -> bool {
    TAKE_PKCS12.contains(&(vendor, dialect))
}

pub fn certificate_way(vendor: &str, dialect: &str) -> Option<CertificateWay> {
    let fits = |(of, kind, _): &&(&str, &str, CertificateWay)| *of == vendor && (kind.is_empty() || *kind == dialect);
    ROWS.iter().find(fits).map(|(.., way)| *way)
}
