//! Data permission: the sites of a user's role and the user's own profiles, where somebody has limited them (ALE-077…080,
//! YMC-032). What a limited user may not see is not there; the one place that says so is [`store`].

pub mod store;

use super::Actor;
use crate::db::{Connection, Result};

/// Whether it is there for this actor.
pub fn sees(
    conn: &Connection,
    actor: &Actor,
    id: i64,
    rule: fn(&Connection, i64, i64) -> Result<bool>,
) -> Result<bool> {
    match actor.limited {
        None => Ok(true),
        Some(user_id) => rule(conn, user_id, id),
    }
}
