//! The setting and raw_text rows of a layer's scope.

use super::Set;
use super::{Layer, Provenance, Value, catalogue};
use crate::db::{Connection, Result, params};
use crate::seal::Keyring;
use crate::settings::Secret;
use std::sync::Arc;

impl Layer {
    pub fn word(self) -> &'static str {
        match self {
            Layer::Vendor => "vendor",
            Layer::Policy => "policy",
            Layer::Global => "global",
            Layer::Account => "account",
            Layer::Site => "site",
            Layer::Profile => "profile",
            Layer::Model => "model",
            Layer::Group => "group",
            Layer::Device => "device",
            Layer::Line => "line",
            Layer::Box => "box",
        }
    }

    pub fn parse(word: &str) -> Option<Layer> {
        use Layer::{Account, Box, Device, Global, Group, Line, Model, Policy, Profile, Site, Vendor};
        [Vendor, Policy, Global, Account, Site, Profile, Model, Group, Device, Line, Box]
            .into_iter()
            .find(|l| l.word() == word)
    }
}

/// Where a sealed setting belongs.
pub fn value_place(layer: &str, scope: i64, line: u8, name: &str) -> String {
    format!("setting.value/{layer}/{scope}/{line}/{name}")
}

/// Where sealed raw text belongs.
pub fn raw_place(layer: &str, scope: i64, vendor: &str) -> String {
    format!("raw_text.text/{layer}/{scope}/{vendor}")
}

/// The values of one scope. A name that the catalogue no longer knows is left out: the row stays.
pub fn values(conn: &Connection, keys: &Keyring, layer: Layer, scope: i64, label: &Arc<str>) -> Result<Vec<Set>> {
    let mut statement = conn.prepare_cached(
        "SELECT line, name, value, value_sealed, author, updated_at FROM setting WHERE layer = $1 AND scope = $2",
    )?;
    let mut rows = statement.query(params![layer.word(), scope])?;
    let mut sets = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(1)?;
        let Ok(id) = catalogue().find(&name) else { continue };
        let line: u8 = row.get(0)?;
        let sealed: Option<Vec<u8>> = row.get(3)?;
        let value = match sealed {
            Some(sealed) => Value::Secret(keys.open_secret(&value_place(layer.word(), scope, line, &name), &sealed)?),
            None => Value::Plain(row.get::<_, String>(2)?.into()),
        };
        let author: String = row.get(4)?;
        let from = Provenance { layer, scope: label.clone(), author: author.into(), at: row.get(5)? };
        sets.push(Set { id, line, value, from: Arc::new(from) });
    }
    Ok(sets)
}

/// One vendor's raw text in a scope.
pub struct RawText {
    pub vendor: String,
    pub text: Secret,
    pub author: String,
    pub updated_at: i64,
}

pub fn raw_texts(conn: &Connection, keys: &Keyring, layer: Layer, scope: i64) -> Result<Vec<RawText>> {
    let mut statement = conn.prepare_cached(
        "SELECT vendor, text_sealed, author, updated_at FROM raw_text WHERE layer = $1 AND scope = $2 ORDER BY vendor",
    )?;
    let mut rows = statement.query(params![layer.word(), scope])?;
    let mut texts = Vec::new();
    while let Some(row) = rows.next()? {
        let vendor: String = row.get(0)?;
        let sealed: Vec<u8> = row.get(1)?;
        let text = keys.open_secret(&raw_place(layer.word(), scope, &vendor), &sealed)?;
        texts.push(RawText { vendor, text, author: row.get(2)?, updated_at: row.get(3)? });
    }
    Ok(texts)
}

/// Every scope of the shared layers that has a value or a text.
pub fn shared_scopes(conn: &Connection) -> Result<Vec<(Layer, i64)>> {
    let mut statement = conn.prepare_cached(
        "SELECT DISTINCT layer, scope FROM setting WHERE layer NOT IN ('device', 'line')
         UNION SELECT DISTINCT layer, scope FROM raw_text WHERE layer <> 'device'",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
    let rows = rows.collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(rows.into_iter().filter_map(|(layer, scope)| Some((Layer::parse(&layer)?, scope))).collect())
}
