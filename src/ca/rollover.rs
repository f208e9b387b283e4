//! A new root without a shock: it is made (or brought), given to phones beside the old one, and switched to when the
//! report says who holds it.

use super::authority::{self, State};
use super::{Ca, CaError, Snapshot, store};
use crate::audit;
use crate::db::BOX_ACCOUNT;

impl Ca {
    /// Makes a second root and issuing CA. Phones get the root from now on; nothing is signed by it yet.
    pub async fn rollover_start(&self, by: &str, now: i64) -> Result<(), CaError> {
        let _one_at_a_time = self.0.change.lock().await;
        self.refuse_second_next()?;
        let options = self.0.options.clone();
        let made = tokio::task::spawn_blocking(move || authority::make_pair(&options)).await;
        let (root, issuing) = made.map_err(|_| crate::db::Error::Stopped)??;
        let crossed = match self.current() {
            Some(current) => authority::cross(&root, &current.root)?,
            None => None,
        };
        let (keys, by) = (self.0.keys.clone(), by.to_owned());
        let write = self.0.db.write(move |tx| {
            let first = tx.next_id("authority")?;
            let mut rows = authority::new_pair(&root, &issuing, first, State::Next, &keys, now)?;
            rows[0].crossed = crossed;
            for row in &rows {
                store::insert_authority(tx, row)?;
            }
            let object = super::fingerprint(&root.der);
            audit::store::note(tx, BOX_ACCOUNT, &by, "ca.rollover-start", object, None, now).map_err(CaError::from)
        });
        write.await?;
        self.reload(now).await
    }

    /// The next root signs from now on: servers show certificates below it with the next handshake. What the old one
    /// signed stays good until it ends or is revoked.
    pub async fn rollover_switch(&self, by: &str, now: i64) -> Result<(), CaError> {
        let _one_at_a_time = self.0.change.lock().await;
        self.the_next()?;
        let by = by.to_owned();
        let write = self.0.db.write(move |tx| {
            store::switch(tx)?;
            audit::store::note(tx, BOX_ACCOUNT, &by, "ca.rollover-switch", "ca", None, now).map_err(CaError::from)
        });
        write.await?;
        self.0.registration.store(None);
        self.reload(now).await
    }

    /// The old root is no longer given to phones, and what it says of the new one no longer shown: whoever trusts only the
    /// old one is left behind.
    pub async fn rollover_finish(&self, by: &str, now: i64) -> Result<(), CaError> {
        let _one_at_a_time = self.0.change.lock().await;
        let by = by.to_owned();
        let write = self.0.db.write(move |tx| {
            let finished = store::forget_crossings(tx)?;
            if finished {
                audit::store::note(tx, BOX_ACCOUNT, &by, "ca.rollover-finish", "ca", None, now)?;
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

    pub(super) fn refuse_second_next(&self) -> Result<(), CaError> {
        match self.snapshot().authorities.iter().any(|known| known.state == State::Next) {
            false => Ok(()),
            true => Err(CaError::rule(
                "There is a next root already.",
                "Switch to it, or forget it: phonebox ca rollover switch, phonebox ca rollover cancel",
            )),
        }
    }

    fn the_next(&self) -> Result<(), CaError> {
        match self.snapshot().authorities.iter().any(|known| known.state == State::Next && known.issues) {
            true => Ok(()),
            false => Err(CaError::rule("There is no next root.", "Make one: phonebox ca rollover start")),
        }
    }

    /// Takes what the tables say: after a change of the authorities. The lock is held.
    pub(super) async fn reload(&self, now: i64) -> Result<(), CaError> {
        let epoch = self.snapshot().epoch + 1;
        self.0.snapshot.store(Snapshot::load(&self.0.db, &self.0.keys, now, epoch)?.into());
        self.publish_lists(now).await?;
        let dir = self.0.db.path().parent().map(std::path::Path::to_path_buf).unwrap_or_default();
        if let Err(error) = self.publish_roots(&dir) {
            tracing::warn!(%error, "the file of the roots could not be written; the next start writes it");
        }
        self.show_server(now, true).await.map(drop)
    }
}
