//! Somebody asks for an account of their own; the box's account decides (AVA-027…036, ALE-005…009). Closed until
//! somebody opens it: a box used by one company never shows it.

pub mod api;
pub mod store;

/// The row of `instance` that opens it.
pub const OPEN: &str = "sign_up_open";
