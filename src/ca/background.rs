//! Work that may wait, on threads that step behind those that serve phones: a key takes a core for 50 ms and more (T89).

use tokio::sync::{Semaphore, oneshot};

/// 0 is where the listeners stand, 19 the lowest.
const LOWEST: libc::c_int = 19;
/// At most so many keys at once.
static PLACES: Semaphore = Semaphore::const_new(2);

/// The calling thread steps back. Where that is not allowed, it and the listeners' are equals.
pub fn step_back(nice: libc::c_int) {
    // SAFETY: no memory is involved; 0 means the calling thread.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) };
}

/// `None`: no thread could be started, or it ended without an answer.
pub async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let place = PLACES.acquire().await.ok()?;
    let (tell, told) = oneshot::channel();
    let thread = std::thread::Builder::new().name("background".into()).spawn(move || {
        step_back(LOWEST);
        let _ = tell.send(work());
        drop(place);
    });
    thread.ok()?;
    told.await.ok()
}
