//! The RSA key that SCEP works with (RFC 8894, 2.2: a registration authority): it decrypts what strangers send and signs
//! the answers. It is not the CA's key, so that no weakness of that protocol reaches what signs certificates, and it is
//! RSA even where the CA is ECDSA.

use super::{Ca, CaError, cms, server, signature};
use aws_lc_rs::rsa::{KeyPair, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey};
use std::sync::Arc;

pub struct Registration {
    /// Its certificate: digitalSignature and keyEncipherment, signed by the issuing CA.
    pub der: Vec<u8>,
    /// What stands above it: the issuing CA, then the root.
    pub chain: Vec<Vec<u8>>,
    pub decrypt: Pkcs1PrivateDecryptingKey,
    pub sign: KeyPair,
}

impl Registration {
    /// What GetCACert answers: media type and body. One certificate alone is sent as such.
    pub fn certificates(&self) -> (&'static str, Vec<u8>) {
        if self.chain.is_empty() {
            return ("application/x-x509-ca-cert", self.der.clone());
        }
        let all: Vec<&[u8]> = std::iter::once(&self.der).chain(&self.chain).map(Vec::as_slice).collect();
        ("application/x-x509-ca-ra-cert", cms::certs_only(&all, &[]))
    }
}

impl Ca {
    /// What GetNextCACert answers (RFC 8894 §4.7.1): the CA that is to sign next and what stands above it, signed by the
    /// present CA; by its registration authority where that key is not here or no RSA key. `None`: there is no next one.
    pub fn next_certificates(&self, keys: &Registration) -> Result<Option<Vec<u8>>, CaError> {
        let snapshot = self.snapshot();
        let Some(next) = snapshot.next() else { return Ok(None) };
        let above = snapshot.chain_up(next);
        let content = cms::certs_only(&above.iter().map(|one| &**one.der()).collect::<Vec<_>>(), &[]);
        let ca = self.issuer_as_registration()?;
        let by = ca.as_deref().unwrap_or(keys);
        let certificate = cms::Certificate::parse(&by.der).map_err(|_| CaError::damaged("CA certificate"))?;
        Ok(cms::sign(&by.sign, &certificate, Some(&content), Vec::new()))
    }

    /// The issuing CA in the place of its registration authority, for phones that know no difference. `None`: its key is
    /// no RSA key.
    pub fn issuer_as_registration(&self) -> Result<Option<Arc<Registration>>, CaError> {
        let Some(current) = self.current() else { return Ok(None) };
        let key = current.issuing.issuer().map(|issuer| issuer.key().serialized_der());
        let Some(key) = key.filter(|_| signature::is_rsa(&current.issuing.parsed.spki)) else { return Ok(None) };
        let damaged = || CaError::damaged("CA key");
        let decrypt = PrivateDecryptingKey::from_pkcs8(key).map_err(|_| damaged())?;
        let mut chain = current.chain;
        let der = if chain.is_empty() { current.root.der().to_vec() } else { chain.remove(0) };
        if current.issuing.id != current.root.id {
            chain.push(current.root.der().to_vec());
        }
        Ok(Some(Arc::new(Registration {
            der,
            chain,
            decrypt: Pkcs1PrivateDecryptingKey::new(decrypt).map_err(|_| damaged())?,
            sign: KeyPair::from_pkcs8(key).map_err(|_| damaged())?,
        })))
    }

    /// The key and certificate for SCEP; made when they are first asked for, signed anew like the server's.
    pub async fn registration(&self, now: i64) -> Result<Arc<Registration>, CaError> {
        if let Some(known) = self.0.registration.load_full() {
            return Ok(known);
        }
        let _one_at_a_time = self.0.change.lock().await;
        self.show_registration(now).await
    }

    /// Signs the certificate anew where it must be; nothing when nobody has asked for it yet.
    pub(super) async fn renew_registration(&self, now: i64) -> Result<(), CaError> {
        if self.0.registration.load().is_none() {
            return Ok(());
        }
        let _one_at_a_time = self.0.change.lock().await;
        self.show_registration(now).await.map(drop)
    }

    /// With the lock held.
    pub(super) async fn show_registration(&self, now: i64) -> Result<Arc<Registration>, CaError> {
        let own = self.own(&server::SCEP, None, now)?;
        let own = self.keep(own).await?;
        let key = own.key.serialized_der();
        let damaged = || CaError::damaged("SCEP key");
        let decrypt = PrivateDecryptingKey::from_pkcs8(key).map_err(|_| damaged())?;
        let mut certificates = own.chain.into_iter();
        let der = certificates.next().ok_or_else(damaged)?;
        let root = self.current().map(|current| current.root.der().to_vec());
        let registration = Arc::new(Registration {
            der,
            chain: certificates.chain(root).collect(),
            decrypt: Pkcs1PrivateDecryptingKey::new(decrypt).map_err(|_| damaged())?,
            sign: KeyPair::from_pkcs8(key).map_err(|_| damaged())?,
        });
        self.0.registration.store(Some(registration.clone()));
        Ok(registration)
    }
}
