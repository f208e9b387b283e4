//! The box's own certificates: a plain self-made CA and one server certificate for every name and address of the box.
//!
//! Owns keys and certificates (RFC 5280) and what TLS needs of them. Knows no device and no listener.
//!
//! - The CA is RSA-2048, because that is what every phone verifies. The server has an RSA-2048 and an ECDSA P-256
//!   certificate; what the client offers decides ([`tls`]).
//! - All are valid from 1970-01-01, since a phone without a clock lives there, to 2037-12-31, the last year that a
//!   32-bit clock knows. The dates do not depend on the clock of the box, so a wrong one does no harm.
//! - Keys are made once and sealed in table `instance`. When names or addresses change, only the server certificates
//!   are signed anew.

mod authority;
mod server;
mod store;
pub mod tls;

use crate::db::{self, Db};
use crate::seal::{Keyring, SealError, sha256};
use rustls::sign::CertifiedKey;
use rustls_pki_types::CertificateDer;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

/// The CA certificate in the data directory, and the name under which phones fetch it.
pub const FILE: &str = "phonebox-ca.pem";

pub use store::{SEALED, sealed_place};

#[derive(Debug, thiserror::Error)]
pub enum CaError {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("a certificate could not be made: {0}")]
    Make(#[from] rcgen::Error),
    #[error("the stored {what} cannot be used: {reason}. Put back a copy of the database and its sealing key")]
    Stored { what: &'static str, reason: String },
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// What the box shows to whoever connects.
#[derive(Clone)]
pub struct Identity {
    ca: Arc<[u8]>,
    pem: Arc<str>,
    rsa: Arc<CertifiedKey>,
    ecdsa: Arc<CertifiedKey>,
}

/// Opens the box's certificates, making what is missing: everything at the first start, the server certificates when a
/// name or an address is not in them yet.
pub async fn server_identity(
    db: &Db,
    keys: &Keyring,
    names: &[String],
    addresses: &[IpAddr],
) -> Result<Identity, CaError> {
    let subject = server::Subject::new(names, addresses);
    let stored = db.read(store::load)?;
    let mut made = store::Rows::new();
    let authority = match (stored.get(store::CA), stored.get(store::CA_KEY)) {
        (Some(certificate), Some(key)) => authority::open(certificate, &opened(keys, store::CA_KEY, key)?)?,
        (None, None) => {
            let authority = authority::make()?;
            made.insert(store::CA, authority.pem().as_bytes().to_vec());
            made.insert(store::CA_KEY, sealed(keys, store::CA_KEY, authority.key_der())?);
            authority
        }
        _ => return Err(CaError::Stored { what: "CA", reason: "its certificate or its key is missing".into() }),
    };
    let mut leaf = |kind: &server::Kind| -> Result<Arc<CertifiedKey>, CaError> {
        let key = match stored.get(kind.key_row).filter(|_| !made.contains_key(store::CA)) {
            Some(key) => kind.open_key(&opened(keys, kind.key_row, key)?)?,
            None => {
                let key = kind.make_key()?;
                made.insert(kind.key_row, sealed(keys, kind.key_row, key.serialized_der())?);
                key
            }
        };
        let certificate = match stored.get(kind.row) {
            Some(der) if !made.contains_key(kind.key_row) && subject.is_covered_by(der) => der.clone(),
            _ => {
                let der = subject.certificate(&key, &authority)?;
                made.insert(kind.row, der.clone());
                der
            }
        };
        tls::certified(certificate, &key)
    };
    let (rsa, ecdsa) = (leaf(&server::RSA)?, leaf(&server::ECDSA)?);
    if !made.is_empty() {
        db.write(move |tx| store::save(tx, &made)).await?;
    }
    Ok(Identity { ca: authority.der().into(), pem: authority.pem().into(), rsa, ecdsa })
}

fn sealed(keys: &Keyring, row: &str, key: &[u8]) -> Result<Vec<u8>, SealError> {
    keys.seal(&sealed_place(row), key)
}

fn opened(keys: &Keyring, row: &str, value: &[u8]) -> Result<zeroize::Zeroizing<Vec<u8>>, SealError> {
    keys.open_bytes(&sealed_place(row), value).map(zeroize::Zeroizing::new)
}

impl Identity {
    /// The CA certificate as phones and browsers import it: `/phonebox-ca.der`, `.crt`.
    pub fn ca_der(&self) -> &[u8] {
        &self.ca
    }

    /// The same as text: `/phonebox-ca.pem`.
    pub fn ca_pem(&self) -> String {
        self.pem.to_string()
    }

    pub fn fingerprint(&self) -> String {
        fingerprint(&self.ca)
    }

    /// Puts the CA certificate beside the database, where people and `phonebox ca fingerprint` find it.
    pub fn publish(&self, dir: &Path) -> std::io::Result<()> {
        let path = dir.join(FILE);
        match std::fs::read(&path) {
            Ok(there) if there == self.pem.as_bytes() => Ok(()),
            _ => std::fs::write(path, self.pem.as_bytes()),
        }
    }
}

/// SHA-256 of a certificate, as people compare it: `AB:CD:…`.
pub fn fingerprint(der: &[u8]) -> String {
    let pairs: Vec<String> = sha256(der).iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

/// The DER inside a PEM text.
pub fn from_pem(pem: &str) -> Option<Vec<u8>> {
    use rustls_pki_types::pem::PemObject;
    CertificateDer::from_pem_slice(pem.as_bytes()).ok().map(|der| der.to_vec())
}
