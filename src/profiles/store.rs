//! The profile and target rows.

use super::{Profile, Target, Trust, url};
use crate::db::{Connection, Error, Result, params};
use crate::seal::Keyring;

pub fn password_place(target_id: i64) -> String {
    format!("target.password/{target_id}")
}

/// Every profile with its targets: few, and needed together.
pub fn all(conn: &Connection, keys: &Keyring) -> Result<Vec<Profile>> {
    let mut statement = conn.prepare_cached(
        "SELECT id, account_id, name, settings_trust, secrets_trust, secrets_tls_only, secrets_over_tftp, https,
            keep_discovery, redirect_302, updated_at FROM profile ORDER BY id",
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
