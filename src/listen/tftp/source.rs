//! The bytes of one file as the wire carries them: untouched (octet) or with line ends translated (netascii, RFC 764
//! by way of RFC 1350 §1: LF goes out as CR LF, a bare CR as CR NUL).
//!
//! Holds no block in memory: every read names its place, so a block is sent again by reading it again.

use super::Mode;
use bytes::Bytes;
use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

pub struct Source {
    body: Body,
    mode: Mode,
}

pub enum Body {
    Bytes(Bytes),
    /// `length` bytes of `file`, from its start.
    File {
        file: File,
        length: u64,
    },
}

/// Where a block begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    /// In the body.
    pub offset: u64,
    /// Netascii: the CR of this byte's pair went into the block before.
    half: bool,
}

impl Source {
    pub fn new(body: Body, mode: Mode) -> Source {
        if let Body::File { file, length } = &body {
            read_ahead(file, *length);
        }
        Source { body, mode }
    }

    fn length(&self) -> u64 {
        match &self.body {
            Body::Bytes(bytes) => bytes.len() as u64,
            Body::File { length, .. } => *length,
        }
    }

    /// Octets on the wire. Not known for a file in netascii: it would have to be read to its end first, and RFC 2349
    /// lets a server leave `tsize` out.
    pub fn wire_size(&self) -> Option<u64> {
        match (self.mode, &self.body) {
            (Mode::Octet, _) => Some(self.length()),
            (Mode::Netascii, Body::File { .. }) => None,
            (Mode::Netascii, Body::Bytes(bytes)) => {
                let doubled = bytes.iter().filter(|&&byte| matches!(byte, b'\n' | b'\r')).count();
                Some(bytes.len() as u64 + doubled as u64)
            }
        }
    }

    /// Fills `block` as far as there are bytes; says how far that was and where the next block begins.
    pub fn read(&self, from: Place, block: &mut [u8]) -> io::Result<(usize, Place)> {
        match self.mode {
            Mode::Octet => {
                let filled = self.read_body(from.offset, block)?;
                Ok((filled, Place { offset: from.offset + filled as u64, half: false }))
            }
            Mode::Netascii => self.read_text(from, block),
        }
    }

    /// The place `octets` further on the wire.
    pub fn skip(&self, from: Place, octets: u64) -> io::Result<Place> {
        match self.mode {
            Mode::Octet => Ok(Place { offset: (from.offset + octets).min(self.length()), half: false }),
            Mode::Netascii => {
                let mut discarded = vec![0; octets as usize];
                self.read_text(from, &mut discarded).map(|(_, place)| place)
            }
        }
    }

    fn read_text(&self, from: Place, block: &mut [u8]) -> io::Result<(usize, Place)> {
        let Place { mut offset, mut half } = from;
        let mut chunk = [0; 1024];
        let (mut start, mut length) = (offset, 0);
        let mut filled = 0;
        for slot in block.iter_mut() {
            if offset == start + length as u64 {
                start = offset;
                length = self.read_body(offset, &mut chunk)?;
            }
            let ahead = &chunk[..length];
            let Some(&byte) = ahead.get((offset - start) as usize) else { break };
            *slot = match byte {
                b'\n' | b'\r' if !half => b'\r',
                b'\r' => 0,
                other => other,
            };
            half = matches!(byte, b'\n' | b'\r') && !half;
            offset += u64::from(!half);
            filled += 1;
        }
        Ok((filled, Place { offset, half }))
    }

    fn read_body(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.length().saturating_sub(offset)).unwrap_or(usize::MAX).min(out.len());
        let out = &mut out[..wanted];
        match &self.body {
            Body::File { file, .. } => file.read_exact_at(out, offset)?,
            Body::Bytes(bytes) => {
                let from = bytes.get(offset as usize..).and_then(|rest| rest.get(..wanted));
                out.copy_from_slice(from.ok_or(io::ErrorKind::UnexpectedEof)?);
            }
        }
        Ok(wanted)
    }
}

/// Blocks are read in the receive loop: ask the kernel to fetch a cold file before its first block is due.
fn read_ahead(file: &File, length: u64) {
    let length = libc::off_t::try_from(length).unwrap_or(libc::off_t::MAX);
    // Only a hint: its failure changes nothing.
    let _ = posix_fadvise(file, 0, length, PosixFadviseAdvice::POSIX_FADV_WILLNEED);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    fn text(bytes: &[u8]) -> Source {
        Source::new(Body::Bytes(Bytes::copy_from_slice(bytes)), Mode::Netascii)
    }

    fn file(bytes: &[u8], mode: Mode) -> Source {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        Source::new(Body::File { file, length: bytes.len() as u64 }, mode)
    }

    /// The whole wire image, block by block.
    fn wire(source: &Source, block_size: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let mut place = Place::default();
        loop {
            let mut block = vec![0; block_size];
            let (filled, next) = source.read(place, &mut block).unwrap();
            assert_eq!(source.skip(place, block_size as u64).unwrap(), next);
            out.extend_from_slice(&block[..filled]);
            place = next;
            if filled < block_size {
                return out;
            }
        }
    }

    #[test]
    fn netascii_translates_line_ends_and_counts_them() {
        let source = text(b"a\nb\r\nc\r");
        assert_eq!(wire(&source, 512), b"a\r\nb\r\0\r\nc\r\0");
        assert_eq!(source.wire_size(), Some(11));
    }

    #[test]
    fn a_file_that_shrank_is_an_error_not_a_short_answer() {
        let Source { body: Body::File { file, length }, .. } = file(b"0123456789", Mode::Octet) else { panic!() };
        file.set_len(4).unwrap();
        let source = Source::new(Body::File { file, length }, Mode::Octet);
        assert!(source.read(Place::default(), &mut [0; 8]).is_err());
    }

    proptest! {
        #[test]
        fn block_ends_fall_anywhere_and_change_nothing(
            bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..3000),
            block_size in 8usize..70,
        ) {
            let mut expected = Vec::new();
            for &byte in &bytes {
                match byte {
                    b'\n' => expected.extend(b"\r\n"),
                    b'\r' => expected.extend(b"\r\0"),
                    other => expected.push(other),
                }
            }
            let source = text(&bytes);
            prop_assert_eq!(source.wire_size(), Some(expected.len() as u64));
            prop_assert_eq!(&wire(&source, block_size), &expected);
            prop_assert_eq!(&wire(&file(&bytes, Mode::Netascii), block_size), &expected);
            prop_assert_eq!(&wire(&file(&bytes, Mode::Octet), block_size), &bytes);
        }
    }
}
