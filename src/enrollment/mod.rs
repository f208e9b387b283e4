//! How a device comes to a certificate: its one-time secret, its request that waits for a person, its file. How one that
//! nobody set up comes to its site: the code that a person types at it ([`codes`]).
//!
//! Owns these rows and their rules. The protocols that carry them and what signs are `ca`; who may ask is `provision`.

pub mod api;
pub mod challenge;
pub mod codes;
pub mod files;
pub mod requests;
pub mod store;

pub use challenge::Challenge;
