//! People: the first run, logging in, what each may do, and what strangers try.

mod access;
mod accounts;
mod addresses;
mod certificate;
mod companies;
mod firmware;
mod flood;
mod guesses;
mod keys;
mod limits;
mod lockout;
mod login;
mod matrix;
mod proxy;
mod rights;
mod scopes;
mod setup;
mod strangers;
mod subaccounts;
mod switch;
mod tenants;
mod totp;
mod users;
