//! Files of the store as memory maps: the kernel's page cache is the only copy.
//!
//! The files are named by their digest and never change; removing one only unlinks its name.

use bytes::Bytes;
use quick_cache::sync::Cache;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::LazyLock;

static OPEN: LazyLock<Cache<Box<str>, Bytes>> = LazyLock::new(|| Cache::new(64));

pub fn map(path: &Path) -> io::Result<Bytes> {
    let name = path.to_string_lossy();
    if let Some(known) = OPEN.get(name.as_ref()) {
        return Ok(known);
    }
    let file = File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(Bytes::new());
    }
    // SAFETY: the file store writes a file once, under another name, and renames it here; nothing truncates it later.
    let bytes = Bytes::from_owner(unsafe { memmap2::Mmap::map(&file)? });
    OPEN.insert(name.into(), bytes.clone());
    Ok(bytes)
}
