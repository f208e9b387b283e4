//! Recorded requests, and the rules they follow, applied to what nobody recorded.

use super::*;
use serde_json::Value;

/// Recorded by others.
const CASES: &str = include_str!("../../../tests/fixtures/identification/cases.jsonl");
/// Made from the vendors' patterns: other models, versions, notations, letter case, damage.
const UNSEEN: &str = include_str!("../../../tests/fixtures/identification/unseen.jsonl");

fn bytes(case: &Value, key: &str) -> Option<Vec<u8>> {
    case[key].as_str().map(|text| text.chars().map(|letter| u8::try_from(letter).unwrap()).collect())
}

/// vendor, model, version, mac of a case.
fn answer(case: &Value) -> [Option<String>; 4] {
    let field = |key| bytes(case, key);
    let user_agent = field("user_agent");
    let path = field("path");
    let dhcp_vendor_class = field("dhcp_vendor_class");
    let client_cert_dn = field("client_cert_dn");
    let sip_user_agent = field("sip_user_agent");
    let sip_request_uri = field("sip_request_uri");
    let sip_event = field("sip_event");
    let identity = identify(&Evidence {
        user_agent: user_agent.as_deref(),
        path: path.as_deref(),
        dhcp_vendor_class: dhcp_vendor_class.as_deref(),
        client_cert_dn: client_cert_dn.as_deref(),
        sip_user_agent: sip_user_agent.as_deref(),
        sip_request_uri: sip_request_uri.as_deref(),
        sip_event: sip_event.as_deref(),
    });
    [
        identity.vendor.map(|vendor| vendor.name.to_owned()),
        identity.model.map(Cow::into_owned),
        identity.version.map(Cow::into_owned),
        identity.mac.map(|mac| mac.to_string()),
    ]
}

fn all_answered(cases: &str) {
    let mut wrong = Vec::new();
    for line in cases.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let wanted = ["vendor", "model", "version", "mac"].map(|key| case["expected"][key].as_str().map(str::to_owned));
        let found = answer(&case);
        if found != wanted {
            wrong.push(format!("{line}\n   {found:?}\n"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.concat());
}

#[test]
fn every_recorded_request_is_identified_and_nothing_is_made_up() {
    assert_eq!(CASES.lines().count(), 235);
    all_answered(CASES);
}

#[test]
fn the_rules_hold_for_requests_that_nobody_recorded() {
    assert!(UNSEEN.lines().count() > 200);
    all_answered(UNSEEN);
}

/// How a vendor's phones write any model: vendor, field, text. `{m}` is the model, `{l}` in lower case, `{_}` with an underscore
/// for every blank and hyphen, `{-}` split after the series (`VVX_400`).
const FORMS: [(&str, &str, &str); 45] = [
    ("yealink", "user_agent", "Yealink SIP-{m} 66.86.0.15 80:5e:c0:aa:bb:01"),
    ("yealink", "user_agent", "yealink {l} 66.86.0.15"),
    ("yealink", "sip_user_agent", "Yealink SIP-{m} 66.86.0.15"),
    ("yealink", "sip_event", "ua-profile;profile-type=\"device\";vendor=\"Yealink\";model=\"{m}\";version=\"1.2\""),
    ("snom", "user_agent", "Mozilla/4.0 (compatible; snom{m}-SIP 10.1.64.14 1.1.3-s 000413A0B1C2)"),
    ("snom", "user_agent", "Mozilla/4.0 (compatible; snom{m} 8.7.5.35)"),
    ("snom", "user_agent", "Mozilla/4.0 (compatible; Snom {m} 05.20.0001 000413a0b1c2)"),
    ("snom", "path", "/snom{m}.htm"),
    ("snom", "path", "/x/snom{l}-000413A0B1C2.htm"),
    ("snom", "path", "/snom{m}-firmware.xml"),
    ("snom", "path", "/firmware/snom{m}-10.1.64.14-SIP-r.bin"),
    ("ale", "user_agent", "ALE {m} 2.13.02.0010 3c28a620089e"),
    ("ale", "path", "/config.{m}.xml"),
    ("ale", "path", "/p/TOKEN/config.{l}.xml"),
    ("avaya", "user_agent", "Mozilla/4.0 (compatible; MSIE 6.0) AVAYA/{m}-4.1.3.0.6 (MAC:c81fea83e85a)"),
    ("poly", "user_agent", "FileTransport Polycom-{-}-UA/5.9.7.4477 Type/Application"),
    ("poly", "sip_user_agent", "PolycomSoundPointIP-{-}-UA/3.2.1.0078"),
    ("grandstream", "user_agent", "Grandstream Model HW {m} V1.3A SW 1.0.1.8 DevId c074ad150b88"),
    ("grandstream", "user_agent", "Grandstream Model HW {m} SW 1.0.1.8 DevId c0:74:ad:15:0b:88"),
    ("grandstream", "sip_user_agent", "Grandstream {m} 1.0.11.57"),
    ("grandstream", "path", "/cfg{l}.xml"),
    ("fanvil", "user_agent", "Fanvil {m} 2.12.16.17 0c383e32c10d"),
    ("fanvil", "user_agent", "Fanvil {l} 2.12.16.17"),
    ("fanvil", "path", "/fanvil_{_}_hwv2_0.txt"),
    ("cisco", "user_agent", "Cisco/{m}-7.4.8a (0002FDFF2103)(CBT141400UK)"),
    ("cisco", "user_agent", "Cisco-CP-{m}/11.0 (00562b043615)"),
    ("cisco", "user_agent", "Cisco-CP-{m}-3PCC/11.0 (00562b043615)"),
    ("cisco", "dhcp_vendor_class", "Cisco Systems, Inc. IP Phone {m}"),
    ("cisco", "dhcp_vendor_class", "Cisco Systems, Inc. IP Phone CP-{m}\0"),
    ("cisco", "dhcp_vendor_class", "LINKSYS {m}"),
    ("cisco", "path", "/Cisco/CP-{m}-3PCC/00562b043615.cfg"),
    ("gigaset", "user_agent", "Gigaset {m}/83.V2.11.0+build.a546b91;7C2F80E0D605;Handset=3"),
    ("gigaset", "dhcp_vendor_class", "Gigaset_{_}"),
    ("mitel", "user_agent", "Mitel{m} MAC:14-00-E9-1E-DB-52 V:6.4.0.140-SIP"),
    ("mitel", "user_agent", "Aastra{m} MAC:00-08-5D-23-74-29 V:2.6.0.1008-SIP"),
    ("mitel", "dhcp_vendor_class", "AastraIPPhone{m}"),
    ("panasonic", "user_agent", "Panasonic_{m}/01.133 (0080f0c8c381)"),
    ("panasonic", "path", "/{m}.cfg"),
    ("htek", "user_agent", "Htek {m} 2.0.4.2 00:1f:c1:1c:22:a9"),
    ("htek", "path", "/cfg{m}.xml"),
    ("sangoma", "user_agent", "Sangoma {m} 3.0.4.30 00:50:58:00:00:01"),
    ("sangoma", "dhcp_vendor_class", "digium_{m}"),
    ("sangoma", "user_agent", "Digium {m} 1_4_0_0_57389"),
    ("flyingvoice", "user_agent", "Flyingvoice {m} V0.6.24 00:21:F2:00:00:01"),
    ("akuvox", "user_agent", "Akuvox {m} 220.30.3.1 0c:11:05:00:00:01"),
];

/// `VVX400` → `VVX_400`, `EdgeE350` → `Edge_E350`.
fn split_series(model: &str) -> String {
    let series = ["SPIP", "SSIP", "VVX", "CCX", "Edge", "Trio"].into_iter().find(|series| model.starts_with(series));
    series.map_or_else(|| model.to_owned(), |series| model.replacen(series, &format!("{series}_"), 1))
}

#[test]
fn every_listed_model_is_named_in_every_form_its_vendor_uses() {
    let mut wrong = Vec::new();
    for (id, field, form) in FORMS {
        let vendor = super::super::by_id(id).unwrap();
        for model in vendor.models.rows() {
            let name = model.name.as_str();
            // only the telephones with a number for a name are called CP-
            if form.contains("CP-") && !name.starts_with(|first: char| first.is_ascii_digit()) {
                continue;
            }
            let text = form
                .replace("{m}", name)
                .replace("{l}", &name.to_ascii_lowercase())
                .replace("{_}", &name.to_ascii_lowercase().replace([' ', '-'], "_"))
                .replace("{-}", &split_series(name));
            let [found_vendor, found, ..] = answer(&serde_json::json!({ field: text }));
            if (found_vendor.as_deref(), found.as_deref()) != (Some(vendor.name), Some(name)) {
                wrong.push(format!("{text}: {found_vendor:?} {found:?}\n"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.concat());
}

#[test]
fn a_common_file_names_its_model_or_no_model_but_always_its_vendor() {
    for vendor in ["yealink", "fanvil", "avaya"].map(|id| super::super::by_id(id).unwrap()) {
        for model in vendor.models.rows() {
            let Some(common) = &model.common else { continue };
            let wanted = (!model.shared).then(|| model.name.clone());
            for path in [format!("/{common}"), format!("/p/TOKEN/{}", common.to_uppercase())] {
                let [found_vendor, found, version, mac] = answer(&serde_json::json!({ "path": path }));
                assert_eq!(found_vendor.as_deref(), Some(vendor.name), "{path}");
                if !model.shared {
                    assert_eq!(found, wanted, "{path}");
                }
                assert_eq!((version, mac), (None, None), "{path}");
            }
        }
    }
}

const MAC: &str = "805ec0aabb01";

fn path(path: &str) -> Identity<'_> {
    identify(&Evidence { path: Some(path.as_bytes()), ..Evidence::default() })
}

#[test]
fn file_names_of_the_four_vendors_mean_what_their_documents_say() {
    use FileKind::{Common, Container, Device, Firmware, Settings, Upgrade, Upload};
    let table: [(&str, &str, Option<FileKind>, bool); 66] = [
        ("avaya", "J100Supgrade.txt", Some(Upgrade), false),
        // AVA-073
        ("avaya", "J100Supgrade.xml", Some(Upgrade), false),
        ("avaya", "K1xxSupgrade.xml", Some(Upgrade), false),
        ("avaya", "K1xxSupgrade.txt", Some(Upgrade), false),
        ("avaya", "j100hupgrade.TXT", Some(Upgrade), false),
        ("avaya", "96x1Supgrade.txt", Some(Upgrade), false),
        ("avaya", "96x1Hupgrade.txt", Some(Upgrade), false),
        ("avaya", "96xxupgrade.txt", Some(Upgrade), false),
        ("avaya", "16xxupgrade.txt", Some(Upgrade), false),
        ("avaya", "46xxsettings.txt", Some(Settings), false),
        ("avaya", "46XXSETTINGS.TXT", Some(Settings), false),
        ("avaya", "805ec0aabb01.txt", Some(Device), true),
        ("avaya", "805EC0AABB01.CFG", Some(Device), true),
        ("avaya", "201_96xxdata.txt", Some(Upload), false),
        ("avaya", "46xxspecials.txt", None, false),
        ("avaya", "av_prca_pem_2033.txt", None, false),
        ("avaya", "805ec0aabb0.txt", None, false),
        ("yealink", "805ec0aabb01.boot", Some(Container), true),
        ("yealink", "y000000000000.boot", Some(Container), false),
        ("yealink", "y000000000096.cfg", Some(Common), false),
        ("yealink", "Y000000000123.CFG", Some(Common), false),
        ("yealink", "y00000000009.cfg", None, false),
        ("yealink", "805ec0aabb01.cfg", Some(Device), true),
        ("yealink", "80-5E-C0-AA-BB-01.cfg", Some(Device), true),
        ("yealink", "805e.c0aa.bb01.cfg", Some(Device), true),
        ("yealink", "805ec0aabb01-local.cfg", Some(Upload), true),
        ("yealink", "805ec0aabb01-contact.xml", Some(Upload), true),
        ("yealink", "805ec0aabb01-calllog.xml", Some(Upload), true),
        ("yealink", "805ec0aabb01-sys.log", Some(Upload), true),
        ("yealink", "805ec0aabb01.log", Some(Upload), true),
        ("yealink", "T54W.rom", None, false),
        ("yealink", "000000000000.cfg", None, false),
        ("yealink", "ffffffffffff.cfg", None, false),
        ("yealink", "805ec0aabb012.cfg", None, false),
        ("ale", "config.M5.xml", Some(Common), false),
        ("ale", "config.8028s-GE.xml", Some(Common), false),
        ("ale", "config.xml", Some(Common), false),
        ("ale", "config.805ec0aabb01.xml", Some(Device), true),
        ("ale", "CONFIG.805EC0AABB01.XML", Some(Device), true),
        ("ale", "config.80-5e-c0-aa-bb-01.xml", Some(Device), true),
        ("ale", "sipconfig.txt", Some(Common), false),
        ("ale", "sipconfig-805EC0AABB01.txt", Some(Device), true),
        ("ale", "lanpbx.cfg", Some(Common), false),
        ("ale", "805ec0aabb01-contacts.xml", Some(Upload), true),
        ("ale", "805ec0aabb01_backup.tar", Some(Upload), true),
        ("ale", "firmware.bin", None, false),
        ("snom", "snomD785.htm", Some(Common), false),
        ("snom", "snom320.htm", Some(Common), false),
        ("snom", "snomD785-805EC0AABB01.htm", Some(Container), true),
        ("snom", "snom-805EC0AABB01.htm", Some(Container), true),
        ("snom", "805ec0aabb01.xml", Some(Device), true),
        ("snom", "settings-805EC0AABB01", Some(Device), true),
        ("snom", "snomD785-firmware.xml", Some(Firmware), false),
        ("snom", "snom-firmware.xml", Some(Firmware), false),
        ("snom", "C520-WiMi_805ec0aabb01.cfg", Some(Device), true),
        ("snom", "snom720-8.7.5.35-SIP-r.bin", None, false),
        ("snom", "index.htm", None, false),
        // threat T15: only the documented forms
        ("yealink", "805ec0aabb01.cfg.bak", None, false),
        ("yealink", "805ec0aabb01.cfg ", None, false),
        ("yealink", "805ec0aabb01.cfg;x", None, false),
        ("yealink", "805ec0aabb01.cfg.", None, false),
        ("yealink", "805ec0aabb01.cfg\0", None, false),
        ("yealink", " 805ec0aabb01.cfg", None, false),
        ("yealink", "x805ec0aabb01.cfg", None, false),
        ("yealink", "", None, false),
        ("poly", "805ec0aabb01.cfg", None, false),
    ];
    for (id, name, kind, named) in table {
        let vendor = super::super::by_id(id).unwrap();
        let wanted = kind.map(|kind| (kind, named.then(|| MAC.parse().unwrap())));
        assert_eq!(classify(vendor, name), wanted, "{id} {name}");
        assert_eq!(classify(vendor, &format!("/p/TOKEN/any/{name}")), wanted, "{id} {name} in a directory");
    }
    let yealink = super::super::by_id("yealink").unwrap();
    assert_eq!(classify(yealink, "805ec0aabb01.cfg/"), None);
    assert_eq!(classify(yealink, "805ec0aabb01.cfg?x=/y000000000096.cfg").map(|(kind, _)| kind), Some(Device));
}

#[test]
fn the_vendor_of_the_request_decides_what_the_file_is() {
    assert_eq!(path("/c81fea83e85a.cfg").kind, Some(FileKind::Device));
    assert_eq!(path("/00041300ab01.cfg").kind, None);
    assert_eq!(path("/aabbccddeeff.cfg").kind, None);
    let boot = path("/p/TOKEN/805ec0aabb01.boot?x=1");
    assert_eq!((boot.kind, boot.file.as_deref()), (Some(FileKind::Container), Some("805ec0aabb01.boot")));
}

#[test]
fn a_certificate_outranks_the_path_and_the_path_the_agent_and_the_other_mac_is_told() {
    let agent = b"Yealink SIP-T46S 66.86.0.15 80:5e:c0:aa:bb:01".as_slice();
    let mut evidence = Evidence { user_agent: Some(agent), ..Evidence::default() };
    let mac = |text: &str| Some(text.parse::<Mac>().unwrap());
    let graded = |evidence: &Evidence<'_>| {
        let identity = identify(evidence);
        (identity.mac, identity.conflict)
    };
    assert_eq!(graded(&evidence), (mac("805ec0aabb01"), None));
    evidence.path = Some(b"/805EC0AABB01.cfg");
    assert_eq!(graded(&evidence), (mac("805ec0aabb01"), None));
    evidence.path = Some(b"/805ec0aabb02.cfg");
    assert_eq!(graded(&evidence), (mac("805ec0aabb02"), mac("805ec0aabb01")));
    evidence.client_cert_dn = Some(b"CN=805ec0aabb03,O=Yealink");
    assert_eq!(graded(&evidence), (mac("805ec0aabb03"), mac("805ec0aabb02")));
    // two in one source
    for path in ["/805ec0aabb01/805ec0aabb02.cfg", "/805ec0aabb02.cfg?mac=805ec0aabb01"] {
        assert_eq!(self::path(path).conflict, mac("805ec0aabb01"), "{path}");
    }
    // threat T15
    assert_eq!(self::path("/805ec0aabb02.cfg?..%2f").conflict, None);
}

#[test]
fn threat_014_a_hostile_path_is_read_and_nothing_more() {
    for text in [
        "/%2e%2e/x",
        "..\\..\\x",
        "//",
        "/./",
        "/%00",
        "/%",
        "/%4",
        "file:///etc/passwd",
        "/\u{0}",
        "/%c0%ae%c0%ae/",
        "?",
    ] {
        let identity = path(text);
        assert_eq!((identity.vendor, identity.mac, identity.kind), (None, None, None), "{text}");
    }
}

#[test]
fn threat_020_a_long_or_dirty_agent_costs_little_and_leaves_no_trace() {
    for junk in [
        "x",
        " ",
        "Yealink ",
        "SmartNode (Model:a Serial:00A0BA08933C Software ",
        "a-a-a-",
        "{\u{1b}[31m",
        "1.1.1.",
        "80:5e:",
    ] {
        let mut agent = b"Yealink SIP-T46S 66.86.0.15 80:5e:c0:aa:bb:01 ".to_vec();
        agent.extend(junk.bytes().cycle().take(65_536));
        let identity = identify(&Evidence { user_agent: Some(&agent), ..Evidence::default() });
        assert_eq!((identity.model.as_deref(), identity.version.as_deref()), (Some("T46S"), Some("66.86.0.15")));
        let agent: Vec<u8> = junk.bytes().cycle().take(65_536).collect();
        let identity = identify(&Evidence { user_agent: Some(&agent), path: Some(&agent), ..Evidence::default() });
        for text in identity.model.iter().chain(&identity.version) {
            assert!(text.len() <= 48 && text.bytes().all(|byte| byte.is_ascii_graphic()), "{text}");
        }
    }
}

#[test]
fn threat_021_what_the_agent_says_is_told_beside_what_the_file_says() {
    let identity = identify(&Evidence {
        user_agent: Some(b"Yealink SIP-T46S 66.86.0.15"),
        path: Some(b"/y000000000045.cfg"),
        ..Evidence::default()
    });
    assert_eq!(identity.model.as_deref(), Some("T46S"));
    let said: Vec<String> = identity.evidence.iter().map(Said::to_string).collect();
    assert_eq!(said, ["file name: Yealink T27P", "User-Agent: Yealink T46S, version 66.86.0.15"]);
}

#[test]
fn evidence_prints_in_words_and_as_json() {
    let identity = identify(&Evidence {
        user_agent: Some(b"AVAYA/SIP12x0\xff/04.01.13.00"),
        path: Some(b"/c81fea83e85a.txt"),
        ..Evidence::default()
    });
    let said: Vec<String> = identity.evidence.iter().map(Said::to_string).collect();
    assert_eq!(
        said,
        ["file name: MAC c81fea83e85a", "User-Agent: Avaya 12x0, version 04.01.13.00", "MAC prefix: Avaya"]
    );
    let json = serde_json::to_value(&identity.evidence).unwrap();
    assert_eq!(json[0], serde_json::json!({ "source": "path", "mac": "c81fea83e85a" }));
    assert_eq!(json[2], serde_json::json!({ "source": "mac-prefix", "vendor": "Avaya" }));
}

#[test]
fn a_listed_model_leads_to_its_row() {
    let identity =
        identify(&Evidence { user_agent: Some(b"ALE M3-CE 2.11.01.1604 3c28a620089e"), ..Evidence::default() });
    let row = identity.listed().unwrap();
    assert_eq!((row.name.as_str(), row.dialect.as_deref(), row.verified), ("M3", Some("myriad"), true));
    let yealink = super::super::by_id("yealink").unwrap();
    assert_eq!(super::super::model(yealink, "sip-t54w").map(|row| row.name.as_str()), Some("T54W"));
    assert_eq!(super::super::model(yealink, "t54w").and_then(Model::common_number), Some(96));
    assert!(super::super::by_id("nobody").is_none());
}

proptest::proptest! {
    /// No bytes in any field make it fail, and what it says can be printed and is never a MAC that names nobody.
    #[test]
    fn any_bytes_are_read_without_failing(
        fields in proptest::collection::vec(proptest::option::of(field()), 7),
    ) {
        let field = |at: usize| fields[at].as_deref();
        let identity = identify(&Evidence {
            user_agent: field(0),
            path: field(1),
            dhcp_vendor_class: field(2),
            client_cert_dn: field(3),
            sip_user_agent: field(4),
            sip_request_uri: field(5),
            sip_event: field(6),
        });
        let printed: String = identity.evidence.iter().map(Said::to_string).collect();
        assert!(!printed.contains("000000000000") || identity.mac.is_some());
        assert!(identity.conflict.is_none() || identity.conflict != identity.mac);
        serde_json::to_string(&identity.evidence).unwrap();
    }
}

/// Bytes of any kind, and the words of real phones in any order.
fn field() -> impl proptest::strategy::Strategy<Value = Vec<u8>> {
    use proptest::prelude::*;
    let words: &[&str] = &[
        "Yealink SIP-",
        "T46S",
        " ",
        "66.86.0.15",
        "80:5e:c0:aa:bb:01",
        "805ec0aabb01",
        "/",
        "\\",
        "?mac=",
        "%3A",
        "%",
        "SEP",
        ".cfg",
        "snom",
        "-SIP",
        "Cisco/",
        "(",
        ")",
        "AVAYA/SIP12x0\u{ff}/",
        "Grandstream Model HW ",
        "SW ",
        "y000000000096",
        "cfg",
        "config.",
        "CN=",
        "SPA-525G2, MAC: ",
        "sip:MAC%3a",
        "@",
        "vendor=\"",
        "\";model=",
        ";",
        "0",
        "a",
        "-",
        "_",
        "é",
        "fanvil_",
        "_hw",
    ];
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        proptest::collection::vec(proptest::sample::select(words), 0..12).prop_map(|words| words.concat().into_bytes()),
    ]
}
