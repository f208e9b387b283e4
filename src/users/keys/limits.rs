//! A key that manages keys: none lasts longer, or works from elsewhere, than itself.

use super::store;
use crate::db::Connection;
use crate::net::Cidr;
use crate::users::{Actor, Who};
use crate::web::{Code, Problem, Result};

pub fn must_be_within(conn: &Connection, actor: &Actor, expires_at: Option<i64>, sources: &str) -> Result<()> {
    let Who::Key(id) = actor.who else { return Ok(()) };
    let Some(own) = store::list(conn, actor.account_id, Some(id))?.pop() else { return Err(Code::Unauthorized.into()) };
    let ends_by_then = own.expires_at.is_none_or(|own| expires_at.is_some_and(|at| at <= own));
    if !ends_by_then {
        return Err(beyond("expires_at", "ends later"));
    }
    let parse = |words: &str| words.split_whitespace().filter_map(|word| word.parse::<Cidr>().ok()).collect::<Vec<_>>();
    let (own, asked) = (parse(&own.sources.join(" ")), parse(sources));
    let is_there = |network: &Cidr| own.iter().any(|own| own.holds(network));
    if own.is_empty() || (!asked.is_empty() && asked.iter().all(is_there)) {
        return Ok(());
    }
    Err(beyond("sources", "works from more networks"))
}

fn beyond(field: &str, what: &str) -> Problem {
    let message = format!("{field}: a key manages none that {what} than itself.");
    Problem::new(Code::Forbidden, message, "Ask a person who manages the API keys of the account.")
}
