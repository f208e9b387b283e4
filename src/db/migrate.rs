//! Brings a database to the current schema: a fresh one from schema.sql, an older one step by step.
//!
//! Before an older database is touched, a consistent copy is written beside it. All steps run in one transaction.
//! A newer database is refused, naming the version and that copy.

use super::{Error, Result, SCHEMA, storage};
use rusqlite::Connection;
use std::path::{Path, PathBuf};

/// (version reached, statements). Version 1 is the first schema; add steps at the end, never change one.
const STEPS: &[(i64, &str)] = &[
    (2, include_str!("migrations/0002.sql")),
    (3, include_str!("migrations/0003.sql")),
    (4, include_str!("migrations/0004.sql")),
    (5, include_str!("migrations/0005.sql")),
    (6, include_str!("migrations/0006.sql")),
    (7, include_str!("migrations/0007.sql")),
    (8, include_str!("migrations/0008.sql")),
    (9, include_str!("migrations/0009.sql")),
];

pub fn run(conn: &mut Connection, path: &Path, now: i64) -> Result<()> {
    to_current(conn, path, now, SCHEMA, STEPS)
}

fn to_current(conn: &mut Connection, path: &Path, now: i64, schema: &str, steps: &[(i64, &str)]) -> Result<()> {
    let known = steps.last().map_or(1, |(version, _)| *version);
    let found = version(conn).map_err(|error| told(error, path))?;
    if found > known {
        return Err(Error::Newer { found, known, copy: newest_copy(path, known) });
    }
    if found == known {
        return Ok(());
    }
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if found == 0 && tables == 0 {
        let tx = conn.transaction()?;
        tx.execute_batch(schema)?;
        tx.execute(
            "INSERT INTO account (id, number, path, kind, name, api_access, created_by, created_at, updated_at)
             VALUES (1, abs(random() % 90000000) + 10000000, '/1/', 'provider', 'default', 'on', 'box', $1, $1)",
            [now],
        )?;
        tx.execute(
            "INSERT INTO profile (id, account_id, name, created_at, updated_at) VALUES (1, 1, 'default', $1, $1)",
            [now],
        )?;
        tx.execute("INSERT INTO target (account_id, profile_id, position) VALUES (1, 1, 0)", [])?;
        tx.execute(
            "INSERT INTO site (id, account_id, name, profile_id, created_at, updated_at) VALUES (1, 1, 'default', 1, $1, $1)",
            [now],
        )?;
        tx.pragma_update(None, "user_version", known)?;
        return Ok(tx.commit()?);
    }
    storage::check(conn, path)?;
    let copy = copy_path(path, found);
    let fail = |reason: String| Error::Migrate { to: known, reason, copy: copy.display().to_string() };
    // Written under another name first: a copy that a power cut left half-done must never look whole.
    let part = copy.with_extension("part");
    let _ = std::fs::remove_file(&part);
    conn.execute("VACUUM INTO $1", [part.to_string_lossy()])?;
    // One of an earlier attempt is not what is there now, and may still be wanted.
    if copy.exists() {
        std::fs::rename(&copy, copy.with_extension("earlier.db")).map_err(|error| fail(error.to_string()))?;
    }
    std::fs::rename(&part, &copy).map_err(|error| fail(error.to_string()))?;
    // A table that others point at is made anew under its name: while that is done they point at nothing.
    conn.pragma_update(None, "foreign_keys", false)?;
    let outcome = step(conn, found, steps, &fail);
    conn.pragma_update(None, "foreign_keys", true)?;
    outcome
}

fn step(conn: &mut Connection, found: i64, steps: &[(i64, &str)], fail: &dyn Fn(String) -> Error) -> Result<()> {
    let tx = conn.transaction()?;
    for (version, statements) in steps.iter().filter(|(version, _)| *version > found) {
        tx.execute_batch(statements).map_err(|error| fail(error.to_string()))?;
        tx.pragma_update(None, "user_version", version)?;
    }
    let lost: i64 = tx.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))?;
    if lost > 0 {
        return Err(fail(format!("{lost} rows would point at nothing")));
    }
    tx.commit().map_err(|error| fail(error.to_string()))
}

fn version(conn: &Connection) -> Result<i64> {
    Ok(conn.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// What cannot even be begun is told with the file's name and the way out.
fn told(error: Error, path: &Path) -> Error {
    match error {
        Error::Sqlite(error) if storage::is_damage(&error) => Error::Corrupt(storage::damage(path, &error.to_string())),
        other => other,
    }
}

fn copy_path(path: &Path, version: i64) -> PathBuf {
    path.with_extension(format!("schema-{version}.db"))
}

/// That this program can read.
fn newest_copy(path: &Path, known: i64) -> String {
    let copies = (0..=known).rev().map(|version| copy_path(path, version));
    copies
        .into_iter()
        .find(|copy| copy.exists())
        .map_or("none found beside the database".into(), |copy| copy.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "CREATE TABLE kept (id INTEGER PRIMARY KEY, word TEXT) STRICT; INSERT INTO kept VALUES (1, 'one'); PRAGMA user_version = 1;";
    const STEP: &[(i64, &str)] = &[(2, "ALTER TABLE kept ADD COLUMN number INTEGER NOT NULL DEFAULT 7;")];

    fn old(dir: &Path) -> (Connection, PathBuf) {
        let path = dir.join("phonebox.db");
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch(OLD).unwrap();
        (conn, path)
    }

    #[test]
    fn fault_22_an_older_schema_is_copied_first_and_then_migrated_in_one_transaction() {
        let dir = tempfile::tempdir().unwrap();
        let (mut conn, path) = old(dir.path());
        to_current(&mut conn, &path, 0, "", STEP).unwrap();
        let row: (String, i64) =
            conn.query_row("SELECT word, number FROM kept", [], |r| Ok((r.get(0)?, r.get(1)?))).unwrap();
        assert_eq!(row, ("one".into(), 7));
        let copy = Connection::open(copy_path(&path, 1)).unwrap();
        assert_eq!(version(&copy).unwrap(), 1);
        assert_eq!(copy.query_row("SELECT word FROM kept", [], |r| r.get::<_, String>(0)).unwrap(), "one");
    }

    /// What was put back from a copy and used on is copied anew; the earlier one is kept.
    #[test]
    fn an_older_copy_is_not_taken_for_the_one_of_this_upgrade() {
        let dir = tempfile::tempdir().unwrap();
        let (mut conn, path) = old(dir.path());
        std::fs::write(copy_path(&path, 1), "of an earlier attempt").unwrap();
        to_current(&mut conn, &path, 0, "", STEP).unwrap();
        let copy = Connection::open(copy_path(&path, 1)).unwrap();
        assert_eq!(copy.query_row("SELECT word FROM kept", [], |r| r.get::<_, String>(0)).unwrap(), "one");
        let earlier = std::fs::read(path.with_extension("schema-1.earlier.db")).unwrap();
        assert_eq!(earlier, b"of an earlier attempt");
    }

    #[test]
    fn a_step_that_fails_changes_nothing_and_names_the_copy() {
        let dir = tempfile::tempdir().unwrap();
        let (mut conn, path) = old(dir.path());
        let bad = &[STEP[0], (3, "ALTER TABLE missing ADD COLUMN x INTEGER;")];
        let error = to_current(&mut conn, &path, 0, "", bad).unwrap_err().to_string();
        assert!(error.contains("schema 3") && error.contains("schema-1.db"), "{error}");
        assert_eq!(version(&conn).unwrap(), 1);
        assert!(conn.prepare("SELECT number FROM kept").is_err());
    }

    #[test]
    fn fault_23_a_newer_schema_is_refused_naming_version_and_copy() {
        let dir = tempfile::tempdir().unwrap();
        let (mut conn, path) = old(dir.path());
        to_current(&mut conn, &path, 0, "", STEP).unwrap();
        let error = to_current(&mut conn, &path, 0, OLD, &[]).unwrap_err().to_string();
        assert!(error.contains("schema 2") && error.contains("knows 1") && error.contains("schema-1.db"), "{error}");
        std::fs::write(copy_path(&path, 2), "newer than this program, too").unwrap();
        let error = to_current(&mut conn, &path, 0, OLD, &[]).unwrap_err().to_string();
        assert!(error.contains("schema-1.db"), "{error}");
    }
}
