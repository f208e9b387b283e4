//! The certificate authority of the box, and the certificates its listeners show.
//!
//! Owns keys and certificates (RFC 5280) and what TLS needs of them. Knows no device and no listener: it gets a holder
//! and a key.
//!
//! - A root and an issuing CA below it are made at the first start, RSA-2048 by default, because that is what every
//!   phone verifies. The root's key is not needed day by day and can be taken out of the box.
//! - What a device gets is signed in one place, [`Ca::issue`], and stored before it is answered.
//! - CAs and server certificates are valid from 1970-01-01, since a phone without a clock lives there; CAs to
//!   2037-12-31, the last year that a 32-bit clock knows. A device's dates are its certificate profile's.
//! - The server has an RSA-2048 and an ECDSA P-256 certificate for every name and address of the box; what the client
//!   offers decides ([`tls`]). They are signed anew, without a restart, when a name or an address is new and long before
//!   they end.
//! - What the handshake needs is in memory ([`Snapshot`]) and changes with the commit that changes it.
//! - SCEP has an RSA key of its own ([`Ca::registration`]): what decrypts a stranger's messages must not be what signs.

pub mod api;
pub mod asn1;
mod authority;
pub mod background;
pub mod cert_profile;
pub mod certificates;
pub mod client;
pub mod cms;
mod crl;
pub mod csr;
pub mod device_ca;
pub mod est;
mod expiring;
mod import;
mod installed;
pub mod issue;
mod key;
mod limits;
pub mod ocsp;
mod offline;
mod parsed;
pub mod pem;
pub mod pkcs12;
pub mod pkcs8;
pub mod public;
mod registration;
pub mod revoke;
mod rollover;
mod rsa;
pub mod scep;
mod serial;
mod server;
pub mod signature;
mod snapshot;
pub mod store;
pub mod tls;

use crate::audit;
use crate::db::{self, BOX_ACCOUNT, Db};
use crate::net::Cidr;
use crate::seal::{Keyring, SealError, sha256};
use arc_swap::{ArcSwap, ArcSwapOption};
use bytes::Bytes;
use rustls_pki_types::CertificateDer;
use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use tokio::sync::{Mutex, OnceCell, Semaphore};
use zeroize::Zeroizing;

pub use authority::{Authority, KeyKind, State};
pub use client::{Client, Clients, Fault, Verdict};
pub use expiring::Expiring;
pub use issue::{CertProfileId, Door, Holder, Issued, Order, Refused};
pub use public::{Public, PublicFile};
pub use registration::Registration;
pub use revoke::{Reason, Revocation, Revoke, Status};
pub use serial::Serial;
pub use snapshot::Snapshot;
pub use store::{SEALED, authority_key_place, sealed_place};

/// The roots in the data directory, and the name under which phones fetch them.
pub const FILE: &str = "phonebox-ca.pem";

/// Signatures of devices' certificates that are made at once; phones must not wait for them.
const SIGNING: usize = 2;

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
    /// What an administrator asked for cannot be done; the next step with it.
    #[error("{message} {next}")]
    Rule { message: String, next: &'static str },
}

impl CaError {
    fn damaged(what: &'static str) -> CaError {
        CaError::Stored { what, reason: "it is damaged".into() }
    }

    fn rule(message: impl Into<String>, next: &'static str) -> CaError {
        CaError::Rule { message: message.into(), next }
    }
}

/// What an administrator may choose before a CA is made.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub key: KeyKind,
    /// Name constraints of new CAs.
    pub permitted: Vec<Permitted>,
    /// Where CRL and OCSP are found by a name that will not change: `http://box.example`. `None`: certificates do not
    /// say.
    pub address: Option<String>,
}

/// A name or network that a CA's certificates are limited to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Permitted {
    Dns(String),
    Network(Cidr),
}

impl Permitted {
    /// Tag and content of a GeneralName (RFC 5280, 4.2.1.10).
    fn general_name(&self) -> (u64, Vec<u8>) {
        match self {
            Permitted::Dns(name) => (2, name.as_bytes().to_vec()),
            Permitted::Network(cidr) => {
                let ones = |bits: usize| {
                    let kept = usize::from(cidr.prefix());
                    (0..bits / 8).map(move |byte| {
                        let here = kept.saturating_sub(byte * 8).min(8) as u32;
                        0xffu8.checked_shl(8 - here).unwrap_or(0)
                    })
                };
                match cidr.network().address() {
                    IpAddr::V4(v4) => (7, v4.octets().into_iter().chain(ones(32)).collect()),
                    IpAddr::V6(v6) => (7, v6.octets().into_iter().chain(ones(128)).collect()),
                }
            }
        }
    }
}

/// The authority. A clone is the same one.
#[derive(Clone)]
pub struct Ca(Arc<Inner>);

struct Inner {
    db: Db,
    keys: Keyring,
    options: Options,
    snapshot: ArcSwap<Snapshot>,
    issued: RwLock<HashMap<Serial, i64>>,
    /// The latest time that was seen.
    seen: AtomicI64,
    /// Whether anything is known to end soon, and whether that may have changed since.
    ends_told: AtomicBool,
    ends_untold: AtomicBool,
    /// Who changes authorities, revocations or the box's own certificates.
    change: Mutex<()>,
    signing: Semaphore,
    answering: Semaphore,
    leafs: Arc<ArcSwapOption<tls::Leafs>>,
    /// The names and addresses that the server's certificates are for.
    subject: ArcSwapOption<server::Subject>,
    registration: ArcSwapOption<Registration>,
    /// Who makes revocation lists; the lists by authority.
    publishing: Mutex<()>,
    lists: ArcSwap<Vec<(i64, Bytes)>>,
    public: Public,
}

/// The authority where it may not be needed: opened, or made, when it is first asked for.
pub struct Lazy {
    db: Db,
    keys: Keyring,
    options: Options,
    opened: OnceCell<Ca>,
}

impl Lazy {
    pub fn new(db: &Db, keys: &Keyring, options: Options) -> Lazy {
        Lazy { db: db.clone(), keys: keys.clone(), options, opened: OnceCell::new() }
    }

    /// With one that is open already.
    pub fn of(ca: &Ca) -> Lazy {
        let lazy = Lazy::new(&ca.0.db, &ca.0.keys, ca.0.options.clone());
        Lazy { opened: OnceCell::new_with(Some(ca.clone())), ..lazy }
    }

    pub async fn get(&self, now: i64) -> Result<&Ca, CaError> {
        self.opened.get_or_try_init(|| Ca::open(&self.db, &self.keys, self.options.clone(), now)).await
    }
}

/// What signs, and below what.
pub struct Current {
    pub issuing: Arc<Authority>,
    pub root: Arc<Authority>,
    /// From the issuing CA up, without the root.
    pub chain: Vec<Vec<u8>>,
}

impl Ca {
    /// Opens the authority of a box, making it at the first start.
    pub async fn open(db: &Db, keys: &Keyring, options: Options, now: i64) -> Result<Ca, CaError> {
        authority::make_or_adopt(db, keys, &options, now).await?;
        let (issued, seen) = db.read(|conn| Ok::<_, CaError>((store::serials(conn)?, store::clock_seen(conn)?)))?;
        let snapshot = Snapshot::load(db, keys, now, 1)?;
        let ca = Ca(Arc::new(Inner {
            db: db.clone(),
            keys: keys.clone(),
            options,
            snapshot: ArcSwap::from_pointee(snapshot),
            issued: RwLock::new(issued),
            seen: AtomicI64::new(seen),
            ends_told: AtomicBool::new(false),
            ends_untold: AtomicBool::new(false),
            change: Mutex::new(()),
            signing: Semaphore::new(SIGNING),
            answering: Semaphore::new(1),
            leafs: Arc::default(),
            subject: ArcSwapOption::empty(),
            registration: ArcSwapOption::empty(),
            publishing: Mutex::new(()),
            lists: ArcSwap::default(),
            public: Public::default(),
        }));
        ca.publish_files();
        Ok(ca)
    }

    /// What the handshake needs: authorities and revocations as of the last commit. Cheap.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.0.snapshot.load_full()
    }

    /// `None`: nothing here can sign.
    pub fn current(&self) -> Option<Current> {
        let snapshot = self.snapshot();
        let issuing = snapshot.issuing()?;
        Some(Current { root: snapshot.root_of(&issuing), chain: snapshot.chain(&issuing), issuing })
    }

    fn issued(&self) -> RwLockReadGuard<'_, HashMap<Serial, i64>> {
        self.0.issued.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_issued(&self, serial: &Serial) -> bool {
        self.issued().contains_key(serial)
    }

    fn note_issued(&self, serial: Serial, authority: i64) {
        self.0.issued.write().unwrap_or_else(PoisonError::into_inner).insert(serial, authority);
    }

    fn forget_issued(&self, serial: &Serial) {
        self.0.issued.write().unwrap_or_else(PoisonError::into_inner).remove(serial);
    }

    fn note_revoked(&self, serials: &[Serial], reason: Reason, at: i64) {
        let old = self.snapshot();
        let mut revoked = HashMap::clone(&old.revoked);
        let issued = self.issued();
        for serial in serials {
            if let Some(authority) = issued.get(serial) {
                revoked.insert(*serial, Revocation { authority: *authority, at, reason });
            }
        }
        let (authorities, epoch) = (old.authorities.clone(), old.epoch + 1);
        self.0.snapshot.store(Arc::new(Snapshot { authorities, revoked: Arc::new(revoked), epoch }));
    }

    fn seen(&self) -> i64 {
        self.0.seen.load(Ordering::Relaxed)
    }

    /// Notes that it is `now`: a clock that is set back later is noticed.
    pub fn saw(&self, now: i64) {
        self.0.seen.fetch_max(now, Ordering::Relaxed);
    }

    /// Takes the present time for right, after a clock that ran ahead.
    pub async fn trust_clock(&self, by: &str, now: i64) -> Result<(), CaError> {
        let by = by.to_owned();
        let write = self.0.db.write(move |tx| {
            store::save_clock(tx, now)?;
            audit::store::note(tx, BOX_ACCOUNT, &by, "ca.clock", "clock", None, now).map_err(CaError::from)
        });
        write.await?;
        self.0.seen.store(now, Ordering::Relaxed);
        Ok(())
    }

    /// Puts the roots beside the database, where people and `phonebox ca fingerprint` find them.
    pub fn publish_roots(&self, dir: &Path) -> std::io::Result<()> {
        let (path, pem) = (dir.join(FILE), self.snapshot().roots_pem());
        match std::fs::read(&path) {
            Ok(there) if there == pem.as_bytes() => Ok(()),
            _ => std::fs::write(path, pem.as_bytes()),
        }
    }

    /// The certificates that listeners show, for these names and addresses; made or made anew where they must be.
    pub async fn identity(&self, names: &[String], addresses: &[IpAddr], now: i64) -> Result<Identity, CaError> {
        self.renew_server(names, addresses, false, now).await?;
        Ok(Identity { ca: self.clone(), clients: Clients::new(self.clone()) })
    }

    /// What is done now and then: the clock is noted, lists and alarms are made anew.
    pub async fn tend(&self, now: i64) -> Result<(), CaError> {
        self.saw(now);
        let seen = self.seen();
        self.0.db.write_soon(move |tx| store::save_clock(tx, seen).map_err(CaError::from)).await?;
        self.publish_lists(now).await?;
        self.renew_registration(now).await?;
        self.tell_expiring(now).await
    }
}

/// What the box shows to whoever connects.
#[derive(Clone)]
pub struct Identity {
    ca: Ca,
    /// Who judges what clients show to it.
    pub clients: Clients,
}

impl Identity {
    /// The root as phones and browsers import it: `/phonebox-ca.der`, `.crt`.
    pub fn ca_der(&self) -> Vec<u8> {
        self.ca.snapshot().roots().first().map(|root| root.der().to_vec()).unwrap_or_default()
    }

    /// Every root to be trusted, the one in force first: `/phonebox-ca.pem`.
    pub fn ca_pem(&self) -> String {
        self.ca.snapshot().roots_pem()
    }

    pub fn fingerprint(&self) -> String {
        fingerprint(&self.ca_der())
    }
}

fn sealed(keys: &Keyring, row: &str, key: &[u8]) -> Result<Vec<u8>, SealError> {
    keys.seal(&sealed_place(row), key)
}

fn opened(keys: &Keyring, row: &str, value: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    keys.open_bytes(&sealed_place(row), value).map(Zeroizing::new)
}

/// SHA-256 of a certificate, as people compare it: `AB:CD:…`.
pub fn fingerprint(der: &[u8]) -> String {
    let pairs: Vec<String> = sha256(der).iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

/// The DER of the first certificate of a PEM text.
pub fn from_pem(text: &str) -> Option<Vec<u8>> {
    use rustls_pki_types::pem::PemObject;
    CertificateDer::from_pem_slice(text.as_bytes()).ok().map(|der| der.to_vec())
}
