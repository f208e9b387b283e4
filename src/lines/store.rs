//! The line and SIP account rows, as they are written and listed. `devices::store` reads them for the pipeline.

use crate::db::{Connection, OptionalExtension, Result, Tx, params};
use crate::devices::store::password_place;
use crate::net::Mac;
use crate::seal::Keyring;
use crate::settings::Secret;
use crate::users::Actor;

/// What a person says of a SIP account. The outer `None` leaves a field as it is, the inner one empties it.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub user: Option<String>,
    pub auth_id: Option<Option<String>>,
    pub password: Option<Option<Secret>>,
    pub display_name: Option<Option<String>>,
}

impl Change {
    pub fn is_empty(&self) -> bool {
        self.user.is_none() && self.auth_id.is_none() && self.password.is_none() && self.display_name.is_none()
    }
}

/// Makes a SIP account of what was said; a user must have been.
pub fn insert(tx: &Tx, keys: &Keyring, actor: &Actor, user: &str, change: &Change, now: i64) -> Result<i64> {
    tx.prepare_cached("INSERT INTO sip_account (account_id, user, author, updated_at) VALUES ($1, $2, $3, $4)")?
        .execute(params![actor.account_id, user, actor.name, now])?;
    let id = tx.last_insert_rowid();
    update(tx, keys, actor, id, change, now)?;
    Ok(id)
}

pub fn update(tx: &Tx, keys: &Keyring, actor: &Actor, id: i64, change: &Change, now: i64) -> Result<()> {
    if let Some(user) = &change.user {
        tx.prepare_cached("UPDATE sip_account SET user = $2 WHERE id = $1")?.execute(params![id, user])?;
    }
    if let Some(auth_id) = &change.auth_id {
        tx.prepare_cached("UPDATE sip_account SET auth_id = $2 WHERE id = $1")?.execute(params![id, auth_id])?;
    }
    if let Some(password) = &change.password {
        let seal = |secret: &Secret| keys.seal(&password_place(id), secret.reveal().as_bytes());
        let sealed = password.as_ref().map(seal).transpose()?;
        tx.prepare_cached("UPDATE sip_account SET password_sealed = $2 WHERE id = $1")?.execute(params![id, sealed])?;
    }
    if let Some(name) = &change.display_name {
        tx.prepare_cached("UPDATE sip_account SET display_name = $2 WHERE id = $1")?.execute(params![id, name])?;
    }
    tx.prepare_cached("UPDATE sip_account SET author = $2, updated_at = $3 WHERE id = $1")?
        .execute(params![id, actor.name, now])?;
    Ok(())
}

/// Which devices register this account: their files change with it.
pub fn devices_of(conn: &Connection, sip_account_id: i64) -> Result<Vec<Mac>> {
    let mut statement = conn.prepare_cached(
        "SELECT DISTINCT d.mac FROM line JOIN device d ON d.id = line.device_id WHERE line.sip_account_id = $1",
    )?;
    let bits = statement.query_map([sip_account_id], |row| row.get::<_, i64>(0))?;
    let bits = bits.collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(bits.into_iter().filter_map(|bits| Mac::from_u64(bits as u64)).collect())
}

/// The outer `None`: no such line. The inner one: a line without an account.
pub fn line_account(conn: &Connection, device_id: i64, number: u8) -> Result<Option<Option<i64>>> {
    let mut statement = conn.prepare_cached("SELECT sip_account_id FROM line WHERE device_id = $1 AND number = $2")?;
    Ok(statement.query_row(params![device_id, number], |row| row.get(0)).optional()?)
}

pub fn put_line(tx: &Tx, account_id: i64, device_id: i64, number: u8, sip_account_id: Option<i64>) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO line (account_id, device_id, number, sip_account_id) VALUES ($1, $2, $3, $4)
         ON CONFLICT (device_id, number) DO UPDATE SET sip_account_id = excluded.sip_account_id",
    )?
    .execute(params![account_id, device_id, number, sip_account_id])?;
    Ok(())
}

/// Removes a line, and its SIP account when no other line has it.
pub fn remove_line(tx: &Tx, device_id: i64, number: u8) -> Result<bool> {
    let Some(account) = line_account(tx, device_id, number)? else { return Ok(false) };
    tx.prepare_cached("DELETE FROM line WHERE device_id = $1 AND number = $2")?.execute(params![device_id, number])?;
    if let Some(account) = account {
        drop_unused(tx, account)?;
    }
    Ok(true)
}

pub fn drop_unused(tx: &Tx, sip_account_id: i64) -> Result<()> {
    tx.prepare_cached(
        "DELETE FROM sip_account WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM line WHERE sip_account_id = $1)",
    )?
    .execute([sip_account_id])?;
    Ok(())
}

/// A SIP account as lists show it.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
#[schema(as = SipAccount)]
pub struct Account {
    pub id: i64,
    pub user: String,
    pub auth_id: Option<String>,
    /// The password itself is never shown.
    pub password_set: bool,
    pub display_name: Option<String>,
    pub author: String,
    pub updated_at: i64,
    /// How many lines register it.
    pub lines: i64,
}

pub fn accounts(
    conn: &Connection,
    account_id: i64,
    user: Option<&str>,
    id: Option<i64>,
    after: i64,
    rows: u32,
) -> Result<Vec<Account>> {
    let mut statement = conn.prepare_cached(
        "SELECT id, user, auth_id, password_sealed IS NOT NULL, display_name, author, updated_at,
            (SELECT count(*) FROM line WHERE sip_account_id = a.id)
         FROM sip_account a WHERE account_id = $1 AND ($2 IS NULL OR user = $2) AND ($3 IS NULL OR id = $3) AND id > $4
         ORDER BY id LIMIT $5",
    )?;
    let accounts = statement.query_map(params![account_id, user, id, after, rows], |row| {
        Ok(Account {
            id: row.get(0)?,
            user: row.get(1)?,
            auth_id: row.get(2)?,
            password_set: row.get(3)?,
            display_name: row.get(4)?,
            author: row.get(5)?,
            updated_at: row.get(6)?,
            lines: row.get(7)?,
        })
    })?;
    Ok(accounts.collect::<std::result::Result<_, _>>()?)
}

/// SIP accounts of an account.
pub fn count(conn: &Connection, account_id: i64) -> Result<i64> {
    let sql = "SELECT count(*) FROM sip_account WHERE account_id = $1";
    Ok(conn.prepare_cached(sql)?.query_row([account_id], |row| row.get(0))?)
}

/// The lines of a device with their accounts, no secret opened.
pub fn of_device(conn: &Connection, device_id: i64) -> Result<Vec<(u8, Option<Account>)>> {
    let mut statement = conn.prepare_cached(
        "SELECT l.number, a.id, a.user, a.auth_id, a.password_sealed IS NOT NULL, a.display_name, a.author, a.updated_at,
            (SELECT count(*) FROM line WHERE sip_account_id = a.id)
         FROM line l LEFT JOIN sip_account a ON a.id = l.sip_account_id WHERE l.device_id = $1 ORDER BY l.number",
    )?;
    let lines = statement.query_map([device_id], |row| {
        let account = match row.get::<_, Option<i64>>(1)? {
            None => None,
            Some(id) => Some(Account {
                id,
                user: row.get(2)?,
                auth_id: row.get(3)?,
                password_set: row.get(4)?,
                display_name: row.get(5)?,
                author: row.get(6)?,
                updated_at: row.get(7)?,
                lines: row.get(8)?,
            }),
        };
        Ok((row.get(0)?, account))
    })?;
    Ok(lines.collect::<std::result::Result<_, _>>()?)
}
