//! Enrollment codes: what a person types at a phone that nobody set up. This version has the provisioning code: the eight
//! digits of an account's number and the four of a site's PIN. It never expires, and leads to the profile that its site
//! has at the moment.
//!
//! Owns what a code is, how many wrong ones lock a phone against codes and for how long (AVA-024, AVA-066 to AVA-069), and
//! what a good one does. How a phone shows one is `provision`'s.

pub mod api;
mod enroll;
pub mod store;

pub use enroll::{Phone, enroll, no_profile};

use crate::db::{Connection, Error, Result, Tx};
use crate::instance;
use serde::{Deserialize, Serialize};

/// The alarms of a phone that gave too many wrong codes, and of a code whose site has no profile.
pub const LOCKED: &str = "code-locked";
pub const NO_PROFILE: &str = "code-no-profile";

const LOCKOUT: &str = "code_lockout";
pub const MINUTES: std::ops::RangeInclusive<u32> = 1..=1_440;
pub const ATTEMPTS: std::ops::RangeInclusive<u32> = 1..=20;

/// "Device Lockout Time" and "Enrollment Code Invalid Attempts", for the whole box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lockout {
    pub minutes: u32,
    /// Wrong codes that lock nobody yet; one more does.
    pub attempts: u32,
}

impl Default for Lockout {
    fn default() -> Lockout {
        Lockout { minutes: 30, attempts: 3 }
    }
}

impl Lockout {
    pub fn load(conn: &Connection) -> Result<Lockout> {
        let Some(text) = instance::store::get(conn, LOCKOUT)? else { return Ok(Lockout::default()) };
        serde_json::from_slice(&text).map_err(|error| Error::Damaged(format!("the device lockout: {error}")))
    }

    pub fn save(self, tx: &Tx) -> Result<()> {
        let text = serde_json::to_vec(&self).map_err(|error| Error::Damaged(error.to_string()))?;
        instance::store::put(tx, LOCKOUT, &text)
    }
}

/// What a user name says of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The account's.
    pub number: i64,
    /// In a user name of twelve digits; of eight digits, the password is the PIN.
    pub pin: Option<&'a str>,
}

impl Entry<'_> {
    pub fn of(user: &str) -> Option<Entry<'_>> {
        if !user.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (number, pin) = match user.len() {
            8 => (user, None),
            12 => user.split_at_checked(8).map(|(number, pin)| (number, Some(pin)))?,
            _ => return None,
        };
        Some(Entry { number: number.parse().ok()?, pin })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ava_201_a_provisioning_code_is_eight_digits_and_four() {
        assert_eq!(Entry::of("12345678"), Some(Entry { number: 12_345_678, pin: None }));
        assert_eq!(Entry::of("123456780042"), Some(Entry { number: 12_345_678, pin: Some("0042") }));
        for other in
            ["", "1234567", "1234567890", "12345678004", "1234567800420", "1234567a", "805ec0aabb01", "1234-678"]
        {
            assert_eq!(Entry::of(other), None, "{other}");
        }
    }
}
