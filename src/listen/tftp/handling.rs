//! A handler at work: which row waits for it, and what is left of it when it panics.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A handler that was not ready at once, with the row that waits for it.
pub struct AtWork<F> {
    pub row: usize,
    pub file: Vec<u8>,
    pub future: Pin<Box<F>>,
}

pub struct Done<T> {
    pub row: usize,
    pub file: Vec<u8>,
    /// `None`: the handler panicked.
    pub answer: Option<T>,
}

impl<F: Future> Future for AtWork<F> {
    type Output = Done<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = match survive(|| self.future.as_mut().poll(context)) {
            Some(Poll::Pending) => return Poll::Pending,
            Some(Poll::Ready(answer)) => Some(answer),
            None => None,
        };
        Poll::Ready(Done { row: self.row, file: std::mem::take(&mut self.file), answer })
    }
}

/// F32: a panic costs its own request. Nothing of a handler that panicked is used again.
pub fn survive<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}
