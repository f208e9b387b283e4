//! What the matrix of routes leaves out: settings and raw texts, whose address does not say whose they are, and what is a
//! person's own.

use super::matrix::{Asker, OWNERS, World, run, without, world};
use crate::support::admin::running;
use crate::support::people::{PASSWORD, log_in, send, words_of};
use phonebox::users::permissions::{Permission, Reach};
use phonebox::users::routes::{Need, ROUTES};
use serde_json::{Value, json};

/// Layers that belong to somebody, and whose thing their scope is.
const LAYERS: [(&str, &str); 5] =
    [("site", "sites"), ("profile", "profiles"), ("group", "groups"), ("device", "devices"), ("line", "devices")];

fn body(method: &str, path: &str) -> Option<Value> {
    match (method, path.starts_with("/raw-texts")) {
        ("PUT", true) => Some(json!({ "text": "" })),
        ("PATCH", false) => Some(json!({ "set": {} })),
        _ => None,
    }
}

/// Settings and raw texts of every layer of everybody; how many requests that were.
fn try_scopes(asker: &Asker, world: &World) -> usize {
    let mut tried = 0;
    let routes = ROUTES.iter().filter(|(_, path, _)| path.starts_with("/settings") || path.starts_with("/raw-texts"));
    // What takes a text away comes after what puts one there.
    let mut routes: Vec<_> = routes.collect();
    routes.sort_by_key(|(method, ..)| (*method == "DELETE", *method == "GET"));
    for (method, path, _) in routes {
        for ((layer, thing), owner) in LAYERS.iter().flat_map(|layer| OWNERS.map(|owner| (*layer, owner))) {
            let line = if layer == "line" { "&line=1" } else { "" };
            // A raw text is for a file, and no file is a line's.
            if layer == "line" && path.starts_with("/raw-texts") {
                continue;
            }
            let ask = |scope: &str| {
                let path = path.replace("{vendor}", "yealink");
                (asker.ask)(method, &format!("{path}?layer={layer}&scope={scope}{line}"), body(method, &path))
            };
            let id = &world.ids[&(owner, thing)];
            let place = format!("{} {method} {path} of {layer} of {owner}", asker.who);
            let answer = ask(id);
            tried += 1;
            if owner == asker.own {
                assert!(answer.status < 300, "{place}: {} {}", answer.status, answer.text());
                continue;
            }
            let nobody = if thing == "devices" { "805ec0ffffff".to_owned() } else { id.replace("of-", "no-") };
            let never = ask(&nobody);
            assert_eq!((answer.status, never.status), (404, 404), "{place}: {}", answer.text());
            assert_eq!(without(&words_of(&answer), id), without(&words_of(&never), &nobody), "{place}");
        }
    }
    tried
}

#[test]
fn threat_048_threat_049_settings_and_raw_texts_of_every_layer_are_their_accounts_own() {
    let running = running();
    let world = world(&running);
    let customer = log_in(&running, "chief-child", PASSWORD);
    let sibling = log_in(&running, "chief-sibling", PASSWORD);
    for owner in OWNERS {
        let browser = log_in(&running, &format!("chief-{owner}"), PASSWORD);
        let path = format!("/devices/{}/lines/1", world.ids[&(owner, "devices")]);
        browser.patch(&path, json!({ "user": "201" })).json(200);
    }
    let askers = [
        Asker::of("chief", &world.reseller, |_| true),
        Asker { own: "child", ..Asker::of("customer", &customer, |_| true) },
        Asker { own: "sibling", ..Asker::of("sibling", &sibling, |_| true) },
    ];
    let tried: usize = askers.iter().map(|asker| try_scopes(asker, &world)).sum();
    assert!(tried >= 300, "{tried}");
}

/// A person's own is nobody else's: no program's, not the console's, no other person's.
#[test]
fn threat_048_threat_055_what_is_a_persons_own_is_nobody_elses() {
    let running = running();
    let world = world(&running);
    let chief = &world.reseller;
    run(&running, "UPDATE account SET api_access = 'on'".to_owned());
    let all = Permission::ALL.iter().filter(|one| one.reach() == Reach::Account).map(|one| one.word());
    let key = json!({ "name": "all", "permissions": all.collect::<Vec<_>>() });
    let key = chief.post("/api-keys", key).json(201)["secret"].as_str().unwrap().to_owned();
    let bearer = format!("Authorization: Bearer {key}\r\n");
    let mut tried = 0;
    for (method, path, need) in ROUTES.iter().filter(|row| matches!(row.2, Need::LoggedIn | Need::Person)) {
        let path = path.replace("{id}", "1");
        let body = (!matches!(*method, "GET" | "DELETE")).then(|| json!({}));
        let answers = [
            send(&running, method, &path, "", body.clone()),
            send(&running, method, &path, &bearer, body.clone()),
            running.at_console(method, &path, body),
        ];
        for (who, answer) in ["nobody", "key", "console"].iter().zip(answers) {
            assert_eq!(answer.status, 401, "{who} {method} {path} {need:?}: {}", answer.text());
            tried += 1;
        }
    }
    assert!(tried > 30, "{tried}");
    let customer = log_in(&running, "chief-child", PASSWORD);
    let ids = |browser: &crate::support::people::Browser| {
        let list = browser.get("/sessions").json(200);
        list.as_array().unwrap().iter().map(|row| row["id"].to_string()).collect::<Vec<_>>()
    };
    let (own, other) = (ids(&customer), ids(chief));
    assert!(own.iter().all(|id| !other.contains(id)) && !other.is_empty());
    for id in &other {
        let (answer, never) = (customer.delete(&format!("/sessions/{id}")), customer.delete("/sessions/987654"));
        assert_eq!((answer.status, never.status), (404, 404));
        assert_eq!(without(&words_of(&answer), id), without(&words_of(&never), "987654"));
    }
    customer.patch("/me", json!({ "name": "Mine" })).json(200);
    customer.delete("/sessions").json(204);
    assert_eq!(chief.get("/me").json(200)["name"], "chief-own");
}
