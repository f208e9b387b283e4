//! Look-ups that find nothing: counted, told, and kept from crowding out what must be remembered.

use super::budget::Verdict;
use super::pipeline::Pipeline;
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

impl Pipeline {
    pub(super) fn count_failure(&self, peer: IpAddr, now: i64) {
        const EVERYWHERE: u64 = 1_000;
        let minute = (now / 60_000) as u64;
        let [seen, count] = &self.everywhere;
        if seen.swap(minute, Ordering::Relaxed) != minute {
            count.store(0, Ordering::Relaxed);
        }
        if count.fetch_add(1, Ordering::Relaxed) == EVERYWHERE {
            let text = format!("More than {EVERYWHERE} failed look-ups within a minute, from many addresses");
            self.tell("mac-guessing", "everywhere".into(), text, now);
        }
        if self.budget.failed(peer, now) == Verdict::Exhausted {
            let text = format!("Too many failed look-ups from {peer} within a minute: somebody guesses MAC addresses");
            self.tell("mac-guessing", peer.to_string(), text, now);
        }
    }

    /// Strangers wait while more of them ask than the disk can note, for two seconds at most.
    pub(super) async fn hold_back(&self) {
        const STEP: Duration = Duration::from_millis(50);
        for _ in 0..40 {
            if !self.recorder.is_crowded() {
                return;
            }
            tokio::time::sleep(STEP).await;
        }
    }
}
