//! Mapping: resolved neutral settings → the parameters of one vendor's dialect.
//!
//! The knowledge is data: each vendor's `settings.toml` has one row per parameter, with value words, templates, dialects and
//! firmware ranges; only what data cannot say is a function in that vendor's `quirks.rs`. Tables are read once and checked
//! when they are read. Pure: the same settings give the same items in the same order; the year, on which some daylight
//! saving rules depend, is a parameter.
//!
//! Knows no file format: quoting belongs to the writers. A parameter's name says where the writer puts it (`user_name.1`
//! is Snom's `idx`, `sip.proxy_addr` is section and key of an IP Touch file).

mod base;
mod convert;
mod pattern;
pub mod secret;
pub mod support;
mod table;

pub use base::Base;
pub use secret::is_secret_param;

use super::{Item, Param};
use crate::settings::{Resolved, Secret, SettingId, Value, Values, catalogue};
use base::Entries;
use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;
use table::{Make, Row, TABLES, Table};

/// Whom the parameters are for.
#[derive(Debug, Clone, Copy)]
pub struct Dialect<'a> {
    /// Vendor id: `avaya`.
    pub vendor: &'a str,
    /// One of the vendor's dialects: `j100`. Empty: the vendor's first.
    pub name: &'a str,
    /// As the phone spells it: `96.86.0.16`. Unknown: the newest.
    pub firmware: Option<&'a str>,
    /// The year whose daylight saving rule is written.
    pub year: i16,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapped {
    /// Device-wide parameters first, then line by line.
    pub items: Vec<Item>,
    /// What the dialect cannot say, for `explain` and preview.
    pub unsaid: Vec<Unsaid>,
}

/// A setting that has a value and does not reach the phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsaid {
    pub setting: SettingId,
    pub line: u8,
    pub why: Cow<'static, str>,
}

/// A function for what a table cannot say: the parameters and values that the leading setting makes.
pub type Quirk = fn(&Ask<'_>) -> Result<Vec<(String, String)>, String>;

/// What a quirk may look at.
pub struct Ask<'a> {
    pub dialect: &'a Dialect<'a>,
    /// Text of the row's own setting.
    pub text: &'a str,
    /// Index of the row's own setting: the key's number.
    pub index: u16,
    line: u8,
    job: &'a Job<'a>,
}

impl Ask<'_> {
    /// Another setting of the same phone, line and index: `key.*.value`.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = match name.contains('*') {
            true => catalogue().find(&name.replace('*', &self.index.to_string())),
            false => catalogue().find(name),
        };
        let id = found.ok()?;
        let found = self.job.find(id, self.line).or_else(|| self.job.find(id, 0));
        found.map(|found| found.value.text())
    }
}

/// What the vendor's own table says when nobody set anything: the weakest layer.
pub fn vendor_layer(vendor: &str) -> &'static Values {
    static NOTHING: std::sync::LazyLock<Values> = std::sync::LazyLock::new(Values::default);
    table(vendor).map_or(&NOTHING, |table| &table.defaults)
}

/// Whether phones of this dialect can be told this at all.
pub fn says(dialect: &Dialect<'_>, setting: SettingId) -> bool {
    let Some(table) = table(dialect.vendor) else { return false };
    let Some(which) = table.dialect(dialect.name) else { return false };
    let version = table.version(dialect.firmware);
    table.rows_of(setting.entry).any(|row| row.speaks(which, &version))
}

/// `resolved` as [`crate::settings::resolve`] gives it: sorted by setting, then line.
pub fn map(dialect: &Dialect<'_>, resolved: &[Resolved]) -> Mapped {
    map_beside(None, dialect, resolved)
}

/// The same, with less work where others were told alike.
pub fn map_beside(base: Option<&Base>, dialect: &Dialect<'_>, resolved: &[Resolved]) -> Mapped {
    let mut mapped = Mapped { items: Vec::with_capacity(resolved.len() + resolved.len() / 2), unsaid: Vec::new() };
    let Some((named, table, which)) = named(dialect) else {
        if table(dialect.vendor).is_some() {
            let unsaid = |one: &Resolved| Unsaid {
                setting: one.id,
                line: one.line,
                why: format!("no parameters of the {} family are known", dialect.name).into(),
            };
            mapped.unsaid = resolved.iter().map(unsaid).collect();
        }
        return mapped;
    };
    let job = Job { table, dialect: &named, which, version: table.version(dialect.firmware), resolved, read: None };
    let known = base.and_then(|base| base.known(&job));
    let mut line = Some(0);
    while let Some(current) = line {
        line = None;
        for (index, one) in resolved.iter().enumerate() {
            if one.line == current {
                match known.as_ref().and_then(|known| known.told(index)) {
                    Some((items, unsaid)) => {
                        mapped.items.extend_from_slice(items);
                        mapped.unsaid.extend_from_slice(unsaid);
                    }
                    None => job.one(one, &mut mapped),
                }
            } else if one.line > current {
                line = Some(line.map_or(one.line, |next: u8| next.min(one.line)));
            }
        }
    }
    mapped
}

fn table(vendor: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.vendor == vendor)
}

/// The dialect by the name that its table has for it.
fn named<'a>(dialect: &Dialect<'a>) -> Option<(Dialect<'a>, &'static Table, u32)> {
    let table = table(dialect.vendor)?;
    let which = table.dialect(dialect.name)?;
    Some((Dialect { name: table.dialect_name(which), ..*dialect }, table, which))
}

struct Job<'a> {
    table: &'static Table,
    dialect: &'a Dialect<'a>,
    which: u32,
    version: table::Version,
    resolved: &'a [Resolved],
    /// Where somebody wants to know which values were looked at.
    read: Option<&'a RefCell<Entries>>,
}

impl Job<'_> {
    fn one(&self, one: &Resolved, mapped: &mut Mapped) {
        let unsaid = |why: Cow<'static, str>| Unsaid { setting: one.id, line: one.line, why };
        let mut said = false;
        for row in self.table.rows_of(one.id.entry).filter(|row| row.speaks(self.which, &self.version)) {
            said = true;
            let told = if !row.first_line_only || one.line < 2 {
                self.row(row, one, mapped)
            } else if self.find(one.id, 1).is_some_and(|first| first.value == one.value) {
                Ok(())
            } else {
                Err("the phone has it for its first line only".into())
            };
            if let Err(why) = told {
                let news = unsaid(why);
                if mapped.unsaid.last() != Some(&news) {
                    mapped.unsaid.push(news);
                }
            }
        }
        if !said && !self.table.mentions(one.id.entry, self.which) {
            mapped.unsaid.push(unsaid("no parameter for it is known".into()));
        }
    }

    fn row(&self, row: &'static Row, one: &Resolved, mapped: &mut Mapped) -> Result<(), Cow<'static, str>> {
        let set = |entry: u16| self.other(entry, one).is_some();
        if row.needs.is_some_and(|needed| !set(needed)) || row.unless.is_some_and(set) {
            return Ok(());
        }
        let entry = catalogue().entry(one.id);
        let text = one.value.text();
        let mut push = |name: Cow<'static, str>, value: Value| {
            if let Some(check) = self.table.check {
                check(&name, value.text())?;
            }
            mapped.items.push(Item::Param(Param {
                name: name.into(),
                value,
                setting: Some(one.id),
                from: one.from.clone(),
            }));
            Ok(())
        };
        match &row.make {
            Make::Value(words) => {
                let value = match words.convert(entry, text)? {
                    convert::Text::Same => one.value.clone(),
                    convert::Text::Word(word) => like(one, word),
                    convert::Text::New(text) => like(one, text.into()),
                    convert::Text::Nothing => return Ok(()),
                };
                push(row.param.name(one.line, one.id.index, ""), value)
            }
            Make::Each => {
                text.split(',').try_for_each(|item| push(row.param.name(one.line, 0, ""), like(one, item.into())))
            }
            Make::Constant(text) => push(row.param.name(one.line, one.id.index, ""), Value::Plain(text.clone())),
            Make::Template(template) => {
                let Some((text, secret)) = template.fill(one, &|entry| self.other(entry, one)) else {
                    return Ok(());
                };
                let value = if secret { Value::Secret(Secret::new(text)) } else { Value::Plain(text.into()) };
                push(row.param.name(one.line, one.id.index, ""), value)
            }
            Make::Members { words, rank } => {
                for (word, name) in words {
                    let place = text.split(',').position(|item| item == word);
                    let text = match (rank, place) {
                        (true, place) => place.map_or(0, |place| place + 1).to_string().into(),
                        (false, place) => self.table.bool[usize::from(place.is_some())].clone(),
                    };
                    push(row.param.name(one.line, one.id.index, name), like(one, text))?;
                }
                Ok(())
            }
            Make::Quirk(quirk) => {
                let ask = Ask { dialect: self.dialect, text, index: one.id.index, line: one.line, job: self };
                for (name, text) in quirk(&ask)? {
                    push(name.into(), like(one, text.into()))?;
                }
                Ok(())
            }
        }
    }

    /// The value of another entry for the same line and index.
    fn other(&self, entry: u16, one: &Resolved) -> Option<&Resolved> {
        let index = if one.id.index > 0 && catalogue().entry(SettingId { entry, index: 1 }).index.is_some() {
            one.id.index
        } else {
            0
        };
        let id = SettingId { entry, index };
        self.find(id, one.line).or_else(|| self.find(id, 0))
    }

    fn find(&self, id: SettingId, line: u8) -> Option<&Resolved> {
        if let Some(read) = self.read {
            read.borrow_mut().insert(id.entry);
        }
        let place = self.resolved.binary_search_by_key(&(id, line), |one| (one.id, one.line)).ok()?;
        self.resolved.get(place)
    }
}

/// A value made from this one is as secret as this one.
fn like(one: &Resolved, text: Arc<str>) -> Value {
    if one.value.is_secret() || catalogue().entry(one.id).secret {
        Value::Secret(Secret::new(&*text))
    } else {
        Value::Plain(text)
    }
}

#[cfg(test)]
mod tests;
