//! The rows of links.

use crate::db::{Connection, OptionalExtension, Result, Tx, params};

/// Beside those that are good still.
pub fn put(tx: &Tx, user_id: i64, hash: &[u8; 32], expires_at: i64, now: i64) -> Result<()> {
    let sql = "DELETE FROM password_link WHERE user_id = $1 AND expires_at <= $2";
    tx.prepare_cached(sql)?.execute([user_id, now])?;
    tx.prepare_cached("INSERT INTO password_link (hash, user_id, expires_at) VALUES ($1, $2, $3)")?
        .execute(params![hash, user_id, expires_at])?;
    Ok(())
}

/// It was mailed: whoever has it reads what comes to the address that the user has now.
pub fn was_mailed(tx: &Tx, user_id: i64, hash: &[u8; 32]) -> Result<()> {
    let sql = "UPDATE password_link SET email_key = (SELECT email_key FROM users WHERE id = $1) WHERE hash = $2";
    tx.prepare_cached(sql)?.execute(params![user_id, hash])?;
    Ok(())
}

/// How many of a user's links were mailed and end after a moment.
pub fn mailed_until(conn: &Connection, user_id: i64, moment: i64) -> Result<i64> {
    let sql = "SELECT count(*) FROM password_link WHERE user_id = $1 AND email_key IS NOT NULL AND expires_at > $2";
    Ok(conn.prepare_cached(sql)?.query_row([user_id, moment], |row| row.get(0))?)
}

/// Whoever uses a mailed link has read it: from then on the address lets that user in, before others who only say that
/// it is theirs.
pub fn mail_was_read(tx: &Tx, hash: &[u8; 32], now: i64) -> Result<()> {
    tx.prepare_cached(
        "UPDATE users SET email_read = 1, email_since = coalesce(email_since, $2)
         WHERE id = (SELECT user_id FROM password_link WHERE hash = $1)
           AND email_key = (SELECT email_key FROM password_link WHERE hash = $1)",
    )?
    .execute(params![hash, now])?;
    Ok(())
}

pub fn drop_all(tx: &Tx, user_id: i64) -> Result<()> {
    tx.prepare_cached("DELETE FROM password_link WHERE user_id = $1")?.execute([user_id])?;
    Ok(())
}

/// Whom an open link is for.
pub struct Opened {
    pub user_id: i64,
    pub account_id: i64,
    pub login: String,
    /// No password was ever chosen.
    pub first: bool,
}

/// While it is good, and its user may log in.
pub fn open(conn: &Connection, hash: &[u8; 32], now: i64) -> Result<Option<Opened>> {
    let mut statement = conn.prepare_cached(
        "SELECT u.id, u.account_id, u.login, u.password_hash IS NULL
         FROM password_link l JOIN users u ON u.id = l.user_id JOIN account a ON a.id = u.account_id
         WHERE l.hash = $1 AND l.expires_at > $2 AND u.frozen = 0 AND a.enabled = 1",
    )?;
    let found = statement.query_row(params![hash, now], |row| {
        Ok(Opened { user_id: row.get(0)?, account_id: row.get(1)?, login: row.get(2)?, first: row.get(3)? })
    });
    Ok(found.optional()?)
}

pub fn set_login(tx: &Tx, user_id: i64, login: &str) -> Result<()> {
    tx.prepare_cached("UPDATE users SET login = $2, login_key = $3 WHERE id = $1")?.execute(params![
        user_id,
        login,
        login.to_lowercase()
    ])?;
    Ok(())
}

/// Whom a mail goes to.
pub struct Addressee {
    pub account_id: i64,
    pub account: String,
    pub login: String,
    pub email: String,
}

pub fn addressee(conn: &Connection, user_id: i64) -> Result<Option<Addressee>> {
    let sql = "SELECT u.account_id, a.name, u.login, u.email FROM users u JOIN account a ON a.id = u.account_id
        WHERE u.id = $1";
    let found = conn.prepare_cached(sql)?.query_row([user_id], |row| {
        Ok(Addressee { account_id: row.get(0)?, account: row.get(1)?, login: row.get(2)?, email: row.get(3)? })
    });
    Ok(found.optional()?)
}
