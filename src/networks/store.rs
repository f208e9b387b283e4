//! The network and binding rows.

use super::{Network, Policy, Unknown};
use crate::db::{Connection, Result, params};
use crate::net::Cidr;

pub fn all(conn: &Connection) -> Result<Vec<Network>> {
    let mut statement =
        conn.prepare_cached("SELECT id, account_id, cidr, settings, unknown, ask FROM network ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut networks = Vec::new();
    while let Some(row) = rows.next()? {
        let (cidr, unknown): (String, String) = (row.get(2)?, row.get(4)?);
        let Ok(cidr) = cidr.parse() else { continue };
        networks.push(Network {
            id: row.get(0)?,
            account_id: row.get(1)?,
            cidr,
            policy: Policy {
                settings: row.get(3)?,
                unknown: match unknown.as_str() {
                    "queue" => Unknown::Queue,
                    "default" => Unknown::Default,
                    _ => Unknown::Refuse,
                },
                ask: row.get(5)?,
            },
        });
    }
    Ok(networks)
}

/// The networks that an administrator bound a device to.
pub fn bindings(conn: &Connection, device_id: i64) -> Result<Vec<Cidr>> {
    let mut statement = conn.prepare_cached("SELECT cidr FROM binding WHERE device_id = $1 ORDER BY cidr")?;
    let texts = statement.query_map(params![device_id], |row| row.get::<_, String>(0))?;
    let texts = texts.collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(texts.iter().filter_map(|text| text.parse().ok()).collect())
}
