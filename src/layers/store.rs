//! The setting and raw text rows, as people set and see them. `settings::store` reads them for the pipeline.

use super::{Checked, Scope};
use crate::db::{BOX_ACCOUNT, Connection, OptionalExtension, Result, Tx, params};
use crate::files::{self, StoredFile};
use crate::net::Mac;
use crate::seal::Keyring;
use crate::settings::store::{RawText, raw_place, value_place};
use crate::settings::{Layer, Value};
use crate::users::Actor;
use crate::vendors;

/// A value as lists show it: a secret only as being set.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Shown {
    pub name: String,
    /// Null for a secret: it can be set, never read.
    pub value: Option<String>,
    pub secret: bool,
    pub author: String,
    pub updated_at: i64,
    /// What is probably not meant, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The setting that names a file of the store.
const OF_A_FILE: &str = "firmware.file";

/// The values of one scope, no secret opened.
pub fn shown(conn: &Connection, scope: Scope) -> Result<Vec<Shown>> {
    let mut statement = conn.prepare_cached(
        "SELECT name, value, author, updated_at, account_id FROM setting
         WHERE layer = $1 AND scope = $2 AND line = $3 ORDER BY name",
    )?;
    let rows = statement.query_map(params![scope.layer.word(), scope.id, scope.line], |row| {
        let value: Option<String> = row.get(1)?;
        let (author, updated_at) = (row.get(2)?, row.get(3)?);
        let shown = Shown { name: row.get(0)?, secret: value.is_none(), value, author, updated_at, note: None };
        Ok((shown, row.get(4)?))
    })?;
    let rows = rows.collect::<std::result::Result<Vec<(Shown, i64)>, _>>()?;
    rows.into_iter().map(|(shown, account_id)| Ok(Shown { note: note(conn, account_id, &shown)?, ..shown })).collect()
}

/// Firmware is often named before it is stored: said, and not refused.
fn note(conn: &Connection, account_id: i64, shown: &Shown) -> Result<Option<String>> {
    let Some(path) = shown.value.as_deref().filter(|_| shown.name == OF_A_FILE) else { return Ok(None) };
    if stored_file(conn, account_id, path)?.is_some() {
        return Ok(None);
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    Ok(Some(format!(
        "{OF_A_FILE}: no file {name} is stored, so phones will not find it. Store it: phonebox file add {name}"
    )))
}

/// The brand of a stored firmware file that a model of this other one is to run.
pub fn other_brand(
    conn: &Connection,
    account_id: i64,
    vendor: &str,
    checked: &Checked,
) -> Result<Option<&'static str>> {
    let (Some(own), Value::Plain(path)) = (vendors::by_id(vendor), &checked.value) else { return Ok(None) };
    if checked.name != OF_A_FILE {
        return Ok(None);
    }
    let stored = stored_file(conn, account_id, path)?.and_then(|file| vendors::by_id(file.vendor.as_deref()?));
    Ok(stored.filter(|brand| brand.id != own.id).map(|brand| brand.name))
}

/// What phones of the account find under this name.
fn stored_file(conn: &Connection, account_id: i64, path: &str) -> Result<Option<StoredFile>> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let own = files::store::by_name(conn, account_id, name)?;
    own.map_or_else(|| files::store::by_name(conn, BOX_ACCOUNT, name), |file| Ok(Some(file)))
}

/// The first layer of the account that names a file, as the flag of a command names it.
pub fn naming_file(conn: &Connection, account_id: i64, name: &str) -> Result<Option<String>> {
    let name = name.to_ascii_lowercase();
    let below = format!("%/{}", name.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
    let mut statement = conn.prepare_cached(
        "SELECT s.layer, coalesce(a.name, p.name, m.vendor || '/' || m.name, g.name), d.mac FROM setting s
            LEFT JOIN site a ON s.layer = 'site' AND a.id = s.scope
            LEFT JOIN profile p ON s.layer = 'profile' AND p.id = s.scope
            LEFT JOIN model m ON s.layer = 'model' AND m.id = s.scope
            LEFT JOIN device_group g ON s.layer = 'group' AND g.id = s.scope
            LEFT JOIN device d ON s.layer = 'device' AND d.id = s.scope
         WHERE s.account_id = $1 AND s.name = $2 AND (lower(s.value) = $3 OR lower(s.value) LIKE $4 ESCAPE '\\') LIMIT 1",
    )?;
    let found = statement.query_row(params![account_id, OF_A_FILE, name, below], |row| {
        let (layer, scope, mac): (String, Option<String>, Option<i64>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let mac = mac.and_then(|mac| Mac::from_u64(mac as u64)).map(|mac| mac.to_string());
        Ok(match scope.or(mac) {
            Some(scope) => format!("--{layer} {scope:?}"),
            None => format!("--{layer}"),
        })
    });
    Ok(found.optional()?)
}

pub fn put(tx: &Tx, keys: &Keyring, actor: &Actor, scope: Scope, checked: &Checked, now: i64) -> Result<()> {
    let (plain, sealed) = match &checked.value {
        Value::Plain(text) => (Some(text.as_ref()), None),
        Value::Secret(secret) => (
            None,
            Some(keys.seal(
                &value_place(scope.layer.word(), scope.id, scope.line, &checked.name),
                secret.reveal().as_bytes(),
            )?),
        ),
    };
    tx.prepare_cached(
        "INSERT INTO setting (layer, scope, line, name, account_id, value, value_sealed, author, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (layer, scope, line, name)
         DO UPDATE SET value = excluded.value, value_sealed = excluded.value_sealed, author = excluded.author,
            updated_at = excluded.updated_at",
    )?
    .execute(params![
        scope.layer.word(),
        scope.id,
        scope.line,
        checked.name,
        actor.account_id,
        plain,
        sealed,
        actor.name,
        now
    ])?;
    Ok(())
}

/// False when it was not set.
pub fn unset(tx: &Tx, scope: Scope, name: &str) -> Result<bool> {
    let rows = tx
        .prepare_cached("DELETE FROM setting WHERE layer = $1 AND scope = $2 AND line = $3 AND name = $4")?
        .execute(params![scope.layer.word(), scope.id, scope.line, name])?;
    Ok(rows > 0)
}

/// Takes everything with it that was set in a scope.
pub fn clear(tx: &Tx, layer: Layer, id: i64) -> Result<()> {
    tx.prepare_cached("DELETE FROM setting WHERE layer = $1 AND scope = $2")?.execute(params![layer.word(), id])?;
    tx.prepare_cached("DELETE FROM raw_text WHERE layer = $1 AND scope = $2")?.execute(params![layer.word(), id])?;
    Ok(())
}

pub fn clear_line(tx: &Tx, device_id: i64, line: u8) -> Result<()> {
    tx.prepare_cached("DELETE FROM setting WHERE layer = 'line' AND scope = $1 AND line = $2")?
        .execute(params![device_id, line])?;
    Ok(())
}

pub fn put_raw(tx: &Tx, keys: &Keyring, actor: &Actor, scope: Scope, vendor: &str, text: &str, now: i64) -> Result<()> {
    let sealed = keys.seal(&raw_place(scope.layer.word(), scope.id, vendor), text.as_bytes())?;
    tx.prepare_cached(
        "INSERT INTO raw_text (layer, scope, vendor, account_id, text_sealed, author, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (layer, scope, vendor)
         DO UPDATE SET text_sealed = excluded.text_sealed, author = excluded.author, updated_at = excluded.updated_at",
    )?
    .execute(params![scope.layer.word(), scope.id, vendor, actor.account_id, sealed, actor.name, now])?;
    Ok(())
}

pub fn unset_raw(tx: &Tx, scope: Scope, vendor: &str) -> Result<bool> {
    let rows = tx
        .prepare_cached("DELETE FROM raw_text WHERE layer = $1 AND scope = $2 AND vendor = $3")?
        .execute(params![scope.layer.word(), scope.id, vendor])?;
    Ok(rows > 0)
}

/// Every scope that has values, with its name and how many: what is set where.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Used {
    /// `global` (`account` below the box's own account), `site`, `profile`, `model`, `group`.
    pub layer: String,
    /// Name of the site, profile or group, `Vendor/Model`; empty for global.
    pub scope: String,
    pub settings: i64,
    pub raw_texts: i64,
}

pub fn used(conn: &Connection, account_id: i64) -> Result<Vec<Used>> {
    let mut statement = conn.prepare_cached(
        "WITH place (layer, id, name, strength) AS (
            SELECT CASE WHEN $1 = 1 THEN 'global' ELSE 'account' END, CASE WHEN $1 = 1 THEN 0 ELSE $1 END, '', 1
            UNION ALL SELECT 'site', id, name, 2 FROM site WHERE account_id = $1
            UNION ALL SELECT 'profile', id, name, 3 FROM profile WHERE account_id = $1
            UNION ALL SELECT 'model', id, vendor || '/' || name, 4 FROM model WHERE account_id = $1
            UNION ALL SELECT 'group', id, name, 5 FROM device_group WHERE account_id = $1)
         SELECT layer, name,
            (SELECT count(*) FROM setting s WHERE s.layer = place.layer AND s.scope = place.id) AS settings,
            (SELECT count(*) FROM raw_text r WHERE r.layer = place.layer AND r.scope = place.id) AS raw_texts
         FROM place ORDER BY strength, name",
    )?;
    let rows = statement.query_map([account_id], |row| {
        Ok(Used { layer: row.get(0)?, scope: row.get(1)?, settings: row.get(2)?, raw_texts: row.get(3)? })
    })?;
    let all = rows.collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(all.into_iter().filter(|one| one.settings + one.raw_texts > 0).collect())
}

/// The size of a raw text is told without opening it.
pub fn raw_vendors(conn: &Connection, scope: Scope) -> Result<Vec<(String, String, i64)>> {
    let mut statement = conn.prepare_cached(
        "SELECT vendor, author, updated_at FROM raw_text WHERE layer = $1 AND scope = $2 ORDER BY vendor",
    )?;
    let rows = statement
        .query_map(params![scope.layer.word(), scope.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

pub fn raw_text(conn: &Connection, keys: &Keyring, scope: Scope, vendor: &str) -> Result<Option<RawText>> {
    let mut statement = conn.prepare_cached(
        "SELECT text_sealed, author, updated_at FROM raw_text WHERE layer = $1 AND scope = $2 AND vendor = $3",
    )?;
    let row: Option<(Vec<u8>, String, i64)> = statement
        .query_row(params![scope.layer.word(), scope.id, vendor], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((sealed, author, updated_at)) = row else { return Ok(None) };
    let text = keys.open_secret(&raw_place(scope.layer.word(), scope.id, vendor), &sealed)?;
    Ok(Some(RawText { vendor: vendor.into(), text, author, updated_at }))
}
