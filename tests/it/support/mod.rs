//! What tests share: one file for each door.

pub mod admin;
pub mod console;
pub mod other;
pub mod phone;
pub mod raw;
pub mod server;
