//! Lists of certificates.

use crate::db::{BOX_ACCOUNT, Connection, Result, ToSql, params};
use crate::net::Mac;
use crate::seal::hex;

#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Certificate {
    #[serde(skip)]
    pub id: i64,
    pub serial: String,
    /// `good`, `revoked` or `ended`.
    pub state: &'static str,
    #[schema(value_type = Option<String>)]
    pub mac: Option<Mac>,
    /// The MAC, or what stands for it.
    pub holder: String,
    pub subject: String,
    /// `none`: one of the box's own.
    pub profile: Option<String>,
    /// `scep`, `est`, `file`, `administrator`, or `box`.
    pub door: String,
    pub author: String,
    pub not_before: i64,
    pub not_after: i64,
    pub created_at: i64,
    pub revoked_at: Option<i64>,
    pub revoked_for: Option<String>,
    pub revoked_by: Option<String>,
}

/// The newest first; of one serial, of one holder, or all.
pub fn list(
    conn: &Connection,
    serial: Option<&[u8]>,
    holder: Option<&str>,
    before: i64,
    rows: u32,
    now: i64,
) -> Result<Vec<Certificate>> {
    let (condition, value): (&str, &dyn ToSql) = match (&serial, &holder) {
        (Some(serial), _) => ("c.serial = $2", serial),
        (None, Some(holder)) => ("c.holder = $2", holder),
        (None, None) => ("$2", &true),
    };
    let sql = format!(
        "SELECT c.id, c.serial, c.mac, c.holder, c.subject, p.name, c.door, c.author, c.not_before, c.not_after,
             c.created_at, c.revoked_at, c.revoked_for, c.revoked_by
         FROM certificate c LEFT JOIN certificate_profile p ON p.id = c.profile_id
         WHERE c.account_id = $1 AND {condition} AND c.id < $3 ORDER BY c.id DESC LIMIT $4"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let found = statement.query_map(params![BOX_ACCOUNT, value, before, rows], |row| {
        let (not_after, revoked_at): (i64, Option<i64>) = (row.get(9)?, row.get(11)?);
        Ok(Certificate {
            id: row.get(0)?,
            serial: hex(row.get_ref(1)?.as_blob().unwrap_or_default()),
            state: match revoked_at {
                Some(_) => "revoked",
                None if not_after <= now => "ended",
                None => "good",
            },
            mac: row.get::<_, Option<i64>>(2)?.and_then(|mac| Mac::from_u64(mac as u64)),
            holder: row.get(3)?,
            subject: row.get(4)?,
            profile: row.get(5)?,
            door: row.get(6)?,
            author: row.get(7)?,
            not_before: row.get(8)?,
            not_after,
            created_at: row.get(10)?,
            revoked_at,
            revoked_for: row.get(12)?,
            revoked_by: row.get(13)?,
        })
    })?;
    Ok(found.collect::<std::result::Result<_, _>>()?)
}

/// Whether somebody's device has this MAC.
pub fn is_device(conn: &Connection, mac: Mac) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM device WHERE mac = $1)";
    Ok(conn.prepare_cached(sql)?.query_row([mac.to_u64() as i64], |row| row.get(0))?)
}

pub fn der(conn: &Connection, serial: &[u8]) -> Result<Option<(i64, Vec<u8>)>> {
    use crate::db::OptionalExtension;
    let mut statement = conn.prepare_cached("SELECT authority_id, der FROM certificate WHERE serial = $1")?;
    Ok(statement.query_row(params![serial], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}
