//! The RSA key that SCEP works with (RFC 8894, 2.2: a registration authority): it decrypts what strangers send and signs
//! the answers. It is not the CA's key, so that no weakness of that protocol reaches what signs certificates, and it is
//! RSA even where the CA is ECDSA.

use super::{Ca, CaError, server};
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

impl Ca {
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
    async fn show_registration(&self, now: i64) -> Result<Arc<Registration>, CaError> {
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
