//! What happened goes out: events become mails and deliveries, and both are sent, each by a task of its own, so that a
//! mail server that hangs keeps no program waiting.

use crate::clock;
use crate::db::{Db, Error};
use crate::seal::Keyring;
use crate::webhooks::Reach;
use crate::{mail, notify, webhooks};
use std::time::Duration;
use tokio::sync::watch;

const PAUSE: Duration = Duration::from_secs(1);
/// After an error of the box's own: its disk, for example.
const LONG_PAUSE: Duration = Duration::from_secs(15);

pub async fn run(db: Db, keys: Keyring, page: mail::Page, reach: Reach, stop: watch::Receiver<bool>) {
    tokio::join!(
        often(stop.clone(), || notify::pass_on(&db, &keys, &page, clock::now())),
        often(stop.clone(), || mail::send::next(&db, &keys, &page, clock::now())),
        often(stop, || webhooks::send::next(&db, &keys, &reach, clock::now())),
    );
}

/// At once again while there is something to do. A send that is cut off by the end of the process is made again.
async fn often<W: Future<Output = Result<bool, Error>>>(mut stop: watch::Receiver<bool>, work: impl Fn() -> W) {
    loop {
        let mut stopped = stop.clone();
        let pause = tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => return,
            done = work() => match done {
                Ok(true) => continue,
                Ok(false) => PAUSE,
                Err(error) => {
                    tracing::warn!(%error, "mails and webhooks wait");
                    LONG_PAUSE
                }
            },
        };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            _ = tokio::time::sleep(pause) => {}
        }
    }
}
