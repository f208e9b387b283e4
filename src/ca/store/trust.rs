//! Which devices are known to trust which root.

use super::own::INSTALLED;
use crate::db::{Connection, Result, Tx, params};
use crate::net::Mac;

/// A device completed a verified handshake below the root in force. While the root before it vouches for that one, it may
/// know no other than the old; and a server certificate that was installed says nothing of ours.
pub fn note_root_in_force(tx: &Tx, mac: Mac, now: i64) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO root_trust (mac, authority_id, at)
         SELECT $1, id, $2 FROM authority WHERE parent_id IS NULL AND state = 'current' AND crossed IS NULL
            AND NOT EXISTS (SELECT 1 FROM instance WHERE name = $3)
         ON CONFLICT (mac, authority_id) DO UPDATE SET at = excluded.at",
    )?
    .execute(params![mac.to_u64() as i64, now, INSTALLED])?;
    Ok(())
}

/// A device fetched a file that holds these roots. One that was forgotten meanwhile is not noted.
pub fn note_roots(tx: &Tx, mac: Mac, roots: &[i64], now: i64) -> Result<()> {
    let mut note = tx.prepare_cached(
        "INSERT INTO root_trust (mac, authority_id, at)
         SELECT $1, id, $2 FROM authority WHERE id = $3 AND state IN ('current', 'next')
         ON CONFLICT (mac, authority_id) DO UPDATE SET at = excluded.at",
    )?;
    for root in roots {
        note.execute(params![mac.to_u64() as i64, now, root])?;
    }
    Ok(())
}

/// Who is known to trust a root, and since when it was last seen.
pub fn trusting(conn: &Connection, authority: i64) -> Result<Vec<(Mac, i64)>> {
    let mut statement = conn.prepare_cached("SELECT mac, at FROM root_trust WHERE authority_id = $1 ORDER BY mac")?;
    let mut rows = statement.query([authority])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if let Some(mac) = Mac::from_u64(row.get::<_, i64>(0)? as u64) {
            found.push((mac, row.get(1)?));
        }
    }
    Ok(found)
}

/// How many devices are known to trust one root and not another.
pub fn trusting_only(conn: &Connection, one: i64, other: i64) -> Result<u64> {
    let sql = "SELECT count(*) FROM root_trust r JOIN device d ON d.mac = r.mac
        WHERE r.authority_id = $1 AND NOT EXISTS
            (SELECT 1 FROM root_trust o WHERE o.mac = r.mac AND o.authority_id = $2)";
    let count: i64 = conn.prepare_cached(sql)?.query_row([one, other], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}
