//! Who may ask, and what strangers hear. The routes come from the OpenAPI document, so a new one is tested too.

use crate::support::admin::{Running, running, stopped};
use crate::support::people::set_up;
use crate::support::raw;
use phonebox::server::document::document;
use phonebox::users::routes::{Need, ROUTES, need};
use serde_json::Value;

/// Open to strangers by their row in the table of routes.
fn is_open(method: &str, path: &str) -> bool {
    matches!(need(method, path), Some(Need::Open)) || path == "/healthz"
}

fn routes() -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(document()).unwrap();
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            // Any word will do: nobody may look at it.
            let path = path
                .split('/')
                .map(|part| if part.starts_with('{') { "1" } else { part })
                .collect::<Vec<_>>()
                .join("/");
            routes.push((method.to_uppercase(), path));
        }
    }
    assert!(routes.len() > 50, "{routes:?}");
    routes
}

fn send(phonebox: &Running, method: &str, path: &str, headers: &str) -> (u16, String) {
    let answer = phonebox.raw(&format!("{method} {path} HTTP/1.1"), headers, b"{\"nonsense\":");
    (answer.status, answer.text())
}

#[test]
fn threat_048_every_route_wants_the_token_before_it_looks_at_anything_else() {
    let phonebox = running();
    let wrong = format!("Authorization: Bearer {}0\r\n", phonebox.token);
    let basic = format!("Authorization: Basic {}\r\n", phonebox.token);
    for (method, path) in routes() {
        for headers in ["", wrong.as_str(), basic.as_str(), "Authorization: Bearer \r\n"] {
            let (status, body) = send(&phonebox, &method, &path, headers);
            if is_open(&method, &path) {
                // A stranger's nonsense is refused, and nothing is done.
                assert!(matches!(status, 200 | 400 | 415), "{method} {path} {headers:?} {status} {body}");
            } else {
                assert_eq!(status, 401, "{method} {path} {headers:?} {body}");
                assert!(body.contains("\"code\":\"unauthorized\""), "{method} {path} {body}");
            }
        }
    }
    // What is not there is not told either.
    assert_eq!(send(&phonebox, "GET", "/api/v1/nothing", "").0, 401);
}

/// RFC 9110 §9.3.2: what GET answers, without a body. Whoever may not ask by GET may not ask by HEAD.
#[test]
fn head_answers_like_get_to_everybody_and_without_a_body() {
    let phonebox = running();
    let alice = set_up(&phonebox);
    let key = alice.post("/api-keys", serde_json::json!({ "name": "x", "permissions": ["site.read"] })).json(201);
    let bearer = |token: &str| format!("Authorization: Bearer {token}\r\n");
    let few = bearer(key["secret"].as_str().unwrap());
    // A person's cookie; HEAD changes nothing and needs no word of the page.
    let person = format!("Cookie: {}\r\n", alice.cookie);
    let mut seen = std::collections::BTreeMap::<u16, u32>::new();
    for (_, path) in routes().into_iter().filter(|(method, _)| method == "GET") {
        for headers in ["", few.as_str(), person.as_str()] {
            let head = raw::ask(phonebox.address, "HEAD", &path, headers);
            assert_eq!(head.body, b"", "{path}");
            *seen.entry(head.status).or_default() += 1;
            // An endless one.
            if !path.ends_with("/live") {
                assert_eq!(head.status, raw::ask(phonebox.address, "GET", &path, headers).status, "{path} {headers:?}");
            }
        }
    }
    assert!([200, 401, 403, 404].iter().all(|status| seen.contains_key(status)), "{seen:?}");
    for (path, headers) in
        [("/healthz", ""), ("/", ""), ("/api/v1/sites", few.as_str()), ("/api/v1/me", &person), ("/api/v1/nothing", "")]
    {
        let (head, get) =
            (raw::ask(phonebox.address, "HEAD", path, headers), raw::ask(phonebox.address, "GET", path, headers));
        let of = |answer: &raw::Answer| {
            let names = ["content-type", "content-length", "x-frame-options", "allow"];
            (answer.status, names.map(|name| answer.header(name).map(str::to_owned)))
        };
        assert_eq!(of(&head), of(&get), "{path}");
        assert_eq!(head.header("content-length"), Some(get.body.len().to_string().as_str()), "{path}");
    }
    let nothing = raw::ask(phonebox.address, "HEAD", "/api/v1/password/reset", &person);
    assert_eq!((nothing.status, nothing.header("allow")), (405, Some("POST")));
}

#[test]
fn threat_048_every_route_says_what_it_needs_and_no_row_is_without_its_route() {
    let document: Value = serde_json::from_str(document()).unwrap();
    let mut served: Vec<(String, String)> = vec![("GET".into(), "/openapi.json".into())];
    for (path, methods) in document["paths"].as_object().unwrap() {
        let Some(path) = path.strip_prefix("/api/v1") else { continue };
        served.extend(methods.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.to_owned())));
    }
    let rows: Vec<(String, String)> = ROUTES.iter().map(|row| (row.0.to_owned(), row.1.to_owned())).collect();
    let missing: Vec<_> = served.iter().filter(|route| !rows.contains(route)).collect();
    assert!(missing.is_empty(), "give each a row in src/users/routes.rs: {missing:?}");
    let dead: Vec<_> = rows.iter().filter(|row| !served.contains(row)).collect();
    assert!(dead.is_empty(), "no such route: {dead:?}");
    let mut known = rows.clone();
    known.sort();
    known.dedup();
    assert_eq!(known.len(), rows.len(), "a route has two rows");
}

#[test]
fn threat_063_a_token_in_the_url_is_refused_and_only_its_hash_is_stored() {
    let phonebox = running();
    let token = phonebox.token.clone();
    for query in [format!("token={token}"), format!("limit=1&access_token={token}"), format!("TOKEN={token}")] {
        let (status, body) = send(&phonebox, "GET", &format!("/api/v1/devices?{query}"), "");
        assert_eq!(status, 400, "{query}");
        assert!(body.contains("token-in-url") && !body.contains(&token), "{body}");
    }
    let stored: Vec<Vec<u8>> = phonebox
        .db
        .read(|conn| {
            let mut statement = conn.prepare("SELECT secret_hash FROM api_key UNION SELECT value FROM instance")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok::<_, phonebox::db::Error>(rows.collect::<Result<_, _>>()?)
        })
        .unwrap();
    assert!(stored.iter().any(|value| **value == phonebox::seal::sha256(token.as_bytes())));
    assert!(stored.iter().all(|value| !String::from_utf8_lossy(value).contains(&token)));
}

#[test]
fn a_rotated_token_replaces_the_old_one_at_once() {
    let mut phonebox = running();
    let answer = phonebox.request("POST", "/token/rotate", None).json(200);
    let new = answer["token"].as_str().unwrap().to_owned();
    assert_eq!(new.len(), 3 + 64, "256 bits");
    phonebox.get("/devices").refused(401);
    phonebox.token = new;
    phonebox.get("/devices").json(200);
    let phonebox = phonebox.stop();
    let rotated = phonebox.cli(&["token", "rotate"]).ok();
    assert!(rotated.trim().starts_with("pb_") && rotated.trim() != phonebox.token);
}

#[test]
fn threat_095_health_and_the_page_need_no_token_and_tell_nothing() {
    let phonebox = running();
    phonebox.post("/devices", serde_json::json!({"mac": "805ec0aabb01"})).json(201);
    let health = phonebox.raw("GET /healthz HTTP/1.1", "", b"");
    assert_eq!((health.status, health.text().as_str()), (200, "{\"status\":\"ok\"}"));
    let page = phonebox.raw("GET / HTTP/1.1", "", b"");
    assert!(page.status == 200 && page.head.contains("text/html"), "{}", page.head);
    for answer in [health, page] {
        assert!(answer.head.to_ascii_lowercase().contains("x-content-type-options: nosniff"));
        assert!(!answer.text().contains("805ec0"));
    }
}

#[test]
fn the_committed_openapi_document_is_the_one_of_this_binary() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/openapi.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == document(), "the API changed. Run: cargo run -- openapi > packaging/openapi.json");
    // A client that is made from it has one name for each.
    let document: serde_json::Value = serde_json::from_str(&committed).unwrap();
    let operations =
        document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
    let mut seen = std::collections::HashSet::new();
    let doubled: Vec<_> = operations.filter(|one| !seen.insert(one["operationId"].to_string())).collect();
    assert!(doubled.is_empty(), "{doubled:?}");
    let phonebox = running();
    assert!(phonebox.get("/openapi.json").text() == committed);
    phonebox.raw("GET /api/v1/openapi.json HTTP/1.1", "", b"").refused(401);
}

#[test]
fn the_console_socket_belongs_to_its_user_alone_and_a_long_path_does_no_harm() {
    use std::os::unix::fs::PermissionsExt;
    let phonebox = running();
    let socket = phonebox.dir.path().join("console.sock");
    assert_eq!(socket.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    drop(phonebox);
    let outer = tempfile::tempdir().unwrap();
    let deep = outer.path().join("d".repeat(120));
    let stopped = stopped();
    std::fs::rename(stopped.path(), &deep).unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_phonebox"))
        .args(["site", "list", "--data"])
        .arg(&deep)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_operation_has_an_id_of_its_own_and_says_what_it_needs_and_how_it_is_refused() {
    let document: Value = serde_json::from_str(document()).unwrap();
    let mut ids = std::collections::BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{method} {path}");
            assert!(operation["summary"].is_string(), "{method} {path}");
            // The row of the route, word by word.
            let row = need(&method.to_uppercase(), path);
            let permission = if let Some(Need::May(permission)) = row { Some(permission.word()) } else { None };
            assert_eq!(operation["x-permission"].as_str(), permission, "{method} {path}");
            assert_eq!(operation["x-access"].is_string(), permission.is_none() && row.is_some(), "{method} {path}");
            let responses = operation["responses"].as_object().unwrap();
            assert!(!responses.contains_key("default"), "{method} {path}: each status is named");
            let refused = |status: &str| responses.contains_key(status);
            assert_eq!(
                refused("401") && refused("403") && refused("400"),
                row.is_some_and(|need| need != Need::Open) || (row.is_some() && method != "get"),
                "{method} {path}"
            );
            assert_eq!(
                refused("415"),
                operation["requestBody"]["content"]["application/json"].is_object(),
                "{method} {path}"
            );
        }
    }
    let mut references = Vec::new();
    let text = document.to_string();
    for rest in text.split("#/components/").skip(1) {
        references.push(rest.split('"').next().unwrap());
    }
    for name in references {
        let (kind, name) = name.split_once('/').unwrap();
        assert!(document["components"][kind][name].is_object(), "{name} is referred to and not described");
    }
}
