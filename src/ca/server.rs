//! The server certificates: every name and address of the box as DNS and IP alternative names, because some phones
//! want both whichever they dialled.

use super::authority::{self, Authority};
use super::{CaError, store};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, RsaKeySize, SanType};
use rustls_pki_types::PrivatePkcs8KeyDer;
use std::collections::BTreeSet;
use std::net::IpAddr;
use x509_parser::extensions::GeneralName;

/// More would make a handshake that no phone reads.
const MOST: usize = 100;

pub struct Kind {
    pub row: &'static str,
    pub key_row: &'static str,
    algorithm: &'static rcgen::SignatureAlgorithm,
}

pub static RSA: Kind = Kind { row: store::RSA, key_row: store::RSA_KEY, algorithm: &rcgen::PKCS_RSA_SHA256 };
pub static ECDSA: Kind =
    Kind { row: store::ECDSA, key_row: store::ECDSA_KEY, algorithm: &rcgen::PKCS_ECDSA_P256_SHA256 };

impl Kind {
    pub fn make_key(&self) -> Result<KeyPair, CaError> {
        Ok(match self.row {
            store::RSA => KeyPair::generate_rsa_for(self.algorithm, RsaKeySize::_2048)?,
            _ => KeyPair::generate_for(self.algorithm)?,
        })
    }

    pub fn open_key(&self, key: &[u8]) -> Result<KeyPair, CaError> {
        KeyPair::from_pkcs8_der_and_sign_algo(&PrivatePkcs8KeyDer::from(key), self.algorithm)
            .map_err(|_| CaError::Stored { what: "server key", reason: "it is damaged".into() })
    }
}

pub struct Subject {
    names: BTreeSet<String>,
    addresses: BTreeSet<IpAddr>,
    common_name: String,
}

impl Subject {
    pub fn new(names: &[String], addresses: &[IpAddr]) -> Subject {
        let common_name = match (names.first(), addresses.first()) {
            (Some(name), _) => name.clone(),
            (None, Some(address)) => address.to_string(),
            (None, None) => "phonebox".into(),
        };
        Subject {
            names: names.iter().take(MOST).map(|name| name.to_ascii_lowercase()).collect(),
            addresses: addresses.iter().take(MOST).copied().collect(),
            // RFC 5280, appendix A: ub-common-name.
            common_name: common_name.chars().take(64).collect(),
        }
    }

    /// Whether a certificate made earlier still names all of it.
    pub fn is_covered_by(&self, der: &[u8]) -> bool {
        let Ok((_, certificate)) = x509_parser::parse_x509_certificate(der) else { return false };
        let Ok(Some(alternative)) = certificate.subject_alternative_name() else { return false };
        let names = &alternative.value.general_names;
        let has_name =
            |wanted: &String| names.iter().any(|name| matches!(name, GeneralName::DNSName(dns) if dns == wanted));
        let has_address = |wanted: &IpAddr| {
            let octets = match wanted {
                IpAddr::V4(v4) => v4.octets().to_vec(),
                IpAddr::V6(v6) => v6.octets().to_vec(),
            };
            names.iter().any(|name| matches!(name, GeneralName::IPAddress(ip) if *ip == octets))
        };
        self.names.iter().all(has_name) && self.addresses.iter().all(has_address)
    }

    pub fn certificate(&self, key: &KeyPair, authority: &Authority) -> Result<Vec<u8>, CaError> {
        let mut params = CertificateParams::default();
        authority::validity(&mut params);
        params.serial_number = Some(authority::serial()?);
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, self.common_name.as_str());
        for name in &self.names {
            params.subject_alt_names.push(SanType::DnsName(name.as_str().try_into()?));
        }
        params.subject_alt_names.extend(self.addresses.iter().map(|address| SanType::IpAddress(*address)));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        if *key.algorithm() == rcgen::PKCS_RSA_SHA256 {
            params.key_usages.push(KeyUsagePurpose::KeyEncipherment);
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        Ok(params.signed_by(key, authority.issuer())?.der().to_vec())
    }
}
