//! What a client may negotiate: block size, transfer size, timeout, window (RFC 2347, 2348, 2349, 7440).
//!
//! Owns the reading of option values and the OACK. Unknown options (`utimeout`, `multicast` …) are passed over, as
//! RFC 2347 asks. A value above the range is lowered where the RFC lets the server answer with less (blksize,
//! windowsize). Any other value that cannot be meant (not a number, below the range, a timeout above it) is refused
//! with ERROR 8: the client learns at once, instead of running with a size it did not ask for.

use super::packet::{Packet, RawOptions};
use std::io::{self, Write};

const BLOCK_SIZE_DEFAULT: u16 = 512;
const BLOCK_SIZE_MAX: u16 = 65464;

/// The known options of one request, each within the range of its RFC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    block_size: Option<u16>,
    transfer_size: bool,
    timeout: Option<u8>,
    window: Option<u16>,
}

/// What the transfer runs with. An option stands here only if the client asked for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Agreed {
    block_size: Option<u16>,
    transfer_size: Option<u64>,
    timeout: Option<u8>,
    window: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value of option {0} cannot be used")]
pub struct Unusable(pub &'static str);

impl Asked {
    /// The first mention of an option counts.
    pub fn read(options: RawOptions<'_>) -> Result<Asked, Unusable> {
        let mut asked = Asked::default();
        for (name, value) in options.pairs() {
            if name.eq_ignore_ascii_case(b"blksize") {
                let size = number("blksize", value, 8)?.min(u64::from(BLOCK_SIZE_MAX)) as u16;
                asked.block_size.get_or_insert(size);
            } else if name.eq_ignore_ascii_case(b"tsize") {
                number("tsize", value, 0)?;
                asked.transfer_size = true;
            } else if name.eq_ignore_ascii_case(b"timeout") {
                let seconds = u8::try_from(number("timeout", value, 1)?).map_err(|_| Unusable("timeout"))?;
                asked.timeout.get_or_insert(seconds);
            } else if name.eq_ignore_ascii_case(b"windowsize") {
                let blocks = number("windowsize", value, 1)?.min(u64::from(u16::MAX)) as u16;
                asked.window.get_or_insert(blocks);
            }
        }
        Ok(asked)
    }

    pub fn transfer_size(&self) -> bool {
        self.transfer_size
    }

    /// Lowered to what this server gives. `transfer_size` is the size on the wire; unknown, it is left out.
    pub fn agree(self, block_size_max: u16, window_max: u16, transfer_size: Option<u64>) -> Agreed {
        Agreed {
            block_size: self.block_size.map(|size| size.min(block_size_max)),
            transfer_size: transfer_size.filter(|_| self.transfer_size),
            timeout: self.timeout,
            window: self.window.map(|blocks| blocks.min(window_max)),
        }
    }
}

impl Agreed {
    /// Nothing agreed: the transfer starts with DATA 1, as in RFC 1350.
    pub fn is_plain(&self) -> bool {
        *self == Agreed::default()
    }

    pub fn block_size(&self) -> usize {
        self.block_size.unwrap_or(BLOCK_SIZE_DEFAULT).into()
    }

    pub fn window(&self) -> u64 {
        self.window.unwrap_or(1).into()
    }

    /// Seconds.
    pub fn timeout(&self) -> Option<u8> {
        self.timeout
    }

    /// The OACK packet.
    pub fn emit(&self, out: &mut impl Write) -> io::Result<()> {
        Packet::OptionAck(RawOptions(&[])).emit(out)?;
        for (name, value) in [
            ("blksize", self.block_size.map(u64::from)),
            ("tsize", self.transfer_size),
            ("timeout", self.timeout.map(u64::from)),
            ("windowsize", self.window.map(u64::from)),
        ] {
            if let Some(value) = value {
                write!(out, "{name}\0{value}\0")?;
            }
        }
        Ok(())
    }
}

/// Decimal digits, at least `least`. More digits than a u64 holds count as its largest value.
fn number(option: &'static str, value: &[u8], least: u64) -> Result<u64, Unusable> {
    if value.is_empty() {
        return Err(Unusable(option));
    }
    let mut total = 0u64;
    for &byte in value {
        if !byte.is_ascii_digit() {
            return Err(Unusable(option));
        }
        total = total.saturating_mul(10).saturating_add(u64::from(byte - b'0'));
    }
    if total < least { Err(Unusable(option)) } else { Ok(total) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oack(options: &[u8]) -> Result<Vec<u8>, Unusable> {
        let agreed = Asked::read(RawOptions(options))?.agree(1468, 64, Some(4096));
        let mut out = Vec::new();
        agreed.emit(&mut out).unwrap();
        Ok(out)
    }

    #[test]
    fn options_are_read_in_any_case_and_lowered_to_the_cap() {
        let asked = b"BLKSIZE\x001400\0tSize\x000\0timeout\x00255\0windowsize\x0016\0";
        assert_eq!(oack(asked).unwrap(), b"\0\x06blksize\x001400\0tsize\x004096\0timeout\x00255\0windowsize\x0016\0");
        assert_eq!(oack(b"blksize\x0065465\0").unwrap(), b"\0\x06blksize\x001468\0");
        assert_eq!(oack(b"windowsize\x0065536\0").unwrap(), b"\0\x06windowsize\x0064\0");
        assert_eq!(oack(b"windowsize\x0099999999999999999999999\0").unwrap(), b"\0\x06windowsize\x0064\0");
    }

    #[test]
    fn unknown_cut_off_and_repeated_options_are_passed_over() {
        assert_eq!(oack(b"utimeout\x00500\0multicast\0\0").unwrap(), b"\0\x06");
        assert_eq!(oack(b"blksize\x001024\0blksize\x00600\0").unwrap(), b"\0\x06blksize\x001024\0");
        assert_eq!(oack(b"blksize\x001024\0tsize\x00").unwrap(), b"\0\x06blksize\x001024\0");
        assert_eq!(oack(b"\0\0\0\0\0\0").unwrap(), b"\0\x06");
    }

    #[test]
    fn threat_037_a_value_that_cannot_be_meant_is_refused() {
        for (option, values) in [
            ("blksize", &["0", "7", "abc", "-512", "+512", " 512", "512 ", "0x200", ""][..]),
            ("tsize", &["-1", "x", ""]),
            ("timeout", &["0", "256", "-1", "1.5", "99999999999999999999999999"]),
            ("windowsize", &["0", "-1", "1e3"]),
        ] {
            for value in values {
                assert_eq!(oack(format!("{option}\0{value}\0").as_bytes()), Err(Unusable(option)), "{option}={value}");
            }
        }
    }

    #[test]
    fn threat_037_a_thousand_options_are_no_trouble() {
        assert_eq!(oack(&b"blksize\x00512\0".repeat(1000)).unwrap(), b"\0\x06blksize\x00512\0");
        assert_eq!(oack(&b"a\0b\0".repeat(1000)).unwrap(), b"\0\x06");
    }
}
