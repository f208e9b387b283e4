//! The names and addresses of this machine: what phones can dial, and what the server certificate must say.

use crate::config::{Bind, Config};
use std::collections::BTreeSet;
use std::ffi::CStr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    pub name: String,
    /// IPv4 first.
    pub addresses: Vec<IpAddr>,
}

/// Interfaces that are up, with the addresses a phone can dial: no link-local IPv6, and loopback only where there is
/// nothing else.
pub fn list() -> Vec<Interface> {
    let mut found = all();
    if found.iter().any(|(_, address)| !address.is_loopback()) {
        found.retain(|(_, address)| !address.is_loopback());
    }
    let mut interfaces: Vec<Interface> = Vec::new();
    for (name, address) in found {
        match interfaces.iter_mut().find(|interface| interface.name == name) {
            Some(interface) => interface.addresses.push(address),
            None => interfaces.push(Interface { name, addresses: vec![address] }),
        }
    }
    interfaces.iter_mut().for_each(|interface| interface.addresses.sort());
    interfaces
}

/// Every name and address the box may be called by.
pub fn certificate_subject(config: &Config) -> (Vec<String>, Vec<IpAddr>) {
    let mut names = config.public.names.clone();
    let mut addresses: BTreeSet<IpAddr> = all().into_iter().map(|(_, address)| address).collect();
    addresses.extend([IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]);
    let urls = [&config.public.admin, &config.public.http, &config.public.https]
        .into_iter()
        .flatten()
        .map(|url| url.host.as_str());
    let hosts = urls.chain(config.public.tftp.as_ref().map(|(host, _)| host.as_str()));
    for host in hosts {
        match host.trim_matches(['[', ']']).parse() {
            Ok(address) => drop(addresses.insert(address)),
            Err(_) => names.push(host.to_owned()),
        }
    }
    let listen = [&config.listen.admin, &config.listen.http, &config.listen.https];
    let bound = listen.into_iter().flat_map(Bind::addresses).map(std::net::SocketAddr::ip);
    addresses.extend(bound.filter(|address| !address.is_unspecified()));
    names.extend(host_name());
    names.push("localhost".into());
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.to_ascii_lowercase()));
    (names, addresses.into_iter().collect())
}

/// The machine's own name, when it is one that DNS allows.
pub fn host_name() -> Option<String> {
    let mut buffer = [0u8; 256];
    // SAFETY: the length is one less than the buffer's, so the result ends in NUL even when it was cut.
    let outcome = unsafe { libc::gethostname(buffer.as_mut_ptr().cast(), buffer.len() - 1) };
    let name = CStr::from_bytes_until_nul(&buffer).ok()?.to_str().ok()?;
    (outcome == 0 && crate::config::is_dns_name(name)).then(|| name.to_owned())
}

fn all() -> Vec<(String, IpAddr)> {
    let mut first = std::ptr::null_mut();
    // SAFETY: on success `first` points to a list that stays valid until freeifaddrs; on failure nothing is read.
    if unsafe { libc::getifaddrs(&raw mut first) } != 0 {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut next = first;
    // SAFETY: `next` is null or an element of the list.
    while let Some(entry) = unsafe { next.as_ref() } {
        next = entry.ifa_next;
        if entry.ifa_flags & libc::IFF_UP as u32 == 0 {
            continue;
        }
        // SAFETY: `ifa_addr` is null or a socket address of the size its family says.
        let address = unsafe { address(entry.ifa_addr) };
        // SAFETY: `ifa_name` is a C string of the list.
        let name = unsafe { CStr::from_ptr(entry.ifa_name) }.to_string_lossy().into_owned();
        found.extend(address.map(|address| (name, address)));
    }
    // SAFETY: `first` came from getifaddrs and is freed once.
    unsafe { libc::freeifaddrs(first) };
    found
}

/// # Safety
/// `address` is null or points to a socket address as large as its family.
unsafe fn address(address: *const libc::sockaddr) -> Option<IpAddr> {
    // SAFETY: as above; the reads may be unaligned.
    unsafe {
        match i32::from(address.as_ref()?.sa_family) {
            libc::AF_INET => {
                let v4 = address.cast::<libc::sockaddr_in>().read_unaligned();
                Some(IpAddr::V4(Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr))))
            }
            libc::AF_INET6 => {
                let v6 = Ipv6Addr::from(address.cast::<libc::sockaddr_in6>().read_unaligned().sin6_addr.s6_addr);
                (!v6.is_unicast_link_local()).then_some(IpAddr::V6(v6))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_names_everything_the_box_is_called() {
        let mut config = Config::default();
        config.public.names = vec!["phones.example".into(), "LOCALHOST".into()];
        config.public.tftp = Some(("[fd00::9]".into(), 69));
        config.listen.http = Bind::On(vec!["127.0.0.9:0".parse().unwrap(), "[::]:1".parse().unwrap()]);
        let (names, addresses) = certificate_subject(&config);
        assert_eq!(names.first().map(String::as_str), Some("phones.example"));
        assert_eq!(names.iter().filter(|name| name.eq_ignore_ascii_case("localhost")).count(), 1);
        for address in ["127.0.0.1", "::1", "fd00::9", "127.0.0.9"] {
            assert!(addresses.contains(&address.parse().unwrap()), "{address}");
        }
        assert!(addresses.iter().all(|address| !address.is_unspecified()));
        assert!(!list().is_empty());
    }
}
