//! The users of an account: who there is, and what each may do.

pub mod api;
pub mod store;

use super::permissions::Reach;
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
        counts.iter().filter(|permission| !actor.permissions.has(*permission)).map(Permission::word).collect();
    let message = format!("You may not do this: it is about more than you may yourself: {}.", some_of(&more));
    Err(Problem::new(Code::Forbidden, message, "Ask somebody who may."))
}

/// Those of the box count nowhere else: a role or a key of another account that names them would promise what it has not.
pub fn refuse_box(account_id: i64, permissions: Permissions) -> Result<(), Problem> {
    let of_box = permissions.iter().filter(|permission| permission.reach() == Reach::Box).map(Permission::word);
    let of_box: Vec<&str> = of_box.collect();
    if account_id == BOX_ACCOUNT || of_box.is_empty() {
        return Ok(());
    }
    let message =
        format!("permissions: {} is not accepted: it counts in the box's own account only.", some_of(&of_box));
    Err(Problem::bad_value(message, "Leave it out."))
}

/// A few of many words, and how many more there are.
fn some_of(words: &[&str]) -> String {
    const FEW: usize = 5;
    let few = words.iter().take(FEW).copied().collect::<Vec<_>>().join(", ");
    match words.len().saturating_sub(FEW) {
        0 => few,
        more => format!("{few} and {more} more"),
    }
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

#[cfg(test)]
mod tests {
    use super::some_of;

    #[test]
    fn of_many_words_a_few_are_said_and_how_many_more_there_are() {
        let words = ["a", "b", "c", "d", "e", "f", "g"];
        assert_eq!(some_of(&words[..5]), "a, b, c, d, e");
        assert_eq!(some_of(&words), "a, b, c, d, e and 2 more");
    }
}
