//! What the log is asked for: which entries, in which order.

pub mod store;

use super::store::Entry;
use std::str::FromStr;

/// Which entries: what is not said does not count. In words, `*` stands for anything.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub from: Option<i64>,
    pub to: Option<i64>,
    pub actor: Option<String>,
    pub ip: Option<String>,
    pub process: Option<String>,
    /// `device.add`, or `device` for all of its kind.
    pub action: Option<String>,
    pub object: Option<String>,
    pub path: Option<String>,
    pub result: Option<String>,
    /// Words anywhere in an entry.
    pub text: Option<String>,
    /// Only what is about this account, or was done by its members.
    pub account: Option<i64>,
    /// The same by its name.
    pub account_name: Option<String>,
}

/// An entry with the names of its accounts, as they are called now.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Found {
    #[serde(flatten)]
    pub entry: Entry,
    /// Whose data. None: it is gone.
    pub account: Option<String>,
    /// The account of who did it, where it is another one.
    pub home: Option<String>,
}

/// What a list can be in the order of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    At,
    Account,
    Actor,
    Ip,
    Process,
    Action,
    Object,
    Result,
}

/// (word, column), as a URL has them.
pub const COLUMNS: &[(&str, Column)] = &[
    ("at", Column::At),
    ("account", Column::Account),
    ("actor", Column::Actor),
    ("ip", Column::Ip),
    ("process", Column::Process),
    ("action", Column::Action),
    ("object", Column::Object),
    ("result", Column::Result),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    pub column: Column,
    pub is_down: bool,
}

impl Sort {
    pub const NEWEST: Sort = Sort { column: Column::At, is_down: true };
}

impl FromStr for Sort {
    type Err = ();

    fn from_str(text: &str) -> Result<Sort, ()> {
        let (word, is_down) = text.strip_prefix('-').map_or((text, false), |word| (word, true));
        let found = COLUMNS.iter().find(|(known, _)| *known == word).ok_or(())?;
        Ok(Sort { column: found.1, is_down })
    }
}
