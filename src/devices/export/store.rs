//! What an export reads besides the devices' rows, page by page.

use super::{Columns, Line, Owns};
use crate::db::{Connection, Result, params};
use crate::devices::place;
use crate::net::Mac;
use crate::profiles::url;
use crate::seal::{Keyring, hex};

/// Which columns there must be. Line passwords and other secrets have none.
pub fn columns(conn: &Connection, account_id: i64) -> Result<Columns> {
    let mut statement = conn.prepare("SELECT DISTINCT number FROM line WHERE account_id = $1 ORDER BY number")?;
    let lines = statement.query_map([account_id], |row| row.get(0))?.collect::<std::result::Result<_, _>>()?;
    let mut statement = conn.prepare(
        "SELECT DISTINCT line, name FROM setting
         WHERE account_id = $1 AND layer IN ('device', 'line') AND value IS NOT NULL ORDER BY line, name",
    )?;
    let settings = statement.query_map([account_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Columns { lines, settings: settings.collect::<std::result::Result<_, _>>()? })
}

/// Lines, settings, certificates and targets of the devices from one MAC to another.
pub fn own(conn: &Connection, keys: &Keyring, account_id: i64, span: (Mac, Mac)) -> Result<Owns> {
    let (first, last) = span;
    let (first, last) = (first.to_u64() as i64, last.to_u64() as i64);
    let mut owns = Owns::new();
    let mut lines = conn.prepare_cached(
        "SELECT d.mac, l.number, a.user, a.auth_id, a.display_name FROM device d JOIN line l ON l.device_id = d.id
            LEFT JOIN sip_account a ON a.id = l.sip_account_id
         WHERE d.account_id = $1 AND d.mac BETWEEN $2 AND $3 ORDER BY d.mac, l.number",
    )?;
    let mut rows = lines.query(params![account_id, first, last])?;
    while let Some(row) = rows.next()? {
        let Some(mac) = Mac::from_u64(row.get::<_, i64>(0)? as u64) else { continue };
        let line = Line { number: row.get(1)?, user: row.get(2)?, auth_id: row.get(3)?, display_name: row.get(4)? };
        owns.entry(mac).or_default().lines.push(line);
    }
    let mut settings = conn.prepare_cached(
        "SELECT d.mac, s.line, s.name, s.value FROM device d
            JOIN setting s ON s.layer IN ('device', 'line') AND s.scope = d.id
         WHERE d.account_id = $1 AND d.mac BETWEEN $2 AND $3 AND s.value IS NOT NULL",
    )?;
    let mut rows = settings.query(params![account_id, first, last])?;
    while let Some(row) = rows.next()? {
        let Some(mac) = Mac::from_u64(row.get::<_, i64>(0)? as u64) else { continue };
        owns.entry(mac).or_default().settings.insert((row.get(1)?, row.get(2)?), row.get(3)?);
    }
    let mut certificates = conn.prepare_cached(
        "SELECT d.mac, k.sha256 FROM device d JOIN known_certificate k ON k.device_id = d.id
         WHERE d.account_id = $1 AND d.mac BETWEEN $2 AND $3",
    )?;
    let mut rows = certificates.query(params![account_id, first, last])?;
    while let Some(row) = rows.next()? {
        let Some(mac) = Mac::from_u64(row.get::<_, i64>(0)? as u64) else { continue };
        owns.entry(mac).or_default().certificate = Some(hex(&row.get::<_, Vec<u8>>(1)?));
    }
    let mut urls = conn.prepare_cached(
        "SELECT mac, url_sealed FROM device WHERE account_id = $1 AND mac BETWEEN $2 AND $3 AND url_sealed IS NOT NULL",
    )?;
    let mut rows = urls.query(params![account_id, first, last])?;
    while let Some(row) = rows.next()? {
        let Some(mac) = Mac::from_u64(row.get::<_, i64>(0)? as u64) else { continue };
        let url = keys.open_secret(&place("url", mac), &row.get::<_, Vec<u8>>(1)?)?;
        owns.entry(mac).or_default().url = url::parse(url.reveal()).ok().map(|url| url.without_password());
    }
    Ok(owns)
}
