//! A connection that must make progress: a reader that is too slow for too long is cut off.
//!
//! hyper bounds reading of heads; nothing in it bounds a peer that stops reading its answer (T32). What counts is what
//! the peer's machine has acknowledged: the kernel takes bytes in gulps of its own, long before they arrive.

use super::Patience;
use nix::sys::socket::{MsgFlags, recv, setsockopt};
use nix::{setsockopt_impl, sockopt_impl};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

/// An answer that waits must lose at least so many bytes a second.
const PER_SECOND: u64 = 4096;
/// What the kernel keeps of an answer that nobody reads: a thousand such readers must not take its memory (T32).
const UNSENT: u32 = 128 << 10;

// nix has no name for it.
sockopt_impl!(NotSentLowat, SetOnly, libc::IPPROTO_TCP, libc::TCP_NOTSENT_LOWAT, u32);

pub struct Guarded {
    io: TcpStream,
    window: Duration,
    /// Running while a write waits.
    watch: Option<Watch>,
    /// Bytes given to the kernel since the connection was made.
    written: u64,
}

/// Whether the peer of a connection that is being served has said that it sends nothing more. Most often it has gone.
pub fn has_shut(socket: RawFd) -> bool {
    recv(socket, &mut [0], MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT) == Ok(0)
}

struct Watch {
    deadline: Pin<Box<Sleep>>,
    /// What had arrived when the window began.
    arrived: u64,
}

impl Guarded {
    pub fn new(io: TcpStream, patience: Patience) -> Guarded {
        // A kernel that cannot do it takes more memory, no more.
        let _ = setsockopt(&io, NotSentLowat, &UNSENT);
        Guarded { io, window: patience.stalled, watch: None, written: 0 }
    }

    /// Bytes that the peer's machine has acknowledged.
    fn arrived(&self) -> u64 {
        let mut queued: libc::c_int = 0;
        // SAFETY: TIOCOUTQ writes one integer; the descriptor lives as long as `io`.
        unsafe { libc::ioctl(self.io.as_raw_fd(), libc::TIOCOUTQ, &raw mut queued) };
        self.written.saturating_sub(u64::try_from(queued).unwrap_or(0))
    }

    fn watch(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match outcome {
            Poll::Ready(Ok(count)) => self.written += count as u64,
            Poll::Ready(Err(_)) => {}
            Poll::Pending => return self.wait(cx),
        }
        outcome
    }

    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let (arrived, window) = (self.arrived(), self.window);
        let watch = self.watch.get_or_insert_with(|| Watch { deadline: Box::pin(tokio::time::sleep(window)), arrived });
        while watch.deadline.as_mut().poll(cx).is_ready() {
            if arrived.saturating_sub(watch.arrived) < PER_SECOND * window.as_secs() {
                // What still lies in the kernel goes too, or it would stay there for minutes.
                let _ = self.io.set_zero_linger();
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer reads too slowly")));
            }
            watch.arrived = arrived;
            watch.deadline.as_mut().reset(Instant::now() + window);
        }
        Poll::Pending
    }
}

impl AsyncRead for Guarded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.io).poll_write(cx, buf);
        self.watch(cx, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.watch(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    /// Everything that waited is with the kernel now.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.watch = None;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
