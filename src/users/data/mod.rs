//! Data permission: the sites of a user's role and the user's own profiles, where somebody has limited them (ALE-077…080,
//! YMC-032). What a limited user may not see is not there; the one place that says so is [`store`].

pub mod store;

use super::Actor;
use crate::db::{Connection, Result};
use crate::web::{Code, Problem};
use std::collections::HashSet;
use std::fmt::Display;

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

/// Before a change of what several phones have in common: it does not reach phones that this actor does not see.
pub fn must_have_all(
    conn: &Connection,
    actor: &Actor,
    id: i64,
    rule: fn(&Connection, i64, i64) -> Result<bool>,
    what: impl Display,
) -> std::result::Result<(), Problem> {
    if sees(conn, actor, id, rule)? {
        return Ok(());
    }
    let message = format!("{what} is not changed: it is there for phones outside your data permission, too.");
    Err(Problem::new(Code::Forbidden, message, "Ask whoever manages the users of your account."))
}

/// Behind the name of what is not there: to a limited user, what is not theirs is not there in the same words.
pub fn within(actor: &Actor) -> &'static str {
    if actor.limited.is_some() { " within your data permission" } else { "" }
}

/// What one limited user sees, by ids; `None` is everything.
pub struct Sight {
    sites: Option<HashSet<i64>>,
    /// Profiles, and the sites that give their devices one of them.
    profiles: Option<(HashSet<i64>, HashSet<i64>)>,
}

impl Sight {
    /// A device without a profile of its own has its site's (ALE-078).
    pub fn sees_device(&self, site: Option<i64>, profile: Option<i64>) -> bool {
        let at = |sites: &HashSet<i64>| site.is_some_and(|site| sites.contains(&site));
        let has =
            |(profiles, sites): &(HashSet<i64>, _)| profile.map_or_else(|| at(sites), |id| profiles.contains(&id));
        self.sites.as_ref().is_none_or(at) && self.profiles.as_ref().is_none_or(has)
    }
}
