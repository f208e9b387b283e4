//! The data directory: modes, lock, and one clear line for everything that can be wrong with it.

use phonebox::datadir::{DataDir, DataDirError};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn refusal(outcome: Result<DataDir, DataDirError>) -> String {
    let line = outcome.err().expect("it must be refused").to_string();
    assert!(!line.contains('\n'), "one line: {line}");
    line
}

#[test]
fn threat_096_a_new_box_is_private() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("box");
    let open = DataDir::open(&path, None, 1).unwrap();
    assert!(open.first_start);
    assert_eq!(mode(&path), 0o700);
    for entry in std::fs::read_dir(&path).unwrap() {
        let entry = entry.unwrap().path();
        assert_eq!(mode(&entry) & 0o077, 0, "{}", entry.display());
    }
    open.close();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    let again = DataDir::open(&path, None, 2).unwrap();
    assert!(!again.first_start);
    assert_eq!(mode(&path), 0o700);
}

#[test]
fn fault_011_a_second_process_is_told_who_has_it() {
    let home = tempfile::tempdir().unwrap();
    let open = DataDir::open(home.path(), None, 1).unwrap();
    let line = refusal(DataDir::open(home.path(), None, 1));
    assert!(line.contains(&format!("in use by pid {}", std::process::id())), "{line}");
    assert!(line.contains(home.path().to_str().unwrap()), "{line}");
    drop(open);
    DataDir::open(home.path(), None, 1).unwrap();
}

#[test]
fn fault_008_a_wrong_place_is_one_line_with_path_and_uid() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    std::fs::write(&file, "").unwrap();
    let missing = home.path().join("missing/box");
    let cases = [
        (file.clone(), "is not a directory"),
        (file.join("box"), "cannot be made"),
        (missing.clone(), "missing is missing"),
        ("/proc/phonebox".into(), "cannot be made"),
    ];
    for (path, rule) in cases {
        let line = refusal(DataDir::open(&path, None, 1));
        assert!(line.contains(rule) && line.contains("(uid ") && line.contains(path.to_str().unwrap()), "{line}");
    }
    assert!(!missing.parent().unwrap().exists());
}

#[test]
fn fault_008_the_directory_of_somebody_else_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("box");
    std::fs::create_dir(&path).unwrap();
    if std::os::unix::fs::chown(&path, Some(4711), None).is_err() {
        return; // Only root can give a directory away.
    }
    let line = refusal(DataDir::open(&path, None, 1));
    assert!(line.contains("belongs to uid 4711") && line.contains("sudo -u '#4711'"), "{line}");
    assert_eq!(std::fs::read_dir(&path).unwrap().count(), 0);
}

#[test]
fn a_command_makes_no_box_out_of_a_mistyped_path() {
    let home = tempfile::tempdir().unwrap();
    let line = refusal(DataDir::open_existing(home.path(), None, 1));
    assert!(line.contains("holds no Phonebox"), "{line}");
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn a_lost_key_is_not_replaced_by_a_new_one() {
    let home = tempfile::tempdir().unwrap();
    DataDir::open(home.path(), None, 1).unwrap().close();
    std::fs::remove_file(home.path().join("seal.key")).unwrap();
    let line = refusal(DataDir::open(home.path(), None, 2));
    assert!(line.contains("seal.key") && line.contains("put it back"), "{line}");
    assert!(!home.path().join("seal.key").exists());
}

#[test]
fn threat_096_a_key_that_everybody_may_read_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let key = home.path().join("key");
    DataDir::open(&home.path().join("box"), Some(&key), 1).unwrap().close();
    assert!(!home.path().join("box/seal.key").exists());
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o644)).unwrap();
    let line = refusal(DataDir::open(&home.path().join("box"), Some(&key), 2));
    assert!(line.contains("chmod 600"), "{line}");
}
