//! The box's own certificates and keys, in table `instance`. A row there whose name ends in `_sealed` is sealed for the
//! place that [`sealed_place`] names; [`SEALED`] lists them for a rotation of the key.

use crate::db::{Connection, Result, Tx, params};
use std::collections::BTreeMap;

/// The self-made CA of schema 1; it has become a row of table `authority`.
pub const CA: &str = "ca_certificate";
pub const CA_KEY: &str = "ca_key_sealed";
pub const RSA: &str = "server_rsa_certificate";
pub const RSA_KEY: &str = "server_rsa_key_sealed";
pub const ECDSA: &str = "server_ecdsa_certificate";
pub const ECDSA_KEY: &str = "server_ecdsa_key_sealed";
pub const SCEP: &str = "scep_certificate";
pub const SCEP_KEY: &str = "scep_key_sealed";
/// A server certificate that an administrator brought: PEM, with what stands above it.
pub const INSTALLED: &str = "installed_certificate";
pub const INSTALLED_KEY: &str = "installed_key_sealed";
/// The key of a CA that is being signed elsewhere, and the name that it was asked for.
pub const REQUEST_KEY: &str = "ca_request_key_sealed";
pub const REQUEST_NAME: &str = "ca_request_name";
pub const CLOCK: &str = "clock_seen";

const ALL: [&str; 13] = [
    CA,
    CA_KEY,
    RSA,
    RSA_KEY,
    ECDSA,
    ECDSA_KEY,
    SCEP,
    SCEP_KEY,
    INSTALLED,
    INSTALLED_KEY,
    REQUEST_KEY,
    REQUEST_NAME,
    CLOCK,
];
pub const SEALED: [&str; 6] = [CA_KEY, RSA_KEY, ECDSA_KEY, SCEP_KEY, INSTALLED_KEY, REQUEST_KEY];

pub type Rows = BTreeMap<&'static str, Vec<u8>>;

pub fn sealed_place(row: &str) -> String {
    format!("instance.value/{row}")
}

pub fn load(conn: &Connection) -> Result<Rows> {
    let mut statement = conn.prepare("SELECT name, value FROM instance")?;
    let mut rows = statement.query([])?;
    let mut found = Rows::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        if let Some(name) = ALL.iter().find(|known| **known == name) {
            found.insert(name, row.get(1)?);
        }
    }
    Ok(found)
}

pub fn save(tx: &Tx, rows: &Rows) -> Result<()> {
    let mut statement = tx.prepare(
        "INSERT INTO instance (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )?;
    for (name, value) in rows {
        statement.execute(params![name, value])?;
    }
    Ok(())
}

pub fn forget(tx: &Tx, name: &str) -> Result<()> {
    tx.prepare_cached("DELETE FROM instance WHERE name = $1")?.execute([name])?;
    Ok(())
}

/// The latest time this box has seen, so that a clock that was set back is noticed.
pub fn clock_seen(conn: &Connection) -> Result<i64> {
    let mut statement = conn.prepare_cached(
        "SELECT max(coalesce((SELECT CAST(CAST(value AS TEXT) AS INTEGER) FROM instance WHERE name = $1), 0),
                    coalesce((SELECT max(created_at) FROM certificate WHERE id = (SELECT max(id) FROM certificate)), 0))",
    )?;
    Ok(statement.query_row(params![CLOCK], |row| row.get(0))?)
}

pub fn save_clock(tx: &Tx, now: i64) -> Result<()> {
    save(tx, &Rows::from([(CLOCK, now.to_string().into_bytes())]))
}
