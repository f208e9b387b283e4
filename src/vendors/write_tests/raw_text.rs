//! Raw vendor text: what is read, what is refused with line, text and rule, and that writing keeps its meaning.

use super::*;
use crate::vendors::avaya::interpret::run;
use crate::vendors::raw::{Raw, parse_raw};
use proptest::prelude::*;

/// Line, name, value and whether the text is kept, of each line.
fn lines(raw: &Raw) -> Vec<(usize, &str, &str, bool)> {
    raw.lines
        .iter()
        .map(|line| {
            (line.line, line.name.as_deref().unwrap_or("-"), line.value.as_deref().unwrap_or("-"), line.verbatim)
        })
        .collect()
}

fn items(raw: &Raw) -> Vec<Item> {
    raw.lines.iter().map(|line| line.item(false, from())).collect()
}

#[test]
fn every_vendors_text_is_read_with_its_own_grammar() {
    let avaya = "## note\r\nSET SIPDOMAIN example.com\r\nSET ADMIN_PASSWORD \"27238\"\nADD SOFTKEY_IDLE \"a b\"\nIF $GROUP SEQ 1 GOTO A\n\n# A\nGET x.txt";
    assert_eq!(
        lines(&parse_raw("avaya", avaya).unwrap()),
        [
            (2, "SIPDOMAIN", "example.com", false),
            (3, "ADMIN_PASSWORD", "27238", true),
            (4, "SOFTKEY_IDLE", "a b", true),
            (5, "-", "-", true),
            (7, "-", "-", true),
            (8, "-", "-", true),
        ]
    );
    let yealink = "#!version:1.0.0.1\n# x\n\n  account.1.password = a = b # c  \r\nfeatures.x=\n";
    assert_eq!(
        lines(&parse_raw("yealink", yealink).unwrap()),
        [(4, "account.1.password", "a = b # c", false), (5, "features.x", "", false),]
    );
    let ale = "<settings>\n<setting id=\"A\" value=\"1 &amp; 2\" override=\"true\"/>\n<setting id=\"B\" value=\"\"/></settings>";
    assert_eq!(lines(&parse_raw("ale", ale).unwrap()), [(2, "A", "1 & 2", false), (3, "B", "", true)]);
    assert_eq!(lines(&parse_raw("ale", "[sip]\nuser_name=201\n").unwrap()), [(2, "sip.user_name", "201", false)]);
    let snom = "<?xml version=\"1.0\"?>\n<settings><phone-settings e=\"2\">\n<user_pass idx=\"1\" perm=\"RW\">x</user_pass>\n<language perm=\"R\">English</language>\n</phone-settings>\n<functionKeys><fkey idx=\"1\">line</fkey></functionKeys>\n<tbook><item/></tbook></settings>";
    assert_eq!(
        lines(&parse_raw("snom", snom).unwrap()),
        [
            (3, "user_pass.1", "x", false),
            (4, "language", "English", true),
            (6, "fkey.1", "line", true),
            (7, "tbook", "-", true),
        ]
    );
    assert_eq!(
        lines(&parse_raw("snom", "<user_pass idx='2'>y</user_pass>").unwrap()),
        [(1, "user_pass.2", "y", false)]
    );
}

#[test]
fn what_cannot_be_read_names_line_text_and_rule() {
    for (vendor, text, line, rule) in [
        ("avaya", "SET A 1\nSTE B 2", 2, "a # comment"),
        ("avaya", "SET A b c", 1, "double quotes"),
        ("avaya", "SET A \"b c", 1, "not closed"),
        ("avaya", "SET A", 1, "value is missing"),
        ("avaya", "SET A-B 1", 1, "letters, digits"),
        ("avaya", " SET A 1", 1, "a # comment"),
        ("avaya", "SET A “b”", 1, "typographic"),
        ("avaya", "IF $A SNE 1 GOTO X", 1, "SEQ"),
        ("avaya", "SET A 1\u{b}SET B 2", 1, "control character"),
        ("yealink", "a.b = 1\nno pair", 2, "name = value"),
        ("yealink", "include:config \"x.cfg\"", 1, "name = value"),
        ("yealink", "[x]", 1, "[sections]"),
        ("yealink", "a b = 1", 1, "parameter name"),
        ("yealink", "a = 1\rb = 2", 1, "control character"),
        ("ale", "<settings>\n<setting id=\"a\"/></settings>", 2, "value"),
        ("ale", "<settings><other/></settings>", 1, "nothing else"),
        ("ale", "<setting id=\"a\" value=\"1\"", 1, "well-formed"),
        ("ale", "x = 1", 1, "[section]"),
        ("snom", "<a>\n<b>\n</a>", 3, "well-formed"),
        ("snom", "<a>\n<b>", 2, "not closed"),
        ("snom", "<setting-files/>", 1, "box makes itself"),
        ("snom", "text", 1, "inside an element"),
        ("snom", "<a>&x;</a>", 1, "predefined"),
        ("snom", "<a>&#1;</a>", 1, "XML does not allow"),
        ("snom", "<?php x ?><a/>", 1, "processing instruction"),
        ("acme", "x", 0, "writer"),
    ] {
        let error = parse_raw(vendor, text).unwrap_err();
        let told = error.to_string();
        assert!(error.line == line && told.contains(rule), "{vendor} {text:?}: {told}");
        assert!(line == 0 || told.contains(&format!("{:?}", error.text)), "{told}");
    }
}

#[test]
fn threat_073_a_doctype_is_refused() {
    let bomb = "<!DOCTYPE s [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>\n<settings><x>&b;</x></settings>";
    for vendor in ["ale", "snom"] {
        let told = parse_raw(vendor, bomb).unwrap_err().to_string();
        assert!(told.contains("DOCTYPE"), "{told}");
        let document = device_file(vendor, "", &[text(bomb)]);
        assert!(!string(&document).contains("DOCTYPE") && document.warnings.len() == 1);
    }
}

#[test]
fn threat_071_large_or_deep_text_is_refused_at_once() {
    let start = std::time::Instant::now();
    let big = "SET A 1\n".repeat(40_000);
    assert!(parse_raw("avaya", &big).unwrap_err().rule.contains("256 KiB"));
    for text in ["<a>".repeat(80_000), format!("<a {}/>", "b='' ".repeat(50_000))] {
        assert!(parse_raw("snom", &text).is_err());
    }
    for text in ["IF $GROUP SEQ 1 GOTO A\n".repeat(11_000), "#A\n".repeat(80_000), "# A\n".repeat(60_000)] {
        assert!(parse_raw("avaya", &text).is_ok());
    }
    let sections: String = (0..20_000).map(|n| format!("[s{n}]\na=1\n")).collect();
    let raw = parse_raw("ale", &sections).unwrap();
    assert!(device_file("ale", "noe", &items(&raw)).warnings.is_empty());
    assert!(start.elapsed().as_secs() < 10, "reading takes longer than the text is long");
}

/// Samples of the enrolment service's manual: kept to the byte.
#[test]
fn ava_077_078_079_statements_are_served_as_written() {
    let text = "SET ADMIN_PASSWORD \"27238\"\r\nSET SIP_CONTROLLER_LIST \"sip.example.com:5061;transport=tls\"\r\nSET SIP_CONTROLLER_LIST_2 sip.example.com:5061;transport=tls\r\nSET TIMEZONE \"+1:00\"\r\nSET TRUSTCERTS \"root.crt,ca.pem\"\r\nSET SIPDOMAIN \"example.com\"\r\nSET ACTIVE_CSDK_BASED_PHONE_APP \"com.avaya.android.vantage.basic\"\r\n";
    let raw = parse_raw("avaya", text).unwrap();
    assert_eq!(raw.warnings, []);
    assert_eq!(string(&device_file("avaya", "", &items(&raw))), text);
}

#[test]
fn avaya_text_that_a_phone_takes_otherwise_is_warned_about() {
    for (text, line, part) in [
        ("GOTO A\n#A\n# B", 1, "no label \"# A\""),
        ("GOTO A\n#A\n# B", 2, "a label is written \"# A\""),
        ("#SET A 1", 1, "comment"),
        ("GOTO A\nSET X 1\n# A", 2, "never read"),
        ("GET x.txt\n## note\nSET X 1", 3, "cannot be fetched"),
        ("# A\nGOTO A\n# B", 2, "no label"),
        ("# A\n# A", 1, "again below"),
        ("IF $NOSUCH SEQ 1 GOTO A\n# A", 1, "$NOSUCH"),
        ("IF $MODEL4 SEQ J199 GOTO A\n# A", 1, "J199"),
        ("SET X 1 # note", 1, "not sent"),
        ("SET HTTPSRVR \"a, b\"", 1, "blank after a comma"),
        ("ADD SIPDOMAIN x", 1, "SOFTKEY_"),
        ("SET AUTH 1", 1, "HTTPS"),
        ("SET DES_STAT 0", 1, "factory reset"),
        ("SET SCEPENCALG 0\nSET FIPS_ENABLED 1", 1, "SCEPENCALG 1"),
        ("SET MYCERTCN phone", 1, "$SERIALNO"),
        ("SET ENABLE_IPOFFICE 1\nSET ENABLE_3PCC_ENVIRONMENT 1", 2, "excludes"),
    ] {
        let raw = parse_raw("avaya", text).unwrap();
        let hit = raw.warnings.iter().any(|warning| warning.line == line && warning.text.contains(part));
        assert!(hit, "{text:?}: {:?}", raw.warnings);
    }
    let clean = "SET DES_STAT 1\nIF $MODEL4 SEQ J179 GOTO A\nGOTO END\n# A\nSET HTTPPORT 81\n# END\nGET $MACADDR.txt";
    assert_eq!(parse_raw("avaya", clean).unwrap().warnings, []);
}

#[test]
fn a_secret_line_becomes_a_masked_item_and_is_never_printed() {
    for (vendor, text) in [
        ("avaya", "SET FORCE_SIP_PASSWORD \"top secret\""),
        ("yealink", "account.1.password = top secret"),
        ("snom", "<user_pass idx=\"1\" perm=\"R\">top secret</user_pass>"),
        ("ale", "<setting id=\"Account1Password\" value=\"top secret\"/>"),
    ] {
        let raw = parse_raw(vendor, text).unwrap();
        let item = raw.lines[0].item(true, from());
        assert!(!format!("{raw:?} {item:?}").contains("top"), "{vendor}");
        assert!(string(&device_file(vendor, "", &[item])).contains("top secret"), "{vendor}");
    }
}

fn program() -> impl Strategy<Value = String> {
    let value = prop_oneof!["[a-z0-9.:;]{1,5}", "\"[a-z0-9 ,.éЯ]{0,6}\""];
    let line = prop_oneof![
        4 => ("[A-D]", value.clone()).prop_map(|(name, value)| format!("SET {name} {value}")),
        1 => value.prop_map(|value| format!("ADD SOFTKEY_IDLE {value}")),
        1 => "[A-C]".prop_map(|label| format!("IF $GROUP SEQ 1 GOTO {label}")),
        1 => "[A-C]".prop_map(|label| format!("goto   {label}")),
        2 => "[A-C]".prop_map(|label| format!("# {label}")),
        1 => Just("## note".to_owned()),
        1 => Just(String::new()),
    ];
    proptest::collection::vec(line, 0..14).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #![proptest_config(super::config(800))]

    #[test]
    fn a_46xx_program_means_the_same_after_writing(program in program(), group in "[01]") {
        let raw = parse_raw("avaya", &program).unwrap();
        let document = device_file("avaya", "", &items(&raw));
        prop_assert_eq!(document.warnings.len(), 0);
        let written = string(&document);
        let values = |text: &str| {
            let run = run("f", &[("GROUP", &group)], |name| (name == "f").then(|| text.to_owned()));
            run.values.into_iter().map(|set| (set.name, set.value)).collect::<Vec<_>>()
        };
        prop_assert_eq!(values(&program), values(&written));
    }

    #[test]
    fn what_was_written_reads_the_same_again(values in proptest::collection::vec("\\PC{0,20}", 0..5)) {
        for (vendor, dialect, _, prefix) in DEVICE_FILES {
            let given: Vec<Item> =
                values.iter().enumerate().map(|(n, value)| param(&format!("{prefix}{n}"), value)).collect();
            let once = string(&device_file(vendor, dialect, &given));
            let raw = parse_raw(vendor, &once);
            prop_assert!(raw.is_ok(), "{:?}\n{}", raw, once);
            let again = string(&device_file(vendor, dialect, &items(&raw.unwrap())));
            prop_assert_eq!(once, again, "{}", vendor);
        }
    }

    #[test]
    fn threat_100_no_text_makes_a_reader_panic(text in "(\\PC|[\r\n\t<>&;=\"#\\[\\]!?/-]|<[a-z]+|</|IF |SET |GOTO |GET |# ){0,60}") {
        for (vendor, dialect, ..) in DEVICE_FILES {
            if let Ok(raw) = parse_raw(vendor, &text) {
                let _document = device_file(vendor, dialect, &items(&raw));
            }
        }
        let _run = run("f", &[("MODEL4", "J179")], |_| Some(text.clone()));
    }
}
