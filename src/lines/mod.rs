//! Lines of devices and the SIP accounts they register.
//!
//! A SIP account may serve several lines; changing it changes every phone that has it.

pub mod api;
pub mod count;
pub mod input;
pub mod store;
