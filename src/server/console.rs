//! The console's socket in the data directory: who can open it is the box's own user.
//!
//! A socket's path must be shorter than 108 bytes, a data directory's need not be: a long one is entered by its open
//! directory under /proc/self/fd.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use tokio::net::UnixStream;

const SOCKET: &str = "console.sock";
const LONGEST: usize = 100;

/// Listens. The caller holds the data directory's lock, so a socket that lies there is nobody's.
pub fn bind(dir: &Path) -> io::Result<UnixListener> {
    let socket = dir.join(SOCKET);
    match std::fs::remove_file(&socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let (short, _open) = shortened(dir)?;
    let listener = UnixListener::bind(short)?;
    std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Takes the socket away when nobody listens any more.
pub fn unbind(dir: &Path) {
    let _ = std::fs::remove_file(dir.join(SOCKET));
}

pub async fn connect(dir: &Path) -> io::Result<UnixStream> {
    let (short, _open) = shortened(dir)?;
    UnixStream::connect(short).await
}

/// The open directory must live as long as the path is used.
fn shortened(dir: &Path) -> io::Result<(PathBuf, Option<File>)> {
    let socket = dir.join(SOCKET);
    if socket.as_os_str().len() < LONGEST {
        return Ok((socket, None));
    }
    let open = File::open(dir)?;
    let short = Path::new("/proc/self/fd").join(open.as_raw_fd().to_string()).join(SOCKET);
    Ok((short, Some(open)))
}
