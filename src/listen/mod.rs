//! Listeners: bytes of a wire → one [`crate::provision::Request`], an answer → bytes.
//!
//! Every listener has bounded concurrency, size limits, timeouts and a graceful stop. They decide nothing about a
//! phone: that is `provision`.

pub mod enroll;
mod form;
mod guard;
mod handshake;
pub mod http;
mod mapped;
mod ocsp;
mod pace;
pub mod proxy;
mod respond;
pub mod tftp;
pub mod tftp_front;

use crate::clock::now;
use crate::provision::{Delivered, Pipeline};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// How long a connection is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a whole request head.
    pub head: Duration,
    /// For a whole TLS handshake or PROXY header.
    pub handshake: Duration,
    /// For a whole upload.
    pub upload: Duration,
    /// For an answer that hardly moves.
    pub stalled: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        let seconds = Duration::from_secs;
        Patience { head: seconds(10), handshake: seconds(5), upload: seconds(30), stalled: seconds(30) }
    }
}

/// Deliveries that are being noted. The last ones are waited for when a listener stops: its thread takes them with it.
#[derive(Debug, Clone, Default)]
pub struct Notes(Rc<RefCell<JoinSet<()>>>);

impl Notes {
    fn add(&self, pipeline: Arc<Pipeline>, delivered: Delivered) {
        let mut running = self.0.borrow_mut();
        while running.try_join_next().is_some() {}
        running.spawn(async move { pipeline.delivered(delivered, now()).await });
    }

    async fn written(self) {
        self.0.take().join_all().await;
    }
}
