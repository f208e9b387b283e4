//! The secret, the last code used and the recovery codes of a user.

use crate::db::{Connection, OptionalExtension, Result, Tx, params};
use crate::seal::Keyring;

pub fn place(user_id: i64) -> String {
    format!("users.totp/{user_id}")
}

pub struct Totp {
    pub secret: Vec<u8>,
    pub on: bool,
    pub last_step: i64,
}

pub fn get(conn: &Connection, keys: &Keyring, user_id: i64) -> Result<Option<Totp>> {
    let sql = "SELECT totp_sealed, totp_on, totp_step FROM users WHERE id = $1 AND totp_sealed IS NOT NULL";
    let row: Option<(Vec<u8>, bool, i64)> =
        conn.prepare_cached(sql)?.query_row([user_id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
    let Some((sealed, on, last_step)) = row else { return Ok(None) };
    Ok(Some(Totp { secret: keys.open_bytes(&place(user_id), &sealed)?, on, last_step }))
}

/// Not in force until its first code was shown.
pub fn begin(tx: &Tx, keys: &Keyring, user_id: i64, secret: &[u8]) -> Result<()> {
    let sealed = keys.seal(&place(user_id), secret)?;
    tx.prepare_cached("UPDATE users SET totp_sealed = $2, totp_on = 0, totp_step = 0 WHERE id = $1")?
        .execute(params![user_id, sealed])?;
    Ok(())
}

/// In force from now on, with new recovery codes.
pub fn confirm(tx: &Tx, user_id: i64, recovery: &[[u8; 32]]) -> Result<()> {
    tx.prepare_cached("UPDATE users SET totp_on = 1 WHERE id = $1")?.execute([user_id])?;
    tx.prepare_cached("DELETE FROM recovery_code WHERE user_id = $1")?.execute([user_id])?;
    let mut insert = tx.prepare_cached("INSERT INTO recovery_code (user_id, hash) VALUES ($1, $2)")?;
    for hash in recovery {
        insert.execute(params![user_id, hash])?;
    }
    Ok(())
}

pub fn end(tx: &Tx, user_id: i64) -> Result<()> {
    tx.prepare_cached("UPDATE users SET totp_sealed = NULL, totp_on = 0, totp_step = 0 WHERE id = $1")?
        .execute([user_id])?;
    tx.prepare_cached("DELETE FROM recovery_code WHERE user_id = $1")?.execute([user_id])?;
    Ok(())
}

pub fn used(tx: &Tx, user_id: i64, step: i64) -> Result<()> {
    tx.prepare_cached("UPDATE users SET totp_step = $2 WHERE id = $1")?.execute(params![user_id, step])?;
    Ok(())
}

/// Whether there was such a code. There is none now.
pub fn use_recovery_code(tx: &Tx, user_id: i64, hash: &[u8; 32]) -> Result<bool> {
    let sql = "DELETE FROM recovery_code WHERE user_id = $1 AND hash = $2";
    Ok(tx.prepare_cached(sql)?.execute(params![user_id, hash])? > 0)
}
