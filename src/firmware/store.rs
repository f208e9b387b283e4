//! The rows of choices, and the file rows that are releases.

use super::{Choice, Chosen, Policy, Release};
use crate::db::{BOX_ACCOUNT, Connection, Result, Tx, params};
use crate::files::store::FileSummary;
use crate::{files, vendors};
use std::collections::HashSet;

/// More models than anybody has.
const MODELS: u32 = 2_000;

/// Whose file may be whose: a release is its account's, the box's everybody's.
const RELEASES: &str = "SELECT f.account_id, f.name, f.vendor, f.model, f.version, f.created_at FROM file f
    WHERE f.kind = 'firmware' AND f.vendor IS NOT NULL AND f.model IS NOT NULL";

/// For the pipeline: everything of the accounts whose switch is on.
pub fn policy(conn: &Connection) -> Result<Policy> {
    let mut policy = Policy::default();
    let mut statement = conn.prepare_cached("SELECT id FROM account WHERE firmware_policy = 1")?;
    policy.accounts = statement.query_map([], |row| row.get(0))?.collect::<std::result::Result<_, _>>()?;
    if policy.accounts.is_empty() {
        return Ok(policy);
    }
    let on = "(SELECT id FROM account WHERE firmware_policy = 1)";
    let sql = format!("{RELEASES} AND (f.account_id = $1 OR f.account_id IN {on})");
    for release in of_rows(conn, &sql, BOX_ACCOUNT)? {
        policy.releases.entry(release.account_id).or_default().push(release);
    }
    let mut statement = conn.prepare_cached(&format!(
        "SELECT account_id, site_id, vendor, family, model, choice, version, author, updated_at FROM firmware_choice
         WHERE account_id IN {on}"
    ))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let place = (row.get(0)?, row.get(1)?);
        policy.choices.entry(place).or_default().extend(chosen(row, 2)?);
    }
    let mut statement = conn.prepare_cached(&format!(
        "SELECT own.account_id, lower(own.name) FROM file f
           JOIN file own ON own.account_id <> f.account_id AND lower(own.name) = lower(f.name)
         WHERE f.kind = 'firmware' AND f.account_id = $1 AND own.account_id IN {on}"
    ))?;
    let rows = statement.query_map([BOX_ACCOUNT], |row| Ok((row.get(0)?, row.get(1)?)))?;
    policy.shadowed = rows.collect::<std::result::Result<_, _>>()?;
    Ok(policy)
}

fn of_rows(conn: &Connection, sql: &str, account_id: i64) -> Result<Vec<Release>> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([account_id])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (file, vendor): (String, String) = (row.get(1)?, row.get(2)?);
        let Some(vendor) = vendors::by_id(&vendor) else { continue };
        let Some(version) = files::version("firmware", Some(vendor.id), &file, row.get(4)?) else { continue };
        let (account_id, model, created_at) = (row.get(0)?, row.get(3)?, row.get(5)?);
        found.push(Release { account_id, vendor, model, version, file: file.into(), created_at });
    }
    Ok(found)
}

/// A word that this program does not know chooses nothing.
fn chosen(row: &crate::db::Row, first: usize) -> Result<Option<Chosen>> {
    let word: String = row.get(first + 3)?;
    let Some(choice) = Choice::of_word(&word) else { return Ok(None) };
    let author: String = row.get(first + 5)?;
    Ok(Some(Chosen {
        vendor: row.get(first)?,
        family: row.get(first + 1)?,
        model: row.get(first + 2)?,
        choice,
        version: row.get(first + 4)?,
        author: author.into(),
        at: row.get(first + 6)?,
    }))
}

/// What an account's phones can be given: its own releases and the box's, but for those whose name means its own file. The
/// newest first.
pub fn releases(conn: &Connection, account_id: i64) -> Result<Vec<Release>> {
    let sql = format!(
        "{RELEASES} AND (f.account_id = $1 OR f.account_id = {BOX_ACCOUNT} AND NOT EXISTS
           (SELECT 1 FROM file own WHERE own.account_id = $1 AND lower(own.name) = lower(f.name)))"
    );
    let mut found = of_rows(conn, &sql, account_id)?;
    found.sort_by(|one, other| other.order(one));
    Ok(found)
}

/// Of an account, or of one of its sites.
pub fn choices(conn: &Connection, account_id: i64, site_id: Option<i64>) -> Result<Vec<Chosen>> {
    let mut statement = conn.prepare_cached(
        "SELECT vendor, family, model, choice, version, author, updated_at FROM firmware_choice
         WHERE account_id = $1 AND coalesce(site_id, 0) = $2 ORDER BY vendor, family, lower(model)",
    )?;
    let mut rows = statement.query(params![account_id, site_id.unwrap_or(0)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.extend(chosen(row, 0)?);
    }
    Ok(found)
}

/// In the place of what was chosen before; for a family also in that of what was chosen for its models (AVA-142). A site
/// that does as its account for a whole family has no row for it.
pub fn put(tx: &Tx, account_id: i64, site_id: Option<i64>, chosen: &Chosen) -> Result<()> {
    tx.prepare_cached(
        "DELETE FROM firmware_choice WHERE account_id = $1 AND coalesce(site_id, 0) = $2 AND vendor = $3
           AND (($5 = '' AND family = $4) OR ($5 <> '' AND lower(model) = lower($5)))",
    )?
    .execute(params![account_id, site_id.unwrap_or(0), chosen.vendor, chosen.family, chosen.model])?;
    if chosen.choice == Choice::Account && chosen.model.is_empty() {
        return Ok(());
    }
    tx.prepare_cached(
        "INSERT INTO firmware_choice (account_id, site_id, vendor, family, model, choice, version, author, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )?
    .execute(params![
        account_id,
        site_id,
        chosen.vendor,
        chosen.family,
        chosen.model,
        chosen.choice.word(),
        chosen.version,
        &*chosen.author,
        chosen.at
    ])?;
    Ok(())
}

/// Vendor and model of an account's devices, once each.
pub fn models(conn: &Connection, account_id: i64) -> Result<HashSet<(String, String)>> {
    let mut statement = conn.prepare_cached(
        "SELECT DISTINCT vendor, model FROM device
         WHERE account_id = $1 AND vendor IS NOT NULL AND model IS NOT NULL LIMIT $2",
    )?;
    let rows = statement.query_map(params![account_id, MODELS], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// Who chose the release that this file was, where no other file is it any more: an account, or a site of it.
pub fn missed(conn: &Connection, account_id: i64, was: &FileSummary) -> Result<Option<(String, Option<String>)>> {
    let (Some(vendor), Some(model), Some(version)) = (&was.vendor, &was.model, &was.version) else { return Ok(None) };
    let Some(vendor) = vendors::by_id(vendor).filter(|_| was.kind == "firmware") else { return Ok(None) };
    let mut statement = conn.prepare_cached(
        "SELECT c.account_id, a.name, s.name FROM firmware_choice c
           JOIN account a ON a.id = c.account_id LEFT JOIN site s ON s.id = c.site_id
         WHERE c.choice = 'release' AND c.vendor = $1 AND c.version = $2
           AND ((c.model = '' AND c.family = $3) OR lower(c.model) = lower($4)) AND (c.account_id = $5 OR $5 = $6)
         ORDER BY c.id",
    )?;
    let family = super::family(vendor, model);
    let rows = statement.query_map(params![vendor.id, version, family, model, account_id, BOX_ACCOUNT], |row| {
        Ok((row.get::<_, i64>(0)?, (row.get::<_, String>(1)?, row.get::<_, Option<String>>(2)?)))
    })?;
    for row in rows {
        let (chooser, names) = row?;
        let is_it = |one: &Release| one.is_of(vendor, model) && one.version == *version;
        if !releases(conn, chooser)?.iter().any(is_it) {
            return Ok(Some(names));
        }
    }
    Ok(None)
}
