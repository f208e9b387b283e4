//! A ZIP of CSV and JSON files (APPNOTE.TXT). Nothing is unpacked to disk, so its names are only shown; what it claims
//! about sizes is not believed.

use super::columns::{Column, column};
use super::meter::Meter;
use super::{FileError, Place, Rows, read_plain, unreadable};
use crate::web::unzip::{self, Bounded};
use std::fs::File;
use std::io::{Read, Seek};
use std::sync::Arc;
use std::sync::atomic::Ordering;

const MAX_FILES: usize = 100;
/// All files unpacked.
const MAX_BYTES: u64 = 1 << 30;
/// Unpacked bytes for each packed one. Lists of devices pack 5 to 30 times; bombs a thousand times.
const MAX_RATIO: u64 = 200;

pub fn is_zip(file: &mut File) -> Result<bool, FileError> {
    let mut start = [0u8; 4];
    let mut read = 0;
    while let Some(rest) = start.get_mut(read..).filter(|rest| !rest.is_empty()) {
        match file.read(rest).map_err(|error| unreadable(&error))? {
            0 => break,
            count => read += count,
        }
    }
    file.rewind().map_err(|error| unreadable(&error))?;
    Ok(read == 4 && (start == *b"PK\x03\x04" || start == *b"PK\x05\x06"))
}

pub fn read(file: &mut File, rows: &mut Rows) -> Result<(), FileError> {
    let packed = file.metadata().map_err(|error| unreadable(&error))?.len();
    let fail = |error: zip::result::ZipError| FileError(format!("the ZIP cannot be read: {error}"));
    let mut archive = unzip::open(file, MAX_FILES).map_err(FileError)?;
    let mut claimed = 0u64;
    let (mut wanted, mut others) = (Vec::new(), Vec::new());
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(fail)?;
        let Some(name) = unzip::name(&entry).map_err(FileError)? else { continue };
        let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        let is_named_so = ["csv", "json", "jsonl", "ndjson"].contains(&ending.as_str());
        drop(entry);
        // Spreadsheets save lists with tabs as .txt, and people add a note to read first.
        let is_list = is_named_so || ending == "txt" && starts_as_a_list(archive.by_index(index).map_err(fail)?);
        if !is_list {
            others.push(name);
            continue;
        }
        let entry = archive.by_index_raw(index).map_err(fail)?;
        claimed = claimed.saturating_add(entry.size());
        wanted.push((index, Arc::<str>::from(name)));
    }
    if wanted.is_empty() {
        return Err(FileError("the ZIP holds no CSV and no JSON file".into()));
    }
    let most = MAX_BYTES.min(packed.saturating_mul(MAX_RATIO));
    if claimed > most {
        return Err(FileError(format!("the ZIP unpacks to {claimed} bytes, at most {most} are allowed for its size")));
    }
    rows.progress.total.store(claimed, Ordering::Relaxed);
    for name in others {
        let place = Place { file: Some(name.into()), row: 0 };
        if !rows.leave_out(&place, "it is neither CSV nor JSON and was left out") {
            return Ok(());
        }
    }
    let mut left = most;
    for (index, name) in wanted {
        let meter = Meter::of(rows);
        let entry = archive.by_index(index).map_err(fail)?;
        let mut bounded = Bounded { inner: entry, left };
        let read = read_plain(meter.reader(&mut bounded), &meter, Some(name.clone()), rows);
        read.map_err(|FileError(reason)| FileError(format!("{name:?} in the ZIP: {reason}")))?;
        left = bounded.left;
    }
    Ok(())
}

/// JSON, or a header with a MAC in it. Only so much is unpacked.
fn starts_as_a_list(entry: impl Read) -> bool {
    let mut start = Vec::new();
    let read = entry.take(16 * 1024).read_to_end(&mut start);
    let text = String::from_utf8_lossy(&start);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let mut cells = text.lines().next().unwrap_or_default().split([',', ';', '\t']);
    let is_mac = |cell: &str| column(cell.trim_matches('"')) == Ok(Column::Mac);
    read.is_ok() && (text.starts_with(['[', '{']) || cells.any(is_mac))
}
