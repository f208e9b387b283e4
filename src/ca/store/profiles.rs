//! The rows of certificate profiles.

use crate::ca::cert_profile::CertProfile;
use crate::db::{BOX_ACCOUNT, Connection, Result, Row, ToSql, Tx, params};

/// A profile's columns, in the order of [`profile`].
const PROFILE: &str =
    "id, name, key_types, rsa_least, rsa_most, validity_days, backdate_days, subject, san, updated_at";

fn profile(row: &Row) -> Result<CertProfile> {
    Ok(CertProfile {
        id: row.get(0)?,
        name: row.get(1)?,
        key_types: row.get::<_, String>(2)?.split_whitespace().map(str::to_owned).collect(),
        rsa_least: row.get(3)?,
        rsa_most: row.get(4)?,
        validity_days: row.get(5)?,
        backdate_days: row.get(6)?,
        subject: row.get(7)?,
        san: row.get(8)?,
        updated_at: row.get(9)?,
    })
}

fn profiles_where(conn: &Connection, condition: &str, value: &dyn ToSql) -> Result<Vec<CertProfile>> {
    let sql = format!("SELECT {PROFILE} FROM certificate_profile WHERE account_id = $1 AND {condition} ORDER BY name");
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(params![BOX_ACCOUNT, value])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(profile(row)?);
    }
    Ok(found)
}

pub fn profile_by_id(conn: &Connection, id: i64) -> Result<Option<CertProfile>> {
    Ok(profiles_where(conn, "id = $2", &id)?.pop())
}

pub fn profile_by_name(conn: &Connection, name: &str) -> Result<Option<CertProfile>> {
    Ok(profiles_where(conn, "name = $2", &name)?.pop())
}

pub fn profiles(conn: &Connection) -> Result<Vec<CertProfile>> {
    profiles_where(conn, "$2", &true)
}

/// Adds a profile, or changes the one of that id.
pub fn put_profile(tx: &Tx, profile: &CertProfile) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO certificate_profile (id, account_id, name, key_types, rsa_least, rsa_most, validity_days,
             backdate_days, subject, san, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, key_types = excluded.key_types,
             rsa_least = excluded.rsa_least, rsa_most = excluded.rsa_most, validity_days = excluded.validity_days,
             backdate_days = excluded.backdate_days, subject = excluded.subject, san = excluded.san,
             updated_at = excluded.updated_at",
    )?
    .execute(params![
        profile.id,
        BOX_ACCOUNT,
        profile.name,
        profile.key_types.join(" "),
        profile.rsa_least,
        profile.rsa_most,
        profile.validity_days,
        profile.backdate_days,
        profile.subject,
        profile.san,
        profile.updated_at
    ])?;
    Ok(())
}
