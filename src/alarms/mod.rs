//! What needs a hand: told once per object, until somebody closes it or the cause is settled.

pub mod api;
pub mod store;
