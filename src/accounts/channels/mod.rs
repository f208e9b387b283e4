//! Consent: an account lets another one work inside it, by its number, until it takes that back (YMC-176, YMC-177).
//!
//! Whoever is inside does what the account does, but for what would leave them a way in afterwards (`users::permissions`).
//! It counts once the other one has accepted: nobody is given what they did not ask for. Accounts above need none. Until
//! then whoever offers it sees the number and no more: numbers are no list of who is there to read through (T90).

pub mod api;
pub mod store;
