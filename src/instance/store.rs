//! The instance rows.

use crate::db::{Cell, Connection, Error, OptionalExtension, Result, Tx, params, params_from_iter};
use crate::enrollment::{challenge, files as certificates};
use crate::net::Mac;
use crate::settings::store as settings;
use crate::users::{keys as api_keys, totp};
use crate::{devices, mail, profiles, sites, uploads, webhooks};

pub fn get(conn: &Connection, name: &str) -> Result<Option<Vec<u8>>> {
    let mut statement = conn.prepare_cached("SELECT value FROM instance WHERE name = $1")?;
    Ok(statement.query_row([name], |row| row.get(0)).optional()?)
}

/// Any sealed value, to see whether the key fits.
pub fn sample(conn: &Connection) -> Result<Option<Vec<u8>>> {
    let sql = "SELECT token_sealed FROM device UNION ALL SELECT value FROM instance WHERE name = 'server_rsa_key_sealed' LIMIT 1";
    Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?)
}

pub fn put(tx: &Tx, name: &str, value: &[u8]) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO instance (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2",
    )?
    .execute(params![name, value])?;
    Ok(())
}

pub fn remove(tx: &Tx, name: &str) -> Result<()> {
    tx.prepare_cached("DELETE FROM instance WHERE name = $1")?.execute([name])?;
    Ok(())
}

/// A column whose values are sealed, and how a value's place is told from its row.
pub struct Sealed {
    pub table: &'static str,
    pub column: &'static str,
    /// Columns that identify a row; its place is made from them.
    key: &'static [&'static str],
    place: fn(&[Cell]) -> String,
}

impl Sealed {
    /// Every sealed column there is: a test compares with the schema.
    pub const ALL: &[Sealed] = &[
        Sealed { table: "device", column: "url_sealed", key: &["mac"], place: |key| of_device("url", key) },
        Sealed { table: "device", column: "token_sealed", key: &["mac"], place: |key| of_device("token", key) },
        Sealed {
            table: "device",
            column: "http_password_sealed",
            key: &["mac"],
            place: |key| of_device("http_password", key),
        },
        Sealed {
            table: "sip_account",
            column: "password_sealed",
            key: &["id"],
            place: |key| devices::store::password_place(number(key, 0)),
        },
        Sealed {
            table: "target",
            column: "password_sealed",
            key: &["id"],
            place: |key| profiles::store::password_place(number(key, 0)),
        },
        Sealed {
            table: "setting",
            column: "value_sealed",
            key: &["layer", "scope", "line", "name"],
            place: |key| settings::value_place(&text(key, 0), number(key, 1), number(key, 2) as u8, &text(key, 3)),
        },
        Sealed {
            table: "raw_text",
            column: "text_sealed",
            key: &["layer", "scope", "vendor"],
            place: |key| settings::raw_place(&text(key, 0), number(key, 1), &text(key, 2)),
        },
        Sealed {
            table: "site_file",
            column: "body_sealed",
            key: &["site_id", "name"],
            place: |key| sites::archive::store::place(number(key, 0), &text(key, 1)),
        },
        Sealed {
            table: "upload",
            column: "body_sealed",
            key: &["device_id", "name"],
            place: |key| uploads::store::place(number(key, 0), &text(key, 1)),
        },
        Sealed {
            table: "authority",
            column: "key_sealed",
            key: &["id"],
            place: |key| format!("authority.key/{}", number(key, 0)),
        },
        Sealed {
            table: "challenge",
            column: "secret_sealed",
            key: &["device_id", "profile_id"],
            place: |key| challenge::place(number(key, 0), number(key, 1)),
        },
        Sealed {
            table: "certificate_file",
            column: "pkcs12_sealed",
            key: &["device_id"],
            place: |key| certificates::place("pkcs12", number(key, 0)),
        },
        Sealed {
            table: "certificate_file",
            column: "pem_sealed",
            key: &["device_id"],
            place: |key| certificates::place("pem", number(key, 0)),
        },
        Sealed {
            table: "certificate_file",
            column: "password_sealed",
            key: &["device_id"],
            place: |key| certificates::place("password", number(key, 0)),
        },
        Sealed { table: "mail", column: "body_sealed", key: &["id"], place: |key| mail::store::place(number(key, 0)) },
        Sealed {
            table: "webhook",
            column: "secret_sealed",
            key: &["id"],
            place: |key| webhooks::store::place(number(key, 0)),
        },
        Sealed { table: "users", column: "totp_sealed", key: &["id"], place: |key| totp::store::place(number(key, 0)) },
        Sealed {
            table: "api_key",
            column: "signing_sealed",
            key: &["id"],
            place: |key| api_keys::place(number(key, 0)),
        },
        // The rows of the certificates' keys and the mail server's password, by their names.
        Sealed {
            table: "instance",
            column: "value",
            key: &["name"],
            place: |key| format!("instance.value/{}", text(key, 0)),
        },
    ];
}

/// A row without a MAC cannot be; its place is none, and its value does not open.
fn of_device(column: &str, key: &[Cell]) -> String {
    Mac::from_u64(number(key, 0) as u64).map_or_else(String::new, |mac| devices::place(column, mac))
}

fn number(key: &[Cell], place: usize) -> i64 {
    if let Some(Cell::Integer(number)) = key.get(place) { *number } else { 0 }
}

fn text(key: &[Cell], place: usize) -> String {
    if let Some(Cell::Text(text)) = key.get(place) { text.clone() } else { String::new() }
}

/// Seals every value of a column anew. Answers how many there were.
pub fn reseal<E>(tx: &Tx, sealed: &Sealed, mut anew: impl FnMut(&str, &[u8]) -> Result<Vec<u8>, E>) -> Result<u64>
where
    Error: From<E>,
{
    let Sealed { table, column, key, place } = sealed;
    let keys = key.join(", ");
    let only = if *table == "instance" { " AND name LIKE '%\\_sealed' ESCAPE '\\'" } else { "" };
    let places: Vec<String> = key.iter().zip(2..).map(|(name, number)| format!("{name} = ${number}")).collect();
    let mut change = tx.prepare(&format!("UPDATE {table} SET {column} = $1 WHERE {}", places.join(" AND ")))?;
    let mut all = tx.prepare(&format!("SELECT {column}, {keys} FROM {table} WHERE {column} IS NOT NULL{only}"))?;
    let mut rows = all.query([])?;
    let mut found: Vec<(Vec<u8>, Vec<Cell>)> = Vec::new();
    while let Some(row) = rows.next()? {
        let cells = (1..=key.len()).map(|place| row.get(place)).collect::<std::result::Result<Vec<Cell>, _>>()?;
        found.push((row.get(0)?, cells));
    }
    drop(rows);
    let count = found.len() as u64;
    for (old, cells) in found {
        let new = Cell::Blob(anew(&place(&cells), &old)?);
        change.execute(params_from_iter(std::iter::once(new).chain(cells)))?;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every column of the schema that ends in `_sealed` can be rotated.
    #[test]
    fn the_table_of_sealed_columns_is_complete() {
        let mut table = "";
        let mut columns = Vec::new();
        for line in crate::db::SCHEMA.lines() {
            if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
                table = rest.split(' ').next().unwrap_or_default();
            }
            let word = line.trim().split(' ').next().unwrap_or_default();
            if line.starts_with("  ") && word.ends_with("_sealed") {
                columns.push((table, word));
            }
        }
        assert!(columns.len() >= 8, "{columns:?}");
        let certificate = Sealed::ALL.iter().find(|sealed| sealed.table == "instance").unwrap();
        let authority = Sealed::ALL.iter().find(|sealed| sealed.table == "authority").unwrap();
        assert_eq!((authority.place)(&[Cell::Integer(7)]), crate::ca::authority_key_place(7));
        for row in crate::ca::SEALED {
            assert_eq!((certificate.place)(&[Cell::Text(row.into())]), crate::ca::sealed_place(row));
        }
        for column in columns {
            assert!(Sealed::ALL.iter().any(|sealed| (sealed.table, sealed.column) == column), "{column:?}");
        }
    }
}
