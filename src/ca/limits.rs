//! Names that a CA is limited to (RFC 5280, 4.2.1.10). One that stands outside makes the whole certificate worthless
//! wherever limits are obeyed, so the box's own certificates leave it out, and a device's is not issued with it.

use super::Ca;
use std::net::IpAddr;
use x509_parser::extensions::GeneralName;

/// Of each CA from the one that signs up: what it permits and what it excludes.
#[derive(Debug, Default)]
pub struct Limits(Vec<(Vec<Tree>, Vec<Tree>)>);

#[derive(Debug)]
enum Tree {
    Dns(String),
    /// Address and mask.
    Network(Vec<u8>, Vec<u8>),
}

impl Tree {
    fn of(name: &GeneralName) -> Option<Tree> {
        match name {
            GeneralName::DNSName(name) => Some(Tree::Dns(name.trim_start_matches('.').to_ascii_lowercase())),
            GeneralName::IPAddress(bytes) => {
                let (address, mask) = bytes.split_at_checked(bytes.len() / 2)?;
                Some(Tree::Network(address.to_vec(), mask.to_vec()))
            }
            _ => None,
        }
    }

    /// `None`: it says nothing of this kind of name.
    fn holds_name(&self, name: &str) -> Option<bool> {
        let Tree::Dns(tree) = self else { return None };
        let below = name.strip_suffix(tree.as_str());
        Some(tree.is_empty() || below.is_some_and(|below| below.is_empty() || below.ends_with('.')))
    }

    fn holds_address(&self, address: IpAddr) -> Option<bool> {
        let Tree::Network(network, mask) = self else { return None };
        let octets = match address {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => v6.octets().to_vec(),
        };
        if network.len() != octets.len() {
            // A list of networks of one family leaves no room for the other.
            return Some(false);
        }
        Some(octets.iter().zip(mask).zip(network).all(|((octet, mask), network)| octet & mask == network & mask))
    }
}

impl Limits {
    pub fn of<'a>(chain: impl Iterator<Item = &'a [u8]>) -> Limits {
        let trees = |der: &[u8]| {
            let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
            let limits = certificate.name_constraints().ok()??.value;
            let all = |trees: &Option<Vec<x509_parser::extensions::GeneralSubtree>>| {
                trees.iter().flatten().filter_map(|tree| Tree::of(&tree.base)).collect::<Vec<_>>()
            };
            Some((all(&limits.permitted_subtrees), all(&limits.excluded_subtrees)))
        };
        Limits(chain.filter_map(trees).collect())
    }

    fn allow(&self, holds: impl Fn(&Tree) -> Option<bool>) -> bool {
        self.0.iter().all(|(permitted, excluded)| {
            let mut said = permitted.iter().filter_map(&holds).peekable();
            (said.peek().is_none() || said.any(|holds| holds)) && !excluded.iter().filter_map(&holds).any(|holds| holds)
        })
    }

    pub fn allow_name(&self, name: &str) -> bool {
        self.allow(|tree| tree.holds_name(name))
    }

    pub fn allow_address(&self, address: IpAddr) -> bool {
        self.allow(|tree| tree.holds_address(address))
    }
}

impl Ca {
    /// Of whatever is signed now.
    pub fn limits(&self) -> Limits {
        let snapshot = self.snapshot();
        let chain = snapshot.issuing().map(|issuing| snapshot.chain_up(&issuing)).unwrap_or_default();
        Limits::of(chain.iter().map(|known| known.der().as_ref()))
    }
}
