//! Recorded requests, and the rules they follow, applied to what nobody recorded.

use super::*;
use serde_json::Value;

const CASES: &str = include_str!("../../../tests/fixtures/identification/cases.jsonl");

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

#[test]
fn every_recorded_request_is_identified_and_nothing_is_made_up() {
    let mut wrong = Vec::new();
    for line in CASES.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let wanted = ["vendor", "model", "version", "mac"].map(|key| case["expected"][key].as_str().map(str::to_owned));
        let found = answer(&case);
        if found != wanted {
            wrong.push(format!("{line}\n   {found:?}\n"));
        }
    }
    assert_eq!(CASES.lines().count(), 235);
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.concat());
}
