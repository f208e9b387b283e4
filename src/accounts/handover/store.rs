//! The rows that name a device's account.

use crate::db::{Connection, OptionalExtension, Result, Touch, Tx, params};
use crate::net::Mac;

/// To an account below, with what belongs to the device alone. Answers whether it was there.
pub fn hand_down(tx: &mut Tx, mac: Mac, from: i64, to: i64, now: i64) -> Result<bool> {
    let number = mac.to_u64() as i64;
    // Handed on: from here it returns to this account, and then to whose it was before.
    tx.prepare_cached(
        "INSERT INTO handed_on (device_id, step, account_id)
         SELECT id, (SELECT coalesce(max(h.step) + 1, 0) FROM handed_on h WHERE h.device_id = device.id), returns_to
         FROM device WHERE mac = $1 AND account_id = $2 AND returns_to IS NOT NULL",
    )?
    .execute(params![number, from])?;
    let changed = tx
        .prepare_cached(
            "UPDATE device SET account_id = $3, returns_to = $2, profile_id = NULL, group_id = NULL, updated_at = $4,
               site_id = (SELECT min(id) FROM site WHERE account_id = $3)
             WHERE mac = $1 AND account_id = $2",
        )?
        .execute(params![number, from, to, now])?;
    if changed == 0 {
        return Ok(false);
    }
    // A SIP account that other devices use too stays where it was.
    tx.prepare_cached(
        "UPDATE line SET sip_account_id = NULL WHERE device_id = (SELECT id FROM device WHERE mac = $1)
           AND EXISTS (SELECT 1 FROM line l WHERE l.sip_account_id = line.sip_account_id AND l.device_id <> line.device_id)",
    )?
    .execute([number])?;
    for sql in [
        "UPDATE sip_account SET account_id = $2 WHERE id IN (SELECT l.sip_account_id FROM line l JOIN device d ON d.id = l.device_id WHERE d.mac = $1)",
        "UPDATE line SET account_id = $2 WHERE device_id = (SELECT id FROM device WHERE mac = $1)",
        "UPDATE setting SET account_id = $2 WHERE layer IN ('device', 'line') AND scope = (SELECT id FROM device WHERE mac = $1)",
        "UPDATE raw_text SET account_id = $2 WHERE layer IN ('device', 'line') AND scope = (SELECT id FROM device WHERE mac = $1)",
        "UPDATE certificate_request SET account_id = $2 WHERE mac = $1",
    ]
    .into_iter()
    .chain(OF_DEVICE)
    {
        tx.prepare_cached(sql)?.execute(params![number, to])?;
    }
    tx.touch(Touch::Device(mac));
    Ok(true)
}

/// Rows that follow a device wherever it goes.
const OF_DEVICE: [&str; 5] = [
    "UPDATE known_certificate SET account_id = $2 WHERE device_id = (SELECT id FROM device WHERE mac = $1)",
    "UPDATE binding SET account_id = $2 WHERE device_id = (SELECT id FROM device WHERE mac = $1)",
    "UPDATE upload SET account_id = $2 WHERE device_id = (SELECT id FROM device WHERE mac = $1)",
    "UPDATE challenge SET account_id = $2 WHERE device_id = (SELECT id FROM device WHERE mac = $1)",
    "UPDATE certificate_file SET account_id = $2 WHERE device_id = (SELECT id FROM device WHERE mac = $1)",
];

/// To whose it was: known, not active, without lines, settings, uploads.
pub fn give_back(tx: &mut Tx, mac: Mac, to: i64, now: i64) -> Result<()> {
    let number = mac.to_u64() as i64;
    for sql in [
        "DELETE FROM setting WHERE layer IN ('device', 'line') AND scope = (SELECT id FROM device WHERE mac = $1)",
        "DELETE FROM raw_text WHERE layer IN ('device', 'line') AND scope = (SELECT id FROM device WHERE mac = $1)",
        "DELETE FROM line WHERE device_id = (SELECT id FROM device WHERE mac = $1)",
        "DELETE FROM binding WHERE device_id = (SELECT id FROM device WHERE mac = $1)",
        "DELETE FROM upload WHERE device_id = (SELECT id FROM device WHERE mac = $1)",
        "DELETE FROM challenge WHERE device_id = (SELECT id FROM device WHERE mac = $1)",
        "DELETE FROM certificate_file WHERE device_id = (SELECT id FROM device WHERE mac = $1)",
        "DELETE FROM certificate_request WHERE mac = $1",
    ] {
        tx.prepare_cached(sql)?.execute([number])?;
    }
    tx.prepare_cached(
        "UPDATE known_certificate SET account_id = $2 WHERE device_id = (SELECT id FROM device WHERE mac = $1)",
    )?
    .execute(params![number, to])?;
    let owner_before = pop(tx, number)?;
    tx.prepare_cached(
        "UPDATE device SET account_id = $2, returns_to = $4, profile_id = NULL, group_id = NULL, url_sealed = NULL,
           name = NULL, state = 'known', activated_at = NULL, window_until = 0, window_peer = NULL, proof = NULL,
           proof_at = NULL, secrets_at = NULL, enrolled_at = NULL, updated_at = $3,
           site_id = (SELECT min(id) FROM site WHERE account_id = $2)
         WHERE mac = $1",
    )?
    .execute(params![number, to, now, owner_before])?;
    tx.touch(Touch::Device(mac));
    Ok(())
}

/// Whose the device was before whom it returns to now.
pub fn pop(tx: &Tx, number: i64) -> Result<Option<i64>> {
    let sql = "DELETE FROM handed_on WHERE device_id = (SELECT id FROM device WHERE mac = $1)
                 AND step = (SELECT max(h.step) FROM handed_on h WHERE h.device_id = handed_on.device_id) RETURNING account_id";
    Ok(tx.prepare_cached(sql)?.query_row([number], |row| row.get(0)).optional()?)
}

/// A device as whoever handed it down sees it: what the account below made of it is its own.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct HandedDown {
    pub mac: String,
    pub serial: Option<String>,
    pub vendor: Option<String>,
    pub model: Option<String>,
    #[serde(skip)]
    pub number: i64,
}

pub fn handed_down(conn: &Connection, by: i64, to: i64, after: i64, rows: u32) -> Result<Vec<HandedDown>> {
    let mut statement = conn.prepare_cached(
        "SELECT mac, serial, vendor, model FROM device
         WHERE account_id = $1 AND returns_to = $2 AND mac > $3 ORDER BY mac LIMIT $4",
    )?;
    let rows = statement.query_map(params![to, by, after, rows], |row| {
        let number: i64 = row.get(0)?;
        let mac = Mac::from_u64(number as u64).map(|mac| mac.to_string()).unwrap_or_default();
        Ok(HandedDown { mac, serial: row.get(1)?, vendor: row.get(2)?, model: row.get(3)?, number })
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// Whether an account has devices that return to this one.
pub fn has_any_of(conn: &Connection, by: i64, at: i64) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM device WHERE account_id = $1 AND returns_to = $2)";
    Ok(conn.prepare_cached(sql)?.query_row([at, by], |row| row.get(0))?)
}

/// Whose devices of the account `of` return to `to`.
pub fn returns(tx: &Tx, mac: Mac, of: i64, to: i64) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM device WHERE mac = $1 AND account_id = $2 AND returns_to = $3)";
    Ok(tx.prepare_cached(sql)?.query_row(params![mac.to_u64() as i64, of, to], |row| row.get(0))?)
}
