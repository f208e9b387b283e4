//! Finds MAC addresses in the bytes that a phone sent: exactly twelve hex digits with nothing alphanumeric on either
//! side, or six pairs, three fours or, where a name begins, two sixes with one separator throughout.
//!
//! Knows no vendor but by who owns a MAC's first digits. Eleven or thirteen digits, `000000000000`, `ffffffffffff` and `y0000000000NN` are never a MAC.

use crate::net::Mac;
use crate::vendors::ouis;

const ALNUM: u8 = 1;
const HEX: u8 = 2;

/// One look instead of four comparisons: this runs over every byte of every request.
static CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        if b.is_ascii_alphanumeric() {
            table[byte] = ALNUM;
        }
        if b.is_ascii_hexdigit() {
            table[byte] |= HEX;
        }
        byte += 1;
    }
    table
};

/// Length of the alphanumeric run at the start of `text`, and whether it is hex throughout.
fn run(text: &[u8]) -> (usize, bool) {
    let mut all = HEX;
    let mut length = 0;
    while let Some(&byte) = text.get(length) {
        let class = CLASS[usize::from(byte)];
        if class == 0 {
            break;
        }
        all &= class;
        length += 1;
    }
    (length, all != 0)
}

/// A MAC at the very start of `text`, with the number of bytes it takes. What stands before is the caller's business.
pub fn at_start(text: &[u8]) -> Option<(Mac, usize)> {
    match run(text) {
        (12, true) => Some((Mac::from_hex12(text.get(..12)?)?, 12)),
        (6, true) => groups(text, 6, b"-"),
        (2, true) => groups(text, 2, b":-_ "),
        (4, true) => groups(text, 4, b".-:"),
        _ => None,
    }
}

/// `001565-123456` at the start of a name. `240101-123456` looks the same and is a time: who owns the prefix says which.
pub fn halves(text: &[u8]) -> Option<Mac> {
    let (mac, taken) = at_start(text)?;
    (taken == 13).then_some(mac)
}

/// `size` digits, one separator, `size` digits …: twelve digits in all, and no further group.
fn groups(text: &[u8], size: usize, separators: &[u8]) -> Option<(Mac, usize)> {
    let separator = *text.get(size).filter(|byte| separators.contains(byte))?;
    let mut digits = [0u8; 12];
    let mut at = 0;
    for group in digits.chunks_mut(size) {
        if at > 0 {
            if text.get(at) != Some(&separator) {
                return None;
            }
            at += 1;
        }
        let rest = text.get(at..)?;
        if run(rest) != (size, true) {
            return None;
        }
        group.copy_from_slice(rest.get(..size)?);
        at += size;
    }
    let more = text.get(at) == Some(&separator) && run(text.get(at + 1..)?) == (size, true);
    if more { None } else { Some((Mac::from_hex12(&digits)?, at)) }
}

/// Every MAC in `text`, from left to right.
pub fn all(text: &[u8]) -> impl Iterator<Item = Mac> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < text.len() {
            let rest = text.get(at..)?;
            let (length, hex) = run(rest);
            if length == 0 {
                at += 1;
                continue;
            }
            let start = at;
            at += length;
            if !hex || !matches!(length, 2 | 4 | 12) {
                continue;
            }
            if let Some((mac, taken)) = at_start(rest) {
                at = start + taken;
                if !is_serial(text, start) && !in_uuid(text, start, length) {
                    return Some(mac);
                }
            } else if length != 12 {
                at += group_tail(rest, length);
            }
        }
        None
    })
}

/// Cisco's `SEP` and twelve digits, as its factory certificates end: `CN=CP-7962G-SEP001122AABBCC`.
pub fn of_sep(text: &[u8]) -> impl Iterator<Item = Mac> + '_ {
    (0..text.len()).filter_map(|at| {
        let starts =
            at.checked_sub(1).and_then(|before| text.get(before)).is_none_or(|byte| !byte.is_ascii_alphanumeric());
        let rest = text.get(at..).filter(|_| starts)?;
        let is_sep = rest.get(..3)?.eq_ignore_ascii_case(b"SEP") && run(rest).0 == 15;
        Mac::from_hex12(rest.get(3..15).filter(|_| is_sep)?)
    })
}

/// What [`all`] is too strict to read, for whoever must not be told another name: twelve digits after a word (`CIPC`,
/// `x`), where a maker of phones owns them so that no serial number is meant, and groups of two, four or six with any
/// separator (`001B4F-AA3002`, `001B 4FAA 3002`).
pub fn loose(text: &[u8]) -> impl Iterator<Item = Mac> + '_ {
    const SEPARATORS: &[u8] = b":-_. ";
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < text.len() {
            let (start, rest) = (at, text.get(at..)?);
            let (length, hex) = run(rest);
            at += length.max(1);
            if let Some(word) = length.checked_sub(12).filter(|word| *word > 0) {
                let (word, digits) = (rest.get(..word)?, rest.get(word..length)?);
                let is_word = word.iter().all(u8::is_ascii_alphabetic) && !word.iter().all(u8::is_ascii_hexdigit);
                let mac = Mac::from_hex12(digits).filter(|mac| is_word && ouis::owners(*mac).next().is_some());
                if mac.is_some() {
                    return mac;
                }
            } else if hex && matches!(length, 2 | 4 | 6) {
                match groups(rest, length, SEPARATORS) {
                    Some((mac, taken)) => {
                        at = start + taken;
                        if !is_serial(text, start) && !in_uuid(text, start, length) {
                            return Some(mac);
                        }
                    }
                    None => at += group_tail(rest, length),
                }
            }
        }
        None
    })
}

/// Seven groups are not six and one more: how much of a chain that is too long is passed over.
fn group_tail(rest: &[u8], size: usize) -> usize {
    let Some(separator) = rest.get(size).filter(|byte| b".:-_ ".contains(byte)) else { return 0 };
    let mut at = size;
    while rest.get(at) == Some(separator) && rest.get(at + 1..).is_some_and(|next| run(next) == (size, true)) {
        at += size + 1;
    }
    if at > 12 + 12 / size - 1 { at - size } else { 0 }
}

/// Cisco (`Serial:`, `L=` of its certificates) and Snom DECT (`SER=`) print a serial number that may happen to be twelve hex
/// digits.
fn is_serial(text: &[u8], start: usize) -> bool {
    let before = text.get(..start).unwrap_or_default().trim_ascii_end();
    [b"ser=".as_slice(), b"serial:", b"/l=", b",l=", b" l="].iter().any(|label| {
        let from = before.len().checked_sub(label.len());
        from.and_then(|from| before.get(from..)).is_some_and(|tail| tail.eq_ignore_ascii_case(label))
    })
}

/// `550e8400-e29b-41d4-a716-446655440000` holds both shapes: three fours after a hyphen, and twelve digits after a four.
fn in_uuid(text: &[u8], start: usize, length: usize) -> bool {
    let before = text.get(..start).unwrap_or_default();
    match (length, before) {
        (4, [.., b'-']) => text.get(start + 4) == Some(&b'-'),
        (12, [.., b'-', a, b, c, d, b'-']) => run(&[*a, *b, *c, *d]) == (4, true),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        all(text.as_bytes()).map(|mac| mac.to_string()).collect()
    }

    #[test]
    fn every_notation_is_found_wherever_it_stands() {
        for text in [
            "805ec0aabb01",
            "805EC0AABB01.cfg",
            "80:5e:c0:aa:bb:01",
            "x 80-5E-C0-AA-BB-01 V:1",
            "ipst_config_80_5e_c0_aa_bb_01.cfg",
            "80 5e c0 aa bb 01",
            "805e.c0aa.bb01.cfg",
            "(SN:805ec0aabb01)",
            "a;805EC0AABB01;Handset=n",
            "CN=805ec0-nothing,CN=805ec0aabb01",
            "\u{0}805ec0aabb01\r\n",
            "MN_805ec0aabb01",
        ] {
            assert_eq!(found(text), ["805ec0aabb01"], "{text}");
        }
    }

    #[test]
    fn what_is_not_a_mac_is_not_found() {
        for text in [
            "",
            "805ec0aabb0",
            "805ec0aabb012",
            "x805ec0aabb01",
            "805ec0aabb01x",
            "000000000000.cfg",
            "y000000000096.cfg",
            "FF:FF:FF:FF:FF:FF",
            "80:5e:c0:aa:bb:0",
            "80:5e:c0:aa:bb:01:02",
            "80:5e-c0:aa:bb:01",
            "805e.c0aa.bb01.cafe",
            "c0ffee00000g",
            "14:19:43",
            "28.71.0.81 28.1.0.128.0.0.0",
            "550e8400-e29b-41d4-a716-446655440000",
            "3c28a620089e3c28a620089e3c28a620",
            "Serial: 88019FA42805",
            "SER=00087B0A0B0C",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_name_is_held_to_every_writing_of_a_mac() {
        let loosely = |text: &str| loose(text.as_bytes()).map(|mac| mac.to_string()).collect::<Vec<_>>();
        for text in ["CIPC805ec0aabb01", "x805EC0AABB01", "805EC0-AABB01", "805e c0aa bb01", "phone 80.5e.c0.aa.bb.01!"]
        {
            assert_eq!(loosely(text), ["805ec0aabb01"], "{text}");
        }
        for text in [
            "550e8400-e29b-41d4-a716-446655440000",
            "SN202401234567",
            "abc805ec0aabb01",
            "805ec0aabb012",
            "805e c0aa bb01 cafe",
            "805ec0-aabb01-805ec0",
            "2024-11-28 16:46",
            "10.20.30.40",
        ] {
            assert_eq!(loosely(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn two_macs_are_two() {
        assert_eq!(found("/805ec0aabb01/805ec0aabb02.cfg"), ["805ec0aabb01", "805ec0aabb02"]);
    }
}
