//! What the process asks of the kernel and of systemd. Knows nothing of phones.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Call it first in `main`, before any thread runs.
pub fn prepare() {
    // SAFETY: none of these calls keeps a pointer, and failing leaves everything as it was.
    unsafe {
        // Big blocks go back to the system instead of staying in per-thread arenas, of which there are few.
        #[cfg(target_env = "gnu")]
        {
            libc::mallopt(libc::M_MMAP_THRESHOLD, 1 << 20);
            libc::mallopt(libc::M_ARENA_MAX, 4);
        }
        libc::umask(0o077);
        // Keys live in this memory: no core file, no other process of the same user (T87).
        libc::setrlimit(libc::RLIMIT_CORE, &libc::rlimit { rlim_cur: 0, rlim_max: 0 });
        libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0);
        // Ten thousand phones at once are ten thousand handles; the default of 1,024 is for select().
        let mut files = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut files) == 0 {
            files.rlim_cur = files.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &files);
        }
    }
}

/// Handles that connections may take: the database, the log and the console keep theirs (F16).
pub fn handles() -> usize {
    const RESERVE: u64 = 256;
    let mut files = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: getrlimit fills the struct it is given.
    let limit = match unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut files) } {
        0 => files.rlim_cur,
        _ => 1024,
    };
    usize::try_from(limit - RESERVE.min(limit / 2)).unwrap_or(usize::MAX)
}

pub fn is_root() -> bool {
    // SAFETY: geteuid cannot fail and touches no memory.
    unsafe { libc::geteuid() == 0 }
}

/// Whether systemd started this process as a service.
pub fn is_service() -> bool {
    std::env::var_os("INVOCATION_ID").is_some() && std::env::var_os("STATE_DIRECTORY").is_some()
}

/// What only the start needed goes back to the system: some megabytes that idling would hold.
pub fn trim() {
    // SAFETY: it touches free memory alone.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Tells systemd that the box is ready (sd_notify(3)). Without systemd it does nothing.
pub fn notify_ready() {
    notify("READY=1");
}

pub fn notify_stopping() {
    notify("STOPPING=1");
}

fn notify(state: &str) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else { return };
    if let Err(error) = send(&socket, state) {
        tracing::warn!(%error, "systemd could not be told: {state}");
    }
}

/// A path, or a name in the abstract name space with `@` in front.
fn send(socket: &OsStr, state: &str) -> io::Result<()> {
    let address = match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(socket)?,
    };
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systemd_hears_it_on_a_path_and_on_an_abstract_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let name = format!("phonebox-test-{}", std::process::id());
        let abstract_name = SocketAddr::from_abstract_name(&name).unwrap();
        let sockets = [UnixDatagram::bind(&path).unwrap(), UnixDatagram::bind_addr(&abstract_name).unwrap()];
        for (socket, place) in sockets.iter().zip([path.into_os_string(), format!("@{name}").into()]) {
            send(&place, "READY=1").unwrap();
            let mut heard = [0u8; 16];
            let length = socket.recv(&mut heard).unwrap();
            assert_eq!(&heard[..length], b"READY=1");
        }
        assert!(send(OsStr::new("/nowhere/socket"), "READY=1").is_err());
    }
}
