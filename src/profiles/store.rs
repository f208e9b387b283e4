//! The profile and target rows.

use super::{Profile, Target, TargetUrl, Trust, url};
use crate::db::{Connection, Error, OptionalExtension, Result, Tx, params};
use crate::layers;
use crate::seal::Keyring;
use crate::settings::{Layer, Secret};
use crate::users::data;

pub fn password_place(target_id: i64) -> String {
    format!("target.password/{target_id}")
}

/// Every profile with its targets: few, and needed together.
pub fn all(conn: &Connection, keys: &Keyring) -> Result<Vec<Profile>> {
    let mut statement = conn.prepare_cached(
        "SELECT id, account_id, name, settings_trust, secrets_trust, secrets_tls_only, secrets_over_tftp, https,
            keep_discovery, redirect_302, updated_at, certificates, certificate_profile
            FROM profile ORDER BY id",
    )?;
    let mut profiles = statement
        .query_map([], |row| {
            let settings_trust: String = row.get(3)?;
            let secrets_trust: String = row.get(4)?;
            Ok(Profile {
                id: row.get(0)?,
                account_id: row.get(1)?,
                name: row.get(2)?,
                // An unreadable word never lowers the bar.
                settings_trust: Trust::parse(&settings_trust).unwrap_or(Trust::Certificate),
                secrets_trust: Trust::parse(&secrets_trust).unwrap_or(Trust::Certificate),
                secrets_tls_only: row.get(5)?,
                secrets_over_tftp: row.get(6)?,
                https: row.get(7)?,
                keep_discovery: row.get(8)?,
                redirect_302: row.get(9)?,
                updated_at: row.get(10)?,
                certificates: row.get(11)?,
                certificate_profile: row.get(12)?,
                targets: Vec::new(),
            })
        })?
        .collect::<std::result::Result<Vec<_>, _>>()?;
    for profile in &mut profiles {
        profile.targets = targets(conn, keys, profile.id)?;
    }
    Ok(profiles)
}

pub fn targets(conn: &Connection, keys: &Keyring, profile_id: i64) -> Result<Vec<Target>> {
    let mut statement = conn.prepare_cached(
        "SELECT id, position, url, username, password_sealed, root_ca, phone_group FROM target
         WHERE profile_id = $1 ORDER BY position",
    )?;
    let mut rows = statement.query(params![profile_id])?;
    let mut targets = Vec::new();
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let text: Option<String> = row.get(2)?;
        let sealed: Option<Vec<u8>> = row.get(4)?;
        let parsed = text.map(|text| url::parse(&text)).transpose();
        targets.push(Target {
            id,
            position: row.get(1)?,
            url: parsed.map_err(|error| Error::Damaged(error.to_string()))?.map(|parsed| parsed.url),
            username: row.get(3)?,
            password: sealed.map(|sealed| keys.open_secret(&password_place(id), &sealed)).transpose()?,
            root_ca: row.get(5)?,
            phone_group: row.get(6)?,
        });
    }
    Ok(targets)
}

pub fn id(conn: &Connection, account_id: i64, name: &str) -> Result<Option<i64>> {
    let mut statement = conn.prepare_cached("SELECT id FROM profile WHERE account_id = $1 AND name = $2")?;
    Ok(statement.query_row(params![account_id, name], |row| row.get(0)).optional()?)
}

pub fn count(conn: &Connection, account_id: i64, limited: Option<i64>) -> Result<i64> {
    let seen = limited.map_or("1 = 1".to_owned(), data::store::profile);
    let sql = format!("SELECT count(*) FROM profile p WHERE p.account_id = $1 AND {seen}");
    Ok(conn.prepare_cached(&sql)?.query_row([account_id], |row| row.get(0))?)
}

/// What a new site takes when nobody says so, of those that its maker sees.
pub fn first(conn: &Connection, account_id: i64, limited: Option<i64>) -> Result<Option<i64>> {
    let seen = limited.map_or("1 = 1".to_owned(), data::store::profile);
    let sql = format!("SELECT min(p.id) FROM profile p WHERE p.account_id = $1 AND {seen}");
    let mut statement = conn.prepare_cached(&sql)?;
    Ok(statement.query_row([account_id], |row| row.get(0))?)
}

/// In order.
pub fn names(conn: &Connection, account_id: i64) -> Result<Vec<String>> {
    let mut statement = conn.prepare_cached("SELECT name FROM profile WHERE account_id = $1 ORDER BY name")?;
    let rows = statement.query_map([account_id], |row| row.get(0))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

pub fn insert(tx: &Tx, account_id: i64, name: &str, now: i64) -> Result<i64> {
    tx.prepare_cached("INSERT INTO profile (account_id, name, created_at, updated_at) VALUES ($1, $2, $3, $3)")?
        .execute(params![account_id, name, now])?;
    Ok(tx.last_insert_rowid())
}

/// Writes every field of a profile but its targets.
pub fn update(tx: &Tx, profile: &Profile, now: i64) -> Result<()> {
    tx.prepare_cached(
        "UPDATE profile SET name = $2, settings_trust = $3, secrets_trust = $4, secrets_tls_only = $5,
            secrets_over_tftp = $6, https = $7, keep_discovery = $8, redirect_302 = $9, updated_at = $10,
            certificates = $11, certificate_profile = $12 WHERE id = $1",
    )?
    .execute(params![
        profile.id,
        profile.name,
        profile.settings_trust.word(),
        profile.secrets_trust.word(),
        profile.secrets_tls_only,
        profile.secrets_over_tftp,
        profile.https,
        profile.keep_discovery,
        profile.redirect_302,
        now,
        profile.certificates,
        profile.certificate_profile
    ])?;
    Ok(())
}

/// How many sites and devices name it.
pub fn users(conn: &Connection, id: i64) -> Result<(i64, i64)> {
    let mut statement = conn.prepare_cached(
        "SELECT (SELECT count(*) FROM site WHERE profile_id = $1), (SELECT count(*) FROM device WHERE profile_id = $1)",
    )?;
    Ok(statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// With its targets and settings. The caller has seen that nobody names it.
pub fn remove(tx: &Tx, id: i64) -> Result<()> {
    layers::store::clear(tx, Layer::Profile, id)?;
    tx.prepare_cached("DELETE FROM profile WHERE id = $1")?.execute([id])?;
    Ok(())
}

/// A target to be written: everything but its id and place.
pub struct NewTarget {
    pub url: Option<TargetUrl>,
    pub username: Option<String>,
    pub password: Option<Secret>,
    pub root_ca: Option<String>,
    pub phone_group: u16,
}

/// Writes a target: a new one at the end, or the one with this id.
pub fn put_target(
    tx: &Tx,
    keys: &Keyring,
    account_id: i64,
    profile_id: i64,
    id: Option<i64>,
    target: &NewTarget,
) -> Result<()> {
    let target_id = match id {
        Some(id) => id,
        None => {
            tx.prepare_cached(
                "INSERT INTO target (account_id, profile_id, position)
                 SELECT $1, $2, coalesce(max(position), -1) + 1 FROM target WHERE profile_id = $2",
            )?
            .execute(params![account_id, profile_id])?;
            tx.last_insert_rowid()
        }
    };
    let password = target.password.as_ref();
    let sealed =
        password.map(|secret| keys.seal(&password_place(target_id), secret.reveal().as_bytes())).transpose()?;
    let url = target.url.as_ref().map(ToString::to_string);
    tx.prepare_cached(
        "UPDATE target SET url = $2, username = $3, password_sealed = $4, root_ca = $5, phone_group = $6 WHERE id = $1",
    )?
    .execute(params![target_id, url, target.username, sealed, target.root_ca, target.phone_group])?;
    Ok(())
}

pub fn remove_target(tx: &Tx, id: i64) -> Result<()> {
    tx.prepare_cached("DELETE FROM target WHERE id = $1")?.execute([id])?;
    Ok(())
}
