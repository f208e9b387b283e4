//! One test binary: every test goes through a door that a phone, a person or an operator uses.

mod api;
mod architecture;
mod ca;
mod config;
mod datadir;
mod faults;
mod letters;
mod page;
mod people;
mod process;
mod provisioning;
mod readme;
mod service;
mod support;
mod tftp;
mod threats;
mod upgrade;
