//! Certificates with their keys as files, for phones that fetch one: `MAC.p12` and `MAC.pem`.
//!
//! The key is made here, so it lies here, sealed, until the device is issued another one. The bytes stay the same: a
//! phone compares them.

use super::store::Filed;
use crate::net::Mac;
use crate::settings::Secret;
use zeroize::Zeroizing;

/// What a phone may fetch, and how it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Pkcs12,
    Pem,
}

impl Form {
    const ALL: [(Form, &str, &str); 2] =
        [(Form::Pkcs12, "p12", "application/x-pkcs12"), (Form::Pem, "pem", "application/x-pem-file")];

    pub fn content_type(self) -> &'static str {
        Form::ALL.iter().find(|(form, ..)| *form == self).map_or("", |(.., content_type)| content_type)
    }

    pub fn name(self, mac: Mac) -> String {
        let extension = Form::ALL.iter().find(|(form, ..)| *form == self).map_or("", |(_, extension, _)| extension);
        format!("{mac}.{extension}")
    }

    /// Exactly this device's file, whatever the case.
    pub fn of_name(name: &str, mac: Mac) -> Option<Form> {
        Form::ALL.iter().map(|(form, ..)| *form).find(|form| form.name(mac).eq_ignore_ascii_case(name))
    }
}

/// A device's file, opened.
pub struct File {
    pub pkcs12: Zeroizing<Vec<u8>>,
    pub pem: Zeroizing<Vec<u8>>,
    /// Of the PKCS#12 file.
    pub password: Secret,
    pub created_at: i64,
}

impl Filed {
    /// Whether a new one belongs into the file: the old one is revoked, or two thirds of its life are over.
    pub fn is_stale(&self, now: i64) -> bool {
        self.is_revoked || now - self.created_at > (self.not_after - self.created_at) / 3 * 2
    }
}

pub fn place(column: &str, device_id: i64) -> String {
    format!("certificate_file.{column}/{device_id}")
}
