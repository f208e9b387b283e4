//! What phones store here and fetch again: one sealed body per device and name, with a quota per device.
//!
//! Local changes, contacts, call logs, reports, backups. Never read by the box, never shown to another device.

pub mod store;
