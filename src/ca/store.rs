//! The CA's rows in table `instance`. A row whose name ends in `_sealed` is sealed for the place that
//! [`sealed_place`] names; [`SEALED`] lists them for a rotation of the key.

use crate::db::{Connection, Result, Tx, params};
use std::collections::BTreeMap;

pub const CA: &str = "ca_certificate";
pub const CA_KEY: &str = "ca_key_sealed";
pub const RSA: &str = "server_rsa_certificate";
pub const RSA_KEY: &str = "server_rsa_key_sealed";
pub const ECDSA: &str = "server_ecdsa_certificate";
pub const ECDSA_KEY: &str = "server_ecdsa_key_sealed";

const ALL: [&str; 6] = [CA, CA_KEY, RSA, RSA_KEY, ECDSA, ECDSA_KEY];
pub const SEALED: [&str; 3] = [CA_KEY, RSA_KEY, ECDSA_KEY];

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

pub fn save(tx: &mut Tx, rows: &Rows) -> Result<()> {
    let mut statement = tx.prepare(
        "INSERT INTO instance (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )?;
    for (name, value) in rows {
        statement.execute(params![name, value])?;
    }
    Ok(())
}
