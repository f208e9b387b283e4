//! What a person is called: a first and a last name (AVA-172), and the name that is shown, which anybody may choose.

use crate::web::{Problem, Result, words};

const LONGEST: usize = 64;

/// The parts as they are kept; nothing in them is none.
pub fn part(field: &str, text: Option<&str>) -> Result<Option<String>> {
    Ok(text.map(|text| words::line(field, text, LONGEST)).transpose()?.flatten())
}

/// The name that is shown: the one that was said, else first and last name.
pub fn shown(said: Option<&str>, first: Option<&str>, last: Option<&str>) -> Result<String> {
    match (said, joined(first, last)) {
        (Some(said), _) => words::title("The user", said),
        (None, Some(joined)) => words::title("The user", &joined),
        (None, None) => Err(Problem::bad_value("The user has no name.", "Send first_name and last_name, or name.")),
    }
}

/// The name that is shown after a change: it follows the parts until another one was chosen.
pub fn follow(shown: &str, before: &[Option<String>; 2], now: &[Option<String>; 2]) -> Result<String> {
    let [before, now] = [before, now].map(|[first, last]| joined(first.as_deref(), last.as_deref()));
    match (before, now) {
        (Some(before), Some(now)) if before == shown => words::title("The user", &now),
        _ => Ok(shown.to_owned()),
    }
}

fn joined(first: Option<&str>, last: Option<&str>) -> Option<String> {
    match (first, last) {
        (None, None) => None,
        (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
        (Some(first), Some(last)) => Some(format!("{first} {last}")),
    }
}
