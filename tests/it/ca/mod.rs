//! The certificate authority, as OpenSSL, GnuTLS and a TLS client see it.

mod client;
mod issue;
mod server;
mod status;
mod tools;
