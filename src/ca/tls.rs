//! TLS 1.2 and 1.3 on top of the box's certificates, for phones and for people. The provider is always passed, so that
//! no other library's choice counts.
//!
//! Phones are asked for a certificate, nobody must show one and none is judged here: whoever shows one has proved that
//! he holds its key, and that is all. What it is worth is said by [`super::client`].

use super::client::Clients;
use super::signature::{self, Digest};
use super::{CaError, Identity, parsed};
use arc_swap::ArcSwapOption;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{
    CipherSuite, DigitallySignedStruct, DistinguishedName, NamedGroup, ServerConfig, SignatureScheme, version,
};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer, UnixTime};
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
    /// For the admin listener: no certificate is asked for, so that no browser prompts.
    pub fn for_people(&self) -> Result<Arc<ServerConfig>, CaError> {
        let config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Choice(self.ca.0.leafs.clone())));
        finish(config)
    }

    /// For the phone listener.
    pub fn for_phones(&self) -> Result<Arc<ServerConfig>, CaError> {
        let config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])?
            .with_client_cert_verifier(Arc::new(Ask {
                strong: PROVIDER.signature_verification_algorithms,
                clients: self.clients.clone(),
            }))
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

/// Asks for a certificate, without hints (some phones send none when no hint fits), and takes what comes.
#[derive(Debug)]
struct Ask {
    strong: WebPkiSupportedAlgorithms,
    clients: Clients,
}

/// What old phones sign a TLS 1.2 handshake with, where a device CA allows weak certificates below it.
const WEAK: [(SignatureScheme, Digest); 2] =
    [(SignatureScheme::RSA_PKCS1_SHA256, Digest::Sha256), (SignatureScheme::RSA_PKCS1_SHA1, Digest::Sha1)];

impl Ask {
    /// RSA keys under 2,048 bits and SHA-1, which the provider does not verify. Whether they count is judged later.
    fn is_good_though_weak(&self, message: &[u8], certificate: &[u8], signed: &DigitallySignedStruct) -> bool {
        let digest = WEAK.iter().find(|(scheme, _)| *scheme == signed.scheme).map(|(_, digest)| *digest);
        let key = parsed::parse(certificate).map(|parsed| parsed.spki);
        let (Some(digest), Some(key)) = (digest, key) else { return false };
        self.clients.takes_weak() && signature::is_good(&key, digest, message, signed.signature())
    }
}

impl ClientCertVerifier for Ask {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.strong).or_else(|error| {
            match self.is_good_though_weak(message, certificate, signature) {
                true => Ok(HandshakeSignatureValid::assertion()),
                false => Err(error),
            }
        })
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.strong)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = self.strong.supported_schemes();
        if self.clients.takes_weak() {
            schemes.push(SignatureScheme::RSA_PKCS1_SHA1);
        }
        schemes
    }
}
