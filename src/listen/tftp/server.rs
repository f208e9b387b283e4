//! One loop over the request port, the transfers, the handlers at work and the clock.
//!
//! It runs on one thread: a window costs microseconds, so one core carries several gigabit links, and what a transfer
//! costs is system calls, not thinking. A handler that is ready at once is answered in the same turn; one that waits
//! is waited for beside everything else. A handler that blocks its thread would block the transfers with it.

use super::handling::{AtWork, Done, survive};
use super::options::Asked;
use super::packet::{ErrorCode, Packet};
use super::request::understand;
use super::socket::{Channel, Datagram, Door, Local, Ports};
use super::source::{Body, Source};
use super::table::{Room, Row, Table};
use super::transfer::{Heard, Transfer};
use super::{Answer, Failure, Limits, Mode, Outcome, Read, Refused, Why};
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::future::poll_fn;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::io::unix::AsyncFd;
use tokio::time::sleep_until;

/// Requests are short; what is longer is refused unread.
const REQUEST_MAX: usize = 1536;
/// Requests taken per turn before the transfers have theirs.
const REQUESTS_PER_TURN: usize = 32;
const DOOR: u64 = u64::MAX;
const LONGEST_MESSAGE: usize = 200;

pub struct Server {
    door: Door,
    limits: Limits,
}

impl Server {
    pub fn bind(address: SocketAddr, limits: Limits) -> io::Result<Server> {
        Server::new(UdpSocket::bind(address)?, limits)
    }

    /// On a socket that is bound already. `[::]` takes IPv4 as well.
    pub fn new(socket: UdpSocket, limits: Limits) -> io::Result<Server> {
        Ok(Server { door: Door::new(socket)?, limits })
    }

    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.door.local_addr()
    }

    /// Serves until `shutdown` is ready and the transfers of that moment have ended or used up their grace.
    ///
    /// `handler` gives the answer and what to call with its outcome; `refused` hears of packets that no handler saw.
    pub async fn run<H, F, D, O>(self, handler: H, refused: O, shutdown: impl Future<Output = ()>) -> io::Result<()>
    where
        H: Fn(Read) -> F,
        F: Future<Output = (Answer, D)>,
        D: FnOnce(Outcome),
        O: Fn(Refused),
    {
        // SAFETY: `Ports` owns its descriptor, never changes it and closes it only when dropped.
        let ports = unsafe { AsyncFd::register(Ports::new()?)? };
        ports.get_ref().add(&self.door, DOOR)?;
        let mut serving = Serving {
            door: self.door,
            limits: self.limits,
            ports,
            table: Table::new(),
            handler,
            refused,
            at_work: FuturesUnordered::new(),
            fingerprints: RandomState::new(),
            buffer: vec![0; REQUEST_MAX],
            packets: Vec::new(),
            wake: None,
        };
        serving.run(shutdown).await
    }
}

struct Serving<H, F, D, O> {
    door: Door,
    limits: Limits,
    ports: AsyncFd<Ports>,
    table: Table<State<D>>,
    handler: H,
    refused: O,
    at_work: FuturesUnordered<AtWork<F>>,
    fingerprints: RandomState,
    buffer: Vec<u8>,
    packets: Vec<u8>,
    /// No deadline of any transfer is earlier.
    wake: Option<Instant>,
}

enum State<D> {
    /// The handler thinks.
    Asked {
        fingerprint: u64,
        mode: Mode,
        asked: Asked,
        local: Option<Local>,
    },
    Sending(Box<Sending<D>>),
}

struct Sending<D> {
    fingerprint: u64,
    channel: Channel,
    transfer: Transfer,
    report: D,
    timeout: Duration,
    deadline: Instant,
    progressed: Instant,
    tries: u32,
}

impl<H, F, D, O> Serving<H, F, D, O>
where
    H: Fn(Read) -> F,
    F: Future<Output = (Answer, D)>,
    D: FnOnce(Outcome),
    O: Fn(Refused),
{
    async fn run(&mut self, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let mut shutdown = pin!(shutdown);
        let mut stop_at = None;
        let mut keys = Vec::with_capacity(Ports::BATCH);
        while stop_at.is_none() || !self.table.is_empty() {
            tokio::select! {
                ready = self.ports.readable() => {
                    let mut ready = ready?;
                    ready.get_inner().ready(&mut keys)?;
                    if keys.is_empty() {
                        ready.clear_ready();
                    }
                    drop(ready);
                    let now = Instant::now();
                    for &key in &keys {
                        match key {
                            DOOR => self.requests(now).await,
                            row => self.packet(row as usize, now),
                        }
                    }
                }
                Some(done) = self.at_work.next(), if !self.at_work.is_empty() => self.answer(done, Instant::now()),
                () = until(self.wake), if self.wake.is_some() => self.deadlines(Instant::now()),
                () = &mut shutdown, if stop_at.is_none() => {
                    self.ports.get_ref().remove(&self.door)?;
                    stop_at = Some(Instant::now() + self.limits.grace);
                }
                () = until(stop_at), if stop_at.is_some() => break,
            }
        }
        for row in self.table.rows().map(|(row, _)| row).collect::<Vec<_>>() {
            self.fail(row, Failure::Stopped, "the server stops", Instant::now());
        }
        Ok(())
    }

    async fn requests(&mut self, now: Instant) {
        for _ in 0..REQUESTS_PER_TURN {
            let mut buffer = std::mem::take(&mut self.buffer);
            let received = self.door.receive(&mut buffer);
            if let Ok(datagram) = &received {
                self.request(buffer.get(..datagram.length).unwrap_or_default(), datagram, now).await;
            }
            self.buffer = buffer;
            if received.is_err() {
                return;
            }
        }
    }

    async fn request(&mut self, bytes: &[u8], datagram: &Datagram, now: Instant) {
        let &Datagram { peer, local, cut, .. } = datagram;
        let (request, mode, asked) = match understand(bytes, cut) {
            Ok(understood) => understood,
            Err((why, file)) => return self.refuse(peer, local, why, file),
        };
        let fingerprint = self.fingerprints.hash_one(bytes);
        if self.is_repeated(peer, fingerprint, now) {
            return;
        }
        match self.table.room(peer.ip(), self.limits.transfers, self.limits.per_source) {
            Room::Free => {}
            Room::InPlaceOf(row) => self.finish(row, Some(Failure::Displaced), now),
            Room::None => return self.refuse(peer, local, Why::Busy, request.file),
        }
        let row = self.table.insert(peer, now, State::Asked { fingerprint, mode, asked, local });
        let read = Read { peer, local: local.map(|local| local.address), file: request.file.to_vec(), mode };
        let file = read.file.clone();
        let mut at_work = match survive(|| Box::pin((self.handler)(read))) {
            Some(future) => AtWork { row, file, future },
            None => return self.answer(Done { row, file, answer: None }, now),
        };
        match poll_fn(|context| Poll::Ready(Pin::new(&mut at_work).poll(context))).await {
            Poll::Ready(done) => self.answer(done, now),
            Poll::Pending => self.at_work.push(at_work),
        }
    }

    fn refuse(&self, peer: SocketAddr, local: Option<Local>, why: Why, file: &[u8]) {
        if let Some(code) = why.code() {
            self.door.send_error(peer, local, code, &why.to_string());
        }
        tell(&self.refused, Refused { peer, local: local.map(|local| local.address), file: file.to_vec(), why });
    }

    /// A client's datagram may arrive twice, or once more because our first packet was lost: that is one request, and
    /// a second port for it would leave the client talking to the first. Anything else from its port ends what ran.
    fn is_repeated(&mut self, peer: SocketAddr, fingerprint: u64, now: Instant) -> bool {
        let retransmits = self.limits.retransmits;
        let Some(index) = self.table.by_peer(peer) else { return false };
        // Its last acknowledgement may lie unread on the transfer's port: a client that asks for file after file.
        self.packet(index, now);
        let Some(row) = self.table.get(index) else { return false };
        match &mut row.state {
            // The older handler runs on; its answer finds a newer row and is dropped.
            State::Asked { fingerprint: known, .. } => *known == fingerprint,
            State::Sending(sending) if row.expendable && sending.fingerprint == fingerprint => {
                if sending.tries < retransmits {
                    sending.tries += 1;
                    sending.transfer.go_back();
                    self.send(index, now);
                }
                true
            }
            State::Sending(_) => {
                self.finish(index, Some(Failure::Replaced), now);
                false
            }
        }
    }

    fn answer(&mut self, done: Done<(Answer, D)>, now: Instant) {
        let index = done.row;
        let Some(row) = self.table.get(index) else { return };
        let (peer, arrived) = (row.peer, row.arrived);
        let &mut State::Asked { fingerprint, mode, asked, local } = &mut row.state else { return };
        let Some((answer, report)) = done.answer else {
            self.table.remove(index);
            return self.refuse(peer, local, Why::Panicked, &done.file);
        };
        if row.superseded {
            self.table.remove(index);
            return tell(report, unsent(now.saturating_duration_since(arrived), Some(Failure::Replaced)));
        }
        let body = match answer {
            Answer::Bytes(bytes) => Body::Bytes(bytes),
            Answer::File { file, length } => Body::File { file, length },
            Answer::NotFound | Answer::Refused(_) | Answer::Silence => {
                match answer {
                    Answer::Refused(why) => self.door.send_error(peer, local, ErrorCode::ACCESS, why),
                    Answer::NotFound => self.door.send_error(peer, local, ErrorCode::NOT_FOUND, "File not found"),
                    _ => {}
                }
                self.table.remove(index);
                return tell(report, unsent(now.saturating_duration_since(arrived), None));
            }
        };
        let source = Source::new(body, mode);
        let size = if asked.transfer_size() { source.wire_size() } else { None };
        let agreed = asked.agree(self.limits.block_size_max(peer), self.limits.window, size);
        let transfer = Transfer::new(source, agreed);
        let opened = Channel::open(local, peer)
            .and_then(|channel| self.ports.get_ref().add(&channel, index as u64).map(|()| channel));
        let channel = match opened {
            Ok(channel) => channel,
            Err(error) => {
                // Silence: the client asks again, and by then a port may be free.
                self.table.remove(index);
                return tell(report, unsent(now.saturating_duration_since(arrived), Some(Failure::Io(error.kind()))));
            }
        };
        let timeout = agreed.timeout().map_or(self.limits.timeout, |seconds| Duration::from_secs(seconds.into()));
        let sending =
            Sending { fingerprint, channel, transfer, report, timeout, deadline: now, progressed: now, tries: 0 };
        row.state = State::Sending(Box::new(sending));
        row.expendable = true;
        self.send(index, now);
    }

    /// Something lies on a transfer's port.
    fn packet(&mut self, index: usize, now: Instant) {
        let Some(row) = self.table.get(index) else { return };
        let State::Sending(sending) = &mut row.state else { return };
        let mut buffer = [0; REQUEST_MAX];
        let Ok((length, from)) = sending.channel.receive(&mut buffer) else { return };
        let packet = Packet::parse(buffer.get(..length).unwrap_or_default());
        if from != row.peer {
            // RFC 1350 §4: tell the stranger, leave the transfer alone. Errors are never answered with errors.
            if !matches!(packet, Err(_) | Ok(Packet::Error { .. })) {
                sending.channel.send_error(from, ErrorCode::UNKNOWN_TRANSFER, "Unknown transfer ID");
            }
            return;
        }
        match packet {
            Ok(Packet::Ack(block)) => match sending.transfer.acknowledge(block) {
                Ok(Heard::Nothing) => {}
                Ok(Heard::Progress) => {
                    row.expendable = false;
                    sending.tries = 0;
                    sending.progressed = now;
                    self.send(index, now);
                }
                Ok(Heard::Complete) => self.finish(index, None, now),
                Err(error) => self.fail(index, Failure::Io(error.kind()), "the file cannot be read", now),
            },
            Ok(Packet::Error { code, message }) => {
                let message = String::from_utf8_lossy(message).chars().take(LONGEST_MESSAGE).collect();
                self.finish(index, Some(Failure::Peer { code: code.0, message }), now);
            }
            _ => {}
        }
    }

    /// Sends what is due and sets the clock.
    fn send(&mut self, index: usize, now: Instant) {
        let Some(State::Sending(sending)) = self.table.get(index).map(|row| &mut row.state) else { return };
        match sending.transfer.pack(&mut self.packets) {
            Ok(size) => sending.channel.send(&self.packets, size),
            Err(error) => return self.fail(index, Failure::Io(error.kind()), "the file cannot be read", now),
        }
        let patience = sending.timeout.saturating_mul(1 << sending.tries.min(16));
        sending.deadline = (now + patience.min(self.limits.idle)).min(sending.progressed + self.limits.idle);
        self.wake = sooner(self.wake, sending.deadline);
    }

    /// The table is small and deadlines lie a second apart: looking through it is cheaper than keeping it sorted.
    fn deadlines(&mut self, now: Instant) {
        let mut due = Vec::new();
        self.wake = None;
        for (index, row) in self.table.rows() {
            match &row.state {
                State::Sending(sending) if sending.deadline <= now => due.push(index),
                State::Sending(sending) => self.wake = sooner(self.wake, sending.deadline),
                State::Asked { .. } => {}
            }
        }
        for index in due {
            let Some(State::Sending(sending)) = self.table.get(index).map(|row| &mut row.state) else { continue };
            if sending.tries >= self.limits.retransmits || now >= sending.progressed + self.limits.idle {
                self.finish(index, Some(Failure::TimedOut), now);
            } else {
                sending.tries += 1;
                sending.transfer.go_back();
                self.send(index, now);
            }
        }
    }

    /// Ends a transfer with a word to the client.
    fn fail(&mut self, index: usize, failure: Failure, message: &str, now: Instant) {
        if let Some(Row { peer, state: State::Sending(sending), .. }) = self.table.get(index) {
            sending.channel.send_error(*peer, ErrorCode::OTHER, message);
        }
        self.finish(index, Some(failure), now);
    }

    /// A row whose handler is still at work leaves without a report: the handler has not given one yet.
    fn finish(&mut self, index: usize, failure: Option<Failure>, now: Instant) {
        if let Some(Row { arrived, state: State::Sending(sending), .. }) = self.table.remove(index) {
            let outcome = Outcome {
                bytes_acknowledged: sending.transfer.bytes_acknowledged(),
                complete: failure.is_none(),
                duration: now.saturating_duration_since(arrived),
                retransmits: sending.transfer.retransmits(),
                failure,
            };
            tell(sending.report, outcome);
        }
    }
}

impl Limits {
    fn block_size_max(&self, peer: SocketAddr) -> u16 {
        let ip = if peer.is_ipv4() { 20 } else { 40 };
        let (udp, tftp) = (8, 4);
        self.mtu.saturating_sub(ip + udp + tftp).max(8)
    }
}

/// An answer that opened no transfer.
fn unsent(duration: Duration, failure: Option<Failure>) -> Outcome {
    Outcome { bytes_acknowledged: 0, complete: false, duration, retransmits: 0, failure }
}

/// What the listener of an end does is its own affair, a panic included.
fn tell<T>(listener: impl FnOnce(T), what: T) {
    let _ = survive(|| listener(what));
}

fn sooner(wake: Option<Instant>, deadline: Instant) -> Option<Instant> {
    Some(wake.map_or(deadline, |wake| wake.min(deadline)))
}

async fn until(instant: Option<Instant>) {
    if let Some(instant) = instant {
        sleep_until(instant.into()).await;
    }
}
