//! What was asked for and refused, in the audit log. Anybody can send such requests without end: so many a minute are
//! written there, of what costs nothing to ask (a file by its name, anything by a slowed source) one a minute of each
//! source. All of them are check-ins.

use super::super::record::{Named, Served};
use super::{Enrollment, Outcome};
use crate::audit;
use crate::checkins::{Decision, Reason};
use crate::db::{BOX_ACCOUNT, Origin, Who};
use crate::enrollment::files::Form;
use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

const A_MINUTE: u32 = 60;

#[derive(Default)]
pub struct Ledger(Mutex<Minute>);

/// The minute, how many were written in it, and of whom one was that stands for all of his.
#[derive(Default)]
struct Minute {
    number: i64,
    written: u32,
    sources: HashSet<IpAddr>,
}

impl Ledger {
    /// `once`: one of this source is enough.
    fn has_room(&self, once: Option<IpAddr>, now: i64) -> bool {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = now.div_euclid(60_000);
        if kept.number != number {
            *kept = Minute { number, ..Minute::default() };
        }
        if kept.written >= A_MINUTE || once.is_some_and(|source| !kept.sources.insert(source)) {
            return false;
        }
        kept.written += 1;
        true
    }
}

/// A question, the box's own trouble, and what is not there are no refusals of a certificate.
fn is_told(reason: Reason) -> bool {
    !matches!(
        reason,
        Reason::Ask | Reason::Busy | Reason::Storage | Reason::NoAuthority | Reason::NoFile | Reason::Method
    )
}

impl Enrollment {
    /// Notes it, when it is a refusal.
    pub async fn note(&self, process: &'static str, peer: IpAddr, outcome: &Outcome, now: i64) {
        let named = &outcome.named;
        let once = Some(peer).filter(|_| named.reason == Reason::Slowed);
        if named.decision == Decision::Refused && is_told(named.reason) && self.ledger.has_room(once, now) {
            self.write(process, peer, named, now).await;
        }
    }

    /// The same of a certificate and its key as a file: a request that names one and does not get it.
    pub async fn note_file(&self, served: &Served<'_>, now: i64) {
        let mark = &served.mark;
        if mark.decision != Decision::Refused {
            return;
        }
        let file = mark.mac.zip(mark.shown).filter(|(mac, path)| Form::of_name(&path.name, *mac).is_some());
        let Some((mac, path)) = file else { return };
        // Why none could be made is a refusal here.
        let is_told = is_told(mark.reason) || mark.reason == Reason::NoAuthority;
        if is_told && self.ledger.has_room(Some(mark.request.peer), now) {
            let file = format!("file {}", path.name);
            let named = Named {
                file,
                mac: Some(mac),
                decision: mark.decision,
                reason: mark.reason,
                detail: mark.detail.clone(),
            };
            self.write("file", mark.request.peer, &named, now).await;
        }
    }

    async fn write(&self, process: &'static str, peer: IpAddr, named: &Named, now: i64) {
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
