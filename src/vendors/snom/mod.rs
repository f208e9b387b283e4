//! Snom: how its files are written ([`files`]) and how its own words are read ([`raw`]).

pub mod files;
pub mod raw;
