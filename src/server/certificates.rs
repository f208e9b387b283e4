//! Keeps the box's certificates right while it runs: a name or an address that is new is in them within seconds, one that
//! is gone no longer soon after, and what must be made now and then is made.

use super::interfaces;
use crate::ca::Ca;
use crate::clock;
use crate::config::Config;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How soon a new address is noticed. Looking costs some microseconds.
const LOOK: Duration = Duration::from_secs(2);
/// How long an address is away before it is gone: a link that flaps, a lease that is renewed and a network that comes up
/// after the box sign nothing.
const GONE: Duration = Duration::from_secs(10);
/// Revocation lists hold a week; alarms are of days. By the clock that they are dated with, also when that is set.
const TEND: i64 = 12 * 3_600_000;
/// How often at most it is told that something new ends soon.
const TELL: Duration = Duration::from_secs(60);

pub async fn run(ca: Ca, config: Config, mut stop: watch::Receiver<bool>) {
    let (mut known, mut tended, mut told) = (None, None, None);
    let (started, mut seen) = (Instant::now(), BTreeMap::new());
    loop {
        let now = clock::now();
        ca.saw(now);
        if tended.is_none_or(|at: i64| (now - at).abs() >= TEND) {
            tended = Some(now);
            if let Err(error) = ca.tend(now).await {
                tracing::error!(%error, "certificates could not be looked after");
            }
        }
        if told.is_none_or(|at: Instant| at.elapsed() >= TELL) && ca.has_untold_end() {
            told = Some(Instant::now());
            if let Err(error) = ca.tell_expiring(now).await {
                tracing::error!(%error, "what ends soon could not be told");
            }
        }
        let (names, addresses) = interfaces::certificate_subject(&config);
        seen.extend(addresses.into_iter().map(|address| (address, Instant::now())));
        seen.retain(|_, at| at.elapsed() < GONE);
        let addresses: Vec<IpAddr> = seen.keys().copied().collect();
        // Not even a loopback interface: the look failed, and nothing is gone by that.
        let is_all = started.elapsed() >= GONE && !interfaces::list().is_empty();
        let subject = (names, addresses, is_all);
        // Two thirds of a certificate's life pass in the hours as well.
        let hour = Some(now / 3_600_000);
        if known.as_ref() != Some(&(subject.clone(), hour)) {
            match ca.renew_server(&subject.0, &subject.1, subject.2, now).await {
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
