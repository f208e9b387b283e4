//! Links between a provider and a reseller: one asks by the other's link id, the other one approves (AVA-132, AVA-065).
//! A link says who works with whom; it opens nothing.

pub mod api;
pub mod store;
