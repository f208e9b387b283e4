//! Counting. Every statement reads an index of its own and no row.

use crate::db::{Connection, Params, Result, params};
use crate::net::Mac;
use crate::users::data;

/// How many devices there are of each kind.
#[derive(Debug, Default, serde::Serialize, utoipa::ToSchema)]
pub struct Counts {
    /// Added, not yet activated.
    pub known: i64,
    pub active: i64,
    pub blocked: i64,
    pub reset_suspected: i64,
    /// Nobody added them; they wait to be adopted. Null: not this user's to see.
    pub waiting: Option<i64>,
}

/// `limited`: what this limited user sees.
pub fn counts(conn: &Connection, account_id: i64, limited: Option<i64>, waiting: bool) -> Result<Counts> {
    let count = |sql: &str, values: &Params| -> Result<i64> {
        Ok(conn.prepare_cached(sql)?.query_row(values, |row| row.get(0))?)
    };
    let seen = seen(limited);
    let of_state = |state: &str| {
        let sql = format!("SELECT count(*) FROM device d WHERE d.account_id = $1 AND d.state = $2{seen}");
        count(&sql, params![account_id, state])
    };
    Ok(Counts {
        known: of_state("known")?,
        active: of_state("active")?,
        blocked: of_state("blocked")?,
        reset_suspected: count(
            &format!("SELECT count(*) FROM device d WHERE d.account_id = $1 AND d.reset_at IS NOT NULL{seen}"),
            params![account_id],
        )?,
        waiting: match waiting {
            true => Some(count("SELECT count(*) FROM pending WHERE account_id = $1", params![account_id])?),
            false => None,
        },
    })
}

fn seen(limited: Option<i64>) -> String {
    limited.map(|user_id| format!(" AND {}", data::store::device(user_id))).unwrap_or_default()
}

/// Devices that are alike.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Alike {
    pub vendor: Option<String>,
    pub model: Option<String>,
    /// What they said last that they run.
    pub firmware: Option<String>,
    #[schema(value_type = crate::devices::State)]
    pub state: String,
    pub count: i64,
}

/// More kinds than anybody reads; the rarest are left out.
const KINDS: i64 = 2_000;

pub fn kinds(conn: &Connection, account_id: i64, limited: Option<i64>) -> Result<Vec<Alike>> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT d.vendor, d.model, d.firmware, d.state, count(*) AS many FROM device d WHERE d.account_id = $1{}
         GROUP BY d.vendor, d.model, d.firmware, d.state ORDER BY many DESC LIMIT $2",
        seen(limited)
    ))?;
    let rows = statement.query_map(params![account_id, KINDS], |row| {
        Ok(Alike {
            vendor: row.get(0)?,
            model: row.get(1)?,
            firmware: row.get(2)?,
            state: row.get(3)?,
            count: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// Whose it is, and whether a profile says how it is provisioned: its own or its site's.
pub fn bound(conn: &Connection, mac: Mac) -> Result<Option<(i64, i64, bool)>> {
    let mut statement = conn.prepare_cached(
        "SELECT d.id, d.account_id, d.profile_id IS NOT NULL OR s.profile_id IS NOT NULL
         FROM device d LEFT JOIN site s ON s.id = d.site_id WHERE d.mac = $1",
    )?;
    let mut rows = statement.query([mac.to_u64() as i64])?;
    Ok(rows.next()?.map(|row| Ok::<_, crate::db::RowError>((row.get(0)?, row.get(1)?, row.get(2)?))).transpose()?)
}
