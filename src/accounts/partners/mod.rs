//! Links between a provider and a reseller: one asks by the other's link id, the other one approves (AVA-132, AVA-065).
//! A link says who works with whom: the provider may hand devices to the reseller (AVA-215); it opens nothing else. Until
//! the other one approves, who asks is told nothing of it (T90).

pub mod api;
pub mod store;
