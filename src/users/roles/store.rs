//! The rows of roles and their groups.

use crate::db::{Connection, OptionalExtension, Result, Tx, params};
use crate::users::Permissions;

#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Role {
    pub id: i64,
    pub name: String,
    pub group_id: i64,
    pub group: String,
    /// It came with the box and cannot be changed.
    pub built_in: bool,
    /// Every permission there is.
    pub everything: bool,
    #[schema(value_type = Vec<crate::users::Permission>)]
    pub permissions: Vec<String>,
    /// The only sites its users work with; null: all of the account.
    pub sites: Option<Vec<String>>,
    pub users: i64,
}

/// Those of an account, and those that come with the box.
pub fn list(conn: &Connection, account_id: i64, id: Option<i64>) -> Result<Vec<Role>> {
    let mut statement = conn.prepare_cached(
        "SELECT r.id, r.name, g.id, g.name, r.account_id IS NULL, r.everything,
                (SELECT count(*) FROM users u WHERE u.role_id = r.id AND u.account_id = $1), r.only_sites
         FROM role r JOIN role_group g ON g.id = r.group_id
         WHERE (r.account_id = $1 OR r.account_id IS NULL) AND ($2 IS NULL OR r.id = $2)
         ORDER BY r.account_id IS NOT NULL, r.name, r.id",
    )?;
    let rows = statement.query_map(params![account_id, id], |row| {
        let only_sites: bool = row.get(7)?;
        Ok(Role {
            id: row.get(0)?,
            name: row.get(1)?,
            group_id: row.get(2)?,
            group: row.get(3)?,
            built_in: row.get(4)?,
            everything: row.get(5)?,
            permissions: Vec::new(),
            sites: Some(Vec::new()).filter(|_| only_sites),
            users: row.get(6)?,
        })
    })?;
    let mut roles = rows.collect::<std::result::Result<Vec<_>, _>>()?;
    for role in &mut roles {
        role.permissions = match role.everything {
            true => Permissions::all().words().into_iter().map(str::to_owned).collect(),
            false => {
                words(conn, "SELECT permission FROM role_permission WHERE role_id = $1 ORDER BY permission", role.id)?
            }
        };
        let sites =
            "SELECT s.name FROM role_site r JOIN site s ON s.id = r.site_id WHERE r.role_id = $1 ORDER BY s.name";
        if role.sites.is_some() {
            role.sites = Some(words(conn, sites, role.id)?);
        }
    }
    Ok(roles)
}

fn words(conn: &Connection, sql: &str, id: i64) -> Result<Vec<String>> {
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([id], |row| row.get(0))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

pub fn insert(tx: &Tx, account_id: i64, group_id: i64, name: &str, now: i64) -> Result<i64> {
    let id = tx.next_id("role")?;
    tx.prepare_cached("INSERT INTO role (id, account_id, group_id, name, created_at) VALUES ($1, $2, $3, $4, $5)")?
        .execute(params![id, account_id, group_id, name, now])?;
    Ok(id)
}

pub fn update(tx: &Tx, id: i64, group_id: i64, name: &str) -> Result<()> {
    tx.prepare_cached("UPDATE role SET group_id = $2, name = $3 WHERE id = $1")?
        .execute(params![id, group_id, name])?;
    Ok(())
}

pub fn set_permissions(tx: &Tx, id: i64, permissions: Permissions) -> Result<()> {
    tx.prepare_cached("DELETE FROM role_permission WHERE role_id = $1")?.execute([id])?;
    let mut insert = tx.prepare_cached("INSERT INTO role_permission (role_id, permission) VALUES ($1, $2)")?;
    for permission in permissions.iter() {
        insert.execute(params![id, permission.word()])?;
    }
    Ok(())
}

/// None: all of the account.
pub fn set_sites(tx: &Tx, id: i64, sites: Option<&[i64]>) -> Result<()> {
    tx.prepare_cached("UPDATE role SET only_sites = $2 WHERE id = $1")?.execute(params![id, sites.is_some()])?;
    tx.prepare_cached("DELETE FROM role_site WHERE role_id = $1")?.execute([id])?;
    let mut insert = tx.prepare_cached("INSERT INTO role_site (role_id, site_id) VALUES ($1, $2)")?;
    for site in sites.unwrap_or_default() {
        insert.execute(params![id, site])?;
    }
    Ok(())
}

/// Whoever has the role logs in again.
pub fn end_sessions(tx: &Tx, id: i64) -> Result<()> {
    tx.prepare_cached("DELETE FROM session WHERE user_id IN (SELECT id FROM users WHERE role_id = $1)")?
        .execute([id])?;
    Ok(())
}

pub fn remove(tx: &Tx, id: i64) -> Result<()> {
    tx.prepare_cached("DELETE FROM role WHERE id = $1")?.execute([id])?;
    Ok(())
}

#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct RoleGroup {
    pub id: i64,
    pub name: String,
    pub built_in: bool,
    pub roles: i64,
}

pub fn groups(conn: &Connection, account_id: i64, id: Option<i64>) -> Result<Vec<RoleGroup>> {
    let mut statement = conn.prepare_cached(
        "SELECT g.id, g.name, g.account_id IS NULL,
                (SELECT count(*) FROM role r WHERE r.group_id = g.id AND (r.account_id = $1 OR r.account_id IS NULL))
         FROM role_group g WHERE (g.account_id = $1 OR g.account_id IS NULL) AND ($2 IS NULL OR g.id = $2)
         ORDER BY g.account_id IS NOT NULL, g.name",
    )?;
    let rows = statement.query_map(params![account_id, id], |row| {
        Ok(RoleGroup { id: row.get(0)?, name: row.get(1)?, built_in: row.get(2)?, roles: row.get(3)? })
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

pub fn group_named(conn: &Connection, account_id: i64, name: &str) -> Result<Option<i64>> {
    let sql = "SELECT id FROM role_group WHERE (account_id = $1 OR account_id IS NULL) AND name = $2";
    Ok(conn.prepare_cached(sql)?.query_row(params![account_id, name], |row| row.get(0)).optional()?)
}

pub fn role_named(conn: &Connection, account_id: i64, name: &str) -> Result<Option<i64>> {
    let sql = "SELECT id FROM role WHERE (account_id = $1 OR account_id IS NULL) AND name = $2";
    Ok(conn.prepare_cached(sql)?.query_row(params![account_id, name], |row| row.get(0)).optional()?)
}

pub fn add_group(tx: &Tx, account_id: i64, name: &str) -> Result<i64> {
    let id = tx.next_id("role_group")?;
    tx.prepare_cached("INSERT INTO role_group (id, account_id, name) VALUES ($1, $2, $3)")?
        .execute(params![id, account_id, name])?;
    Ok(id)
}

pub fn rename_group(tx: &Tx, id: i64, name: &str) -> Result<()> {
    tx.prepare_cached("UPDATE role_group SET name = $2 WHERE id = $1")?.execute(params![id, name])?;
    Ok(())
}

pub fn remove_group(tx: &Tx, id: i64) -> Result<()> {
    tx.prepare_cached("DELETE FROM role_group WHERE id = $1")?.execute([id])?;
    Ok(())
}
