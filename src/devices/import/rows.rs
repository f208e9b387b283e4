//! One row: its words checked, its secrets sealed, ready to be inserted.

use super::Place;
use super::columns::{Column, LineWord, shown};
use crate::db::{Connection, Error};
use crate::devices::store::{NewDevice, password_place};
use crate::devices::{Birth, place};
use crate::net::Mac;
use crate::seal::Keyring;
use crate::settings::store::value_place;
use crate::settings::{Layer, SettingId, catalogue, check};
use crate::vendors::{self, Vendor};
use crate::{models, profiles, sites};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

const MAX_WORD: usize = 64;

/// SHA-256 of a certificate.
pub type Print = [u8; 32];

/// The names a row may use, read once.
pub struct Names {
    sites: HashMap<String, i64>,
    profiles: HashMap<String, i64>,
    groups: HashMap<String, i64>,
    first_site: Option<i64>,
    /// Certificates that are a device's already.
    certificates: HashSet<Print>,
}

impl Names {
    pub fn load(conn: &Connection, account_id: i64) -> Result<Names, Error> {
        Ok(Names {
            sites: super::store::names(conn, "site", account_id)?,
            profiles: super::store::names(conn, "profile", account_id)?,
            groups: super::store::names(conn, "device_group", account_id)?,
            first_site: sites::store::first(conn, account_id)?,
            certificates: super::store::certificates(conn)?,
        })
    }
}

pub struct Prepared {
    pub id: i64,
    pub mac: Mac,
    pub fields: NewDevice,
    pub url_sealed: Option<Vec<u8>>,
    pub active: bool,
    pub certificate: Option<Print>,
    pub birth: Birth,
    pub lines: Vec<PreparedLine>,
    pub settings: Vec<PreparedSetting>,
}

pub struct PreparedLine {
    pub number: u8,
    /// `None`: a line with settings only.
    pub account: Option<PreparedAccount>,
}

pub struct PreparedAccount {
    pub id: i64,
    pub user: String,
    pub auth_id: Option<String>,
    pub password_sealed: Option<Vec<u8>>,
    pub display_name: Option<String>,
}

pub struct PreparedSetting {
    pub line: u8,
    pub name: String,
    pub plain: Option<String>,
    pub sealed: Option<Vec<u8>>,
}

pub struct Checker {
    names: Names,
    keys: Keyring,
    next_device: i64,
    next_account: i64,
    seen: HashMap<Mac, u64>,
    line_settings: [SettingId; 4],
}

impl Checker {
    /// The ids are those that the tables give next: secrets are sealed for the row they will stand in.
    pub fn new(names: Names, keys: Keyring, next_device: i64, next_account: i64) -> Checker {
        let id = |name: &str| catalogue().find(name).unwrap_or(SettingId { entry: 0, index: 0 });
        let line_settings = ["line.user", "line.auth_id", "line.password", "line.display_name"].map(id);
        Checker { names, keys, next_device, next_account, seen: HashMap::new(), line_settings }
    }

    /// The MAC as far as it could be read, and the row or the reason why it is rejected.
    pub fn check(&mut self, cells: &[(Column, Cow<str>)], place: &Place) -> (Option<Mac>, Result<Prepared, String>) {
        let text = cells.iter().find(|(column, _)| *column == Column::Mac).map(|(_, text)| text.trim());
        let mac = match text {
            None | Some("") => return (None, Err("the MAC is missing".into())),
            Some(text) => match text.parse::<Mac>() {
                Ok(mac) => mac,
                Err(error) => return (None, Err(format!("{} is not a MAC address: {}", shown(text), error.rule()))),
            },
        };
        if let Some(row) = self.seen.get(&mac) {
            return (Some(mac), Err(format!("its MAC stands in row {row} already")));
        }
        let checked = self.checked(mac, cells);
        if let Ok(row) = &checked {
            self.seen.insert(mac, place.row);
            self.names.certificates.extend(row.certificate);
        }
        (Some(mac), checked)
    }

    fn checked(&mut self, mac: Mac, cells: &[(Column, Cow<str>)]) -> Result<Prepared, String> {
        let mut fields = NewDevice { site_id: self.names.first_site, ..NewDevice::default() };
        let (mut active, mut certificate, mut url_sealed) = (false, None, None);
        let mut vendor: Option<&'static Vendor> = None;
        let mut model = None;
        let mut lines: Vec<PreparedLine> = Vec::new();
        let mut settings = Vec::new();
        for (column, text) in cells {
            // What the export put before a formula.
            let text = unquoted(text.trim());
            if text.is_empty() {
                continue;
            }
            match column {
                Column::Mac => {}
                Column::Vendor => {
                    let known = models::vendor(text).map_err(|error| error.to_string())?;
                    vendor = Some(known);
                    fields.vendor = Some(known.name.to_owned());
                }
                Column::Model => model = Some(text),
                Column::Serial => fields.serial = Some(word("serial", text)?),
                Column::Name => fields.name = Some(word("name", text)?),
                Column::Site => fields.site_id = Some(id(&self.names.sites, "site", text)?),
                Column::Profile => fields.profile_id = Some(id(&self.names.profiles, "profile", text)?),
                Column::Group => fields.group_id = Some(id(&self.names.groups, "group", text)?),
                Column::Url => {
                    profiles::url::parse(text).map_err(|error| format!("url: {error}"))?;
                    let sealed = self.keys.seal(&place("url", mac), text.as_bytes());
                    url_sealed = Some(sealed.map_err(|error| error.to_string())?);
                }
                Column::Active => active = boolean(text)?,
                Column::Certificate => certificate = Some(self.print(text)?),
                Column::Line(number, _) => {
                    line(&mut lines, *number);
                }
                Column::Setting(number, setting) => {
                    if *number > 0 {
                        line(&mut lines, *number);
                    }
                    settings.push((*number, *setting, check(*setting, text).map_err(|error| error.to_string())?));
                }
            }
        }
        if let Some(model) = model {
            if vendor.is_none() {
                vendor = vendors::vendor_of_model(model, mac);
                fields.vendor = vendor.map(|vendor| vendor.name.to_owned());
            }
            fields.model = Some(models::model(vendor, model).map_err(|error| error.to_string())?);
        }
        lines.sort_by_key(|line| line.number);
        let mut next_account = self.next_account;
        for line in &mut lines {
            line.account = self.account(cells, line.number, next_account)?;
            next_account += i64::from(line.account.is_some());
        }
        let device_id = self.next_device;
        let settings = settings.into_iter().map(|(line, setting, text)| self.setting(device_id, line, setting, text));
        let settings = settings.collect::<Result<Vec<_>, String>>()?;
        let birth = Birth::new(&self.keys, mac).map_err(|error| error.to_string())?;
        (self.next_device, self.next_account) = (device_id + 1, next_account);
        Ok(Prepared { id: device_id, mac, fields, url_sealed, active, certificate, birth, lines, settings })
    }

    fn print(&self, text: &str) -> Result<Print, String> {
        let digits: String = text.chars().filter(|c| !matches!(c, ':' | ' ' | '-')).collect();
        let bytes =
            digits.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        let bytes: Option<Vec<u8>> = bytes.collect();
        let print = bytes
            .filter(|_| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|bytes| bytes.try_into().ok());
        match print {
            None => Err(format!("certificate: {} is no SHA-256 of a certificate: 64 hexadecimal digits", shown(text))),
            Some(print) if self.names.certificates.contains(&print) => {
                Err(format!("certificate: {} is another device's already", shown(text)))
            }
            Some(print) => Ok(print),
        }
    }

    fn account(&self, cells: &[(Column, Cow<str>)], number: u8, id: i64) -> Result<Option<PreparedAccount>, String> {
        let [user, auth_id, password, display_name] = &self.line_settings;
        let said = |word: LineWord, setting: &SettingId| -> Result<Option<String>, String> {
            let cell = cells.iter().find(|(column, _)| *column == Column::Line(number, word));
            let text = cell.map(|(_, text)| unquoted(text.trim())).filter(|text| !text.is_empty());
            text.map(|text| check(*setting, text).map_err(|error| format!("line {number}: {error}"))).transpose()
        };
        let auth_id = said(LineWord::AuthId, auth_id)?;
        let password = said(LineWord::Password, password)?;
        let display_name = said(LineWord::DisplayName, display_name)?;
        let Some(user) = said(LineWord::User, user)? else {
            if auth_id.is_some() || password.is_some() || display_name.is_some() {
                return Err(format!("line {number} has no user"));
            }
            return Ok(None);
        };
        let seal =
            |text: String| self.keys.seal(&password_place(id), text.as_bytes()).map_err(|error| error.to_string());
        let password_sealed = password.map(seal).transpose()?;
        Ok(Some(PreparedAccount { id, user, auth_id, password_sealed, display_name }))
    }

    fn setting(&self, device: i64, line: u8, id: SettingId, text: String) -> Result<PreparedSetting, String> {
        let name = catalogue().name(id);
        if !catalogue().entry(id).secret {
            return Ok(PreparedSetting { line, name, plain: Some(text), sealed: None });
        }
        let layer = if line > 0 { Layer::Line } else { Layer::Device };
        let place = value_place(layer.word(), device, line, &name);
        let sealed = self.keys.seal(&place, text.as_bytes()).map_err(|error| error.to_string())?;
        Ok(PreparedSetting { line, name, plain: None, sealed: Some(sealed) })
    }
}

fn line(lines: &mut Vec<PreparedLine>, number: u8) {
    if !lines.iter().any(|line| line.number == number) {
        lines.push(PreparedLine { number, account: None });
    }
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@', '\t'])).unwrap_or(text)
}

fn word(field: &str, text: &str) -> Result<String, String> {
    if text.chars().count() > MAX_WORD {
        return Err(format!("{field}: {} is longer than {MAX_WORD} characters", shown(text)));
    }
    if text.chars().any(char::is_control) {
        return Err(format!("{field}: {} holds a control character", shown(text)));
    }
    Ok(text.to_owned())
}

fn id(names: &HashMap<String, i64>, what: &str, name: &str) -> Result<i64, String> {
    names.get(name).copied().ok_or_else(|| format!("there is no {what} {}", shown(name)))
}

fn boolean(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" | "active" => Ok(true),
        "false" | "no" | "off" | "0" | "known" => Ok(false),
        _ => Err(format!("active: {} is neither true nor false", shown(text))),
    }
}
