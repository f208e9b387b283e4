//! What a vendor is to identification: a value made of tables, one per folder.

use super::FileKind;
use super::models::{Model, Models};
use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

/// One pattern of `identify::pattern`, and what a match says beyond its captures.
#[derive(Debug, Clone, Copy)]
pub struct Pattern {
    pub text: &'static str,
    /// Says this model, whatever the text spells.
    pub model: Option<&'static str>,
    /// File names of vendors that have a writer: what the file is.
    pub kind: Option<FileKind>,
}

impl Pattern {
    pub const fn model(self, name: &'static str) -> Pattern {
        Pattern { model: Some(name), ..self }
    }

    pub const fn kind(self, kind: FileKind) -> Pattern {
        Pattern { kind: Some(kind), ..self }
    }
}

pub const fn p(text: &'static str) -> Pattern {
    Pattern { text, model: None, kind: None }
}

pub struct Vendor {
    /// The word in URLs, tables and settings.
    pub id: &'static str,
    /// The name people read.
    pub name: &'static str,
    /// Taken off a model before it is looked up: `SIP-` of `SIP-T46S`.
    pub prefixes: &'static [&'static str],
    /// How a model that no row lists is written.
    pub spell: fn(&str) -> Cow<'_, str>,
    /// User-Agents, HTTP and SIP: tried at the beginning of each word.
    pub agents: &'static [Pattern],
    /// DHCP vendor class identifiers (option 60).
    pub classes: &'static [Pattern],
    /// Subject names of factory certificates: tried at the beginning of each attribute.
    pub certificates: &'static [Pattern],
    /// File names, without their directory; what ends in `/` is one directory of the path. A name that begins with the MAC
    /// proves no vendor, its MAC prefix does.
    pub files: &'static [Pattern],
    pub models: LazyLock<Models>,
}

impl Vendor {
    /// A model by any spelling: the vendor's prefix, letter case and separators do not matter.
    pub fn model(&self, name: &str) -> Option<&Model> {
        let bare = self.bare(name);
        let found = self.models.find(name).or_else(|| self.models.find(bare));
        found.or_else(|| self.models.find(&(self.spell)(bare)))
    }

    /// A model name without the vendor's prefix.
    pub fn bare<'a>(&self, name: &'a str) -> &'a str {
        let mut rests = self.prefixes.iter().filter_map(|prefix| {
            let rest = name.get(prefix.len()..).filter(|rest| !rest.is_empty())?;
            name.get(..prefix.len()).filter(|head| head.eq_ignore_ascii_case(prefix)).map(|_| rest)
        });
        rests.next().unwrap_or(name)
    }
}

impl PartialEq for Vendor {
    fn eq(&self, other: &Vendor) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Vendor {}

impl fmt::Debug for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl serde::Serialize for Vendor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}
