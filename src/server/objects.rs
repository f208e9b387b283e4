//! What the log calls a thing whose id a path has: as the change itself calls it (ALE-076), where whoever asks may see it.
//! Of what they may not see they learn no name, be it by what was refused: the id stays.

use crate::accounts::{channels, invitations, partners, sign_up};
use crate::db::{BOX_ACCOUNT, Connection, Result};
use crate::users::guard::may_read;
use crate::users::{Actor, Who, directory, keys, roles};
use crate::{accounts, alarms, enrollment};

/// `route`: the pattern, below /api/v1, with `{id}`. `None`: there is none, or not for their eyes.
pub fn name(conn: &Connection, actor: &Actor, route: &str, action: &str, id: i64) -> Result<Option<String>> {
    let Some((list, _)) = route.split_once("/{id}") else { return Ok(None) };
    // One's own, as the log calls whoever they are.
    if list == "/sessions" && matches!(actor.who, Who::Person { .. }) {
        return Ok(Some(actor.name.to_string()));
    }
    if !may_read(actor, list) {
        return Ok(None);
    }
    let own = actor.account_id;
    Ok(match list {
        "/accounts" => accounts::store::one(conn, own, id)?.map(|account| account.name),
        "/alarms" => alarms::store::object(conn, own, id)?,
        "/api-keys" => first(keys::store::list(conn, own, Some(id))?).map(|key| key.name),
        "/channels" => first(channels::store::list(conn, own, Some(id))?).map(|channel| match action {
            "channel.accept" => channel.account.number.to_string(),
            _ => channel.guest.number.to_string(),
        }),
        "/enrollment/requests" => {
            enrollment::store::request_by_id(conn, own, id)?.map(|request| request.mac.to_string())
        }
        "/invitations" => first(invitations::store::list(conn, own, Some(id))?).map(|invitation| invitation.email),
        "/links" => first(partners::store::list(conn, own, Some(id))?).and_then(|link| match action {
            "link.remove" => link.link_id,
            // Whoever asked is not told of whom before that one approves.
            _ => Some(link.reseller.number).filter(|number| *number != 0).map(|number| number.to_string()),
        }),
        "/role-groups" => first(roles::store::groups(conn, own, Some(id))?).map(|group| group.name),
        "/roles" => first(roles::store::list(conn, own, Some(id))?).map(|role| role.name),
        "/sign-ups" if own == BOX_ACCOUNT => {
            first(sign_up::store::list(conn, None, Some(id), i64::MAX, 1)?).map(|request| request.email)
        }
        "/users" => directory::store::one(conn, own, id)?.map(|user| user.login),
        _ => None,
    })
}

fn first<T>(found: Vec<T>) -> Option<T> {
    found.into_iter().next()
}
