//! Logging in with a client certificate, with curl and openssl as the person's browser and company.

use super::totp;
use crate::support::people::PASSWORD;
use crate::support::server::Phonebox;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

pub(super) fn openssl(dir: &Path, words: &str) {
    let output = Command::new("openssl").args(words.split(' ')).current_dir(dir).output().unwrap();
    assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A CA and a certificate below it for each name.
fn company(dir: &Path, ca: &str, names: &[&str]) {
    openssl(
        dir,
        &format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {ca}.key -out {ca}.pem -days 30 -subj /CN={ca}"
        ),
    );
    for name in names {
        openssl(
            dir,
            &format!(
                "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {ca}-{name}.key -out {ca}-{name}.csr -subj /CN={name}"
            ),
        );
        openssl(
            dir,
            &format!("x509 -req -in {ca}-{name}.csr -CA {ca}.pem -CAkey {ca}.key -days 30 -out {ca}-{name}.pem"),
        );
    }
}

/// The status and the body of POST /session/certificate with this certificate, or with none.
fn log_in(phonebox: &Phonebox, dir: &Path, name: Option<&str>) -> (u16, Value) {
    let shown =
        name.map(|name| ["--cert".to_owned(), format!("{name}.pem"), "--key".to_owned(), format!("{name}.key")]);
    let shown: Vec<&str> = shown.iter().flatten().map(String::as_str).collect();
    ask(phonebox, dir, &[&["-d", "{}"][..], &shown].concat(), "/session/certificate")
}

/// The status and the body of what curl asks; cookies stay in the file `jar`.
fn ask(phonebox: &Phonebox, dir: &Path, words: &[&str], path: &str) -> (u16, Value) {
    let mut curl = Command::new("curl");
    curl.args(["-sk", "-w", "\n%{http_code}", "-H", "Content-Type: application/json", "-c", "jar", "-b", "jar"]);
    let url = format!("https://{}/api/v1{path}", phonebox.admin());
    let output = curl.args(words).arg(url).current_dir(dir).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), serde_json::from_str(body).unwrap_or(Value::Null))
}

#[test]
fn ava_038_ava_039_ava_152_ava_153_a_certificate_with_the_login_name_below_the_accounts_ca_logs_in() {
    let phonebox = Phonebox::start();
    let dir = tempfile::tempdir().unwrap();
    company(dir.path(), "ours", &["alice", "nobody"]);
    // No field of the body is needed, so none is.
    let bare = [&["-X", "POST"][..], &["-d", ""]].map(|body| ask(&phonebox, dir.path(), body, "/session/certificate"));
    assert_eq!(bare.each_ref().map(|(status, _)| *status), [401, 401], "{bare:?}");
    company(dir.path(), "theirs", &["alice"]);
    let password = phonebox.secret(PASSWORD);
    let words =
        ["setup", "--company", "Example", "--login", "alice", "--email", "a@example.com", "--password", &password];
    phonebox.cli(&words);
    // Before there is a CA nobody is asked for a certificate.
    assert_eq!(log_in(&phonebox, dir.path(), Some("ours-alice")).0, 401);
    let pem = std::fs::read_to_string(dir.path().join("ours.pem")).unwrap();
    let set = |ca: &str| phonebox.admin_asks("PATCH", "/api/v1/accounts/1", &json!({ "client_ca": ca }).to_string());
    assert_eq!(set("no certificate").status, 422);
    let account: Value = serde_json::from_slice(&set(&pem).body).unwrap();
    assert_eq!(account["client_ca"].as_str().unwrap().replace('\r', "").trim(), pem.trim());
    let (status, told) = log_in(&phonebox, dir.path(), Some("ours-alice"));
    assert_eq!((status, &told["user"]["login"]), (200, &json!("alice")), "{told}");
    // Another name, another company's CA, none at all: the same refusal.
    for name in [Some("ours-nobody"), Some("theirs-alice"), None] {
        let (status, told) = log_in(&phonebox, dir.path(), name);
        assert_eq!((status, &told["error"]["code"]), (401, &json!("wrong-login")), "{name:?}");
    }
    assert_eq!(phonebox.count("SELECT count(*) FROM session WHERE by = 'certificate'"), 1);
    // Whom a wrong one names hears of it in their own account; who names nobody stands there as nobody.
    let failed = |actor: &str| {
        phonebox.count(&format!(
            "SELECT count(*) FROM audit WHERE action = 'session.begin' AND result = 'fail' AND actor = '{actor}'"
        ))
    };
    assert_eq!((failed("alice"), failed("nobody")), (1, 1));
}

/// AVA-154: below a CA that the machine trusts nobody uploads one; the account says that this is enough.
#[test]
fn ava_154_a_certificate_of_a_public_ca_logs_in_where_the_account_says_so() {
    let dir = tempfile::tempdir().unwrap();
    company(dir.path(), "public", &["alice"]);
    company(dir.path(), "theirs", &["alice"]);
    let mut phonebox = Phonebox::new(&[]);
    let trusted = dir.path().join("public.pem").display().to_string();
    phonebox.before = vec!["env".to_owned(), format!("SSL_CERT_FILE={trusted}")];
    phonebox.run();
    let password = phonebox.secret(PASSWORD);
    let words =
        ["setup", "--company", "Example", "--login", "alice", "--email", "a@example.com", "--password", &password];
    phonebox.cli(&words);
    assert_eq!(log_in(&phonebox, dir.path(), Some("public-alice")).0, 401, "not before the account says so");
    let set = phonebox.admin_asks("PATCH", "/api/v1/accounts/1", &json!({ "public_ca": true }).to_string());
    assert_eq!(set.status, 200);
    let (status, told) = log_in(&phonebox, dir.path(), Some("public-alice"));
    assert_eq!((status, &told["user"]["login"]), (200, &json!("alice")), "{told}");
    assert_eq!(log_in(&phonebox, dir.path(), Some("theirs-alice")).0, 401);
}

/// T60's neighbour: a certificate on its CA's revocation list logs nobody in, from the moment the list is uploaded; who is
/// not on it still does. The list must be that CA's, and goes with it.
#[test]
fn threat_011_a_certificate_on_the_revocation_list_of_the_accounts_ca_logs_nobody_in() {
    let phonebox = Phonebox::start();
    let dir = tempfile::tempdir().unwrap();
    company(dir.path(), "ours", &["alice", "bob"]);
    company(dir.path(), "theirs", &[]);
    let password = phonebox.secret(PASSWORD);
    let words =
        ["setup", "--company", "Example", "--login", "alice", "--email", "a@example.com", "--password", &password];
    phonebox.cli(&words);
    let bob = json!({ "login": "bob", "name": "Bob", "email": "b@example.com" });
    assert_eq!(phonebox.admin_asks("POST", "/api/v1/users", &bob.to_string()).status, 201);
    let set = |body: Value| {
        let answer = phonebox.admin_asks("PATCH", "/api/v1/accounts/1", &body.to_string());
        (answer.status, serde_json::from_slice::<Value>(&answer.body).unwrap())
    };
    let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
    assert_eq!(set(json!({ "client_ca_list": "no list" })).0, 422, "there is no CA yet");
    assert_eq!(set(json!({ "client_ca": read("ours.pem") })).1["client_ca_listed"], false);
    for name in ["ours-alice", "ours-bob"] {
        assert_eq!(log_in(&phonebox, dir.path(), Some(name)).0, 200, "{name}");
    }
    std::fs::write(
        dir.path().join("ca.cnf"),
        "[ca]\ndefault_ca=c\n[c]\ndatabase=index\ndefault_md=sha256\ndefault_crl_days=9\n",
    )
    .unwrap();
    std::fs::write(dir.path().join("index"), "").unwrap();
    openssl(dir.path(), "ca -config ca.cnf -cert ours.pem -keyfile ours.key -revoke ours-bob.pem");
    openssl(dir.path(), "ca -config ca.cnf -cert ours.pem -keyfile ours.key -gencrl -out ours.crl");
    openssl(dir.path(), "ca -config ca.cnf -cert theirs.pem -keyfile theirs.key -gencrl -out theirs.crl");
    for (list, word) in [("theirs.crl", "not signed by this CA"), ("ours.pem", "no CRL")] {
        let (status, told) = set(json!({ "client_ca_list": read(list) }));
        assert!(status == 422 && told.to_string().contains(word), "{told}");
    }
    assert_eq!(set(json!({ "client_ca_list": read("ours.crl") })).1["client_ca_listed"], true);
    let (status, told) = log_in(&phonebox, dir.path(), Some("ours-bob"));
    assert_eq!((status, &told["error"]["code"]), (401, &json!("wrong-login")));
    assert_eq!(log_in(&phonebox, dir.path(), Some("ours-alice")).0, 200);
    // Another CA takes its list along.
    assert_eq!(set(json!({ "client_ca": read("theirs.pem") })).1["client_ca_listed"], false);
}

/// AVA-041, AVA-153: a certificate is the first factor; who has a second one is asked for it.
#[test]
fn a_login_by_certificate_asks_for_the_code_too() {
    let phonebox = Phonebox::start();
    let dir = tempfile::tempdir().unwrap();
    company(dir.path(), "ours", &["alice"]);
    let password = phonebox.secret(PASSWORD);
    let words =
        ["setup", "--company", "Example", "--login", "alice", "--email", "a@example.com", "--password", &password];
    phonebox.cli(&words);
    let pem = std::fs::read_to_string(dir.path().join("ours.pem")).unwrap();
    let set = phonebox.admin_asks("PATCH", "/api/v1/accounts/1", &json!({ "client_ca": pem }).to_string());
    assert_eq!(set.status, 200);
    let (status, told) = log_in(&phonebox, dir.path(), Some("ours-alice"));
    assert_eq!(status, 200, "{told}");
    let csrf = format!("X-CSRF-Token: {}", told["csrf"].as_str().unwrap());
    let (_, begun) = ask(&phonebox, dir.path(), &["-H", &csrf, "-d", "{}"], "/me/totp");
    let secret = begun["secret"].as_str().unwrap();
    let body = json!({ "code": totp::code(secret, phonebox::clock::now()) }).to_string();
    assert_eq!(ask(&phonebox, dir.path(), &["-X", "PUT", "-H", &csrf, "-d", &body], "/me/totp").0, 200);
    let (status, told) = log_in(&phonebox, dir.path(), Some("ours-alice"));
    assert_eq!((status, &told["error"]["code"]), (401, &json!("code-needed")));
    let by = |code: &str| {
        let body = json!({ "code": code }).to_string();
        let words = ["-d", body.as_str(), "--cert", "ours-alice.pem", "--key", "ours-alice.key"];
        ask(&phonebox, dir.path(), &words, "/session/certificate").0
    };
    assert_eq!(by("000000"), 401);
    let good = totp::next_code(secret);
    assert_eq!(by(&good), 200);
    assert_eq!(by(&good), 401, "a code counts once");
}
