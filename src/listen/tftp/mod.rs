//! The TFTP door: read only, RFC 1350 with options (2347), block size (2348), transfer size and timeout (2349) and
//! windows (7440), on IPv4 and IPv6.
//!
//! Owns the wire, the transfers and their limits. Who asks and what they get is the handler's business: it sees a
//! [`Read`], gives an [`Answer`], and is told the [`Outcome`] when the last byte was acknowledged or the client gave up.
//! What never reaches the handler (broken packets, writes, a full table) is told to an observer, so that every request
//! can be recorded.
//!
//! ```text
//! packet    datagram ↔ value        options   what may be negotiated      request  datagram → read or refusal
//! transfer  which block is next     source    a file's bytes              table    who may transfer at once
//! handling  a handler at work       socket    every system call           server   one loop over all of it
//! ```
//!
//! What strangers can do with it. A request is answered by one packet (OACK, or DATA 1 of at most 516 bytes), sent
//! again at most [`Limits::retransmits`] times at doubling intervals; only an acknowledgement that names the transfer's
//! own port, drawn at random by the kernel, opens the window. So a forged source address earns its owner at most
//! (1 + retransmits) × 516 bytes, and with options a tenth of that.

mod handling;
mod options;
mod packet;
mod request;
mod server;
mod socket;
mod source;
mod table;
mod transfer;

pub use options::Unusable;
pub use packet::{ErrorCode, Malformed, NAME_MAX, Packet, RawOptions, Request};
pub use server::Server;

use bytes::Bytes;
use std::fs::File;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// One read request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    pub peer: SocketAddr,
    /// The address that the packet came to.
    pub local: Option<IpAddr>,
    /// The name as asked: any bytes but NUL, at least one, at most [`NAME_MAX`].
    pub file: Vec<u8>,
    pub mode: Mode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Octet,
    Netascii,
}

#[derive(Debug)]
pub enum Answer {
    Bytes(Bytes),
    /// The first `length` bytes of `file`.
    File {
        file: File,
        length: u64,
    },
    NotFound,
    /// ERROR 2 with this text.
    Refused(&'static str),
    /// No answer at all.
    Silence,
}

/// How an answer ended. For an answer without bytes: nothing acknowledged, not complete, no failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub bytes_acknowledged: u64,
    /// The client acknowledged the last byte.
    pub complete: bool,
    /// Since the request arrived.
    pub duration: Duration,
    /// Packets sent more than once.
    pub retransmits: u32,
    pub failure: Option<Failure>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("the client stopped answering")]
    TimedOut,
    #[error("the client ended the transfer with error {code}: {message}")]
    Peer { code: u16, message: String },
    #[error("the client sent a new request from the same port")]
    Replaced,
    #[error("dropped for newer requests before the client had acknowledged anything")]
    Displaced,
    #[error("the file could not be read or sent: {0}")]
    Io(std::io::ErrorKind),
    #[error("the server stopped")]
    Stopped,
}

/// A packet on the request port that no handler saw, or that its handler did not survive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub peer: SocketAddr,
    pub local: Option<IpAddr>,
    /// As far as it could be read.
    pub file: Vec<u8>,
    pub why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error("the packet is not a request")]
    NotARequest,
    #[error("this server is read only")]
    Write,
    #[error("the mode must be octet or netascii")]
    Mode,
    #[error(transparent)]
    Option(#[from] Unusable),
    #[error("the request is too long")]
    Long,
    /// Not answered, so that the client asks again.
    #[error("too many transfers at once")]
    Busy,
    #[error("the request could not be answered")]
    Panicked,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Transfers at once: sockets, table rows, handlers at work. Past it the oldest that never acknowledged goes.
    pub transfers: usize,
    /// The same for one source address.
    pub per_source: usize,
    /// No block is made that a path of this MTU would have to cut in pieces (an IP packet that arrives in pieces is
    /// lost when one of them is). 1500 gives blocks of 1468 bytes on IPv4 and 1448 on IPv6, whatever is asked.
    pub mtu: u16,
    /// Blocks per window.
    pub window: u16,
    /// Until the first retransmission; doubled for each that follows. A negotiated timeout takes its place.
    pub timeout: Duration,
    /// Of one packet or window, without an acknowledgement in between.
    pub retransmits: u32,
    /// A transfer without progress for so long is over, even with a longer timeout negotiated.
    pub idle: Duration,
    /// For running transfers after the stop signal.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            transfers: 768,
            per_source: 256,
            mtu: 1500,
            window: 64,
            timeout: Duration::from_secs(1),
            retransmits: 5,
            idle: Duration::from_secs(60),
            grace: Duration::from_secs(10),
        }
    }
}
