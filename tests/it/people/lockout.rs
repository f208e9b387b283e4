//! Device lockout: how many wrong enrollment codes lock a phone, and for how long; who sees it, and who sets it.

use crate::support::admin::running;
use crate::support::people::{company, set_up};
use serde_json::json;

/// AVA-066: in minutes. AVA-067: the number of wrong codes. AVA-068: only who runs the box sets them, everybody reads them.
#[test]
fn ava_066_ava_067_ava_068_the_lockout_is_set_at_the_top_and_read_by_everybody() {
    let running = running();
    let alice = set_up(&running);
    let (_, rita) = company(&alice, "reseller", "North", "rita");
    let (_, carl) = company(&rita, "customer", "Shop", "carl");
    let fresh = json!({ "minutes": 30, "attempts": 3 });
    for one in [&alice, &rita, &carl] {
        assert_eq!(one.get("/device-lockout").json(200), fresh);
    }
    for one in [&rita, &carl] {
        one.put("/device-lockout", json!({ "minutes": 1 })).refused(403);
    }
    for (body, word) in [
        (json!({ "minutes": 0 }), "minutes: 0 is not accepted: it is from 1 to 1440."),
        (json!({ "minutes": 1441 }), "minutes: 1441"),
        (json!({ "attempts": 0 }), "attempts: 0 is not accepted: it is from 1 to 20."),
        (json!({ "minutes": 5, "attempts": 21 }), "attempts: 21"),
    ] {
        let (_, message) = alice.put("/device-lockout", body).refused(422);
        assert!(message.contains(word), "{message}");
    }
    for body in [json!({ "minutes": -1 }), json!({ "minutes": "5" }), json!({ "minute": 5 })] {
        let status = alice.put("/device-lockout", body.clone()).status;
        assert!((400..=422).contains(&status), "{body}: {status}");
    }
    assert_eq!(alice.get("/device-lockout").json(200), fresh, "nothing was changed by what was refused");
    let changed = alice.put("/device-lockout", json!({ "minutes": 1_440 })).json(200);
    assert_eq!(changed, json!({ "minutes": 1_440, "attempts": 3 }));
    assert_eq!(alice.put("/device-lockout", json!({ "attempts": 20 })).json(200)["minutes"], 1_440);
    assert_eq!(carl.get("/device-lockout").json(200), json!({ "minutes": 1_440, "attempts": 20 }));
    let entries = alice.get("/audit?action=device-lockout.set").json(200)["items"].clone();
    let done: Vec<_> = entries.as_array().unwrap().iter().filter(|entry| entry["result"] == "success").collect();
    assert_eq!(done.len(), 2, "{entries}");
    assert_eq!((&done[0]["before"], &done[0]["after"]), (&json!({ "attempts": 3 }), &json!({ "attempts": 20 })));
    assert_eq!((&done[1]["before"], &done[1]["after"]), (&json!({ "minutes": 30 }), &json!({ "minutes": 1_440 })));
}
