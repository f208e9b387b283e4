//! The administrators' side through its two doors: HTTP and the command line.

mod access;
mod cli;
mod devices;
mod export;
mod files;
mod hostile;
mod import;
mod keys;
mod layers;
mod lists;
mod profiles;
mod roll;
mod sites;
