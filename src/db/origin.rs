//! On whose behalf a change is made: what the audit log says of a change besides the change itself.
//!
//! Set once around a request; every change of that task carries it, so that no handler can forget it.

use crate::seal;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

tokio::task_local! {
    static CURRENT: Arc<Origin>;
}

#[derive(Debug)]
pub struct Origin {
    /// Names the request in the log, in its answer and in the audit log.
    pub request: String,
    pub ip: Option<IpAddr>,
    /// Which place of the API was asked.
    pub path: Option<String>,
    /// By which door it came: `api`, `console`, `scep`, `est`, or `code` for an enrollment code.
    process: &'static str,
    who: OnceLock<Who>,
}

/// Whoever asks, once that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    pub name: String,
    /// Whose data it works with.
    pub account_id: i64,
    /// The account it belongs to.
    pub home_id: i64,
    /// An API key: its name is free, and may be a person's.
    pub is_key: bool,
}

impl Origin {
    pub fn new(ip: Option<IpAddr>, process: &'static str, path: Option<String>) -> Arc<Origin> {
        // Without randomness nothing else works either; a request without an id is still a request.
        let request = seal::random::<6>().map(|id| seal::hex(&id)).unwrap_or_default();
        Arc::new(Origin { request, ip, path, process, who: OnceLock::new() })
    }

    /// Runs work whose changes are made on this behalf.
    pub async fn scope<T>(self: Arc<Self>, work: impl Future<Output = T>) -> T {
        CURRENT.scope(self, work).await
    }

    /// Work that goes on when its request has been answered.
    pub fn keep<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
        let origin = Origin::current();
        async move {
            match origin {
                Some(origin) => origin.scope(work).await,
                None => work.await,
            }
        }
    }

    pub fn current() -> Option<Arc<Origin>> {
        CURRENT.try_with(Arc::clone).ok()
    }

    /// Who asks: it is found out once.
    pub fn is(&self, who: Who) {
        let _ = self.who.set(who);
    }

    /// The door; of an API key `key`, so that nobody takes it for a person of the same name.
    pub fn process(&self) -> &'static str {
        if self.who().is_some_and(|who| who.is_key) { "key" } else { self.process }
    }

    pub fn who(&self) -> Option<&Who> {
        self.who.get()
    }
}
