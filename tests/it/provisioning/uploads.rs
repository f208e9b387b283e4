//! What phones store here: by PUT and POST, with each vendor's own proof, byte for byte, and for nobody else.

use crate::support::eventually;
use crate::support::phone::{add, mac, phone};
use crate::support::raw::{self, Answer};
use crate::support::server::Phonebox;
use base64::{Engine, prelude::BASE64_STANDARD};
use std::net::IpAddr;

/// How one phone comes back on day two, and what it stores.
struct Visitor {
    model: &'static str,
    /// Its token, the asking directory or its MAC, in front of the name.
    directory: String,
    headers: String,
    from: Option<IpAddr>,
    names: Vec<String>,
}

impl Visitor {
    fn new(phonebox: &Phonebox, model: &'static str, names: &[&str]) -> Visitor {
        add(phonebox, model, &[]);
        let names = names.iter().map(|name| name.replace("{mac}", mac(model))).collect();
        let mut booted = phone(model);
        booted.boot(Some(&phonebox.url(false)));
        let agent = format!("User-Agent: {}\r\n", booted.user_agent());
        let mut visitor = Visitor { model, directory: String::new(), headers: agent, from: None, names };
        match (booted.value("FORCE_HTTP_AUTH_PASSWORD"), booted.server()) {
            (Some(password), _) => {
                let login = BASE64_STANDARD.encode(format!("{}:{password}", mac(model)));
                visitor.headers.push_str(&format!("Authorization: Basic {login}\r\n"));
                visitor.directory = "c/".into();
            }
            (None, Some(url)) => {
                // Snom is told the URL of its file; a directory begins every other.
                let path = url.strip_prefix(&phonebox.url(false)).unwrap();
                let token = path.split('/').nth(1).unwrap();
                visitor.directory = format!("p/{token}/");
            }
            (None, None) => {
                phonebox.cli(&["device", "bind", mac(model), "127.0.0.88/32"]);
                visitor.from = Some("127.0.0.88".parse().unwrap());
                // It does not name itself: $MACADDR in the directory that it is told does (avaya.md §2, upper case).
                visitor.directory = format!("{}/", mac(model).to_uppercase());
                visitor.headers.clear();
            }
        }
        visitor
    }

    fn ask(&self, phonebox: &Phonebox, method: &str, name: &str, body: &[u8]) -> Answer {
        let path = format!("/{}{name}", self.directory);
        raw::send(phonebox.http(), self.from, method, &path, &self.headers, body)
    }
}

/// Yealink's user changes, contacts, call log and logs; ALE's backups; Avaya's BRURI reports and backups; a name of its own
/// choice.
#[test]
fn every_vendor_stores_by_put_and_post_and_fetches_what_it_stored() {
    let phonebox = Phonebox::start_with(&["--misses-per-minute", "1000000"]);
    let visitors = [
        Visitor::new(
            &phonebox,
            "T54W",
            &["{mac}-local.cfg", "{mac}-contact.xml", "{mac}-calllog.xml", "{mac}-sys.log", "{mac}-boot.log"],
        ),
        Visitor::new(&phonebox, "D785", &["{mac}-report.txt"]),
        Visitor::new(&phonebox, "M3", &["{mac}-contact.xml", "{mac}_config.xml"]),
        Visitor::new(&phonebox, "8028s", &["{mac}-backup.xml"]),
        Visitor::new(&phonebox, "J179", &["J179_report.tgz", "201_userdata.txt"]),
        Visitor::new(&phonebox, "9608", &["201_96xxdata.txt", "report.tar"]),
        Visitor::new(&phonebox, "K175", &["debug-report-4711.zip"]),
    ];
    for visitor in &visitors {
        let model = visitor.model;
        for name in &visitor.names {
            let put = visitor.ask(&phonebox, "PUT", name, b"one \x00\xff\r\n");
            assert_eq!(put.status, 201, "{model} {name}: {}", phonebox.verdict(mac(model)));
            assert_eq!(visitor.ask(&phonebox, "GET", name, b"").body, b"one \x00\xff\r\n", "{model} {name}");
            assert_eq!(visitor.ask(&phonebox, "POST", name, b"two").status, 204, "{model} {name}: replaced");
            let got = visitor.ask(&phonebox, "GET", name, b"");
            assert_eq!((got.status, &got.body[..]), (200, &b"two"[..]), "{model} {name}");
            assert!(got.header("last-modified").is_some());
            assert_eq!(visitor.ask(&phonebox, "HEAD", name, b"").head, got.head, "{model} {name}");
        }
        let large = visitor.ask(&phonebox, "PUT", &visitor.names[0], &vec![b'x'; (1 << 20) + 1]);
        assert_eq!(large.status, 413, "{model}");
        assert_eq!(visitor.ask(&phonebox, "GET", &visitor.names[0], b"").body, b"two", "{model}: kept");
    }
    // Without the proof nobody reads or writes them; with another phone's neither.
    for visitor in &visitors {
        for name in &visitor.names {
            for method in ["GET", "PUT", "POST"] {
                let body: &[u8] = if method == "GET" { b"" } else { b"evil" };
                for path in [format!("/{name}"), format!("/{}/{name}", mac(visitor.model))] {
                    let agent = format!("User-Agent: {}\r\n", phone(visitor.model).user_agent());
                    // From elsewhere: the address that used its window is its own as long as that is open.
                    let elsewhere = Some("127.0.0.99".parse().unwrap());
                    let answer = raw::send(phonebox.http(), elsewhere, method, &path, &agent, body);
                    assert_eq!(answer.status, 404, "{} {method} {path}", visitor.model);
                }
                for other in visitors.iter().filter(|other| other.model != visitor.model) {
                    let name = format!("{}/{name}", mac(visitor.model));
                    let answer = other.ask(&phonebox, method, &name, body);
                    assert!(matches!(answer.status, 401 | 404), "{} {method} {name}", other.model);
                }
            }
            assert_eq!(visitor.ask(&phonebox, "GET", name, b"").body, b"two", "{} {name}", visitor.model);
        }
    }
    let names: usize = visitors.iter().map(|visitor| visitor.names.len()).sum();
    eventually("every one is a check-in", || {
        phonebox.count("SELECT count(DISTINCT file) FROM check_in WHERE decision = 'stored'") as usize == names
    });
}
