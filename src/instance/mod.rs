//! Facts of this box itself, by name. The certificates' rows are `ca::store`'s, the shared change's `db`'s.

pub mod store;

/// SHA-256 of the API token.
pub const API_TOKEN: &str = "api_token_sha256";
