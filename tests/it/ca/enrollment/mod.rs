//! How phones come to certificates, through the phones' own listeners: real clients, and messages no honest client
//! sends.

mod clients;
mod est;
mod files;
mod flood;
mod hostile;
mod life;
mod messages;
mod old;
mod scep;
