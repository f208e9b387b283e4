//! How phones come to certificates, through the phones' own listeners: real clients, and messages no honest client
//! sends.

pub mod clients;
mod est;
mod files;
mod flood;
mod hostile;
mod keys;
mod life;
pub mod messages;
mod old;
mod refused;
mod scep;
mod unanswerable;
