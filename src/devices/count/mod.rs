//! Devices in numbers: of each state, of each kind; and whether one is there at all.

pub mod api;
pub mod store;

use super::State;

/// How many devices there are of each kind.
#[derive(Debug, Default, serde::Serialize, utoipa::ToSchema)]
pub struct Counts {
    /// Added, not yet activated.
    pub known: i64,
    pub active: i64,
    pub blocked: i64,
    pub reset_suspected: i64,
    /// Nobody added them; they wait to be adopted. Null: not this user's to see.
    pub waiting: Option<i64>,
}

/// Devices that are alike.
#[derive(Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Alike {
    pub vendor: Option<String>,
    pub model: Option<String>,
    /// What they said last that they run.
    pub firmware: Option<String>,
    pub state: State,
    pub count: i64,
}
