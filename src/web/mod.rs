//! The HTTP kit of the administrators' side, without a domain: errors, JSON bodies, queries, pages.

pub mod cell;
pub mod error;
pub mod json;
mod moment;
pub mod page;
pub mod spool;
mod strict;
pub mod unzip;
pub mod words;

pub use error::{Code, Problem};
pub use json::{Json, Query, Text, double};
pub use moment::Moment;
pub use page::{Page, Paging};

/// The data directory, for handlers that store files.
#[derive(Clone)]
pub struct Directory(pub std::path::PathBuf);

pub type Result<T, E = Problem> = std::result::Result<T, E>;
