//! The tables of all vendors, compiled once and sorted by the byte a text begins with, so that a request is compared with the
//! few patterns that can match.

use super::pattern::{Found, Head, Template, first_word};
use crate::vendors::brand::{Pattern, Vendor};
use crate::vendors::models::{Model, fnv};
use crate::vendors::{FileKind, VENDORS};
use std::sync::LazyLock;

/// File names that hold a MAC but belong to several vendors.
const SHARED_FILES: [&str; 3] = ["cfg{mac}.xml", "phone{mac}.cfg", "cfg000000000000.xml"];

pub static INDEX: LazyLock<Index> = LazyLock::new(Index::build);

#[derive(Debug)]
pub struct Entry {
    pub vendor: Option<&'static Vendor>,
    pub model: Option<&'static str>,
    pub kind: Option<FileKind>,
    template: Template,
}

impl Entry {
    fn new(pattern: &Pattern, vendor: &'static Vendor, whole: bool) -> Entry {
        let template = Template::new(pattern.text, whole);
        Entry { vendor: Some(vendor), model: pattern.model, kind: pattern.kind, template }
    }
}

/// Patterns in the order of their tables, reachable by the first byte of a text.
#[derive(Debug)]
pub struct Table {
    entries: Vec<Entry>,
    by_first: Vec<Vec<(Head, u16)>>,
}

impl Table {
    fn new(entries: Vec<Entry>) -> Table {
        let mut by_first = vec![Vec::new(); 256];
        for (at, entry) in (0u16..).zip(&entries) {
            let first = entry.template.first_bytes();
            let lists = (0u8..=255).filter(|byte| first.is_empty() || first.contains(&byte.to_ascii_lowercase()));
            for byte in lists {
                by_first[usize::from(byte)].push((entry.template.head(), at));
            }
        }
        Table { entries, by_first }
    }

    /// The first pattern that matches at the start of `text`.
    pub fn find(&self, text: &[u8]) -> Option<(&Entry, Found)> {
        let candidates = self.by_first.get(usize::from(*text.first()?))?;
        if candidates.is_empty() {
            return None;
        }
        let word = first_word(text);
        candidates.iter().filter(|(head, _)| head.fits(word)).find_map(|&(_, at)| {
            let entry = self.entries.get(usize::from(at))?;
            Some((entry, entry.template.find(text)?))
        })
    }

    /// The first pattern that matches at the start of any word.
    pub fn find_word(&self, text: &[u8]) -> Option<(&Entry, usize, Found)> {
        let mut inside = false;
        for (at, byte) in text.iter().enumerate() {
            let alphanumeric = byte.is_ascii_alphanumeric();
            if alphanumeric
                && !inside
                && let Some((entry, found)) = self.find(text.get(at..)?)
            {
                return Some((entry, at, found));
            }
            inside = alphanumeric;
        }
        None
    }
}

#[derive(Debug)]
pub struct Index {
    pub agents: Table,
    pub classes: Table,
    pub certificates: Table,
    /// File names that prove a vendor, or at least hold a MAC after a prefix.
    pub names: Table,
    /// Directories that prove a vendor.
    pub directories: Table,
    /// All file names of each vendor, in the order of `VENDORS`.
    files: Vec<Table>,
    /// Hash of a model's own common file → the row that owns it.
    commons: Vec<(u64, &'static Vendor, &'static Model)>,
}

impl Index {
    fn build() -> Index {
        let all = |table: fn(&'static Vendor) -> &'static [Pattern], whole| -> Vec<Entry> {
            let entries = |vendor| table(vendor).iter().map(move |pattern| Entry::new(pattern, vendor, whole));
            VENDORS.iter().copied().flat_map(entries).collect()
        };
        let files = VENDORS
            .iter()
            .map(|vendor| {
                let names = vendor.files.iter().filter(|pattern| !pattern.text.ends_with('/'));
                Table::new(names.map(|pattern| Entry::new(pattern, vendor, true)).collect())
            })
            .collect();
        let shared = SHARED_FILES.iter().map(|text| Entry {
            vendor: None,
            model: None,
            kind: None,
            template: Template::new(text, true),
        });
        let (mut names, mut directories): (Vec<_>, Vec<_>) = (shared.collect(), Vec::new());
        for vendor in VENDORS {
            for pattern in vendor.files {
                // one directory of a path: matched whole, without its slash
                let text = pattern.text.trim_end_matches('/');
                let directory = text.len() < pattern.text.len();
                let entry = Entry::new(&Pattern { text, ..*pattern }, vendor, true);
                if directory {
                    directories.push(entry);
                } else if !entry.template.starts_with_mac() {
                    names.push(entry);
                }
            }
        }
        let mut commons: Vec<_> = VENDORS
            .iter()
            .flat_map(|vendor| vendor.models.rows().iter().map(move |model| (*vendor, model)))
            .filter(|(_, model)| !model.shared)
            .filter_map(|(vendor, model)| Some((file_hash(model.common.as_deref()?.as_bytes()), vendor, model)))
            .collect();
        commons.sort_unstable_by_key(|(hash, ..)| *hash);
        Index {
            agents: Table::new(all(|vendor| vendor.agents, false)),
            classes: Table::new(all(|vendor| vendor.classes, false)),
            certificates: Table::new(all(|vendor| vendor.certificates, false)),
            names: Table::new(names),
            directories: Table::new(directories),
            files,
            commons,
        }
    }

    /// The model that alone owns a common file.
    pub fn common(&self, name: &[u8]) -> Option<(&'static Vendor, &'static Model)> {
        let wanted = file_hash(name);
        let first = self.commons.partition_point(|(hash, ..)| *hash < wanted);
        let (hash, vendor, model) = *self.commons.get(first)?;
        let same = model.common.as_deref().is_some_and(|common| common.as_bytes().eq_ignore_ascii_case(name));
        (hash == wanted && same).then_some((vendor, model))
    }

    /// What a file name is to a vendor that is already known.
    pub fn file(&self, vendor: &Vendor, name: &[u8]) -> Option<(&Entry, Found)> {
        let row = VENDORS.iter().position(|known| *known == vendor)?;
        self.files.get(row)?.find(name)
    }
}

fn file_hash(name: &[u8]) -> u64 {
    fnv(name.iter().map(u8::to_ascii_lowercase))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_models_own_one_common_file() {
        let mut seen = HashSet::new();
        for (hash, vendor, model) in &INDEX.commons {
            assert!(seen.insert(hash), "{vendor:?} {}: {:?} has another owner", model.name, model.common);
        }
    }

    #[test]
    fn every_spelling_finds_its_row() {
        for vendor in VENDORS {
            for model in vendor.models.rows() {
                for spelling in std::iter::once(&model.name).chain(&model.aliases) {
                    let found = vendor.models.find(spelling).map(|found| found.name.as_str());
                    assert_eq!(found, Some(model.name.as_str()), "{vendor:?} {spelling}");
                }
            }
        }
    }
}
