//! The TFTP wire format: one datagram ↔ one value (RFC 1350 §5, RFC 2347).
//!
//! Owns parse and emit, both without allocation. Knows no socket, no file and no option's meaning.

use std::fmt;
use std::io::{self, Write};

/// A longer name is malformed. RFC 2347 caps a whole request at 512 octets; options may still follow a name that long.
pub const NAME_MAX: usize = 512;

const READ: u16 = 1;
const WRITE: u16 = 2;
const DATA: u16 = 3;
const ACK: u16 = 4;
const ERROR: u16 = 5;
const OPTION_ACK: u16 = 6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet<'a> {
    Read(Request<'a>),
    Write(Request<'a>),
    Data { block: u16, payload: &'a [u8] },
    Ack(u16),
    Error { code: ErrorCode, message: &'a [u8] },
    OptionAck(RawOptions<'a>),
}

/// RRQ or WRQ, as the client wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    pub file: &'a [u8],
    pub mode: &'a [u8],
    pub options: RawOptions<'a>,
}

/// Name and value pairs, each ended by a NUL. What is cut off at the end of the datagram is not an option.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RawOptions<'a>(pub &'a [u8]);

/// RFC 1350 §5 and, for 8, RFC 2347. A peer may send any other number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorCode(pub u16);

impl ErrorCode {
    /// See the message.
    pub const OTHER: ErrorCode = ErrorCode(0);
    pub const NOT_FOUND: ErrorCode = ErrorCode(1);
    pub const ACCESS: ErrorCode = ErrorCode(2);
    pub const ILLEGAL: ErrorCode = ErrorCode(4);
    pub const UNKNOWN_TRANSFER: ErrorCode = ErrorCode(5);
    pub const OPTIONS: ErrorCode = ErrorCode(8);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("the packet ends too early")]
    Short,
    #[error("{0} is not a TFTP operation")]
    Operation(u16),
    #[error("the file name has no end")]
    NameUnended,
    #[error("the file name is longer than {NAME_MAX} bytes")]
    NameLong,
    #[error("the request names no file")]
    NameEmpty,
    #[error("the request has no mode")]
    NoMode,
}

impl Malformed {
    /// A broken request deserves a word; anything else that is broken gets silence.
    pub fn in_request(self) -> bool {
        !matches!(self, Malformed::Short | Malformed::Operation(_))
    }
}

impl<'a> Packet<'a> {
    pub fn parse(datagram: &'a [u8]) -> Result<Packet<'a>, Malformed> {
        let (operation, rest) = take_u16(datagram)?;
        match operation {
            READ => Ok(Packet::Read(Request::parse(rest)?)),
            WRITE => Ok(Packet::Write(Request::parse(rest)?)),
            DATA => take_u16(rest).map(|(block, payload)| Packet::Data { block, payload }),
            ACK => take_u16(rest).map(|(block, _padding)| Packet::Ack(block)),
            ERROR => {
                let (code, text) = take_u16(rest)?;
                let message = text.split(|&byte| byte == 0).next().unwrap_or_default();
                Ok(Packet::Error { code: ErrorCode(code), message })
            }
            OPTION_ACK => Ok(Packet::OptionAck(RawOptions(rest))),
            other => Err(Malformed::Operation(other)),
        }
    }

    pub fn emit(&self, out: &mut impl Write) -> io::Result<()> {
        match *self {
            Packet::Read(request) => request.emit(READ, out),
            Packet::Write(request) => request.emit(WRITE, out),
            Packet::Data { block, payload } => {
                out.write_all(&data_header(block))?;
                out.write_all(payload)
            }
            Packet::Ack(block) => emit_u16s([ACK, block], out),
            Packet::Error { code, message } => {
                emit_u16s([ERROR, code.0], out)?;
                out.write_all(message)?;
                out.write_all(&[0])
            }
            Packet::OptionAck(options) => {
                emit_u16s([OPTION_ACK], out)?;
                out.write_all(options.0)
            }
        }
    }
}

/// What stands before a block's bytes.
pub fn data_header(block: u16) -> [u8; 4] {
    let ([a, b], [c, d]) = (DATA.to_be_bytes(), block.to_be_bytes());
    [a, b, c, d]
}

impl<'a> Request<'a> {
    fn parse(rest: &'a [u8]) -> Result<Request<'a>, Malformed> {
        let (file, rest) = take_string(rest).ok_or(Malformed::NameUnended)?;
        if file.is_empty() {
            return Err(Malformed::NameEmpty);
        }
        if file.len() > NAME_MAX {
            return Err(Malformed::NameLong);
        }
        let (mode, rest) = take_string(rest).ok_or(Malformed::NoMode)?;
        Ok(Request { file, mode, options: RawOptions(rest) })
    }

    fn emit(&self, operation: u16, out: &mut impl Write) -> io::Result<()> {
        emit_u16s([operation], out)?;
        for text in [self.file, self.mode] {
            out.write_all(text)?;
            out.write_all(&[0])?;
        }
        out.write_all(self.options.0)
    }
}

impl<'a> RawOptions<'a> {
    pub fn pairs(self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (name, after) = take_string(rest)?;
            let (value, after) = take_string(after)?;
            rest = after;
            Some((name, value))
        })
    }
}

impl fmt::Debug for RawOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.escape_ascii().fmt(f)
    }
}

fn take_u16(bytes: &[u8]) -> Result<(u16, &[u8]), Malformed> {
    let (number, rest) = bytes.split_first_chunk::<2>().ok_or(Malformed::Short)?;
    Ok((u16::from_be_bytes(*number), rest))
}

/// Up to a NUL, which is not part of it.
fn take_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|&byte| byte == 0)?;
    let (text, rest) = bytes.split_at(end);
    Some((text, rest.get(1..)?))
}

fn emit_u16s<const N: usize>(numbers: [u16; N], out: &mut impl Write) -> io::Result<()> {
    numbers.into_iter().try_for_each(|number| out.write_all(&number.to_be_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(max: usize) -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(1u8..=255, 1..=max)
    }

    fn emitted(packet: &Packet<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        packet.emit(&mut out).unwrap();
        out
    }

    proptest! {
        /// T100: any datagram is a value or an error, and what was understood is written back as the same value.
        #[test]
        fn threat_100_any_datagram_parses_or_is_refused(datagram in prop::collection::vec(any::<u8>(), 0..700)) {
            if let Ok(packet) = Packet::parse(&datagram) {
                let again = emitted(&packet);
                prop_assert_eq!(Packet::parse(&again), Ok(packet));
            }
        }

        /// The same, dense in operations and NULs: random bytes rarely get past the first field.
        #[test]
        fn threat_100_any_request_parses_or_is_refused(
            operation in 0u8..8,
            rest in prop::collection::vec(prop_oneof![Just(0u8), Just(b'a'), any::<u8>()], 0..80),
        ) {
            let datagram = [&[0, operation][..], &rest].concat();
            if let Ok(packet) = Packet::parse(&datagram) {
                let again = emitted(&packet);
                prop_assert_eq!(Packet::parse(&again), Ok(packet));
                if let Packet::Read(request) | Packet::Write(request) = packet {
                    prop_assert!(request.options.pairs().count() <= rest.len());
                }
            }
        }

        #[test]
        fn a_packet_survives_the_wire(
            file in text(NAME_MAX),
            mode in text(16),
            options in prop::collection::vec((text(12), text(12)), 0..5),
            block: u16,
            payload in prop::collection::vec(any::<u8>(), 0..600),
            message in text(40),
        ) {
            let raw: Vec<u8> = options.iter().flat_map(|(name, value)| [name, &[0][..], value, &[0]].concat()).collect();
            let request = Request { file: &file, mode: &mode, options: RawOptions(&raw) };
            for packet in [
                Packet::Read(request),
                Packet::Write(request),
                Packet::Data { block, payload: &payload },
                Packet::Ack(block),
                Packet::Error { code: ErrorCode(block), message: &message },
                Packet::OptionAck(RawOptions(&raw)),
            ] {
                let wire = emitted(&packet);
                prop_assert_eq!(Packet::parse(&wire), Ok(packet));
                prop_assert_eq!(emitted(&Packet::parse(&wire).unwrap()), wire);
            }
            let pairs: Vec<_> = request.options.pairs().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
            prop_assert_eq!(pairs, options);
        }
    }

    #[test]
    fn the_wire_is_that_of_rfc_1350() {
        let options = RawOptions(b"blksize\x001468\0");
        let read = Packet::Read(Request { file: b"a.cfg", mode: b"octet", options });
        assert_eq!(emitted(&read), b"\0\x01a.cfg\0octet\0blksize\x001468\0");
        assert_eq!(emitted(&Packet::Data { block: 258, payload: b"x" }), b"\0\x03\x01\x02x");
        assert_eq!(emitted(&Packet::Ack(1)), b"\0\x04\0\x01");
        assert_eq!(emitted(&Packet::Error { code: ErrorCode::NOT_FOUND, message: b"no" }), b"\0\x05\0\x01no\0");
        assert_eq!(emitted(&Packet::OptionAck(options)), b"\0\x06blksize\x001468\0");
    }

    #[test]
    fn threat_035_a_broken_request_says_what_is_broken() {
        let long = [b"\0\x01".as_slice(), &[b'a'; NAME_MAX + 1], b"\0octet\0"].concat();
        for (datagram, why) in [
            (&b""[..], Malformed::Short),
            (b"\0", Malformed::Short),
            (b"\0\x04\0", Malformed::Short),
            (b"\0\x07abc", Malformed::Operation(7)),
            (b"\0\x01", Malformed::NameUnended),
            (b"\0\x01name", Malformed::NameUnended),
            (b"\0\x01\0octet\0", Malformed::NameEmpty),
            (b"\0\x01name\0", Malformed::NoMode),
            (b"\0\x01name\0octet", Malformed::NoMode),
            (&long, Malformed::NameLong),
        ] {
            assert_eq!(Packet::parse(datagram), Err(why));
        }
    }
}
