//! A connection that must make progress: a reader that is too slow for too long is cut off.
//!
//! hyper bounds reading of heads; nothing in it bounds a peer that stops reading its answer (T32).

use hyper_util::rt::TokioIo;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// At least this much must leave within each window while an answer waits to leave.
const WINDOW: Duration = Duration::from_secs(30);
const LEAST: usize = 4096 * 30;

pub struct Guarded<T> {
    io: T,
    /// Running while a write waits.
    deadline: Option<Pin<Box<Sleep>>>,
    written: usize,
}

impl<T> Guarded<T> {
    pub fn new(io: T) -> TokioIo<Guarded<T>> {
        TokioIo::new(Guarded { io, deadline: None, written: 0 })
    }

    fn watch(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match outcome {
            Poll::Ready(Ok(count)) => {
                if let Some(deadline) = &mut self.deadline {
                    self.written += count;
                    if self.written >= LEAST {
                        self.written = 0;
                        deadline.as_mut().reset(Instant::now() + WINDOW);
                    }
                }
                Poll::Ready(Ok(count))
            }
            Poll::Pending => {
                let deadline = self.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(WINDOW)));
                match deadline.as_mut().poll(cx) {
                    Poll::Ready(()) => {
                        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer reads too slowly")))
                    }
                    Poll::Pending => Poll::Pending,
                }
            }
            failed => failed,
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Guarded<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Guarded<T> {
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

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.io).poll_flush(cx) {
            Poll::Ready(outcome) => {
                self.deadline = None;
                self.written = 0;
                Poll::Ready(outcome)
            }
            Poll::Pending => self.watch(cx, Poll::Pending).map(|outcome| outcome.map(|_| ())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
