//! CSV (RFC 4180) as spreadsheets write it: commas, semicolons or tabs, with or without quotes and a byte order mark.

use super::columns::{Column, column, shown};
use super::meter::{BUFFER, Meter};
use super::{FileError, Place, Rows, unreadable};
use csv::{ByteRecord, ReaderBuilder};
use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{self, BufRead, Read};
use std::sync::Arc;

/// An export of every setting there is has fewer.
const MAX_COLUMNS: usize = 10_000;

pub fn read(mut text: impl BufRead, meter: &Meter, name: Option<Arc<str>>, rows: &mut Rows) -> Result<(), FileError> {
    let start = text.fill_buf().map_err(|error| unreadable(&error))?;
    let delimiter = delimiter(start);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .buffer_capacity(BUFFER)
        .from_reader(Lines { inner: text, after_cr: false, open: false, ended: false });
    let mut record = ByteRecord::new();
    let fail = |row: u64, error: ::csv::Error| FileError(format!("after row {row}: {error}"));
    if !reader.read_byte_record(&mut record).map_err(|error| fail(0, error))? {
        return Err(FileError("it is empty".into()));
    }
    meter.next_row();
    let columns = header(&record)?;
    let mut last = 1;
    while reader.read_byte_record(&mut record).map_err(|error| fail(last, error))? {
        meter.next_row();
        // The reader says where a record ends, its own line end and those inside its quotes counted.
        let inside = record.iter().flatten().filter(|byte| **byte == b'\n').count() as u64;
        let is_open = record.iter().flatten().any(|byte| *byte == END);
        let row = reader.position().line().saturating_sub(u64::from(!is_open) + inside);
        last = row;
        if !is_open && record.iter().all(|cell| cell.trim_ascii().is_empty()) {
            continue;
        }
        let place = Place { file: name.clone(), row };
        let cells = match is_open {
            true => Err("a quotation mark is opened in it and never closed".into()),
            false => cells(&columns, &record),
        };
        if !rows.take(place, cells.as_deref().map_err(Clone::clone))? {
            break;
        }
    }
    Ok(())
}

/// Stands behind the last line and nowhere else: an empty row, or inside of a quotation that was never closed.
const END: u8 = b'\r';

/// Every line ends in LF, the last one too, whatever the editor wrote: rows are counted by them.
struct Lines<R> {
    inner: R,
    after_cr: bool,
    /// The last line has no end yet.
    open: bool,
    ended: bool,
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.inner.read(buffer)?;
            if count == 0 {
                let end = match (std::mem::take(&mut self.open), self.ended) {
                    (true, _) => b'\n',
                    (false, false) => END,
                    (false, true) => return Ok(0),
                };
                self.ended |= end == END;
                let Some(first) = buffer.first_mut() else { return Ok(0) };
                *first = end;
                return Ok(1);
            }
            let mut kept = 0;
            for place in 0..count {
                let byte = buffer[place];
                if byte == b'\n' && std::mem::take(&mut self.after_cr) {
                    continue;
                }
                self.after_cr = byte == b'\r';
                buffer[kept] = if self.after_cr { b'\n' } else { byte };
                kept += 1;
            }
            if let Some(last) = kept.checked_sub(1) {
                self.open = buffer[last] != b'\n';
                return Ok(kept);
            }
        }
    }
}

/// The one that stands most often in the header.
fn delimiter(start: &[u8]) -> u8 {
    let header = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |delimiter: u8| header.iter().filter(|byte| **byte == delimiter).count();
    let best = [b',', b';', b'\t'].into_iter().rev().max_by_key(|delimiter| count(*delimiter));
    best.unwrap_or(b',')
}

/// `None` stands for a column without a name and, hopefully, without a value.
fn header(record: &ByteRecord) -> Result<Vec<Option<Column>>, FileError> {
    if record.len() > MAX_COLUMNS {
        return Err(FileError(format!("it has {} columns, at most {MAX_COLUMNS} are possible", record.len())));
    }
    let mut columns: Vec<Option<Column>> = Vec::with_capacity(record.len());
    let mut named = HashSet::with_capacity(record.len());
    for cell in record {
        let name = std::str::from_utf8(cell).map_err(|_| FileError("its header is not UTF-8".into()))?;
        if name.trim().is_empty() {
            columns.push(None);
            continue;
        }
        let column = column(name).map_err(FileError)?;
        if !named.insert(column) {
            return Err(FileError(format!("column {} stands there twice", shown(name))));
        }
        columns.push(Some(column));
    }
    match columns.contains(&Some(Column::Mac)) {
        true => Ok(columns),
        false => Err(FileError("its header has no column mac".into())),
    }
}

fn cells<'a>(columns: &[Option<Column>], record: &'a ByteRecord) -> Result<Vec<(Column, Cow<'a, str>)>, String> {
    let mut cells = Vec::with_capacity(columns.len());
    for (place, cell) in record.iter().enumerate() {
        if cell.is_empty() {
            continue;
        }
        let text = std::str::from_utf8(cell).map_err(|_| format!("cell {} is not UTF-8", place + 1))?;
        match columns.get(place).copied().flatten() {
            Some(column) => cells.push((column, Cow::Borrowed(text))),
            None if text.trim().is_empty() => {}
            None => return Err(format!("cell {} stands under no column", place + 1)),
        }
    }
    Ok(cells)
}
