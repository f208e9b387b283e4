//! Binding values to `$1`, `$2` … by name.
//!
//! SQLite takes `$1` for a name and numbers names in the order they appear; PostgreSQL takes it for a number. Bound by
//! name both mean the same, whatever the order in the statement.

use rusqlite::ToSql;

const NAMES: [&str; 32] = [
    "$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11", "$12", "$13", "$14", "$15", "$16", "$17",
    "$18", "$19", "$20", "$21", "$22", "$23", "$24", "$25", "$26", "$27", "$28", "$29", "$30", "$31", "$32",
];

/// What a statement's `$1` … `$N` stand for.
pub type Params<'a> = [(&'static str, &'a dyn ToSql)];

pub fn named<const N: usize>(values: [&dyn ToSql; N]) -> [(&'static str, &dyn ToSql); N] {
    const { assert!(N <= NAMES.len(), "more values than names") };
    let mut names = NAMES.into_iter();
    values.map(|value| (names.next().unwrap_or(""), value))
}

/// The values of `$1`, `$2` … in that order.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &$crate::db::named([$(&$value as &dyn $crate::db::ToSql),*])
    };
}
pub(crate) use params;

#[cfg(test)]
mod tests {
    #[test]
    fn a_value_goes_where_its_number_stands() {
        let conn = rusqlite::Connection::open_in_memory().unwrap();
        let row =
            conn.query_row("SELECT $2, $1, $2", params![1, "two"], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        assert_eq!(row.unwrap(), ("two".to_string(), 1, "two".to_string()));
    }
}
