//! What needs a hand: told once per object, until somebody closes it or the cause is settled.

pub mod api;
pub mod store;

use crate::clock;
use crate::db::{Db, Error};

/// Closes an alarm whose cause is gone. Writes nothing when it is not open.
pub async fn settle(db: &Db, kind: &'static str, object: &'static str) -> Result<(), Error> {
    if db.read(|conn| store::is_open(conn, kind, object))? {
        db.write(move |tx| store::close_kind(tx, kind, object, clock::now())).await?;
    }
    Ok(())
}
