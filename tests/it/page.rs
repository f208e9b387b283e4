//! The page's files on the administrators' listener, and what the page reads besides: the live log, the sorted list.
//! The page itself is tried in a browser: `ui/tests`.

use crate::support::admin::running;
use crate::support::raw::{ask, get};
use crate::support::server::Phonebox;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

#[test]
fn addresses_without_an_ending_are_the_page_under_a_policy_of_its_own() {
    let admin = running();
    let mut nonces = Vec::new();
    for path in ["/", "/devices", "/devices/805ec0aabb01", "/no/such/page"] {
        let page = get(admin.address, path);
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")), "{path}");
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self' 'nonce-"), "{policy}");
        assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(page.header("cache-control"), Some("no-store"), "its nonce is for one answer");
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        let text = page.text();
        assert!(text.contains(&nonce) && !text.contains("{{nonce}}"), "made by a build without npm? {text}");
        nonces.push(nonce);
    }
    nonces.dedup();
    assert_eq!(nonces.len(), 4);
}

#[test]
fn what_is_not_there_is_not_the_page() {
    let admin = running();
    // A phone that asks the wrong listener must not take the page for its file.
    for path in ["/805ec0aabb01.cfg", "/46xxsettings.txt", "/assets/gone", "/assets/gone.js", "/.sources", "/a/.env"] {
        let answer = get(admin.address, path);
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(serde_json::from_str::<Value>(&answer.text()).unwrap()["error"]["code"], "no-route", "{path}");
    }
    assert_eq!(ask(admin.address, "POST", "/", "").status, 404);
    // The API's strangers hear the same of every address.
    assert_eq!(get(admin.address, "/api/v1/nothing").status, 401);
}

#[test]
fn assets_are_kept_for_good_and_come_packed() {
    let admin = running();
    let page = get(admin.address, "/").text();
    let script = page.split("src=\"").nth(1).unwrap().split('"').next().unwrap();
    let whole = get(admin.address, script);
    assert_eq!((whole.status, whole.header("content-type")), (200, Some("text/javascript; charset=utf-8")));
    assert_eq!(whole.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(whole.header("content-encoding"), None);
    let packed = ask(admin.address, "GET", script, "Accept-Encoding: gzip, deflate, br\r\n");
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert!(packed.body.len() * 2 < whole.body.len(), "{} of {}", packed.body.len(), whole.body.len());
    let tag = whole.header("etag").unwrap();
    for sent in [tag.to_owned(), format!("W/{tag}"), format!("\"other\", {tag}")] {
        let again = ask(admin.address, "GET", script, &format!("If-None-Match: {sent}\r\n"));
        assert_eq!((again.status, again.body.len()), (304, 0), "{sent}");
    }
}

#[test]
fn phones_listeners_have_no_page() {
    let phonebox = Phonebox::start();
    for path in ["/", "/index.html", "/devices"] {
        let answer = get(phonebox.http(), path);
        assert!(answer.status == 404 && !answer.text().contains("<html"), "{path} {answer:?}");
    }
}

#[test]
fn every_answer_has_an_id_of_its_own() {
    let admin = running();
    let ids = ["/healthz", "/", "/api/v1/devices", "/x.cfg"].map(|path| {
        ask(admin.address, "GET", path, "X-Request-Id: mine\r\n").header("x-request-id").unwrap().to_owned()
    });
    for (place, id) in ids.iter().enumerate() {
        assert!(id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id:?}");
        assert!(!ids[..place].contains(id));
    }
}

#[test]
fn a_list_is_sorted_both_ways_page_by_page_and_by_what_is_asked() {
    let admin = running();
    let names = [Some("bravo"), None, Some("Alpha"), Some("charlie"), Some("alpha")];
    for (place, name) in names.iter().enumerate() {
        let body = json!({"mac": format!("805ec0aabb0{place}"), "name": name, "serial": format!("77{place}")});
        assert_eq!(admin.post("/devices", body).status, 201);
    }
    let list = |query: &str| {
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let page = admin.get(&format!("/devices?limit=2&{query}{after}")).json(200);
            found.extend(
                page["items"].as_array().unwrap().iter().map(|one| one["mac"].as_str().unwrap()[11..].to_owned()),
            );
            match page["next"].as_str() {
                None => return found.concat(),
                Some(next) => after = format!("&after={}", next.replace('~', "%7E")),
            }
        }
    };
    assert_eq!(list("sort=mac"), "01234");
    assert_eq!(list("sort=-mac"), "43210");
    // Without a name first, then without regard to case, equal ones by MAC.
    assert_eq!(list("sort=name"), "12403");
    assert_eq!(list("sort=-name"), "30421");
    assert_eq!(list("sort=name&search=77"), "12403");
    assert_eq!(list("sort=-name&state=known"), "30421");
    assert_eq!(list("sort=name&search=alpha"), "24");
    assert_eq!(list("search=bb03"), "3");
    assert_eq!(list("search=%25"), "");
    assert_eq!(list("sort=name&site=default"), "12403");
    assert_eq!(list("reset_suspected=true"), "");
    assert_eq!(admin.get("/devices?sort=serial").status, 400);
    assert_eq!(admin.get("/devices?after=~x").status, 400);
}

#[test]
fn the_live_log_tells_what_happens_and_goes_on_where_it_was() {
    let mut phonebox = Phonebox::start();
    let ask = |file: &str| get(phonebox.http(), file);
    let mut log = Log::open(&phonebox, None);
    ask("/805ec0aabb01.cfg");
    let (first, row) = log.next();
    assert_eq!((row["mac"].as_str(), row["decision"].as_str()), (Some("805ec0aabb01"), Some("refused")));
    assert!(!row["text"].as_str().unwrap().is_empty());
    // A repeat is told again, with its count, and is no newer row.
    ask("/805ec0aabb01.cfg");
    let (id, again) = log.next();
    assert_eq!((id, &again["id"], &again["count"]), (None, &row["id"], &json!(2)));
    drop(log);
    ask("/805ec0aabb02.cfg");
    ask("/805ec0aabb03.cfg");
    let mut log = Log::open(&phonebox, first);
    assert_eq!(log.next().1["mac"], "805ec0aabb02");
    assert_eq!(log.next().1["mac"], "805ec0aabb03");
    // Who reads along does not hold up the stop.
    let begun = Instant::now();
    assert!(phonebox.stop().unwrap().success());
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

/// A reader of the live log, through the console: it needs no token.
struct Log(BufReader<UnixStream>);

impl Log {
    fn open(phonebox: &Phonebox, last: Option<String>) -> Log {
        let mut stream = UnixStream::connect(phonebox.dir.path().join("console.sock")).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let last = last.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        write!(stream, "GET /api/v1/check-ins/live HTTP/1.1\r\nHost: console\r\n{last}\r\n").unwrap();
        let mut log = Log(BufReader::new(stream));
        let mut line = String::new();
        while !line.starts_with("retry:") {
            line.clear();
            assert!(log.0.read_line(&mut line).unwrap() > 0, "the log ended");
        }
        log
    }

    /// The next event's id and row.
    fn next(&mut self) -> (Option<String>, Value) {
        let (mut id, mut line) = (None, String::new());
        loop {
            line.clear();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "the log ended");
            if let Some(text) = line.strip_prefix("id: ") {
                id = Some(text.trim().to_owned());
            }
            if let Some(text) = line.strip_prefix("data: ") {
                return (id, serde_json::from_str(text).unwrap());
            }
        }
    }
}

/// `build.rs`, where cargo runs it, in a copy of what the page is made of and without npm: what it says, and whether the
/// note is there that stands in for the page.
fn built(profile: &str, with_bundle: bool) -> (String, bool) {
    let dir = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = dir.path().join("script");
    let rustc =
        Command::new("rustc").args(["--edition", "2024", "-o"]).arg(&script).arg(root.join("build.rs")).output();
    let rustc = rustc.expect("tests are built where rustc is");
    assert!(rustc.status.success(), "{}", String::from_utf8_lossy(&rustc.stderr));
    for source in ["README.md", "CHANGELOG.md", "packaging/SUPPORT.md", "ui"] {
        copy(&root.join(source), &dir.path().join(source));
    }
    if with_bundle {
        copy(&root.join("ui/dist/.sources"), &dir.path().join("ui/dist/.sources"));
    }
    let mut script = Command::new(script);
    let output = script.current_dir(dir.path()).env_clear().env("PROFILE", profile).env("PATH", dir.path()).output();
    let output = output.unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    let said = said.lines().filter(|line| !line.starts_with("cargo::rerun-if-changed="));
    (said.collect::<Vec<_>>().join("\n"), dir.path().join("ui/dist/index.html").exists())
}

/// Sources only.
fn copy(from: &Path, to: &Path) {
    if from.ends_with("node_modules") || from.ends_with("ui/dist") {
        return;
    }
    if !from.is_dir() {
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(from, to).unwrap();
        return;
    }
    for entry in std::fs::read_dir(from).unwrap() {
        let name = entry.unwrap().file_name();
        copy(&from.join(&name), &to.join(&name));
    }
}

/// A binary without its page must not leave the house by mistake.
#[test]
fn a_release_build_has_the_page_or_fails_with_the_reason() {
    let why = "the page needs npm (Node.js 20.19 or later) or a prebuilt bundle of these sources in ui/dist, and there \
        is neither";
    assert_eq!(built("release", false), (format!("cargo::error={why}"), false));
    let note = format!("cargo::warning={why}; this development build serves a note instead of the page");
    assert_eq!(built("debug", false), (note, true));
    assert_eq!(built("release", true), (String::new(), false), "a bundle that was made before needs no npm");
}
