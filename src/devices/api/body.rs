//! What a request says of a device, checked and written.

use crate::db::Tx;
use crate::devices::TlsState;
use crate::devices::store::NewDevice;
use crate::layers::{self, Checked, Scope};
use crate::lines::input::{CheckedLine, LineInput, LineNumber, NumberedLine};
use crate::net::Mac;
use crate::seal::Keyring;
use crate::users::{Actor, data};
use crate::web::json::{double, values};
use crate::web::{Code, Problem, Result, Text, words};
use crate::{groups, lines, models, profiles, sites, vendors};
use std::collections::BTreeMap;

const MAX_NAME: usize = 64;

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddDevice {
    /// Any notation.
    #[schema(value_type = String, example = "80:5e:c0:aa:bb:01")]
    pub(super) mac: String,
    pub(super) vendor: Option<String>,
    pub(super) model: Option<String>,
    pub(super) serial: Option<String>,
    pub(super) name: Option<String>,
    /// Absent: the first site.
    pub(super) site: Option<String>,
    /// Absent: its site's.
    pub(super) profile: Option<String>,
    pub(super) group: Option<String>,
    /// Its own target, instead of its profile's.
    pub(super) url: Option<String>,
    #[serde(default, deserialize_with = "values")]
    #[schema(value_type = std::collections::HashMap<String, Text>)]
    pub(super) settings: BTreeMap<String, Text>,
    #[serde(default)]
    pub(super) lines: Vec<NumberedLine>,
    /// Open its first-contact window now.
    #[serde(default)]
    pub(super) activate: bool,
}

/// Absent leaves a field as it is, null empties it.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeDevice {
    #[serde(default, deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    pub(super) vendor: Option<Option<String>>,
    #[serde(default, deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    pub(super) model: Option<Option<String>>,
    #[serde(default, deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    pub(super) serial: Option<Option<String>>,
    #[serde(default, deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    pub(super) name: Option<Option<String>>,
    pub(super) site: Option<String>,
    #[serde(default, deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    pub(super) profile: Option<Option<String>>,
    #[serde(default, deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    pub(super) group: Option<Option<String>>,
    #[serde(default, deserialize_with = "double")]
    #[schema(value_type = Option<String>)]
    pub(super) url: Option<Option<String>>,
    /// Only downwards: what the phone shows moves it up.
    pub(super) tls_state: Option<TlsState>,
    #[serde(default, deserialize_with = "values")]
    #[schema(value_type = std::collections::HashMap<String, Text>)]
    pub(super) settings: BTreeMap<String, Text>,
    /// Names of own settings to take away.
    #[serde(default)]
    pub(super) unset: Vec<String>,
    #[serde(default)]
    pub(super) lines: Vec<NumberedLine>,
    /// Numbers of lines to remove.
    #[serde(default)]
    #[schema(value_type = Vec<LineNumber>)]
    pub(super) remove_lines: Vec<u8>,
}

/// The words of a device as a body says them.
pub(super) struct Words {
    pub(super) vendor: Option<Option<String>>,
    pub(super) model: Option<Option<String>>,
    pub(super) serial: Option<Option<String>>,
    pub(super) name: Option<Option<String>>,
    pub(super) site: Option<String>,
    pub(super) profile: Option<Option<String>>,
    pub(super) group: Option<Option<String>>,
}

impl Words {
    /// Lays them over the fields there are. Answers what changed, for the audit log.
    pub(super) fn apply(&self, tx: &Tx, actor: &Actor, mac: Mac, fields: &mut NewDevice) -> Result<Vec<String>> {
        let mut told = Vec::new();
        let mut tell = |name: &str, word: Option<&str>| told.push(format!("{name}={}", word.unwrap_or("none")));
        // An empty word empties the field, as `--name ""` on the command line means it.
        let said = |field: &Option<Option<String>>| {
            field.as_ref().map(|text| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned))
        };
        if let Some(vendor) = said(&self.vendor) {
            fields.vendor = vendor.as_deref().map(models::vendor).transpose()?.map(|vendor| vendor.name.to_owned());
            tell("vendor", fields.vendor.as_deref());
        }
        if let Some(model) = said(&self.model) {
            if let Some(model) = model.as_deref().filter(|_| fields.vendor.is_none() && self.vendor.is_none()) {
                let vendor = vendors::vendor_of_model(model, mac);
                fields.vendor = vendor.map(|vendor| vendor.name.to_owned());
                vendor.inspect(|vendor| tell("vendor", Some(vendor.name)));
            }
            let vendor = fields.vendor.as_deref().and_then(vendors::by_id);
            fields.model = model.as_deref().map(|model| models::model(vendor, model)).transpose()?;
            tell("model", fields.model.as_deref());
        }
        if let Some(serial) = said(&self.serial) {
            fields.serial = serial.as_deref().map(|text| words::line("serial", text, MAX_NAME)).transpose()?.flatten();
            tell("serial", fields.serial.as_deref());
        }
        if let Some(name) = said(&self.name) {
            fields.name = name.as_deref().map(|text| words::line("name", text, MAX_NAME)).transpose()?.flatten();
            tell("name", fields.name.as_deref());
        }
        if let Some(site) = &self.site {
            fields.site_id = Some(sites::api::id(tx, actor, site)?);
            tell("site", Some(site));
        }
        if let Some(profile) = said(&self.profile) {
            fields.profile_id = profile.as_deref().map(|name| profiles::api::id(tx, actor, name)).transpose()?;
            tell("profile", profile.as_deref());
        }
        if let Some(group) = said(&self.group) {
            // Groups are the whole account's: to a limited user only the device's own is there.
            let own = fields.group_id;
            let is_there = |id: &i64| actor.limited.is_none() || own == Some(*id);
            let id = |name: &str| {
                let found = groups::store::id(tx, actor.account_id, name)?.filter(is_there);
                found.ok_or_else(|| groups::api::missing(name))
            };
            fields.group_id = group.as_deref().map(id).transpose()?;
            tell("group", group.as_deref());
        }
        Ok(told)
    }

    /// Nobody puts a device where they do not see it: a device without a profile of its own has its site's.
    pub(super) fn stays_in_sight(&self, tx: &Tx, actor: &Actor, id: i64, mac: Mac) -> Result<()> {
        if data::sees(tx, actor, id, data::store::sees_device)? {
            return Ok(());
        }
        let named = match (&self.site, self.profile.is_some()) {
            (Some(site), _) => format!("site: {site:?} is not accepted"),
            (None, true) => "profile: none is not accepted".to_owned(),
            (None, false) => "site: nothing was said, and the first one is not accepted".to_owned(),
        };
        let message = format!("{named}: there the device {mac} would be outside your data permission.");
        Err(Problem::new(Code::Forbidden, message, "Choose a site and a profile of those that you see."))
    }
}

/// The settings and lines that a body brings along, checked.
pub(super) struct Own {
    settings: Vec<Checked>,
    unset: Vec<String>,
    lines: Vec<(u8, CheckedLine)>,
    remove_lines: Vec<u8>,
}

impl Own {
    pub(super) fn check(
        settings: BTreeMap<String, Text>,
        unset: Vec<String>,
        lines: Vec<NumberedLine>,
        remove_lines: Vec<u8>,
    ) -> Result<Own> {
        let settings = settings.iter().map(|(name, text)| layers::checked(name, &text.0, false));
        let settings = settings.collect::<Result<_, _>>()?;
        let mut checked: Vec<(u8, CheckedLine)> = Vec::new();
        for line in lines {
            let number = line.number;
            if number == 0 || checked.iter().any(|(other, _)| *other == number) {
                let message = format!("line: {number} is not accepted: lines are numbered from 1 to 255, each once.");
                return Err(Problem::bad_value(message, "Write for example 1."));
            }
            checked.push((number, LineInput::from(line).check()?));
        }
        Ok(Own { settings, unset, lines: checked, remove_lines })
    }

    pub(super) fn write(&self, tx: &mut Tx, keys: &Keyring, actor: &Actor, id: i64, now: i64) -> Result<Vec<String>> {
        let scope = Scope::device(id);
        let mut told = Vec::new();
        for name in &self.unset {
            layers::store::unset(tx, scope, name)?;
            told.push(format!("unset {name}"));
        }
        for checked in &self.settings {
            layers::store::put(tx, keys, actor, scope, checked, now)?;
            told.push(format!("{}={}", checked.name, checked.value.masked()));
        }
        for number in &self.remove_lines {
            lines::store::remove_line(tx, id, *number)?;
            layers::store::clear_line(tx, id, *number)?;
            told.push(format!("line {number} removed"));
        }
        for (number, line) in &self.lines {
            told.push(format!("line {number} {}", lines::api::put(tx, keys, actor, id, *number, line, now)?));
        }
        Ok(told)
    }
}

/// A device's own target, checked; the credentials stay in it because it is sealed whole.
pub(super) fn url(text: &str) -> Result<String> {
    profiles::url::parse(text)?;
    Ok(text.to_owned())
}
