//! The administrators' side through its two doors: HTTP and the command line.

mod cli;
mod devices;
