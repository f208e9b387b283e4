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

/// An e-mail address. Nothing that ends a header line or opens another address.
pub fn email(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let (user, host) = text.rsplit_once('@').unwrap_or_default();
    let odd = |c: char| c.is_control() || c.is_whitespace() || "<>()[],;:\\\"@".contains(c);
    if text.len() <= 254 && !user.is_empty() && !user.contains(odd) && !host.is_empty() && !host.contains(odd) {
        return Ok(text.to_owned());
    }
    let shown: String = text.chars().take(80).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    Err(Problem::bad_value(format!("{shown:?} is no e-mail address."), "Write it like alice@example.com"))
}

/// A login name: one word, as people type it.
pub fn login(text: &str) -> Result<String, Problem> {
    let login = text.trim();
    let refuse = |rule: &str| {
        let shown: String = login.chars().take(80).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        Err(Problem::bad_value(format!("login: {shown:?} is not accepted: {rule}."), "Choose another one."))
    };
    match login {
        "" => refuse("it is empty"),
        _ if login.chars().count() > 254 => refuse("it is longer than 254 characters"),
        _ if login.chars().any(|c| c.is_control() || c.is_whitespace()) => {
            refuse("it holds a blank or control character")
        }
        _ => Ok(login.to_owned()),
    }
}

/// A language of the page, like `en` or `pt-BR`.
pub fn locale(text: &str) -> Result<String, Problem> {
    let parts: Vec<&str> = text.split('-').collect();
    let good = parts.len() <= 3
        && text.len() <= 16
        && parts.iter().all(|part| (2..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric()));
    if good {
        return Ok(text.to_owned());
    }
    let shown: String = text.chars().take(20).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    Err(Problem::bad_value(format!("locale: {shown:?} is no language."), "Write it like en or pt-BR"))
}

/// A MAC address in a path or body.
pub fn mac(text: &str) -> Result<crate::net::Mac, Problem> {
    text.parse().map_err(|error: crate::net::MacError| {
        Problem::bad_value(format!("{error}."), "Write it like 805ec0aabb01 or 80:5e:c0:aa:bb:01.")
    })
}
