//! Keeps the box's certificates right while it runs: a name or an address that is new is in them within seconds, and
//! what must be made now and then is made.

use super::interfaces;
use crate::ca::Ca;
use crate::clock;
use crate::config::Config;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How soon a new address is noticed. Looking costs some microseconds.
const LOOK: Duration = Duration::from_secs(2);
/// Revocation lists hold a week; alarms are of days.
const TEND: Duration = Duration::from_secs(12 * 3_600);

pub async fn run(ca: Ca, config: Config, mut stop: watch::Receiver<bool>) {
    let (mut known, mut tended) = (None, None);
    loop {
        let now = clock::now();
        ca.saw(now);
        if tended.is_none_or(|at: Instant| at.elapsed() >= TEND) {
            tended = Some(Instant::now());
            if let Err(error) = ca.tend(now).await {
                tracing::error!(%error, "certificates could not be looked after");
            }
        }
        let subject = interfaces::certificate_subject(&config);
        // Two thirds of a certificate's life pass in the hours as well.
        let hour = Some(now / 3_600_000);
        if known.as_ref() != Some(&(subject.clone(), hour)) {
            match ca.renew_server(&subject.0, &subject.1, now).await {
                Ok(shown_anew) => {
                    if shown_anew {
                        tracing::info!("the server's certificates were made anew");
                    }
                    known = Some((subject, hour));
                }
                Err(error) => tracing::error!(%error, "the server's certificates could not be made anew"),
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}
