//! Who changed what: one row for every change, written in the change's own transaction.
//!
//! Details never hold a secret: callers name fields, not their values.

pub mod api;
pub mod store;
