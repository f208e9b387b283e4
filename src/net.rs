//! Value types of the wire that every module may use: MAC addresses, networks, the peer's address.
//!
//! Owns their parsing and printing. Knows no vendor, no database, no protocol.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// A 48-bit MAC address. Printed as twelve lower-case hex digits, the form phones put into file names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mac(u64);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is not a MAC address: {rule}")]
pub struct MacError {
    text: String,
    rule: &'static str,
}

impl MacError {
    pub fn rule(&self) -> &'static str {
        self.rule
    }
}

impl Mac {
    /// From the low 48 bits. Zero and the broadcast address name no device.
    pub fn from_u64(bits: u64) -> Option<Mac> {
        (bits != 0 && bits < 0xffff_ffff_ffff).then_some(Mac(bits))
    }

    pub fn to_u64(self) -> u64 {
        self.0
    }

    /// Exactly twelve hex digits in a row, nothing else.
    pub fn from_hex12(digits: &[u8]) -> Option<Mac> {
        if digits.len() != 12 {
            return None;
        }
        let mut bits = 0u64;
        for &byte in digits {
            bits = bits << 4 | u64::from(hex_digit(byte)?);
        }
        Mac::from_u64(bits)
    }

    /// The first three octets.
    pub fn oui(self) -> u32 {
        (self.0 >> 24) as u32
    }

    pub fn hex(self) -> [u8; 12] {
        self.digits(b"0123456789abcdef")
    }

    pub fn hex_upper(self) -> [u8; 12] {
        self.digits(b"0123456789ABCDEF")
    }

    pub fn upper(self) -> String {
        String::from_utf8_lossy(&self.hex_upper()).into_owned()
    }

    fn digits(self, alphabet: &[u8; 16]) -> [u8; 12] {
        std::array::from_fn(|place| alphabet[(self.0 >> (44 - 4 * place) & 15) as usize])
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

impl FromStr for Mac {
    type Err = MacError;

    /// Any notation people write: `805ec0aabb01`, `80:5E:C0:AA:BB:01`, `80-5e-…`, `805e.c0aa.bb01`.
    fn from_str(text: &str) -> Result<Mac, MacError> {
        let fail = || MacError {
            text: text.chars().take(40).collect(),
            rule: "it needs exactly 12 hex digits, with or without : - . or spaces",
        };
        let mut digits = [0u8; 12];
        let mut count = 0;
        for byte in text.trim().bytes() {
            match byte {
                b':' | b'-' | b'.' | b' ' => continue,
                _ if count == 12 => return Err(fail()),
                _ => digits[count] = byte,
            }
            count += 1;
        }
        let is_nobodys = count == 12 && (digits == [b'0'; 12] || digits.eq_ignore_ascii_case(&[b'f'; 12]));
        let rule = "all zeros and all ones are no phone's address";
        Mac::from_hex12(&digits[..count]).ok_or_else(|| if is_nobodys { MacError { rule, ..fail() } } else { fail() })
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.hex()).unwrap_or_default())
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Mac {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Mac {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Mac, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A network in CIDR notation.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cidr {
    base: IpAddr,
    prefix: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a network: write address/prefix, for example 192.168.10.0/24 or fd00::/8")]
pub struct CidrError(String);

impl Cidr {
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, unmap(address)) {
            (IpAddr::V4(base), IpAddr::V4(other)) => {
                prefix_eq(u32::from(base).into(), u32::from(other).into(), 32, self.prefix)
            }
            (IpAddr::V6(base), IpAddr::V6(other)) => prefix_eq(base.into(), other.into(), 128, self.prefix),
            _ => false,
        }
    }

    /// Every address of the other one.
    pub fn holds(&self, other: &Cidr) -> bool {
        self.prefix <= other.prefix && self.contains(other.base)
    }

    pub fn address(&self) -> IpAddr {
        self.base
    }

    pub fn prefix(&self) -> u8 {
        self.prefix
    }

    /// The same network without host bits: `192.168.10.7/24` is `192.168.10.0/24`.
    pub fn network(self) -> Cidr {
        let base = match self.base {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask))
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask))
            }
        };
        Cidr { base, ..self }
    }
}

fn prefix_eq(a: u128, b: u128, width: u32, prefix: u8) -> bool {
    let ignored = width - u32::from(prefix);
    ignored >= 128 || (a ^ b) >> ignored == 0
}

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Cidr, CidrError> {
        let fail = || CidrError(text.chars().take(60).collect());
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text.trim(), None),
        };
        let base: IpAddr = address.parse().map_err(|_| fail())?;
        let width = if base.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().map_err(|_| fail())?,
            Some(_) => return Err(fail()),
            None => width,
        };
        if prefix > width {
            return Err(fail());
        }
        Ok(Cidr { base, prefix })
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.prefix)
    }
}

impl fmt::Debug for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The port under which an address of this machine is reached: bound are a wildcard of its family, IPv6's for both, or the
/// address itself.
pub fn port_at(bound: &[SocketAddr], address: IpAddr) -> Option<u16> {
    let fits = |socket: &&SocketAddr| match socket.ip() {
        own if own == address => true,
        IpAddr::V6(v6) => v6.is_unspecified(),
        IpAddr::V4(v4) => v4.is_unspecified() && address.is_ipv4(),
    };
    bound.iter().find(fits).map(SocketAddr::port)
}

/// RFC 1123 host names; at least one letter, so that an address is not one.
pub fn is_dns_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label) && name.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// `::ffff:a.b.c.d` is the IPv4 peer of a dual-stack socket.
pub fn unmap(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// RFC 1918, RFC 4193 (fc00::/7), link-local and loopback: the networks a fresh box calls private.
pub fn is_private(address: IpAddr) -> bool {
    match unmap(address) {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local() || v4.is_loopback(),
        IpAddr::V6(v6) => is_private_v6(v6),
    }
}

fn is_private_v6(v6: Ipv6Addr) -> bool {
    let head = v6.segments()[0];
    head & 0xfe00 == 0xfc00 || head & 0xffc0 == 0xfe80 || v6.is_loopback()
}

/// What the internet routes to somebody else: no network that is private, shared, reserved or this machine, also where an
/// IPv6 address only carries one of IPv4 (RFC 6890; NAT64, 6to4).
pub fn is_public(address: IpAddr) -> bool {
    match unmap(address) {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => match v6.segments() {
            [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
                is_public_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)))
            }
            // Teredo, and what is left of 2001::/23 and the documents'.
            [0x2001, second, ..] => second >= 0x200 && second != 0xdb8,
            [head, ..] => head & 0xe000 == 0x2000,
        },
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    const NOT: [(u32, u32); 16] = [
        (0x0000_0000, 8),
        (0x0a00_0000, 8),
        (0x6440_0000, 10),
        (0x7f00_0000, 8),
        (0xa9fe_0000, 16),
        (0xac10_0000, 12),
        (0xc000_0000, 24),
        (0xc000_0200, 24),
        (0xc058_6300, 24),
        (0xc0a8_0000, 16),
        (0xc612_0000, 15),
        (0xc633_6400, 24),
        (0xcb00_7100, 24),
        (0xe000_0000, 4),
        (0xf000_0000, 4),
        (0xffff_ffff, 32),
    ];
    let bits = u32::from(v4);
    !NOT.iter().any(|(network, prefix)| (bits ^ network).leading_zeros() >= *prefix)
}

/// The unspecified address of the same family: what a listener binds for "every interface".
pub fn is_wildcard(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(Ipv4Addr::UNSPECIFIED) | IpAddr::V6(Ipv6Addr::UNSPECIFIED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mac_reads_in_every_notation_and_nothing_else() {
        for text in ["805EC0aabb01", "80:5e:c0:aa:bb:01", "80-5E-C0-AA-BB-01", "805e.c0aa.bb01", " 80 5e c0 aa bb 01 "]
        {
            assert_eq!(text.parse::<Mac>().unwrap().to_string(), "805ec0aabb01");
        }
        for text in ["", "805ec0aabb0", "805ec0aabb012", "000000000000", "ffffffffffff", "805ec0aabb0g", "€€€€"]
        {
            let error = text.parse::<Mac>().unwrap_err().to_string();
            assert_eq!(error.contains("no phone's"), ["000000000000", "ffffffffffff"].contains(&text), "{error}");
        }
    }

    #[test]
    fn private_means_rfc1918_ula_link_local_and_loopback() {
        for text in [
            "10.1.2.3",
            "172.31.0.1",
            "192.168.0.9",
            "169.254.1.1",
            "127.0.0.1",
            "fd00::1",
            "fe80::1",
            "::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(is_private(text.parse().unwrap()), "{text}");
        }
        for text in ["8.8.8.8", "172.32.0.1", "100.64.0.1", "2001:db8::1", "::ffff:8.8.8.8"] {
            assert!(!is_private(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn a_network_holds_its_addresses() {
        let net: Cidr = "192.168.10.0/24".parse().unwrap();
        assert!(net.contains("192.168.10.255".parse().unwrap()));
        assert!(!net.contains("192.168.11.0".parse().unwrap()));
        for (text, network) in [
            ("192.168.10.7/24", "192.168.10.0/24"),
            ("10.1.2.3/0", "0.0.0.0/0"),
            ("10.1.2.3", "10.1.2.3/32"),
            ("fd00::1/8", "fd00::/8"),
            ("fd00::1/0", "::/0"),
        ] {
            assert_eq!(text.parse::<Cidr>().unwrap().network().to_string(), network);
        }
        assert!("0.0.0.0/0".parse::<Cidr>().unwrap().contains("8.8.8.8".parse().unwrap()));
        assert!("::/0".parse::<Cidr>().unwrap().contains("2001:db8::1".parse().unwrap()));
        for text in ["10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10/8", "x", ""] {
            assert!(text.parse::<Cidr>().is_err(), "{text}");
        }
    }
}
