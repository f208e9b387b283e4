//! The rows of requests.

use crate::db::{Connection, Result, Tx, params};

/// Requests that may wait at once: strangers write them.
pub const MOST: i64 = 1_000;

#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct SignUp {
    pub id: i64,
    /// `provider`, `reseller`, `customer`.
    pub kind: String,
    pub company: String,
    pub contact: String,
    pub phone: Option<String>,
    pub email: String,
    pub address: Option<String>,
    pub country: Option<String>,
    pub remark: Option<String>,
    pub reference: Option<String>,
    pub locale: String,
    /// Where it came from.
    pub peer: String,
    /// `waiting`, `approved`, `declined`.
    pub state: String,
    /// What was made of it.
    pub account_id: Option<i64>,
    pub created_at: i64,
    pub decided_by: Option<String>,
    pub decided_at: Option<i64>,
    pub link_id: Option<String>,
    /// Why it was declined.
    pub reason: Option<String>,
}

/// The newest first.
pub fn list(conn: &Connection, state: Option<&str>, id: Option<i64>, before: i64, rows: u32) -> Result<Vec<SignUp>> {
    let mut statement = conn.prepare_cached(
        "SELECT id, kind, company, contact, phone, email, address, country, remark, reference, locale, peer, state,
                account_id, created_at, decided_by, decided_at, link_id, reason
         FROM sign_up WHERE ($1 IS NULL OR state = $1) AND ($2 IS NULL OR id = $2) AND id < $3 ORDER BY id DESC LIMIT $4",
    )?;
    let rows = statement.query_map(params![state, id, before, rows], |row| {
        Ok(SignUp {
            id: row.get(0)?,
            kind: row.get(1)?,
            company: row.get(2)?,
            contact: row.get(3)?,
            phone: row.get(4)?,
            email: row.get(5)?,
            address: row.get(6)?,
            country: row.get(7)?,
            remark: row.get(8)?,
            reference: row.get(9)?,
            locale: row.get(10)?,
            peer: row.get(11)?,
            state: row.get(12)?,
            account_id: row.get(13)?,
            created_at: row.get(14)?,
            decided_by: row.get(15)?,
            decided_at: row.get(16)?,
            link_id: row.get(17)?,
            reason: row.get(18)?,
        })
    })?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

pub fn waiting(conn: &Connection) -> Result<i64> {
    let sql = "SELECT count(*) FROM sign_up WHERE state = 'waiting'";
    Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

pub fn insert(tx: &Tx, request: &SignUp) -> Result<()> {
    let r = request;
    tx.prepare_cached(
        "INSERT INTO sign_up (kind, company, contact, phone, email, address, country, remark, reference, locale, peer, state,
           created_at, link_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'waiting', $12, $13)",
    )?
    .execute(params![
        r.kind,
        r.company,
        r.contact,
        r.phone,
        r.email,
        r.address,
        r.country,
        r.remark,
        r.reference,
        r.locale,
        r.peer,
        r.created_at,
        r.link_id
    ])?;
    Ok(())
}

/// The decision: its word, and why.
pub fn decide(
    tx: &Tx,
    id: i64,
    (state, reason): (&str, Option<&str>),
    account_id: Option<i64>,
    by: &str,
    now: i64,
) -> Result<()> {
    tx.prepare_cached(
        "UPDATE sign_up SET state = $2, account_id = $3, decided_by = $4, decided_at = $5, reason = $6 WHERE id = $1",
    )?
    .execute(params![id, state, account_id, by, now, reason])?;
    Ok(())
}
