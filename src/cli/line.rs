//! The words of a line on the command line: `user=201,password=@-,name="Desk 201",line.label=Front`.

use super::{Failure, secret};
use serde_json::{Map, Value, json};

/// A line's body, from its words. A value with a comma in it stands in double quotes.
pub fn body(words: &str) -> Result<Map<String, Value>, Failure> {
    let mut body = Map::new();
    let mut settings = Map::new();
    for word in split(words) {
        let (name, text) = word.split_once('=').ok_or_else(|| {
            Failure::new(format!("{word:?} is no NAME=VALUE of a line."), "Write it like user=201,password=@-.")
        })?;
        let name = name.trim();
        match name {
            "user" | "sip-user" => body.insert("user".into(), secret::value("line.user", text)?.into()),
            "auth" | "auth_id" | "auth-id" => {
                body.insert("auth_id".into(), secret::value("line.auth_id", text)?.into())
            }
            "password" => body.insert("password".into(), secret::value("password", text)?.into()),
            "name" | "display_name" | "display-name" => {
                body.insert("display_name".into(), secret::value("line.display_name", text)?.into())
            }
            "sip_account" | "sip-account" => {
                let id: i64 = text.parse().map_err(|_| {
                    Failure::new(format!("sip_account: {text:?} is not a number."), "Give the id of a SIP account.")
                })?;
                body.insert("sip_account".into(), id.into())
            }
            _ if name.contains('.') => settings.insert(name.into(), secret::value(name, text)?.into()),
            _ => {
                return Err(Failure::new(
                    format!("{name:?} is no word of a line."),
                    "Known are user, auth_id, password, name, sip_account and every setting of a line, such as line.label.",
                ));
            }
        };
    }
    if !settings.is_empty() {
        body.insert("settings".into(), json!(settings));
    }
    Ok(body)
}

/// At commas, except inside double quotes; the quotes go.
fn split(words: &str) -> Vec<String> {
    let (mut parts, mut part, mut quoted) = (Vec::new(), String::new(), false);
    for c in words.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => parts.push(std::mem::take(&mut part)),
            _ => part.push(c),
        }
    }
    parts.push(part);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_from_its_words_and_a_literal_password_is_refused() {
        let line = body(r#"user=201,auth_id=a201,name="Smith, John",line.label=Front"#).unwrap();
        let expected = json!({"user": "201", "auth_id": "a201", "display_name": "Smith, John", "settings": {"line.label": "Front"}});
        assert_eq!(Value::Object(line), expected);
        for (words, rule) in [
            ("password=hunter2", "command line"),
            ("line.password=hunter2", "command line"),
            ("usr=1", "no word"),
            ("201", "NAME=VALUE"),
        ] {
            let error = body(words).unwrap_err();
            assert!(error.message.contains(rule) && !error.message.contains("hunter2"), "{words}: {}", error.message);
        }
    }
}
