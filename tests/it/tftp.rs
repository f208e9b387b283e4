//! The TFTP door, with real clients and with raw datagrams. Nothing here waits for a clock: short timeouts come in
//! through the limits, and "nothing was sent" is proved by what is sent next.

mod clients;
mod crowd;
mod options;
mod requests;
mod transfers;

use bytes::Bytes;
use phonebox::listen::tftp::{Answer, Limits, Outcome, Read, Refused, Server};
use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::pin::Pin;
use std::sync::mpsc::{self, Receiver};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// Nothing that is expected takes so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server in a thread of its own.
struct Tftp {
    address: SocketAddr,
    outcomes: Receiver<(Read, Outcome)>,
    refused: Receiver<Refused>,
    stop: Option<oneshot::Sender<()>>,
    stopping: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

type Handler = Box<dyn FnMut(&Read) -> Pin<Box<dyn Future<Output = Answer>>> + Send>;

impl Tftp {
    fn start(bind: &str, limits: Limits, handler: Handler) -> Tftp {
        let server = Server::bind(bind.parse().unwrap(), limits).unwrap();
        let address = server.local_addr().unwrap();
        let (outcome, outcomes) = mpsc::channel();
        let (refusal, refused) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let (noticed, stopping) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let handler = RefCell::new(handler);
            let handle = |read: Read| {
                let answer = (handler.borrow_mut())(&read);
                let outcome = outcome.clone();
                async move { (answer.await, move |ended: Outcome| drop(outcome.send((read, ended)))) }
            };
            let stopped = async {
                let _ = stopped.await;
                let _ = noticed.send(());
            };
            runtime.block_on(server.run(handle, |refused| drop(refusal.send(refused)), stopped)).unwrap();
        });
        Tftp { address, outcomes, refused, stop: Some(stop), stopping, thread: Some(thread) }
    }

    /// Serves these files, and "File not found" for all others.
    fn serving(limits: Limits, files: &[(&str, &[u8])]) -> Tftp {
        Tftp::start("127.0.0.1:0", limits, from_memory(files))
    }

    fn outcome(&self) -> (Read, Outcome) {
        self.outcomes.recv_timeout(PATIENCE).unwrap()
    }

    fn refusal(&self) -> Refused {
        self.refused.recv_timeout(PATIENCE).unwrap()
    }

    /// Returns when the server has heard of it.
    fn shut_down(&mut self) {
        if self.stop.take().is_some() {
            let _ = self.stopping.recv_timeout(PATIENCE);
        }
    }

    /// The stop is over when the server has returned.
    fn join(&mut self) {
        self.shut_down();
        self.thread.take().unwrap().join().unwrap();
    }
}

impl Drop for Tftp {
    fn drop(&mut self) {
        self.shut_down();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn from_memory(files: &[(&str, &[u8])]) -> Handler {
    let files: HashMap<Vec<u8>, Bytes> =
        files.iter().map(|(name, bytes)| (name.as_bytes().to_vec(), Bytes::copy_from_slice(bytes))).collect();
    Box::new(move |read| {
        let answer = files.get(&read.file).cloned().map_or(Answer::NotFound, Answer::Bytes);
        Box::pin(std::future::ready(answer))
    })
}

/// Limits that let a lost packet be seen in milliseconds, and a slow machine take its time all the same.
fn quick() -> Limits {
    Limits { timeout: Duration::from_millis(5), ..calm() }
}

/// Limits under which nothing is ever sent twice.
fn calm() -> Limits {
    Limits { timeout: PATIENCE, grace: Duration::from_millis(10), ..Limits::default() }
}

/// Bytes in which every block differs from its neighbours.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index % 251) as u8 ^ (index / 509) as u8).collect()
}

/// A client's port.
struct Client {
    socket: UdpSocket,
    server: SocketAddr,
}

impl Client {
    fn new(server: &Tftp) -> Client {
        Client::at(server.address, "127.0.0.1:0")
    }

    fn at(server: SocketAddr, bind: &str) -> Client {
        let socket = UdpSocket::bind(bind).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Client { socket, server }
    }

    fn ask(&self, packet: &[u8]) -> &Client {
        self.socket.send_to(packet, self.server).unwrap();
        self
    }

    fn read(&self, file: &str, options: &str) -> &Client {
        self.ask(format!("\0\x01{file}\0octet\0{options}").as_bytes())
    }

    fn send(&self, packet: &[u8], transfer: SocketAddr) {
        self.socket.send_to(packet, transfer).unwrap();
    }

    fn acknowledge(&self, block: u16, transfer: SocketAddr) {
        self.send(&ack(block), transfer);
    }

    fn hear(&self) -> (Vec<u8>, SocketAddr) {
        let mut buffer = vec![0; 65_536];
        let (length, from) = self.socket.recv_from(&mut buffer).expect("an answer");
        buffer.truncate(length);
        (buffer, from)
    }

    /// The next packet is this one; gives its sender.
    fn expect(&self, packet: &[u8]) -> SocketAddr {
        let (heard, from) = self.hear();
        assert_eq!(show(&heard), show(packet));
        from
    }

    fn expect_error(&self, code: u8) -> SocketAddr {
        let (heard, from) = self.hear();
        assert_eq!(heard.get(..4), Some(&[0, 5, 0, code][..]), "{}", show(&heard));
        from
    }

    /// Acknowledges to the end; gives the file and how many DATA packets it took.
    fn finish(&self, block_size: usize, window: usize) -> (Vec<u8>, usize) {
        let (mut file, mut packets, mut blocks, mut since) = (Vec::new(), 0, 0u16, 0);
        loop {
            let (packet, transfer) = self.hear();
            match &packet[..] {
                [0, 6, ..] => self.acknowledge(0, transfer),
                [0, 3, high, low, payload @ ..] => {
                    packets += 1;
                    if u16::from_be_bytes([*high, *low]) == blocks.wrapping_add(1) {
                        blocks = blocks.wrapping_add(1);
                        file.extend_from_slice(payload);
                        since += 1;
                    }
                    let last = payload.len() < block_size;
                    if since == window || last {
                        self.acknowledge(blocks, transfer);
                        since = 0;
                    }
                    if last {
                        return (file, packets);
                    }
                }
                other => panic!("{}", show(other)),
            }
        }
    }

    /// Whatever was still on its way here has arrived: the server answers one more question of ours, and this is the
    /// first thing heard.
    fn expect_silence_before_next_answer(&self) {
        self.ask(b"\0\x02silence\0octet\0").expect_error(2);
    }
}

fn ack(block: u16) -> [u8; 4] {
    let [high, low] = block.to_be_bytes();
    [0, 4, high, low]
}

fn data(block: u16, payload: &[u8]) -> Vec<u8> {
    let [high, low] = block.to_be_bytes();
    [&[0, 3, high, low], payload].concat()
}

fn show(packet: &[u8]) -> String {
    packet.escape_ascii().to_string()
}
