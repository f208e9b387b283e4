//! Every system call of the TFTP door: the request port, one port per transfer, and the set that waits for them all.
//!
//! Knows addresses and packets, no protocol. A reply leaves from the address that the request came to (IP_PKTINFO), as
//! clients behind firewalls and on multi-homed hosts need. The transfer's port is drawn by the kernel at random for
//! each transfer: it is the only secret a client proves to know (see the module's head).

use super::packet::{ErrorCode, Packet};
use crate::net;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{self as sys, AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType};
use nix::sys::socket::{SockProtocol, SockaddrStorage, sockopt};
use nix::{setsockopt_impl, sockopt_impl};
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

// nix has no name for it. DONT clears the "don't fragment" bit, so that a narrow tunnel on the way delays a block
// instead of swallowing it for ever.
sockopt_impl!(MtuDiscover, SetOnly, libc::IPPROTO_IP, libc::IP_MTU_DISCOVER, libc::c_int);

/// Largest UDP payload on IPv4, and the fewest segments a kernel with UDP_SEGMENT takes in one call.
const BULK_BYTES: usize = 65_507;
const BULK_PACKETS: usize = 64;

/// A boot storm arrives faster than one loop can read it; the kernel halves what it does not grant.
const REQUEST_QUEUE_BYTES: usize = 1 << 20;

/// Where a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local {
    pub address: IpAddr,
    /// Of a link-local address, which means nothing without it; else 0, and the routing table decides.
    interface: u32,
}

/// The port that requests come to.
pub struct Door {
    socket: UdpSocket,
    is_ipv6: bool,
    control: Vec<u8>,
}

pub struct Datagram {
    pub length: usize,
    /// It was longer than the buffer.
    pub cut: bool,
    pub peer: SocketAddr,
    pub local: Option<Local>,
}

impl Door {
    pub fn new(socket: UdpSocket) -> io::Result<Door> {
        socket.set_nonblocking(true)?;
        let is_ipv6 = socket.local_addr()?.is_ipv6();
        let _ = sys::setsockopt(&socket, sockopt::RcvBuf, &REQUEST_QUEUE_BYTES);
        if is_ipv6 {
            sys::setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true)?;
        }
        // On an IPv6 socket this is for the IPv4 packets it takes as well.
        sys::setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
        let control = nix::cmsg_space!(libc::in_pktinfo, libc::in6_pktinfo);
        Ok(Door { socket, is_ipv6, control })
    }

    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    pub fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Datagram> {
        let (fd, mut slices) = (self.socket.as_raw_fd(), [IoSliceMut::new(buffer)]);
        let message = sys::recvmsg::<SockaddrStorage>(fd, &mut slices, Some(&mut self.control), MsgFlags::empty())?;
        let peer = message.address.as_ref().and_then(to_std).ok_or(io::ErrorKind::InvalidData)?;
        let mut local = None;
        for part in message.cmsgs()? {
            local = match part {
                ControlMessageOwned::Ipv4PacketInfo(info) => {
                    let address = Ipv4Addr::from(info.ipi_spec_dst.s_addr.to_ne_bytes());
                    Some(Local { address: address.into(), interface: 0 })
                }
                ControlMessageOwned::Ipv6PacketInfo(info) => {
                    let address = Ipv6Addr::from(info.ipi6_addr.s6_addr);
                    // On a socket for both families an IPv4 packet brings both; the IPv4 one is never a broadcast.
                    let interface = if address.is_unicast_link_local() { info.ipi6_ifindex } else { 0 };
                    local.or(address.to_ipv4_mapped().is_none().then_some(Local { address: address.into(), interface }))
                }
                _ => local,
            };
        }
        let cut = message.flags.contains(MsgFlags::MSG_TRUNC);
        Ok(Datagram { length: message.bytes, cut, peer: unmap(peer), local })
    }

    /// Best effort, like every datagram.
    pub fn send_error(&self, to: SocketAddr, from: Option<Local>, code: ErrorCode, message: &str) {
        let mut packet = Vec::with_capacity(64);
        let _ = Packet::Error { code, message: message.as_bytes() }.emit(&mut packet);
        let to = SockaddrStorage::from(if self.is_ipv6 { map(to) } else { to });
        let (v4, v6);
        let mut control = Vec::new();
        match from.map(|local| (local.address, local.interface)) {
            Some((IpAddr::V4(address), _)) => {
                let source = libc::in_addr { s_addr: u32::from_ne_bytes(address.octets()) };
                v4 = libc::in_pktinfo { ipi_ifindex: 0, ipi_spec_dst: source, ipi_addr: source };
                control.push(ControlMessage::Ipv4PacketInfo(&v4));
            }
            Some((IpAddr::V6(address), interface)) => {
                let source = libc::in6_addr { s6_addr: address.octets() };
                v6 = libc::in6_pktinfo { ipi6_addr: source, ipi6_ifindex: interface };
                control.push(ControlMessage::Ipv6PacketInfo(&v6));
            }
            None => {}
        }
        let (fd, slices) = (self.socket.as_raw_fd(), [IoSlice::new(&packet)]);
        let _ = sys::sendmsg(fd, &slices, &control, MsgFlags::empty(), Some(&to));
    }
}

impl AsFd for Door {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The port of one transfer.
pub struct Channel {
    socket: UdpSocket,
    peer: SocketAddr,
    /// Packets that one system call may carry. UDP_SEGMENT takes 2.5 times less processor time for a window of 16.
    bulk: usize,
}

impl Channel {
    pub fn open(local: Option<Local>, peer: SocketAddr) -> io::Result<Channel> {
        let socket = datagram_socket(peer.ip())?;
        if peer.is_ipv4() {
            sys::setsockopt(&socket, MtuDiscover, &libc::IP_PMTUDISC_DONT)?;
        }
        let source = local.filter(|local| local.address.is_ipv4() == peer.is_ipv4()).map(|local| match local.address {
            IpAddr::V4(_) => SocketAddr::new(local.address, 0),
            IpAddr::V6(address) => SocketAddrV6::new(address, 0, 0, local.interface).into(),
        });
        let anywhere = if peer.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let source = SockaddrStorage::from(source.unwrap_or(SocketAddr::new(anywhere, 0)));
        sys::bind(socket.as_raw_fd(), &source)?;
        Ok(Channel { socket: socket.into(), peer, bulk: BULK_PACKETS })
    }

    /// Sends packets of this size (the last may be shorter) that lie one behind the other. What the network does not
    /// take is lost, as on any wire.
    pub fn send(&mut self, mut packets: &[u8], size: usize) {
        while !packets.is_empty() {
            let portion = packets.len().min(size * self.bulk.min(BULK_BYTES / size).max(1));
            let (now, later) = packets.split_at(portion);
            let sent =
                if portion > size { self.send_bulk(now, size) } else { self.socket.send_to(now, self.peer).map(drop) };
            match sent {
                // A device without checksum offload, or a path narrower than the packet: one by one then.
                Err(_) if portion > size => self.bulk = 1,
                _ => packets = later,
            }
        }
    }

    fn send_bulk(&self, packets: &[u8], size: usize) -> io::Result<()> {
        let size = u16::try_from(size).map_err(io::Error::other)?;
        let (fd, slices, to) = (self.socket.as_raw_fd(), [IoSlice::new(packets)], SockaddrStorage::from(self.peer));
        sys::sendmsg(fd, &slices, &[ControlMessage::UdpGsoSegments(&size)], MsgFlags::empty(), Some(&to))?;
        Ok(())
    }

    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.socket.recv_from(buffer)
    }

    pub fn send_error(&self, to: SocketAddr, code: ErrorCode, message: &str) {
        let mut packet = Vec::with_capacity(64);
        let _ = Packet::Error { code, message: message.as_bytes() }.emit(&mut packet);
        let _ = self.socket.send_to(&packet, to);
    }
}

/// All ports, as one descriptor that is readable when any of them is. Cheaper than a registration with the runtime
/// for each transfer, and it hands out what happened in batches.
pub struct Ports(Epoll);

impl Ports {
    pub const BATCH: usize = 64;

    pub fn new() -> io::Result<Ports> {
        Ok(Ports(Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?))
    }

    /// `key` is what [`Ports::ready`] reports. Closing a port removes it.
    pub fn add(&self, port: &impl AsFd, key: u64) -> io::Result<()> {
        Ok(self.0.add(port, EpollEvent::new(EpollFlags::EPOLLIN, key))?)
    }

    pub fn remove(&self, port: &impl AsFd) -> io::Result<()> {
        Ok(self.0.delete(port)?)
    }

    /// Keys of the ports that have something to read, without waiting.
    pub fn ready(&self, keys: &mut Vec<u64>) -> io::Result<()> {
        let mut events = [EpollEvent::empty(); Ports::BATCH];
        keys.clear();
        let count = loop {
            match self.0.wait(&mut events, EpollTimeout::ZERO) {
                Err(Errno::EINTR) => {}
                other => break other?,
            }
        };
        keys.extend(events.iter().take(count).map(EpollEvent::data));
        Ok(())
    }
}

impl AsRawFd for Ports {
    fn as_raw_fd(&self) -> RawFd {
        self.0.0.as_raw_fd()
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn datagram_socket(like: IpAddr) -> io::Result<OwnedFd> {
    let family = if like.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    Ok(sys::socket(family, SockType::Datagram, flags, SockProtocol::Udp)?)
}

fn to_std(address: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = address.as_sockaddr_in().map(|v4| SocketAddr::new(v4.ip().into(), v4.port()));
    v4.or_else(|| {
        let v6 = address.as_sockaddr_in6()?;
        Some(SocketAddrV6::new(v6.ip(), v6.port(), v6.flowinfo(), v6.scope_id()).into())
    })
}

fn unmap(address: SocketAddr) -> SocketAddr {
    match net::unmap(address.ip()) {
        IpAddr::V4(v4) => SocketAddr::new(v4.into(), address.port()),
        IpAddr::V6(_) => address,
    }
}

fn map(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) => SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port()),
        SocketAddr::V6(_) => address,
    }
}
