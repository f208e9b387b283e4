//! Whether a firmware is one that its model may have here, which of two is newer, and what the name of a file says: numbers,
//! compared part by part.

use super::models::Model;
use std::cmp::Ordering;

/// What is wrong with a firmware.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// Older than this one.
    Older(String),
    /// This one or a later one.
    Later(String),
    /// One of those that do not work.
    Except,
}

impl std::fmt::Display for Misfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Misfit::Older(least) => write!(f, "older than {least}, the least for this model"),
            Misfit::Later(until) => write!(f, "not supported: from {until} on this model is not any more"),
            Misfit::Except => f.write_str("one of those that do not work with this model"),
        }
    }
}

/// Whether it makes the phone one for Teams: YMC-005.
pub fn is_teams(model: &Model, version: &str) -> bool {
    let product = |text: &str| text.split('.').nth(1).map(str::to_owned);
    model.teams.as_deref().is_some_and(|teams| product(teams) == product(version))
}

/// `None`: it fits, or nothing is known, or the version cannot be read.
pub fn misfit(model: &Model, version: &str) -> Option<Misfit> {
    let than = |limit: &str| compare(version, limit);
    if is_teams(model, version) {
        let least = model.teams.as_ref().filter(|least| than(least) == Some(Ordering::Less));
        return least.cloned().map(Misfit::Older);
    }
    if let Some(least) = model.least.as_ref().filter(|least| than(least) == Some(Ordering::Less)) {
        return Some(Misfit::Older(least.clone()));
    }
    if let Some(until) = model.until.as_ref().filter(|until| than(until).is_some_and(Ordering::is_ge)) {
        return Some(Misfit::Later(until.clone()));
    }
    model.except.iter().any(|one| than(one) == Some(Ordering::Equal)).then_some(Misfit::Except)
}

/// `XX` in the limit is any number. The numbers of other products are not compared at all.
fn compare(version: &str, limit: &str) -> Option<Ordering> {
    let (mut ours, mut theirs) = (version.split('.'), limit.split('.'));
    let (first, wanted) = (ours.next()?, theirs.next()?);
    if wanted != "XX" && first != wanted {
        return None;
    }
    let read = |part: &str| part.parse::<u32>().ok();
    loop {
        match (ours.next(), theirs.next()) {
            (None, None) => return Some(Ordering::Equal),
            (ours, theirs) => match read(ours.unwrap_or("0"))?.cmp(&read(theirs.unwrap_or("0"))?) {
                Ordering::Equal => {}
                unequal => return Some(unequal),
            },
        }
    }
}

/// (vendor, letter before a version in the name of a firmware file, what may stand between its numbers). The last row is
/// everybody else's. Avaya: `FW_S_J179_R4_1_4_0_5.bin` (avaya.md §3).
const IN_NAMES: &[(&str, Option<u8>, &[u8])] = &[("avaya", Some(b'R'), b"_."), ("", None, b".")];

/// The version that the name of a firmware file says, with dots: the longest row of numbers in it.
pub fn in_name(vendor: Option<&str>, name: &str) -> Option<String> {
    let of = |row: &&(&str, Option<u8>, &[u8])| row.0.is_empty() || Some(row.0) == vendor;
    let (_, before, between) = IN_NAMES.iter().find(of)?;
    let has_letter = |ending: &str| ending.bytes().any(|byte| byte.is_ascii_alphabetic());
    let stem = name.rsplit_once('.').filter(|(_, ending)| has_letter(ending)).map_or(name, |(stem, _)| stem);
    let mut best: Vec<&str> = Vec::new();
    let mut rest = stem;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (head, tail) = rest.split_at(start);
        let is_inside = |c: char| c.is_ascii_digit() || between.contains(&(c as u8)) && c.is_ascii();
        let (row, after) = tail.split_at(tail.find(|c| !is_inside(c)).unwrap_or(tail.len()));
        let begins = before.is_none_or(|letter| head.as_bytes().last() == Some(&letter));
        let numbers: Vec<&str> =
            row.split(|c: char| !c.is_ascii_digit()).take_while(|number| !number.is_empty()).collect();
        if begins && numbers.len() > best.len().max(1) {
            best = numbers;
        }
        rest = after;
    }
    (!best.is_empty()).then(|| best.join("."))
}

/// By their numbers, whatever stands between; a missing one is 0.
pub fn by_number(one: &str, other: &str) -> Ordering {
    let (mut ours, mut theirs) = (numbers(one), numbers(other));
    loop {
        match (ours.next(), theirs.next()) {
            (None, None) => return Ordering::Equal,
            (ours, theirs) => match ours.unwrap_or(0).cmp(&theirs.unwrap_or(0)) {
                Ordering::Equal => {}
                unequal => return unequal,
            },
        }
    }
}

/// One too long to read is larger than any other.
fn numbers(version: &str) -> impl Iterator<Item = u64> + '_ {
    let parts = version.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    parts.map(|part| part.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vendors::{by_id, model};

    #[test]
    fn the_name_of_a_file_says_its_version() {
        for (vendor, name, version) in [
            ("yealink", "96.86.0.75.rom", Some("96.86.0.75")),
            ("yealink", "T46S(T46G)-66.86.0.15.rom", Some("66.86.0.15")),
            ("avaya", "FW_S_J179_R4_1_4_0_5.bin", Some("4.1.4.0.5")),
            ("avaya", "S9608_11_HALBR7_1_15_0r13_V4r83.tar", Some("7.1.15.0")),
            ("avaya", "J179_4_1.bin", None),
            ("snom", "snomD785-10.1.175.13-SIP-r.bin", Some("10.1.175.13")),
            ("ale", "noe8008", None),
            ("yealink", "fw-3.7z", None),
            ("yealink", "..", None),
            ("avaya", "R\u{e9}R4_\u{e9}1", None),
            ("yealink", "", None),
        ] {
            assert_eq!(in_name(Some(vendor), name).as_deref(), version, "{vendor} {name}");
        }
        assert_eq!(in_name(None, "a-1.2.3-b-4.5.bin").as_deref(), Some("1.2.3"));
    }

    #[test]
    fn of_two_versions_the_numbers_say_which_is_newer() {
        for (older, newer) in [
            ("4.1.1.0.7", "4.1.10.0.1"),
            ("96.86.0.75", "96.86.0.200"),
            ("4.1", "4.1.0.1"),
            ("2_9", "2.10"),
            ("1", "99999999999999999999999"),
            ("", "0.1"),
        ] {
            assert_eq!(by_number(older, newer), Ordering::Less, "{older} {newer}");
            assert_eq!(by_number(newer, older), Ordering::Greater, "{older} {newer}");
        }
        assert_eq!(by_number("4.1.0", "R4_1"), Ordering::Equal);
    }

    fn says(name: &str, version: &str) -> Option<Misfit> {
        misfit(model(by_id("yealink").unwrap(), name).unwrap(), version)
    }

    /// YMC-003: the least firmware of a model, and the one release between that does not work.
    #[test]
    fn firmware_below_the_least_of_its_model_is_told() {
        for name in ["T46S", "T48S", "T41P", "T29G"] {
            assert_eq!(says(name, "66.83.0.29"), Some(Misfit::Older("XX.83.0.30".into())), "{name}");
            assert_eq!(says(name, "66.83.0.30"), None, "{name}");
            assert_eq!(says(name, "66.84.0.9"), None, "{name}");
            assert_eq!(says(name, "66.84.0.10"), Some(Misfit::Except), "{name}");
            assert_eq!(says(name, "66.84.0.11"), None, "{name}");
        }
        assert_eq!(says("T54W", "96.84.0.9"), Some(Misfit::Older("96.84.0.10".into())));
        assert_eq!(says("T54W", "96.86.0.100"), None);
        assert_eq!(says("T54W", "beta"), None);
    }

    /// YMC-005: what makes a phone one for Teams is its firmware.
    #[test]
    fn a_phone_for_teams_is_known_by_its_firmware() {
        let cp960 = model(by_id("yealink").unwrap(), "CP960").unwrap();
        assert!(is_teams(cp960, "73.15.0.20") && !is_teams(cp960, "73.83.0.10"));
        assert_eq!(misfit(cp960, "73.15.0.19"), Some(Misfit::Older("73.15.0.20".into())));
        assert_eq!(misfit(cp960, "73.15.0.20"), None);
        assert_eq!(misfit(cp960, "73.82.0.10"), Some(Misfit::Older("73.83.0.10".into())));
    }

    /// YMC-004: the support of some models ends at a release.
    #[test]
    fn firmware_past_the_last_of_its_model_is_told() {
        for name in ["T19P_E2", "T21P_E2", "T23P", "T23G", "T40P", "T40G"] {
            assert_eq!(says(name, "53.84.0.69"), None, "{name}");
            assert_eq!(says(name, "53.84.0.70"), Some(Misfit::Later("XX.84.0.70".into())), "{name}");
            assert_eq!(says(name, "53.85.0.5"), Some(Misfit::Later("XX.84.0.70".into())), "{name}");
            assert_eq!(says(name, "53.83.0.29"), Some(Misfit::Older("XX.83.0.30".into())), "{name}");
            assert_eq!(says(name, "53.84.0.10"), Some(Misfit::Except), "{name}");
        }
    }
}
