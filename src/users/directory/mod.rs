//! The users of an account: who there is, and what each may do.

pub mod api;
pub mod store;

use super::{Actor, Permission, Permissions};
use crate::db::BOX_ACCOUNT;
use crate::web::{Code, Problem};

/// Nobody gives what they do not have, nor changes who may do more than they may.
pub fn must_hold(actor: &Actor, account_id: i64, permissions: Permissions) -> Result<(), Problem> {
    let counts = if account_id == BOX_ACCOUNT { permissions } else { permissions.without_box() };
    if actor.permissions.holds(counts) {
        return Ok(());
    }
    let more: Vec<&str> =
        counts.iter().filter(|permission| !actor.permissions.has(*permission)).map(Permission::word).take(5).collect();
    let message = format!("You may not do this: it is about more than you may yourself: {}.", more.join(", "));
    Err(Problem::new(Code::Forbidden, message, "Ask somebody who may."))
}

/// Names of permissions in a body.
pub fn parse(words: &[String]) -> Result<Permissions, Problem> {
    let parse = |word: &String| {
        word.parse::<Permission>().map_err(|()| {
            let word: String = word.chars().take(60).collect();
            Problem::bad_value(format!("There is no permission {word:?}."), "List them: GET /api/v1/permissions")
        })
    };
    words.iter().map(parse).collect()
}
