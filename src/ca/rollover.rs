//! A new root without a shock: it is made (or brought), given to phones beside the old one, and switched to when the
//! report says who holds it.

use super::authority::{self, Authority, State};
use super::{Ca, CaError, Snapshot, store};
use crate::audit;
use crate::db::{BOX_ACCOUNT, Connection};
use std::sync::Arc;

/// A step after which whoever trusts only the one root verifies this box no more: the two in words, and what to do first.
struct Step {
    trusted: &'static str,
    wanted: &'static str,
    next: &'static str,
}

const SWITCH: Step = Step {
    trusted: "the present root",
    wanted: "the next one",
    next: "See which hold it: phonebox ca rollover report --devices. Let the others fetch their files, or switch all the \
           same: phonebox ca rollover switch --force",
};
const FINISH: Step = Step {
    trusted: "the root before",
    wanted: "the present one",
    next: "See which hold it: phonebox ca rollover report --devices. Let the others fetch their files, or finish all the \
           same: phonebox ca rollover finish --force",
};

impl Step {
    /// Refused while a device is left behind, unless somebody says that it shall be so; that stands in the audit log.
    fn check(&self, conn: &Connection, one: Option<i64>, other: i64, force: bool) -> Result<Option<String>, CaError> {
        let left = one.map_or(Ok(0), |one| store::trusting_only(conn, one, other))?;
        if left > 0 && !force {
            let who = match left {
                1 => format!("1 device that trusts {} is", self.trusted),
                _ => format!("{left} devices that trust {} are", self.trusted),
            };
            return Err(CaError::rule(format!("{who} not known to hold {}.", self.wanted), self.next));
        }
        Ok((left > 0).then(|| format!("forced; devices not known to hold it: {left}")))
    }
}

impl Ca {
    /// Makes a second root and issuing CA. Phones get the root from now on; nothing is signed by it yet. Refused while the
    /// present root cannot vouch for it because its key was taken out, unless somebody says that it shall be so.
    pub async fn rollover_start(&self, by: &str, force: bool, now: i64) -> Result<(), CaError> {
        let _one_at_a_time = self.0.change.lock().await;
        self.refuse_second_next()?;
        let detail = self.refuse_unvouched(force)?;
        let options = self.0.options.clone();
        // Nobody else makes one meanwhile.
        let first = self.snapshot().authorities.iter().map(|known| known.id).max().unwrap_or(0) + 1;
        let made = tokio::task::spawn_blocking(move || authority::make_pair(&options, first)).await;
        let (root, issuing) = made.map_err(|_| crate::db::Error::Stopped)??;
        let crossed = match self.current() {
            Some(current) => authority::cross(&root, &current.root, &self.0.options)?,
            None => None,
        };
        let (keys, by) = (self.0.keys.clone(), by.to_owned());
        let write = self.0.db.write(move |tx| {
            let mut rows = authority::new_pair(&root, &issuing, first, State::Next, &keys, now)?;
            rows[0].crossed = crossed;
            for row in &rows {
                store::insert_authority(tx, row)?;
            }
            let object = super::fingerprint(&root.der);
            audit::store::note(tx, BOX_ACCOUNT, &by, "ca.rollover-start", object, detail, now).map_err(CaError::from)
        });
        write.await?;
        self.reload(now).await
    }

    /// The next root signs from now on: servers show certificates below it with the next handshake. What the old one
    /// signed stays good until it ends or is revoked. Refused while a device that trusts the present root is not known to
    /// hold the next one, unless somebody says that it shall be so.
    pub async fn rollover_switch(&self, by: &str, force: bool, now: i64) -> Result<(), CaError> {
        let _one_at_a_time = self.0.change.lock().await;
        let next = self.the_next()?.id;
        // Until now a cancelled roll-over could be begun again with the same certificate.
        let is_used = match (self.snapshot().next(), self.requested()?) {
            (Some(next), Some((_, key))) => super::import::is_key_of(&key, next.der()),
            _ => false,
        };
        let present = self.current().map(|current| current.root.id);
        let by = by.to_owned();
        let write = self.0.db.write(move |tx| {
            let detail = SWITCH.check(tx, present, next, force)?;
            store::switch(tx)?;
            if is_used {
                store::forget(tx, store::REQUEST_KEY)?;
                store::forget(tx, store::REQUEST_NAME)?;
            }
            audit::store::note(tx, BOX_ACCOUNT, &by, "ca.rollover-switch", "ca", detail, now).map_err(CaError::from)
        });
        write.await?;
        self.0.registration.store(None);
        self.reload(now).await
    }

    /// The old root is no longer given to phones, and what it says of the new one no longer shown: whoever trusts only the
    /// old one is left behind. Refused while a device is known to, unless somebody says that it shall be so.
    pub async fn rollover_finish(&self, by: &str, force: bool, now: i64) -> Result<(), CaError> {
        let _one_at_a_time = self.0.change.lock().await;
        let by = by.to_owned();
        let of = |state| self.snapshot().roots().into_iter().find(|root| root.state == state).map(|root| root.id);
        let (before, present) = (of(State::Old), of(State::Current).ok_or(CaError::damaged("CA"))?);
        let write = self.0.db.write(move |tx| {
            let finished = store::forget_crossings(tx)?;
            if finished {
                let detail = FINISH.check(tx, before, present, force)?;
                audit::store::note(tx, BOX_ACCOUNT, &by, "ca.rollover-finish", "ca", detail, now)?;
            }
            Ok::<_, CaError>(finished)
        });
        match write.await? {
            true => self.reload(now).await,
            false => Err(CaError::rule(
                "No root carries over phones that trust only the one before it.",
                "A roll-over that is begun with the old root's key in the box does.",
            )),
        }
    }

    /// Forgets the next root. It has signed nothing.
    pub async fn rollover_cancel(&self, by: &str, now: i64) -> Result<(), CaError> {
        let _one_at_a_time = self.0.change.lock().await;
        self.the_next()?;
        let by = by.to_owned();
        let write = self.0.db.write(move |tx| {
            store::remove_next(tx)?;
            audit::store::note(tx, BOX_ACCOUNT, &by, "ca.rollover-cancel", "ca", None, now).map_err(CaError::from)
        });
        write.await?;
        self.reload(now).await
    }

    /// A roll-over whose present root was made here and has its key elsewhere leaves behind who trusts only that.
    fn refuse_unvouched(&self, force: bool) -> Result<Option<String>, CaError> {
        let is_away = |root: &Authority| root.issuer().is_none() && root.origin == "made";
        match self.current() {
            Some(current) if is_away(&current.root) && !force => Err(CaError::rule(
                "The key of the present root is not in this box, so that root cannot vouch for the next one: phones \
                 that trust only the present one would be left behind by the switch.",
                "Put the root's key back first: phonebox ca root online --file FILE. Or start all the same: phonebox ca \
                 rollover start --force",
            )),
            Some(current) if is_away(&current.root) => {
                Ok(Some("forced; the present root does not vouch for it".into()))
            }
            _ => Ok(None),
        }
    }

    pub(super) fn refuse_second_next(&self) -> Result<(), CaError> {
        match self.snapshot().authorities.iter().any(|known| known.state == State::Next) {
            false => Ok(()),
            true => Err(CaError::rule(
                "There is a next root already.",
                "Switch to it, or forget it: phonebox ca rollover switch, phonebox ca rollover cancel",
            )),
        }
    }

    /// The root above what is to sign next.
    fn the_next(&self) -> Result<Arc<Authority>, CaError> {
        let snapshot = self.snapshot();
        let root = snapshot.next().map(|next| snapshot.root_of(next));
        root.ok_or_else(|| CaError::rule("There is no next root.", "Make one: phonebox ca rollover start"))
    }

    /// Takes what the tables say: after a change of the authorities. The lock is held.
    pub(super) async fn reload(&self, now: i64) -> Result<(), CaError> {
        let epoch = self.snapshot().epoch + 1;
        self.0.snapshot.store(Snapshot::load(&self.0.db, &self.0.keys, now, epoch)?.into());
        self.note_end(now, now);
        self.publish_lists(now).await?;
        let dir = self.0.db.path().parent().map(std::path::Path::to_path_buf).unwrap_or_default();
        if let Err(error) = self.publish_roots(&dir) {
            tracing::warn!(%error, "the file of the roots could not be written; the next start writes it");
        }
        self.show_server(now, true).await.map(drop)
    }
}
