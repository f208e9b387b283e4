//! What a person says of themselves: name, phone, language, e-mail address and password.

pub mod api;
pub mod store;
