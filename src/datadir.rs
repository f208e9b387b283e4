//! The data directory: one box, one directory, one process.
//!
//! Owns its place on disk, its modes (0700, files 0600), the lock and the order in which lock, key and database are
//! opened. Knows nothing of what is in the database. The lock is the file lock that the kernel gives back when the
//! process ends, however it ends; the process id in the file is only for people.

use crate::db::{self, Db};
use crate::seal::{Keyring, SealError};
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

const LOCK: &str = "phonebox.lock";
pub const DATABASE: &str = "phonebox.db";
pub const KEY: &str = "seal.key";

/// An open box. Dropping it gives the lock back.
pub struct DataDir {
    pub path: PathBuf,
    pub db: Db,
    pub keys: Keyring,
    /// There was no database before: this is the box's first start.
    pub first_start: bool,
    lock: File,
}

#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    #[error("the data directory {path} {rule} (uid {uid}). {next}")]
    Place { path: String, rule: String, uid: u32, next: String },
    #[error("the data directory {path} is in use by pid {pid}. Stop that Phonebox first")]
    InUse { path: String, pid: String },
    #[error("the sealing key {path} may be read by every user of this machine. Take that away: chmod 600 {path}")]
    OpenKey { path: String },
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl DataDir {
    /// Opens the box, making directory, key and database where there are none. `now` in milliseconds.
    pub fn open(path: &Path, key_file: Option<&Path>, now: i64) -> Result<DataDir, DataDirError> {
        private_files();
        make(path)?;
        DataDir::enter(path, key_file, now)
    }

    /// Opens a box that must be there already: a command must not make a new one out of a mistyped path.
    pub fn open_existing(path: &Path, key_file: Option<&Path>, now: i64) -> Result<DataDir, DataDirError> {
        private_files();
        if !path.join(DATABASE).exists() && readable(path) {
            return Err(wrong(path, "holds no Phonebox", "Name the right one with --data, or start `phonebox serve`"));
        }
        DataDir::enter(path, key_file, now)
    }

    fn enter(path: &Path, key_file: Option<&Path>, now: i64) -> Result<DataDir, DataDirError> {
        check(path)?;
        let lock = lock(path)?;
        let database = path.join(DATABASE);
        let first_start = !database.exists();
        let key = key_file.map_or_else(|| path.join(KEY), Path::to_path_buf);
        check_key(&key)?;
        let keys = Keyring::open(&key, first_start)?;
        let db = Db::open(&database, now)?;
        Ok(DataDir { path: path.to_path_buf(), db, keys, first_start, lock })
    }

    /// Finishes what is queued and gives the lock back.
    pub fn close(self) {
        self.db.close();
        let _ = self.lock.unlock();
    }
}

/// Nothing this process makes is readable by anybody else.
fn private_files() {
    // SAFETY: umask cannot fail and touches no memory.
    unsafe { libc::umask(0o077) };
}

fn uid() -> u32 {
    // SAFETY: geteuid cannot fail and touches no memory.
    unsafe { libc::geteuid() }
}

fn wrong(path: &Path, rule: impl Into<String>, next: impl Into<String>) -> DataDirError {
    DataDirError::Place { path: path.display().to_string(), rule: rule.into(), uid: uid(), next: next.into() }
}

fn readable(path: &Path) -> bool {
    std::fs::read_dir(path).is_ok()
}

/// Makes the directory itself. Its parent must be there (a disk that is not mounted must not be papered over),
/// except below the user's own home, where the default place may need several.
fn make(path: &Path) -> Result<(), DataDirError> {
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty());
    let below_home = home.is_some_and(|home| path.starts_with(home));
    match DirBuilder::new().recursive(below_home).mode(0o700).create(path) {
        Ok(()) => Ok(()),
        // It is there, whatever it is: `check` says what is wrong with it.
        Err(_) if path.symlink_metadata().is_ok() => Ok(()),
        Err(error) => {
            let rule = match path.parent() {
                Some(parent) if !parent.as_os_str().is_empty() && !parent.exists() => {
                    format!("cannot be made: {} is missing", parent.display())
                }
                _ => format!("cannot be made: {error}"),
            };
            Err(wrong(path, rule, "Make it for this user, or name another one with --data"))
        }
    }
}

fn check(path: &Path) -> Result<(), DataDirError> {
    let facts = path
        .metadata()
        .map_err(|error| wrong(path, format!("cannot be opened: {error}"), "Name the right one with --data"))?;
    if !facts.is_dir() {
        return Err(wrong(path, "is not a directory", "Name a directory with --data"));
    }
    if facts.uid() != uid() {
        let owner = facts.uid();
        let rule = format!("belongs to uid {owner}, and this process has another one");
        return Err(wrong(path, rule, format!("Run this as its owner: sudo -u '#{owner}' phonebox …")));
    }
    if facts.mode() & 0o077 != 0 {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))
            .map_err(|error| wrong(path, format!("cannot be made private: {error}"), "Set its mode to 0700"))?;
    }
    Ok(())
}

/// For who must not disturb a running box, and need not open it.
pub fn lock(path: &Path) -> Result<File, DataDirError> {
    let name = path.join(LOCK);
    let fail = |error: io::Error| {
        wrong(path, format!("is not writable: {error}"), "Give it to this user, or name another one with --data")
    };
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let mut file = options.open(&name).map_err(fail)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            let _ = file.read_to_string(&mut pid);
            let pid = pid.trim().to_owned();
            let pid = if pid.is_empty() { "?".into() } else { pid };
            return Err(DataDirError::InUse { path: path.display().to_string(), pid });
        }
        Err(TryLockError::Error(error)) => return Err(fail(error)),
    }
    let write = |file: &mut File| {
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())
    };
    write(&mut file).map_err(fail)?;
    Ok(file)
}

/// A key that everybody may read is no key. Group bits are left alone: systemd shows its access list there.
fn check_key(path: &Path) -> Result<(), DataDirError> {
    match path.metadata() {
        Ok(facts) if facts.mode() & 0o007 != 0 => Err(DataDirError::OpenKey { path: path.display().to_string() }),
        _ => Ok(()),
    }
}
