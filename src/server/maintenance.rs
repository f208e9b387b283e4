//! What is done now and then: check-ins beyond their age or number go, in slices, so that nobody waits; phones that all
//! seem to come from one address are told of; the roll of devices is put away when nobody asks for it.

use crate::checkins::store;
use crate::config::Config;
use crate::db::{BOX_ACCOUNT, Db};
use crate::devices::roll::Roll;
use crate::enrollment::codes::store as codes;
use crate::{alarms, audit, mail, notify};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

const DAY_MS: i64 = 86_400_000;

pub async fn run(db: Db, roll: Arc<Roll>, config: Config, mut stop: watch::Receiver<bool>) {
    let (keep, every) = (config.checkins, Duration::from_secs(config.limits.upkeep_seconds.into()));
    loop {
        tokio::select! {
            _ = tokio::time::sleep(every) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        roll.rest(crate::clock::now());
        if let Err(error) = one_address(&db).await {
            tracing::warn!(%error, "the addresses of phones could not be looked at");
        }
        if let Err(error) = old_words(&db, config.audit.days, &stop).await {
            tracing::warn!(%error, "old entries of the audit log and old mails could not be removed");
        }
        let oldest = crate::clock::now() - i64::from(keep.days) * DAY_MS;
        let rows = i64::try_from(keep.rows).unwrap_or(i64::MAX);
        while !*stop.borrow() {
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

/// What was done, told and sent long ago.
async fn old_words(db: &Db, days: u32, stop: &watch::Receiver<bool>) -> Result<(), crate::db::Error> {
    let now = crate::clock::now();
    let oldest = now - i64::from(days) * DAY_MS;
    while !*stop.borrow() && db.write(move |tx| audit::store::prune(tx, oldest)).await? {}
    db.write(move |tx| {
        mail::store::prune(tx, now)?;
        codes::tidy(tx, now)?;
        notify::store::prune(tx, now)
    })
    .await
}

/// Behind a proxy or NAT that hides them, all phones share one budget and one network: somebody should know.
async fn one_address(db: &Db) -> Result<(), crate::db::Error> {
    const DEVICES: i64 = 5;
    const HOUR_MS: i64 = 3_600_000;
    let now = crate::clock::now();
    let seen = db.read_long(move |conn| store::sources(conn, now - HOUR_MS)).await?;
    let (1, DEVICES.., Some(peer)) = seen else { return Ok(()) };
    let text = "All phones seem to come from this one address. If it is a proxy, name it: trusted_proxies in the configuration";
    db.write(move |tx| alarms::store::raise(tx, BOX_ACCOUNT, "one-address", &peer, text, now)).await.map(drop)
}
