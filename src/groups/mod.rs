//! Groups: devices that share settings across sites and profiles.

pub mod api;
pub mod store;
