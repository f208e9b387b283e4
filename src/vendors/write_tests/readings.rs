//! Each format read independently of the code that writes it: what a strict stranger finds in the file.

use quick_xml::XmlVersion;
use quick_xml::events::Event;
use quick_xml::reader::Reader;

/// Names and values in the file's order. Panics on anything that should not be in it.
pub fn read(vendor: &str, dialect: &str, text: &str) -> Vec<(String, String)> {
    match (vendor, dialect) {
        ("avaya", _) => avaya(text),
        ("yealink", _) => yealink(text),
        ("ale", "noe") => noe(text),
        ("ale", _) => ale(text),
        ("snom", _) => snom(text),
        _ => unreachable!(),
    }
}

fn avaya(text: &str) -> Vec<(String, String)> {
    assert!(text.is_empty() || text.ends_with("\r\n"));
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    assert!(lines.iter().all(|line| line.chars().all(|c| !c.is_control() && c != '\u{2028}' && c != '\u{2029}')));
    let statement = |line: &&str| {
        let (name, value) = line.strip_prefix("SET ").unwrap().split_once(' ').unwrap();
        let value = match value.strip_prefix('"') {
            Some(quoted) => quoted.strip_suffix('"').unwrap(),
            None => value,
        };
        assert!(!value.contains('"') && !name.contains(' '));
        assert!(!line.contains(['“', '”']));
        (name.to_owned(), value.to_owned())
    };
    lines.iter().map(statement).collect()
}

fn yealink(text: &str) -> Vec<(String, String)> {
    let body = text.strip_prefix("#!version:1.0.0.1\n").unwrap();
    pairs(body, '=')
        .into_iter()
        .map(|(name, value)| (name, if value == "%NULL%" { String::new() } else { value }))
        .collect()
}

/// As a phone would: any of CR, LF and their Unicode kin could end a line, blanks around a value are lost.
fn pairs(body: &str, separator: char) -> Vec<(String, String)> {
    assert!(body.is_empty() || body.ends_with('\n'));
    let ends = |c: char| c != '\t' && c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let lines = body.split(ends).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pair = |line: &str| {
        let (name, value) = line.split_once(separator).unwrap();
        (name.trim().to_owned(), value.trim().to_owned())
    };
    lines.map(pair).collect()
}

fn noe(text: &str) -> Vec<(String, String)> {
    let body = match text.strip_prefix("[sip]\n") {
        Some(body) => body,
        None => {
            assert!(text.is_empty());
            text
        }
    };
    pairs(body, '=').into_iter().map(|(name, value)| (format!("sip.{name}"), value)).collect()
}

/// ALE-064: each line in the form of its setting element, inside of settings.
fn ale(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (path, attributes, content) in elements(text) {
        match path.as_str() {
            "/settings" => assert!(attributes.is_empty() && content.trim().is_empty()),
            "/settings/setting" => {
                let names: Vec<&str> = attributes.iter().map(|(name, _)| name.as_str()).collect();
                assert_eq!(names, ["id", "value", "override"]);
                assert_eq!((attributes[2].1.as_str(), content.as_str()), ("true", ""));
                found.push((attributes[0].1.clone(), attributes[1].1.clone()));
            }
            other => panic!("{other}"),
        }
    }
    found
}

fn snom(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (path, attributes, content) in elements(text) {
        match path.strip_prefix("/settings/phone-settings/") {
            None => assert!(["/settings", "/settings/phone-settings"].contains(&path.as_str()), "{path}"),
            Some(name) => {
                assert!(!name.contains('/'));
                let index = attributes.iter().find(|(name, _)| name == "idx").map(|(_, index)| index);
                assert!(attributes.iter().all(|(name, value)| name == "idx" || (name == "perm" && value.is_empty())));
                found.push((index.map_or(name.to_owned(), |index| format!("{name}.{index}")), content));
            }
        }
    }
    found
}

type Found = (String, Vec<(String, String)>, String);

/// Every element of a well-formed document without a DTD, with its path and its own text, in the order of the ends.
pub fn elements(text: &str) -> Vec<Found> {
    let legal = |c: char| c >= ' ' && c != '\u{fffe}' && c != '\u{ffff}' || matches!(c, '\t' | '\n');
    assert!(text.chars().all(legal), "a character outside XML 1.0 or one that a parser changes");
    let mut reader = Reader::from_str(text);
    let (mut open, mut found): (Vec<Found>, Vec<Found>) = (Vec::new(), Vec::new());
    let mut roots = 0;
    loop {
        let event = reader.read_event().unwrap();
        match &event {
            Event::Start(start) | Event::Empty(start) => {
                roots += usize::from(open.is_empty());
                let parent = open.last().map_or("", |(path, ..)| path);
                let path = format!("{parent}/{}", start.name().as_ref());
                let attribute = |attribute: quick_xml::events::attributes::Attribute<'_>| {
                    let value = attribute.normalized_value(XmlVersion::Implicit1_0).unwrap().into_owned();
                    (attribute.key.as_ref().to_owned(), value)
                };
                let attributes = start.attributes().map(|found| attribute(found.unwrap())).collect();
                match event {
                    Event::Start(_) => open.push((path, attributes, String::new())),
                    _ => found.push((path, attributes, String::new())),
                }
            }
            Event::End(_) => found.push(open.pop().unwrap()),
            Event::Text(text) => add(&mut open, &text.xml10_content()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().unwrap() {
                Some(c) => add(&mut open, &c.to_string()),
                None => add(&mut open, quick_xml::escape::resolve_predefined_entity(reference).unwrap()),
            },
            Event::Decl(_) => assert!(open.is_empty() && found.is_empty()),
            Event::Eof => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(open.is_empty() && roots == 1);
    found
}

fn add(open: &mut [Found], text: &str) {
    match open.last_mut() {
        Some((.., own)) => own.push_str(text),
        None => assert!(text.trim().is_empty()),
    }
}
