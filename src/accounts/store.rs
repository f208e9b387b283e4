//! The account rows, and the one place that says who reaches whom.

use super::Kind;
use super::view::{AccountView, Contact, Service};
use crate::db::{Connection, Error, OptionalExtension, Result, Row, Tx, params};
use crate::instance;

/// SQL: the account `a` is `own` or stands below it.
pub const WITHIN: &str = "(a.path BETWEEN own.path AND own.path || '~')";

/// SQL: whether somebody of the account `home` may act in the account `other`: it stands below and `home` was granted that
/// (AVA-279), or it has let `home` in.
pub const REACHES: &str = "(other.id <> home.id AND (home.switching = 'on' AND other.path BETWEEN home.path AND home.path || '~' \
    OR EXISTS (SELECT 1 FROM channel c WHERE c.account_id = other.id AND c.guest_id = home.id AND c.state = 'accepted')))";

/// What every answer about a session says of an account.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct AccountBrief {
    pub id: i64,
    /// Eight digits.
    pub number: i64,
    pub name: String,
    /// `provider`, `reseller`, `customer`.
    pub kind: String,
}

pub fn brief(conn: &Connection, id: i64) -> Result<Option<AccountBrief>> {
    let mut statement = conn.prepare_cached("SELECT id, number, name, kind FROM account WHERE id = $1")?;
    let found = statement.query_row([id], |row| {
        Ok(AccountBrief { id: row.get(0)?, number: row.get(1)?, name: row.get(2)?, kind: row.get(3)? })
    });
    Ok(found.optional()?)
}

/// Whether an account is `own` or stands below it. Every id that a request names goes through here.
pub fn is_within(conn: &Connection, own: i64, id: i64) -> Result<bool> {
    let sql =
        format!("SELECT EXISTS (SELECT 1 FROM account a JOIN account own ON own.id = $1 WHERE a.id = $2 AND {WITHIN})");
    Ok(conn.prepare_cached(&sql)?.query_row(params![own, id], |row| row.get(0))?)
}

/// Whether people of `home` may act in the enabled or disabled account `other`.
pub fn reaches(conn: &Connection, home: i64, other: i64) -> Result<bool> {
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM account other JOIN account home ON home.id = $1 WHERE other.id = $2 AND {REACHES})"
    );
    Ok(conn.prepare_cached(&sql)?.query_row(params![home, other], |row| row.get(0))?)
}

/// Which accounts a list is asked for; `None` is any.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub id: Option<i64>,
    pub kind: Option<Kind>,
    pub enabled: Option<bool>,
    /// Directly below this one.
    pub parent_id: Option<i64>,
    /// Part of the name, contact, e-mail address or number.
    pub search: Option<String>,
    /// In the order of the tree instead of the names.
    pub tree: bool,
}

/// Own and below, from the one after `after` on.
pub fn list(conn: &Connection, own: i64, filter: &Filter, after: Option<i64>, rows: u32) -> Result<Vec<AccountView>> {
    let order = if filter.tree { "a.path, a.id" } else { "a.name, a.id" };
    let last = if filter.tree { "last.path, last.id" } else { "last.name, last.id" };
    let like = filter.search.as_ref().map(|text| like(text));
    let mut statement = conn.prepare_cached(&format!(
        "SELECT a.id, a.number, a.kind, a.name, CASE WHEN a.id = own.id THEN NULL ELSE a.parent_id END,
                length(a.path) - length(replace(a.path, '/', '')) - length(own.path) + length(replace(own.path, '/', '')),
                a.enabled, a.contact, a.phone, a.email, a.address, a.country, a.remark, a.reference, a.link_id,
                a.two_factor, a.api_access, a.firmware_policy, a.client_ca,
                (SELECT count(*) FROM account b WHERE b.parent_id = a.id),
                (SELECT count(*) FROM users u WHERE u.account_id = a.id),
                (SELECT count(*) FROM device d WHERE d.account_id = a.id),
                a.created_by, a.created_at, a.updated_at, a.switching, a.public_ca, a.client_ca_list IS NOT NULL
         FROM account a JOIN account own ON own.id = $1
         WHERE {WITHIN} AND ($2 IS NULL OR a.id = $2) AND ($3 IS NULL OR a.kind = $3) AND ($4 IS NULL OR a.enabled = $4)
           AND ($5 IS NULL OR a.name LIKE $5 ESCAPE '!' OR a.contact LIKE $5 ESCAPE '!' OR a.email LIKE $5 ESCAPE '!'
                OR CAST(a.number AS TEXT) LIKE $5 ESCAPE '!')
           -- Where one stands oneself is not told.
           AND ($8 IS NULL OR a.parent_id = $8 AND a.id <> own.id)
           AND ($6 IS NULL OR ({order}) > (SELECT {last} FROM account last WHERE last.id = $6 AND last.path BETWEEN own.path AND own.path || '~'))
         ORDER BY {order} LIMIT $7"
    ))?;
    let kind = filter.kind.map(Kind::word);
    let Filter { id, enabled, parent_id, .. } = filter;
    let mut found = statement.query(params![own, id, kind, enabled, like, after, rows, parent_id])?;
    let mut accounts = Vec::new();
    while let Some(row) = found.next()? {
        accounts.push(account(row)?);
    }
    Ok(accounts)
}

/// How many stand below an account: of each kind, and whether they are enabled.
pub fn below(conn: &Connection, own: i64) -> Result<Vec<(String, bool, i64)>> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT a.kind, a.enabled, count(*) FROM account a JOIN account own ON own.id = $1
         WHERE {WITHIN} AND a.id <> own.id GROUP BY a.kind, a.enabled"
    ))?;
    let rows = statement.query_map([own], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// A pattern of LIKE with ESCAPE '!': this text anywhere.
pub fn like(text: &str) -> String {
    let escape = |c: char| "!%_".contains(c).then_some('!').into_iter().chain([c]);
    format!("%{}%", text.chars().flat_map(escape).collect::<String>())
}

/// One of one's own or below.
pub fn one(conn: &Connection, own: i64, id: i64) -> Result<Option<AccountView>> {
    Ok(list(conn, own, &Filter { id: Some(id), ..Filter::default() }, None, 1)?.pop())
}

fn account(row: &Row) -> Result<AccountView> {
    let kind: String = row.get(2)?;
    let (access, switching): (String, String) = (row.get(16)?, row.get(25)?);
    Ok(AccountView {
        id: row.get(0)?,
        number: row.get(1)?,
        kind: kind.parse().map_err(Error::Damaged)?,
        name: row.get(3)?,
        parent_id: row.get(4)?,
        depth: row.get(5)?,
        enabled: row.get(6)?,
        contact: Contact {
            contact: row.get(7)?,
            phone: row.get(8)?,
            email: row.get(9)?,
            address: row.get(10)?,
            country: row.get(11)?,
            remark: row.get(12)?,
        },
        reference: row.get(13)?,
        link_id: row.get(14)?,
        two_factor: row.get(15)?,
        api_access: Service::of_word(&access),
        switching: Service::of_word(&switching),
        firmware_policy: row.get(17)?,
        client_ca: row.get(18)?,
        client_ca_listed: row.get(27)?,
        public_ca: row.get(26)?,
        accounts: row.get(19)?,
        users: row.get(20)?,
        devices: row.get(21)?,
        created_by: row.get(22)?,
        created_at: row.get(23)?,
        updated_at: row.get(24)?,
    })
}

/// What logs the account's users in: certificates below its CA but those on that CA's list, both PEM; and, where it says
/// so, those of public CAs.
pub fn client_cas(conn: &Connection, id: i64) -> Result<(Option<String>, Option<String>, bool)> {
    let sql = "SELECT client_ca, client_ca_list, public_ca FROM account WHERE id = $1";
    let mut statement = conn.prepare_cached(sql)?;
    let found = statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
    Ok(found.unwrap_or_default())
}

pub fn set_client_ca_list(tx: &Tx, id: i64, list: Option<&str>) -> Result<()> {
    tx.prepare_cached("UPDATE account SET client_ca_list = $2 WHERE id = $1")?.execute(params![id, list])?;
    Ok(())
}

/// Whether any account's users log in by certificate.
pub fn any_client_ca(conn: &Connection) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM account WHERE client_ca IS NOT NULL OR public_ca = 1)";
    Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// What a new account is made of, checked.
pub struct NewAccount {
    pub parent_id: i64,
    pub number: i64,
    pub kind: Kind,
    pub name: String,
    pub contact: Contact,
    pub reference: Option<String>,
    pub link_id: Option<String>,
    pub two_factor: bool,
    pub switching: Service,
}

pub fn insert(tx: &Tx, new: &NewAccount, by: &str, now: i64) -> Result<i64> {
    let id = tx.next_id("account")?;
    let c = &new.contact;
    tx.prepare_cached(
        "INSERT INTO account (id, number, parent_id, path, kind, name, contact, phone, email, address, country, remark,
           reference, link_id, two_factor, created_by, created_at, updated_at, switching)
         VALUES ($1, $2, $3, (SELECT path FROM account WHERE id = $3) || CAST($1 AS TEXT) || '/', $4, $5, $6, $7, $8, $9, $10,
           $11, $12, $13, $14, $15, $16, $16, $17)",
    )?
    .execute(params![
        id, new.number, new.parent_id, new.kind.word(), new.name, c.contact, c.phone, c.email, c.address, c.country,
        c.remark, new.reference, new.link_id, new.two_factor, by, now, new.switching.word()
    ])?;
    Ok(id)
}

pub fn update(tx: &Tx, account: &AccountView, now: i64) -> Result<()> {
    let c = &account.contact;
    tx.prepare_cached(
        "UPDATE account SET name = $2, contact = $3, phone = $4, email = $5, address = $6, country = $7, remark = $8,
           reference = $9, link_id = $10, two_factor = $11, api_access = $12, firmware_policy = $13, client_ca = $14,
           updated_at = $15, switching = $16, public_ca = $17 WHERE id = $1",
    )?
    .execute(params![
        account.id,
        account.name,
        c.contact,
        c.phone,
        c.email,
        c.address,
        c.country,
        c.remark,
        account.reference,
        account.link_id,
        account.two_factor,
        account.api_access.word(),
        account.firmware_policy,
        account.client_ca,
        now,
        account.switching.word(),
        account.public_ca
    ])?;
    Ok(())
}

/// Whether an account above has said that its users need a second factor: then it does not take that back itself.
pub fn two_factor_is_required(conn: &Connection, id: i64) -> Result<bool> {
    Ok(instance::store::get(conn, &two_factor_of(id))?.is_some())
}

pub fn require_two_factor(tx: &Tx, id: i64, required: bool) -> Result<()> {
    if required {
        instance::store::put(tx, &two_factor_of(id), &[1])
    } else {
        instance::store::remove(tx, &two_factor_of(id))
    }
}

fn two_factor_of(id: i64) -> String {
    format!("two_factor_required/{id}")
}

/// The account directly above; the box's own has none.
pub fn parent(conn: &Connection, id: i64) -> Result<Option<i64>> {
    let sql = "SELECT parent_id FROM account WHERE id = $1";
    Ok(conn.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?.flatten())
}

/// AVA-280.
pub fn resellers_below(conn: &Connection, id: i64) -> Result<Vec<i64>> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT a.id FROM account a JOIN account own ON own.id = $1 WHERE {WITHIN} AND a.id <> own.id AND a.kind = 'reseller'
           AND a.enabled = 1"
    ))?;
    let rows = statement.query_map([id], |row| row.get(0))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

pub fn number_is_taken(conn: &Connection, number: i64) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM account WHERE number = $1)";
    Ok(conn.prepare_cached(sql)?.query_row([number], |row| row.get(0))?)
}

/// Below the same parent, another one than `but`.
pub fn name_is_taken(conn: &Connection, parent_id: i64, name: &str, but: i64) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM account WHERE parent_id = $1 AND name = $2 AND id <> $3)";
    Ok(conn.prepare_cached(sql)?.query_row(params![parent_id, name, but], |row| row.get(0))?)
}

pub fn link_id_is_taken(conn: &Connection, link_id: &str, but: i64) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM account WHERE link_id = $1 AND id <> $2)";
    Ok(conn.prepare_cached(sql)?.query_row(params![link_id, but], |row| row.get(0))?)
}

pub fn set_enabled(tx: &Tx, id: i64, enabled: bool, now: i64) -> Result<()> {
    tx.prepare_cached("UPDATE account SET enabled = $2, updated_at = $3 WHERE id = $1")?
        .execute(params![id, enabled, now])?;
    if enabled {
        return Ok(());
    }
    // AVA-148: its profiles and devices are apart from now on; AVA-147: nobody stays logged in.
    for sql in [
        "UPDATE site SET profile_id = NULL WHERE account_id = $1",
        "UPDATE device SET profile_id = NULL WHERE account_id = $1",
        "DELETE FROM session WHERE user_id IN (SELECT id FROM users WHERE account_id = $1)",
    ] {
        tx.prepare_cached(sql)?.execute([id])?;
    }
    Ok(())
}
