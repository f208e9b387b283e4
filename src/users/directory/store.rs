//! The rows of users as others manage them.

use crate::accounts::store::{WITHIN, like};
use crate::db::{Connection, Result, Row, Tx, params};
use crate::users::Permissions;
use crate::users::store::new_address;

#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct User {
    pub id: i64,
    pub account_id: i64,
    pub account: String,
    pub login: String,
    /// As it is shown.
    pub name: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: String,
    pub phone: Option<String>,
    pub country: Option<String>,
    pub remark: Option<String>,
    pub locale: String,
    pub role_id: i64,
    pub role: String,
    /// `active`, `frozen`, or `invited` until a password was chosen.
    pub state: String,
    /// Somebody else chose the password; it must be changed.
    pub temporary: bool,
    /// Must show a code of an authenticator app.
    pub two_factor: bool,
    /// Has set up an authenticator app.
    pub totp: bool,
    /// Permissions besides those of the role.
    #[schema(value_type = Vec<crate::users::Permission>)]
    pub permissions: Vec<String>,
    /// The only profiles this user works with; null: all of the account.
    pub profiles: Option<Vec<String>>,
    pub created_by: String,
    pub created_at: i64,
    pub updated_at: i64,
    pub last_login_at: Option<i64>,
}

/// Which users are asked for; `None` is any.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub id: Option<i64>,
    /// Of this account only; it must be one's own or below.
    pub account_id: Option<i64>,
    pub role_id: Option<i64>,
    /// Part of the login name, name, e-mail address or role.
    pub search: Option<String>,
}

/// Users of the account `own` and of those below it.
pub fn list(conn: &Connection, own: i64, filter: &Filter, after: i64, rows: u32) -> Result<Vec<User>> {
    let like = filter.search.as_ref().map(|text| like(text));
    let mut statement = conn.prepare_cached(&format!(
        "SELECT u.id, u.account_id, a.name, u.login, u.name, u.email, u.phone, u.country, u.remark, u.locale, r.id, r.name,
                CASE WHEN u.frozen THEN 'frozen' WHEN u.password_hash IS NULL THEN 'invited' ELSE 'active' END,
                u.temporary, u.two_factor, u.totp_on, u.only_profiles, u.created_by, u.created_at, u.updated_at, u.last_login_at,
                u.first_name, u.last_name
         FROM users u JOIN account a ON a.id = u.account_id JOIN account own ON own.id = $1 JOIN role r ON r.id = u.role_id
         WHERE {WITHIN} AND ($2 IS NULL OR u.id = $2) AND ($3 IS NULL OR u.account_id = $3) AND ($4 IS NULL OR r.id = $4)
           AND ($5 IS NULL OR u.login LIKE $5 ESCAPE '!' OR u.name LIKE $5 ESCAPE '!' OR u.email LIKE $5 ESCAPE '!'
                OR u.first_name LIKE $5 ESCAPE '!' OR u.last_name LIKE $5 ESCAPE '!' OR r.name LIKE $5 ESCAPE '!')
           AND u.id > $6 ORDER BY u.id LIMIT $7"
    ))?;
    let Filter { id, account_id, role_id, .. } = filter;
    let found = statement.query_map(params![own, id, account_id, role_id, like, after, rows], user)?;
    let mut users = found.collect::<std::result::Result<Vec<_>, _>>()?;
    for (user, only_profiles) in &mut users {
        user.permissions = words(conn, "SELECT permission FROM user_permission WHERE user_id = $1", user.id)?;
        if *only_profiles {
            let sql = "SELECT p.name FROM profile_user u JOIN profile p ON p.id = u.profile_id WHERE u.user_id = $1 ORDER BY p.name";
            user.profiles = Some(words(conn, sql, user.id)?);
        }
    }
    Ok(users.into_iter().map(|(user, _)| user).collect())
}

fn words(conn: &Connection, sql: &str, id: i64) -> Result<Vec<String>> {
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([id], |row| row.get(0))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

type Read<T> = std::result::Result<T, crate::db::RowError>;

fn user(row: &Row) -> Read<(User, bool)> {
    let user = User {
        id: row.get(0)?,
        account_id: row.get(1)?,
        account: row.get(2)?,
        login: row.get(3)?,
        name: row.get(4)?,
        email: row.get(5)?,
        phone: row.get(6)?,
        country: row.get(7)?,
        remark: row.get(8)?,
        locale: row.get(9)?,
        role_id: row.get(10)?,
        role: row.get(11)?,
        state: row.get(12)?,
        temporary: row.get(13)?,
        two_factor: row.get(14)?,
        totp: row.get(15)?,
        permissions: Vec::new(),
        profiles: None,
        created_by: row.get(17)?,
        created_at: row.get(18)?,
        updated_at: row.get(19)?,
        last_login_at: row.get(20)?,
        first_name: row.get(21)?,
        last_name: row.get(22)?,
    };
    Ok((user, row.get(16)?))
}

pub fn one(conn: &Connection, own: i64, id: i64) -> Result<Option<User>> {
    Ok(list(conn, own, &Filter { id: Some(id), ..Filter::default() }, 0, 1)?.pop())
}

pub fn update(tx: &Tx, user: &User, now: i64) -> Result<()> {
    new_address(tx, user.id, &user.email, now)?;
    tx.prepare_cached(
        "UPDATE users SET login = $2, login_key = $3, name = $4, email = $5, email_key = $6, phone = $7, country = $8,
           remark = $9, locale = $10, role_id = $11, two_factor = $12, updated_at = $13, first_name = $14, last_name = $15
         WHERE id = $1",
    )?
    .execute(params![
        user.id,
        user.login,
        user.login.to_lowercase(),
        user.name,
        user.email,
        user.email.to_lowercase(),
        user.phone,
        user.country,
        user.remark,
        user.locale,
        user.role_id,
        user.two_factor,
        now,
        user.first_name,
        user.last_name
    ])?;
    Ok(())
}

pub fn set_frozen(tx: &Tx, id: i64, frozen: bool, now: i64) -> Result<()> {
    tx.prepare_cached("UPDATE users SET frozen = $2, updated_at = $3 WHERE id = $1")?
        .execute(params![id, frozen, now])?;
    Ok(())
}

pub fn set_permissions(tx: &Tx, id: i64, permissions: Permissions) -> Result<()> {
    tx.prepare_cached("DELETE FROM user_permission WHERE user_id = $1")?.execute([id])?;
    let mut insert = tx.prepare_cached("INSERT INTO user_permission (user_id, permission) VALUES ($1, $2)")?;
    for permission in permissions.iter() {
        insert.execute(params![id, permission.word()])?;
    }
    Ok(())
}

/// The only profiles a user works with; `None`: all of the account. Answers the name of one that another user has.
pub fn set_profiles(tx: &Tx, id: i64, profiles: Option<&[i64]>) -> Result<Option<String>> {
    tx.prepare_cached("UPDATE users SET only_profiles = $2 WHERE id = $1")?.execute(params![id, profiles.is_some()])?;
    tx.prepare_cached("DELETE FROM profile_user WHERE user_id = $1 AND made = 0")?.execute([id])?;
    let mut taken = tx.prepare_cached(
        "SELECT (SELECT name FROM profile WHERE id = $1) FROM profile_user WHERE profile_id = $1 AND user_id <> $2",
    )?;
    let mut insert = tx.prepare_cached(
        "INSERT INTO profile_user (profile_id, user_id) VALUES ($1, $2) ON CONFLICT (profile_id) DO NOTHING",
    )?;
    for profile in profiles.unwrap_or_default() {
        let mut rows = taken.query(params![profile, id])?;
        if let Some(row) = rows.next()? {
            return Ok(row.get(0)?);
        }
        insert.execute(params![profile, id])?;
    }
    Ok(None)
}

/// Who works with a profile alone.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Assignment {
    pub profile: String,
    /// Null: it can be given to somebody.
    pub user_id: Option<i64>,
    pub login: Option<String>,
    /// That user has made it, and keeps it (ALE-080).
    pub made: bool,
}

pub fn assignments(conn: &Connection, account_id: i64) -> Result<Vec<Assignment>> {
    let mut statement = conn.prepare_cached(
        "SELECT p.name, u.id, u.login, coalesce(o.made, 0) FROM profile p
         LEFT JOIN profile_user o ON o.profile_id = p.id LEFT JOIN users u ON u.id = o.user_id
         WHERE p.account_id = $1 ORDER BY p.name",
    )?;
    let rows = statement.query_map([account_id], |row| {
        Ok(Assignment { profile: row.get(0)?, user_id: row.get(1)?, login: row.get(2)?, made: row.get(3)? })
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

pub fn remove(tx: &Tx, id: i64) -> Result<()> {
    tx.prepare_cached("DELETE FROM users WHERE id = $1")?.execute([id])?;
    Ok(())
}
