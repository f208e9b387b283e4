//! The console: one file per subcommand.

pub mod identify;
