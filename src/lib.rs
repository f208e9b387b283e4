//! Phonebox: one binary on a LAN box that gives desk phones their own configuration, and says why.
//!
//! ```text
//!         phones                                               people and programs
//!   HTTP · HTTPS · TFTP                                 browser · REST client · console (CLI)
//!             │                                                      │
//!         listen ──────────► provision ◄──── preview ──────── <domain>/api.rs
//!    bytes → one Request    identify → load → authorize              │
//!                           → resolve → render → commit       devices profiles sites files …
//!                           → respond → record                       │
//!             │                    │                                 │
//!          vendors ◄──────── settings                               db  (one SQLite file)
//! ```
//!
//! Every change is audited in its own transaction ([`audit`]), with what [`db::Origin`] knows of the request. What people
//! and programs want to hear of is an event in the same transaction ([`notify`]); one task makes mails ([`mail`]) and
//! deliveries ([`webhooks`]) of events, others send them.
//!
//! Two fronts, one core: the phone listeners serve no admin page, the admin listener serves no phone file. The page is
//! `ui/`, made by `build.rs` and typed by the API's document; it does nothing that the API cannot.
//!
//! Who asks on the administrators' side is found out by [`users::guard`]: the console, a program with an API key, a
//! person with a session. What a route asks for stands in [`users::routes`], what there is to be allowed in
//! [`users::permissions`]; a route without a row lets nobody in. Everything belongs to an account ([`accounts`], a tree);
//! an actor's account comes from its login, never from its request. Who reaches whom is said once, in SQL
//! (`accounts::store`), and what a limited user sees too (`users::data`). What lists find devices by is kept in memory
//! while somebody asks ([`devices::roll`]); what they show is read as the account's own, each time.
//! Imports point down only (`tests/it/architecture.rs`); reading [`provision`] is reading the product.

pub mod accounts;
pub mod alarms;
pub mod audit;
pub mod ca;
pub mod checkins;
pub mod cli;
pub mod clock;
pub mod config;
pub mod datadir;
pub mod db;
pub mod devices;
pub mod enrollment;
pub mod files;
pub mod firmware;
pub mod groups;
pub mod instance;
pub mod layers;
pub mod lines;
pub mod listen;
pub mod mail;
pub mod models;
pub mod net;
pub mod networks;
pub mod notify;
pub mod phone;
pub mod profiles;
pub mod provision;
pub mod seal;
pub mod server;
pub mod settings;
pub mod sites;
pub mod telemetry;
pub mod uploads;
pub mod users;
pub mod vendors;
pub mod web;
pub mod webhooks;
