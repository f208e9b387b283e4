//! What every table must keep, and what single phones must be told.

use super::table::{Make, TABLES};
use super::*;
use crate::settings::catalogue::{Entry, Kind};
use crate::settings::{Layer, Provenance, Set, resolve};
use std::sync::Arc;

pub fn resolved(sets: &[(&str, u8, &str)]) -> Vec<Resolved> {
    let from = Arc::new(Provenance { layer: Layer::Device, scope: "".into(), author: "test".into(), at: 0 });
    let set = |(name, line, text): &(&str, u8, &str)| {
        let id = catalogue().find(name).unwrap();
        let secret = catalogue().entry(id).secret;
        let value = if secret { Value::Secret(Secret::new(*text)) } else { Value::Plain((*text).into()) };
        Set { id, line: *line, value, from: from.clone() }
    };
    let mut lines: Vec<u8> = sets.iter().map(|(_, line, _)| *line).filter(|line| *line > 0).collect();
    lines.push(1);
    lines.sort_unstable();
    lines.dedup();
    resolve(&[&Values::new(sets.iter().map(set).collect())], &lines, true)
}

pub fn phone<'a>(vendor: &'a str, name: &'a str, firmware: Option<&'a str>) -> Dialect<'a> {
    Dialect { vendor, name, firmware, year: 2026 }
}

pub fn lines(mapped: &Mapped) -> Vec<String> {
    let line = |item: &Item| match item {
        Item::Param(param) => format!("{} = {}", param.name, param.value.text()),
        Item::Text { text, .. } | Item::Unread { text, .. } => text.text().to_owned(),
    };
    mapped.items.iter().map(line).collect()
}

fn told(dialect: &Dialect<'_>, sets: &[(&str, u8, &str)]) -> Vec<String> {
    let mapped = map(dialect, &resolved(sets));
    assert_eq!(mapped.unsaid, [], "{dialect:?}");
    lines(&mapped)
}

/// Values that a setting can take: its default, its limits, each of its words, or an example of its type.
fn samples(entry: &Entry) -> Vec<String> {
    let mut samples: Vec<String> = match &entry.kind {
        Kind::Bool => vec!["true".into(), "false".into()],
        Kind::Int { min, max } => vec![min.to_string(), max.to_string()],
        Kind::Enum { words } => words.clone(),
        Kind::Text { .. } if entry.id == "scep.common_name" => vec!["$SERIALNO".into()],
        Kind::Text { .. } => vec!["Tz7!kq9#".into()],
        Kind::Dial { .. } => vec!["9".into()],
        Kind::Host => vec!["pbx.example".into(), "192.0.2.1".into(), "2001:db8::1".into()],
        Kind::HostPort => vec!["pbx.example:99".into()],
        Kind::Ip => vec!["192.0.2.1".into()],
        Kind::Netmask => vec!["255.255.255.0".into()],
        Kind::Url { .. } => vec!["https://box.example:8444/p/a/".into()],
        Kind::File { .. } => vec!["T54W-96.86.0.200.rom".into()],
        // Zones have a test of their own.
        Kind::Zone => vec!["Asia/Kolkata".into()],
        Kind::Language => vec!["en".into(), "de-AT".into()],
        Kind::TimeOfDay => vec!["02:30".into()],
    };
    samples.extend(entry.default.clone());
    samples
}

/// Every setting with a value, so that no row misses a companion.
fn everything() -> Vec<(String, u8, String)> {
    let entries = catalogue().entries().iter();
    let value = |entry: &Entry| match entry.id.as_str() {
        "key.*.type" => "blf".to_owned(),
        _ => samples(entry).swap_remove(0),
    };
    entries.map(|entry| (entry.id.replace('*', "1"), 0, value(entry))).collect()
}

fn dialects() -> impl Iterator<Item = Dialect<'static>> {
    TABLES.iter().flat_map(|table| table.dialects.iter().map(|name| phone(table.vendor, name, None)))
}

#[test]
fn every_setting_has_a_vendor_or_a_reason() {
    for (place, entry) in (0u16..).zip(catalogue().entries()) {
        let mapped = TABLES.iter().any(|table| table.rows_of(place).next().is_some() || table.mentioned_in(place) != 0);
        assert_ne!(mapped, entry.unmapped.is_some(), "{}", entry.id);
    }
}

#[test]
fn every_sample_value_reaches_every_dialect_that_has_the_setting() {
    for dialect in dialects() {
        let table = TABLES.iter().find(|table| table.vendor == dialect.vendor).unwrap();
        let which = table.dialect(dialect.name).unwrap();
        for (place, entry) in (0u16..).zip(catalogue().entries()) {
            let rows: Vec<&Row> = table.rows_of(place).filter(|row| row.dialects() & which != 0).collect();
            for sample in samples(entry) {
                let mut sets = everything();
                let name = entry.id.replace('*', "1");
                sets.retain(|(other, ..)| *other != name);
                sets.push((name.clone(), 0, sample.clone()));
                let sets: Vec<(&str, u8, &str)> = sets.iter().map(|(n, l, t)| (n.as_str(), *l, t.as_str())).collect();
                let mapped = map(&dialect, &resolved(&sets));
                let id = catalogue().find(&name).unwrap();
                let why = mapped.unsaid.iter().find(|unsaid| unsaid.setting == id).map(|unsaid| unsaid.why.as_ref());
                let silent = |row: &&Row| match &row.make {
                    // A list of nothing but codecs that the phone does not have.
                    Make::Value(words) => {
                        entry.list.is_some()
                            && words.word(&sample).or(words.rest.as_ref()).is_some_and(|word| **word == *"-")
                    }
                    _ => false,
                };
                let expected = rows.iter().any(|row| row.unsupported.contains(&sample))
                    || rows.is_empty()
                    || rows.iter().any(silent);
                let known = rows.is_empty() && table.mentions(place, which);
                assert_eq!(why.is_some(), expected && !known, "{dialect:?} {name} = {sample}: {why:?}");
            }
        }
    }
}

#[test]
fn secrets_stay_secret_on_the_way() {
    for table in TABLES.iter() {
        for row in table.rows() {
            let entry = &catalogue().entries()[usize::from(row.lead)];
            let name = row.param.name(1, 1, "x");
            if entry.secret {
                assert!(is_secret_param(table.vendor, &name), "{} {name} carries {}", table.vendor, entry.id);
            } else {
                let harmless = matches!(row.make, Make::Value(_)) && entry.id == "tls.client_certificate_url";
                assert!(
                    !is_secret_param(table.vendor, &name) || harmless,
                    "{} {name}: {} is no secret",
                    table.vendor,
                    entry.id
                );
            }
        }
    }
    let all = everything();
    let sets: Vec<(&str, u8, &str)> = all.iter().map(|(n, l, t)| (n.as_str(), *l, t.as_str())).collect();
    for dialect in dialects() {
        for item in map(&dialect, &resolved(&sets)).items {
            let Item::Param(param) = item else { panic!("the tables make parameters only") };
            let secret = catalogue().entry(param.setting.unwrap()).secret;
            assert_eq!(param.value.is_secret(), secret, "{dialect:?} {}", param.name);
        }
    }
}

#[test]
fn a_template_with_a_secret_in_it_is_secret() {
    let sets = [("access.admin_user", 0, "root"), ("access.admin_password", 0, "pw12")];
    let mapped = map(&phone("yealink", "", None), &resolved(&sets));
    let Some(Item::Param(param)) = mapped.items.last() else { panic!() };
    assert_eq!((param.value.text(), param.value.masked()), ("root:pw12", "******"));
    // A URL with a token in it is handed over as a secret by the box itself.
    let mut url = resolved(&[("provisioning.url", 0, "http://box/p/TOKEN/")]);
    url[0].value = Value::Secret(Secret::new("http://box/p/TOKEN/"));
    for dialect in dialects() {
        for item in map(&dialect, &url).items {
            let Item::Param(param) = item else { panic!() };
            assert!(param.value.is_secret(), "{dialect:?} {}", param.name);
        }
    }
}

#[test]
fn every_avaya_parameter_stands_in_the_table_of_parameters() {
    let all = everything();
    let sets: Vec<(&str, u8, &str)> = all.iter().map(|(n, l, t)| (n.as_str(), *l, t.as_str())).collect();
    for dialect in dialects().filter(|dialect| dialect.vendor == "avaya") {
        for item in map(&dialect, &resolved(&sets)).items {
            let Item::Param(param) = item else { panic!() };
            assert_eq!(
                crate::vendors::avaya::params::check(&param.name, param.value.text()),
                Ok(None),
                "{}",
                param.name
            );
            let families = crate::vendors::avaya::params::families(&param.name);
            assert!(families.is_empty() || families.contains(&dialect.name), "{} {}", dialect.name, param.name);
        }
    }
}

const DESK: &[(&str, u8, &str)] = &[
    ("sip.server", 0, "pbx.example"),
    ("sip.port", 0, "5061"),
    ("sip.transport", 0, "tls"),
    ("line.user", 1, "201"),
    ("line.password", 1, "pw"),
    ("line.display_name", 1, "Desk 201"),
    ("line.user", 2, "202"),
    ("line.auth_id", 2, "a202"),
];

#[test]
fn yealink_is_told() {
    assert_eq!(
        told(&phone("yealink", "", Some("96.86.0.16")), DESK),
        [
            "account.1.sip_server.1.address = pbx.example",
            "account.1.sip_server.1.port = 5061",
            "account.1.sip_server.1.transport_type = 2",
            "account.1.enable = 1",
            "account.1.user_name = 201",
            "account.1.auth_name = 201",
            "account.1.password = pw",
            "account.1.display_name = Desk 201",
            "account.2.sip_server.1.address = pbx.example",
            "account.2.sip_server.1.port = 5061",
            "account.2.sip_server.1.transport_type = 2",
            "account.2.enable = 1",
            "account.2.user_name = 202",
            "account.2.auth_name = a202",
        ]
    );
    let codecs = told(&phone("yealink", "", None), &[("line.codecs", 1, "opus,pcma")]);
    for line in ["opus.enable = 1", "opus.priority = 1", "pcma.priority = 2", "pcmu.enable = 0", "pcmu.priority = 0"] {
        assert!(codecs.contains(&format!("account.1.codec.{line}")), "{line}");
    }
    assert_eq!(
        told(&phone("yealink", "", None), &[("vlan.voice", 0, "12"), ("vlan.pc", 0, "0"), ("sip.timer_t1", 0, "500")]),
        [
            "sip.timer_t1 = 0.5",
            "static.network.vlan.internet_port_enable = 1",
            "static.network.vlan.internet_port_vid = 12",
            "static.network.vlan.pc_port_enable = 0",
        ]
    );
}

#[test]
fn yealink_before_v80_has_no_static_prefix() {
    let sets = [("provisioning.url", 0, "http://box/")];
    for (firmware, name) in [
        (None, "static.auto_provision.server.url"),
        (Some("96.86.0.16"), "static.auto_provision.server.url"),
        (Some("28.80.0.130"), "static.auto_provision.server.url"),
        (Some("28.73.193.50"), "auto_provision.server.url"),
        (Some("2.70.0.140"), "auto_provision.server.url"),
        (Some("garbage"), "static.auto_provision.server.url"),
    ] {
        assert_eq!(told(&phone("yealink", "", firmware), &sets), [format!("{name} = http://box/")], "{firmware:?}");
    }
}

#[test]
fn avaya_is_told() {
    let mapped = map(&phone("avaya", "j100", Some("4.1.3.0.6")), &resolved(DESK));
    assert_eq!(
        lines(&mapped),
        [
            "SIP_CONTROLLER_LIST = pbx.example:5061;transport=tls",
            "SIPDOMAIN = pbx.example",
            "FORCE_SIP_USERNAME = 201",
            "FORCE_SIP_EXTENSION = 201",
            "FORCE_SIP_PASSWORD = pw",
            "DISPLAY_NAME = Desk 201",
        ]
    );
    let lost: Vec<String> =
        mapped.unsaid.iter().map(|unsaid| format!("{}#{}", catalogue().name(unsaid.setting), unsaid.line)).collect();
    assert_eq!(lost, ["line.user#2", "line.auth_id#2"], "the second line is named, what both lines share is not");
    let backup = [("sip.server", 0, "2001:db8::1"), ("sip.transport", 0, "tcp"), ("sip.backup_server", 0, "b.example")];
    assert_eq!(
        told(&phone("avaya", "96x1", None), &backup)[0],
        "SIP_CONTROLLER_LIST = [2001:db8::1];transport=tcp,b.example;transport=tcp"
    );
    for (url, expected) in [
        ("http://192.0.2.1:8080/p/TOK/", ["HTTPSRVR = 192.0.2.1", "HTTPPORT = 8080", "HTTPDIR = p/TOK"]),
        ("https://box.example/", ["TLSSRVR = box.example", "TLSPORT = 443", "TLSDIR = "]),
        ("http://[2001:db8::1]:81/x", ["HTTPSRVR = 2001:db8::1", "HTTPPORT = 81", "HTTPDIR = x"]),
        ("http://u:p@h/a/b", ["HTTPSRVR = h", "HTTPPORT = 80", "HTTPDIR = a/b"]),
    ] {
        assert_eq!(told(&phone("avaya", "j100", None), &[("provisioning.url", 0, url)]), expected, "{url}");
    }
    let keys =
        [("key.2.type", 0, "blf"), ("key.2.value", 0, "4711"), ("key.2.label", 0, "Zoë;x"), ("key.1.type", 0, "line")];
    assert_eq!(
        told(&phone("avaya", "j100", None), &keys),
        [
            "PHONEKEY = Key=1;Type=line;Name=primary;Forced",
            "PHONEKEY = Key=2;Type=feature;Name=BLF;attr1=4711;Label=Zoë x;Forced"
        ]
    );
}

/// A password that breaks Avaya's rule would bring back the default one that everybody knows.
#[test]
fn avaya_is_never_told_what_it_would_not_take() {
    for (name, value, word) in [
        ("access.admin_password", "simple", "8 to 31"),
        ("access.menu_password", "1234", "at least 6"),
        ("line.display_name", "A & B", "none of"),
        ("dial.outside_prefix", "1234", "at most 2"),
        ("sip.local_port", "5060", "no parameter"),
    ] {
        let mapped = map(&phone("avaya", "j100", None), &resolved(&[(name, 0, value)]));
        assert_eq!(lines(&mapped), [""; 0], "{name}");
        assert!(mapped.unsaid[0].why.contains(word), "{name}: {:?}", mapped.unsaid);
    }
}

#[test]
fn snom_is_told() {
    assert_eq!(
        told(&phone("snom", "", Some("10.1.33.33")), DESK)[..5],
        [
            "user_host.1 = pbx.example",
            "user_outbound.1 = pbx.example:5061;transport=tls",
            "user_active.1 = on",
            "user_name.1 = 201",
            "user_pass.1 = pw",
        ]
    );
    let keys = [
        ("key.1.type", 0, "line"),
        ("key.2.type", 0, "blf"),
        ("key.2.value", 0, "sip:202@pbx"),
        ("key.2.label", 0, "Bob"),
        ("key.2.line", 0, "1"),
        ("qos.voice", 0, "46"),
    ];
    assert_eq!(
        told(&phone("snom", "", None), &keys),
        ["fkey.0 = line", "fkey.1 = blf sip:202@pbx", "fkey.1.label = Bob", "fkey.1.context = 1", "codec_tos = 184"]
    );
    let codecs = told(&phone("snom", "", None), &[("line.codecs", 1, "opus,g722,pcma")]);
    assert_eq!(codecs, ["codec_priority_list.1 = g722,pcma,telephone-event"]);
}

#[test]
fn ale_is_told_in_three_languages() {
    assert_eq!(
        told(&phone("ale", "myriad", None), &DESK[..6]),
        [
            "Account1Server1Address = pbx.example",
            "Account1Server1Port = 5061",
            "Account1Server1Transport = tls",
            "Account1Enable = true",
            "Account1UserName = 201",
            "Account1RegName = 201",
            "Account1Password = pw",
            "Account1DisplayName = Desk 201",
        ]
    );
    assert_eq!(
        told(&phone("ale", "8028s", None), &[("line.user", 1, "201"), ("provisioning.url", 0, "http://box/")]),
        [
            "LocalEnetcfgDmUrl = http://box",
            "EdsEnetcfgDmUrl = http://box",
            "SIPGroup1DeviceUri = 201",
            "SIPGroup1AuthenticationName = 201",
        ]
    );
    assert_eq!(
        told(
            &phone("ale", "myriad", None),
            &[("firmware.url", 0, "http://box:8080/fw/m5.bin"), ("provisioning.url", 0, "http://box/p/T/")]
        ),
        [
            "DeviceProvisionServerUrl = http://box/p/T",
            "DeviceFirmwareUpgradeUrl = http://box:8080/fw",
            "DeviceAutoUpgradeEnable = true"
        ]
    );
    let noe = told(&phone("ale", "noe", None), &[("sip.server", 0, "pbx.example"), ("time.zone", 0, "Europe/Paris")]);
    assert!(noe.contains(&"sip.proxy_addr = pbx.example".to_owned()));
    assert!(noe.contains(&"sntp.timezone = UT::60:032902:102503".to_owned()), "{noe:?}");
}

#[test]
fn unknown_vendors_and_dialects_are_answered() {
    let mapped = map(&phone("fanvil", "", None), &resolved(DESK));
    assert_eq!(mapped, Mapped::default());
    for name in ["", "myriad", "halo"] {
        assert_eq!(told(&phone("ale", name, None), &[("line.label", 1, "x")]), ["Account1Label = x"], "{name}");
    }
    let nortel = map(&phone("avaya", "12x0", None), &resolved(DESK));
    assert!(nortel.items.is_empty() && nortel.unsaid[0].why == "no parameters of the 12x0 family are known");
    assert!(vendor_layer("fanvil").is_empty());
    assert_eq!(vendor_layer("avaya").iter().count(), 2);
    let nothing = map(&phone("ale", "8028s", None), &resolved(&[("ldap.server", 0, "x")]));
    assert_eq!(nothing.unsaid[0].why, "no parameter for it is known");
}

#[test]
fn the_same_settings_give_the_same_items() {
    let all = everything();
    let sets: Vec<(&str, u8, &str)> = all.iter().map(|(n, l, t)| (n.as_str(), *l, t.as_str())).collect();
    for dialect in dialects() {
        assert_eq!(map(&dialect, &resolved(&sets)), map(&dialect, &resolved(&sets)));
    }
}

mod base;
mod clocks;

/// `cargo nextest run --lib --run-ignored only measure --no-capture --config profile.dev.opt-level=3`
#[test]
#[ignore = "measures, proves nothing"]
fn measure() {
    let from = |layer| Arc::new(Provenance { layer, scope: "".into(), author: "test".into(), at: 0 });
    let sets = |layer, range: std::ops::Range<usize>| {
        let from = from(layer);
        let all = everything();
        let set = |(name, _, text): &(String, u8, String)| {
            let id = catalogue().find(name).unwrap();
            Set { id, line: 0, value: Value::Plain(text.as_str().into()), from: from.clone() }
        };
        Values::new(all[range].iter().map(set).collect())
    };
    let layers = [
        sets(Layer::Global, 0..60),
        sets(Layer::Account, 40..45),
        sets(Layer::Site, 60..100),
        sets(Layer::Profile, 20..70),
        sets(Layer::Model, 100..110),
        sets(Layer::Group, 90..95),
        sets(Layer::Device, 30..40),
        sets(Layer::Line, 27..33),
    ];
    let layers: Vec<&Values> = layers.iter().collect();
    // The best of many short rounds: other work on the machine only makes it slower.
    let quickest = |work: &mut dyn FnMut()| {
        let round = |work: &mut dyn FnMut()| {
            let start = std::time::Instant::now();
            (0..100).for_each(|_| work());
            start.elapsed() / 100
        };
        (0..200).map(|_| round(work)).min().unwrap()
    };
    for lines in [&[1][..], &[1, 2, 3, 4]] {
        let resolved = resolve(&layers, lines, true);
        let best = quickest(&mut || drop(resolve(std::hint::black_box(&layers), lines, true)));
        eprintln!("resolve {} lines: {} values in {best:?}", lines.len(), resolved.len());
        for (vendor, name) in [("yealink", ""), ("avaya", "j100"), ("snom", ""), ("ale", "myriad")] {
            let dialect = phone(vendor, name, Some("96.86.0.16"));
            let mapped = map(&dialect, &resolved);
            let best = quickest(&mut || drop(map(&dialect, std::hint::black_box(&resolved))));
            eprintln!("map {vendor}: {} items, {} unsaid in {best:?}", mapped.items.len(), mapped.unsaid.len());
        }
    }
}
