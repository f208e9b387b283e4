//! The mark of a browser in which somebody has logged in: whoever guesses at the same address does not slow it.

use crate::seal::{SealError, random};

const COOKIE: &str = "__Host-phonebox-browser";
/// As long as browsers keep a cookie at most.
const DAYS: u32 = 400;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Browser(u128);

impl Browser {
    pub fn new() -> Result<Browser, SealError> {
        Ok(Browser(u128::from_be_bytes(random()?)))
    }

    /// Of a Cookie header.
    pub fn of_cookies(header: &str) -> Option<Browser> {
        let mut pairs = header.split(';').filter_map(|pair| pair.trim().split_once('='));
        let (_, value) = pairs.find(|(name, value)| *name == COOKIE && value.len() == 32)?;
        u128::from_str_radix(value, 16).ok().map(Browser)
    }

    /// Set-Cookie.
    pub fn cookie(self) -> String {
        let seconds = DAYS * 24 * 3_600;
        format!("{COOKIE}={:032x}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Strict", self.0)
    }
}
