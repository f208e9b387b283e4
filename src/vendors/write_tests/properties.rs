//! For arbitrary values: what a stranger reads in the file is exactly what was written, or its loss is named (T72, T100).

use super::golden::HOSTILE;
use super::readings::{elements, read};
use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

#[rustfmt::skip]
const PIECES: [&str; 31] = [
    "\n",
    "\r",
    "\"",
    "'",
    "<",
    ">",
    "&",
    "=",
    "#",
    "%",
    " ",
    ",",
    ";",
    "]]>",
    "<!--",
    "-->",
    "<![CDATA[",
    "</x>",
    "<x>",
    "\u{85}",
    "\u{2028}",
    "\0",
    "SET X 1",
    "GET x",
    "# A",
    "[sip]",
    "&#10;",
    "&lt;",
    "“",
    "é",
    "😀",
];

/// Text made of pieces that matter to some format, and of anything else.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => proptest::sample::select(&PIECES[..]).prop_map(str::to_owned),
        2 => "[a-zA-Z0-9 .]{1,6}",
        1 => any::<char>().prop_map(String::from),
    ];
    prop_oneof![
        6 => vec(piece, 0..8).prop_map(|pieces| pieces.concat()),
        1 => proptest::sample::select(&HOSTILE[..]).prop_map(str::to_owned),
        1 => ".{0,40}",
    ]
}

/// What a conforming reader finds for a value that was written with [`Fault::Removed`].
fn without_illegal(value: &str) -> String {
    value
        .chars()
        .filter(|c| *c == '\t' || *c == '\n' || *c == '\r' || *c >= ' ' && *c != '\u{fffe}' && *c != '\u{ffff}')
        .collect()
}

proptest! {
    #![proptest_config(super::config(1500))]

    #[test]
    fn threat_072_a_value_is_read_back_or_its_loss_is_named(values in vec(hostile(), 1..6)) {
        for (vendor, dialect, _, prefix) in DEVICE_FILES {
            let names: Vec<String> = (1..=values.len()).map(|n| format!("{prefix}{n}")).collect();
            let items: Vec<Item> = names.iter().zip(&values).map(|(name, value)| param(name, value)).collect();
            let document = device_file(vendor, dialect, &items);
            let mut found = read(vendor, dialect, &string(&document)).into_iter().peekable();
            for (name, value) in names.iter().zip(&values) {
                let fault = document.warnings.iter().find(|warning| warning.name == *name).map(|warning| warning.fault);
                let null = vendor == "yealink" && value == "%NULL%";
                let expected = match fault {
                    None if null => Some(String::new()),
                    None => Some(value.clone()),
                    Some(Fault::Removed) => Some(without_illegal(value)),
                    Some(_) => None,
                };
                if let Some(expected) = expected {
                    prop_assert_eq!(found.next(), Some((name.clone(), expected)), "{}", vendor);
                }
            }
            prop_assert_eq!(found.next(), None, "{}: more than was written", vendor);
        }
    }

    #[test]
    fn threat_072_an_ordinary_value_is_never_lost(value in "[a-zA-Z0-9äöüßéЯ東 .,:;/_()<>&'=#%*+@$-]{0,40}") {
        for (vendor, dialect, _, prefix) in DEVICE_FILES {
            let document = device_file(vendor, dialect, &[param(&format!("{prefix}1"), value.trim())]);
            prop_assert_eq!(document.warnings.len(), 0, "{}", vendor);
        }
    }

    #[test]
    fn threat_072_a_name_cannot_add_a_line_or_element(name in hostile(), value in hostile()) {
        for (vendor, dialect, _, prefix) in DEVICE_FILES {
            let document = device_file(vendor, dialect, &[param(&name, &value), param(&format!("{prefix}1"), "x")]);
            let text = string(&document);
            match text.starts_with("<?xml") {
                true => prop_assert!(elements(&text).len() <= 5, "{}", text),
                false => prop_assert!(text.lines().filter(|line| !line.is_empty()).count() <= 4, "{}", text),
            }
        }
    }

    #[test]
    fn threat_072_raw_text_stays_one_statement_or_element(raw in hostile(), tail in "[ -~]{0,20}") {
        for raw in [raw.clone(), format!("SET X {raw}"), format!("<x>{raw}</x>"), format!("<setting id=\"a\" value=\"b\"/>{raw}{tail}")] {
            let document = device_file("avaya", "", &[text(&raw)]);
            let lines = string(&document);
            prop_assert!(lines.lines().count() <= 1 && lines.chars().all(|c| !c.is_control() || "\r\n\t".contains(c)));
            for vendor in ["ale", "snom"] {
                let xml = string(&device_file(vendor, "", &[text(&raw)]));
                let children = elements(&xml).iter().filter(|(path, ..)| {
                    let inner = path.strip_prefix("/settings/").unwrap_or_default();
                    let inner = inner.strip_prefix("phone-settings/").unwrap_or(inner);
                    !inner.is_empty() && inner != "phone-settings" && inner != "functionKeys" && !inner.contains('/')
                }).count();
                prop_assert!(children <= 1, "{}", xml);
            }
            for (vendor, dialect) in [("yealink", ""), ("ale", "noe")] {
                let document = device_file(vendor, dialect, &[text(&raw)]);
                prop_assert_eq!(document.warnings.len(), 1);
            }
        }
    }

    #[test]
    fn threat_072_a_snom_key_keeps_its_label(label in hostile(), value in hostile()) {
        let items = [param("fkey.3", &value), param("fkey.3.label", &label)];
        let document = device_file("snom", "", &items);
        let keys: Vec<_> = elements(&string(&document)).into_iter().filter(|(path, ..)| path.ends_with("/fkey")).collect();
        prop_assert_eq!(keys.len(), 1);
        let expected = ["3", "active", &without_illegal(&label), ""].map(str::to_owned);
        prop_assert_eq!(keys[0].1.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>(), expected);
        prop_assert_eq!(&keys[0].2, &without_illegal(&value));
    }
}
