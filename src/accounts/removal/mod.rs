//! The end of an account: what it owned goes, devices that were handed down return, its row stays as a name for the
//! audit log.

pub mod store;
