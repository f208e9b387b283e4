//! The certificate authority, as OpenSSL, GnuTLS and a TLS client see it.

mod client;
mod enrollment;
mod handshake;
mod issue;
mod live;
mod people;
mod rollover;
mod roots;
mod server;
mod status;
mod tools;
mod uploads;
