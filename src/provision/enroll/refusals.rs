//! What was asked for and refused, in the audit log. Anybody can send such requests without end: so many a minute are
//! written there, all of them are check-ins.

use super::{Enrollment, Outcome};
use crate::audit;
use crate::checkins::{Decision, Reason};
use crate::db::{BOX_ACCOUNT, Origin, Who};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

const A_MINUTE: u32 = 60;

/// The minute, and how many were written in it.
#[derive(Default)]
pub struct Ledger(Mutex<(i64, u32)>);

impl Ledger {
    fn has_room(&self, now: i64) -> bool {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.div_euclid(60_000);
        if kept.0 != minute {
            *kept = (minute, 0);
        }
        kept.1 += 1;
        kept.1 <= A_MINUTE
    }
}

/// A question, the box's own trouble, and what was not even looked at are no refusals of a certificate.
fn is_told(reason: Reason) -> bool {
    !matches!(
        reason,
        Reason::Ask
            | Reason::Slowed
            | Reason::Busy
            | Reason::Storage
            | Reason::NoAuthority
            | Reason::NoFile
            | Reason::Method
    )
}

impl Enrollment {
    /// Notes it, when it is a refusal.
    pub async fn note(&self, process: &'static str, peer: IpAddr, outcome: &Outcome, now: i64) {
        let named = &outcome.named;
        if named.decision != Decision::Refused || !is_told(named.reason) || !self.ledger.has_room(now) {
            return;
        }
        let subject = named.mac.and_then(|mac| self.pipeline.subjects.get(mac).ok().flatten());
        let account_id = subject.map_or(BOX_ACCOUNT, |subject| subject.device.account_id);
        let name = named.mac.map_or_else(|| "unknown".to_owned(), |mac| mac.to_string());
        let detail = match &named.detail {
            Some(detail) => format!("{}: {}, {detail}", named.file, named.reason.code()),
            None => format!("{}: {}", named.file, named.reason.code()),
        };
        let who = Who { name: name.clone(), account_id, home_id: account_id, is_key: false };
        let write =
            self.pipeline.db.write(move |tx| audit::store::refused(tx, &who, "certificate.issue", name, detail, now));
        if let Err(error) = Origin::new(Some(peer), process, None).scope(write).await {
            tracing::warn!(%error, "a refusal could not be written to the audit log");
        }
    }
}
