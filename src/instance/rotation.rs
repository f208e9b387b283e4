//! A new sealing key: everything sealed is sealed anew in one transaction, then the old key is forgotten.
//!
//! A crash on the way loses nothing: until the transaction is on disk the key file holds both keys.

use super::store::{self, Sealed};
use crate::db::{Db, Error};
use crate::seal::{Keyring, SealError};
use crate::users::Actor;
use crate::{audit, clock};
use std::path::Path;

/// systemd hands a copy of the key to each run of the service: what is written there is gone with it.
pub fn is_lent(key: &Path) -> bool {
    std::env::var_os("CREDENTIALS_DIRECTORY").is_some_and(|lent| key.starts_with(lent))
}

/// Answers how many values were sealed anew.
pub async fn rotate(db: &Db, keys: &Keyring, actor: Actor) -> Result<u64, Error> {
    let ring = keys.clone();
    let count = db
        .write(move |tx| {
            // On the writer's thread: what was sealed with the old key is in the tables, or comes after this with the
            // new one.
            ring.add()?;
            let mut count = 0;
            for sealed in Sealed::ALL {
                count += store::reseal(tx, sealed, |place, old| -> Result<Vec<u8>, SealError> {
                    ring.seal(place, &ring.open_bytes(place, old)?)
                })?;
            }
            let detail = Some(format!("{count} values sealed anew"));
            audit::store::write(tx, &actor, "key.rotate", "sealing key", detail, clock::now())?;
            Ok::<_, Error>(count)
        })
        .await?;
    keys.retire()?;
    Ok(count)
}
