//! Sites: places whose devices share a profile and settings.

pub mod api;
pub mod archive;
pub mod store;
