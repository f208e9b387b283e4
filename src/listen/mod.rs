//! Listeners: bytes of a wire → one [`crate::provision::Request`], an answer → bytes.
//!
//! Every listener has bounded concurrency, size limits, timeouts and a graceful stop. They decide nothing about a
//! phone: that is `provision`.

pub mod enroll;
pub mod guard;
mod handshake;
pub mod http;
mod mapped;
mod ocsp;
pub mod proxy;
mod respond;
pub mod tftp;
pub mod tftp_front;
