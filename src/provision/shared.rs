//! What many devices share: profiles, sites, networks, firmware policies and the layers above the device, read once per change.

use crate::db::{Connection, Db, Result};
use crate::networks::{self, Network};
use crate::profiles::{self, Profile};
use crate::seal::Keyring;
use crate::settings::{Layer, Provenance, Values, store as settings};
use crate::vendors::{self, Item};
use crate::{firmware, groups, models, sites};
use arc_swap::ArcSwapOption;
use std::collections::HashMap;
use std::sync::Arc;

/// Raw vendor text of one scope, parsed; `whole` means it did not parse and is a secret as it stands.
pub struct RawItems {
    pub vendor: String,
    pub items: Vec<Item>,
}

#[derive(Default)]
pub struct Scope {
    pub values: Values,
    pub raw: Vec<RawItems>,
}

pub struct Site {
    pub name: Arc<str>,
    pub profile_id: Option<i64>,
}

pub struct Shared {
    epoch: u64,
    /// When any of this last changed: part of every file's Last-Modified.
    pub changed_at: i64,
    pub profiles: HashMap<i64, Arc<Profile>>,
    pub sites: HashMap<i64, Site>,
    pub networks: Vec<Network>,
    /// With their accounts.
    groups: HashMap<i64, (i64, Arc<str>)>,
    /// By account, vendor and name.
    models: HashMap<(i64, String, String), i64>,
    scopes: HashMap<(Layer, i64), Scope>,
    pub firmware: firmware::Policy,
    /// Sites whose settings archive holds files; true: an upgrade file among them.
    archives: HashMap<i64, bool>,
}

impl Shared {
    pub fn scope(&self, layer: Layer, id: i64) -> Option<&Scope> {
        self.scopes.get(&(layer, id))
    }

    /// The row of a model that has settings of its own in an account.
    pub fn model_id(&self, account: i64, vendor: &str, model: &str) -> Option<i64> {
        self.models.get(&(account, vendor.to_lowercase(), model.to_lowercase())).copied()
    }

    pub fn group_id(&self, account: i64, name: &str) -> Option<i64> {
        let is_it = |(of, group): &(i64, Arc<str>)| *of == account && &**group == name;
        self.groups.iter().find(|(_, group)| is_it(group)).map(|(id, _)| *id)
    }

    /// An account's device groups whose names are phone groups (AVA-119: 1 to 999), with their numbers.
    pub fn phone_groups(&self, account: i64) -> impl Iterator<Item = (u16, i64)> {
        self.groups.iter().filter(move |(_, (of, _))| *of == account).filter_map(|(id, (_, name))| {
            let number: u16 = name.parse().ok()?;
            ((1..=999).contains(&number) && number.to_string() == **name).then_some((number, *id))
        })
    }

    /// Names of the vendor's models that have settings of their own in an account.
    pub fn models_of(&self, account: i64, vendor: &str) -> impl Iterator<Item = &str> {
        let own = self.models.keys().filter(move |(owner, of, _)| *owner == account && of == vendor);
        own.map(|(.., name)| name.as_str())
    }

    /// Whether a site has files of its own, or an upgrade file.
    pub fn has_files(&self, site: i64, upgrade: bool) -> bool {
        self.archives.get(&site).is_some_and(|has_one| *has_one || !upgrade)
    }

    pub fn epoch(&self) -> u64 {
        self.epoch
    }
}

/// Holds the newest [`Shared`]; reads it anew when a commit has touched something shared.
pub struct SharedCache {
    db: Db,
    keys: Keyring,
    current: ArcSwapOption<Shared>,
}

impl SharedCache {
    pub fn new(db: Db, keys: Keyring) -> SharedCache {
        SharedCache { db, keys, current: ArcSwapOption::empty() }
    }

    pub fn get(&self) -> Result<Arc<Shared>> {
        let epoch = self.db.changes().shared();
        if let Some(current) = &*self.current.load()
            && current.epoch == epoch
        {
            return Ok(current.clone());
        }
        let fresh = Arc::new(self.db.read(|conn| load(conn, &self.keys, epoch))?);
        self.current.store(Some(fresh.clone()));
        Ok(fresh)
    }
}

fn load(conn: &Connection, keys: &Keyring, epoch: u64) -> Result<Shared> {
    // One transaction: profiles, sites and layers of the same moment.
    let tx = conn.unchecked_transaction()?;
    let profiles: HashMap<i64, Arc<Profile>> =
        profiles::store::all(&tx, keys)?.into_iter().map(|profile| (profile.id, Arc::new(profile))).collect();
    let groups: HashMap<i64, (i64, Arc<str>)> =
        groups::store::names(&tx)?.into_iter().map(|(id, account, name)| (id, (account, name.into()))).collect();
    let mut sites = HashMap::new();
    for (id, name, profile_id) in sites::store::profiles(&tx)? {
        sites.insert(id, Site { name: name.into(), profile_id });
    }
    let models: HashMap<(i64, String, String), i64> = models::store::names(&tx)?
        .into_iter()
        .map(|(id, account, vendor, name)| ((account, vendor.to_lowercase(), name.to_lowercase()), id))
        .collect();
    let model_names: HashMap<i64, String> =
        models.iter().map(|((_, vendor, name), id)| (*id, format!("{vendor} {name}"))).collect();
    let mut scopes = HashMap::new();
    for (layer, id) in settings::shared_scopes(&tx)? {
        let label: Arc<str> = match layer {
            Layer::Site => sites.get(&id).map(|site| site.name.clone()).unwrap_or_default(),
            Layer::Profile => profiles.get(&id).map(|profile| profile.name.as_str().into()).unwrap_or_default(),
            Layer::Group => groups.get(&id).map(|(_, name)| name.clone()).unwrap_or_default(),
            Layer::Model => model_names.get(&id).map(|name| name.as_str().into()).unwrap_or_default(),
            _ => Arc::default(),
        };
        scopes.insert((layer, id), scope(&tx, keys, layer, id, &label)?);
    }
    let networks = networks::store::all(&tx)?;
    let firmware = firmware::store::policy(&tx)?;
    let archives = sites::archive::store::sites(&tx)?.into_iter().collect();
    // On a fresh box nothing has changed since its profiles were made.
    let made_at = profiles.values().map(|profile| profile.updated_at).max().unwrap_or(0);
    let changed_at = crate::db::shared_changed_at(&tx)?.max(made_at);
    Ok(Shared { epoch, changed_at, profiles, sites, networks, groups, models, scopes, firmware, archives })
}

/// Values and raw text of one scope: a shared one, or one device's own.
pub fn scope(conn: &Connection, keys: &Keyring, layer: Layer, id: i64, label: &Arc<str>) -> Result<Scope> {
    let values = Values::new(settings::values(conn, keys, layer, id, label)?);
    Ok(Scope { values, raw: raw(conn, keys, layer, id, label)? })
}

pub fn raw(conn: &Connection, keys: &Keyring, layer: Layer, id: i64, label: &Arc<str>) -> Result<Vec<RawItems>> {
    let mut all = Vec::new();
    for text in settings::raw_texts(conn, keys, layer, id)? {
        let from = Provenance { layer, scope: label.clone(), author: text.author.as_str().into(), at: text.updated_at };
        let from = Arc::new(from);
        let items = match vendors::raw::parse_raw(&text.vendor, text.text.reveal()) {
            Ok(parsed) => {
                let secret = |name: &Option<String>| {
                    name.as_ref().is_none_or(|name| vendors::map::is_secret_param(&text.vendor, name))
                };
                let items = parsed.lines.iter().map(|line| {
                    // A statement without a name sets nothing; with one it may carry a secret.
                    let secret = line.name.is_some() && (secret(&line.name) || holds_login(&line.text));
                    line.item(secret, from.clone())
                });
                items.collect()
            }
            // What cannot be read needs a grant with secrets as a whole.
            Err(_) => vec![Item::Unread { text: crate::settings::Value::Secret(text.text.clone()), from }],
        };
        all.push(RawItems { vendor: text.vendor, items });
    }
    Ok(all)
}

/// A URL with user and password in it is a secret, whatever the parameter is called.
fn holds_login(text: &str) -> bool {
    text.split("://").skip(1).any(|rest| {
        let authority = rest.split(['/', '"', '<', ' ']).next().unwrap_or_default();
        authority.split_once('@').is_some_and(|(user, _)| user.contains(':'))
    })
}

#[cfg(test)]
mod tests {
    use super::holds_login;

    #[test]
    fn a_url_with_a_password_in_raw_text_is_a_secret() {
        assert!(holds_login("phonebook.url = https://user:pw@pbx.example/book.xml"));
        assert!(!holds_login("phonebook.url = https://pbx.example:8443/a@b:c"));
        assert!(!holds_login("account.1.label = me@pbx"));
    }
}
