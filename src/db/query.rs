//! A statement that grows by the conditions that are asked for: what is not asked for is left out, so that each has the
//! plan it needs.

use super::ToSql;

/// SQL with the values of its places, `$1` the first of them.
pub struct Query<'a> {
    pub sql: String,
    pub values: Vec<&'a dyn ToSql>,
}

impl<'a> Query<'a> {
    /// Words with one place for a value: `?`.
    pub fn put(&mut self, words: &str, value: &'a dyn ToSql) {
        self.values.push(value);
        self.sql.push_str(&words.replace('?', &format!("${}", self.values.len())));
    }

    /// A further condition when there is a value for it.
    pub fn and<T: ToSql>(&mut self, condition: &str, value: &'a Option<T>) {
        if let Some(value) = value {
            self.put(&format!(" AND {condition}"), value);
        }
    }
}
