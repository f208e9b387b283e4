//! The enrolment rows.

use super::challenge::{Challenge, Hash};
use super::files::{self, File};
use super::requests::{New, Request, RequestState};
use crate::db::{Connection, OptionalExtension, Params, Result, Row, Tx, params};
use crate::devices::Device;
use crate::net::Mac;
use crate::seal::{Keyring, hex, sha256};
use crate::settings::Secret;
use zeroize::Zeroizing;

pub fn challenge_in_force(conn: &Connection, device_id: i64, profile_id: i64, now: i64) -> Result<Option<Vec<u8>>> {
    Ok(conn
        .prepare_cached(
            "SELECT secret_sealed FROM challenge
             WHERE device_id = $1 AND profile_id = $2 AND used_for IS NULL AND expires_at > $3",
        )?
        .query_row(params![device_id, profile_id, now], |row| row.get(0))
        .optional()?)
}

/// The newest secret in force, and the certificate profile it is for.
pub fn newest_challenge(conn: &Connection, device_id: i64, now: i64) -> Result<Option<(i64, Vec<u8>)>> {
    Ok(conn
        .prepare_cached(
            "SELECT profile_id, secret_sealed FROM challenge
             WHERE device_id = $1 AND used_for IS NULL AND expires_at > $2 ORDER BY created_at DESC, profile_id LIMIT 1",
        )?
        .query_row(params![device_id, now], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// Every secret of a device and the certificate profile it is for; used and over, too.
pub fn challenges(conn: &Connection, mac: Mac) -> Result<Vec<(i64, i64, Vec<u8>)>> {
    let mut statement = conn.prepare_cached(
        "SELECT challenge.device_id, challenge.profile_id, challenge.secret_sealed FROM challenge
         JOIN device ON device.id = device_id WHERE device.mac = $1
         ORDER BY challenge.created_at DESC, challenge.profile_id",
    )?;
    let found = statement.query_map([mac.to_u64() as i64], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(found.collect::<std::result::Result<_, _>>()?)
}

/// Whether a certificate that the device asked for itself is in force.
pub fn is_certified(conn: &Connection, mac: Mac, now: i64) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM certificate
               WHERE holder = $1 AND door IN ('scep', 'est') AND revoked_at IS NULL AND not_after > $2)";
    Ok(conn.prepare_cached(sql)?.query_row(params![mac.to_string(), now], |row| row.get(0))?)
}

pub fn put_challenge(
    tx: &Tx,
    device: &Device,
    profile_id: i64,
    sealed: &[u8],
    hash: &Hash,
    now: i64,
    until: i64,
) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO challenge (device_id, profile_id, account_id, secret_sealed, secret_hash, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (device_id, profile_id) DO UPDATE SET secret_sealed = excluded.secret_sealed,
            secret_hash = excluded.secret_hash, created_at = excluded.created_at, expires_at = excluded.expires_at,
            used_for = NULL, used_at = NULL",
    )?
    .execute(params![device.id, profile_id, device.account_id, sealed, hash, now, until])?;
    Ok(())
}

pub fn challenge(conn: &Connection, hash: &Hash) -> Result<Option<Challenge>> {
    let mut statement = conn.prepare_cached(
        "SELECT device.mac, challenge.profile_id, expires_at, used_for FROM challenge JOIN device ON device.id = device_id
         WHERE secret_hash = $1",
    )?;
    let mut rows = statement.query(params![hash])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let Some(mac) = Mac::from_u64(row.get::<_, i64>(0)? as u64) else { return Ok(None) };
    let used_for: Option<[u8; 32]> = row.get(3)?;
    Ok(Some(Challenge { mac, profile_id: row.get(1)?, expires_at: row.get(2)?, used_for }))
}

pub fn use_challenge(tx: &Tx, hash: &Hash, key: &[u8; 32], now: i64) -> Result<()> {
    tx.prepare_cached("UPDATE challenge SET used_for = $2, used_at = coalesce(used_at, $3) WHERE secret_hash = $1")?
        .execute(params![hash, key, now])?;
    Ok(())
}

/// Nothing was signed for it after all.
pub fn give_back(tx: &Tx, hash: &Hash, key: &[u8; 32]) -> Result<()> {
    tx.prepare_cached("UPDATE challenge SET used_for = NULL, used_at = NULL WHERE secret_hash = $1 AND used_for = $2")?
        .execute(params![hash, key])?;
    Ok(())
}

const REQUEST: &str =
    "SELECT id, mac, profile_id, state, spki, peer, created_at, decided_by, decided_at FROM certificate_request";

fn request(row: &Row<'_>) -> Result<Option<Request>> {
    let spki: Vec<u8> = row.get(4)?;
    let mac = Mac::from_u64(row.get::<_, i64>(1)? as u64);
    let Some(mac) = mac else { return Ok(None) };
    Ok(Some(Request {
        id: row.get(0)?,
        mac,
        profile_id: row.get(2)?,
        state: RequestState::of_word(&row.get::<_, String>(3)?),
        fingerprint: hex(&sha256(&spki)),
        peer: row.get(5)?,
        at: row.get(6)?,
        decided_by: row.get(7)?,
        decided_at: row.get(8)?,
        spki,
    }))
}

fn one_request(conn: &Connection, sql: &str, values: &Params) -> Result<Option<Request>> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    rows.next()?.map_or(Ok(None), request)
}

pub fn request_of(conn: &Connection, transaction: &[u8]) -> Result<Option<Request>> {
    one_request(conn, &format!("{REQUEST} WHERE transaction_id = $1"), params![transaction])
}

pub fn request_by_id(conn: &Connection, account_id: i64, id: i64) -> Result<Option<Request>> {
    one_request(conn, &format!("{REQUEST} WHERE account_id = $1 AND id = $2"), params![account_id, id])
}

/// Newest first; without `all`, only those that wait.
pub fn requests(conn: &Connection, account_id: i64, all: bool, before: i64, most: u32) -> Result<Vec<Request>> {
    let mut statement = conn.prepare_cached(&format!(
        "{REQUEST} WHERE account_id = $1 AND id < $2 AND ($3 OR state = 'waiting') ORDER BY id DESC LIMIT $4"
    ))?;
    let mut rows = statement.query(params![account_id, before, all, most])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.extend(request(row)?);
    }
    Ok(found)
}

/// How many wait in all, and of this device.
pub fn waiting(conn: &Connection, mac: Mac) -> Result<(i64, i64)> {
    Ok(conn
        .prepare_cached("SELECT count(*), coalesce(sum(mac = $1), 0) FROM certificate_request WHERE state = 'waiting'")?
        .query_row([mac.to_u64() as i64], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// What this address asked for this device before, if nobody has decided it yet, makes room.
pub fn replace_waiting(tx: &Tx, mac: Mac, peer: &str) -> Result<()> {
    tx.prepare_cached("DELETE FROM certificate_request WHERE state = 'waiting' AND mac = $1 AND peer = $2")?
        .execute(params![mac.to_u64() as i64, peer])?;
    Ok(())
}

pub fn add_request(tx: &Tx, new: &New, now: i64) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO certificate_request
            (account_id, mac, profile_id, transaction_id, spki, peer, state, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, 'waiting', $7)",
    )?
    .execute(params![
        new.account_id,
        new.mac.to_u64() as i64,
        new.profile_id,
        new.transaction,
        new.spki,
        new.peer,
        now
    ])?;
    Ok(())
}

/// Whether it waited until now.
pub fn decide(tx: &Tx, id: i64, state: RequestState, by: &str, now: i64) -> Result<bool> {
    let changed = tx
        .prepare_cached(
            "UPDATE certificate_request SET state = $2, decided_by = $3, decided_at = $4
             WHERE id = $1 AND state = 'waiting'",
        )?
        .execute(params![id, state.word(), by, now])?;
    Ok(changed == 1)
}

pub fn put_file(tx: &Tx, keys: &Keyring, device: &Device, file: &File) -> Result<()> {
    let seal = |column, bytes: &[u8]| keys.seal(&files::place(column, device.id), bytes);
    tx.prepare_cached(
        "INSERT INTO certificate_file (device_id, account_id, pkcs12_sealed, pem_sealed, password_sealed, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (device_id) DO UPDATE SET pkcs12_sealed = excluded.pkcs12_sealed,
            pem_sealed = excluded.pem_sealed, password_sealed = excluded.password_sealed,
            created_at = excluded.created_at",
    )?
    .execute(params![
        device.id,
        device.account_id,
        seal("pkcs12", &file.pkcs12)?,
        seal("pem", &file.pem)?,
        seal("password", file.password.reveal().as_bytes())?,
        file.created_at
    ])?;
    Ok(())
}

pub fn file(conn: &Connection, keys: &Keyring, device: &Device) -> Result<Option<File>> {
    type Sealed = (Vec<u8>, Vec<u8>, Vec<u8>, i64);
    let found: Option<Sealed> = conn
        .prepare_cached(
            "SELECT pkcs12_sealed, pem_sealed, password_sealed, created_at FROM certificate_file WHERE device_id = $1",
        )?
        .query_row([device.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    let open = |column, sealed: &[u8]| keys.open_bytes(&files::place(column, device.id), sealed).map(Zeroizing::new);
    let opened = |(pkcs12, pem, password, created_at): Sealed| {
        Ok(File {
            pkcs12: open("pkcs12", &pkcs12)?,
            pem: open("pem", &pem)?,
            password: keys.open_secret(&files::place("password", device.id), &password)?,
            created_at,
        })
    };
    found.map(opened).transpose()
}

/// Of the PKCS#12 file that there is.
pub fn file_password(conn: &Connection, keys: &Keyring, device_id: i64) -> Result<Option<Secret>> {
    let sealed: Option<Vec<u8>> = conn
        .prepare_cached("SELECT password_sealed FROM certificate_file WHERE device_id = $1")?
        .query_row([device_id], |row| row.get(0))
        .optional()?;
    sealed.map(|sealed| Ok(keys.open_secret(&files::place("password", device_id), &sealed)?)).transpose()
}

/// The certificate in a device's file.
pub struct Filed {
    pub profile_id: Option<i64>,
    pub is_revoked: bool,
    pub created_at: i64,
    pub not_after: i64,
}

pub fn filed(conn: &Connection, mac: Mac) -> Result<Option<Filed>> {
    let mut statement = conn.prepare_cached(
        "SELECT profile_id, revoked_at IS NOT NULL, created_at, not_after FROM certificate
         WHERE holder = $1 AND door = 'file' ORDER BY id DESC LIMIT 1",
    )?;
    let found = statement.query_row(params![mac.to_string()], |row| {
        Ok(Filed { profile_id: row.get(0)?, is_revoked: row.get(1)?, created_at: row.get(2)?, not_after: row.get(3)? })
    });
    Ok(found.optional()?)
}

/// A certificate of this box, as far as it proves its holder.
pub struct Issued {
    pub mac: Option<Mac>,
    pub profile_id: Option<i64>,
    pub der: Vec<u8>,
    pub not_after: i64,
    pub is_revoked: bool,
}

pub fn issued(conn: &Connection, serial: &[u8]) -> Result<Option<Issued>> {
    let mut statement = conn.prepare_cached(
        "SELECT mac, profile_id, der, not_after, revoked_at IS NOT NULL FROM certificate WHERE serial = $1",
    )?;
    let mut rows = statement.query(params![serial])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(Issued {
        mac: row.get::<_, Option<i64>>(0)?.and_then(|mac| Mac::from_u64(mac as u64)),
        profile_id: row.get(1)?,
        der: row.get(2)?,
        not_after: row.get(3)?,
        is_revoked: row.get(4)?,
    }))
}

pub fn profile_named(conn: &Connection, name: &str) -> Result<Option<i64>> {
    let mut statement = conn.prepare_cached("SELECT id FROM certificate_profile WHERE name = $1")?;
    Ok(statement.query_row([name], |row| row.get(0)).optional()?)
}
