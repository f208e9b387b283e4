//! Devices that change hands: down to an account below, and back.
//!
//! Down they go with their lines and settings: a provider prepares them. Back they come bare and with a new token: what
//! the account below put into them is its own. A reseller that a provider is linked with counts like one below (AVA-215).

pub mod api;
pub mod store;
