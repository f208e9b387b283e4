//! Devices in numbers: of each state, of each kind; and whether one is there at all.

pub mod api;
pub mod store;
