//! Every route, for every kind of user, on what is their own, below, beside and above: from the table of routes, so that
//! a new route is tried too. One that takes an id and has no row in [`THINGS`] fails here.

use crate::support::admin::{Answer, Running, running};
use crate::support::people::{Browser, PASSWORD, log_in, send, set_up, words_of};
use phonebox::users::permissions::{NOT_OF_GUESTS, Permission, Reach};
use phonebox::users::routes::{Need, ROUTES, is_whole};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Whose thing a request names, seen from the reseller that asks.
pub(super) const OWNERS: [&str; 4] = ["own", "child", "sibling", "parent"];

/// First word of a path with an id, and the parameter that is the id.
const THINGS: [&str; 18] = [
    "accounts",
    "alarms",
    "api-keys",
    "channels",
    "devices",
    "enrollment",
    "files",
    "groups",
    "invitations",
    "links",
    "mail",
    "profiles",
    "role-groups",
    "roles",
    "sip-accounts",
    "sites",
    "users",
    "webhooks",
];

/// Whom a superior manages without acting inside: accounts and their users (AVA-021, AVA-171).
const FROM_ABOVE: [&str; 2] = ["accounts", "users"];

/// What a change needs, so that it is not refused for its form.
fn body(method: &str, path: &str) -> Option<Value> {
    let body = match (method, path) {
        ("GET" | "DELETE", _) => return None,
        (_, "/accounts/{id}/devices" | "/accounts/{id}/devices/take-back") => json!({ "macs": [] }),
        ("POST", "/accounts/{id}/sites") => json!({ "name": "new" }),
        (_, "/accounts/{id}/site-profiles") => json!({ "sites": [], "profile": null }),
        (_, "/accounts/{id}/firmware" | "/accounts/{id}/sites/{name}/firmware") => {
            json!({ "vendor": "Yealink", "model": "T54W", "choice": "off" })
        }
        (_, "/devices/{mac}/bindings") => json!({ "network": "10.0.0.0/8" }),
        (_, "/devices/{mac}/lines/{number}") => json!({ "user": "201" }),
        ("PATCH", "/groups/{name}" | "/role-groups/{id}") => json!({ "name": "renamed" }),
        ("POST", "/profiles/{name}/targets") => json!({ "url": "https://b.example/" }),
        ("PUT", "/files/{name}") => json!("text"),
        (
            "POST",
            "/alarms/{id}/close"
            | "/accounts/{id}/enable"
            | "/accounts/{id}/disable"
            | "/users/{id}/freeze"
            | "/users/{id}/unfreeze"
            | "/users/{id}/password-link"
            | "/api-keys/{id}/reset"
            | "/mail/queue/{id}/retry"
            | "/webhooks/{id}/test"
            | "/webhooks/{id}/deliveries/{delivery}/retry"
            | "/channels/{id}/accept"
            | "/links/{id}/approve"
            | "/links/{id}/decline"
            | "/sites/{name}/let-in",
        ) => return None,
        ("POST", path) if path.starts_with("/devices/") || path.starts_with("/enrollment/") => return None,
        _ => json!({}),
    };
    Some(body)
}

pub(super) struct World<'a> {
    pub(super) reseller: Browser<'a>,
    /// By owner and thing.
    pub(super) ids: BTreeMap<(&'static str, &'static str), String>,
}

/// The box's Example has two resellers, one of them a customer; each has one of everything.
pub(super) fn world(running: &Running) -> World<'_> {
    let alice = set_up(running);
    let mut ids = BTreeMap::new();
    let account = |kind: &str, name: &str, parent: &str| {
        let body = json!({ "kind": kind, "name": name, "parent_id": parent.parse::<i64>().unwrap() });
        alice.post("/accounts", body).json(201)["id"].to_string()
    };
    let account_of = |name: &str| account("customer", name, "1");
    let own = account("reseller", "North", "1");
    let child = account("customer", "Shop", &own);
    let sibling = account("reseller", "South", "1");
    let accounts = [("own", own), ("child", child), ("sibling", sibling), ("parent", "1".to_owned())];
    let mut reseller = None;
    run(
        running,
        "INSERT INTO certificate_profile (account_id, name, key_types, rsa_least, rsa_most, validity_days, backdate_days,
           subject, san, created_at, updated_at) VALUES (1, 'phones', 'rsa', 2048, 4096, 1, 1, '', '', 1, 1)"
            .to_owned(),
    );
    for (number, (owner, account)) in accounts.iter().enumerate() {
        let person = |login: &str| {
            let body = json!({ "account_id": account.parse::<i64>().unwrap(), "login": login, "name": login,
                "email": format!("{login}@example.com") });
            let made = alice.post("/users", body).json(201);
            let reset = json!({ "token": made["link"]["token"], "password": PASSWORD });
            assert_eq!(alice.post("/password/reset", reset).status, 204);
            made["id"].to_string()
        };
        person(&format!("chief-{owner}"));
        ids.insert((*owner, "users"), person(&format!("clerk-{owner}")));
        ids.insert((*owner, "accounts"), account.clone());
        let chief = log_in(running, &format!("chief-{owner}"), PASSWORD);
        let name = format!("of-{owner}");
        let mac = format!("805ec0aabb0{number}");
        chief.post("/groups", json!({ "name": name })).json(201);
        chief.post("/profiles", json!({ "name": name })).json(201);
        chief.post("/sites", json!({ "name": name, "profile": name })).json(201);
        let device = json!({ "mac": mac, "site": name, "vendor": "Yealink", "model": "T54W", "activate": true });
        chief.post("/devices", device).json(201);
        let sip = chief.post("/sip-accounts", json!({ "user": "201" })).json(201)["id"].to_string();
        let role =
            chief.post("/roles", json!({ "name": name, "permissions": ["site.read"] })).json(201)["id"].to_string();
        let group = chief.post("/role-groups", json!({ "name": name })).json(201)["id"].to_string();
        let headers = format!("Cookie: {}\r\nX-CSRF-Token: {}\r\n", chief.cookie, chief.csrf);
        let file = format!("{name}.txt");
        let put = running.raw(&format!("PUT /api/v1/files/{file} HTTP/1.1"), &headers, b"text");
        assert!(put.status < 300, "{}", put.text());
        run(
            running,
            format!(
                "INSERT INTO alarm (account_id, kind, object, text, at) VALUES ({account}, 'x', '{owner}', 'x', 1)"
            ),
        );
        run(
            running,
            format!(
                "INSERT INTO certificate_request (account_id, mac, profile_id, transaction_id, spki, peer, state, created_at)
                 SELECT {account}, 1, min(id), x'0{number}', x'00', 'x', 'waiting', 1 FROM certificate_profile"
            ),
        );
        let mail = i64::try_from(number).unwrap() + 1;
        let body: String =
            running.keys.seal(&phonebox::mail::store::place(mail), b"x").unwrap().iter().map(hex).collect();
        run(
            running,
            format!(
                "INSERT INTO mail (id, account_id, kind, recipient, subject, body_sealed, next_at, created_at)
                 VALUES ({mail}, {account}, 'x', 'x', 'x', x'{body}', 1, 1)"
            ),
        );
        run(running, format!("UPDATE account SET api_access = 'on' WHERE id = {account}"));
        let key = json!({ "name": name, "permissions": ["site.read"] });
        let key = chief.post("/api-keys", key).json(201)["id"].to_string();
        let hook = json!({ "url": "https://hooks.example/x" });
        let hook = chief.post("/webhooks", hook).json(201)["webhook"]["id"].to_string();
        // Somebody whom only this one knows.
        let other = account_of(&format!("Partner {owner}"));
        run(
            running,
            format!(
                "INSERT INTO channel (account_id, guest_id, state, created_by, created_at) VALUES ({other}, {account}, 'offered', 'x', 1)"
            ),
        );
        run(
            running,
            format!(
                "INSERT INTO account_link (provider_id, reseller_id, asked_by, state, created_at)
                 VALUES ({other}, {account}, {other}, 'waiting', 1)"
            ),
        );
        run(
            running,
            format!(
                "INSERT INTO invitation (account_id, email, hash, created_by, created_at, expires_at)
                 VALUES ({account}, 'x@example.com', x'0{number}', 'x', 1, 1)"
            ),
        );
        let last = |table: &str| number_of(running, &format!("SELECT max(id) FROM {table}")).to_string();
        ids.extend([
            ((*owner, "groups"), name.clone()),
            ((*owner, "profiles"), name.clone()),
            ((*owner, "sites"), name),
            ((*owner, "api-keys"), key),
            ((*owner, "webhooks"), hook),
            ((*owner, "channels"), last("channel")),
            ((*owner, "invitations"), last("invitation")),
            ((*owner, "links"), last("account_link")),
            ((*owner, "devices"), mac),
            ((*owner, "sip-accounts"), sip),
            ((*owner, "roles"), role),
            ((*owner, "role-groups"), group),
            ((*owner, "files"), file),
            ((*owner, "alarms"), last("alarm")),
            ((*owner, "mail"), last("mail")),
            ((*owner, "enrollment"), last("certificate_request")),
        ]);
        if *owner == "own" {
            reseller = Some(chief);
        }
    }
    World { reseller: reseller.unwrap(), ids }
}

pub(super) fn run(running: &Running, sql: String) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(running.db.write(move |tx| Ok::<_, phonebox::db::Error>(tx.execute(&sql, [])?))).unwrap();
}

fn hex(byte: &u8) -> String {
    format!("{byte:02x}")
}

fn number_of(running: &Running, sql: &str) -> i64 {
    running.db.read(|conn| Ok::<_, phonebox::db::Error>(conn.query_row(sql, [], |row| row.get(0))?)).unwrap()
}

/// The thing of a path that carries an id.
fn thing(path: &str) -> Option<&'static str> {
    let first = path.split('/').nth(1).unwrap();
    let with_id = path.contains('{') && !matches!(first, "raw-texts" | "sessions");
    with_id.then(|| {
        let known = THINGS.iter().find(|thing| **thing == first);
        *known.unwrap_or_else(|| panic!("{path} takes an id: give its thing a row in THINGS and in world()"))
    })
}

/// The path with the id of somebody's thing, and what else it needs.
fn filled(path: &str, id: &str) -> String {
    let mut first = true;
    let parts = path.split('/').map(|part| match part {
        "{number}" => "1",
        "{position}" => "0",
        "{address}" => "10.0.0.0",
        "{prefix}" => "8",
        "{delivery}" => "7177",
        "{file}" => "805ec0aabb00.cfg",
        part if part.starts_with('{') && std::mem::replace(&mut first, false) => id,
        "{name}" => "of-child",
        part => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

/// An answer, whatever id it was asked for.
pub(super) fn without(text: &str, id: &str) -> String {
    let parts = text.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || "-.".contains(c)));
    let bare = |part: &str| part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned();
    parts.map(|part| if bare(part) == id { part.replace(id, "ID") } else { part.to_owned() }).collect()
}

/// Method, path, body.
pub(super) type Ask<'a> = dyn Fn(&str, &str, Option<Value>) -> Answer + 'a;

/// Somebody at the door, and what must come of it.
pub(super) struct Asker<'a> {
    pub(super) who: &'static str,
    pub(super) ask: Box<Ask<'a>>,
    pub(super) may: Box<dyn Fn(Permission) -> bool>,
    /// Belongs to the box's own account, and works in it.
    pub(super) is_box: bool,
    pub(super) is_console: bool,
    /// Sees a part of the account: of what [`World`] has, these.
    pub(super) sees: Option<&'static [&'static str]>,
    pub(super) own: &'static str,
    pub(super) below: &'static [&'static str],
}

impl<'a> Asker<'a> {
    pub(super) fn of(
        who: &'static str,
        browser: &'a Browser<'a>,
        may: impl Fn(Permission) -> bool + 'static,
    ) -> Asker<'a> {
        Asker {
            who,
            ask: Box::new(|method, path, body| browser.ask(method, path, body)),
            may: Box::new(may),
            is_box: false,
            is_console: false,
            sees: None,
            own: "own",
            below: &["child"],
        }
    }

    /// Of the box's own account.
    fn of_box(self) -> Asker<'a> {
        Asker { is_box: true, own: "parent", below: &["own", "child", "sibling"], ..self }
    }

    fn holds(&self, need: Need, path: &str) -> bool {
        match need {
            Need::Console => self.is_console,
            Need::May(permission) => {
                (self.may)(permission)
                    && (self.is_box || permission.reach() == Reach::Account)
                    && !(self.sees.is_some() && is_whole(path))
            }
            _ => true,
        }
    }

    fn reaches(&self, owner: &str, thing: &str) -> bool {
        let is_own = owner == self.own && self.sees.is_none_or(|things| things.contains(&thing));
        is_own || (self.below.contains(&owner) && FROM_ABOVE.contains(&thing) && self.sees.is_none())
    }

    fn asks(&self, method: &str, path: &str, id: &str) -> Answer {
        (self.ask)(method, &filled(path, id), body(method, path))
    }

    /// Every route, on everybody's things; how many requests that were.
    fn try_all(&self, world: &World) -> usize {
        let mut tried = 0;
        // What ends something comes last: by then everything else has been tried on it.
        let mut routes: Vec<_> = ROUTES.to_vec();
        let ends_all = |path: &str| path == "/accounts/{id}";
        routes.sort_by_key(|(method, path, _)| {
            let ends = *method == "DELETE";
            (ends, ends && ends_all(path), path.contains("disable"), path.contains("freeze"))
        });
        for (method, path, need) in routes {
            // Setup is tried where it is at home, a person's own and the scopes of settings in scopes.rs.
            if matches!(need, Need::Open | Need::LoggedIn | Need::Person) || path == "/check-ins/live" {
                continue;
            }
            // Only somebody who is logged in works elsewhere.
            if self.is_console && path == "/switch" {
                continue;
            }
            match if is_of_box(need) { None } else { thing(path) } {
                Some(thing) => tried += self.try_things(world, (method, path, need), thing),
                None => {
                    let answer = self.asks(method, path, if path.contains("{vendor}") { "yealink" } else { "1" });
                    let place = format!("{} {method} {path}: {} {}", self.who, answer.status, answer.text());
                    // A part of an account is no place for what is said about the whole of it.
                    let unseen = self.sees.is_some() && matches!(answer.status, 403 | 404);
                    assert!(unseen || (answer.status == 403) != self.holds(need, path), "{place}");
                    assert!(answer.status < 500 && answer.status != 401, "{place}");
                    tried += 1;
                }
            }
        }
        tried
    }

    fn try_things(&self, world: &World, (method, path, need): (&str, &str, Need), thing: &str) -> usize {
        let mut tried = 0;
        // Its own last: that may change or end it.
        let mut owners = OWNERS.to_vec();
        owners.sort_by_key(|owner| (*owner == self.own, self.below.contains(owner)));
        for owner in owners {
            let Some(id) = world.ids.get(&(owner, thing)) else { panic!("world() makes no {thing}") };
            // A file is stored under any name, as one's own.
            if (method, path, owner == self.own) == ("PUT", "/files/{name}", false) {
                continue;
            }
            let place = format!("{} {method} {path} of {owner}", self.who);
            let answer = self.asks(method, path, id);
            tried += 1;
            assert!(answer.status < 500, "{place}: {}", answer.text());
            if !self.holds(need, path) {
                assert_eq!(answer.refused(403).0, "forbidden", "{place}");
                continue;
            }
            if !self.reaches(owner, thing) {
                // The same as for what was never there.
                let nobody = if id.parse::<i64>().is_ok() { "987654".to_owned() } else { id.replace("of-", "no-") };
                let nobody = if thing == "devices" { "805ec0ffffff".to_owned() } else { nobody };
                let never = self.asks(method, path, &nobody);
                // Phones that nobody added are the box's: it may be told what they asked for.
                if self.is_box && path == "/devices/{mac}/explain" {
                    assert_eq!((answer.status, never.status), (404, 200), "{place}: {}", answer.text());
                    continue;
                }
                assert_eq!((answer.status, never.status), (404, 404), "{place}: {}", answer.text());
                assert_eq!(without(&words_of(&answer), id), without(&words_of(&never), &nobody), "{place}");
            } else {
                let of_sites = path.starts_with("/accounts/{id}/site");
                // Its firmware and its sites' archives are an account's own.
                let chooses = (path.ends_with("/firmware") || path.ends_with("/archive")) && owner == self.own;
                let own_account = thing == "accounts"
                    && owner == self.own
                    && !of_sites
                    && !chooses
                    && !matches!(method, "GET" | "PATCH");
                // Those of a provider or a reseller are changed inside it (AVA-144).
                let sites = of_sites && method != "GET" && owner != "child" && !chooses;
                // What phones out of sight have, too, is seen and not changed.
                let shared = self.sees.is_some() && method != "GET" && !path.ends_with("/let-in");
                let expected = if own_account || sites || shared {
                    answer.status == 403
                } else {
                    !matches!(answer.status, 401 | 403)
                };
                assert!(expected, "{place}: {} {}", answer.status, answer.text());
            }
        }
        tried
    }
}

/// Nobody but the box's own people has a word in what is the box's.
fn is_of_box(need: Need) -> bool {
    matches!(need, Need::Console) || matches!(need, Need::May(permission) if permission.reach() == Reach::Box)
}

fn is_read(permission: Permission) -> bool {
    permission.word().ends_with(".read")
}

#[test]
fn threat_048_threat_049_ava_021_every_route_for_every_user_and_key_of_an_account_on_everybodys_things() {
    let running = running();
    let world = world(&running);
    let chief = &world.reseller;
    let words = |may: &dyn Fn(Permission) -> bool| -> Vec<&str> {
        let all = Permission::ALL.iter().filter(|one| one.reach() == Reach::Account && may(**one));
        all.map(|permission| permission.word()).collect()
    };
    let person = |login: &str, more: Value| {
        let mut user = json!({ "login": login, "name": login, "email": format!("{login}@x.example") });
        user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = chief.post("/users", user).json(201);
        chief.post("/password/reset", json!({ "token": made["link"]["token"], "password": PASSWORD }));
        log_in(&running, login, PASSWORD)
    };
    let role = |body: Value| chief.post("/roles", body).json(201)["id"].clone();
    let readers = role(json!({ "name": "readers", "permissions": words(&is_read) }));
    chief.post("/profiles", json!({ "name": "elsewhere" })).json(201);
    chief.post("/sites", json!({ "name": "elsewhere", "profile": "elsewhere" })).json(201);
    let site = role(json!({ "name": "of a site", "permissions": words(&|_| true), "sites": ["elsewhere"] }));
    let empty = person("empty", json!({ "role_id": 2 }));
    let reader = person("reader", json!({ "role_id": readers }));
    let of_site = person("of-site", json!({ "role_id": site }));
    let of_profile = person("of-profile", json!({ "role_id": 1, "profiles": ["elsewhere"] }));
    run(&running, format!("UPDATE account SET api_access = 'on' WHERE id = {}", world.ids[&("own", "accounts")]));
    let key = json!({ "name": "of sites", "permissions": ["site.write", "device.read"] });
    let key = chief.post("/api-keys", key).json(201)["secret"].as_str().unwrap().to_owned();
    let bearer = format!("Authorization: Bearer {key}\r\n");
    let with_key = |method: &str, path: &str, body: Option<Value>| send(&running, method, path, &bearer, body);
    let of_key = |permission: Permission| matches!(permission.word(), "site.write" | "site.read" | "device.read");
    let askers = [
        Asker::of("empty", &empty, |_| false),
        Asker::of("reader", &reader, is_read),
        Asker { sees: Some(&["profiles"]), ..Asker::of("of a site", &of_site, |_| true) },
        Asker { sees: Some(&["sites"]), ..Asker::of("of a profile", &of_profile, |_| true) },
        Asker { ask: Box::new(with_key), ..Asker::of("key", chief, of_key) },
        Asker::of("chief", chief, |_| true),
    ];
    let tried: usize = askers.iter().map(|asker| asker.try_all(&world)).sum();
    assert!(tried > 1_000, "{tried}");
}

fn inside<'a>(browser: &Browser<'a>, account: &str) -> Browser<'a> {
    let id: i64 = account.parse().unwrap();
    Browser::of(browser.box_, &browser.post("/switch", json!({ "account": id })))
}

#[test]
fn threat_048_threat_049_ymc_174_every_route_for_a_superior_who_works_inside() {
    let running = running();
    let world = world(&running);
    let alice = inside(&log_in(&running, "alice", PASSWORD), &world.ids[&("own", "accounts")]);
    assert!(Asker::of("superior", &alice, |_| true).try_all(&world) > 300);
}

#[test]
fn threat_048_threat_049_ymc_176_every_route_for_a_guest_by_consent() {
    let running = running();
    let world = world(&running);
    let sibling = log_in(&running, "chief-sibling", PASSWORD);
    let number = sibling.get(&format!("/accounts/{}", world.ids[&("sibling", "accounts")])).json(200)["number"].clone();
    let offer = world.reseller.post("/channels", json!({ "number": number })).json(201);
    sibling.post(&format!("/channels/{}/accept", offer["id"]), json!({})).json(200);
    let guest = inside(&sibling, &world.ids[&("own", "accounts")]);
    assert!(Asker::of("guest", &guest, |one| !NOT_OF_GUESTS.contains(&one)).try_all(&world) > 300);
}

#[test]
fn threat_048_threat_049_every_route_for_a_customer() {
    let running = running();
    let world = world(&running);
    let customer = log_in(&running, "chief-child", PASSWORD);
    let customer = Asker { own: "child", below: &[], ..Asker::of("customer", &customer, |_| true) };
    assert!(customer.try_all(&world) > 300);
}

#[test]
fn threat_048_threat_049_every_route_for_the_boxs_own_people() {
    let running = running();
    let world = world(&running);
    let alice = log_in(&running, "alice", PASSWORD);
    assert!(Asker::of("alice", &alice, |_| true).of_box().try_all(&world) > 300);
}

#[test]
fn threat_048_threat_049_every_route_for_the_console() {
    let running = running();
    let world = world(&running);
    let ask = |method: &str, path: &str, body: Option<Value>| running.at_console(method, path, body);
    let asker = Asker::of("console", &world.reseller, |_| true).of_box();
    let console = Asker { ask: Box::new(ask), is_console: true, ..asker };
    assert!(console.try_all(&world) > 300);
}

#[test]
fn threat_050_an_account_that_a_request_names_is_never_taken_from_it() {
    let running = running();
    let world = world(&running);
    let chief = &world.reseller;
    let sibling: i64 = world.ids[&("sibling", "accounts")].parse().unwrap();
    for field in ["account_id", "account", "tenant_id", "owner", "id", "returns_to", "created_by", "path"] {
        chief.post("/sites", json!({ "name": "x", field: sibling })).refused(400);
        chief.patch("/sites/of-own", json!({ field: sibling })).refused(400);
        chief.patch("/devices/805ec0aabb00", json!({ field: sibling })).refused(400);
        assert_eq!(chief.get(&format!("/sites?{field}={sibling}")).status, 400, "{field}");
    }
    // Where an account may be named, it must be one's own or below.
    let user = |account: i64| json!({ "account_id": account, "login": format!("m{account}"), "name": "M", "email": "m@example.com" });
    chief.post("/users", user(sibling)).refused(404);
    chief.post("/users", user(1)).refused(404);
    chief.get(&format!("/users?account_id={sibling}")).refused(404);
    let account = |parent: i64| json!({ "kind": "customer", "name": "new", "parent_id": parent });
    chief.post("/accounts", account(sibling)).refused(404);
    chief.post("/accounts", account(1)).refused(404);
    let headers = format!("Cookie: {}\r\nX-Account: {sibling}\r\nX-Tenant: {sibling}\r\n", chief.cookie);
    let sites = crate::support::people::send(&running, "GET", "/sites", &headers, None).json(200);
    assert_eq!(sites["items"][0]["name"], "of-own");
}
