//! The words of a line on the command line: `user=201,password=@-,name="Desk 201",line.label=Front`.

use super::{Failure, secret};
use serde_json::{Map, Value, json};

/// A line's body, from its words. A value with a comma in it stands in double quotes, as in CSV.
pub fn body(words: &str) -> Result<Map<String, Value>, Failure> {
    let mut body = Map::new();
    let mut settings = Map::new();
    for (name, text) in split(words)? {
        let text = text.as_str();
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

/// Names and values, at commas. A value that begins with a quotation mark ends at the next one that is not doubled (RFC 4180);
/// anywhere else it is a character.
fn split(words: &str) -> Result<Vec<(&str, String)>, Failure> {
    let mut pairs = Vec::new();
    let mut rest = words;
    loop {
        rest = rest.trim_start_matches([',', ' ', '\t']);
        if rest.is_empty() {
            return Ok(pairs);
        }
        let end = rest.find(',').unwrap_or(rest.len());
        let Some((name, value)) = rest.split_once('=').filter(|(name, _)| name.len() < end) else {
            let word = rest.get(..end).unwrap_or_default();
            return Err(Failure::new(
                format!("{word:?} is no NAME=VALUE of a line."),
                "Write it like user=201,password=@-.",
            ));
        };
        let name = name.trim();
        match value.strip_prefix('"') {
            Some(inside) => {
                let (text, after) = quoted(inside).filter(|(_, after)| after.is_empty() || after.starts_with(',')).ok_or_else(|| {
                    let next = "A value in quotation marks ends with one, and a comma or nothing follows. One inside is written twice.";
                    Failure::new(format!("{name}: its value begins with a quotation mark and does not end with one."), next)
                })?;
                pairs.push((name, text));
                rest = after;
            }
            None => {
                let end = value.find(',').unwrap_or(value.len());
                let (text, after) = value.split_at(end);
                pairs.push((name, text.to_owned()));
                rest = after;
            }
        }
    }
}

/// Up to the quotation mark that ends it, and what stands behind.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('"')?;
        value.push_str(part);
        match after.strip_prefix('"') {
            Some(more) => {
                value.push('"');
                rest = more;
            }
            None => return Some((value, after.trim_start_matches([' ', '\t']))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotation_marks_quote_where_a_value_begins_and_are_characters_elsewhere() {
        for (words, name) in [
            (r#"name=A & <B> "c""#, r#"A & <B> "c""#),
            (r#"name=a"b,user=1"#, r#"a"b"#),
            (r#"user=1,name="a ""b"", c""#, r#"a "b", c"#),
            (r#"name="", user=1,"#, ""),
        ] {
            let line = body(words).unwrap();
            assert_eq!(line["display_name"], name, "{words}");
            assert_eq!(line.contains_key("user"), words.contains("user"), "{words}");
        }
        for words in [r#"name="Desk 201"#, r#"name="a"b"#, r#"name=",user=1"#] {
            assert!(
                body(words).unwrap_err().message.starts_with("name: its value begins with a quotation mark"),
                "{words}"
            );
        }
    }

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
