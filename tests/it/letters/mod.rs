//! What is written down of everything that is done, and what goes out of it: audit log, mails, webhooks.

mod audience;
mod audit;
mod away;
mod hooks;
mod links;
mod mails;
mod requests;
mod sink;
