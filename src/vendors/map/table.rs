//! Reading the vendors' tables: `settings.toml` → rows that are ready to run.
//!
//! A mistake in a table is a bug of the program, so reading panics with the row at fault; a test reads them all.

use super::convert::Words;
use super::pattern::{Pattern, Template};
use super::{Quirk, secret};
use crate::settings::catalogue::Kind;
use crate::settings::{Layer, Provenance, Set, Value, Values, catalogue, check};
use crate::vendors::{ale, avaya, snom, yealink};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

pub static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| {
    let sources: [Source; 4] = [
        Source {
            vendor: "avaya",
            toml: include_str!("../avaya/settings.toml"),
            quirks: avaya::quirks::QUIRKS,
            check: Some(avaya::params::refuse),
            families: Some(avaya::params::families),
        },
        Source::plain("ale", include_str!("../ale/settings.toml"), ale::quirks::QUIRKS),
        Source::plain("yealink", include_str!("../yealink/settings.toml"), yealink::quirks::QUIRKS),
        Source::plain("snom", include_str!("../snom/settings.toml"), snom::quirks::QUIRKS),
    ];
    sources.into_iter().map(|s| Table::read(&s).unwrap_or_else(|why| panic!("{}: {why}", s.vendor))).collect()
});

/// Says why the vendor's phones would not take a value.
type Check = fn(&str, &str) -> Result<(), String>;
/// Dialects that know a parameter; none means all.
type Families = fn(&str) -> &'static [&'static str];

struct Source {
    vendor: &'static str,
    toml: &'static str,
    quirks: &'static [(&'static str, Quirk)],
    check: Option<Check>,
    families: Option<Families>,
}

impl Source {
    fn plain(vendor: &'static str, toml: &'static str, quirks: &'static [(&'static str, Quirk)]) -> Source {
        Source { vendor, toml, quirks, check: None, families: None }
    }
}

pub struct Table {
    pub vendor: &'static str,
    pub dialects: Vec<String>,
    alias: BTreeMap<String, String>,
    /// false, true.
    pub bool: [Arc<str>; 2],
    pub defaults: Values,
    pub check: Option<Check>,
    families: Option<Families>,
    /// Globs of the vendor's other secret parameters.
    pub secret: Vec<String>,
    /// Components of a firmware version before the one that counts: Yealink's `96.86.0.16` is version 86.
    skip: usize,
    rows: Vec<Row>,
    /// Per catalogue entry: its rows.
    by_entry: Vec<Vec<u16>>,
    /// Per catalogue entry: dialects in which a template of another setting uses it.
    mentioned: Vec<u32>,
}

pub struct Row {
    /// Catalogue entry whose value starts the row.
    pub lead: u16,
    pub param: Pattern,
    pub make: Make,
    /// Another entry that must be set too.
    pub needs: Option<u16>,
    /// Another entry that must not be set: its own row says it better.
    pub unless: Option<u16>,
    /// The vendor has it once, the neutral setting per line.
    pub first_line_only: bool,
    pub verified: bool,
    /// Words of the setting that the vendor has no word for.
    pub unsupported: Vec<String>,
    /// The first firmware that knows the parameter.
    pub since: Option<Version>,
    until: Option<Version>,
    dialects: u32,
}

pub enum Make {
    Value(Words),
    /// Always the same, when its setting has a value.
    Constant(Arc<str>),
    Template(Template),
    /// The parameter once per item of a list.
    Each,
    /// One parameter per word of a list: whether, or at which rank, the word is in the list.
    Members {
        words: Vec<(String, String)>,
        rank: bool,
    },
    Quirk(Quirk),
}

pub type Version = [u32; 5];

const NEWEST: Version = [u32::MAX; 5];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTable {
    dialects: Vec<String>,
    /// Dialects that speak like another one.
    #[serde(default)]
    alias: BTreeMap<String, String>,
    bool: [String; 2],
    #[serde(default)]
    firmware_skip: usize,
    #[serde(default)]
    defaults: BTreeMap<String, String>,
    #[serde(default)]
    secret: Vec<String>,
    /// Parameters that lost or gained a prefix with a firmware.
    #[serde(default)]
    rename: Vec<Rename>,
    map: Vec<RawRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rename {
    prefix: String,
    to: String,
    until: String,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRow {
    set: String,
    #[serde(default)]
    param: String,
    #[serde(default)]
    dialects: Vec<String>,
    since: Option<String>,
    until: Option<String>,
    #[serde(default)]
    values: BTreeMap<String, String>,
    template: Option<String>,
    #[serde(default)]
    members: BTreeMap<String, String>,
    #[serde(default)]
    rank: bool,
    quirk: Option<String>,
    /// Other settings that the quirk looks at.
    #[serde(default)]
    uses: Vec<String>,
    needs: Option<String>,
    unless: Option<String>,
    join: Option<String>,
    #[serde(default)]
    suffix: String,
    #[serde(default)]
    each: bool,
    times: Option<i64>,
    divide: Option<i64>,
    trim: Option<char>,
    min: Option<i64>,
    max: Option<i64>,
    #[serde(default)]
    unsupported: Vec<String>,
    #[serde(default = "yes")]
    verified: bool,
}

fn yes() -> bool {
    true
}

impl Table {
    fn read(source: &Source) -> Result<Table, String> {
        let &Source { vendor, toml, quirks, check, families } = source;
        let raw: RawTable = toml::from_str(toml).map_err(|error| error.to_string())?;
        let entries = catalogue().entries().len();
        let mut table = Table {
            vendor,
            defaults: defaults(vendor, &raw.defaults)?,
            dialects: raw.dialects,
            alias: raw.alias,
            bool: raw.bool.map(Into::into),
            check,
            families,
            secret: raw.secret.iter().map(|glob| glob.to_ascii_lowercase()).collect(),
            skip: raw.firmware_skip,
            rows: Vec::new(),
            by_entry: vec![Vec::new(); entries],
            mentioned: vec![0; entries],
        };
        for row in &raw.map {
            let fail = |why: String| format!("{} → {}: {why}", row.set, row.param);
            if families.is_some() && row.members.len() > 1 {
                // Each word's parameter has families of its own.
                for (word, name) in &row.members {
                    let one = RawRow { members: BTreeMap::from([(word.clone(), name.clone())]), ..row.clone() };
                    let param = row.param.replace("{word}", name);
                    table.add(&one, &param, None, None, quirks).map_err(fail)?;
                }
                continue;
            }
            match raw.rename.iter().find(|rename| row.param.starts_with(&rename.prefix)) {
                Some(rename) => {
                    let old = row.param.replacen(&rename.prefix, &rename.to, 1);
                    table.add(row, &old, None, Some(&rename.until), quirks).map_err(fail)?;
                    table.add(row, &row.param, Some(&rename.until), None, quirks).map_err(fail)?;
                }
                None => table.add(row, &row.param, None, None, quirks).map_err(fail)?,
            }
        }
        Ok(table)
    }

    fn add(
        &mut self,
        raw: &RawRow,
        param: &str,
        since: Option<&str>,
        until: Option<&str>,
        quirks: &[(&str, Quirk)],
    ) -> Result<(), String> {
        let lead = entry(&raw.set)?;
        let described = &catalogue().entries()[usize::from(lead)];
        let families = self.families.map_or(&[][..], |families| families(param));
        let param = Pattern::parse(param)?;
        if param.has_line() && !described.per_line {
            return Err("the setting is the same for all lines".to_owned());
        }
        let named = raw.dialects.iter().map(String::as_str);
        let dialects = self.mask(named)? & self.mask(families.iter().copied())?;
        if dialects == 0 {
            return Err("the parameter belongs to another family".to_owned());
        }
        let mut words = Words {
            bool: self.bool.clone(),
            join: raw.join.clone(),
            suffix: raw.suffix.clone(),
            times: raw.times,
            divide: raw.divide,
            trim: raw.trim,
            min: raw.min,
            max: raw.max,
            ..Words::default()
        };
        words.set_words(&raw.values);
        let make = match (&raw.template, raw.members.is_empty(), &raw.quirk) {
            (None, true, None) if raw.each => Make::Each,
            (None, true, None) => Make::Value(words),
            (Some(template), true, None) => {
                let template = Template::parse(template, catalogue())?;
                template.constant().map(|text| Make::Constant(text.into())).unwrap_or(Make::Template(template))
            }
            (None, false, None) => {
                let words = raw.members.iter().map(|(word, name)| (word.clone(), name.clone())).collect();
                Make::Members { words, rank: raw.rank }
            }
            (None, true, Some(name)) => {
                let found = quirks.iter().find(|(quirk, _)| quirk == name);
                Make::Quirk(found.ok_or_else(|| format!("no quirk {name}"))?.1)
            }
            _ => return Err("values, template, members and quirk exclude each other".to_owned()),
        };
        if let (Make::Value(_), Kind::Enum { words }) = (&make, &described.kind) {
            let known = |word: &String| {
                raw.values.contains_key(word) || raw.values.contains_key("*") || raw.unsupported.contains(word)
            };
            if let Some(word) = words.iter().find(|word| !known(word)) {
                return Err(format!("no word for {word}"));
            }
        }
        let place = u16::try_from(self.rows.len()).map_err(|error| error.to_string())?;
        let mut used = raw.uses.iter().map(|name| entry(name)).collect::<Result<Vec<_>, _>>()?;
        if let Make::Template(template) = &make {
            used.extend(template.mentions());
        }
        for entry in used {
            self.mentioned[usize::from(entry)] |= dialects;
        }
        self.by_entry[usize::from(lead)].push(place);
        self.rows.push(Row {
            lead,
            first_line_only: described.per_line && !param.has_line(),
            param,
            make,
            needs: raw.needs.as_deref().map(entry).transpose()?,
            unless: raw.unless.as_deref().map(entry).transpose()?,
            verified: raw.verified,
            unsupported: raw.unsupported.clone(),
            dialects,
            since: raw.since.as_deref().or(since).map(|version| parse_version(version, 0)),
            until: raw.until.as_deref().or(until).map(|version| parse_version(version, 0)),
        });
        Ok(())
    }

    /// One bit per dialect; nothing named means all.
    fn mask<'n>(&self, names: impl Iterator<Item = &'n str>) -> Result<u32, String> {
        let mut mask = 0;
        for name in names {
            let place = self.dialects.iter().position(|dialect| dialect == name);
            mask |= 1 << place.ok_or_else(|| format!("no dialect {name}"))?;
        }
        Ok(if mask == 0 { u32::MAX } else { mask })
    }

    #[cfg(test)]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub fn rows_of(&self, entry: u16) -> impl Iterator<Item = &Row> {
        let places = self.by_entry.get(usize::from(entry)).map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(|place| self.rows.get(usize::from(*place)))
    }

    /// Whether a template of another setting uses it.
    pub fn mentions(&self, entry: u16, which: u32) -> bool {
        self.mentioned_in(entry) & which != 0
    }

    /// The dialects in which a template of another setting uses it.
    pub fn mentioned_in(&self, entry: u16) -> u32 {
        self.mentioned.get(usize::from(entry)).copied().unwrap_or(0)
    }

    /// One bit for the dialect; no name means the first. `None`: the vendor has it, this table does not.
    pub fn dialect(&self, name: &str) -> Option<u32> {
        let name = self.alias.get(name).map_or(name, String::as_str);
        let place = self.dialects.iter().position(|dialect| dialect == name);
        place.or(name.is_empty().then_some(0)).map(|place| 1 << place)
    }

    pub fn dialect_name(&self, which: u32) -> &str {
        self.dialects.get(which.trailing_zeros() as usize).map_or("", String::as_str)
    }

    pub fn version(&self, firmware: Option<&str>) -> Version {
        firmware.map_or(NEWEST, |firmware| parse_version(firmware, self.skip))
    }
}

impl Row {
    pub fn speaks(&self, which: u32, version: &Version) -> bool {
        self.dialects & which != 0
            && self.since.is_none_or(|since| *version >= since)
            && self.until.is_none_or(|until| *version < until)
    }

    pub fn dialects(&self) -> u32 {
        self.dialects
    }

    /// Glob of the parameter when its setting is secret.
    pub fn secret_glob(&self) -> Option<String> {
        catalogue().entries()[usize::from(self.lead)].secret.then(|| self.param.glob())
    }
}

fn entry(id: &str) -> Result<u16, String> {
    let place = catalogue().entries().iter().position(|entry| entry.id == id);
    place.and_then(|place| u16::try_from(place).ok()).ok_or_else(|| format!("no setting {id}"))
}

/// `4.1.3.0.6` → numbers; what is no version at all counts as the newest.
fn parse_version(text: &str, skip: usize) -> Version {
    let mut numbers = text.split('.').skip(skip).map(|part| part.trim().parse::<u32>().ok());
    match numbers.next() {
        Some(Some(first)) => {
            let mut version = [first, 0, 0, 0, 0];
            version[1..].iter_mut().zip(numbers).for_each(|(place, number)| *place = number.unwrap_or(0));
            version
        }
        _ => NEWEST,
    }
}

fn defaults(vendor: &'static str, raw: &BTreeMap<String, String>) -> Result<Values, String> {
    let author = "Phonebox".into();
    let from = Arc::new(Provenance { layer: Layer::Vendor, scope: vendor.into(), author, at: 0 });
    let set = |(name, text): (&String, &String)| {
        let id = catalogue().find(name).map_err(|error| error.to_string())?;
        let text = check(id, text).map_err(|error| error.to_string())?;
        Ok(Set { id, line: 0, value: Value::Plain(text.into()), from: from.clone() })
    };
    Ok(Values::new(raw.iter().map(set).collect::<Result<Vec<_>, String>>()?))
}

/// Globs of all secret parameters of a table: the rows' and the listed ones.
pub fn secret_globs(table: &Table) -> Vec<String> {
    let mut globs: Vec<String> = table.rows.iter().filter_map(Row::secret_glob).collect();
    globs.extend(table.secret.iter().cloned());
    globs.extend(secret::EVERYWHERE.iter().map(|glob| (*glob).to_owned()));
    globs
}
