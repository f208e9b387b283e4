//! Step 2: one device with everything of its own, loaded once and kept until a commit touches it.

use super::shared::{self, RawItems};
use crate::ca::cert_profile;
use crate::db::{Db, Result};
use crate::devices::{Device, Line, Token, store};
use crate::enrollment::{self, challenge};
use crate::net::{Cidr, Mac};
use crate::networks;
use crate::seal::Keyring;
use crate::settings::{Layer, Provenance, Secret, Set, SettingId, Value, Values, catalogue, store as settings};
use crate::vendors::{self, Vendor};
use aws_lc_rs::constant_time;
use quick_cache::sync::Cache;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};

pub struct Subject {
    /// Different for every load: what was made from an older one is stale.
    pub stamp: u64,
    pub device: Device,
    /// By the device's row.
    pub vendor: Option<&'static Vendor>,
    pub lines: Vec<u8>,
    /// Values of the device layer.
    pub own: Values,
    /// Values of the line layer, the SIP accounts' among them.
    pub line_values: Values,
    pub raw: Vec<RawItems>,
    /// Looked up when its profile gives identity certificates.
    material: OnceLock<Material>,
    pub bindings: Vec<Cidr>,
}

/// What a device has of the box for its identity certificate.
#[derive(Debug, Clone, Default)]
pub struct Material {
    /// SCEP's, not used yet.
    pub challenge: Option<Secret>,
    /// A certificate that it asked for itself is in force.
    pub certified: bool,
}

impl Subject {
    pub fn material(&self) -> Option<&Material> {
        self.material.get()
    }
}

/// Devices kept in memory: what a busy site asks for within minutes.
const KEPT: usize = 16_384;

pub struct Subjects {
    db: Db,
    keys: Keyring,
    by_mac: Arc<Cache<Mac, Arc<Subject>>>,
    /// Only a hint: whether the token still is the device's is asked of the device itself.
    by_token: Cache<[u8; 16], Mac>,
}

static STAMP: AtomicU64 = AtomicU64::new(1);

impl Subjects {
    pub fn new(db: Db, keys: Keyring) -> Subjects {
        let by_mac: Arc<Cache<Mac, Arc<Subject>>> = Arc::new(Cache::new(KEPT));
        let by_token = Cache::new(KEPT);
        let macs = by_mac.clone();
        db.changes().on_device(move |mac| drop(macs.remove(&mac)));
        Subjects { db, keys, by_mac, by_token }
    }

    pub fn get(&self, mac: Mac) -> Result<Option<Arc<Subject>>> {
        if let Some(subject) = self.by_mac.get(&mac) {
            return Ok(Some(subject));
        }
        let clock = self.db.changes().clock();
        let Some(subject) = self.load(mac)? else { return Ok(None) };
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

    /// What is there for its identity certificate, looked up once per load.
    pub fn look_up_material(&self, subject: &Subject, now: i64) -> Result<()> {
        if subject.material().is_none() {
            let found = self.db.read(|conn| -> Result<Material> {
                let profile = enrollment::store::profile_named(conn, cert_profile::DEVICE)?;
                let challenge = profile
                    .map(|profile| challenge::current(conn, &self.keys, &subject.device, profile, now))
                    .transpose()?;
                let certified = enrollment::store::is_certified(conn, subject.device.mac, now)?;
                Ok(Material { challenge: challenge.flatten(), certified })
            })?;
            let _ = subject.material.set(found);
        }
        Ok(())
    }

    fn load(&self, mac: Mac) -> Result<Option<Subject>> {
        self.db.read(|conn| {
            let Some(device) = store::by_mac(conn, &self.keys, mac)? else { return Ok(None) };
            let lines = store::lines(conn, &self.keys, device.id)?;
            let label: Arc<str> = mac.to_string().into();
            let own = Values::new(settings::values(conn, &self.keys, Layer::Device, device.id, &label)?);
            let mut line_sets = lines.iter().flat_map(|line| account_sets(line, &label)).collect::<Vec<_>>();
            line_sets.extend(settings::values(conn, &self.keys, Layer::Line, device.id, &label)?);
            Ok(Some(Subject {
                stamp: STAMP.fetch_add(1, Ordering::Relaxed),
                lines: lines.iter().map(|line| line.number).collect(),
                own,
                line_values: Values::new(line_sets),
                material: OnceLock::new(),
                raw: shared::raw(conn, &self.keys, Layer::Device, device.id, &label)?,
                bindings: networks::store::bindings(conn, device.id)?,
                vendor: device.vendor.as_deref().and_then(vendors::by_id),
                device,
            }))
        })
    }
}

/// What a SIP account says about its line.
fn account_sets(line: &Line, label: &Arc<str>) -> Vec<Set> {
    static IDS: LazyLock<[Option<SettingId>; 5]> = LazyLock::new(|| {
        ["line.user", "line.auth_id", "line.password", "line.display_name", "line.enabled"]
            .map(|name| catalogue().find(name).ok())
    });
    let Some(account) = &line.account else { return Vec::new() };
    let from = Provenance {
        layer: Layer::Line,
        scope: label.clone(),
        author: account.author.as_str().into(),
        at: account.updated_at,
    };
    let from = Arc::new(from);
    let plain = |text: &str| Some(Value::Plain(text.into()));
    let values = [
        plain(&account.user),
        account.auth_id.as_deref().and_then(plain),
        account.password.clone().map(Value::Secret),
        account.display_name.as_deref().and_then(plain),
        plain("true"),
    ];
    let sets = IDS
        .iter()
        .zip(values)
        .filter_map(|(id, value)| Some(Set { id: (*id)?, line: line.number, value: value?, from: from.clone() }));
    sets.collect()
}
