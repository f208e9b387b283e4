//! Avaya: how its files are written ([`files`]), how its own words are read ([`raw`], [`lint`]), and what a phone makes of
//! them ([`interpret`]).

pub mod files;
pub mod interpret;
mod lint;
pub mod raw;
