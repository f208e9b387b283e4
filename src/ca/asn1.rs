//! Just enough of ASN.1 (ITU-T X.690) for enrolment messages: a reader and a writer of DER, and what makes DER of the
//! BER that old phones send.
//!
//! The reader borrows and keeps the raw bytes of everything it passes, because signatures are over bytes, not over
//! meanings. Depth, size and count are bounded; nothing is allocated by a length that a peer claims.

pub const BOOLEAN: u8 = 0x01;
pub const INTEGER: u8 = 0x02;
pub const BIT_STRING: u8 = 0x03;
pub const OCTET_STRING: u8 = 0x04;
pub const NULL: u8 = 0x05;
pub const OID: u8 = 0x06;
pub const PRINTABLE: u8 = 0x13;
pub const SEQUENCE: u8 = 0x30;
pub const SET: u8 = 0x31;
pub const CONTEXT_0: u8 = 0xa0;
pub const CONTEXT_1: u8 = 0xa1;
/// The same when it stands for a primitive.
pub const PRIMITIVE_0: u8 = 0x80;

const CONSTRUCTED: u8 = 0x20;
const UNIVERSAL: u8 = 0xc0;
const DEEPEST: usize = 24;

/// It is not what it should be. Where and why is nobody's business: the peer gets one answer for all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed ASN.1")]
pub struct Malformed;

pub type Result<T, E = Malformed> = std::result::Result<T, E>;

/// One element: its identifier octet, its content, and all of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    pub tag: u8,
    pub body: &'a [u8],
    pub raw: &'a [u8],
}

impl<'a> Element<'a> {
    pub fn inside(&self) -> Reader<'a> {
        Reader(self.body)
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader(bytes)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn any(&mut self) -> Result<Element<'a>> {
        let head = Head::read(self.0)?;
        let length = head.length.filter(|_| head.is_minimal).ok_or(Malformed)?;
        let (raw, rest) = self.0.split_at_checked(head.size + length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(Element { tag: head.tag, body: raw.get(head.size..).ok_or(Malformed)?, raw })
    }

    pub fn expect(&mut self, tag: u8) -> Result<Element<'a>> {
        self.any().and_then(|element| if element.tag == tag { Ok(element) } else { Err(Malformed) })
    }

    pub fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>> {
        if self.0.first() == Some(&tag) { self.any().map(Some) } else { Ok(None) }
    }

    /// The content of the next element, which must have this tag.
    pub fn open(&mut self, tag: u8) -> Result<Reader<'a>> {
        Ok(self.expect(tag)?.inside())
    }

    /// Every element that is left, up to `most` of them.
    pub fn all(mut self, most: usize) -> Result<Vec<Element<'a>>> {
        let mut elements = Vec::new();
        while !self.is_empty() {
            if elements.len() == most {
                return Err(Malformed);
            }
            elements.push(self.any()?);
        }
        Ok(elements)
    }

    pub fn end(self) -> Result<()> {
        if self.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

/// The one element that the bytes are.
pub fn only(bytes: &[u8], tag: u8) -> Result<Element<'_>> {
    let mut reader = Reader(bytes);
    let element = reader.expect(tag)?;
    reader.end()?;
    Ok(element)
}

struct Head {
    tag: u8,
    size: usize,
    /// `None`: indefinite.
    length: Option<usize>,
    is_minimal: bool,
}

impl Head {
    fn read(bytes: &[u8]) -> Result<Head> {
        let &[tag, first, ref rest @ ..] = bytes else { return Err(Malformed) };
        // No structure here has a tag number over 30.
        if tag & 0x1f == 0x1f {
            return Err(Malformed);
        }
        match first {
            0..=0x7f => Ok(Head { tag, size: 2, length: Some(first.into()), is_minimal: true }),
            0x80 => Ok(Head { tag, size: 2, length: None, is_minimal: false }),
            0x81..=0x88 => {
                let count = usize::from(first & 0x7f);
                let octets = rest.get(..count).ok_or(Malformed)?;
                let length = octets.iter().try_fold(0usize, |length, octet| {
                    length.checked_mul(256).map(|length| length | usize::from(*octet)).ok_or(Malformed)
                })?;
                if length > rest.len() {
                    return Err(Malformed);
                }
                let is_minimal = length > 0x7f && octets.first() != Some(&0);
                Ok(Head { tag, size: 2 + count, length: Some(length), is_minimal })
            }
            _ => Err(Malformed),
        }
    }
}

/// BER → DER, as far as CMS needs it: definite and minimal lengths, strings in one piece. The order of a SET stays:
/// what was signed is what was sent.
pub fn normalise(ber: &[u8]) -> Result<Vec<u8>> {
    let mut der = Vec::with_capacity(ber.len() + 64);
    let rest = element(ber, &mut der, DEEPEST)?;
    if rest.is_empty() { Ok(der) } else { Err(Malformed) }
}

/// Writes the first element of `ber` as DER and gives back what follows it.
fn element<'a>(ber: &'a [u8], der: &mut Vec<u8>, depth: usize) -> Result<&'a [u8]> {
    let depth = depth.checked_sub(1).ok_or(Malformed)?;
    let head = Head::read(ber)?;
    let rest = ber.get(head.size..).ok_or(Malformed)?;
    let is_constructed = head.tag & CONSTRUCTED != 0;
    let (mut body, mut after) = match head.length {
        Some(length) => rest.split_at_checked(length).ok_or(Malformed)?,
        None if is_constructed => (rest, [].as_slice()),
        None => return Err(Malformed),
    };
    if !is_constructed {
        put(der, head.tag, body);
        return Ok(after);
    }
    let mut inside = Vec::new();
    loop {
        match (head.length, body) {
            (Some(_), []) => break,
            (None, [0, 0, rest @ ..]) => {
                after = rest;
                break;
            }
            _ => body = element(body, &mut inside, depth)?,
        }
    }
    match head.tag {
        SEQUENCE | SET => put(der, head.tag, &inside),
        // A string in pieces. The pieces are strings of the same kind, each normalised by now.
        tag if tag & UNIVERSAL == 0 => {
            let tag = tag & !CONSTRUCTED;
            if tag == BIT_STRING {
                return Err(Malformed);
            }
            put(der, tag, &joined(&inside, tag)?);
        }
        tag => put(der, tag, &inside),
    }
    Ok(after)
}

/// The content of a string that may have come in pieces.
pub fn joined(pieces: &[u8], tag: u8) -> Result<Vec<u8>> {
    let (mut reader, mut whole) = (Reader(pieces), Vec::with_capacity(pieces.len()));
    while !reader.is_empty() {
        whole.extend_from_slice(reader.expect(tag)?.body);
    }
    Ok(whole)
}

fn put(der: &mut Vec<u8>, tag: u8, body: &[u8]) {
    der.push(tag);
    put_length(der, body.len());
    der.extend_from_slice(body);
}

fn put_length(der: &mut Vec<u8>, length: usize) {
    let octets = length.to_be_bytes();
    let skip = octets.iter().take_while(|octet| **octet == 0).count();
    match length {
        0..=0x7f => der.push(length as u8),
        _ => {
            der.push(0x80 | (octets.len() - skip) as u8);
            der.extend(octets.iter().skip(skip));
        }
    }
}

/// An element of these parts.
pub fn element_of(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().map(|part| part.len()).sum();
    let mut der = Vec::with_capacity(length + 6);
    der.push(tag);
    put_length(&mut der, length);
    parts.iter().for_each(|part| der.extend_from_slice(part));
    der
}

pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element_of(SEQUENCE, parts)
}

/// A SET OF in its DER order.
pub fn set_of(mut members: Vec<Vec<u8>>) -> Vec<u8> {
    members.sort();
    element_of(SET, &[&members.concat()])
}

pub fn oid(body: &[u8]) -> Vec<u8> {
    element_of(OID, &[body])
}

pub fn integer(value: u32) -> Vec<u8> {
    unsigned(&value.to_be_bytes())
}

/// A positive number from its big-endian bytes.
pub fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let skip = bytes.iter().take_while(|byte| **byte == 0).count();
    let bytes = bytes.get(skip..).unwrap_or_default();
    let pad: &[u8] = if bytes.first().is_none_or(|first| first & 0x80 != 0) { &[0] } else { &[] };
    element_of(INTEGER, &[pad, bytes])
}

pub fn octets(body: &[u8]) -> Vec<u8> {
    element_of(OCTET_STRING, &[body])
}

/// An algorithm with NULL parameters, as the RSA family and the digests are written.
pub fn algorithm(id: &[u8]) -> Vec<u8> {
    sequence(&[&oid(id), &[NULL, 0]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ber_becomes_der() {
        let cases: &[(&[u8], &[u8])] = &[
            (&[0x30, 0x80, 0x02, 0x01, 0x05, 0, 0], &[0x30, 3, 2, 1, 5]),
            (&[0x30, 0x81, 0x03, 0x02, 0x01, 0x05], &[0x30, 3, 2, 1, 5]),
            (&[0x24, 0x80, 4, 1, b'a', 0x24, 3, 4, 1, b'b', 0, 0], &[4, 2, b'a', b'b']),
            // What one SCEP client sends in place of [0] IMPLICIT OCTET STRING: its pieces stay visible.
            (&[0xa0, 0x80, 4, 1, b'a', 4, 1, b'b', 0, 0], &[0xa0, 6, 4, 1, b'a', 4, 1, b'b']),
            // A SET keeps its order.
            (&[0x31, 6, 2, 1, 9, 2, 1, 1], &[0x31, 6, 2, 1, 9, 2, 1, 1]),
        ];
        for (ber, der) in cases {
            assert_eq!(normalise(ber).as_deref(), Ok(*der));
            assert_eq!(normalise(der).as_deref(), Ok(*der), "what is DER stays as it is");
        }
    }

    #[test]
    fn threat_082_lengths_that_lie_depth_and_junk_are_refused() {
        let deep = [[0x30, 0x80].repeat(100_000), [0, 0].repeat(100_000)].concat();
        let cases: &[&[u8]] = &[
            &[],
            &[0x30],
            &[0x30, 0x84, 0x40, 0, 0, 0, 1],
            &[0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x30, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1],
            &[0x30, 0xff],
            &[0x04, 0x80, 0, 0],
            &[0x30, 0x80, 2, 1, 5],
            &[0x30, 3, 2, 1, 5, 0],
            &[0x1f, 0x81, 1, 0],
            &[0x23, 4, 3, 2, 0, 1],
            &[0x24, 3, 2, 1, 5],
            &deep,
        ];
        for bytes in cases {
            assert_eq!(normalise(bytes), Err(Malformed), "{:02x?}", &bytes[..bytes.len().min(16)]);
        }
    }

    #[test]
    fn numbers_are_minimal_and_positive() {
        assert_eq!(integer(0), [2, 1, 0]);
        assert_eq!(integer(127), [2, 1, 127]);
        assert_eq!(integer(128), [2, 2, 0, 128]);
        assert_eq!(unsigned(&[0, 0, 0x80, 1]), [2, 3, 0, 0x80, 1]);
        assert_eq!(octets(&[7; 200])[..3], [4, 0x81, 200]);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(der) = normalise(&bytes) {
                prop_assert!(Reader::new(&der).any().is_ok());
                prop_assert_eq!(normalise(&der), Ok(der.clone()));
            }
        }
    }
}
