//! People: the first run, logging in, what each may do, and what strangers try.

mod accounts;
mod certificate;
mod flood;
mod keys;
mod limits;
mod login;
mod matrix;
mod setup;
mod switch;
mod totp;
mod users;
