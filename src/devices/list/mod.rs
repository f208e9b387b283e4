//! The list of devices: what it shows, what it can be asked for, in which order.
//!
//! Pages are read by key, in every order: page 20,000 of a million costs what page one costs. The roll says which devices
//! are on a page, the database what is shown of them.

pub mod api;
pub mod store;

use super::roll::Roll;
use super::{State, TlsState};
use crate::db::{Awaited, Result};
use crate::net::Mac;
use std::fmt;
use std::str::FromStr;

/// What a list shows of a device.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Summary {
    #[schema(value_type = String, example = "805ec0aabb01")]
    pub mac: Mac,
    pub vendor: Option<String>,
    pub model: Option<String>,
    /// What it said last that it runs.
    pub firmware: Option<String>,
    pub serial: Option<String>,
    pub name: Option<String>,
    pub site: Option<String>,
    /// Its own profile, instead of its site's.
    pub profile: Option<String>,
    pub group: Option<String>,
    #[schema(value_type = State)]
    pub state: String,
    pub activated_at: Option<i64>,
    /// Until when its first-contact window is open; 0 when it is closed.
    pub window_until: i64,
    /// Its steady proof: token, credentials or certificate.
    pub proof: Option<String>,
    pub proof_at: Option<i64>,
    /// Last delivery that held secrets.
    pub secrets_at: Option<i64>,
    pub tls_at: Option<i64>,
    pub tls_state: TlsState,
    pub enrolled_at: Option<i64>,
    /// It came without its proof: reset suspected.
    pub reset_at: Option<i64>,
    /// Two addresses claimed it inside its window.
    pub conflict_at: Option<i64>,
    /// Its newest check-in, answered or refused.
    pub seen_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
}

/// Which devices a list is asked for; `None` is any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub site: Option<String>,
    pub profile: Option<String>,
    pub group: Option<String>,
    pub vendor: Option<String>,
    pub model: Option<String>,
    pub firmware: Option<String>,
    pub state: Option<State>,
    /// Only those that came without their proof.
    pub reset_suspected: bool,
    /// Part of the MAC, name, serial number, vendor or model.
    pub search: Option<String>,
    /// What this limited user sees.
    pub limited: Option<i64>,
}

/// The order of a list; a minus turns it round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, utoipa::ToSchema)]
pub enum Sort {
    #[default]
    #[serde(rename = "mac")]
    Mac,
    #[serde(rename = "-mac")]
    MacDown,
    #[serde(rename = "name")]
    Name,
    #[serde(rename = "-name")]
    NameDown,
}

impl Sort {
    pub fn is_down(self) -> bool {
        matches!(self, Sort::MacDown | Sort::NameDown)
    }

    pub fn is_by_name(self) -> bool {
        matches!(self, Sort::Name | Sort::NameDown)
    }

    /// The last row of a page, as the place where the next one begins.
    pub fn cursor(self, last: &Summary) -> Cursor {
        self.at(last.mac, last.name.as_deref().unwrap_or_default())
    }

    /// Names are in the order of their small letters, as far as these are ASCII.
    pub fn at(self, mac: Mac, name: &str) -> Cursor {
        Cursor { mac, name: if self.is_by_name() { name.to_ascii_lowercase() } else { String::new() } }
    }
}

/// Where a page begins: after this device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    pub mac: Mac,
    /// Empty where the order is that of the MACs.
    pub name: String,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.as_str() {
            "" => write!(f, "{}", self.mac),
            name => write!(f, "{}~{name}", self.mac),
        }
    }
}

impl FromStr for Cursor {
    type Err = crate::net::MacError;

    fn from_str(text: &str) -> Result<Cursor, Self::Err> {
        let (mac, name) = text.split_once('~').unwrap_or((text, ""));
        Ok(Cursor { mac: mac.parse()?, name: name.to_owned() })
    }
}

/// An order and a place in it.
#[derive(Debug, Clone, Default)]
pub struct Place {
    pub sort: Sort,
    pub after: Option<Cursor>,
}

/// One page. Every row is read as the account's and the limited user's own, whatever the roll says; what is no longer
/// where it was found is left out, and others follow.
pub fn page(
    roll: &Roll,
    awaited: &Awaited,
    account_id: i64,
    filter: &Filter,
    place: &Place,
    rows: u32,
) -> Result<Vec<Summary>> {
    let (mut place, mut devices) = (place.clone(), Vec::new());
    loop {
        let wanted = rows as usize - devices.len();
        let found = roll.find(awaited, account_id, filter, &place, wanted)?;
        let is_last = found.len() < wanted;
        roll.db().read_while(awaited, |conn| {
            for one in found {
                let device = store::one_of(conn, account_id, filter.limited, one.id)?;
                devices.extend(device.filter(|device| place.sort.cursor(device) == one.cursor));
                place.after = Some(one.cursor);
            }
            Ok::<_, crate::db::Error>(())
        })?;
        if is_last || devices.len() == rows as usize {
            return Ok(devices);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        for text in ["805ec0aabb01", "805ec0aabb01~desk 2 ~ hall"] {
            assert_eq!(text.parse::<Cursor>().unwrap().to_string(), text);
        }
        assert!("desk".parse::<Cursor>().is_err());
    }
}
