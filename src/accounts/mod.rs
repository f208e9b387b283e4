//! Companies: a provider, its resellers, their customers. Knows the tree and who may make what; knows no person.

pub mod api;
pub mod change;
pub mod channels;
pub mod handover;
pub mod invitations;
pub mod letters;
pub mod partners;
pub mod removal;
pub mod sign_up;
pub mod sites;
pub mod store;
pub mod view;

use std::fmt;
use std::str::FromStr;

/// What a company is (AVA-010). It never changes (AVA-150).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Provider,
    Reseller,
    Customer,
}

impl Kind {
    pub fn word(self) -> &'static str {
        match self {
            Kind::Provider => "provider",
            Kind::Reseller => "reseller",
            Kind::Customer => "customer",
        }
    }

    /// What may be made below it (AVA-011…020, AVA-128, AVA-133). Providers are made by the box's own account only, at
    /// the console or when somebody's request is approved (AVA-129).
    pub fn makes(self) -> &'static [Kind] {
        match self {
            Kind::Provider => &[Kind::Reseller, Kind::Customer],
            Kind::Reseller => &[Kind::Customer],
            Kind::Customer => &[],
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(word: &str) -> Result<Kind, String> {
        let all = [Kind::Provider, Kind::Reseller, Kind::Customer];
        all.into_iter().find(|kind| kind.word() == word).ok_or_else(|| format!("{word:?} is no kind of account"))
    }
}
