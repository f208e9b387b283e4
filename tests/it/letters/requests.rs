//! Requests and decisions among accounts, as a real mail server reads them: whom each reaches, and that nothing which
//! somebody wrote into one becomes a header or a recipient (T67).

use super::links::{code, text};
use super::mails::header;
use super::sink::Mails;
use crate::support::admin::{Running, running};
use crate::support::people::{Browser, PASSWORD, log_in, send, set_up};
use phonebox::{clock, mail, notify};
use serde_json::{Value, json};

/// In every word that somebody chooses.
const EVIL: &str = "Bcc: evil@evil.example";

struct Post<'a> {
    running: &'a Running,
    mails: Mails,
    read: std::cell::Cell<usize>,
}

impl<'a> Post<'a> {
    fn start(running: &'a Running) -> (Post<'a>, Browser<'a>) {
        let (alice, mails) = (set_up(running), Mails::start());
        let server = json!({ "host": "127.0.0.1", "port": mails.port, "security": "none", "from": "box@example.com" });
        alice.put("/mail", server).json(200);
        (Post { running, mails, read: 0.into() }, alice)
    }

    /// As the box's own tasks do it, until nothing waits: recipient and whole mail of what is new.
    fn round(&self) -> Vec<(String, Value)> {
        let page = mail::Page::at(Some("https://box.example".into()));
        let (db, keys) = (&self.running.db, &self.running.keys);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        while runtime.block_on(notify::pass_on(db, keys, &page, clock::now())).unwrap() {}
        let mut sent = 0;
        while runtime.block_on(mail::send::next(db, keys, &page, clock::now())).unwrap() {
            sent += 1;
        }
        let all = self.mails.at_least(self.read.get() + sent);
        let new = all[self.read.get()..].to_vec();
        self.read.set(all.len());
        for mail in &new {
            let to = mail["to"].as_array().unwrap();
            assert_eq!((to.len(), header(mail, "To:")), (1, vec![to[0].as_str().unwrap()]), "{mail}");
            assert!(header(mail, "Bcc:").is_empty() && header(mail, "Subject:").len() == 1, "{mail}");
        }
        new.into_iter().map(|mail| (mail["to"][0].as_str().unwrap().to_owned(), mail)).collect()
    }
}

/// Who was mailed something with these words, in the order of their names.
fn told(round: &[(String, Value)], words: &str) -> Vec<String> {
    let mut found: Vec<String> =
        round.iter().filter(|(_, mail)| text(mail).contains(words)).map(|(to, _)| to.clone()).collect();
    found.sort();
    found
}

fn chosen<'a>(running: &'a Running, mail: &Value, login: &str) -> Browser<'a> {
    let body = json!({ "token": code(mail), "password": PASSWORD });
    assert_eq!(send(running, "POST", "/password/reset", "", Some(body)).status, 204);
    log_in(running, login, PASSWORD)
}

/// ALE-007, AVA-034: who decides hears of a request, whoever asked hears the decision. AVA-279 to AVA-281: so with working
/// inside the accounts below; a yes is mailed to the provider and all its resellers, a no to the provider, with the reason.
#[test]
fn ava_034_ava_280_ava_281_ale_007_threat_067_requests_and_decisions_are_mailed() {
    let running = running();
    let (post, alice) = Post::start(&running);
    alice.put("/sign-up", json!({ "open": true })).json(200);
    let ask = |company: &str, email: &str| {
        let body = json!({ "kind": "provider", "company": company, "contact": EVIL, "email": email, "terms": true });
        send(&running, "POST", "/sign-up", "", Some(body)).status
    };
    for broken in ["East\r\nBcc: evil@evil.example", "East\nX: y"] {
        assert_eq!(ask(broken, "eve@east.example"), 422);
    }
    assert_eq!(ask("East", "eve@east.example\r\nBcc: evil@evil.example"), 422);
    let east = format!("East {EVIL}");
    assert_eq!((ask(&east, "eve@east.example"), ask("West", "wes@west.example")), (202, 202));
    let asked = post.round();
    assert_eq!(told(&asked, &format!("{east} asks for an account")), ["alice@example.com"], "{asked:?}");
    let list = alice.get("/sign-ups").json(200);
    let (west, of_east) = (&list["items"][0]["id"], &list["items"][1]["id"]);
    let no = |reason: &str| alice.post(&format!("/sign-ups/{west}/decline"), json!({ "reason": reason }));
    no("a\r\nb").refused(422);
    no(EVIL).json(204);
    let declined = post.round();
    assert_eq!(told(&declined, &format!("No account was made for West. The reason: {EVIL}")), ["wes@west.example"]);
    let made = alice.post(&format!("/sign-ups/{of_east}/approve"), json!({})).json(200);
    let welcome = post.round();
    assert_eq!((told(&welcome, "Login name: eve@east.example"), welcome.len()), (vec!["eve@east.example".into()], 1));
    let eve = chosen(&running, &welcome[0].1, "eve@east.example");
    post.round();

    for (name, email) in [("North", "office@north.example"), ("South", "office@south.example")] {
        eve.post("/accounts", json!({ "kind": "reseller", "name": name, "email": email })).json(201);
    }
    eve.post("/accounts", json!({ "kind": "customer", "name": "Shop", "email": "office@shop.example" })).json(201);
    let account = format!("/accounts/{}", made["account_id"]);
    let want = |by: &Browser, body: Value| by.patch(&account, body);
    want(&eve, json!({ "switching": "requested" })).json(200);
    assert_eq!(told(&post.round(), "asks for: Working inside"), ["alice@example.com"]);
    want(&alice, json!({ "switching": "off", "reason": "a\r\nb" })).refused(422);
    want(&alice, json!({ "switching": "off", "reason": EVIL })).json(200);
    let no = post.round();
    let declined = format!("Working inside the accounts below is declined for {east}");
    assert_eq!(
        (told(&no, &declined), told(&no, &format!("The reason: {EVIL}"))),
        (vec!["eve@east.example".into()], vec!["eve@east.example".into()])
    );
    want(&eve, json!({ "switching": "requested" })).json(200);
    post.round();
    want(&alice, json!({ "switching": "on" })).json(200);
    let yes = post.round();
    assert_eq!(
        told(&yes, "Working inside the accounts below is granted"),
        ["eve@east.example", "office@north.example", "office@south.example"]
    );
    assert_eq!(yes.len(), 3, "{yes:?}");
}

/// AVA-065: a link is asked for and made; both sides hear of it; whoever asked hears a no. Letting another account work
/// inside: it hears the offer, whoever offered hears a no with its reason, or a yes.
#[test]
fn ava_065_threat_067_links_and_channels_are_mailed() {
    let running = running();
    let (post, alice) = Post::start(&running);
    let north = format!("North {EVIL}");
    let body = json!({ "kind": "reseller", "name": north, "email": "office@north.example",
        "administrator": { "name": "Rita", "email": "rita@north.example", "login": "rita" } });
    let made = alice.post("/accounts", body).json(201);
    let rita = chosen(&running, &post.round()[0].1, "rita");
    alice.patch("/accounts/1", json!({ "name": format!("Box {EVIL}"), "link_id": "BP-1" })).json(200);
    rita.patch(&format!("/accounts/{}", made["id"]), json!({ "link_id": "BP-2" })).json(200);
    rita.put("/notifications", json!({ "recipients": ["office@north.example"], "off": [] })).json(200);
    post.round();
    let ask = || alice.post("/links", json!({ "link_id": "BP-2" })).json(201);
    let link = ask();
    assert_eq!(told(&post.round(), &format!("Box {EVIL} (")), ["office@north.example"]);
    rita.post(&format!("/links/{}/decline", link["id"]), json!({})).json(200);
    let no = post.round();
    assert_eq!(told(&no, "is declined"), ["alice@example.com"], "{no:?}");
    assert!(told(&no, "North").is_empty(), "{no:?}");
    let link = ask();
    post.round();
    rita.post(&format!("/links/{}/approve", link["id"]), json!({})).json(200);
    assert_eq!(told(&post.round(), "are linked"), ["alice@example.com", "office@north.example"]);

    let offer = json!({ "number": made["number"] });
    let channel = alice.post("/channels", offer).json(201);
    assert_eq!(told(&post.round(), "would let you work inside its account"), ["office@north.example"]);
    let no = |reason: &str| rita.post(&format!("/channels/{}/decline", channel["id"]), json!({ "reason": reason }));
    no("a\nb").refused(422);
    no(EVIL).json(200);
    let declined = post.round();
    assert_eq!(told(&declined, &format!("declines. The reason: {EVIL}")), ["alice@example.com"], "{declined:?}");
    let channel = alice.post("/channels", json!({ "number": made["number"] })).json(201);
    post.round();
    rita.post(&format!("/channels/{}/accept", channel["id"]), json!({})).json(200);
    let accepted = post.round();
    let yes = format!("The account {} may work inside yours", made["number"]);
    assert_eq!(told(&accepted, &yes), ["alice@example.com"], "{accepted:?}");
}
