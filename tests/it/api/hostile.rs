//! Bodies, paths and queries that are meant to hurt: a clear status, quickly, and the box goes on.

use crate::support::admin::running;
use serde_json::json;

#[test]
fn threat_061_hostile_bodies_get_400_or_413_and_the_box_goes_on() {
    let phonebox = running();
    let auth = format!("Authorization: Bearer {}\r\nContent-Type: application/json\r\n", phonebox.token);
    let deep = "[".repeat(10_000);
    let long = vec![b' '; 3 * 1024 * 1024];
    let bodies: [(&[u8], u16); 8] = [
        (deep.as_bytes(), 400),
        (&long, 413),
        (br#"{"mac":"805ec0aabb01","mac":"805ec0aabb02"}"#, 400),
        (br#"{"mac":"805ec0aabb01","settings":{"sip.port":1e400}}"#, 400),
        (br#"{"mac":"\ud800"}"#, 400),
        (b"\xff\xfe", 400),
        (br#"{"mac":"805ec0aabb01","settings":{"a":1,"a":2}}"#, 400),
        (br#"{"mac":["805ec0aabb01"]}"#, 400),
    ];
    for (body, status) in bodies {
        let answer = phonebox.raw("POST /api/v1/devices HTTP/1.1", &auth, body);
        assert_eq!(answer.status, status, "{:?} {}", &body[..body.len().min(40)], answer.text());
    }
    let text = format!("Authorization: Bearer {}\r\nContent-Type: text/plain\r\n", phonebox.token);
    let answer = phonebox.raw("POST /api/v1/devices HTTP/1.1", &text, br#"{"mac":"805ec0aabb01"}"#);
    assert_eq!(answer.status, 415, "T56: a form of another page cannot speak JSON");
    assert_eq!(phonebox.get("/devices").json(200)["items"], json!([]));
}

#[test]
fn threat_050_owner_account_role_and_id_cannot_be_assigned() {
    let phonebox = running();
    for field in ["account_id", "tenant_id", "id", "role", "owner", "token", "token_sealed", "state", "created_at"] {
        let (code, message) = phonebox.post("/devices", json!({"mac": "805ec0aabb01", field: 2})).refused(400);
        assert!(code == "bad-json" && message.contains(field), "{message}");
        phonebox.post("/sites", json!({"name": "x", field: 2})).refused(400);
        phonebox.get(&format!("/devices?{field}=2")).status_is_refusal(field);
    }
}

#[test]
fn threat_049_and_015_ids_and_paths_that_are_not_there_are_404_or_422_never_500() {
    let phonebox = running();
    for path in [
        "/devices/805ec0aabb01",
        "/devices/805ec0aabb01.cfg",
        "/devices/..%2f..%2fetc%2fpasswd",
        "/devices/%00",
        "/sites/%2e%2e",
        "/sites/nobody",
        "/profiles/x",
        "/groups/%ff",
        "/sip-accounts/99999999999999999999",
        "/sip-accounts/-1",
        "/files/..%2fseal.key",
        "/files/seal.key",
        "/raw-texts/yealink?layer=site&scope=none",
        "/settings?layer=root",
        "/settings?layer=device&scope=805ec0aabb01",
        "/settings?layer=site",
        "/settings?layer=line&scope=805ec0aabb01&line=999",
        "/devices/805ec0aabb01/lines/1",
        "/networks",
        "//devices",
        "/devices/",
        "/devices//lines",
    ] {
        let answer = phonebox.get(path);
        assert!([200, 400, 404, 405, 422].contains(&answer.status), "{path}: {} {}", answer.status, answer.text());
        assert!(!answer.text().contains("/tmp/") && !answer.text().contains("SQL"), "{path} {}", answer.text());
    }
    for (method, path) in [
        ("DELETE", "/sites/nobody"),
        ("PATCH", "/sites/nobody"),
        ("POST", "/alarms/7/close"),
        ("DELETE", "/networks/10.0.0.0/8"),
    ] {
        let body = (method == "PATCH").then(|| json!({}));
        phonebox.request(method, path, body).refused(404);
    }
}

#[test]
fn threat_020_and_060_hostile_names_stay_text() {
    let phonebox = running();
    for name in [
        "'; DROP TABLE device; --",
        "<script>alert(1)</script>",
        "${jndi:ldap://x}",
        "a\u{202e}b",
        "=cmd|' /C calc'!A0",
    ] {
        if name.contains('/') {
            phonebox.post("/sites", json!({ "name": name })).refused(422);
            continue;
        }
        let site = phonebox.post("/sites", json!({ "name": name })).json(201);
        assert_eq!(site["name"], name);
    }
    for name in ["a\nb", "a\u{1b}[2J", "..", "", "   ", "a\0b"] {
        phonebox.post("/sites", json!({ "name": name })).refused(422);
    }
    assert!(phonebox.get("/devices").status == 200);
    assert!(
        phonebox
            .raw("GET /api/v1/devices HTTP/1.1", &format!("Authorization: Bearer {}\r\n", phonebox.token), b"")
            .head
            .contains("application/json")
    );
}

/// F6: no room for a change is 507, what is there is still read, and the box goes on when there is room again.
#[test]
fn fault_06_a_full_disk_is_507_and_passes_without_a_restart() {
    let phonebox = running();
    phonebox.post("/devices", json!({"mac": "805ec0aabb01"})).json(201);
    let limit = |pages: &'static str| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let work = phonebox.db.write(move |tx| {
            tx.query_row(&format!("PRAGMA max_page_count={pages}"), [], |row| row.get::<_, i64>(0))?;
            Ok::<_, phonebox::db::Error>(())
        });
        runtime.block_on(work).unwrap();
    };
    limit("1");
    let big = json!({"text": format!("a.b = {}\n", "x".repeat(200_000))});
    let answer = phonebox.put("/raw-texts/yealink?layer=global", big.clone());
    let (code, _) = answer.refused(507);
    assert!(code == "storage-full" && answer.head.to_ascii_lowercase().contains("retry-after"));
    let rows: String = (0..5_000).fold("mac\n".into(), |csv, number| format!("{csv}805ec1{number:06x}\n"));
    phonebox.upload("POST", "/devices/import", rows.as_bytes()).refused(507);
    assert_eq!(phonebox.get("/devices").json(200)["items"].as_array().unwrap().len(), 1);
    limit("1000000");
    phonebox.put("/raw-texts/yealink?layer=global", big).json(200);
    assert_eq!(phonebox.upload("POST", "/devices/import", rows.as_bytes()).json(200)["added"], 5_000);
}

trait Refusal {
    fn status_is_refusal(&self, what: &str);
}

impl Refusal for crate::support::admin::Answer {
    /// `state` and `token` are words a query knows, to refuse their value or the whole.
    #[track_caller]
    fn status_is_refusal(&self, what: &str) {
        assert_eq!(self.status, 400, "{what} {}", self.text());
    }
}
