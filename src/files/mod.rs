//! The file store: firmware, languages, images, certificates, ringtones, served by exact name.
//!
//! Rows name them, the bytes lie under `files/<sha256>`. Holds nothing of a single device and no secret.

pub mod api;
pub mod store;

use crate::vendors::{self, firmware};

/// One file of the store.
#[derive(Debug, Clone)]
pub struct StoredFile {
    pub id: i64,
    pub name: String,
    pub kind: String,
    pub vendor: Option<String>,
    pub model: Option<String>,
    pub size: u64,
    pub sha256: String,
    pub created_at: i64,
}

impl StoredFile {
    pub fn content_type(&self) -> &'static str {
        content_type(&self.name)
    }
}

/// By the ending of a name, as phones know it. Never text/html: what is stored here is not for browsers.
pub fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).as_deref() {
        Some("txt" | "cfg" | "lang" | "conf" | "ini") => "text/plain",
        Some("xml") => "text/xml",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("png") => "image/png",
        Some("gif") => "image/gif",
        Some("bmp") => "image/bmp",
        Some("wav") => "audio/wav",
        Some("mp3") => "audio/mpeg",
        Some("pem" | "crt" | "cer" | "der") => "application/x-x509-ca-cert",
        _ => "application/octet-stream",
    }
}

/// Of firmware only: the one that was given, else what the name says by its vendor's rule.
pub fn version(kind: &str, vendor: Option<&str>, name: &str, given: Option<String>) -> Option<String> {
    let vendor = vendor.and_then(vendors::by_id).map(|vendor| vendor.id);
    let is_firmware = kind == SharedFile::Firmware.word();
    is_firmware.then(|| given.or_else(|| firmware::in_name(vendor, name))).flatten()
}

/// Characters of the version of a release.
pub const LONGEST_VERSION: usize = 64;

/// How much may be stored.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub file_bytes: u64,
    pub total_bytes: u64,
    /// Of an account that is not the box's own.
    pub account_bytes: u64,
}

/// What a file of the store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SharedFile {
    Firmware,
    Language,
    Image,
    Certificate,
    Ringtone,
    Other,
}

impl SharedFile {
    pub fn word(self) -> &'static str {
        match self {
            SharedFile::Firmware => "firmware",
            SharedFile::Language => "language",
            SharedFile::Image => "image",
            SharedFile::Certificate => "certificate",
            SharedFile::Ringtone => "ringtone",
            SharedFile::Other => "other",
        }
    }
}
