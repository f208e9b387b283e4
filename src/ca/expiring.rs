//! What ends soon: 30, 14, 7 and 1 days before, somebody is told.

use super::authority::State;
use super::store;
use super::{Ca, CaError};
use crate::alarms;
use crate::db::BOX_ACCOUNT;
use std::sync::atomic::Ordering;

const DAY: i64 = 86_400_000;
/// Days before the end at which the first alarm is raised.
const WITHIN: i64 = 30;
/// Days before the end at which an alarm is raised, and its kind. An alarm takes the place of the one before it.
static STEPS: [(i64, &str); 4] = [
    (WITHIN, "certificate-ends-30"),
    (14, "certificate-ends-14"),
    (7, "certificate-ends-7"),
    (1, "certificate-ends-1"),
];
/// How long what has ended is still listed.
const PAST: i64 = 30 * DAY;

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Expiring {
    /// `device`, `server`, `authority`.
    #[schema(value_type = String)]
    pub kind: &'static str,
    /// A MAC, `server-rsa`, the CA's name.
    pub holder: String,
    pub serial: Option<String>,
    pub not_after: i64,
    /// Whole days that are left; below zero: it has ended.
    pub days: i64,
}

impl Ca {
    /// What ends within so many days, the first first. A certificate with a younger one behind it does not count.
    pub fn expiring(&self, days: i64, now: i64) -> Result<Vec<Expiring>, CaError> {
        let end = now + days * DAY;
        let mut found = self.0.db.read(|conn| store::expiring(conn, now - PAST, end).map_err(CaError::from))?;
        for authority in self.snapshot().authorities.iter().filter(|known| known.state != State::Old) {
            let (holder, not_after) = (authority.parsed.subject_text.clone(), authority.parsed.not_after);
            found.push(Expiring { kind: "authority", holder, serial: None, not_after, days: 0 });
        }
        if let Some((installed, _)) = self.installed_facts()? {
            let (holder, not_after) = (installed.subject_text, installed.not_after);
            found.push(Expiring { kind: "server", holder, serial: None, not_after, days: 0 });
        }
        found.retain(|one| one.not_after < end);
        found.iter_mut().for_each(|one| one.days = (one.not_after - now).div_euclid(DAY));
        found.sort_by_key(|one| one.not_after);
        Ok(found)
    }

    /// Something ends then, or did and does no longer. The alarms follow soon: [`Ca::has_untold_end`].
    pub(super) fn note_end(&self, at: i64, now: i64) {
        if at < now + WITHIN * DAY || self.0.ends_told.load(Ordering::Relaxed) {
            self.0.ends_untold.store(true, Ordering::Relaxed);
        }
    }

    /// Whether the alarms should be made anew, once.
    pub fn has_untold_end(&self) -> bool {
        self.0.ends_untold.swap(false, Ordering::Relaxed)
    }

    /// Raises and settles the alarms. Devices share one: there may be ten thousand of them.
    pub async fn tell_expiring(&self, now: i64) -> Result<(), CaError> {
        let found = self.expiring(WITHIN, now)?;
        self.0.ends_told.store(!found.is_empty(), Ordering::Relaxed);
        let step = |days: i64| STEPS.iter().rev().find(|(within, _)| days < *within).map(|(_, kind)| *kind);
        let (devices, own): (Vec<_>, Vec<_>) = found.into_iter().partition(|one| one.kind == "device");
        let mut alarms: Vec<(&str, String, String)> = Vec::new();
        for one in &own {
            let days = one.days.max(0);
            let text = match one.days {
                ..0 => format!("The certificate of {} has ended", one.holder),
                _ => format!("The certificate of {} ends in {}", one.holder, in_days(days)),
            };
            alarms.extend(step(one.days).map(|kind| (kind, one.holder.clone(), text)));
        }
        // One that has ended must not hide how near the end of the next one is.
        let ended = devices.iter().filter(|one| one.days < 0).count();
        if let Some((first, kind)) =
            devices.get(ended).or(devices.first()).and_then(|first| Some((first, step(first.days)?)))
        {
            let (count, days) = (devices.len() - ended, first.days);
            let ending = match count {
                1 => format!("1 device's certificate ends in {}", in_days(days)),
                _ => format!("{count} devices' certificates end within 30 days, the first in {}", in_days(days)),
            };
            let text = match (count, ended) {
                (0, 1) => "1 device's certificate has ended".to_owned(),
                (0, _) => format!("{ended} devices' certificates have ended"),
                (_, 0) => ending,
                (_, 1) => format!("{ending}, and 1 has ended"),
                _ => format!("{ending}, and {ended} have ended"),
            };
            alarms.push((kind, "devices".into(), format!("{text}: phonebox ca expiring")));
        }
        let write = self.0.db.write(move |tx| {
            for (_, kind) in &STEPS {
                let open = alarms.iter().filter(|(known, ..)| known == kind).map(|(_, object, _)| object.as_str());
                alarms::store::close_kind_but(tx, kind, &open.collect::<Vec<_>>(), now)?;
            }
            for (kind, object, text) in &alarms {
                alarms::store::raise(tx, BOX_ACCOUNT, kind, object, text, now)?;
            }
            Ok::<_, CaError>(())
        });
        write.await
    }
}

fn in_days(days: i64) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}
