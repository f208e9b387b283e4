//! What is done now and then: check-ins beyond their age or number go, in slices, so that nobody waits.

use crate::checkins::store;
use crate::config::CheckIns;
use crate::db::Db;
use std::time::Duration;
use tokio::sync::watch;

const EVERY: Duration = Duration::from_secs(600);
const DAY_MS: i64 = 86_400_000;

pub async fn run(db: Db, keep: CheckIns, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            _ = tokio::time::sleep(EVERY) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        let oldest = crate::clock::now() - i64::from(keep.days) * DAY_MS;
        let rows = i64::try_from(keep.rows).unwrap_or(i64::MAX);
        loop {
            match db.write_soon(move |tx| store::prune(tx, oldest, rows)).await {
                Ok(true) => tokio::task::yield_now().await,
                Ok(false) => break,
                Err(error) => {
                    tracing::warn!(%error, "old check-ins could not be removed");
                    break;
                }
            }
        }
    }
}
