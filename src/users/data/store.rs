//! The one place that says what a limited user sees.

use super::Sight;
use crate::db::{Connection, Result, Row, Tx, params};

/// SQL over the site id in `site`.
fn of_site(user_id: i64, site: &str) -> String {
    format!(
        "(NOT EXISTS (SELECT 1 FROM users lu JOIN role lr ON lr.id = lu.role_id WHERE lu.id = {user_id} AND lr.only_sites = 1)
          OR {site} IN (SELECT rs.site_id FROM role_site rs JOIN users lu ON lu.role_id = rs.role_id WHERE lu.id = {user_id}))"
    )
}

/// SQL over the profile id in `profile`.
fn of_profile(user_id: i64, profile: &str) -> String {
    format!(
        "(NOT EXISTS (SELECT 1 FROM users lu WHERE lu.id = {user_id} AND lu.only_profiles = 1)
          OR {profile} IN (SELECT pu.profile_id FROM profile_user pu WHERE pu.user_id = {user_id}))"
    )
}

/// For lists of sites `s`.
pub fn site(user_id: i64) -> String {
    of_site(user_id, "s.id")
}

/// For lists of profiles `p`.
pub fn profile(user_id: i64) -> String {
    of_profile(user_id, "p.id")
}

/// For lists of devices `d`. A device without a profile of its own has its site's (ALE-078).
pub fn device(user_id: i64) -> String {
    let profile = "coalesce(d.profile_id, (SELECT ls.profile_id FROM site ls WHERE ls.id = d.site_id))";
    format!("{} AND {}", of_site(user_id, "d.site_id"), of_profile(user_id, profile))
}

/// Whether anything is limited.
pub fn is_limited(conn: &Connection, user_id: i64) -> Result<bool> {
    let sql =
        "SELECT u.only_profiles = 1 OR r.only_sites = 1 FROM users u JOIN role r ON r.id = u.role_id WHERE u.id = $1";
    Ok(conn.prepare_cached(sql)?.query_row([user_id], |row| row.get(0))?)
}

pub fn sees_site(conn: &Connection, user_id: i64, id: i64) -> Result<bool> {
    exists(conn, &format!("SELECT EXISTS (SELECT 1 FROM site s WHERE s.id = $1 AND {})", site(user_id)), id)
}

pub fn sees_profile(conn: &Connection, user_id: i64, id: i64) -> Result<bool> {
    let rule = profile(user_id);
    exists(conn, &format!("SELECT EXISTS (SELECT 1 FROM profile p WHERE p.id = $1 AND {rule})"), id)
}

pub fn sees_device(conn: &Connection, user_id: i64, id: i64) -> Result<bool> {
    let rule = device(user_id);
    let sql = format!("SELECT EXISTS (SELECT 1 FROM device d WHERE d.id = $1 AND {rule})");
    exists(conn, &sql, id)
}

/// What a change of a site reaches: the site itself, its profile, and every phone in it.
pub fn has_all_of_site(conn: &Connection, user_id: i64, id: i64) -> Result<bool> {
    let (site, profile, device) = (site(user_id), of_profile(user_id, "s.profile_id"), device(user_id));
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM site s WHERE s.id = $1 AND {site} AND (s.profile_id IS NULL OR {profile}))
            AND NOT EXISTS (SELECT 1 FROM device d WHERE d.site_id = $1 AND ({device}) IS NOT TRUE)"
    );
    exists(conn, &sql, id)
}

/// What a change of a profile reaches: every site and every phone that has it.
pub fn has_all_of_profile(conn: &Connection, user_id: i64, id: i64) -> Result<bool> {
    let (site, device) = (site(user_id), device(user_id));
    let sql = format!(
        "SELECT NOT EXISTS (SELECT 1 FROM site s WHERE s.profile_id = $1 AND ({site}) IS NOT TRUE)
            AND NOT EXISTS (SELECT 1 FROM device d WHERE d.profile_id = $1 AND ({device}) IS NOT TRUE)"
    );
    exists(conn, &sql, id)
}

/// What a change of a SIP account reaches: every phone with a line that registers it. One that has no line is the account's.
pub fn has_all_of_sip_account(conn: &Connection, user_id: i64, id: i64) -> Result<bool> {
    let lines = "SELECT 1 FROM line l JOIN device d ON d.id = l.device_id WHERE l.sip_account_id = $1";
    let device = device(user_id);
    exists(conn, &format!("SELECT EXISTS ({lines}) AND NOT EXISTS ({lines} AND ({device}) IS NOT TRUE)"), id)
}

impl Sight {
    /// The same rule as [`device`], for who looks through many at once.
    pub fn of(conn: &Connection, user_id: i64) -> Result<Sight> {
        let ids = |sql: &str| -> Result<_> {
            let mut statement = conn.prepare_cached(sql)?;
            let rows = statement.query_map([user_id], |row| row.get(0))?;
            Ok(rows.collect::<std::result::Result<_, _>>()?)
        };
        let sql = "SELECT r.only_sites, u.only_profiles FROM users u JOIN role r ON r.id = u.role_id WHERE u.id = $1";
        let is_limited = |row: &Row| Ok((row.get(0)?, row.get(1)?));
        let (only_sites, only_profiles): (bool, bool) = conn.prepare_cached(sql)?.query_row([user_id], is_limited)?;
        let sites = "SELECT rs.site_id FROM role_site rs JOIN users u ON u.role_id = rs.role_id WHERE u.id = $1";
        let profiles = "SELECT profile_id FROM profile_user WHERE user_id = $1";
        let sites_of =
            "SELECT s.id FROM site s JOIN profile_user pu ON pu.profile_id = s.profile_id WHERE pu.user_id = $1";
        Ok(Sight {
            sites: if only_sites { Some(ids(sites)?) } else { None },
            profiles: if only_profiles { Some((ids(profiles)?, ids(sites_of)?)) } else { None },
        })
    }
}

fn exists(conn: &Connection, sql: &str, id: i64) -> Result<bool> {
    Ok(conn.prepare_cached(sql)?.query_row([id], |row| row.get(0))?)
}

/// ALE-080: what a limited user makes is that user's.
pub fn made_profile(tx: &Tx, user_id: i64, profile_id: i64) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO profile_user (profile_id, user_id, made) SELECT $1, id, 1 FROM users WHERE id = $2 AND only_profiles = 1",
    )?
    .execute(params![profile_id, user_id])?;
    Ok(())
}
