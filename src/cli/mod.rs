//! The console: one file per subcommand.

pub mod ca;
pub mod check_config;
pub mod identify;
pub mod service;
