//! A ZIP of CSV and JSON files (APPNOTE.TXT). Nothing is unpacked to disk, so its names are only shown; what it claims
//! about sizes is not believed.

use super::columns::{Column, column};
use super::meter::Meter;
use super::{FileError, Place, Rows, read_plain, unreadable};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use zip::ZipArchive;

const MAX_FILES: usize = 100;
/// All files unpacked.
const MAX_BYTES: u64 = 1 << 30;
/// Unpacked bytes for each packed one. Lists of devices pack 5 to 30 times; bombs a thousand times.
const MAX_RATIO: u64 = 200;
/// Directory of a ZIP with as many files as are allowed, with long names.
const MAX_DIRECTORY: u64 = 1024 * 1024;

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
    look_at_the_end(file, packed)?;
    let fail = |error: zip::result::ZipError| FileError(format!("the ZIP cannot be read: {error}"));
    let mut archive = ZipArchive::new(file).map_err(fail)?;
    if archive.len() > MAX_FILES {
        return Err(FileError(format!("the ZIP holds more than {MAX_FILES} files")));
    }
    if archive.has_overlapping_files().map_err(fail)? {
        return Err(FileError("files of the ZIP overlap".into()));
    }
    let mut claimed = 0u64;
    let (mut wanted, mut others) = (Vec::new(), Vec::new());
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(fail)?;
        let name = entry.name().map_err(fail)?;
        let name: String = name.chars().take(120).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        if entry.is_dir() || name.starts_with("__MACOSX/") {
            continue;
        }
        if entry.encrypted() || entry.is_symlink() || entry.enclosed_name().is_none() {
            return Err(FileError(format!("{name:?} in the ZIP is encrypted, a link, or outside of it")));
        }
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

/// Stops what unpacks to more than it said.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(count as u64)
            .ok_or_else(|| std::io::Error::other("it unpacks to more than is allowed"))?;
        Ok(count)
    }
}

/// How many files the end record names, before anything reads a directory of a million.
fn look_at_the_end(file: &mut File, size: u64) -> Result<(), FileError> {
    const RECORD: usize = 22;
    let tail = size.min(65_557);
    file.seek(SeekFrom::Start(size - tail)).map_err(|error| unreadable(&error))?;
    let mut bytes = Vec::new();
    file.take(tail).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    file.rewind().map_err(|error| unreadable(&error))?;
    let number = |record: &[u8], at: usize, bytes: usize| -> u64 {
        let slice = record.get(at..at + bytes).unwrap_or_default();
        slice.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    };
    // Every place that could be taken for the record, so that none can be hidden behind another.
    let mut found = false;
    for record in bytes.windows(RECORD).filter(|window| window.starts_with(b"PK\x05\x06")) {
        found = true;
        let (files, directory) = (number(record, 10, 2), number(record, 12, 4));
        if files as usize > MAX_FILES || directory > MAX_DIRECTORY {
            return Err(FileError(format!("the ZIP holds more than {MAX_FILES} files")));
        }
    }
    match found && !bytes.windows(4).any(|window| window == b"PK\x06\x07") {
        true => Ok(()),
        false => Err(FileError("the ZIP has no end, or one for more than 4 GiB".into())),
    }
}
