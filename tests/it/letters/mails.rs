//! Mails, as a real mail server reads them: AVA-057 to AVA-063, and what becomes of those that do not go.

use super::sink::Mails;
use crate::support::server::Phonebox;
use crate::support::{eventually, phone};
use serde_json::{Value, json};

const ADMIN: &str = "admin@company.example";

pub fn set(phonebox: &Phonebox, mails: &Mails) {
    let port = mails.port.to_string();
    let words =
        ["mail", "set", "--host", "127.0.0.1", "--port", &port, "--security", "none", "--from", "box@company.example"];
    phonebox.cli(&words);
}

fn boxed() -> (Phonebox, Mails) {
    let (phonebox, mails) = (Phonebox::start(), Mails::start());
    set(&phonebox, &mails);
    // What the machine of the tests gives rise to is not theirs.
    phonebox.cli(&["notification", "set", "--to", ADMIN, "--off", "alarm"]);
    (phonebox, mails)
}

pub(super) fn header<'a>(mail: &'a Value, name: &str) -> Vec<&'a str> {
    let text = mail["text"].as_str().unwrap();
    let head = text.split("\r\n\r\n").next().unwrap();
    head.split("\r\n").filter_map(|line| line.strip_prefix(name)).map(str::trim).collect()
}

fn subjects(mails: &[Value]) -> Vec<String> {
    mails.iter().map(|mail| header(mail, "Subject:")[0].to_owned()).collect()
}

#[test]
fn the_test_button_says_what_the_mail_server_says() {
    let phonebox = Phonebox::start();
    assert!(phonebox.try_cli(&["mail", "test", ADMIN]).refused().contains("No mail server is set"));
    assert!(phonebox.cli(&["mail", "show"]).contains("No mail server"));
    let mails = Mails::start();
    set(&phonebox, &mails);
    assert!(phonebox.cli(&["mail", "test", ADMIN]).contains("took it"));
    let got = mails.at_least(1);
    assert_eq!((&got[0]["from"], &got[0]["to"]), (&json!("box@company.example"), &json!([ADMIN])));
    assert!(got[0]["text"].as_str().unwrap().contains("This is a test from Phonebox"));
    // With a name in front, of which RFC 2047 writes what is no plain word.
    let put = |from: &str, port: u16| {
        let body = json!({ "host": "127.0.0.1", "port": port, "security": "none", "from": from }).to_string();
        phonebox.admin_asks("PUT", "/api/v1/mail", &body).status
    };
    for (from, written) in [
        ("Phonebox <box@company.example>", "Phonebox <box@company.example>"),
        ("Phones, Berlin <box@company.example>", "=?utf-8?b?UGhvbmVzLCBCZXJsaW4=?= <box@company.example>"),
    ] {
        assert_eq!(put(from, mails.port), 200, "{from}");
        let known = mails.all().len();
        phonebox.cli(&["mail", "test", ADMIN]);
        let got = mails.at_least(known + 1);
        let shown = (header(&got[known], "From:"), &got[known]["from"]);
        assert_eq!(shown, (vec![written], &json!("box@company.example")));
    }
    for from in
        ["<box@company.example>", "X\r\nBcc: a <box@company.example>", "X <a@b.example>, Y <box@company.example>"]
    {
        assert_eq!(put(from, mails.port), 422, "{from}");
    }
    // Nobody there: where that was, and what to look at.
    assert_eq!(put("box@company.example", 1), 200);
    let said = phonebox.try_cli(&["mail", "test", ADMIN]).refused();
    assert!(said.contains("127.0.0.1:1: ") && said.contains("Look at host, port and security"), "{said}");
    set(&phonebox, &mails);
    let mails = Mails::start();
    set(&phonebox, &mails);
    phonebox.cli(&["mail", "test", ADMIN]);
    // RFC 5322, 3.6.4: each has a name of its own.
    phonebox.cli(&["mail", "test", ADMIN]);
    let got = mails.at_least(2);
    let ids = [header(&got[0], "Message-ID:"), header(&got[1], "Message-ID:")];
    assert!(ids.iter().all(|id| id.len() == 1 && id[0].ends_with("@company.example>")) && ids[0] != ids[1], "{ids:?}");
    let said = phonebox.try_cli(&["mail", "test", "nobody@company.example"]).refused();
    assert!(said.contains("no such mailbox"), "{said}");
    drop(mails);
    let said = phonebox.try_cli(&["mail", "test", ADMIN]).refused();
    assert!(said.contains("refused"), "{said}");
}

/// AVA-058: everything is on. AVA-057: each kind has its switch. AVA-060: a provisioning URL was changed. AVA-061: a
/// device was added. AVA-062: it was given to a site. AVA-063: one was not enrolled, and why.
#[test]
fn notifications_are_mailed_and_each_can_be_switched_off() {
    let (phonebox, mails) = boxed();
    let fresh = Phonebox::start().json(&["notification", "list"])["notifications"].clone();
    let rows = fresh.as_array().unwrap();
    assert!(rows.len() >= 7 && rows.iter().all(|row| row["on"] == true), "nothing said means all: {rows:?}");
    phonebox.cli(&["site", "add", "Berlin"]);
    phone::add(&phonebox, "T54W", &[]);
    let mac = phone::mac("T54W");
    phonebox.cli(&["device", "set", mac, "--site", "Berlin"]);
    phonebox.cli(&["profile", "add", "there", "--url", "http://there.example/"]);
    phonebox.cli(&["profile", "target", "set", "there", "0", "--url", "http://elsewhere.example/"]);
    phonebox.cli(&["device", "set", mac, "--url", "http://own.example/"]);
    let got = mails.at_least(5);
    assert_eq!(
        subjects(&got),
        [
            format!("Device added: {mac}"),
            format!("Device given to a site: {mac}"),
            format!("Device given to a site: {mac}"),
            "Provisioning URL changed: there".to_owned(),
            format!("Provisioning URL changed: {mac}"),
        ]
    );
    assert!(got[2]["text"].as_str().unwrap().contains("console gave the device 805ec0aabb01 to the site Berlin."));
    assert!(got.iter().all(|mail| mail["to"] == json!([ADMIN])));

    phonebox.cli(&["notification", "set", "--off", "device-associated", "--off", "provisioning-changed"]);
    phonebox.cli(&["device", "set", mac, "--site", "default", "--url", ""]);
    phonebox.cli(&["device", "remove", mac]);
    eventually("nobody was told", || phonebox.count("SELECT count(*) FROM event WHERE told = 0") == 0);
    phonebox.cli(&["notification", "set", "--on", "provisioning-changed"]);
    phonebox.cli(&["profile", "target", "set", "there", "0", "--url", "http://third.example/"]);
    let got = mails.at_least(6);
    assert_eq!(subjects(&got[5..]), ["Provisioning URL changed: there"]);

    // AVA-063. Two addresses claim one MAC: the phone is not enrolled, and the mail says why.
    phone::add(&phonebox, "T53W", &[]);
    let file = format!("/{}.cfg", phone::mac("T53W"));
    for from in ["127.0.0.2", "127.0.0.3"] {
        crate::support::raw::send(phonebox.http(), Some(from.parse().unwrap()), "GET", &file, "", b"");
    }
    eventually("the reason is mailed", || {
        let failed = format!("Device not enrolled: {}", phone::mac("T53W"));
        let all = mails.all();
        all.iter()
            .any(|mail| header(mail, "Subject:") == [&failed] && mail["text"].to_string().contains("Two addresses"))
    });
}

/// AVA-059: an account's administrators are told that somebody entered its code; nobody else is. AVA-063: the one whose
/// site has no profile hears why its phone was not enrolled.
#[test]
fn ava_059_an_enrollment_code_that_is_used_is_mailed_to_its_account() {
    let (phonebox, mails) = boxed();
    let post = |path: &str, body: Value| {
        let made = phonebox.admin_asks("POST", path, &body.to_string());
        assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.body));
        serde_json::from_slice::<Value>(&made.body).unwrap()
    };
    let shop = json!({ "kind": "customer", "name": "Shop", "parent_id": 1, "email": "office@shop.example" });
    let shop = post("/api/v1/accounts", shop);
    let sites = format!("/api/v1/accounts/{}/sites", shop["id"]);
    post(&sites, json!({ "name": "Berlin", "new_profile": "Desks", "pid": "0042" }));
    post(&sites, json!({ "name": "Bonn", "profile": "Desks", "pid": "0043" }));
    let bare = phonebox.admin_asks("PUT", &format!("{sites}/Bonn"), &json!({ "profile": null }).to_string());
    assert_eq!(bare.status, 200);
    let enter = |model: &str, pin: &str| {
        use base64::{Engine, prelude::BASE64_STANDARD};
        let code = BASE64_STANDARD.encode(format!("{}:{pin}", shop["number"]));
        let agent = format!("User-Agent: {}\r\nAuthorization: Basic {code}\r\n", phone::phone(model).user_agent());
        crate::support::raw::ask(phonebox.http(), "GET", &format!("/{}.cfg", phone::mac(model)), &agent).status
    };
    assert_eq!(enter("T54W", "0042"), 200);
    assert_eq!(enter("T53W", "0043"), 401);
    assert_eq!(enter("T46S", "0001"), 401, "a wrong code is not used");
    let got = mails.at_least(2);
    eventually("all was told", || phonebox.count("SELECT count(*) FROM event WHERE told = 0") == 0);
    let (berlin, bonn) = (phone::mac("T54W"), phone::mac("T53W"));
    let mut told = subjects(&got);
    told.sort();
    assert_eq!(told, [format!("Device not enrolled: {bonn}"), format!("Enrollment code used: {berlin}")]);
    assert!(mails.all().iter().all(|mail| mail["to"] == json!(["office@shop.example"])), "{:?}", mails.all());
    let used = got.iter().find(|mail| mail["text"].to_string().contains("Enrollment code used")).unwrap();
    let text = used["text"].as_str().unwrap().replace("=\r\n", "");
    assert!(text.contains("entered an enrollment code at the") && text.contains("Berlin"), "{text}");
    assert!(!text.contains("0042"), "the code stays out of it: {text}");
    let failed = got.iter().find(|mail| mail["text"].to_string().contains("not enrolled")).unwrap();
    assert!(failed["text"].to_string().contains("which has no profile"), "{failed}");
}

/// A mail server that does not speak STARTTLS where it is wanted is told nothing: neither mail nor password.
#[test]
fn without_starttls_nothing_is_said_to_the_mail_server() {
    let (phonebox, mails) = (Phonebox::start(), Mails::start());
    let port = mails.port.to_string();
    let words =
        ["mail", "set", "--host", "127.0.0.1", "--port", &port, "--user", "box", "--from", "box@company.example"];
    phonebox.cli(&[&words[..], &["--password", &phonebox.secret("s3cret-mail")]].concat());
    let said = phonebox.try_cli(&["mail", "test", ADMIN]).refused();
    assert!(said.contains("STARTTLS") && !said.contains("s3cret"), "{said}");
    assert!(mails.all().is_empty());
}

/// ALE-009: where the box knows its address, a mail has a button that leads there, and the address to copy.
#[test]
fn ale_009_a_link_is_a_button_and_an_address_to_copy() {
    let phonebox = Phonebox::start_with(&["--public-admin", "https://phones.company.example:8443"]);
    let mails = Mails::start();
    set(&phonebox, &mails);
    let user = json!({ "name": "Bob", "email": "bob@example.com" }).to_string();
    assert_eq!(phonebox.admin_asks("POST", "/api/v1/users", &user).status, 201);
    let text = mails.at_least(1)[0]["text"].as_str().unwrap().replace("=\r\n", "").replace("=3D", "=");
    let url = "https://phones.company.example:8443/activate#code=";
    assert!(text.contains("multipart/alternative"), "{text}");
    assert!(text.contains(&format!("\r\n{url}")), "an address by itself: {text}");
    assert!(text.contains(&format!("<a href=\"{url}")) && text.contains(">Choose a password</a><br>"), "{text}");
    // And what happens to a phone leads to its page.
    phonebox.cli(&["notification", "set", "--to", ADMIN, "--off", "alarm"]);
    phone::add(&phonebox, "T54W", &[]);
    let text = mails.at_least(2)[1]["text"].as_str().unwrap().replace("=\r\n", "");
    assert!(text.contains(&format!("https://phones.company.example:8443/devices/{}", phone::mac("T54W"))), "{text}");
}

/// RFC 3207 and RFC 4954, with a certificate that the machine trusts; without that, nothing is said to the server.
#[test]
fn the_way_to_the_mail_server_is_encrypted_and_its_certificate_is_verified() {
    let files = tempfile::tempdir().unwrap();
    let script =
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 9 -subj '/CN=Mail Root'
        openssl req -newkey rsa:2048 -nodes -keyout mail.key -out mail.csr -subj '/CN=mail'
        printf 'subjectAltName=IP:127.0.0.1,DNS:localhost\\nbasicConstraints=CA:FALSE\\n' > ext
        openssl x509 -req -in mail.csr -CA root.pem -CAkey root.key -CAcreateserial -days 9 -extfile ext -out mail.crt
        cat mail.crt mail.key > both.pem";
    let made = std::process::Command::new("sh").args(["-ec", script]).current_dir(files.path()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let path = |name: &str| files.path().join(name).display().to_string();
    let mails = Mails::start_with(0, &path("both.pem"));
    let mut phonebox = Phonebox::start();
    let (port, password) = (mails.port.to_string(), phonebox.secret("s3cret-mail"));
    let words =
        ["mail", "set", "--host", "127.0.0.1", "--port", &port, "--user", "box", "--from", "box@company.example"];
    phonebox.cli(&[&words[..], &["--password", &password]].concat());
    let said = phonebox.try_cli(&["mail", "test", ADMIN]).refused();
    assert!(said.contains("certificate") && mails.all().is_empty(), "{said}");
    phonebox.restart_behind(&["env", &format!("SSL_CERT_FILE={}", path("root.pem"))]);
    phonebox.cli(&["mail", "test", ADMIN]);
    let got = mails.at_least(1);
    assert_eq!((&got[0]["tls"], &got[0]["login"]), (&json!(true), &json!(true)));
    // The password is nowhere to be read, and it does not go along to another server.
    let shown = phonebox.cli(&["mail", "show"]) + &phonebox.cli(&["audit", "--json"]);
    assert!(!shown.contains("s3cret-mail") && !phonebox.said().contains("s3cret-mail"));
    assert!(phonebox.cli(&words).contains("password  yes"), "as it was");
    let other =
        ["mail", "set", "--host", "localhost", "--port", &port, "--user", "box", "--from", "box@company.example"];
    assert!(phonebox.cli(&other).contains("password  no"), "a password is for the server it was given for");
    let file = std::fs::read(phonebox.path().join("phonebox.db")).unwrap();
    assert!(!file.windows(11).any(|part| part == b"s3cret-mail"));
}

/// Queued, tried again after a while, shown with the reason, and sent when the mail server is back. Nothing is lost.
#[test]
fn a_mail_that_cannot_go_waits_and_goes_later() {
    let (mut phonebox, mails) = boxed();
    let port = mails.port;
    drop(mails);
    phone::add(&phonebox, "T54W", &["--site", "default"]);
    let queue = |phonebox: &Phonebox| phonebox.json(&["mail", "queue"]).as_array().unwrap().clone();
    eventually("both were tried", || {
        let queue = queue(&phonebox);
        queue.len() == 2 && queue.iter().all(|mail| mail["attempts"] == 1)
    });
    let waiting = &queue(&phonebox)[0];
    assert_eq!((&waiting["state"], &waiting["recipient"]), (&json!("waiting"), &json!(ADMIN)));
    assert!(waiting["error"].as_str().unwrap().contains("refused"), "{waiting}");
    let wait = waiting["next_at"].as_i64().unwrap() - waiting["created_at"].as_i64().unwrap();
    assert!((60_000..90_000).contains(&wait), "{wait}");
    // A minute later it is tried again, then after five.
    phonebox.restart_at("+2m");
    eventually("both were tried again", || queue(&phonebox).iter().all(|mail| mail["attempts"] == 2));
    let mails = Mails::start_with(port, "");
    let id = queue(&phonebox)[0]["id"].to_string();
    phonebox.cli(&["mail", "retry", &id]);
    mails.at_least(1);
    phonebox.restart_at("+20m");
    let got = mails.at_least(2);
    assert_eq!(got.len(), 2);
    eventually("both are shown as sent", || queue(&phonebox).iter().all(|mail| mail["state"] == "sent"));
}

/// What the mail server refuses for good is not tried for ever, and somebody is told.
#[test]
fn a_mail_that_is_refused_for_good_raises_an_alarm() {
    let (phonebox, mails) = boxed();
    phonebox.cli(&["notification", "set", "--to", "nobody@company.example", "--to", ADMIN]);
    phone::add(&phonebox, "T54W", &[]);
    mails.at_least(2);
    eventually("it failed", || {
        let queue = phonebox.json(&["mail", "queue"]);
        let failed = queue.as_array().unwrap().iter().filter(|mail| mail["state"] == "failed").count();
        failed == 2
    });
    let alarms = phonebox.alarms();
    let alarm = alarms.iter().find(|alarm| alarm["kind"] == "mail").unwrap();
    assert!(
        alarm["object"] == "nobody@company.example" && alarm["text"].to_string().contains("no such mailbox"),
        "{alarm}"
    );
    let failed = phonebox.json(&["mail", "queue"]);
    let failed = failed.as_array().unwrap().iter().find(|mail| mail["state"] == "failed").unwrap()["id"].to_string();
    phonebox.cli(&["mail", "give-up", &failed]);
    assert_eq!(phonebox.json(&["mail", "queue"]).as_array().unwrap().len(), 3);
}

/// T67: what strangers and administrators write ends no header and adds no recipient.
#[test]
fn threat_067_no_text_adds_a_header_or_a_recipient() {
    let (phonebox, mails) = boxed();
    for address in [
        "a@b.example\r\nBcc: evil@evil.example",
        "a@b.example, evil@evil.example",
        "a b@c.example",
        "<a@b.example>",
        "a@b.example\0",
        "",
        "a",
        "ä@b.example",
    ] {
        let body = json!({ "recipients": [address] }).to_string();
        let answer = phonebox.admin_asks("PUT", "/api/v1/notifications", &body);
        assert_eq!(answer.status, 422, "{address:?}");
        let body = json!({ "to": address }).to_string();
        assert_eq!(phonebox.admin_asks("POST", "/api/v1/mail/test", &body).status, 422, "{address:?}");
        let body = json!({ "host": "127.0.0.1", "security": "none", "from": address }).to_string();
        assert_eq!(phonebox.admin_asks("PUT", "/api/v1/mail", &body).status, 422, "{address:?}");
    }
    for host in ["", "a b", "mail\r\nX: y", "http://mail.example/", "mail.example:25"] {
        let body = json!({ "host": host, "security": "none", "from": ADMIN }).to_string();
        assert_eq!(phonebox.admin_asks("PUT", "/api/v1/mail", &body).status, 422, "{host:?}");
    }
    // An event's object is what a stranger sent: into the table directly, as no door lets it through.
    let conn = phonebox::db::Connection::open(phonebox.path().join("phonebox.db")).unwrap();
    conn.busy_timeout(std::time::Duration::from_secs(20)).unwrap();
    let object = "x\r\nBcc: evil@evil.example\r\n\r\nbody \u{fc}";
    conn.execute(
        "INSERT INTO event (account_id, kind, object, text, data, at) VALUES (1, 'device-claimed', ?1, ?1, '{}', 1)",
        [object],
    )
    .unwrap();
    drop(conn);
    let got = mails.at_least(1);
    assert_eq!(got[0]["to"], json!([ADMIN]));
    assert!(header(&got[0], "Bcc:").is_empty() && header(&got[0], "Subject:").len() == 1, "{}", got[0]);
    assert_eq!(header(&got[0], "To:"), [ADMIN]);
}
