//! TFTP clients for `tests/bench/tftp.sh`: so many at once, in a closed loop, on one thread, for so many seconds.
//!
//! `tftp_load SERVER FILE CLIENTS BLKSIZE WINDOW SECONDS` — FILE is asked for by its name and compared byte by byte.
//! Every request comes from a new port, as phones do. Prints `requests seconds errors own-cpu-seconds`.

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Longer than any server waits before it sends a block again.
const STALLED: Duration = Duration::from_secs(6);

struct Load {
    server: SocketAddr,
    request: Vec<u8>,
    expected: Vec<u8>,
    block_size: usize,
    window: u16,
}

struct Client {
    socket: UdpSocket,
    transfer: Option<SocketAddr>,
    /// Blocks that arrived in order.
    blocks: usize,
    acknowledged: usize,
    heard: Instant,
}

enum Step {
    Going,
    Done,
    Failed,
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [server, file, clients, block_size, window, seconds] = &arguments[..] else {
        panic!("usage: tftp_load SERVER FILE CLIENTS BLKSIZE WINDOW SECONDS");
    };
    let path = PathBuf::from(file);
    let name = path.file_name().unwrap_or_default().to_str().expect("a plain name");
    let mut request = format!("\0\x01{name}\0octet\0blksize\0{block_size}\0");
    if window != "1" {
        request += &format!("windowsize\0{window}\0");
    }
    let load = Load {
        server: server.parse().expect("an address"),
        request: request.into_bytes(),
        expected: std::fs::read(&path)?,
        block_size: block_size.parse().expect("a number"),
        window: window.parse().expect("a number"),
    };
    let duration = Duration::from_secs_f64(seconds.parse().expect("seconds"));
    let (done, errors, elapsed) = load.run(clients.parse().expect("a number"), duration)?;
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let cpu = to_seconds(usage.user_time()) + to_seconds(usage.system_time());
    println!("{done:.2} {:.3} {errors} {cpu:.2}", elapsed.as_secs_f64());
    Ok(())
}

fn to_seconds(time: TimeVal) -> f64 {
    time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6
}

impl Load {
    fn run(&self, count: usize, duration: Duration) -> io::Result<(f64, u64, Duration)> {
        let ports = Epoll::new(EpollCreateFlags::empty())?;
        let mut clients = (0..count).map(|key| self.start(&ports, key)).collect::<io::Result<Vec<_>>>()?;
        let (mut blocks, mut errors) = (0, 0);
        let mut events = vec![EpollEvent::empty(); count];
        let mut buffer = vec![0; 65_536];
        let start = Instant::now();
        let mut elapsed = Duration::ZERO;
        while elapsed < duration {
            let ready = ports.wait(&mut events, 100u8)?;
            let now = Instant::now();
            elapsed = now - start;
            for event in &events[..ready] {
                let key = event.data() as usize;
                match self.step(&mut clients[key], &mut buffer, now) {
                    Step::Going => continue,
                    Step::Done => blocks += clients[key].blocks,
                    Step::Failed => errors += 1,
                }
                clients[key] = self.start(&ports, key)?;
            }
            if ready == 0 {
                for (key, client) in clients.iter_mut().enumerate().filter(|(_, client)| now - client.heard > STALLED) {
                    errors += 1;
                    *client = self.start(&ports, key)?;
                }
            }
        }
        // A large file that is still on its way counts for its share, and nobody is left waiting for our answer: that
        // would slow the server in the next round.
        for client in &clients {
            blocks += client.blocks;
            if let Some(transfer) = client.transfer {
                client.socket.send_to(b"\0\x05\0\0end\0", transfer)?;
            }
        }
        let blocks_of_one = self.expected.len() / self.block_size + 1;
        Ok((blocks as f64 / blocks_of_one as f64, errors, elapsed))
    }

    fn start(&self, ports: &Epoll, key: usize) -> io::Result<Client> {
        let socket = UdpSocket::bind(if self.server.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })?;
        socket.set_nonblocking(true)?;
        ports.add(&socket, EpollEvent::new(EpollFlags::EPOLLIN, key as u64))?;
        socket.send_to(&self.request, self.server)?;
        Ok(Client { socket, transfer: None, blocks: 0, acknowledged: 0, heard: Instant::now() })
    }

    fn step(&self, client: &mut Client, buffer: &mut [u8], now: Instant) -> Step {
        let Ok((length, from)) = client.socket.recv_from(buffer) else { return Step::Going };
        if from != *client.transfer.get_or_insert(from) {
            return Step::Going;
        }
        client.heard = now;
        let packet = &buffer[..length];
        match packet {
            [0, 6, ..] => self.acknowledge(client),
            [0, 3, high, low, payload @ ..] => {
                if u16::from_be_bytes([*high, *low]) != (client.blocks + 1) as u16 {
                    return self.acknowledge(client);
                }
                let start = client.blocks * self.block_size;
                if self.expected.get(start..start + payload.len()) != Some(payload) {
                    return Step::Failed;
                }
                client.blocks += 1;
                let last = payload.len() < self.block_size;
                if last || client.blocks - client.acknowledged >= self.window.into() {
                    self.acknowledge(client);
                }
                match last {
                    false => Step::Going,
                    true if start + payload.len() == self.expected.len() => Step::Done,
                    true => Step::Failed,
                }
            }
            _ => Step::Failed,
        }
    }

    fn acknowledge(&self, client: &mut Client) -> Step {
        client.acknowledged = client.blocks;
        let [high, low] = (client.blocks as u16).to_be_bytes();
        let transfer = client.transfer.unwrap_or(self.server);
        match client.socket.send_to(&[0, 4, high, low], transfer) {
            Ok(_) => Step::Going,
            Err(_) => Step::Failed,
        }
    }
}
