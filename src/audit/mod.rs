//! Who did what: one row for every change, written in the change's own transaction, and one for every change that was
//! refused. Rows are only added; [`chain`] makes it show when one was changed, put in or taken out.
//!
//! Details never hold a secret: callers name fields and give the views that people see, where secrets are masked.

pub mod api;
pub mod chain;
mod mask;
pub mod search;
pub mod store;

pub use store::{note, refused, write, write_change};
