//! What is shown of a device.

use super::Summary;
use crate::db::{Connection, Result, Row, params};
use crate::devices::TlsState;
use crate::net::Mac;
use crate::users::data;

const COLUMNS: &str = "SELECT d.mac, d.vendor, d.model, d.serial, d.name, s.name, p.name, g.name, d.state,
        d.activated_at, d.window_until, d.proof, d.proof_at, d.secrets_at, d.tls_at, d.enrolled_at, d.reset_at,
        d.conflict_at, d.created_at, d.updated_at, d.tls_state,
        (SELECT c.last_at FROM check_in c WHERE c.mac = d.mac ORDER BY c.id DESC LIMIT 1), d.firmware
     FROM device d LEFT JOIN site s ON s.id = d.site_id LEFT JOIN profile p ON p.id = d.profile_id
        LEFT JOIN device_group g ON g.id = d.group_id";

pub fn one(conn: &Connection, account_id: i64, mac: Mac) -> Result<Option<Summary>> {
    let mut statement = conn.prepare_cached(&format!("{COLUMNS} WHERE d.account_id = $1 AND d.mac = $2"))?;
    let mut rows = statement.query(params![account_id, mac.to_u64() as i64])?;
    rows.next()?.map(summary).transpose()
}

/// One that is on a page, if it is still this account's, and this limited user's to see.
pub fn one_of(conn: &Connection, account_id: i64, limited: Option<i64>, id: i64) -> Result<Option<Summary>> {
    let seen = limited.map(|user_id| format!(" AND {}", data::store::device(user_id))).unwrap_or_default();
    let mut statement = conn.prepare_cached(&format!("{COLUMNS} WHERE d.id = $1 AND d.account_id = $2{seen}"))?;
    let mut rows = statement.query(params![id, account_id])?;
    rows.next()?.map(summary).transpose()
}

fn summary(row: &Row) -> Result<Summary> {
    let bits: i64 = row.get(0)?;
    Ok(Summary {
        mac: Mac::from_u64(bits as u64).ok_or_else(|| crate::db::Error::Damaged(format!("device MAC {bits}")))?,
        vendor: row.get(1)?,
        model: row.get(2)?,
        serial: row.get(3)?,
        name: row.get(4)?,
        site: row.get(5)?,
        profile: row.get(6)?,
        group: row.get(7)?,
        state: row.get(8)?,
        activated_at: row.get(9)?,
        window_until: row.get(10)?,
        proof: row.get(11)?,
        proof_at: row.get(12)?,
        secrets_at: row.get(13)?,
        tls_at: row.get(14)?,
        enrolled_at: row.get(15)?,
        reset_at: row.get(16)?,
        conflict_at: row.get(17)?,
        created_at: row.get(18)?,
        updated_at: row.get(19)?,
        tls_state: TlsState::of_number(row.get(20)?),
        seen_at: row.get(21)?,
        firmware: row.get(22)?,
    })
}
