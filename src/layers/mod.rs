//! The settings and raw vendor texts people have set, layer by layer.
//!
//! Owns the rows and how a layer is named by people (`site Berlin`). What a setting is and may be is the catalogue's.

pub mod api;
pub mod store;

use crate::db::{BOX_ACCOUNT, Connection, Error};
use crate::devices;
use crate::groups;
use crate::models;
use crate::net::Mac;
use crate::profiles;
use crate::settings::{Layer, Secret, SettingError, Value, catalogue, check};
use crate::sites;

/// One scope of one layer, as the rows name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    pub layer: Layer,
    /// Id of the site, profile, model, group or device; 0 for global.
    pub id: i64,
    /// Only for [`Layer::Line`].
    pub line: u8,
}

impl Scope {
    pub const GLOBAL: Scope = Scope { layer: Layer::Global, id: 0, line: 0 };

    pub fn device(id: i64) -> Scope {
        Scope { layer: Layer::Device, id, line: 0 }
    }

    pub fn line(device_id: i64, line: u8) -> Scope {
        Scope { layer: Layer::Line, id: device_id, line }
    }
}

/// The layers a person can set.
const SETTABLE: [Layer; 8] = [
    Layer::Global,
    Layer::Account,
    Layer::Site,
    Layer::Profile,
    Layer::Model,
    Layer::Group,
    Layer::Device,
    Layer::Line,
];

pub fn layer(word: &str) -> Option<Layer> {
    SETTABLE.into_iter().find(|layer| layer.word().eq_ignore_ascii_case(word))
}

/// A scope as people name it.
#[derive(Debug, Clone)]
pub struct Named {
    pub layer: Layer,
    pub scope: String,
    pub line: Option<u8>,
}

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.layer, self.line) {
            (Layer::Global | Layer::Account, _) => f.write_str(self.layer.word()),
            (Layer::Line, Some(line)) => write!(f, "device {} line {line}", self.scope),
            (layer, _) => write!(f, "{} {}", layer.word(), self.scope),
        }
    }
}

/// Where a named scope is, and which device it belongs to if to one only.
pub struct Found {
    pub scope: Scope,
    pub device: Option<Mac>,
}

/// `None`: there is no such site, profile, model, group or device.
pub fn find(conn: &Connection, account_id: i64, named: &Named) -> Result<Option<Found>, Error> {
    let name = named.scope.as_str();
    let shared =
        |id: Option<i64>| id.map(|id| Found { scope: Scope { layer: named.layer, id, line: 0 }, device: None });
    Ok(match named.layer {
        // What is global is every account's, and the box's to say; what its account says is the same there.
        Layer::Global => shared(Some(0).filter(|_| account_id == BOX_ACCOUNT)),
        Layer::Account => shared(Some(account_id).filter(|_| account_id != BOX_ACCOUNT)),
        Layer::Site => shared(sites::store::id(conn, account_id, name)?),
        Layer::Profile => shared(profiles::store::id(conn, account_id, name)?),
        Layer::Group => shared(groups::store::id(conn, account_id, name)?),
        Layer::Model => match name.split_once('/') {
            Some((vendor, model)) => shared(models::store::id(conn, account_id, vendor, model)?),
            None => None,
        },
        Layer::Device | Layer::Line => {
            let Ok(mac) = name.parse::<Mac>() else { return Ok(None) };
            let id = devices::store::id(conn, account_id, mac)?;
            id.map(|id| Found {
                scope: Scope { layer: named.layer, id, line: named.line.unwrap_or(0) },
                device: Some(mac),
            })
        }
        Layer::Vendor | Layer::Policy | Layer::Box => None,
    })
}

/// A checked setting, ready to be stored.
#[derive(Debug, Clone)]
pub struct Checked {
    /// Canonical name.
    pub name: String,
    pub value: Value,
}

/// Checks a name and its value against the catalogue. `line`: it is to be set for one line only.
pub fn checked(name: &str, text: &str, line: bool) -> Result<Checked, SettingError> {
    let id = catalogue().find(name)?;
    let entry = catalogue().entry(id);
    if line && !entry.per_line {
        return Err(SettingError {
            setting: catalogue().name(id),
            value: None,
            rule: "it belongs to the whole phone, not to one line".into(),
            next: "Set it for the device.".into(),
        });
    }
    let text = check(id, text)?;
    let value = if entry.secret { Value::Secret(Secret::new(text)) } else { Value::Plain(text.into()) };
    Ok(Checked { name: catalogue().name(id), value })
}
