//! Revocation: final, by certificate or of everything a holder has, and in force when the commit is.

use super::serial::Serial;
use super::{Ca, CaError, Lazy, store};
use crate::audit;
use crate::db::BOX_ACCOUNT;
use crate::net::Mac;
use rcgen::RevocationReason;

/// RFC 5280, 5.3.1, without what has no meaning for a revocation that is final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    Unspecified,
    KeyCompromise,
    CaCompromise,
    AffiliationChanged,
    Superseded,
    CessationOfOperation,
    PrivilegeWithdrawn,
}

static REASONS: [(&str, Reason, RevocationReason); 7] = [
    ("unspecified", Reason::Unspecified, RevocationReason::Unspecified),
    ("key-compromise", Reason::KeyCompromise, RevocationReason::KeyCompromise),
    ("ca-compromise", Reason::CaCompromise, RevocationReason::CaCompromise),
    ("affiliation-changed", Reason::AffiliationChanged, RevocationReason::AffiliationChanged),
    ("superseded", Reason::Superseded, RevocationReason::Superseded),
    ("cessation-of-operation", Reason::CessationOfOperation, RevocationReason::CessationOfOperation),
    ("privilege-withdrawn", Reason::PrivilegeWithdrawn, RevocationReason::PrivilegeWithdrawn),
];

impl Reason {
    pub fn words() -> impl Iterator<Item = &'static str> {
        REASONS.iter().map(|(word, ..)| *word)
    }

    /// Its word here, or as RFC 5280 spells it: `keyCompromise`, `cACompromise`.
    pub fn of_word(word: &str) -> Option<Reason> {
        let letters = |word: &str| word.replace('-', "").to_ascii_lowercase();
        REASONS.iter().find(|(known, ..)| letters(known) == letters(word)).map(|(_, reason, _)| *reason)
    }

    fn row(self) -> (&'static str, RevocationReason) {
        let found = REASONS.iter().find(|(_, reason, _)| *reason == self);
        found.map_or(("unspecified", RevocationReason::Unspecified), |(word, _, code)| (word, *code))
    }

    pub fn word(self) -> &'static str {
        self.row().0
    }

    pub(super) fn code(self) -> RevocationReason {
        self.row().1
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    pub authority: i64,
    /// Milliseconds since the Unix epoch.
    pub at: i64,
    pub reason: Reason,
}

/// What is to be revoked.
pub enum Revoke {
    Certificate(Serial),
    /// Everything that a holder has: "revoke all keys" (PGS-010). None is issued any more before somebody says so (PGS-011).
    All(Mac),
    /// Everything that these had before they were let in again.
    Past(Vec<Mac>),
    /// The same for a holder that is no device.
    AllOf(String),
}

/// What a certificate's serial means today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Good,
    Revoked {
        at: i64,
        reason: Reason,
    },
    /// Never issued here.
    Unknown,
}

impl Lazy {
    /// Devices that are let in again have lost their keys or never had them: what was issued to them ends.
    pub async fn let_go(&self, macs: &[Mac], by: &str, now: i64) -> Result<(), CaError> {
        let held = self.db.read(|conn| {
            let mut held = Vec::new();
            for mac in macs {
                if store::has_certificates(conn, *mac)? {
                    held.push(*mac);
                }
            }
            Ok::<_, CaError>(held)
        })?;
        if !held.is_empty() {
            self.get(now).await?.revoke(Revoke::Past(held), Reason::Superseded, by, now).await?;
        }
        Ok(())
    }
}

impl Ca {
    /// Revokes. When this returns it is on disk and in force: the next handshake, OCSP answer and CRL say so. Answers
    /// which certificates were revoked now; one that was revoked before stays as it was.
    pub async fn revoke(&self, what: Revoke, reason: Reason, by: &str, now: i64) -> Result<Vec<Serial>, CaError> {
        let last = match &what {
            Revoke::All(mac) => Some(*mac),
            _ => None,
        };
        let of = |holder: String| (store::Which::Holder(holder.clone()), holder);
        let all = match what {
            Revoke::Certificate(serial) => vec![(store::Which::Serial(serial), serial.to_string())],
            Revoke::All(mac) => vec![of(mac.to_string())],
            Revoke::Past(macs) => macs.iter().map(|mac| of(mac.to_string())).collect(),
            Revoke::AllOf(holder) => vec![of(holder)],
        };
        let may_be_own = all
            .iter()
            .any(|(which, _)| !matches!(which, store::Which::Holder(holder) if holder.parse::<Mac>().is_ok()));
        let by = by.to_owned();
        let _one_at_a_time = self.0.change.lock().await;
        let revoked = self
            .0
            .db
            .write(move |tx| {
                let mut ended = Vec::new();
                for (which, object) in all {
                    let revoked = store::revoke(tx, &which, reason, &by, now)?;
                    if !revoked.is_empty() {
                        let detail = format!("{} certificates, {}", revoked.len(), reason.word());
                        audit::store::note(tx, BOX_ACCOUNT, &by, "certificate.revoke", object, Some(detail), now)?;
                    }
                    ended.extend(revoked);
                }
                if let Some(mac) = last {
                    store::no_more_keys(tx, mac, &by, now)?;
                }
                Ok::<_, CaError>(ended)
            })
            .await?;
        if !revoked.is_empty() {
            self.note_revoked(&revoked, reason, now);
            self.note_end(now, now);
            self.publish_lists(now).await?;
            // It is revoked; a certificate that cannot be signed anew is no reason to say otherwise.
            if may_be_own && let Err(error) = self.replace_own(now).await {
                tracing::error!(%error, "the box's own certificates could not be made anew");
            }
        }
        Ok(revoked)
    }

    /// What the box shows itself, where it is revoked. The lock is held.
    async fn replace_own(&self, now: i64) -> Result<(), CaError> {
        self.show_server(now, false).await?;
        // When nobody has asked for it yet, whoever is the first to finds that.
        if self.0.registration.load().is_some() {
            self.show_registration(now).await?;
        }
        Ok(())
    }

    /// What a serial means, from memory.
    pub fn status(&self, serial: &[u8]) -> Status {
        let Some(serial) = Serial::of(serial) else { return Status::Unknown };
        match self.snapshot().revoked.get(&serial) {
            Some(revocation) => Status::Revoked { at: revocation.at, reason: revocation.reason },
            None if self.issued().contains_key(&serial) => Status::Good,
            None => Status::Unknown,
        }
    }

    /// The same for a serial of one authority: its name as DER, as a certificate's issuer field holds it. What is over
    /// too is asked of the disk: revoked is final.
    pub fn status_under(&self, issuer: &[u8], serial: &[u8]) -> Result<Status, CaError> {
        let Some(serial) = Serial::of(serial) else { return Ok(Status::Unknown) };
        let by = self.issued().get(&serial).copied();
        let snapshot = self.snapshot();
        let ours = snapshot.authorities.iter().any(|known| Some(known.id) == by && known.parsed.subject == issuer);
        Ok(match self.status(serial.as_slice()) {
            _ if !ours => Status::Unknown,
            Status::Good => match self.0.db.read(|conn| store::revocation(conn, &serial))? {
                Some(revocation) => Status::Revoked { at: revocation.at, reason: revocation.reason },
                None => Status::Good,
            },
            known => known,
        })
    }
}
