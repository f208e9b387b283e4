//! Certificates and certificate profiles as people see them: listed, issued from a request, revoked.

pub mod api;
pub mod store;
