//! What tests share: one file for each door.

pub mod admin;
