//! Provisioning codes: a person types one at a phone that nobody set up (AVA-023, AVA-201 to AVA-205). Wrong ones lock the
//! phone against codes for a while, and nothing else (AVA-024, AVA-066 to AVA-069).

use crate::support::eventually;
use crate::support::phone::{account, add, mac, own_account, phone};
use crate::support::raw::{self, Answer};
use crate::support::server::Phonebox;
use base64::{Engine, prelude::BASE64_STANDARD};
use phonebox::phone::{Client, Trust, Url};
use serde_json::{Value, json};

/// A box with the site Berlin, its PIN 0042, and a setting that only its phones have.
fn berlin() -> (Phonebox, String) {
    let phonebox = Phonebox::start();
    phonebox.cli(&["site", "add", "Berlin", "--pid", "0042"]);
    phonebox.cli(&["layer", "set", "--site", "Berlin", "time.ntp=berlin.example"]);
    let number = number_of(&phonebox, 1);
    (phonebox, number)
}

fn number_of(phonebox: &Phonebox, account: i64) -> String {
    phonebox.count(&format!("SELECT number FROM account WHERE id = {account}")).to_string()
}

/// A number that is no account's.
fn no_number(phonebox: &Phonebox) -> String {
    let taken = |number: &i64| phonebox.count(&format!("SELECT count(*) FROM account WHERE number = {number}")) > 0;
    (10_000_000..).find(|number| !taken(number)).unwrap().to_string()
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
}

fn own_file(model: &str) -> String {
    let ends = if model.starts_with('J') { "txt" } else { "cfg" };
    format!("/with-login/{}.{ends}", mac(model))
}

/// What the phone asks for with this login, from an address.
fn enter_from(phonebox: &Phonebox, from: &str, model: &str, user: &str, password: &str) -> Answer {
    let login = basic(user, password);
    let head = format!("User-Agent: {}\r\nAuthorization: {login}\r\n", phone(model).user_agent());
    raw::send(phonebox.http(), Some(from.parse().unwrap()), "GET", &own_file(model), &head, b"")
}

fn enter(phonebox: &Phonebox, model: &str, user: &str, password: &str) -> Answer {
    enter_from(phonebox, "127.0.0.1", model, user, password)
}

#[track_caller]
fn reason(phonebox: &Phonebox, model: &str) -> Value {
    phonebox.explain(mac(model))["timeline"][0]["reason"].clone()
}

/// AVA-023, AVA-201: the account's number and the site's four digits; as user and password, or all twelve as the user.
#[test]
fn ava_023_ava_201_a_right_code_makes_an_unknown_phone_the_sites_and_gives_it_its_file() {
    let (phonebox, number) = berlin();
    let whole = format!("{number}0042");
    let ask = Url::parse(&format!("{}with-login/{}.cfg", phonebox.url(true), mac("T54W"))).unwrap();
    let agent = phone("T54W").user_agent();
    let client = Client { agent: &agent, login: None, trust: Trust::Anyone, strict: false, from: None };
    let bare = client.ask("GET", &ask, &[], b"").unwrap().0;
    assert_eq!(bare.status, 401);
    assert!(bare.headers.iter().any(|(_, value)| value.starts_with("Basic realm")), "{:?}", bare.headers);
    // Over HTTPS a phone's prompt comes by Basic.
    let login = basic(&number, "0042");
    let served = client.ask("GET", &ask, &[("Authorization", &login)], b"").unwrap().0;
    let text = String::from_utf8_lossy(&served.body).into_owned();
    assert_eq!(served.status, 200, "{}", phonebox.verdict(mac("T54W")));
    assert!(text.contains("berlin.example"), "{text}");
    let device = phonebox.device(mac("T54W"));
    assert_eq!((&device["state"], &device["site"]), (&json!("active"), &json!("Berlin")), "{device}");
    assert_eq!((&device["vendor"], &device["model"]), (&json!("Yealink"), &json!("T54W")), "{device}");
    assert_eq!(reason(&phonebox, "T54W"), "code");
    // The phone sends the same again for its next file: nothing is done twice.
    assert_eq!(client.ask("GET", &ask, &[("Authorization", &login)], b"").unwrap().0.status, 200);
    assert_eq!(phonebox.count("SELECT count(*) FROM event WHERE kind = 'enrollment-code-used'"), 1);
    assert_eq!(phonebox.count("SELECT count(*) FROM audit WHERE action = 'enrollment.code' AND process = 'code'"), 1);

    // Over HTTP by Digest, which tells no password: a whole boot of the virtual phone, with each way to type it.
    for (model, user, password) in [("J179", &number, "0042"), ("J189", &whole, ""), ("J129", &whole, &whole)] {
        let mut phone = phone(model);
        let start = format!("http://{user}:{password}@{}/with-login/", phonebox.http());
        let boot = phone.boot(Some(&start));
        assert!(boot.configured, "{model}: {:?} {}", boot.lines(), phonebox.verdict(mac(model)));
        assert!(phone.values().values().any(|value| value.contains("berlin.example")), "{model}: {:?}", phone.values());
        assert_eq!(phonebox.device(mac(model))["site"], "Berlin", "{model}");
    }
    assert_eq!(enter(&phonebox, "T46S", &whole, "").status, 200);
    // What was shown is known to nobody who reads the log.
    let told = phonebox.cli(&["audit", "--json"]);
    assert!(told.contains("enrollment.code") && !told.contains(&whole), "{told}");
}

/// AVA-205: it leads to the profile that its site has. AVA-202: it never ends. AVA-126: a site without a profile enrolls
/// nobody, and that is said.
#[test]
fn ava_126_ava_202_ava_205_a_code_leads_to_what_its_site_has_and_never_ends() {
    let (mut phonebox, number) = berlin();
    phonebox.cli(&["site", "set", "Berlin", "--profile", ""]);
    assert_eq!(enter(&phonebox, "T54W", &number, "0042").status, 401);
    assert_eq!(reason(&phonebox, "T54W"), "code-no-profile");
    let verdict = phonebox.verdict(mac("T54W"));
    assert!(verdict.contains("has no profile") && verdict.contains("site set NAME --profile"), "{verdict}");
    assert!(phonebox.has_alarm("code-no-profile"));
    assert_eq!(phonebox.json(&["device", "list"]), json!([]), "nobody was enrolled");
    phonebox.cli(&["profile", "add", "new"]);
    phonebox.cli(&["layer", "set", "--profile", "new", "time.ntp=new.example"]);
    phonebox.cli(&["layer", "unset", "--site", "Berlin", "time.ntp"]);
    phonebox.cli(&["site", "set", "Berlin", "--profile", "new"]);
    phonebox.restart_at("+3000d");
    let served = enter(&phonebox, "T54W", &number, "0042");
    assert_eq!(served.status, 200, "{}", phonebox.verdict(mac("T54W")));
    assert!(served.text().contains("new.example"), "{}", served.text());
    assert!(!phonebox.has_alarm("code-no-profile"), "it is settled");
    // Two sites with one code: refused.
    let twice = phonebox.try_cli(&["site", "add", "Bonn", "--pid", "0042"]).refused();
    assert!(twice.contains("another site of this account has it"), "{twice}");
    phonebox.cli(&["site", "add", "Bonn"]);
    let twice = phonebox.try_cli(&["site", "set", "Bonn", "--pid", "0042"]).refused();
    assert!(twice.contains("another site of this account has it"), "{twice}");
    phonebox.cli(&["site", "set", "Berlin", "--pid", "0042"]);
}

/// T13: a Digest without qop counts once for each nonce. An old phone that shows the code for its next file goes on at once.
#[test]
fn threat_013_a_code_by_a_digest_without_qop_counts_once_and_the_phone_goes_on() {
    let (phonebox, number) = berlin();
    let path = own_file("T54W");
    let ask = |login: &str| {
        raw::ask(phonebox.http(), "GET", &path, &format!("User-Agent: {}\r\n{login}", phone("T54W").user_agent()))
    };
    let nonce = |answer: &Answer| {
        let challenge = answer.header("www-authenticate").unwrap().to_owned();
        challenge.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let old = |nonce: &str| {
        let md5 = |text: String| phonebox::phone::md5(text);
        let (ha1, ha2) = (md5(format!("{number}:phonebox:0042")), md5(format!("GET:{path}")));
        format!(
            "Authorization: Digest username=\"{number}\", realm=\"phonebox\", nonce=\"{nonce}\", uri=\"{path}\", \
             response=\"{}\"\r\n",
            md5(format!("{ha1}:{nonce}:{ha2}"))
        )
    };
    let first = nonce(&ask(""));
    assert_eq!(ask(&old(&first)).status, 200);
    let again = ask(&old(&first));
    assert!(again.status == 401 && again.head.contains("stale=true"), "{}", again.head);
    assert_eq!(reason(&phonebox, "T54W"), "old-credentials");
    assert_eq!(ask(&old(&nonce(&again))).status, 200);
}

/// AVA-024, AVA-069: the fourth wrong code locks; then the right one is refused too, over a restart, until the time is over
/// or somebody lets the phone in. All of it is one 401.
#[test]
fn ava_024_ava_069_more_than_three_wrong_codes_lock_until_the_time_is_over_or_somebody_lets_it_in() {
    let (mut phonebox, number) = berlin();
    let stranger = no_number(&phonebox);
    let agent = format!("User-Agent: {}\r\n", phone("T54W").user_agent());
    // The nonce is the same for everybody for five minutes: begin again if they end just now.
    let settled = (0..2).any(|_| {
        let path = own_file("T54W");
        let bare = raw::ask(phonebox.http(), "GET", &path, &agent).seen();
        phonebox.cli(&["device", "add", mac("T54W")]);
        phonebox.cli(&["device", "remove", mac("T54W")]);
        let mut seen = vec![enter(&phonebox, "T54W", &stranger, "0042").seen()];
        assert_eq!(reason(&phonebox, "T54W"), "code-number");
        seen.push(enter(&phonebox, "T54W", &number, "0043").seen());
        assert_eq!(reason(&phonebox, "T54W"), "code-pin");
        seen.push(enter(&phonebox, "T54W", &format!("{number}9999"), "").seen());
        assert!(!phonebox.has_alarm("code-locked"), "three are allowed");
        // No code at all: a login like any other, and not counted.
        seen.push(enter(&phonebox, "T54W", "alice", "x").seen());
        assert_eq!(reason(&phonebox, "T54W"), "bad-credentials");
        seen.push(enter(&phonebox, "T54W", &number, "").seen());
        assert!(phonebox.has_alarm("code-locked"));
        seen.push(enter(&phonebox, "T54W", &number, "0042").seen());
        assert_eq!(reason(&phonebox, "T54W"), "code-locked");
        if raw::ask(phonebox.http(), "GET", &path, &agent).seen() != bare {
            return false;
        }
        assert!(bare.0.starts_with("HTTP/1.1 401 "), "{}", bare.0);
        seen.iter().for_each(|one| assert_eq!(*one, bare));
        true
    });
    assert!(settled);
    enter(&phonebox, "T54W", &number, "0042");
    let verdict = phonebox.verdict(mac("T54W"));
    assert!(verdict.contains("Too many wrong enrollment codes") && verdict.contains("device add"), "{verdict}");
    let alarm = phonebox.alarms().into_iter().find(|alarm| alarm["kind"] == "code-locked").unwrap();
    assert!(alarm["text"].as_str().unwrap().contains("for 30 minutes"), "{alarm}");
    phonebox.restart();
    assert_eq!(enter(&phonebox, "T54W", &number, "0042").status, 401, "the lock is on disk");
    assert_eq!(reason(&phonebox, "T54W"), "code-locked");
    // By another phone the code is as good as ever.
    assert_eq!(enter(&phonebox, "T53W", &number, "0042").status, 200);
    phonebox.restart_at("+29m");
    assert_eq!(enter(&phonebox, "T54W", &number, "0042").status, 401);
    phonebox.restart_at("+31m");
    // The count begins anew.
    for _ in 0..3 {
        assert_eq!(enter(&phonebox, "T54W", &number, "1111").status, 401);
    }
    assert_eq!(enter(&phonebox, "T54W", &number, "0042").status, 200, "{}", phonebox.verdict(mac("T54W")));
    assert!(!phonebox.has_alarm("code-locked"));
}

/// AVA-069: each way in which an administrator lets a phone in ends a lock at once.
#[test]
fn ava_069_adding_activating_or_importing_a_phone_ends_its_lock() {
    let (phonebox, number) = berlin();
    phonebox.cli(&["enrollment", "lockout", "--attempts", "1"]);
    let lock = |model: &str| {
        for _ in 0..2 {
            enter(&phonebox, model, &number, "1111");
        }
        assert_eq!(enter(&phonebox, model, &number, "0042").status, 401);
        assert_eq!(reason(&phonebox, model), "code-locked", "{model}");
    };
    let is_locked = |model: &str| phonebox.alarms().iter().any(|one| one["object"] == mac(model));
    lock("T54W");
    assert!(is_locked("T54W"));
    phonebox.cli(&["device", "add", mac("T54W"), "--model", "T54W"]);
    assert!(!is_locked("T54W"));
    // Known, and not activated: the code does that (AVA-207).
    assert_eq!(enter(&phonebox, "T54W", &number, "0042").status, 200, "{}", phonebox.verdict(mac("T54W")));
    assert_eq!(phonebox.device(mac("T54W"))["site"], "Berlin");
    phonebox.cli(&["device", "add", mac("T53W"), "--model", "T53W"]);
    lock("T53W");
    phonebox.cli(&["device", "activate", mac("T53W")]);
    assert!(!is_locked("T53W"));
    assert_eq!(phonebox.count("SELECT count(*) FROM code_attempt"), 0);
    lock("T46S");
    let file = phonebox.file(&format!("mac,model\n{},T46S\n", mac("T46S")));
    phonebox.cli(&["device", "import", file.to_str().unwrap()]);
    assert_eq!(phonebox.count("SELECT count(*) FROM code_attempt"), 0);
    assert_eq!(enter(&phonebox, "T46S", &number, "0042").status, 200);
}

/// A stranger who shows a phone's MAC takes nothing from it: codes neither move nor lock one that works.
#[test]
fn a_phone_that_works_is_neither_moved_nor_locked_by_codes() {
    let (phonebox, number) = berlin();
    add(&phonebox, "J179", &[]);
    let mut one = phone("J179");
    one.boot(Some(&phonebox.url(false)));
    assert!(one.poll().configured);
    assert_eq!(account(&one), own_account());
    for n in 0..6 {
        assert_eq!(enter_from(&phonebox, "127.0.0.9", "J179", &number, &format!("111{n}")).status, 401);
    }
    assert_eq!(reason(&phonebox, "J179"), "bad-credentials");
    assert_eq!(enter_from(&phonebox, "127.0.0.9", "J179", &number, "0042").status, 401);
    assert_eq!(reason(&phonebox, "J179"), "code-not-taken");
    assert!(!phonebox.has_alarm("code-locked"));
    assert_eq!(phonebox.count("SELECT count(*) FROM code_attempt"), 0);
    assert_eq!(phonebox.device(mac("J179"))["site"], "default");
    assert!(one.poll().configured, "{}", phonebox.verdict(mac("J179")));
    let login = (one.value("FORCE_HTTP_AUTH_USERNAME").unwrap(), one.value("FORCE_HTTP_AUTH_PASSWORD").unwrap());
    assert_eq!(enter(&phonebox, "J179", login.0, login.1).status, 200, "its own login");
    // One that is blocked stays so.
    phonebox.cli(&["device", "deactivate", mac("J179")]);
    assert_eq!(enter(&phonebox, "J179", &number, "0042").status, 401);
    assert_eq!(phonebox.device(mac("J179"))["state"], "blocked");
    // In its window, a lock of codes leaves the window as it is.
    add(&phonebox, "T54W", &[]);
    for _ in 0..4 {
        assert_eq!(enter(&phonebox, "T54W", &number, "1111").status, 401);
    }
    assert!(phonebox.has_alarm("code-locked"));
    let plain = format!("/{}.cfg", mac("T54W"));
    assert_eq!(raw::get(phonebox.http(), &plain).status, 200);
}

/// A MAC may be twelve decimal digits, and is a user name then: of its own login first.
#[test]
fn a_mac_of_twelve_decimal_digits_is_no_code() {
    let (phonebox, number) = berlin();
    let mac = "001565123456";
    phonebox.cli(&["device", "add", mac, "--model", "J179", "--activate"]);
    let file = format!("/with-login/{mac}.txt");
    let ask = |user: &str, password: &str| {
        let head = format!("Authorization: {}\r\n", basic(user, password));
        raw::ask(phonebox.http(), "GET", &file, &head)
    };
    for _ in 0..5 {
        assert_eq!(ask(mac, "wrong").status, 401);
    }
    assert_eq!(phonebox.count("SELECT count(*) FROM code_attempt"), 0, "no code was shown");
    let text = raw::get(phonebox.http(), &format!("/{mac}.txt")).text();
    let line = text.lines().find(|line| line.contains("FORCE_HTTP_AUTH_PASSWORD")).unwrap_or_else(|| panic!("{text}"));
    let password = line.rsplit(' ').next().unwrap().trim_matches('"');
    assert_eq!(ask(mac, password).status, 200, "{line}");
    assert_eq!(ask(&number, "0042").status, 401, "it has proved itself");
}

/// AVA-206, AVA-207: a device of nobody's goes where the code leads; another account's stays there. A code is no way
/// around a network whose phones may have nothing, nor into an account that is shut.
#[test]
fn ava_206_ava_207_a_code_takes_what_is_nobodys_and_nothing_of_another_account() {
    let (phonebox, number) = berlin();
    let post = |path: &str, body: Value| {
        let made = phonebox.admin_asks("POST", path, &body.to_string());
        assert!(made.status < 300, "{path}: {}", String::from_utf8_lossy(&made.body));
        serde_json::from_slice::<Value>(&made.body).unwrap_or_default()
    };
    let shop = post("/api/v1/accounts", json!({ "kind": "customer", "name": "Shop", "parent_id": 1 }));
    let sites = format!("/api/v1/accounts/{}/sites", shop["id"]);
    post(&sites, json!({ "name": "Hall", "new_profile": "Desks", "pid": "0042" }));
    let shop_number = shop["number"].to_string();
    let owner = |model: &str| {
        let sql = "SELECT account_id FROM device WHERE mac = ";
        phonebox.count(&format!("{sql}{}", i64::from_str_radix(mac(model), 16).unwrap()))
    };
    // Nobody's: in the box's own account, at no site.
    phonebox.cli(&["device", "add", mac("T54W"), "--model", "T54W"]);
    let nowhere = phonebox::db::Connection::open(phonebox.path().join("phonebox.db")).unwrap();
    nowhere.execute("UPDATE device SET site_id = NULL", []).unwrap();
    drop(nowhere);
    assert_eq!(enter(&phonebox, "T54W", &shop_number, "0042").status, 200, "{}", phonebox.verdict(mac("T54W")));
    assert_eq!(owner("T54W"), shop["id"].as_i64().unwrap());
    // The box's own at a site of its own, and the shop's with the box's code.
    phonebox.cli(&["device", "add", mac("T53W"), "--model", "T53W"]);
    assert_eq!(enter(&phonebox, "T53W", &shop_number, "0042").status, 401);
    assert_eq!(reason(&phonebox, "T53W"), "code-not-taken");
    assert_eq!(owner("T53W"), 1);
    assert_eq!(enter(&phonebox, "T54W", &number, "0042").status, 401);
    assert_eq!(owner("T54W"), shop["id"].as_i64().unwrap());
    // Within its window it goes on with its own code; from elsewhere nobody does.
    assert_eq!(enter(&phonebox, "T54W", &shop_number, "0042").status, 200);
    assert_eq!(enter_from(&phonebox, "127.0.0.9", "T54W", &shop_number, "0042").status, 401);
    phonebox.cli(&["network", "add", "127.0.0.66/32", "--settings", "false"]);
    assert_eq!(enter_from(&phonebox, "127.0.0.66", "T46S", &number, "0042").status, 401);
    assert_eq!(reason(&phonebox, "T46S"), "code-elsewhere");
    post(&format!("/api/v1/accounts/{}/disable", shop["id"]), json!({}));
    assert_eq!(enter(&phonebox, "T46S", &shop_number, "0042").status, 401);
    assert_eq!(reason(&phonebox, "T46S"), "code-number");
    // No MAC, no code.
    let head = format!("Authorization: {}\r\n{}", basic(&number, "0042"), raw::SOMEONE);
    assert_eq!(raw::ask(phonebox.http(), "GET", "/with-login/y000000000000.cfg", &head).status, 401);
    assert_eq!(raw::send(phonebox.http(), None, "PUT", &own_file("T31G"), &head, b"x").status, 401);
    assert_eq!(phonebox.count("SELECT count(*) FROM device"), 2);
}

/// A scanner has as many MACs as it likes: what is remembered of them stays bounded, and who is locked stays locked. Its
/// guesses count against its address as all do.
#[test]
fn wrong_codes_of_many_macs_are_bounded_and_slowed() {
    let (mut phonebox, number) = berlin();
    for _ in 0..5 {
        enter(&phonebox, "T54W", &number, "1111");
    }
    phonebox.stop();
    let conn = phonebox::db::Connection::open(phonebox.path().join("phonebox.db")).unwrap();
    let many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4095)
                INSERT INTO code_attempt (mac, wrong, last_at) SELECT i, 1, 9999999999999 FROM n";
    conn.execute(many, []).unwrap();
    drop(conn);
    phonebox.run();
    enter(&phonebox, "T53W", &number, "1111");
    assert!(phonebox.count("SELECT count(*) FROM code_attempt") <= 4_096);
    assert_eq!(phonebox.count("SELECT count(*) FROM code_attempt WHERE locked_until IS NOT NULL"), 1);
    assert_eq!(enter(&phonebox, "T54W", &number, "0042").status, 401, "still locked");
    let guesses: Vec<u16> = (0..40).map(|n| enter(&phonebox, "T46S", &number, &format!("22{n:02}")).status).collect();
    assert_eq!((guesses[0], guesses[39]), (401, 404), "{guesses:?}");
    eventually("it is told", || phonebox.has_alarm("mac-guessing"));
    assert_eq!(enter(&phonebox, "T31G", &number, "0042").status, 404, "a slowed source has no right code either");
}
