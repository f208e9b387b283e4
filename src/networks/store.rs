//! The network and binding rows.

use super::{Network, Policy, Unknown};
use crate::db::{Connection, Result, Tx, params};
use crate::net::Cidr;
use crate::users::Actor;

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

/// Makes a network's policy, or changes it.
pub fn put(tx: &Tx, account_id: i64, cidr: Cidr, policy: Policy) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO network (account_id, cidr, settings, unknown, ask) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (account_id, cidr)
         DO UPDATE SET settings = excluded.settings, unknown = excluded.unknown, ask = excluded.ask",
    )?
    .execute(params![account_id, cidr.to_string(), policy.settings, policy.unknown.word(), policy.ask])?;
    Ok(())
}

pub fn remove(tx: &Tx, account_id: i64, cidr: Cidr) -> Result<bool> {
    let rows = tx
        .prepare_cached("DELETE FROM network WHERE account_id = $1 AND cidr = $2")?
        .execute(params![account_id, cidr.to_string()])?;
    Ok(rows > 0)
}

pub fn bind(tx: &Tx, actor: &Actor, device_id: i64, cidr: Cidr, now: i64) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO binding (device_id, cidr, account_id, author, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (device_id, cidr) DO NOTHING",
    )?
    .execute(params![device_id, cidr.to_string(), actor.account_id, actor.name, now])?;
    Ok(())
}

pub fn unbind(tx: &Tx, device_id: i64, cidr: Cidr) -> Result<bool> {
    let rows = tx
        .prepare_cached("DELETE FROM binding WHERE device_id = $1 AND cidr = $2")?
        .execute(params![device_id, cidr.to_string()])?;
    Ok(rows > 0)
}
