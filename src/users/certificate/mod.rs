//! Logging in with a client certificate: below the CA that an account has uploaded, with a user's login name as its
//! common name (AVA-038, AVA-039, AVA-152). Where an account says so, also below the public CAs of the machine (AVA-154).
//!
//! The listener asks for certificates once an account has such a CA, and takes what comes: TLS proves the key, here it is
//! judged.

pub mod api;
