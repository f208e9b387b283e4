//! Sockets: bound before anything else starts, so that a port in use is one clear line and no half-started box.

use crate::config::Bind;
use crate::listen::tftp_front::TftpListener;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsRawFd;
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
#[error("the {name} listener cannot use {address}: {reason}")]
pub struct BindError {
    name: &'static str,
    address: SocketAddr,
    reason: String,
}

impl BindError {
    fn new(name: &'static str, address: SocketAddr, error: &io::Error) -> BindError {
        let reason = match error.kind() {
            io::ErrorKind::AddrInUse => "another program has the port. Stop it, or choose another port".to_owned(),
            io::ErrorKind::PermissionDenied => {
                "ports below 1024 need a privilege. Install the service (phonebox service install), or choose another port".to_owned()
            }
            io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
            _ => error.to_string(),
        };
        BindError { name, address, reason }
    }
}

/// A site that boots at once opens ten thousand connections: the standard library's queue of 128 is short.
const QUEUE: i32 = 16_384;

pub fn tcp(name: &'static str, bind: &Bind) -> Result<Vec<TcpListener>, BindError> {
    let bound = bind.addresses().iter().map(|address| {
        let socket = TcpListener::bind(address).map_err(|error| BindError::new(name, *address, &error))?;
        // SAFETY: listen() on a listening socket only changes its queue; the descriptor lives as long as `socket`.
        unsafe { libc::listen(socket.as_raw_fd(), QUEUE) };
        Ok(socket)
    });
    bound.collect()
}

pub fn tftp(bind: &Bind, grace: Duration) -> Result<Vec<TftpListener>, BindError> {
    bind.addresses()
        .iter()
        .map(|address| TftpListener::bind(*address, grace).map_err(|error| BindError::new("tftp", *address, &error)))
        .collect()
}
