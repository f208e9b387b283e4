//! Serial numbers: 128 random bits behind one octet that keeps them positive and all of one length (RFC 5280, 4.1.2.2).

use crate::seal::{self, SealError};
use std::fmt;

const LENGTH: usize = 17;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Serial([u8; LENGTH]);

impl Serial {
    pub fn random() -> Result<Serial, SealError> {
        let mut bytes = seal::random::<LENGTH>()?;
        bytes[0] = bytes[0] & 0x3f | 0x40;
        Ok(Serial(bytes))
    }

    /// As it stands in a certificate. `None`: not one of ours.
    pub fn of(bytes: &[u8]) -> Option<Serial> {
        bytes.try_into().ok().map(Serial)
    }

    /// As people and programs write it: hexadecimal digits, with or without colons, blanks and `0x`.
    pub fn of_hex(text: &str) -> Option<Serial> {
        let text = text.trim();
        let text = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
        let digits: Vec<u8> = text.bytes().filter(|byte| !b": ".contains(byte)).collect();
        let mut bytes = [0u8; LENGTH];
        if digits.len() != 2 * LENGTH || !digits.is_ascii() {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Serial(bytes))
    }

    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn der(self) -> rcgen::SerialNumber {
        rcgen::SerialNumber::from_slice(&self.0)
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&seal::hex(&self.0))
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
