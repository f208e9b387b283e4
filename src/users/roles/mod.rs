//! Roles: permissions under a name, kept in groups, limited to sites where somebody says so. Two come with the box and
//! cannot be changed (YMC-028, YMC-029), nor can the group they are in (YMC-026).

pub mod api;
pub mod store;
