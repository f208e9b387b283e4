//! The rows of API keys.

use super::BOX_KEY;
use crate::db::{BOX_ACCOUNT, Connection, OptionalExtension, Params, Result, Tx, params};
use crate::users::Permissions;

pub struct Found {
    pub id: i64,
    pub account_id: i64,
    pub name: String,
    pub last_used_at: i64,
    /// Networks in CIDR notation, blanks between; empty: all.
    pub sources: String,
    pub permissions: Permissions,
    /// What signed requests are checked with, sealed.
    pub signing_sealed: Option<Vec<u8>>,
}

/// A key that works: not expired, its account enabled and let in by programs.
const WORKING: &str =
    "SELECT k.id, k.account_id, k.name, coalesce(k.last_used_at, 0), k.sources, k.everything, k.signing_sealed
     FROM api_key k JOIN account a ON a.id = k.account_id
     WHERE (k.expires_at IS NULL OR k.expires_at > $2) AND a.enabled = 1 AND a.api_access = 'on'";

/// Whether an account's keys work: the word of its service.
pub fn service(conn: &Connection, account_id: i64) -> Result<Option<String>> {
    let sql = "SELECT api_access FROM account WHERE id = $1";
    Ok(conn.prepare_cached(sql)?.query_row([account_id], |row| row.get(0)).optional()?)
}

pub fn by_hash(conn: &Connection, hash: &[u8; 32], now: i64) -> Result<Option<Found>> {
    working(conn, &format!("{WORKING} AND k.secret_hash = $1"), params![hash, now])
}

pub fn by_access_key(conn: &Connection, access_key: &str, now: i64) -> Result<Option<Found>> {
    working(conn, &format!("{WORKING} AND k.access_key = $1"), params![access_key, now])
}

fn working(conn: &Connection, sql: &str, values: &Params) -> Result<Option<Found>> {
    let mut statement = conn.prepare_cached(sql)?;
    let found = statement.query_row(values, |row| {
        let everything: bool = row.get(5)?;
        let found = Found {
            id: row.get(0)?,
            account_id: row.get(1)?,
            name: row.get(2)?,
            last_used_at: row.get(3)?,
            sources: row.get(4)?,
            permissions: Permissions::all(),
            signing_sealed: row.get(6)?,
        };
        Ok((found, everything))
    });
    let Some((mut key, everything)) = found.optional()? else { return Ok(None) };
    if !everything {
        key.permissions = permissions(conn, key.id)?.iter().filter_map(|word| word.parse().ok()).collect();
    }
    Ok(Some(key))
}

fn permissions(conn: &Connection, id: i64) -> Result<Vec<String>> {
    let sql = "SELECT permission FROM api_key_permission WHERE api_key_id = $1 ORDER BY permission";
    let mut statement = conn.prepare_cached(sql)?;
    let words = statement.query_map([id], |row| row.get(0))?;
    Ok(words.collect::<std::result::Result<_, _>>()?)
}

/// False: it was used before. What is too old to be accepted is forgotten.
pub fn use_nonce(tx: &Tx, id: i64, nonce: &str, now: i64, oldest: i64) -> Result<bool> {
    tx.prepare_cached("DELETE FROM nonce WHERE at < $1")?.execute([oldest])?;
    let sql =
        "INSERT INTO nonce (api_key_id, nonce, at) VALUES ($1, $2, $3) ON CONFLICT (api_key_id, nonce) DO NOTHING";
    Ok(tx.prepare_cached(sql)?.execute(params![id, nonce, now])? > 0)
}

pub fn touch(tx: &Tx, id: i64, now: i64) -> Result<()> {
    tx.prepare_cached("UPDATE api_key SET last_used_at = $2 WHERE id = $1")?.execute(params![id, now])?;
    Ok(())
}

/// In the place of the one before.
pub fn put_box_key(tx: &Tx, access_key: &str, hash: &[u8; 32], by: &str, now: i64) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO api_key (account_id, access_key, name, secret_hash, everything, created_by, created_at)
         VALUES ($1, $2, $3, $4, 1, $5, $6)
         ON CONFLICT (account_id, name) DO UPDATE SET secret_hash = excluded.secret_hash, signing_sealed = NULL,
           created_by = excluded.created_by, created_at = excluded.created_at, last_used_at = NULL",
    )?
    .execute(params![BOX_ACCOUNT, access_key, BOX_KEY, hash, by, now])?;
    Ok(())
}

#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct ApiKey {
    pub id: i64,
    /// Names the key in signed requests; no secret.
    pub access_key: String,
    pub name: String,
    /// Every permission there is.
    pub everything: bool,
    #[schema(value_type = Vec<crate::users::Permission>)]
    pub permissions: Vec<String>,
    /// Networks in CIDR notation from which it works; empty: all.
    pub sources: Vec<String>,
    /// Where events go.
    pub callback: Option<String>,
    pub created_by: String,
    pub created_at: i64,
    pub expires_at: Option<i64>,
    pub last_used_at: Option<i64>,
}

pub fn list(conn: &Connection, account_id: i64, id: Option<i64>) -> Result<Vec<ApiKey>> {
    let mut statement = conn.prepare_cached(
        "SELECT id, access_key, name, everything, sources, callback, created_by, created_at, expires_at, last_used_at
         FROM api_key WHERE account_id = $1 AND ($2 IS NULL OR id = $2) ORDER BY name",
    )?;
    let rows = statement.query_map(params![account_id, id], |row| {
        let sources: String = row.get(4)?;
        Ok(ApiKey {
            id: row.get(0)?,
            access_key: row.get(1)?,
            name: row.get(2)?,
            everything: row.get(3)?,
            permissions: Vec::new(),
            sources: sources.split_whitespace().map(str::to_owned).collect(),
            callback: row.get(5)?,
            created_by: row.get(6)?,
            created_at: row.get(7)?,
            expires_at: row.get(8)?,
            last_used_at: row.get(9)?,
        })
    })?;
    let mut keys = rows.collect::<std::result::Result<Vec<_>, _>>()?;
    for key in keys.iter_mut().filter(|key| !key.everything) {
        key.permissions = permissions(conn, key.id)?;
    }
    Ok(keys)
}

pub fn named(conn: &Connection, account_id: i64, name: &str) -> Result<Option<i64>> {
    let sql = "SELECT id FROM api_key WHERE account_id = $1 AND name = $2";
    Ok(conn.prepare_cached(sql)?.query_row(params![account_id, name], |row| row.get(0)).optional()?)
}

/// Keys of an account that somebody of this login name has made.
pub fn count_made_by(conn: &Connection, account_id: i64, login: &str) -> Result<u32> {
    let sql = "SELECT count(*) FROM api_key WHERE account_id = $1 AND created_by = $2";
    Ok(conn.prepare_cached(sql)?.query_row(params![account_id, login], |row| row.get(0))?)
}

/// What people say of a key.
pub struct Change {
    pub name: String,
    /// None: everything.
    pub permissions: Option<Permissions>,
    pub sources: String,
    pub expires_at: Option<i64>,
    pub callback: Option<String>,
}

/// `of`: the account, the access key, the hash of the secret.
pub fn insert(tx: &Tx, of: (i64, String, [u8; 32]), change: &Change, by: &str, now: i64) -> Result<i64> {
    let id = tx.next_id("api_key")?;
    let (account_id, access_key, hash) = of;
    tx.prepare_cached(
        "INSERT INTO api_key (id, account_id, access_key, name, secret_hash, created_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )?
    .execute(params![id, account_id, access_key, change.name, hash, by, now])?;
    update(tx, id, change)?;
    Ok(id)
}

pub fn update(tx: &Tx, id: i64, change: &Change) -> Result<()> {
    let Change { name, permissions, sources, expires_at, callback } = change;
    tx.prepare_cached(
        "UPDATE api_key SET name = $2, everything = $3, sources = $4, expires_at = $5, callback = $6 WHERE id = $1",
    )?
    .execute(params![id, name, permissions.is_none(), sources, expires_at, callback])?;
    tx.prepare_cached("DELETE FROM api_key_permission WHERE api_key_id = $1")?.execute([id])?;
    let mut insert = tx.prepare_cached("INSERT INTO api_key_permission (api_key_id, permission) VALUES ($1, $2)")?;
    for permission in permissions.unwrap_or(Permissions::NONE).iter() {
        insert.execute(params![id, permission.word()])?;
    }
    Ok(())
}

pub fn set_secret(tx: &Tx, id: i64, hash: &[u8; 32]) -> Result<()> {
    tx.prepare_cached("UPDATE api_key SET secret_hash = $2, last_used_at = NULL WHERE id = $1")?
        .execute(params![id, hash])?;
    Ok(())
}

pub fn set_signing(tx: &Tx, id: i64, sealed: &[u8]) -> Result<()> {
    tx.prepare_cached("UPDATE api_key SET signing_sealed = $2 WHERE id = $1")?.execute(params![id, sealed])?;
    Ok(())
}

/// Sealed; none in a key that was made by `phonebox token rotate`.
pub fn signing(conn: &Connection, id: i64) -> Result<Option<Vec<u8>>> {
    let sql = "SELECT signing_sealed FROM api_key WHERE id = $1";
    Ok(conn.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?.flatten())
}

pub fn remove(tx: &Tx, id: i64) -> Result<()> {
    tx.prepare_cached("DELETE FROM api_key WHERE id = $1")?.execute([id])?;
    Ok(())
}

pub fn is_there(conn: &Connection, id: i64, now: i64) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM api_key k JOIN account a ON a.id = k.account_id
                 WHERE k.id = $1 AND (k.expires_at IS NULL OR k.expires_at > $2) AND a.enabled = 1 AND a.api_access = 'on')";
    Ok(conn.prepare_cached(sql)?.query_row([id, now], |row| row.get(0))?)
}
