//! The box itself: its facts by name, and the rotation of its sealing key. The certificates' rows are `ca::store`'s,
//! the shared change's `db`'s.

pub mod api;
pub mod overview;
pub mod rotation;
pub mod store;
