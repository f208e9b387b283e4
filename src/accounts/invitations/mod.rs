//! Consent offered by mail (YMC-176): the account's administrator knows an address and no number.
//!
//! The mail goes out only if the address belongs to an administrator here; the answer and the list are the same in either
//! case, so that nobody learns who is on the box. Whoever has the mail's link accepts in the name of their account: the
//! address that a user claims proves nothing.

pub mod api;
pub mod store;

/// As long as an activation link.
pub const LIFE: i64 = 3 * 24 * 60 * 60_000;
/// Of one account at a time.
pub const MOST: i64 = 20;
