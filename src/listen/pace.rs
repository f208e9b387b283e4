//! Time as a worker can keep it: when the worker is behind with its work, this clock is too.
//!
//! Ten thousand phones that come back at once after a power cut all wait for the box: none of them is slow, and none may
//! be cut off for it. A peer that makes the box wait finds the clock on time.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::time::{sleep, timeout};

const TICK: Duration = Duration::from_millis(100);

#[derive(Clone, Default)]
pub struct Pace(Arc<AtomicU32>);

impl Pace {
    /// Runs as long as its worker. A tick that comes late is one tick all the same.
    pub async fn run(self) {
        loop {
            sleep(TICK).await;
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn now(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    /// What `work` came to; `None` when it took longer than `patience` by this clock.
    pub async fn timeout<T>(&self, patience: Duration, work: impl Future<Output = T>) -> Option<T> {
        let start = self.now();
        let mut work = pin!(work);
        let mut left = patience;
        while !left.is_zero() {
            if let Ok(done) = timeout(left, work.as_mut()).await {
                return Some(done);
            }
            left = patience.saturating_sub(TICK * self.now().wrapping_sub(start));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;
    use tokio::task::{LocalSet, spawn_local, yield_now};

    #[tokio::test]
    async fn a_busy_worker_gives_more_time() {
        let work = async {
            let pace = Pace::default();
            spawn_local(pace.clone().run());
            spawn_local(async {
                loop {
                    std::thread::sleep(2 * TICK); // The work of somebody else.
                    yield_now().await;
                }
            });
            let start = Instant::now();
            let outcome = pace.timeout(3 * TICK, std::future::pending::<()>()).await;
            assert!(outcome.is_none() && start.elapsed() >= 6 * TICK, "{:?}", start.elapsed());
        };
        LocalSet::new().run_until(work).await;
    }
}
