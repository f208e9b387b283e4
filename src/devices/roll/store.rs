//! What the roll reads: the devices' rows, and which site, profile and group a name is.

use super::sheet::{Facts, Sheet, small};
use crate::db::{Connection, OptionalExtension, Result, Row, RowError, params};
use crate::devices::State;
use crate::devices::list::Filter;

const COLUMNS: &str = "SELECT id, account_id, mac, site_id, profile_id, group_id, state, reset_at IS NOT NULL, vendor, \
    model, firmware, name, serial FROM device";

/// In one reading: no commit is half in it.
pub fn all(conn: &Connection) -> Result<Sheet> {
    let mut sheet = Sheet::default();
    let mut statement = conn.prepare(&format!("{COLUMNS} ORDER BY id"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        put(&mut sheet, row)?;
    }
    sheet.mend();
    Ok(sheet)
}

/// What has become of these.
pub fn some(conn: &Connection, sheet: &mut Sheet, ids: &[i64]) -> Result<()> {
    let mut statement = conn.prepare_cached(&format!("{COLUMNS} WHERE id = $1"))?;
    for id in ids {
        let mut rows = statement.query([id])?;
        match rows.next()? {
            Some(row) => put(sheet, row)?,
            None => sheet.remove(*id)?,
        }
    }
    sheet.mend();
    Ok(())
}

fn put(sheet: &mut Sheet, row: &Row) -> Result<()> {
    let word = |column: usize| Ok::<_, RowError>(row.get_ref(column)?.as_str_or_null()?);
    sheet.put(&Facts {
        id: row.get(0)?,
        account_id: row.get(1)?,
        mac: row.get(2)?,
        site_id: row.get(3)?,
        profile_id: row.get(4)?,
        group_id: row.get(5)?,
        state: State::of_word(word(6)?.unwrap_or_default()),
        is_reset: row.get(7)?,
        kind: [word(8)?, word(9)?, word(10)?],
        name: word(11)?.unwrap_or_default(),
        serial: word(12)?.unwrap_or_default(),
    })
}

/// What a list names.
#[derive(Default)]
pub struct Places {
    pub site: Option<u32>,
    pub profile: Option<u32>,
    pub group: Option<u32>,
}

/// `None`: the account has nothing of a name that is asked for.
pub fn places(conn: &Connection, account_id: i64, filter: &Filter) -> Result<Option<Places>> {
    let mut places = Places::default();
    for (table, name, id) in [
        ("site", &filter.site, &mut places.site),
        ("profile", &filter.profile, &mut places.profile),
        ("device_group", &filter.group, &mut places.group),
    ] {
        let Some(name) = name else { continue };
        let sql = format!("SELECT id FROM {table} WHERE account_id = $1 AND name = $2");
        let mut statement = conn.prepare_cached(&sql)?;
        let found: Option<i64> = statement.query_row(params![account_id, name], |row| row.get(0)).optional()?;
        let Some(found) = found else { return Ok(None) };
        *id = Some(small(found)?);
    }
    Ok(Some(places))
}
