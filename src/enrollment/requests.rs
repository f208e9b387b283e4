//! Requests that wait for a person (RFC 8894 §2.3, manual authorization): a device that is known, has no challenge and
//! asks. Nothing is signed before somebody has said yes.

use super::store;
use crate::db::{self, Tx};
use crate::net::Mac;

/// Nobody looks through more; the next ones are refused.
pub const MOST_WAITING: i64 = 1_000;
/// A spoofed name must not bury the real request under many.
pub const MOST_OF_ONE: i64 = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RequestState {
    Waiting,
    Approved,
    Declined,
}

impl RequestState {
    const ALL: [RequestState; 3] = [RequestState::Waiting, RequestState::Approved, RequestState::Declined];

    pub fn word(self) -> &'static str {
        match self {
            RequestState::Waiting => "waiting",
            RequestState::Approved => "approved",
            RequestState::Declined => "declined",
        }
    }

    pub fn of_word(word: &str) -> RequestState {
        RequestState::ALL.into_iter().find(|state| state.word() == word).unwrap_or(RequestState::Declined)
    }
}

#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Request {
    pub id: i64,
    #[schema(value_type = String)]
    pub mac: Mac,
    #[serde(skip)]
    pub profile_id: i64,
    pub state: RequestState,
    /// SHA-256 of the key, for comparing with what the phone shows.
    pub fingerprint: String,
    /// Where it came from, first.
    pub peer: String,
    pub at: i64,
    pub decided_by: Option<String>,
    pub decided_at: Option<i64>,
    #[serde(skip)]
    pub spki: Vec<u8>,
}

pub struct New<'a> {
    pub account_id: i64,
    pub mac: Mac,
    pub profile_id: i64,
    pub transaction: &'a [u8],
    pub spki: &'a [u8],
    pub peer: String,
}

/// The request of this transaction and key, put into the queue when it is new. `None`: another key has the
/// transaction, or too many wait.
pub fn find_or_add(tx: &Tx, new: &New, now: i64) -> db::Result<Option<Request>> {
    if let Some(known) = store::request_of(tx, new.transaction)? {
        return Ok((known.spki == new.spki && known.mac == new.mac).then_some(known));
    }
    // One address has one request for a device waiting, its newest: no single stranger keeps the phone from asking.
    store::replace_waiting(tx, new.mac, &new.peer)?;
    let (all, own) = store::waiting(tx, new.mac)?;
    if all >= MOST_WAITING || own >= MOST_OF_ONE {
        return Ok(None);
    }
    store::add_request(tx, new, now)?;
    store::request_of(tx, new.transaction)
}
