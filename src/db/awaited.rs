//! Work that is done only as long as somebody waits for it.

use super::{Error, Result};
use std::sync::Arc;

/// Whether somebody still waits.
#[derive(Clone)]
pub struct Awaited(Arc<dyn Fn() -> bool + Send + Sync>);

impl Awaited {
    pub fn when(is_awaited: impl Fn() -> bool + Send + Sync + 'static) -> Awaited {
        Awaited(Arc::new(is_awaited))
    }

    pub fn is_awaited(&self) -> bool {
        (self.0)()
    }

    /// Fails as interrupted when nobody does.
    pub fn check(&self) -> Result<()> {
        let interrupted = || rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_INTERRUPT);
        if self.is_awaited() { Ok(()) } else { Err(rusqlite::Error::SqliteFailure(interrupted(), None).into()) }
    }
}

/// Long work (lists, exports) off the caller's thread, so that phones do not wait behind it. Whoever hangs up or asks
/// anew drops the future: then it is awaited no more.
pub async fn long<T, E>(work: impl FnOnce(&Awaited) -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    let span = tracing::Span::current();
    let asker = Arc::new(());
    let waiting = Arc::downgrade(&asker);
    let awaited = Awaited::when(move || waiting.strong_count() > 0);
    let outcome = tokio::task::spawn_blocking(move || span.in_scope(|| work(&awaited))).await;
    let outcome = outcome.unwrap_or_else(|_| Err(Error::Stopped.into()));
    drop(asker);
    outcome
}
