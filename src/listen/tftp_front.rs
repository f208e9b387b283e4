//! TFTP requests → the pipeline, its answers → TFTP. Decides nothing.
//!
//! A transfer is recorded when it has ended: only then is it known what the phone has.

use super::tftp::{Answer, Failure, Limits, Outcome, Read, Refused, Server, Why};
use super::{Notes, mapped};
use crate::checkins::{Reason, Transport};
use crate::clock::now;
use crate::net::unmap;
use crate::provision::{self, Kept, Method, Pipeline, Request};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

pub struct TftpListener(Server);

impl TftpListener {
    pub fn bind(address: SocketAddr, grace: Duration) -> io::Result<TftpListener> {
        Ok(TftpListener(Server::bind(address, Limits { grace, ..Limits::default() })?))
    }

    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    pub fn start(
        self,
        pipeline: Arc<Pipeline>,
        mut stop: watch::Receiver<bool>,
    ) -> io::Result<std::thread::JoinHandle<()>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("tftp".into()).spawn(move || {
            runtime.block_on(async move {
                let (answering, notes) = (pipeline.clone(), Notes::default());
                let noting = notes.clone();
                let handler = move |read: Read| answer(answering.clone(), noting.clone(), read);
                let observer = move |refused: Refused| observe(&pipeline, &refused);
                let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
                if let Err(error) = self.0.run(handler, observer, stopped).await {
                    tracing::error!(%error, "the TFTP listener ended");
                }
                notes.written().await;
            });
        })
    }
}

/// What has to be done when a transfer has ended.
type Ended = Box<dyn FnOnce(Outcome)>;

async fn answer(pipeline: Arc<Pipeline>, notes: Notes, read: Read) -> (Answer, Ended) {
    let path = provision::parse(&read.file);
    let origin = pipeline.origin(unmap(read.local.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))));
    let request = Request {
        transport: Transport::Tftp,
        method: Method::Get,
        verb: "RRQ",
        peer: unmap(read.peer.ip()),
        origin: &origin,
        path: &read.file,
        user_agent: None,
        authorization: None,
        client: None,
        can_make: false,
        now: now(),
    };
    let served = pipeline.serve(request, path.as_ref()).await;
    let kept = served.keep();
    let delivered = served.delivered;
    let (answer, status) = wire(&served.answer);
    let ended = move |outcome: Outcome| {
        let detail = outcome.failure.as_ref().map(Failure::to_string);
        pipeline.record_kept(&kept, status, outcome.bytes_acknowledged, detail.as_deref());
        if let Some(delivered) = delivered.filter(|_| outcome.complete) {
            notes.add(pipeline, delivered);
        }
    };
    (answer, Box::new(ended))
}

/// The status is the one that HTTP would have given, so that check-ins of both can be compared.
fn wire(answer: &provision::Answer) -> (Answer, u16) {
    match answer {
        provision::Answer::Document(document) => (Answer::Bytes(document.bytes.clone()), 200),
        provision::Answer::Bytes { bytes, .. } => (Answer::Bytes(bytes.clone()), 200),
        provision::Answer::File { path, file } => match mapped::map(path) {
            Ok(bytes) => (Answer::Bytes(bytes), 200),
            Err(error) => {
                tracing::error!(%error, file = %file.name, "a file of the store cannot be read");
                (Answer::Refused("not now"), 503)
            }
        },
        provision::Answer::Unavailable => (Answer::Refused("not now"), 503),
        _ => (Answer::NotFound, 404),
    }
}

fn observe(pipeline: &Pipeline, refused: &Refused) {
    let reason = match refused.why {
        Why::Write => Reason::Method,
        Why::Busy => Reason::Busy,
        _ => Reason::BadRequest,
    };
    pipeline.record_kept(
        &Kept::unread(Transport::Tftp, unmap(refused.peer.ip()), &refused.file, reason, now()),
        400,
        0,
        Some(&refused.why.to_string()),
    );
}
