//! How phones read the files that only hold values: `key = value` lines, `[section]` files, ALE's and Snom's XML.
//!
//! Written from protocols/vendors.md §1.2, §2.3, §3.2, and apart from the box's writers on purpose: what both
//! misunderstand in the same way no test would find.

use super::kinds::Grammar;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// What a file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// In the order of the file; later wins.
    pub values: Vec<(String, String)>,
    /// Files to read in place of, or after, this one: names or URLs.
    pub more: Vec<String>,
    /// What is absent becomes default again.
    pub overwrite: bool,
}

/// `None`: not a file of this grammar; a phone keeps what it has.
pub fn read(grammar: Grammar, text: &str) -> Option<Said> {
    match grammar {
        Grammar::Pairs => pairs(text),
        Grammar::Ini => Some(ini(text)),
        Grammar::XmlId => xml_id(text),
        Grammar::XmlSnom => xml_snom(text),
        Grammar::Program => None,
    }
}

fn pairs(text: &str) -> Option<Said> {
    let mut said = Said::default();
    let mut lines = text.lines();
    // The header must be line 1.
    if !lines.next()?.starts_with("#!version:") {
        return None;
    }
    for line in lines {
        let line = line.trim();
        if let Some(target) = line.strip_prefix("include:config") {
            said.more.push(target.trim().trim_matches(['"', '<', '>']).to_owned());
        } else if let Some((name, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
            match (name.trim(), value.trim()) {
                ("overwrite_mode", value) => said.overwrite = value == "1",
                (name, "%NULL%" | "%EMPTY%") => said.values.push((name.to_owned(), String::new())),
                (name, value) => said.values.push((name.to_owned(), value.to_owned())),
            }
        }
    }
    Some(said)
}

fn ini(text: &str) -> Said {
    let mut said = Said::default();
    let mut section = "";
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
        } else if let Some((name, value)) = line.split_once('=') {
            let name = if section.is_empty() { name.trim().to_owned() } else { format!("{section}.{}", name.trim()) };
            said.values.push((name, value.trim().to_owned()));
        }
    }
    said
}

fn attribute(element: &BytesStart, name: &str) -> Option<String> {
    let found = element.attributes().flatten().find(|one| one.key.as_ref() == name)?;
    Some(found.normalized_value(XmlVersion::Explicit1_0).ok()?.into_owned())
}

fn xml_id(text: &str) -> Option<Said> {
    let mut said = Said::default();
    let mut reader = Reader::from_str(text);
    let mut root = false;
    loop {
        match reader.read_event().ok()? {
            Event::Start(element) if element.name().as_ref() == "settings" => root = true,
            Event::Empty(element) | Event::Start(element) if root && element.name().as_ref() == "setting" => {
                said.values.push((attribute(&element, "id")?, attribute(&element, "value").unwrap_or_default()));
            }
            Event::DocType(_) => return None,
            Event::Eof => return root.then_some(said),
            _ => {}
        }
    }
}

/// `<settings>` with its sections, or a `<setting-files>` container; the phone looks at the content, not at the name.
fn xml_snom(text: &str) -> Option<Said> {
    let mut said = Said::default();
    let mut reader = Reader::from_str(text);
    let mut path: Vec<String> = Vec::new();
    let mut open: Option<(String, String)> = None;
    loop {
        match reader.read_event().ok()? {
            Event::Start(element) => {
                let name = element.name().as_ref().to_owned();
                open = snom_name(&path, &name, &element).map(|name| (name, String::new()));
                path.push(name);
            }
            Event::Empty(element) => {
                let name = element.name().as_ref().to_owned();
                if path.last().is_some_and(|parent| parent == "setting-files") && name == "file" {
                    said.more.push(attribute(&element, "url")?);
                } else if let Some(name) = snom_name(&path, &name, &element) {
                    said.values.push((name, String::new()));
                }
            }
            Event::Text(text) => {
                if let Some((_, value)) = &mut open {
                    value.push_str(&text.xml10_content());
                }
            }
            Event::GeneralRef(entity) => {
                if let Some((_, value)) = &mut open {
                    value.push_str(&reference(&entity)?);
                }
            }
            Event::End(_) => {
                path.pop();
                said.values.extend(open.take());
            }
            Event::DocType(_) => return None,
            Event::Eof => return (path.is_empty() && !text.trim().is_empty()).then_some(said),
            _ => {}
        }
    }
}

fn reference(entity: &quick_xml::events::BytesRef) -> Option<String> {
    if let Some(letter) = entity.resolve_char_ref().ok()? {
        return Some(letter.to_string());
    }
    let name: &str = entity;
    quick_xml::escape::resolve_predefined_entity(name).map(str::to_owned)
}

fn snom_name(path: &[String], name: &str, element: &BytesStart) -> Option<String> {
    match path.last().map(String::as_str) {
        Some("phone-settings" | "firmware-settings") => Some(match attribute(element, "idx") {
            Some(index) => format!("{name}.{index}"),
            None => name.to_owned(),
        }),
        Some("functionKeys") => Some(format!("{name}.{}", attribute(element, "idx")?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(said: &Said) -> Vec<(&str, &str)> {
        said.values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    #[test]
    fn pairs_need_their_header_and_boot_files_include() {
        assert_eq!(pairs("account.1.enable = 1\n"), None);
        assert_eq!(pairs("<html>Not found</html>"), None);
        let said = pairs("#!version:1.0.0.1\n# a = b\na = 1 = 2\nb=\nc = %NULL%\n").unwrap();
        assert_eq!(values(&said), [("a", "1 = 2"), ("b", ""), ("c", "")]);
        let boot = "#!version:1.0.0.1\ninclude:config \"y.cfg\"\ninclude:config <http://h/a.cfg>\noverwrite_mode = 1\n";
        let said = pairs(boot).unwrap();
        assert_eq!((said.more, said.overwrite), (vec!["y.cfg".to_owned(), "http://h/a.cfg".to_owned()], true));
    }

    #[test]
    fn sections_name_their_keys() {
        let said = ini("APPLICATION_TYPE=APPL_SIP\n[sip]\n# x=1\nuser_name=201\n");
        assert_eq!(values(&said), [("APPLICATION_TYPE", "APPL_SIP"), ("sip.user_name", "201")]);
    }

    #[test]
    fn ale_settings_are_ids_and_values() {
        let text = "<?xml version=\"1.0\"?><settings><setting id=\"A\" value=\"1 &amp; &#10;2\" override=\"true\"/>\
                    <setting id=\"B\" value=\"\"/></settings>";
        assert_eq!(values(&xml_id(text).unwrap()), [("A", "1 & \n2"), ("B", "")]);
        assert_eq!(xml_id("<html/>"), None);
        assert_eq!(xml_id("<!DOCTYPE x><settings/>"), None);
    }

    #[test]
    fn snom_files_are_told_by_their_content() {
        let text = "<settings><phone-settings e=\"2\"><user_name idx=\"1\" perm=\"\">4&lt;01</user_name><language perm=\"\">x</language>\
                    </phone-settings><functionKeys e=\"2\"><fkey idx=\"3\" context=\"active\">blf sip:1</fkey></functionKeys></settings>";
        assert_eq!(
            values(&xml_snom(text).unwrap()),
            [("user_name.1", "4<01"), ("language", "x"), ("fkey.3", "blf sip:1")]
        );
        let container = "<setting-files><file url=\"http://h/a.xml\"/></setting-files>";
        assert_eq!(xml_snom(container).unwrap().more, ["http://h/a.xml"]);
        assert_eq!(xml_snom("not xml <"), None);
    }
}
