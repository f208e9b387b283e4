//! Step 2: one device, loaded once and kept until a commit touches it. What only a file is made of is not here
//! ([`super::own`]): a site has many phones, and most ask for a file that is already made.

use super::rounds;
use crate::db::{Db, Result};
use crate::devices::{Device, Token, store};
use crate::enrollment::{self, challenge};
use crate::net::{Cidr, Mac};
use crate::networks;
use crate::seal::Keyring;
use crate::settings::Secret;
use crate::vendors::{self, Vendor};
use aws_lc_rs::constant_time;
use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, UnitWeighter};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

pub struct Subject {
    /// Of the device's state: what was made from an older one is stale.
    pub stamp: u64,
    pub device: Device,
    /// By the device's row.
    pub vendor: Option<&'static Vendor>,
    /// Looked up when it logs in with it, or is told it.
    http_password: OnceLock<Secret>,
    /// Looked up when its profile gives identity certificates.
    material: OnceLock<Material>,
    /// Looked up when it shows no proof.
    bindings: OnceLock<Box<[Cidr]>>,
}

/// What a device has of the box for its identity certificate.
#[derive(Debug, Clone, Default)]
pub struct Material {
    /// SCEP's, not used yet.
    pub challenge: Option<Secret>,
    /// Of the PKCS#12 file that somebody had made for it.
    pub file_password: Option<Secret>,
    /// A certificate that it asked for itself is in force.
    pub certified: bool,
}

impl Subject {
    pub fn material(&self) -> Option<&Material> {
        self.material.get()
    }

    pub fn http_password(&self) -> Option<&Secret> {
        self.http_password.get()
    }
}

/// Devices kept in memory, about a kilobyte each: what a busy site asks for within minutes.
const KEPT: usize = 24_576;

pub struct Subjects {
    db: Db,
    keys: Keyring,
    by_mac: Arc<Cache<Mac, Arc<Subject>>>,
    /// Only a hint: whether the token still is the device's is asked of the device itself.
    by_token: Cache<[u8; 16], Mac>,
}

impl Subjects {
    pub fn new(db: Db, keys: Keyring) -> Subjects {
        let options = rounds::options(KEPT, KEPT as u64);
        let by_mac: Arc<Cache<Mac, Arc<Subject>>> =
            Arc::new(Cache::with_options(options, UnitWeighter, DefaultHashBuilder::default(), Default::default()));
        let by_token = Cache::new(KEPT);
        let macs = by_mac.clone();
        db.changes().on_device(move |mac| drop(macs.remove(&mac)));
        Subjects { db, keys, by_mac, by_token }
    }

    pub fn get(&self, mac: Mac) -> Result<Option<Arc<Subject>>> {
        if let Some(subject) = self.by_mac.get(&mac) {
            return Ok(Some(subject));
        }
        let (clock, stamp) = (self.db.changes().clock(), self.db.changes().of_device(mac));
        let Some(subject) = self.load(mac, stamp)? else { return Ok(None) };
        let subject = Arc::new(subject);
        self.by_mac.insert(mac, subject.clone());
        // A commit between read and insert: what was read may be old.
        if self.db.changes().clock() != clock {
            self.by_mac.remove(&mac);
        }
        Ok(Some(subject))
    }

    /// The device whose token this is, now. `claimed` is the one that the request names, and most often right.
    pub fn by_token(&self, token: &str, claimed: Option<Mac>) -> Result<Option<Mac>> {
        let is_its_own = |mac: Mac| -> Result<bool> {
            let subject = self.get(mac)?;
            Ok(subject.is_some_and(|subject| {
                let own = subject.device.token.reveal().as_bytes();
                constant_time::verify_slices_are_equal(own, token.as_bytes()).is_ok()
            }))
        };
        if let Some(mac) = claimed
            && is_its_own(mac)?
        {
            return Ok(Some(mac));
        }
        let hash = Token::hash(token);
        if let Some(mac) = self.by_token.get(&hash) {
            if is_its_own(mac)? {
                return Ok(Some(mac));
            }
            self.by_token.remove(&hash);
        }
        match self.db.read(|conn| store::mac_by_token(conn, &hash))? {
            Some(mac) if is_its_own(mac)? => {
                self.by_token.insert(hash, mac);
                Ok(Some(mac))
            }
            _ => Ok(None),
        }
    }

    /// The password of a device's HTTP credentials, looked up once per load.
    pub fn http_password(&self, subject: &Subject) -> Result<Secret> {
        if let Some(known) = subject.http_password() {
            return Ok(known.clone());
        }
        let found = self.db.read(|conn| store::http_password(conn, &self.keys, &subject.device))?;
        Ok(subject.http_password.get_or_init(|| found).clone())
    }

    /// What is there for its identity certificate, looked up once per load.
    pub fn look_up_material(&self, subject: &Subject, now: i64) -> Result<()> {
        if subject.material().is_none() {
            let found = self.db.read(|conn| -> Result<Material> {
                let device = &subject.device;
                Ok(Material {
                    challenge: challenge::newest(conn, &self.keys, device, now)?,
                    file_password: enrollment::store::file_password(conn, &self.keys, device.id)?,
                    certified: enrollment::store::is_certified(conn, device.mac, now)?,
                })
            })?;
            let _ = subject.material.set(found);
        }
        Ok(())
    }

    /// Whether an administrator bound the device to the network that this address is in.
    pub fn is_bound(&self, subject: &Subject, peer: IpAddr) -> Result<bool> {
        if subject.bindings.get().is_none() {
            let found = self.db.read(|conn| networks::store::bindings(conn, subject.device.id))?;
            let _ = subject.bindings.set(found.into());
        }
        Ok(subject.bindings.get().is_some_and(|bindings| bindings.iter().any(|cidr| cidr.contains(peer))))
    }

    /// `stamp` was read before: a commit in between makes it old, never new.
    fn load(&self, mac: Mac, stamp: u64) -> Result<Option<Subject>> {
        let device = self.db.read(|conn| store::by_mac(conn, &self.keys, mac))?;
        Ok(device.map(|device| Subject {
            stamp,
            vendor: device.vendor.as_deref().and_then(vendors::by_id),
            http_password: OnceLock::new(),
            material: OnceLock::new(),
            bindings: OnceLock::new(),
            device,
        }))
    }
}
