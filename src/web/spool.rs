//! A body too large for memory, taken into a file: bounded in bytes, and in time between its pieces.

use super::{Code, Problem};
use actix_web::web::Payload;
use futures_util::StreamExt;
use std::fs::{File, OpenOptions};
use std::io::{Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Without a byte for this long the sender is gone.
const SILENCE: Duration = Duration::from_secs(30);
/// Such files are removed when the box starts: only a crash leaves one.
const PREFIX: &str = ".part-";

/// Takes the body into a file without a name: however this ends, nothing is left behind.
pub async fn anonymous(dir: &Path, body: Payload, most: u64) -> Result<File, Problem> {
    let part = Part::new(dir)?;
    let mut file = part.file.try_clone()?;
    drop(part);
    fill(body, most, |bytes| file.write_all(bytes)).await?;
    file.rewind()?;
    Ok(file)
}

/// Reads a body piece by piece.
pub async fn fill(
    mut body: Payload,
    most: u64,
    mut take: impl FnMut(&[u8]) -> std::io::Result<()>,
) -> Result<u64, Problem> {
    let mut size = 0u64;
    loop {
        let next = tokio::time::timeout(SILENCE, body.next()).await.map_err(|_| Problem::from(Code::TooSlow))?;
        let Some(piece) = next else { return Ok(size) };
        // The connection broke or lied about the length: what came is not the file.
        let piece = piece.map_err(|_| Problem::from(Code::BadRequest))?;
        size += piece.len() as u64;
        if size > most {
            let message = format!("The file is larger than {} MiB.", most >> 20);
            return Err(Problem::new(Code::TooLarge, message, "Send a smaller one."));
        }
        take(&piece)?;
    }
}

/// A file on its way; removed unless it was given its name.
pub struct Part {
    pub file: File,
    path: Option<PathBuf>,
}

impl Part {
    pub fn new(dir: &Path) -> Result<Part, Problem> {
        let name = crate::seal::hex(&crate::seal::random::<12>()?);
        let path = dir.join(format!("{PREFIX}{name}"));
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Part { file, path: Some(path) })
    }

    /// On disk under its name before anybody hears of it.
    pub fn keep(mut self, name: &Path) -> std::io::Result<()> {
        self.file.sync_all()?;
        if let Some(path) = self.path.take() {
            let renamed = std::fs::rename(&path, name);
            if renamed.is_err() {
                self.path = Some(path);
            }
            renamed?;
        }
        name.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// What a crash left behind.
pub fn sweep(dir: &Path) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
