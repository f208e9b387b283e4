//! "Contains" for names, serial numbers, vendors and models; for MAC addresses their first or last digits.

use super::kinds::Kind;
use memchr::memmem::Finder;

pub struct Search {
    finder: Finder<'static>,
    digits: Option<Digits>,
}

struct Digits {
    number: u64,
    /// Bits of the MAC behind the first digits.
    behind: u32,
    /// Of the last digits.
    mask: u64,
}

impl Search {
    pub fn new(text: &str) -> Search {
        let digits: String = text.chars().filter(|c| !matches!(c, ':' | '-' | '.' | ' ')).collect();
        let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let digits = match (digits.len(), u64::from_str_radix(&digits, 16)) {
            (count @ 2..=12, Ok(number)) if is_hex => {
                let bits = 4 * count as u32;
                Some(Digits { number, behind: 48 - bits, mask: (1 << bits) - 1 })
            }
            _ => None,
        };
        Search { finder: Finder::new(text.to_ascii_lowercase().as_bytes()).into_owned(), digits }
    }

    /// Where it is found first in small letters.
    pub fn place(&self, words: &[u8]) -> Option<usize> {
        self.finder.find(words)
    }

    pub fn is_in(&self, words: &[u8]) -> bool {
        self.place(words).is_some()
    }

    pub fn is_in_kind(&self, kind: &Kind) -> bool {
        let words = [&kind.vendor, &kind.model];
        words.into_iter().flatten().any(|word| self.is_in(word.to_ascii_lowercase().as_bytes()))
    }

    pub fn is_in_mac(&self, mac: u64) -> bool {
        self.digits
            .as_ref()
            .is_some_and(|digits| mac >> digits.behind == digits.number || mac & digits.mask == digits.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_the_first_or_the_last_of_a_mac() {
        let mac = 0x805e_c0aa_bb01;
        for text in ["80", "805EC0", "80:5e:c0-aa.bb 01", "01", "bb:01", "5ec0aabb01"] {
            assert!(Search::new(text).is_in_mac(mac), "{text}");
        }
        for text in ["", "8", "5e", "aabb", "805ec0aabb0100", "+01", "x01", "805ec0aabb02"] {
            assert!(!Search::new(text).is_in_mac(mac), "{text}");
        }
    }
}
