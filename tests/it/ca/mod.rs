//! The certificate authority, as OpenSSL, GnuTLS and a TLS client see it.

mod client;
mod ends;
mod enrollment;
mod fuzz;
mod handshake;
mod head;
mod issue;
mod limits;
mod live;
mod never;
mod people;
mod pss;
mod rollover;
mod roots;
mod server;
mod status;
mod tools;
mod uploads;
