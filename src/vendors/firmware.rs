//! Whether a firmware is one that its model may have here: numbers with dots, compared part by part.

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vendors::{by_id, model};

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
