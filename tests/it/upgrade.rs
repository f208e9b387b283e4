//! Every schema that was ever released opens with this binary and ends as the current one.
//!
//! `tests/fixtures/schema/NNNN.sql` is schema NNNN as it was. Whoever changes schema.sql adds a step to
//! `src/db/migrate.rs` and the new schema here.

use crate::support::phone::{add, mac, phone};
use crate::support::server::Phonebox;
use phonebox::clock;
use phonebox::db::{Connection, Db};
use std::path::{Path, PathBuf};

fn fixtures() -> Vec<(i64, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/schema");
    let mut found: Vec<(i64, PathBuf)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().parse().unwrap(), path))
        .collect();
    found.sort();
    found
}

/// Tables and indexes in the words they were made with, white space folded and comments gone.
fn dump(path: &Path) -> Vec<String> {
    let conn = Connection::open(path).unwrap();
    let mut statement = conn.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name").unwrap();
    let texts = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let bare = |text: String| {
        let lines = text.lines().map(|line| line.split("--").next().unwrap_or("")).collect::<Vec<_>>().join(" ");
        // A table that was renamed is written with quotes.
        let words = lines.replace('"', "").replace(',', " , ").replace('(', " ( ").replace(')', " ) ");
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    texts.map(|text| bare(text.unwrap())).collect()
}

#[test]
fn fault_22_every_released_schema_becomes_the_current_one() {
    let dir = tempfile::tempdir().unwrap();
    let fresh = dir.path().join("fresh.db");
    Db::open(&fresh, clock::now()).unwrap().close();
    for (version, fixture) in fixtures() {
        let old = dir.path().join(format!("{version}.db"));
        let conn = Connection::open(&old).unwrap();
        conn.execute_batch(&std::fs::read_to_string(&fixture).unwrap()).unwrap();
        conn.pragma_update(None, "user_version", version).unwrap();
        let account = match version {
            ..6 => "INSERT INTO account (id, name, created_at) VALUES (1, 'kept', 5)",
            _ => {
                "INSERT INTO account (id, number, path, kind, name, created_by, created_at, updated_at)
                  VALUES (1, 12345678, '/1/', 'provider', 'kept', 'box', 5, 5)"
            }
        };
        conn.execute(account, []).unwrap();
        drop(conn);
        Db::open(&old, clock::now()).unwrap().close();
        assert_eq!(dump(&old), dump(&fresh), "schema {version} after its upgrade");
        let kept: String =
            Connection::open(&old).unwrap().query_row("SELECT name FROM account", [], |row| row.get(0)).unwrap();
        assert_eq!(kept, "kept");
    }
}

#[test]
fn an_upgraded_box_keeps_its_token_as_a_key_of_its_own_account() {
    let dir = tempfile::tempdir().unwrap();
    let old = dir.path().join("old.db");
    let conn = Connection::open(&old).unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/schema/0005.sql");
    conn.execute_batch(&std::fs::read_to_string(fixture).unwrap()).unwrap();
    conn.execute_batch(
        "INSERT INTO account (id, name, created_at) VALUES (1, 'kept', 5);
         INSERT INTO instance (name, value) VALUES ('api_token_sha256', x'0a0b');
         INSERT INTO site (account_id, name, created_at, updated_at) VALUES (1, 'here', 5, 5);
         PRAGMA user_version = 5;",
    )
    .unwrap();
    drop(conn);
    Db::open(&old, clock::now()).unwrap().close();
    let conn = Connection::open(&old).unwrap();
    let key = "SELECT account_id, name, secret_hash, everything FROM api_key";
    let row = conn.query_row(key, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))).unwrap();
    assert_eq!(row, (1, "api-token".to_owned(), vec![10u8, 11], 1));
    let number: i64 = conn.query_row("SELECT number FROM account", [], |row| row.get(0)).unwrap();
    assert_eq!(number.to_string().len(), 8, "an account has eight digits");
}

/// AVA-172: a name gets its parts, and stays as it is shown. ALE-017: an address lets in whom it did; one that two had is
/// still nobody's.
#[test]
fn users_of_before_keep_their_names_and_their_logins_by_address() {
    let dir = tempfile::tempdir().unwrap();
    let old = dir.path().join("old.db");
    let conn = Connection::open(&old).unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/schema/0007.sql");
    conn.execute_batch(&std::fs::read_to_string(fixture).unwrap()).unwrap();
    conn.execute_batch(
        "INSERT INTO account (id, number, path, kind, name, created_by, created_at, updated_at)
           VALUES (1, 12345678, '/1/', 'provider', 'kept', 'box', 5, 5);
         INSERT INTO users (id, account_id, login, login_key, name, email, email_key, role_id, created_by, created_at, updated_at)
           VALUES (1, 1, 'a', 'a', 'Anna Maria Schmidt', 'a@x', 'a@x', 1, 'box', 5, 5),
                  (2, 1, 'b', 'b', 'Bob', 'b@x', 'b@x', 1, 'box', 5, 5),
                  (3, 1, 'c', 'c', 'Front  desk', 'b@x', 'b@x', 1, 'box', 6, 6);
         INSERT INTO audit (id, account_id, at, actor, process, action, object, result)
           VALUES (1, 1, 5, 'a', 'api', 'site.add', 'Berlin', 'success');
         PRAGMA user_version = 7;",
    )
    .unwrap();
    drop(conn);
    let db = Db::open(&old, clock::now()).unwrap();
    let login = |key: &str| {
        let found = db.read(|conn| phonebox::users::store::by_login(conn, key)).unwrap();
        found.into_iter().map(|login| login.id).collect::<Vec<_>>()
    };
    assert_eq!((login("a@x"), login("b@x"), login("b")), (vec![1], vec![], vec![2]));
    let user = |id: i64| {
        let me = db.read(|conn| phonebox::users::me::store::one(conn, id)).unwrap().unwrap();
        [Some(me.name), me.first_name, me.last_name].map(Option::unwrap_or_default)
    };
    assert_eq!(user(1), ["Anna Maria Schmidt", "Anna Maria", "Schmidt"]);
    assert_eq!(user(2), ["Bob", "", "Bob"]);
    assert_eq!(user(3), ["Front  desk", "Front", "desk"]);
    assert!(db.read(|conn| phonebox::audit::chain::verify(conn, None)).unwrap().intact);
    db.close();
}

#[test]
fn the_newest_fixture_is_the_current_schema() {
    let (_, newest) = fixtures().pop().unwrap();
    let schema = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.sql")).unwrap();
    assert_eq!(std::fs::read_to_string(newest).unwrap(), schema, "a changed schema.sql needs a step and a fixture");
}

/// A binary that is older than its database changes nothing and names both versions and the way back; the copy put back
/// gives the phone the same bytes as before.
#[test]
fn fault_23_a_newer_database_is_refused_and_the_copy_put_back_serves_the_same_bytes() {
    let mut phonebox = Phonebox::start();
    add(&phonebox, "T54W", &[]);
    let mut phone = phone("T54W");
    phone.boot(Some(&phonebox.url(false)));
    let before = phone.poll();
    phonebox.stop();
    let database = phonebox.path().join("phonebox.db");
    let known = phonebox.count("SELECT user_version FROM pragma_user_version");
    let copy = phonebox.path().join(format!("phonebox.schema-{known}.db"));
    std::fs::copy(&database, &copy).unwrap();
    let conn = Connection::open(&database).unwrap();
    conn.execute_batch("PRAGMA user_version = 99;").unwrap();
    drop(conn);
    let bytes = std::fs::read(&database).unwrap();
    let said = [phonebox.refused(), phonebox.try_cli(&["device", "show", mac("T54W")]).refused()];
    for said in said {
        let (versions, way) = (format!("schema 99, this binary knows {known}"), copy.display().to_string());
        assert!(said.contains(&versions) && said.contains(&way), "{said}");
    }
    assert!(std::fs::read(&database).unwrap() == bytes, "nothing is changed");
    std::fs::rename(&copy, &database).unwrap();
    phonebox.run();
    let after = phone.poll();
    assert_eq!((after.configured, after.changed), (true, false), "{:?}", after.lines());
    for (one, other) in before.requests.iter().zip(&after.requests) {
        assert_eq!((&one.url, &one.digest), (&other.url, &other.digest));
    }
}
