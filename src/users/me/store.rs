//! One's own row.

use crate::db::{Connection, OptionalExtension, Result, Tx, params};
use crate::users::store::new_address;

#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Me {
    pub id: i64,
    /// Cannot be changed here, as the account cannot.
    pub login: String,
    pub account: String,
    /// As it is shown.
    pub name: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: String,
    pub phone: Option<String>,
    pub country: Option<String>,
    pub locale: String,
    pub role: String,
    /// An authenticator app is set up.
    pub totp: bool,
    /// Codes are required of this user.
    pub two_factor: bool,
    /// One-time recovery codes that are left.
    pub recovery_codes: i64,
}

pub fn one(conn: &Connection, id: i64) -> Result<Option<Me>> {
    let mut statement = conn.prepare_cached(
        "SELECT u.id, u.login, a.name, u.name, u.email, u.phone, u.country, u.locale, r.name, u.totp_on,
                u.two_factor OR a.two_factor, (SELECT count(*) FROM recovery_code c WHERE c.user_id = u.id),
                u.first_name, u.last_name
         FROM users u JOIN account a ON a.id = u.account_id JOIN role r ON r.id = u.role_id WHERE u.id = $1",
    )?;
    let found = statement.query_row([id], |row| {
        Ok(Me {
            id: row.get(0)?,
            login: row.get(1)?,
            account: row.get(2)?,
            name: row.get(3)?,
            email: row.get(4)?,
            phone: row.get(5)?,
            country: row.get(6)?,
            locale: row.get(7)?,
            role: row.get(8)?,
            totp: row.get(9)?,
            two_factor: row.get(10)?,
            recovery_codes: row.get(11)?,
            first_name: row.get(12)?,
            last_name: row.get(13)?,
        })
    });
    Ok(found.optional()?)
}

pub fn update(tx: &Tx, me: &Me, now: i64) -> Result<()> {
    new_address(tx, me.id, &me.email, now)?;
    tx.prepare_cached(
        "UPDATE users SET name = $2, email = $3, email_key = $4, phone = $5, country = $6, locale = $7, updated_at = $8,
           first_name = $9, last_name = $10
         WHERE id = $1",
    )?
    .execute(params![
        me.id,
        me.name,
        me.email,
        me.email.to_lowercase(),
        me.phone,
        me.country,
        me.locale,
        now,
        me.first_name,
        me.last_name
    ])?;
    Ok(())
}

pub fn password_hash(conn: &Connection, id: i64) -> Result<Option<String>> {
    let sql = "SELECT password_hash FROM users WHERE id = $1";
    Ok(conn.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?.flatten())
}
