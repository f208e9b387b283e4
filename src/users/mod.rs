//! Who talks to the administrators' side. Until people can log in: whoever holds the one API token, and the console.

pub mod api;
pub mod api_token;
pub mod guard;

/// Who asks, and for which account. The account comes from here, never from the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The audit log's word, and the author of values.
    pub name: &'static str,
    pub account_id: i64,
}
