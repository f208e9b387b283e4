//! The rows of users, and what they may do.

use super::Permissions;
use crate::db::{Connection, OptionalExtension, Result, Tx, params};

/// The role that may do everything.
pub const SUPER_MANAGER: i64 = 1;
/// The role that may only log in.
pub const EMPTY_MANAGER: i64 = 2;

/// What a login is checked against.
pub struct Login {
    pub id: i64,
    pub account_id: i64,
    pub login: String,
    pub password_hash: Option<String>,
    pub totp_on: bool,
    /// Neither frozen nor of a disabled account.
    pub open: bool,
}

pub fn any(conn: &Connection) -> Result<bool> {
    Ok(conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM users)")?.query_row([], |row| row.get(0))?)
}

/// Whom somebody may mean: the one of that login name first, then the one whom that e-mail address lets in (ALE-017): of
/// those who have it and may log in, whoever has read mail there, and who has had it longest. Nobody else's row takes that
/// away.
pub fn by_login(conn: &Connection, key: &str) -> Result<Vec<Login>> {
    let mut statement = conn.prepare_cached(
        "SELECT u.id, u.account_id, u.login, u.password_hash, u.totp_on, u.frozen = 0 AND a.enabled = 1
         FROM users u JOIN account a ON a.id = u.account_id
         WHERE u.login_key = $1
            OR u.id = (SELECT h.id FROM users h JOIN account home ON home.id = h.account_id
                       WHERE h.email_key = $1 AND h.email_since IS NOT NULL
                       ORDER BY (h.frozen = 0 AND home.enabled = 1) DESC, h.email_read DESC, h.email_since, h.id
                       LIMIT 1)
         ORDER BY u.login_key = $1 DESC",
    )?;
    let found = statement.query_map([key], |row| {
        Ok(Login {
            id: row.get(0)?,
            account_id: row.get(1)?,
            login: row.get(2)?,
            password_hash: row.get(3)?,
            totp_on: row.get(4)?,
            open: row.get(5)?,
        })
    })?;
    Ok(found.collect::<std::result::Result<_, _>>()?)
}

/// What the role and the user's own rows allow.
pub fn permissions(conn: &Connection, user_id: i64) -> Result<Permissions> {
    let everything = "SELECT r.everything FROM users u JOIN role r ON r.id = u.role_id WHERE u.id = $1";
    if conn.prepare_cached(everything)?.query_row([user_id], |row| row.get(0)).optional()?.unwrap_or(false) {
        return Ok(Permissions::all());
    }
    let mut statement = conn.prepare_cached(
        "SELECT p.permission FROM users u JOIN role_permission p ON p.role_id = u.role_id WHERE u.id = $1
         UNION SELECT permission FROM user_permission WHERE user_id = $1",
    )?;
    let words = statement.query_map([user_id], |row| row.get::<_, String>(0))?;
    let words = words.collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(words.iter().filter_map(|word| word.parse().ok()).collect())
}

/// What the page shows of whoever is logged in.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct UserBrief {
    pub id: i64,
    pub login: String,
    pub name: String,
    pub email: String,
    /// The language of the page for this user.
    pub locale: String,
    /// Somebody else chose the password: nothing else works until it is changed.
    pub must_change_password: bool,
}

pub fn brief(conn: &Connection, id: i64) -> Result<Option<UserBrief>> {
    let sql = "SELECT id, login, name, email, locale, temporary FROM users WHERE id = $1";
    let found = conn.prepare_cached(sql)?.query_row([id], |row| {
        Ok(UserBrief {
            id: row.get(0)?,
            login: row.get(1)?,
            name: row.get(2)?,
            email: row.get(3)?,
            locale: row.get(4)?,
            must_change_password: row.get(5)?,
        })
    });
    Ok(found.optional()?)
}

/// Checked words of a new user.
pub struct NewUser {
    pub account_id: i64,
    pub login: String,
    pub name: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: String,
    pub phone: Option<String>,
    pub country: Option<String>,
    pub remark: Option<String>,
    pub locale: String,
    pub role_id: i64,
    pub password_hash: Option<String>,
    pub temporary: bool,
    pub two_factor: bool,
}

pub fn insert(tx: &Tx, new: &NewUser, by: &str, now: i64) -> Result<i64> {
    let id = tx.next_id("users")?;
    tx.prepare_cached(
        "INSERT INTO users (id, account_id, login, login_key, name, email, email_key, phone, country, remark, locale, role_id,
           password_hash, temporary, two_factor, created_by, created_at, updated_at, email_since, first_name, last_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17, $17, $18, $19)",
    )?
    .execute(params![
        id,
        new.account_id,
        new.login,
        new.login.to_lowercase(),
        new.name,
        new.email,
        new.email.to_lowercase(),
        new.phone,
        new.country,
        new.remark,
        new.locale,
        new.role_id,
        new.password_hash,
        new.temporary,
        new.two_factor,
        by,
        now,
        new.first_name,
        new.last_name
    ])?;
    Ok(id)
}

pub fn login_is_taken(conn: &Connection, login: &str) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM users WHERE login_key = $1)";
    Ok(conn.prepare_cached(sql)?.query_row([login.to_lowercase()], |row| row.get(0))?)
}

pub fn logged_in(tx: &Tx, id: i64, now: i64) -> Result<()> {
    tx.prepare_cached("UPDATE users SET last_login_at = $2 WHERE id = $1")?.execute(params![id, now])?;
    Ok(())
}

/// Before an address is written: another one than the present lets its user in from now on.
pub fn new_address(tx: &Tx, id: i64, email: &str, now: i64) -> Result<()> {
    tx.prepare_cached("UPDATE users SET email_since = $3, email_read = 0 WHERE id = $1 AND email_key <> $2")?
        .execute(params![id, email.to_lowercase(), now])?;
    Ok(())
}

/// Open links that could choose another one end with it.
pub fn set_password(tx: &Tx, id: i64, hash: &str, temporary: bool, now: i64) -> Result<()> {
    tx.prepare_cached("UPDATE users SET password_hash = $2, temporary = $3, updated_at = $4 WHERE id = $1")?
        .execute(params![id, hash, temporary, now])?;
    tx.prepare_cached("DELETE FROM password_link WHERE user_id = $1")?.execute([id])?;
    Ok(())
}

/// The one to let in when nobody can: of that login, or the first who may do everything in the box's account.
pub fn to_rescue(conn: &Connection, login: Option<&str>) -> Result<Option<(i64, String)>> {
    let mut statement = conn.prepare_cached(
        "SELECT id, login FROM users WHERE account_id = 1
         AND (login_key = $1 OR ($1 IS NULL AND role_id = 1)) ORDER BY id LIMIT 1",
    )?;
    let found = statement.query_row(params![login.map(str::to_lowercase)], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(found.optional()?)
}

/// With everything a lost administrator may have lost.
pub fn rescue(tx: &Tx, id: i64, hash: &str, now: i64) -> Result<()> {
    set_password(tx, id, hash, true, now)?;
    tx.prepare_cached("UPDATE users SET frozen = 0, totp_on = 0, totp_sealed = NULL, role_id = 1 WHERE id = $1")?
        .execute([id])?;
    tx.prepare_cached("DELETE FROM recovery_code WHERE user_id = $1")?.execute([id])?;
    tx.prepare_cached("UPDATE account SET enabled = 1 WHERE id = 1")?.execute([])?;
    Ok(())
}

/// Names the box's account, as the first run said.
pub fn name_account(tx: &Tx, account: &super::setup::Company, now: i64) -> Result<()> {
    let super::setup::Company { name, contact, phone, email, address, country } = account;
    tx.prepare_cached(
        "UPDATE account SET name = $1, contact = $2, phone = $3, email = $4, address = $5, country = $6, updated_at = $7
         WHERE id = 1",
    )?
    .execute(params![name, contact, phone, email, address, country, now])?;
    Ok(())
}
