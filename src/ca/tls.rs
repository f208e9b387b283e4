//! TLS 1.2 and 1.3 on top of the box's certificates, for phones and for people. The provider is always passed, so that
//! no other library's choice counts.
//!
//! Phones are asked for a certificate, and people while an account has a use for it; nobody must show one and none is judged
//! here: whoever shows one has proved that
//! he holds its key, and that is all. What it is worth is said by [`super::client`].

use super::client::{Clients, has_short_key};
use super::signature::{self, Digest};
use super::{CaError, Identity};
use arc_swap::ArcSwapOption;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{
    CipherSuite, DigitallySignedStruct, DistinguishedName, NamedGroup, ServerConfig, SignatureScheme, version,
};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer, UnixTime};
use std::sync::{Arc, LazyLock};

static PROVIDER: LazyLock<Arc<CryptoProvider>> =
    LazyLock::new(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider()));

pub fn provider() -> Arc<CryptoProvider> {
    PROVIDER.clone()
}

/// What is shown to clients: to those that can use ECDSA, and to all others.
pub struct Leafs {
    pub rsa: Arc<CertifiedKey>,
    pub ecdsa: Arc<CertifiedKey>,
}

/// A certificate with what stands above it and its key (PKCS#8).
pub fn certified(chain: Vec<Vec<u8>>, key: &[u8]) -> Result<Arc<CertifiedKey>, CaError> {
    let key = PrivatePkcs8KeyDer::from(key).clone_key();
    let key = PROVIDER.key_provider.load_private_key(key.into())?;
    let certified = CertifiedKey::new(chain.into_iter().map(CertificateDer::from).collect(), key);
    certified.keys_match()?;
    Ok(Arc::new(certified))
}

impl Identity {
    /// For the admin listener: no certificate is asked for, so that no browser prompts, but while `asks` says so.
    pub fn for_people(&self, asks: Whether) -> Result<Arc<ServerConfig>, CaError> {
        let config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])?
            .with_client_cert_verifier(Ask::new(asks, None))
            .with_cert_resolver(Arc::new(Choice(self.ca.0.leafs.clone())));
        finish(config)
    }

    /// For the phone listener.
    pub fn for_phones(&self) -> Result<Arc<ServerConfig>, CaError> {
        let clients = self.clients.clone();
        let config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])?
            .with_client_cert_verifier(Ask::new(Arc::new(|| true), Some(clients)))
            .with_cert_resolver(Arc::new(Choice(self.ca.0.leafs.clone())));
        finish(config)
    }
}

fn finish(mut config: ServerConfig) -> Result<Arc<ServerConfig>, CaError> {
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // Sessions are resumed from what the client keeps: a hundred thousand phones need no memory here.
    config.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new()?;
    config.send_tls13_tickets = 1;
    Ok(Arc::new(config))
}

/// ECDSA for a client that can use it in every version it may end up with, RSA for all others.
/// What is stored in it is shown from the next handshake on.
struct Choice(Arc<ArcSwapOption<Leafs>>);

const ECDSA_SUITES: [CipherSuite; 3] = [
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
];
const TLS13_SUITES: [CipherSuite; 3] = [
    CipherSuite::TLS13_AES_128_GCM_SHA256,
    CipherSuite::TLS13_AES_256_GCM_SHA384,
    CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
];

fn takes_ecdsa(schemes: &[SignatureScheme], suites: &[CipherSuite], groups: Option<&[NamedGroup]>) -> bool {
    let only_13 = suites
        .iter()
        .all(|suite| TLS13_SUITES.contains(suite) || matches!(suite, CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV));
    schemes.contains(&SignatureScheme::ECDSA_NISTP256_SHA256)
        && groups.is_none_or(|groups| groups.contains(&NamedGroup::secp256r1))
        && (only_13 || suites.iter().any(|suite| ECDSA_SUITES.contains(suite)))
}

impl ResolvesServerCert for Choice {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let ecdsa = takes_ecdsa(hello.signature_schemes(), hello.cipher_suites(), hello.named_groups());
        let leafs = self.0.load();
        let leafs = leafs.as_ref()?;
        Some(if ecdsa { leafs.ecdsa.clone() } else { leafs.rsa.clone() })
    }
}

impl std::fmt::Debug for Choice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Choice")
    }
}

pub type Whether = Arc<dyn Fn() -> bool + Send + Sync>;

/// Asks for a certificate, without hints (some phones send none when no hint fits), and takes what comes.
struct Ask {
    strong: WebPkiSupportedAlgorithms,
    asks: Whether,
    /// Whose word counts of what may be weak. `None`: nothing may.
    clients: Option<Clients>,
}

impl std::fmt::Debug for Ask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ask")
    }
}

/// PSS, which is all that RSA signs a TLS 1.3 handshake with (RFC 8446 §4.2.3).
const PSS: [(SignatureScheme, Digest); 3] = [
    (SignatureScheme::RSA_PSS_SHA256, Digest::Sha256),
    (SignatureScheme::RSA_PSS_SHA384, Digest::Sha384),
    (SignatureScheme::RSA_PSS_SHA512, Digest::Sha512),
];

/// What a TLS 1.2 handshake is signed with besides that (RFC 5246 §7.4.1.4.1).
const TLS12: [(SignatureScheme, Digest); 6] = [
    (SignatureScheme::RSA_PKCS1_SHA256, Digest::Sha256),
    (SignatureScheme::RSA_PKCS1_SHA384, Digest::Sha384),
    (SignatureScheme::RSA_PKCS1_SHA512, Digest::Sha512),
    (SignatureScheme::ECDSA_NISTP256_SHA256, Digest::Sha256),
    (SignatureScheme::ECDSA_NISTP384_SHA384, Digest::Sha384),
    (SignatureScheme::RSA_PKCS1_SHA1, Digest::Sha1),
];

impl Ask {
    fn new(asks: Whether, clients: Option<Clients>) -> Arc<Ask> {
        Arc::new(Ask { strong: PROVIDER.signature_verification_algorithms, asks, clients })
    }

    /// Who judges, where any CA may have weak certificates below it.
    fn weakly(&self) -> Option<&Clients> {
        self.clients.as_ref().filter(|clients| clients.takes_weak())
    }

    /// The provider's own look at a certificate takes none of version 1, and factories made such; nor does it take a short
    /// key, which may count for nothing, but must not end the handshake: that is said of it afterwards, in words.
    fn verify_with_key(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let (key, is_short) = key_of(certificate)?;
        match PSS.iter().find(|(scheme, _)| is_short && *scheme == signed.scheme) {
            Some((_, digest)) => verdict(signature::is_good_pss(key, *digest, message, signed.signature())),
            None => {
                verify_tls13_signature_with_raw_key(message, &SubjectPublicKeyInfoDer::from(key), signed, &self.strong)
            }
        }
    }
}

fn verdict(is_good: bool) -> Result<HandshakeSignatureValid, rustls::Error> {
    match is_good {
        true => Ok(HandshakeSignatureValid::assertion()),
        false => Err(rustls::CertificateError::BadSignature.into()),
    }
}

/// The SubjectPublicKeyInfo of a certificate, and whether the key is short.
fn key_of<'a>(certificate: &'a CertificateDer<'_>) -> Result<(&'a [u8], bool), rustls::Error> {
    let (_, parsed) =
        x509_parser::parse_x509_certificate(certificate).map_err(|_| rustls::CertificateError::BadEncoding)?;
    let short = has_short_key(&parsed);
    Ok((parsed.tbs_certificate.subject_pki.raw, short))
}

impl ClientCertVerifier for Ask {
    fn offer_client_auth(&self) -> bool {
        (self.asks)()
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        if let Some(clients) = self.weakly() {
            let now = i64::try_from(now.as_secs()).map_or(i64::MAX, |now| now.saturating_mul(1_000));
            clients.note_weak([certificate].into_iter().chain(chain).map(|der| der.as_ref()), now);
        }
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let Some((_, digest)) = TLS12.iter().find(|(scheme, _)| *scheme == signature.scheme) else {
            return self.verify_with_key(message, certificate, signature);
        };
        let is_allowed =
            *digest != Digest::Sha1 || self.weakly().is_some_and(|clients| clients.may_be_weak(certificate));
        let (key, _) = key_of(certificate)?;
        verdict(is_allowed && signature::is_good(key, *digest, message, signature.signature()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verify_with_key(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = self.strong.supported_schemes();
        if self.weakly().is_some() {
            schemes.push(SignatureScheme::RSA_PKCS1_SHA1);
        }
        schemes
    }
}
