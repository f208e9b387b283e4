//! The catalogue: every setting there is, read once from `catalogue.toml`.
//!
//! Forms, validation, the API schema and documents derive from it. A [`SettingId`] is a position in this table and lives
//! only as long as the process: what is stored or sent is the name.

use super::{SettingError, SettingId};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::LazyLock;

/// The only table there is.
pub fn catalogue() -> &'static Catalogue {
    &CATALOGUE
}

static CATALOGUE: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::parse(include_str!("catalogue.toml")).expect("catalogue.toml is part of the program"));

pub struct Catalogue {
    groups: Vec<Group>,
    entries: Vec<Entry>,
    by_id: HashMap<String, u16>,
}

/// A heading of the form.
#[derive(Debug, Clone, Serialize)]
pub struct Group {
    pub id: String,
    pub label: String,
}

/// One setting, or one family of repeated settings when `index` is there.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// `sip.server`; for repeated ones with a star where the index goes: `key.*.label`.
    pub id: String,
    /// Id of its [`Group`].
    pub group: String,
    pub label: String,
    pub help: String,
    pub kind: Kind,
    /// The kind describes one item; the value is a comma list of at most this many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<u16>,
    /// What phones do when nobody sets it. `None`: it depends on the phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    pub secret: bool,
    pub per_line: bool,
    /// Computed by the box; nobody can set it.
    pub derived: bool,
    /// Highest index of a repeated setting; indexes start at 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u16>,
    /// Why no vendor table has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unmapped: Option<String>,
}

/// What a value may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Kind {
    Bool,
    Int {
        min: i64,
        max: i64,
    },
    /// Lengths count characters, not bytes.
    Text {
        min: usize,
        max: usize,
        multiline: bool,
    },
    /// What a telephone keypad or a dial plan can send.
    Dial {
        max: usize,
    },
    Enum {
        words: Vec<String>,
    },
    /// DNS name, IPv4 or IPv6 address.
    Host,
    /// The same with an optional port.
    HostPort,
    Ip,
    Netmask,
    /// Of these schemes; none named: of all that phones know.
    Url {
        #[serde(skip_serializing_if = "Vec::is_empty")]
        schemes: Vec<String>,
    },
    /// Name of a file as a phone asks for it, a directory in front or not.
    File {
        max: usize,
    },
    /// A name of the tz database.
    Zone,
    /// BCP 47: language, script and region.
    Language,
    /// `HH:MM`.
    TimeOfDay,
}

#[derive(Deserialize)]
struct RawCatalogue {
    group: Vec<RawGroup>,
}

#[derive(Deserialize)]
struct RawGroup {
    id: String,
    label: String,
    setting: Vec<RawEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    id: String,
    r#type: String,
    label: String,
    help: String,
    min: Option<i64>,
    max: Option<i64>,
    #[serde(default)]
    multiline: bool,
    #[serde(default)]
    words: Vec<String>,
    list: Option<u16>,
    default: Option<String>,
    unit: Option<String>,
    #[serde(default)]
    secret: bool,
    #[serde(default)]
    per_line: bool,
    #[serde(default)]
    derived: bool,
    index: Option<u16>,
    unmapped: Option<String>,
}

impl RawEntry {
    fn kind(&self) -> Result<Kind, String> {
        let length =
            || self.max.and_then(|max| usize::try_from(max).ok()).ok_or_else(|| format!("{}: no max", self.id));
        Ok(match self.r#type.as_str() {
            "bool" => Kind::Bool,
            "int" => match (self.min, self.max) {
                (Some(min), Some(max)) => Kind::Int { min, max },
                _ => return Err(format!("{}: an int needs min and max", self.id)),
            },
            "text" => Kind::Text {
                min: self.min.and_then(|min| usize::try_from(min).ok()).unwrap_or(1),
                max: length()?,
                multiline: self.multiline,
            },
            "dial" => Kind::Dial { max: length()? },
            "enum" => Kind::Enum { words: self.words.clone() },
            "host" => Kind::Host,
            "host-port" => Kind::HostPort,
            "ip" => Kind::Ip,
            "netmask" => Kind::Netmask,
            "url" => Kind::Url { schemes: self.words.clone() },
            "file" => Kind::File { max: length()? },
            "zone" => Kind::Zone,
            "language" => Kind::Language,
            "time-of-day" => Kind::TimeOfDay,
            other => return Err(format!("{}: no type {other}", self.id)),
        })
    }
}

impl Catalogue {
    fn parse(toml: &str) -> Result<Catalogue, String> {
        let raw: RawCatalogue = toml::from_str(toml).map_err(|error| error.to_string())?;
        let mut catalogue = Catalogue { groups: Vec::new(), entries: Vec::new(), by_id: HashMap::new() };
        for group in raw.group {
            for raw in group.setting {
                let kind = raw.kind()?;
                let position = u16::try_from(catalogue.entries.len()).map_err(|error| error.to_string())?;
                if raw.index.is_some() != raw.id.contains('*') {
                    return Err(format!("{}: index and * belong together", raw.id));
                }
                if catalogue.by_id.insert(raw.id.clone(), position).is_some() {
                    return Err(format!("{} stands there twice", raw.id));
                }
                catalogue.entries.push(Entry {
                    kind,
                    group: group.id.clone(),
                    id: raw.id,
                    label: raw.label,
                    help: raw.help,
                    list: raw.list,
                    default: raw.default,
                    unit: raw.unit,
                    secret: raw.secret,
                    per_line: raw.per_line,
                    derived: raw.derived,
                    index: raw.index,
                    unmapped: raw.unmapped,
                });
            }
            catalogue.groups.push(Group { id: group.id, label: group.label });
        }
        Ok(catalogue)
    }

    /// Headings in the order of the form.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// All entries in the order of the form.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// `key.3.label` → entry `key.*.label`, index 3.
    pub fn find(&self, name: &str) -> Result<SettingId, SettingError> {
        if let Some(&entry) = self.by_id.get(name)
            && self.entry_at(entry).index.is_none()
        {
            return Ok(SettingId { entry, index: 0 });
        }
        if let Some((pattern, index)) = starred(name)
            && let Some(&entry) = self.by_id.get(&pattern)
        {
            let max = self.entry_at(entry).index.unwrap_or(0);
            return match index.parse::<u16>() {
                Ok(index) if (1..=max).contains(&index) => Ok(SettingId { entry, index }),
                _ => Err(SettingError {
                    setting: shortened(name),
                    value: None,
                    rule: format!("its number goes from 1 to {max}"),
                    next: format!("Write for example {}.", pattern.replace('*', "1")),
                }),
            };
        }
        Err(self.unknown(name))
    }

    /// The entry of an id that [`Catalogue::find`] gave.
    pub fn entry(&self, id: SettingId) -> &Entry {
        self.entry_at(id.entry)
    }

    /// The name that [`Catalogue::find`] takes back.
    pub fn name(&self, id: SettingId) -> String {
        let entry = self.entry(id);
        match entry.index {
            Some(_) => entry.id.replace('*', &id.index.to_string()),
            None => entry.id.clone(),
        }
    }

    fn entry_at(&self, position: u16) -> &Entry {
        // Only `find` makes ids, so a position outside the table is a bug, and the nearest entry a tame answer to it.
        &self.entries[usize::from(position).min(self.entries.len() - 1)]
    }

    fn unknown(&self, name: &str) -> SettingError {
        let wanted: String = name.trim().chars().take(64).collect::<String>().to_lowercase();
        let pattern = starred(&wanted).map_or(wanted.clone(), |(pattern, _)| pattern);
        let near = self.near(&pattern).iter().map(|entry| entry.id.replace('*', "1")).collect::<Vec<_>>();
        let next = match near.split_last() {
            Some((only, [])) => format!("Did you mean {only}?"),
            Some((last, others)) => format!("Did you mean {} or {last}?", others.join(", ")),
            None => "All names: phonebox layer settings, or GET /api/v1/catalogue.".to_owned(),
        };
        SettingError { setting: shortened(name), value: None, rule: NO_SUCH.to_owned(), next }
    }

    /// What may be meant, of what people can set: one that is a slip of the pen away, else those with the most words in
    /// common, rare ones before those that many have, else the nearest.
    fn near(&self, pattern: &str) -> Vec<&Entry> {
        const MOST: usize = 3;
        let settable = || self.entries.iter().filter(|entry| !entry.derived);
        let nearest = settable().map(|entry| (distance(pattern, &entry.id), entry)).min_by_key(|(far, _)| *far);
        let within = |far: usize| nearest.filter(|(d, _)| *d <= far).map(|(_, entry)| vec![entry]);
        let words = words(pattern);
        let users = |word: &str| settable().filter(|entry| self::words(&entry.id).contains(&word)).count();
        // A word that some setting has is none misspelled.
        let is_slip =
            |entry: &Entry| words.iter().all(|word| self::words(&entry.id).contains(word) || users(word) == 0);
        if let Some(slip) = within(2).filter(|slip| slip.iter().all(|entry| is_slip(entry))) {
            return slip;
        }
        let rank = |entry: &&Entry| {
            let own = self::words(&entry.id);
            let common: Vec<&str> = own.iter().copied().filter(|word| words.contains(word)).collect();
            let rarest = common.iter().map(|word| users(word)).min();
            (common.len(), std::cmp::Reverse(rarest), std::cmp::Reverse(own.len() - common.len()))
        };
        let best = settable().map(|entry| rank(&entry)).max().filter(|(shared, ..)| *shared > 0);
        let alike: Vec<&Entry> = settable().filter(|entry| Some(rank(entry)) == best).take(MOST + 1).collect();
        if (1..=MOST).contains(&alike.len()) {
            return alike;
        }
        within(2 + pattern.len() / 4).unwrap_or_default()
    }
}

/// The rule of a name that is none; what may be meant is the next step's.
pub const NO_SUCH: &str = "there is no such setting";

fn words(name: &str) -> Vec<&str> {
    name.split(['.', '_', '-', '*', ' ']).filter(|word| !word.is_empty()).collect()
}

/// `key.3.label` → (`key.*.label`, `3`).
fn starred(name: &str) -> Option<(String, &str)> {
    let index = name.split('.').find(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))?;
    let pattern = name.split('.').map(|part| if part == index { "*" } else { part }).collect::<Vec<_>>().join(".");
    Some((pattern, index))
}

/// A name or value as an error may show it: one line, not too long.
pub(super) fn shortened(text: &str) -> String {
    let mut shown: String = text.chars().take(64).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(64).is_some() {
        shown.push('…');
    }
    shown
}

/// Levenshtein distance, for "did you mean".
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substitute = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::check;

    #[test]
    fn every_entry_has_help_a_label_and_a_valid_default() {
        let catalogue = catalogue();
        assert!(catalogue.entries().len() >= 120, "the catalogue has at least 120 settings");
        for entry in catalogue.entries() {
            let name = entry.id.replace('*', "1");
            let id = catalogue.find(&name).unwrap();
            assert_eq!(catalogue.name(id), name);
            assert!(
                entry.help.ends_with('.') || entry.help.ends_with(|c: char| c.is_alphanumeric()),
                "{name}: {}",
                entry.help
            );
            assert!(entry.help.len() > 10 && !entry.label.is_empty(), "{name} has no help");
            assert!(entry.id.starts_with(|c: char| c.is_ascii_lowercase()) && entry.id.contains('.'));
            assert_eq!(
                entry.secret,
                entry.id.contains("password") || entry.id.contains("challenge") || entry.id.ends_with("_pin"),
                "{name}"
            );
            if let Some(default) = &entry.default {
                assert_eq!(check(id, default).as_ref(), Ok(default), "{name}");
            }
            if let Kind::Enum { words } = &entry.kind {
                assert!(words.len() > 1, "{name}");
            }
        }
    }

    #[test]
    fn names_with_numbers_find_their_entry() {
        let catalogue = catalogue();
        let id = catalogue.find("key.3.label").unwrap();
        assert_eq!((catalogue.entry(id).id.as_str(), id.index), ("key.*.label", 3));
        assert_eq!(catalogue.name(id), "key.3.label");
        for wrong in ["key.0.label", "key.121.label", "key.99999999999.label"] {
            assert_eq!(catalogue.find(wrong).unwrap_err().rule, "its number goes from 1 to 120", "{wrong}");
        }
        for wrong in ["key.*.label", "key..label", "", ".", "key.3.3.label", "sip.server.1", &"9".repeat(70_000)] {
            assert_eq!(catalogue.find(wrong).unwrap_err().rule, "there is no such setting", "{wrong:.20}");
        }
    }

    #[test]
    fn an_unknown_name_gets_the_nearest_one() {
        let error = catalogue().find("sip.sever").unwrap_err();
        assert_eq!(error.to_string(), "sip.sever: there is no such setting. Did you mean sip.server?");
        assert_eq!(catalogue().find("key.7.lable").unwrap_err().next, "Did you mean key.1.label?");
        for (wrong, next) in [
            ("SIP.SERVER", "Did you mean sip.server?"),
            ("network.voice_vlan", "Did you mean vlan.voice?"),
            ("firmware", "Did you mean firmware.file?"),
            ("ntp.server", "Did you mean time.ntp?"),
            ("backup_server", "Did you mean sip.backup_server?"),
            ("qqqqqqqqqqqqqq", "All names: phonebox layer settings, or GET /api/v1/catalogue."),
        ] {
            assert_eq!(catalogue().find(wrong).unwrap_err().next, next, "{wrong}");
        }
    }
}
