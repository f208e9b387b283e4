//! A ZIP that somebody sent (APPNOTE.TXT): opened only when it holds few files that are what they seem (T69). What it claims
//! about sizes is not believed; nothing is unpacked to disk, so its names are only read.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use zip::ZipArchive;
use zip::read::ZipFile;

/// Directory of a ZIP with as many files as are allowed, with long names.
const MAX_DIRECTORY: u64 = 1024 * 1024;

/// With at most so many files.
pub fn open(file: &mut File, most: usize) -> Result<ZipArchive<&mut File>, String> {
    let size = file.metadata().map_err(unreadable)?.len();
    look_at_the_end(file, size, most)?;
    let mut archive = ZipArchive::new(file).map_err(unreadable)?;
    if archive.len() > most {
        return Err(format!("the ZIP holds more than {most} files"));
    }
    if archive.has_overlapping_files().map_err(unreadable)? {
        return Err("files of the ZIP overlap".into());
    }
    Ok(archive)
}

/// As it may be shown. `None`: a folder, or what a Mac adds.
pub fn name<R: Read>(entry: &ZipFile<'_, R>) -> Result<Option<String>, String> {
    let name = entry.name().map_err(unreadable)?;
    let name: String = name.chars().take(200).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if entry.is_dir() || name.starts_with("__MACOSX/") {
        return Ok(None);
    }
    match entry.encrypted() || entry.is_symlink() || entry.enclosed_name().is_none() {
        true => Err(format!("{name:?} in the ZIP is encrypted, a link, or outside of it")),
        false => Ok(Some(name)),
    }
}

/// Stops what unpacks to more than it said.
pub struct Bounded<R> {
    pub inner: R,
    pub left: u64,
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
fn look_at_the_end(file: &mut File, size: u64, most: usize) -> Result<(), String> {
    const RECORD: usize = 22;
    let tail = size.min(65_557);
    file.seek(SeekFrom::Start(size - tail)).map_err(unreadable)?;
    let mut bytes = Vec::new();
    (&mut *file).take(tail).read_to_end(&mut bytes).map_err(unreadable)?;
    file.rewind().map_err(unreadable)?;
    let number = |record: &[u8], at: usize, bytes: usize| -> u64 {
        let slice = record.get(at..at + bytes).unwrap_or_default();
        slice.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    };
    // Every place that could be taken for the record, so that none can be hidden behind another.
    let mut found = false;
    for record in bytes.windows(RECORD).filter(|window| window.starts_with(b"PK\x05\x06")) {
        found = true;
        let (files, directory) = (number(record, 10, 2), number(record, 12, 4));
        if files as usize > most || directory > MAX_DIRECTORY {
            return Err(format!("the ZIP holds more than {most} files"));
        }
    }
    match found && !bytes.windows(4).any(|window| window == b"PK\x06\x07") {
        true => Ok(()),
        false => Err("the ZIP has no end, or one for more than 4 GiB".into()),
    }
}

fn unreadable(error: impl std::fmt::Display) -> String {
    format!("the ZIP cannot be read: {error}")
}
