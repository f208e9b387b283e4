//! The phones' HTTP and HTTPS listeners: sockets, TLS handshakes, limits and a graceful stop.
//!
//! hyper speaks HTTP/1.1: title-case header names in a fixed order, because old phones parse heads by hand. Every
//! worker thread runs its own executor and takes connections from the same socket; whoever has the fewest serves it, so
//! that all threads work, and a request stays on one thread from its first byte to its answer.

use super::enroll::EnrollmentDoor;
use super::guard::Guarded;
use super::handshake;
use super::pace::Pace;
use super::proxy;
use super::respond::{self, Connection, Sent, Shown};
use super::{Notes, Patience};
use crate::ca::{Ca, Clients};
use crate::checkins::{Reason, Transport};
use crate::net::{Cidr, unmap};
use crate::provision::Pipeline;
use futures_util::FutureExt;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsRawFd;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::{JoinSet, LocalSet};
use tokio_rustls::TlsAcceptor;

const LARGEST_HEAD: usize = 32 * 1024;
/// When the kernel has no more handles: wait, do not spin (F16).
const BACK_OFF: Duration = Duration::from_millis(50);

/// What HTTPS needs: how to shake hands, and who judges the clients' certificates.
#[derive(Clone)]
pub struct Tls {
    pub config: Arc<rustls::ServerConfig>,
    pub clients: Clients,
}

pub struct HttpListener {
    pub socket: TcpListener,
    /// HTTPS when there is one.
    pub tls: Option<Tls>,
    /// Answers about certificates. `None`: this box has none.
    pub ca: Option<Ca>,
    pub trusted_proxies: Arc<[Cidr]>,
    /// Open at once; more wait in the kernel's queue.
    pub connections: usize,
    pub patience: Patience,
    /// Where certificates are given; none while the box has no authority.
    pub enrollment: Option<Arc<EnrollmentDoor>>,
}

impl HttpListener {
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Starts `workers` threads. They end, after their running answers, when `stop` says true.
    pub fn start(
        self,
        workers: usize,
        pipeline: Arc<Pipeline>,
        stop: watch::Receiver<bool>,
        grace: Duration,
    ) -> io::Result<Vec<JoinHandle<()>>> {
        self.socket.set_nonblocking(true)?;
        let transport = if self.tls.is_some() { Transport::Https } else { Transport::Http };
        let places = Arc::new(Semaphore::new(self.connections.max(1)));
        let (doors, rooms): (Vec<_>, Vec<_>) = (0..workers.max(1))
            .map(|_| {
                let (door, room) = mpsc::unbounded_channel();
                (Door { open: AtomicUsize::new(0), to: door }, room)
            })
            .unzip();
        let doors: Arc<[Door]> = doors.into();
        let mut threads = Vec::new();
        for (number, room) in rooms.into_iter().enumerate() {
            let worker = Worker {
                number,
                doors: doors.clone(),
                places: places.clone(),
                socket: self.socket.try_clone()?,
                tls: self.tls.clone().map(|tls| (TlsAcceptor::from(tls.config), tls.clients)),
                transport,
                ca: self.ca.clone(),
                proxies: self.trusted_proxies.clone(),
                patience: self.patience,
                pace: Pace::default(),
                pipeline: pipeline.clone(),
                enrollment: self.enrollment.clone(),
                stop: stop.clone(),
                grace,
            };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let name = format!("{}-{number}", transport.word());
            threads.push(std::thread::Builder::new().name(name).spawn(move || {
                LocalSet::new().block_on(&runtime, async move {
                    if let Err(error) = worker.run(room).await {
                        tracing::error!(%error, "a phone listener ended");
                    }
                });
            })?);
        }
        Ok(threads)
    }
}

/// A connection that another worker has taken from the socket.
type HandedOver = (std::net::TcpStream, SocketAddr, Place);

/// One worker as the others see it.
struct Door {
    open: AtomicUsize,
    to: mpsc::UnboundedSender<HandedOver>,
}

/// A connection's place: one of all that may be open, and one of its worker's.
struct Place {
    _one: OwnedSemaphorePermit,
    doors: Arc<[Door]>,
    number: usize,
}

impl Place {
    /// At the worker that has the fewest.
    fn new(one: OwnedSemaphorePermit, doors: &Arc<[Door]>, mine: usize) -> Place {
        let open = |number: usize| doors.get(number).map_or(usize::MAX, |door| door.open.load(Ordering::Relaxed));
        let least = (0..doors.len()).min_by_key(|number| (open(*number), *number != mine)).unwrap_or(mine);
        if let Some(door) = doors.get(least) {
            door.open.fetch_add(1, Ordering::Relaxed);
        }
        Place { _one: one, doors: doors.clone(), number: least }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(door) = self.doors.get(self.number) {
            door.open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

struct Worker {
    number: usize,
    doors: Arc<[Door]>,
    places: Arc<Semaphore>,
    socket: TcpListener,
    tls: Option<(TlsAcceptor, Clients)>,
    transport: Transport,
    ca: Option<Ca>,
    proxies: Arc<[Cidr]>,
    patience: Patience,
    pace: Pace,
    pipeline: Arc<Pipeline>,
    enrollment: Option<Arc<EnrollmentDoor>>,
    stop: watch::Receiver<bool>,
    grace: Duration,
}

impl Worker {
    async fn run(self, mut room: mpsc::UnboundedReceiver<HandedOver>) -> io::Result<()> {
        let socket = tokio::net::TcpListener::from_std(self.socket.try_clone()?)?;
        let mut stop = self.stop.clone();
        tokio::task::spawn_local(self.pace.clone().run());
        let this = Rc::new(self);
        let (mut open, notes) = (JoinSet::new(), Notes::default());
        let serve = |stream: TcpStream, peer, place: Place, open: &mut JoinSet<()>| {
            let (this, notes) = (this.clone(), notes.clone());
            open.spawn_local(async move {
                this.connection(stream, peer, notes).await;
                drop(place);
            });
        };
        loop {
            let accept = async {
                let one = this.places.clone().acquire_owned().await.map_err(io::Error::other)?;
                let (stream, peer) = socket.accept().await?;
                Ok((stream, peer, Place::new(one, &this.doors, this.number)))
            };
            let taken = tokio::select! {
                accepted = accept => accepted,
                Some((stream, peer, place)) = room.recv() => TcpStream::from_std(stream).map(|it| (it, peer, place)),
                Some(_) = open.join_next() => continue,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            match taken {
                Ok((stream, peer, place)) if place.number == this.number => serve(stream, peer, place, &mut open),
                Ok((stream, peer, place)) => {
                    if let (Some(door), Ok(stream)) = (this.doors.get(place.number), stream.into_std()) {
                        let _ = door.to.send((stream, peer, place));
                    }
                }
                Err(error) => {
                    if !matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) {
                        tracing::warn!(%error, "a connection could not be taken");
                        tokio::time::sleep(BACK_OFF).await;
                    }
                }
            }
        }
        drop(socket);
        while let Ok((stream, peer, place)) = room.try_recv() {
            serve(TcpStream::from_std(stream)?, peer, place, &mut open);
        }
        // Running answers finish and are noted; whoever is still there after the grace period is cut off with the thread.
        let _ = tokio::time::timeout(this.grace, async { while open.join_next().await.is_some() {} }).await;
        notes.written().await;
        Ok(())
    }

    async fn connection(&self, mut stream: TcpStream, peer: SocketAddr, notes: Notes) {
        let _ = stream.set_nodelay(true);
        let local = stream.local_addr().map_or(peer.ip(), |address| address.ip());
        let patience = self.patience.handshake;
        let mut connection = Connection {
            transport: self.transport,
            peer: unmap(peer.ip()),
            origin: self.pipeline.origin(local),
            client: None,
            patience: self.patience,
            notes,
            socket: stream.as_raw_fd(),
        };
        let mut forwarded = false;
        if proxy::is_trusted(connection.peer, &self.proxies) {
            match tokio::time::timeout(patience, proxy::read_header(&mut stream)).await {
                Ok(Ok(Some(client))) => connection.peer = unmap(client.ip()),
                // No PROXY header: an HTTP proxy says the peer in each request's head.
                Ok(Ok(None)) => forwarded = true,
                _ => return,
            }
        }
        let stream = Guarded::new(stream, self.patience);
        match &self.tls {
            None => self.http(stream, connection, forwarded).await,
            Some((acceptor, clients)) => {
                let accepted = self.pace.timeout(patience, acceptor.accept(stream)).await;
                let (reason, detail) = match accepted {
                    Some(Ok(stream)) => match Shown::of(&stream, clients) {
                        Ok(shown) => {
                            connection.client = shown;
                            return self.http(stream, connection, forwarded).await;
                        }
                        Err(error) => (Reason::Storage, error.to_string()),
                    },
                    Some(Err(error)) => handshake::failure(&error),
                    None => (Reason::TlsSlow, format!("not within {} s", patience.as_secs())),
                };
                self.pipeline.record_handshake(connection.peer, reason, &detail, crate::clock::now());
            }
        }
    }

    async fn http<T: AsyncRead + AsyncWrite + Unpin + 'static>(
        &self,
        stream: T,
        connection: Connection,
        forwarded: bool,
    ) {
        let pipeline = self.pipeline.clone();
        let connection = Rc::new(connection);
        let service = service_fn(|request: hyper::Request<hyper::body::Incoming>| {
            let (pipeline, ca, enrollment) = (pipeline.clone(), self.ca.as_ref(), self.enrollment.as_deref());
            let mut connection = connection.clone();
            if forwarded && let Some(peer) = proxy::forwarded_peer(connection.peer, &self.proxies, request.headers()) {
                connection = Rc::new(Connection { peer, ..(*connection).clone() });
            }
            async move {
                let answering = respond::respond(pipeline, ca, enrollment, &connection, request);
                Ok::<_, std::convert::Infallible>(survive(answering).await)
            }
        });
        let served = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.patience.head)
            // Some clients send no more after their request, and say so. What was asked is answered, and written down.
            .half_close(true)
            .title_case_headers(true)
            .max_buf_size(LARGEST_HEAD)
            .serve_connection(TokioIo::new(stream), service);
        let mut served = std::pin::pin!(served);
        let mut stop = self.stop.clone();
        let outcome = tokio::select! {
            outcome = served.as_mut() => outcome,
            _ = stop.wait_for(|stop| *stop) => {
                served.as_mut().graceful_shutdown();
                served.await
            }
        };
        if let Err(error) = outcome
            && error.is_parse()
        {
            self.pipeline.record_malformed(
                connection.transport,
                connection.peer,
                &error.to_string(),
                crate::clock::now(),
            );
        }
    }
}

/// F32: a panic costs its own request. Nothing is shared that it could leave half-done: every lock forgives.
async fn survive(answering: impl Future<Output = Response<Sent>>) -> Response<Sent> {
    let survived = AssertUnwindSafe(answering).catch_unwind().await;
    survived.unwrap_or_else(|_| respond::short(StatusCode::INTERNAL_SERVER_ERROR))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn fault_32_a_panic_is_answered_with_500() {
        let answer = survive(async { panic!("a bug") }).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
