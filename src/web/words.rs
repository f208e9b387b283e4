//! Rules for the words people give to things.

use super::{Code, Problem};

const LONGEST_NAME: usize = 64;

/// The name of a site, profile or group: it stands in URLs and on command lines.
pub fn name(what: &str, text: &str) -> Result<String, Problem> {
    let name = text.trim();
    let shown: String = name.chars().take(80).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    let refuse = |rule: String| {
        let message = format!("{what} name {shown:?} is not accepted: {rule}.");
        Err(Problem::new(Code::BadValue, message, "Choose another name."))
    };
    match name {
        "" => refuse("it is empty".into()),
        "." | ".." => refuse("it means a directory".into()),
        _ if name.chars().count() > LONGEST_NAME => refuse(format!("it is longer than {LONGEST_NAME} characters")),
        _ if name.chars().any(|c| c.is_control() || matches!(c, '/' | '\\')) => {
            refuse("it holds a slash, a backslash or a control character".into())
        }
        _ => Ok(name.to_owned()),
    }
}

/// One line of free text; empty means none.
pub fn line(field: &str, text: &str, longest: usize) -> Result<Option<String>, Problem> {
    let text = text.trim();
    let refuse = |rule: String| {
        let shown: String = text.chars().take(80).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        Err(Problem::bad_value(format!("{field}: {shown:?} is not accepted: {rule}."), "Correct it and send it again."))
    };
    if text.chars().count() > longest {
        return refuse(format!("it is longer than {longest} characters"));
    }
    if text.chars().any(char::is_control) {
        return refuse("it holds a control character".into());
    }
    Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
}

/// A MAC address in a path or body.
pub fn mac(text: &str) -> Result<crate::net::Mac, Problem> {
    text.parse().map_err(|error: crate::net::MacError| {
        Problem::bad_value(format!("{error}."), "Write it like 805ec0aabb01 or 80:5e:c0:aa:bb:01.")
    })
}
