//! The first run: a fresh box has no password and no default account. A code that is made at each start opens the setup,
//! once; afterwards the door is shut.

use super::password;
use crate::db::Db;
use crate::seal::sha256;
use crate::settings::Secret;
use crate::web::{Problem, words};
use aws_lc_rs::constant_time::verify_slices_are_equal;

/// 20 signs of 31: 99 bits.
const LENGTH: usize = 20;

/// The code of this start.
#[derive(Clone, Default)]
pub struct Door(Option<Secret>);

impl Door {
    /// Has a code when nobody can log in yet.
    pub fn new(db: &Db) -> crate::db::Result<Door> {
        if db.read(super::store::any)? {
            return Ok(Door(None));
        }
        Ok(Door(Some(Secret::new(password::words(LENGTH)?))))
    }

    pub fn code(&self) -> Option<&Secret> {
        self.0.as_ref()
    }

    /// Capitals and dashes do not matter.
    pub fn opens(&self, given: &str) -> bool {
        let bare = |text: &str| sha256(text.to_lowercase().replace(['-', ' '], "").as_bytes());
        self.0.as_ref().is_some_and(|code| verify_slices_are_equal(&bare(code.reveal()), &bare(given)).is_ok())
    }
}

/// The company that uses the box.
#[derive(Debug, Clone, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Company {
    pub name: String,
    pub contact: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub address: Option<String>,
    pub country: Option<String>,
}

impl Company {
    pub fn checked(self) -> Result<Company, Problem> {
        let line = |field: &str, text: Option<String>| {
            text.map(|text| words::line(field, &text, 200)).transpose().map(Option::flatten)
        };
        Ok(Company {
            name: words::title("The account", &self.name)?,
            contact: line("contact", self.contact)?,
            phone: line("phone", self.phone)?,
            email: self.email.map(|email| words::email(&email)).transpose()?,
            address: line("address", self.address)?,
            country: line("country", self.country)?,
        })
    }
}
