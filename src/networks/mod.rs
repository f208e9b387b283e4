//! Networks: what phones may do by where they come from.
//!
//! Nobody configures a fresh box: private networks (RFC 1918, fc00::/7, link-local, loopback) get settings, others
//! nothing, unknown devices are refused everywhere.

pub mod api;
pub mod store;

use crate::net::{Cidr, is_private};
use std::net::IpAddr;

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Unknown {
    /// Recorded and refused.
    Refuse,
    /// Recorded, refused, and put on the list of waiting devices.
    Queue,
    /// Served a safe default without secrets.
    Default,
}

impl Unknown {
    pub fn word(self) -> &'static str {
        match self {
            Unknown::Refuse => "refuse",
            Unknown::Queue => "queue",
            Unknown::Default => "default",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Known, active devices get settings here.
    pub settings: bool,
    pub unknown: Unknown,
    /// Every request needs credentials.
    pub ask: bool,
}

#[derive(Debug, Clone)]
pub struct Network {
    pub id: i64,
    pub account_id: i64,
    pub cidr: Cidr,
    pub policy: Policy,
}

/// The policy of the narrowest network that holds the address.
pub fn policy(networks: &[Network], address: IpAddr) -> Policy {
    let listed = networks.iter().filter(|network| network.cidr.contains(address));
    listed.max_by_key(|network| network.cidr.prefix()).map_or_else(
        || Policy { settings: is_private(address), unknown: Unknown::Refuse, ask: false },
        |network| network.policy,
    )
}
