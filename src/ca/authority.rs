//! The CA itself: one RSA-2048 key, one self-signed certificate (RFC 5280, path length 0).

use super::CaError;
use crate::seal;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, RsaKeySize};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};

/// The dates of every certificate made here; see the module's text for why.
pub fn validity(params: &mut CertificateParams) {
    params.not_before = rcgen::date_time_ymd(1970, 1, 1);
    params.not_after = rcgen::date_time_ymd(2037, 12, 31);
}

/// 128 random bits, positive.
pub fn serial() -> Result<rcgen::SerialNumber, CaError> {
    let mut bytes = seal::random::<16>()?;
    bytes[0] = bytes[0] & 0x7f | 0x40;
    Ok(rcgen::SerialNumber::from_slice(&bytes))
}

pub struct Authority {
    pem: String,
    der: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

pub fn make() -> Result<Authority, CaError> {
    let key = KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048)?;
    let mut params = CertificateParams::default();
    validity(&mut params);
    params.serial_number = Some(serial()?);
    // Two boxes' CAs must differ in name too: a phone may trust both.
    let name = format!("Phonebox CA {}", seal::hex(&seal::random::<4>()?));
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = params.self_signed(&key)?;
    Ok(Authority { pem: certificate.pem(), der: certificate.der().clone(), issuer: Issuer::new(params, key) })
}

pub fn open(pem: &[u8], key: &[u8]) -> Result<Authority, CaError> {
    let fail = |reason: &str| CaError::Stored { what: "CA", reason: reason.to_owned() };
    let pem = std::str::from_utf8(pem).map_err(|_| fail("its certificate is not PEM"))?;
    let der = CertificateDer::from(super::from_pem(pem).ok_or_else(|| fail("its certificate is not PEM"))?);
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&PrivatePkcs8KeyDer::from(key), &rcgen::PKCS_RSA_SHA256)
        .map_err(|_| fail("its key is damaged"))?;
    let (_, parsed) = x509_parser::parse_x509_certificate(&der).map_err(|_| fail("its certificate is damaged"))?;
    if parsed.public_key().subject_public_key.data.as_ref() != rcgen::PublicKeyData::der_bytes(&key) {
        return Err(fail("its key does not belong to its certificate"));
    }
    let issuer = Issuer::from_ca_cert_der(&der, key)?;
    Ok(Authority { pem: pem.to_owned(), der, issuer })
}

impl Authority {
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    pub fn pem(&self) -> &str {
        &self.pem
    }

    pub fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }

    pub fn key_der(&self) -> &[u8] {
        self.issuer.key().serialized_der()
    }
}
