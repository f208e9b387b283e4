//! Facts of this box itself, by name: the hash of its API token, the time of the last shared change.

pub mod store;

/// SHA-256 of the API token.
pub const API_TOKEN: &str = "api_token_sha256";
/// Milliseconds since 1970, as decimal text: when something that many devices' files are made of changed last.
pub const SHARED_CHANGE: &str = "shared_change";
