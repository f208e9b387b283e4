//! Every row of an account, in an order in which nothing points at what is gone.

use crate::accounts::{handover, store as accounts};
use crate::db::{Connection, Result, Touch, Tx, params};
use crate::net::Mac;

/// SQL: the ids of the account $1 and all below it.
const GONE: &str =
    "(SELECT a.id FROM account a JOIN account own ON own.id = $1 WHERE a.path BETWEEN own.path AND own.path || '~')";

/// Tables whose rows go, in this order. What names a device, user, profile or key goes with it.
const OWNED: &[&str] = &[
    "invitation",
    "webhook",
    "mail",
    "event",
    "notification",
    "known_certificate",
    "certificate_request",
    "pending",
    "alarm",
    "check_in",
    "line",
    "sip_account",
    "device",
    "setting",
    "raw_text",
    "firmware_choice",
    "site_file",
    "site",
    "target",
    "profile",
    "device_group",
    "model",
    "network",
    "file",
    "users",
    "role",
    "role_group",
    "api_key",
];

/// What goes with an account (AVA-157).
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Gone {
    /// With itself.
    pub accounts: i64,
    /// The names of those below it, the first hundred.
    pub below: Vec<String>,
    pub users: i64,
    /// Devices that go with it.
    pub devices: i64,
    /// Devices that return to whoever handed them down.
    pub returned: i64,
    /// Names of the bytes of their files.
    #[serde(skip)]
    pub files: Vec<String>,
}

pub fn what_goes(conn: &Connection, id: i64) -> Result<Gone> {
    let count = |sql: String| -> Result<i64> { Ok(conn.prepare_cached(&sql)?.query_row([id], |row| row.get(0))?) };
    let words = |sql: String| -> Result<Vec<String>> {
        let mut statement = conn.prepare_cached(&sql)?;
        let rows = statement.query_map([id], |row| row.get(0))?;
        Ok(rows.collect::<std::result::Result<_, _>>()?)
    };
    let devices = format!("SELECT count(*) FROM device WHERE account_id IN {GONE} AND returns_to IS");
    Ok(Gone {
        below: words(format!("SELECT name FROM account WHERE id <> $1 AND id IN {GONE} ORDER BY path LIMIT 100"))?,
        devices: count(format!("{devices} NULL"))?,
        returned: count(format!("{devices} NOT NULL"))?,
        files: words(format!("SELECT DISTINCT sha256 FROM file WHERE account_id IN {GONE}"))?,
        accounts: count(format!("SELECT count(*) FROM {GONE}"))?,
        users: count(format!("SELECT count(*) FROM users WHERE account_id IN {GONE}"))?,
    })
}

/// The devices of the account and of all below it, and whether they return to somebody.
pub fn devices(conn: &Connection, id: i64) -> Result<Vec<(Mac, bool)>> {
    let sql = format!("SELECT mac, returns_to IS NOT NULL FROM device WHERE account_id IN {GONE}");
    let mut statement = conn.prepare(&sql)?;
    let mut rows = statement.query([id])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if let Some(mac) = Mac::from_u64(row.get::<_, i64>(0)? as u64) {
            found.push((mac, row.get(1)?));
        }
    }
    Ok(found)
}

/// Answers how many devices returned to whose they were before (AVA-156).
pub fn remove(tx: &mut Tx, id: i64, now: i64) -> Result<usize> {
    let gone = {
        let mut statement = tx.prepare(&format!("SELECT id FROM {GONE}"))?;
        let rows = statement.query_map([id], |row| row.get::<_, i64>(0))?;
        rows.collect::<std::result::Result<std::collections::HashSet<_>, _>>()?
    };
    // What returns to an account that goes too returns to whose it was before.
    let returning = {
        let mut statement = tx.prepare(&format!("SELECT mac, returns_to FROM device WHERE returns_to IN {GONE}"))?;
        let rows = statement.query_map([id], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?)))?;
        rows.collect::<std::result::Result<Vec<_>, _>>()?
    };
    for (mac, mut to) in returning {
        while to.is_some_and(|to| gone.contains(&to)) {
            let before = handover::store::pop(tx, mac)?;
            if before.is_none() {
                break;
            }
            to = before;
        }
        tx.execute("UPDATE device SET returns_to = $2 WHERE mac = $1", params![mac, to])?;
    }
    let handed_down = {
        let mut statement = tx.prepare(&format!(
            "SELECT d.mac, CASE WHEN d.returns_to IN {GONE} THEN own.parent_id ELSE d.returns_to END
             FROM device d JOIN account own ON own.id = $1
             WHERE d.account_id IN {GONE} AND d.returns_to IS NOT NULL"
        ))?;
        let rows = statement.query_map([id], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
        rows.collect::<std::result::Result<Vec<_>, _>>()?
    };
    for (mac, to) in &handed_down {
        if let Some(mac) = Mac::from_u64(*mac as u64) {
            handover::store::give_back(tx, mac, *to, now)?;
        }
    }
    let macs = {
        let mut statement = tx.prepare(&format!("SELECT mac FROM device WHERE account_id IN {GONE}"))?;
        let rows = statement.query_map([id], |row| row.get::<_, i64>(0))?;
        rows.collect::<std::result::Result<Vec<_>, _>>()?
    };
    macs.iter().filter_map(|mac| Mac::from_u64(*mac as u64)).for_each(|mac| tx.touch(Touch::Device(mac)));
    tx.touch(Touch::Shared);
    tx.execute(&format!("UPDATE session SET acting_id = NULL, expires_at = 0 WHERE acting_id IN {GONE}"), [id])?;
    tx.execute(&format!("UPDATE device SET returns_to = NULL WHERE returns_to IN {GONE}"), [id])?;
    tx.execute(&format!("DELETE FROM handed_on WHERE account_id IN {GONE}"), [id])?;
    for table in OWNED {
        tx.execute(&format!("DELETE FROM {table} WHERE account_id IN {GONE}"), [id])?;
    }
    for (table, column) in [
        ("account_link", "provider_id"),
        ("account_link", "reseller_id"),
        ("channel", "account_id"),
        ("channel", "guest_id"),
    ] {
        tx.execute(&format!("DELETE FROM {table} WHERE {column} IN {GONE}"), [id])?;
    }
    for id in &gone {
        accounts::require_two_factor(tx, *id, false)?;
    }
    // The rows themselves last: the path says who is below.
    tx.execute(
        &format!(
            "UPDATE account SET path = '/gone/' || CAST(id AS TEXT) || '/', parent_id = NULL, enabled = 0, contact = NULL,
               phone = NULL, email = NULL, address = NULL, country = NULL, remark = NULL, reference = NULL, link_id = NULL,
               client_ca = NULL, client_ca_list = NULL, public_ca = 0, api_access = 'off', switching = 'off', updated_at = $2 WHERE id IN {GONE}"
        ),
        params![id, now],
    )?;
    Ok(handed_down.len())
}
