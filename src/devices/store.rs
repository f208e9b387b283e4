//! The device, line and SIP account rows.

use super::{Birth, Device, Line, Proof, SipAccount, State, TlsState, Token, place};
use crate::db::{Connection, OptionalExtension, Result, Row, Touch, Tx, params};
use crate::enrollment::codes::store as codes;
use crate::net::Mac;
use crate::seal::Keyring;
use crate::settings::Secret;
use crate::users::data;
use crate::vendors;
use std::borrow::Cow;

const COLUMNS: &str = "id, account_id, mac, vendor, model, serial, name, site_id, profile_id, group_id, url_sealed, state, \
    activated_at, window_until, window_peer, token_sealed, keys_revoked_at, proof, proof_at, secrets_at, tls_at, \
    enrolled_at, reset_at, conflict_at, created_at, updated_at, tls_state";

pub fn by_mac(conn: &Connection, keys: &Keyring, mac: Mac) -> Result<Option<Device>> {
    one(conn, keys, "mac = $1", params![mac.to_u64() as i64])
}

pub fn by_id(conn: &Connection, keys: &Keyring, id: i64) -> Result<Option<Device>> {
    one(conn, keys, "id = $1", params![id])
}

/// The password of its HTTP credentials: most devices never need it. It is of the same birth as the token: who showed an
/// old proof is told no new password.
pub fn http_password(conn: &Connection, keys: &Keyring, device: &Device) -> Result<Secret> {
    let sql = "SELECT http_password_sealed FROM device WHERE mac = $1 AND token_hash = $2";
    let (mac, token) = (device.mac.to_u64() as i64, Token::hash(device.token.reveal()));
    let sealed: Vec<u8> = conn.prepare_cached(sql)?.query_row(params![mac, token.as_slice()], |row| row.get(0))?;
    Ok(keys.open_secret(&place("http_password", device.mac), &sealed)?)
}

/// Whose token this is. Only the MAC: the rest is loaded by it, through the cache.
pub fn mac_by_token(conn: &Connection, hash: &[u8; 16]) -> Result<Option<Mac>> {
    let mut statement = conn.prepare_cached("SELECT mac FROM device WHERE token_hash = $1")?;
    let bits: Option<i64> = statement.query_row(params![hash.as_slice()], |row| row.get(0)).optional()?;
    Ok(bits.and_then(|bits| Mac::from_u64(bits as u64)))
}

fn one(conn: &Connection, keys: &Keyring, condition: &str, values: &crate::db::Params) -> Result<Option<Device>> {
    let mut statement = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM device WHERE {condition}"))?;
    let mut rows = statement.query(values)?;
    rows.next()?.map(|row| device(row, keys)).transpose()
}

fn device(row: &Row, keys: &Keyring) -> Result<Device> {
    let bits: i64 = row.get(2)?;
    let mac = Mac::from_u64(bits as u64).ok_or_else(|| crate::db::Error::Damaged(format!("device MAC {bits}")))?;
    let blob = |column| row.get_ref(column).and_then(|value| Ok(value.as_blob_or_null()?));
    let text = |column| row.get_ref(column).and_then(|value| Ok(value.as_str_or_null()?));
    let (vendor, model) = (text(3)?, text(4)?);
    let listed = vendors::listed(vendor.unwrap_or_default(), model);
    Ok(Device {
        id: row.get(0)?,
        account_id: row.get(1)?,
        mac,
        vendor: vendor.map(|own| listed.0.map_or_else(|| own.to_owned().into(), Cow::Borrowed)),
        model: model.map(|own| listed.1.map_or_else(|| own.to_owned().into(), Cow::Borrowed)),
        serial: row.get(5)?,
        name: row.get(6)?,
        site_id: row.get(7)?,
        profile_id: row.get(8)?,
        group_id: row.get(9)?,
        url: blob(10)?.map(|sealed| keys.open_secret(&place("url", mac), sealed)).transpose()?,
        state: State::of_word(text(11)?.unwrap_or_default()),
        activated_at: row.get(12)?,
        window_until: row.get(13)?,
        window_peer: row.get(14)?,
        token: keys.open_secret(&place("token", mac), blob(15)?.unwrap_or_default())?,
        proof: match text(17)? {
            Some("token") => Some(Proof::Token),
            Some("credentials") => Some(Proof::Credentials),
            Some("certificate") => Some(Proof::Certificate),
            _ => None,
        },
        proof_at: row.get(18)?,
        secrets_at: row.get(19)?,
        tls_at: row.get(20)?,
        enrolled_at: row.get(21)?,
        reset_at: row.get(22)?,
        conflict_at: row.get(23)?,
        created_at: row.get(24)?,
        updated_at: row.get(25)?,
        tls_state: TlsState::of_number(row.get(26)?),
        keys_revoked_at: row.get(16)?,
    })
}

pub fn lines(conn: &Connection, keys: &Keyring, device_id: i64) -> Result<Vec<Line>> {
    let mut statement = conn.prepare_cached(
        "SELECT line.number, a.id, a.user, a.auth_id, a.password_sealed, a.display_name, a.author, a.updated_at
         FROM line LEFT JOIN sip_account a ON a.id = line.sip_account_id WHERE line.device_id = $1 ORDER BY line.number",
    )?;
    let mut rows = statement.query(params![device_id])?;
    let mut lines = Vec::new();
    while let Some(row) = rows.next()? {
        let account = match row.get::<_, Option<i64>>(1)? {
            None => None,
            Some(id) => {
                let password: Option<Vec<u8>> = row.get(4)?;
                Some(SipAccount {
                    id,
                    user: row.get(2)?,
                    auth_id: row.get(3)?,
                    password: password.map(|sealed| keys.open_secret(&password_place(id), &sealed)).transpose()?,
                    display_name: row.get(5)?,
                    author: row.get(6)?,
                    updated_at: row.get(7)?,
                })
            }
        };
        lines.push(Line { number: row.get(0)?, account });
    }
    Ok(lines)
}

pub fn password_place(sip_account_id: i64) -> String {
    format!("sip_account.password/{sip_account_id}")
}

/// What a new device needs; everything else takes its default.
#[derive(Debug, Clone, Default)]
pub struct NewDevice {
    pub vendor: Option<String>,
    pub model: Option<String>,
    pub serial: Option<String>,
    pub name: Option<String>,
    pub site_id: Option<i64>,
    pub profile_id: Option<i64>,
    pub group_id: Option<i64>,
}

pub fn insert(tx: &mut Tx, account_id: i64, mac: Mac, new: &NewDevice, birth: &Birth, now: i64) -> Result<i64> {
    tx.prepare_cached(
        "INSERT INTO device (account_id, mac, vendor, model, serial, name, site_id, profile_id, group_id,
            token_sealed, token_hash, http_password_sealed, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)",
    )?
    .execute(params![
        account_id,
        mac.to_u64() as i64,
        new.vendor,
        new.model,
        new.serial,
        new.name,
        new.site_id,
        new.profile_id,
        new.group_id,
        birth.token_sealed,
        birth.token_hash.as_slice(),
        birth.http_password_sealed,
        now
    ])?;
    let id = tx.last_insert_rowid();
    codes::forget(tx, mac, now)?;
    tx.touch(Touch::Device(mac));
    Ok(id)
}

/// Every change of something a device's files are made of goes through here, so that Last-Modified moves.
pub fn changed(tx: &mut Tx, mac: Mac, now: i64) -> Result<()> {
    tx.prepare_cached("UPDATE device SET updated_at = $2 WHERE mac = $1")?
        .execute(params![mac.to_u64() as i64, now])?;
    tx.touch(Touch::Device(mac));
    Ok(())
}

pub fn activate(tx: &mut Tx, mac: Mac, window_ms: i64, now: i64) -> Result<()> {
    tx.prepare_cached("UPDATE device SET state = 'active', activated_at = $2, window_until = $3 WHERE mac = $1")?
        .execute(params![mac.to_u64() as i64, now, now + window_ms])?;
    codes::forget(tx, mac, now)?;
    changed(tx, mac, now)
}

/// "Let this phone in again": a new window, a new token, a new HTTP password, no proof on record.
pub fn let_in_again(tx: &mut Tx, mac: Mac, birth: &Birth, window_ms: i64, now: i64) -> Result<bool> {
    let rows = tx
        .prepare_cached(
            "UPDATE device SET state = 'active', window_until = $2, window_peer = NULL, token_sealed = $3, token_hash = $4,
                http_password_sealed = $5, proof = NULL, proof_at = NULL, secrets_at = NULL, tls_at = NULL, reset_at = NULL,
                conflict_at = NULL, enrolled_at = NULL, tls_state = min(tls_state, 1), keys_revoked_at = NULL
             WHERE mac = $1",
        )?
        .execute(params![
            mac.to_u64() as i64,
            now + window_ms,
            birth.token_sealed,
            birth.token_hash.as_slice(),
            birth.http_password_sealed
        ])?;
    // What was made for the phone that had the old ones is no key to the new window.
    for sql in [
        "DELETE FROM challenge WHERE device_id = (SELECT id FROM device WHERE mac = $1)",
        "DELETE FROM certificate_file WHERE device_id = (SELECT id FROM device WHERE mac = $1)",
        FORGET_REQUESTS,
    ] {
        tx.prepare_cached(sql)?.execute([mac.to_u64() as i64])?;
    }
    codes::forget(tx, mac, now)?;
    changed(tx, mac, now)?;
    Ok(rows == 1)
}

/// Every state is named for the sake of the index.
const FORGET_REQUESTS: &str =
    "DELETE FROM certificate_request WHERE state IN ('waiting', 'approved', 'declined') AND mac = $1";

/// After "revoke all keys": somebody gives it a new one.
pub fn may_have_keys(tx: &mut Tx, mac: Mac, now: i64) -> Result<()> {
    let sql = "UPDATE device SET keys_revoked_at = NULL WHERE mac = $1 AND keys_revoked_at IS NOT NULL";
    if tx.prepare_cached(sql)?.execute([mac.to_u64() as i64])? > 0 {
        changed(tx, mac, now)?;
    }
    Ok(())
}

pub fn remove(tx: &mut Tx, device: &Device) -> Result<()> {
    tx.prepare_cached("DELETE FROM setting WHERE layer IN ('device', 'line') AND scope = $1")?
        .execute(params![device.id])?;
    tx.prepare_cached("DELETE FROM raw_text WHERE layer = 'device' AND scope = $1")?.execute(params![device.id])?;
    let accounts: Vec<i64> = tx
        .prepare_cached("SELECT sip_account_id FROM line WHERE device_id = $1 AND sip_account_id IS NOT NULL")?
        .query_map(params![device.id], |row| row.get(0))?
        .collect::<std::result::Result<_, _>>()?;
    tx.prepare_cached("DELETE FROM device WHERE id = $1")?.execute(params![device.id])?;
    // They name the MAC, not the row: whoever adds the MAC next has not asked for anything.
    tx.prepare_cached(FORGET_REQUESTS)?.execute([device.mac.to_u64() as i64])?;
    for id in accounts {
        tx.prepare_cached(
            "DELETE FROM sip_account WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM line WHERE sip_account_id = $1)",
        )?
        .execute(params![id])?;
    }
    tx.touch(Touch::Device(device.mac));
    Ok(())
}

/// Whose a device is, if anybody's.
pub fn owner(conn: &Connection, mac: Mac) -> Result<Option<i64>> {
    let mut statement = conn.prepare_cached("SELECT account_id FROM device WHERE mac = $1")?;
    Ok(statement.query_row([mac.to_u64() as i64], |row| row.get(0)).optional()?)
}

pub fn id(conn: &Connection, account_id: i64, mac: Mac) -> Result<Option<i64>> {
    let mut statement = conn.prepare_cached("SELECT id FROM device WHERE mac = $1 AND account_id = $2")?;
    Ok(statement.query_row(params![mac.to_u64() as i64, account_id], |row| row.get(0)).optional()?)
}

/// Writes the words of a device: everything a person can change but its state, lines and settings.
pub fn update(tx: &mut Tx, device_id: i64, mac: Mac, new: &NewDevice, now: i64) -> Result<()> {
    tx.prepare_cached(
        "UPDATE device SET vendor = $2, model = $3, serial = $4, name = $5, site_id = $6, profile_id = $7, group_id = $8
         WHERE id = $1",
    )?
    .execute(params![
        device_id,
        new.vendor,
        new.model,
        new.serial,
        new.name,
        new.site_id,
        new.profile_id,
        new.group_id
    ])?;
    changed(tx, mac, now)
}

/// The device's own target: its URL with the credentials in it, sealed whole. `None`: its profile's.
pub fn set_url(tx: &mut Tx, keys: &Keyring, mac: Mac, url: Option<&str>, now: i64) -> Result<()> {
    let sealed = url.map(|url| keys.seal(&place("url", mac), url.as_bytes())).transpose()?;
    tx.prepare_cached("UPDATE device SET url_sealed = $2 WHERE mac = $1")?
        .execute(params![mac.to_u64() as i64, sealed])?;
    changed(tx, mac, now)
}

/// Blocked: nothing is served, the window is shut.
pub fn block(tx: &mut Tx, mac: Mac, now: i64) -> Result<()> {
    tx.prepare_cached("UPDATE device SET state = 'blocked', window_until = 0 WHERE mac = $1")?
        .execute([mac.to_u64() as i64])?;
    changed(tx, mac, now)
}

/// Active again without a new window: it has its configuration and proves itself.
pub fn unblock(tx: &mut Tx, mac: Mac, now: i64) -> Result<()> {
    tx.prepare_cached("UPDATE device SET state = 'active' WHERE mac = $1")?.execute([mac.to_u64() as i64])?;
    codes::forget(tx, mac, now)?;
    changed(tx, mac, now)
}

pub fn active_of_site(conn: &Connection, site_id: i64, limited: Option<i64>) -> Result<Vec<Mac>> {
    let seen = limited.map_or("1 = 1".to_owned(), data::store::device);
    let mut statement = conn.prepare_cached(&format!(
        "SELECT d.mac FROM device d WHERE d.site_id = $1 AND d.state = 'active' AND {seen} ORDER BY d.mac"
    ))?;
    let bits = statement.query_map([site_id], |row| row.get::<_, i64>(0))?;
    let bits = bits.collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(bits.into_iter().filter_map(|bits| Mac::from_u64(bits as u64)).collect())
}

/// Takes a device off the list of waiting ones.
pub fn no_longer_pending(tx: &Tx, mac: Mac) -> Result<bool> {
    Ok(tx.prepare_cached("DELETE FROM pending WHERE mac = $1")?.execute([mac.to_u64() as i64])? > 0)
}

/// A device nobody added that asked in a network which queues them.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Pending {
    #[schema(value_type = String, example = "805ec0aabb01")]
    pub mac: Mac,
    pub vendor: Option<String>,
    pub model: Option<String>,
    pub peer: String,
    pub first_at: i64,
    pub last_at: i64,
}

pub fn pending(conn: &Connection, account_id: i64, after: i64, rows: u32) -> Result<Vec<Pending>> {
    let mut statement = conn.prepare_cached(
        "SELECT mac, vendor, model, peer, first_at, last_at FROM pending
         WHERE account_id = $1 AND mac > $2 ORDER BY mac LIMIT $3",
    )?;
    let mut rows = statement.query(params![account_id, after, rows])?;
    let mut waiting = Vec::new();
    while let Some(row) = rows.next()? {
        let bits: i64 = row.get(0)?;
        let Some(mac) = Mac::from_u64(bits as u64) else { continue };
        waiting.push(Pending {
            mac,
            vendor: row.get(1)?,
            model: row.get(2)?,
            peer: row.get(3)?,
            first_at: row.get(4)?,
            last_at: row.get(5)?,
        });
    }
    Ok(waiting)
}

/// SHA-256 of the certificate that it left the factory with, where an import named it.
pub fn known_certificate(conn: &Connection, device_id: i64) -> Result<Option<Vec<u8>>> {
    let mut statement = conn.prepare_cached("SELECT sha256 FROM known_certificate WHERE device_id = $1")?;
    Ok(statement.query_row([device_id], |row| row.get(0)).optional()?)
}
