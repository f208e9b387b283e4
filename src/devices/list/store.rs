//! The list's one statement, with the conditions that are asked for.

use super::{Filter, Place, Summary};
use crate::db::{Connection, Query, Result, Row, params};
use crate::devices::TlsState;
use crate::net::Mac;
use crate::users::data;

const COLUMNS: &str = "SELECT d.mac, d.vendor, d.model, d.serial, d.name, s.name, p.name, g.name, d.state,
        d.activated_at, d.window_until, d.proof, d.proof_at, d.secrets_at, d.tls_at, d.enrolled_at, d.reset_at,
        d.conflict_at, d.created_at, d.updated_at, d.tls_state,
        (SELECT c.last_at FROM check_in c WHERE c.mac = d.mac ORDER BY c.id DESC LIMIT 1), d.firmware
     FROM device d LEFT JOIN site s ON s.id = d.site_id LEFT JOIN profile p ON p.id = d.profile_id
        LEFT JOIN device_group g ON g.id = d.group_id";

/// As its index has it, word by word.
const NAME: &str = "lower(coalesce(d.name, ''))";
/// The same for the planner to leave that index alone: where few of many match, reading them all in the order of their
/// names takes seconds at a million, finding and sorting them does not.
const NAME_SORTED: &str = "lower(coalesce(d.name, '')) || ''";

pub fn one(conn: &Connection, account_id: i64, mac: Mac) -> Result<Option<Summary>> {
    let mut statement = conn.prepare_cached(&format!("{COLUMNS} WHERE d.account_id = $1 AND d.mac = $2"))?;
    let mut rows = statement.query(params![account_id, mac.to_u64() as i64])?;
    rows.next()?.map(summary).transpose()
}

/// First which devices, from the indexes alone where they do, then what is shown of them. Conditions that are not asked
/// for are left out, so that each list has the plan it needs.
pub fn page(conn: &Connection, account_id: i64, filter: &Filter, place: &Place, rows: u32) -> Result<Vec<Summary>> {
    // A site, profile or group is the account's, and its index is the one to read.
    let is_placed = filter.site.is_some() || filter.profile.is_some() || filter.group.is_some();
    let account = if is_placed { "d.account_id + 0" } else { "d.account_id" };
    let sql = format!("SELECT d.id FROM device d WHERE {account} = $1");
    let mut which = Query { sql, values: vec![&account_id] };
    let of_account = |table: &str| format!("(SELECT id FROM {table} WHERE account_id = $1 AND name = ?)");
    which.and(&format!("d.site_id = {}", of_account("site")), &filter.site);
    which.and(&format!("d.profile_id = {}", of_account("profile")), &filter.profile);
    which.and(&format!("d.group_id = {}", of_account("device_group")), &filter.group);
    which.and("lower(d.vendor) = lower(?)", &filter.vendor);
    which.and("lower(d.model) = lower(?)", &filter.model);
    which.and("d.firmware = ?", &filter.firmware);
    which.and("d.state = ?", &filter.state);
    if filter.reset_suspected {
        which.sql.push_str(" AND d.reset_at IS NOT NULL");
    }
    if let Some(user_id) = filter.limited {
        which.sql.push_str(&format!(" AND {}", data::store::device(user_id)));
    }
    let search = filter.search.as_deref().map(Search::new);
    if let Some(search) = &search {
        which.sql.push_str(" AND (FALSE");
        for column in ["name", "serial", "vendor", "model"] {
            which.put(&format!(" OR d.{column} LIKE ? ESCAPE '!'"), &search.like);
        }
        if let Some(digits) = &search.mac {
            which.put(" OR d.mac >= ?", &digits.first);
            which.put(" AND d.mac <= ?", &digits.last);
            which.put(" OR d.mac % ?", &digits.modulus);
            which.put(" = ?", &digits.rest);
        }
        which.sql.push(')');
    }
    let key = if filter.is_narrow() { NAME_SORTED } else { NAME };
    let (past, down) = if place.sort.is_down() { ("<", " DESC") } else { (">", "") };
    let order = match place.sort.is_by_name() {
        true => format!("{key}{down}, d.mac{down}"),
        false => format!("d.mac{down}"),
    };
    let after = place.after.as_ref().map(|after| (after.mac.to_u64() as i64, &after.name));
    match &after {
        None => {}
        Some((mac, _)) if !place.sort.is_by_name() => which.put(&format!(" AND d.mac {past} ?"), mac),
        Some((mac, name)) => {
            // Not as one pair: an index with an expression is not searched by pairs.
            which.put(&format!(" AND {key} {past}= ?"), *name);
            which.put(&format!(" AND ({key} {past} ?"), *name);
            which.put(&format!(" OR d.mac {past} ?)"), mac);
        }
    }
    which.put(&format!(" ORDER BY {order} LIMIT ?"), &rows);
    let mut statement = conn.prepare_cached(&format!("{COLUMNS} WHERE d.id IN ({}) ORDER BY {order}", which.sql))?;
    let mut rows = statement.query(which.values.as_slice())?;
    let mut devices = Vec::new();
    while let Some(row) = rows.next()? {
        devices.push(summary(row)?);
    }
    Ok(devices)
}

/// "Contains" for names, serial numbers and models; for MAC addresses their first or last digits.
struct Search {
    like: String,
    mac: Option<Digits>,
}

struct Digits {
    first: i64,
    last: i64,
    modulus: i64,
    rest: i64,
}

impl Search {
    fn new(text: &str) -> Search {
        // Nothing in the pattern is more than itself.
        let escaped = text.replace('!', "!!").replace('%', "!%").replace('_', "!_");
        let digits: String = text.chars().filter(|c| !matches!(c, ':' | '-' | '.' | ' ')).collect();
        let mac = match (digits.len(), i64::from_str_radix(&digits, 16)) {
            (count @ 2..=12, Ok(number)) if number >= 0 => {
                let below = 4 * (12 - count);
                let (first, last) = (number << below, ((number + 1) << below) - 1);
                Some(Digits { first, last, modulus: 1 << (4 * count), rest: number })
            }
            _ => None,
        };
        Search { like: format!("%{escaped}%"), mac }
    }
}

fn summary(row: &Row) -> Result<Summary> {
    let bits: i64 = row.get(0)?;
    Ok(Summary {
        mac: Mac::from_u64(bits as u64).ok_or_else(|| crate::db::Error::Damaged(format!("device MAC {bits}")))?,
        vendor: row.get(1)?,
        model: row.get(2)?,
        serial: row.get(3)?,
        name: row.get(4)?,
        site: row.get(5)?,
        profile: row.get(6)?,
        group: row.get(7)?,
        state: row.get(8)?,
        activated_at: row.get(9)?,
        window_until: row.get(10)?,
        proof: row.get(11)?,
        proof_at: row.get(12)?,
        secrets_at: row.get(13)?,
        tls_at: row.get(14)?,
        enrolled_at: row.get(15)?,
        reset_at: row.get(16)?,
        conflict_at: row.get(17)?,
        created_at: row.get(18)?,
        updated_at: row.get(19)?,
        tls_state: TlsState::of_number(row.get(20)?),
        seen_at: row.get(21)?,
        firmware: row.get(22)?,
    })
}
