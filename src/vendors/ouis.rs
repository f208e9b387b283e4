//! Who owns a MAC prefix: `ouis.csv`, longest prefix first. A prefix proves a maker of network parts, not the brand on the
//! case: where the request itself names its vendor, that name is heard first (see `identify`).

use super::{VENDORS, Vendor};
use crate::net::Mac;
use std::sync::LazyLock;

struct Ouis {
    /// Six hex digits: (prefix, row in `VENDORS`), sorted; several rows where several brands share a prefix.
    blocks: Vec<(u32, u8)>,
    /// Longer than six digits: (prefix, its bits, row), longest first. A handful.
    parts: Vec<(u64, u32, u8)>,
}

static OUIS: LazyLock<Ouis> = LazyLock::new(|| Ouis::parse(include_str!("ouis.csv")));

impl Ouis {
    fn parse(text: &str) -> Ouis {
        let (mut blocks, mut parts) = (Vec::new(), Vec::new());
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut cells = line.split(',');
            let (Some(digits), Some(id)) = (cells.next(), cells.next()) else { continue };
            let row = VENDORS.iter().position(|vendor| vendor.id == id).and_then(|row| u8::try_from(row).ok());
            let (Some(row), Ok(prefix)) = (row, u64::from_str_radix(digits, 16)) else { continue };
            match u32::try_from(prefix) {
                Ok(prefix) if digits.len() == 6 => blocks.push((prefix, row)),
                _ => parts.push((prefix, 4 * digits.len() as u32, row)),
            }
        }
        // a stable sort: of two owners the first row of the file stays first
        blocks.sort_by_key(|(prefix, _)| *prefix);
        parts.sort_by_key(|(_, bits, _)| std::cmp::Reverse(*bits));
        Ouis { blocks, parts }
    }
}

/// Every vendor that owns the longest known prefix of `mac`, the likeliest first.
pub fn owners(mac: Mac) -> impl Iterator<Item = &'static Vendor> {
    let ouis = &*OUIS;
    let part = ouis.parts.iter().find(|(prefix, bits, _)| mac.to_u64() >> (48 - bits) == *prefix);
    let from = ouis.blocks.partition_point(|(prefix, _)| *prefix < mac.oui());
    let blocks = ouis.blocks.get(from..).unwrap_or_default().iter().take_while(move |(prefix, _)| *prefix == mac.oui());
    let blocks = part.is_none().then_some(blocks).into_iter().flatten().map(|(_, row)| *row);
    part.map(|(_, _, row)| *row).into_iter().chain(blocks).filter_map(|row| VENDORS.get(usize::from(row)).copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(mac: &str) -> Vec<&'static str> {
        owners(mac.parse().unwrap()).map(|vendor| vendor.id).collect()
    }

    #[test]
    fn the_longest_prefix_wins() {
        assert_eq!(ids("000413e51234"), ["gigaset"]);
        assert_eq!(ids("000413801234"), ["gigaset"]);
        assert_eq!(ids("000413d81234"), ["gigaset"]);
        assert_eq!(ids("000413811234"), ["snom"]);
        assert_eq!(ids("000413e41234"), ["snom"]);
        assert_eq!(ids("805ec0aabb01"), ["yealink"]);
        assert_eq!(ids("001fc1000001"), ["htek", "sangoma"]);
        assert_eq!(ids("aabbccddeeff"), [""; 0]);
    }

    #[test]
    fn every_row_names_a_known_vendor_and_a_well_formed_prefix() {
        for line in include_str!("ouis.csv").lines().filter(|line| !line.starts_with('#')) {
            let mut cells = line.split(',');
            let (prefix, id) = (cells.next().unwrap(), cells.next().unwrap());
            assert!((6..=9).contains(&prefix.len()) && u64::from_str_radix(prefix, 16).is_ok(), "{line}");
            assert!(VENDORS.iter().any(|vendor| vendor.id == id), "{line}");
        }
    }
}
