//! Resolving: layers of values → the one value per setting that counts, with where it came from.
//!
//! Pure and quick: layers that thousands of phones share are sorted once ([`Values::new`]) and only merged here.

use super::{Provenance, Resolved, SettingId, Value, catalogue};
use std::sync::Arc;

/// One value that somebody set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    pub id: SettingId,
    /// 0 holds for every line; only per-line settings know others.
    pub line: u8,
    pub value: Value,
    pub from: Arc<Provenance>,
}

/// The values of one scope of one layer (this site's, that group's), sorted once and then shared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Values(Vec<Set>);

impl Values {
    /// Of two values for the same setting and line the later one counts.
    pub fn new(mut sets: Vec<Set>) -> Values {
        sets.reverse();
        sets.sort_by_key(|set| (set.id, set.line));
        sets.dedup_by_key(|set| (set.id, set.line));
        Values(sets)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Set> {
        self.0.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What counts for a phone with these lines. `layers` stand weakest first; the stronger one hides the weaker one, setting
/// by setting, and within one layer a line's own value hides the value for every line.
///
/// Without `secrets` a setting whose winner is secret is left out as a whole: the weaker value behind it is not the
/// truth. The answer is sorted by setting, then line.
pub fn resolve(layers: &[&Values], lines: &[u8], secrets: bool) -> Vec<Resolved> {
    // More layers than anybody has: forget the weakest.
    let layers = layers.get(layers.len().saturating_sub(MOST)..).unwrap_or_default();
    let mut heads = [Head { sets: &[], key: u32::MAX }; MOST];
    let heads = heads.get_mut(..layers.len()).unwrap_or_default();
    for (head, values) in heads.iter_mut().zip(layers) {
        *head = Head { sets: &values.0, key: key(values.0.first()) };
    }
    let entries = catalogue().entries();
    let longest = layers.iter().map(|values| values.0.len()).max().unwrap_or(0);
    let mut resolved = Vec::with_capacity(longest * 2);
    loop {
        let next = heads.iter().map(|head| head.key).min().unwrap_or(u32::MAX);
        if next == u32::MAX {
            return resolved;
        }
        let id = SettingId { entry: (next >> 16) as u16, index: (next & 0xffff) as u16 };
        let mut push = |line: u8| {
            if let Some(set) = heads.iter().rev().find_map(|head| head.own(next, line))
                && (secrets || !set.value.is_secret())
            {
                resolved.push(Resolved { id, line, value: set.value.clone(), from: set.from.clone() });
            }
        };
        match entries.get(usize::from(id.entry)) {
            Some(entry) if entry.per_line => lines.iter().for_each(|line| push(*line)),
            _ => push(0),
        }
        heads.iter_mut().filter(|head| head.key == next).for_each(Head::advance);
    }
}

const MOST: usize = 16;

/// What is left of one layer.
#[derive(Clone, Copy)]
struct Head<'a> {
    sets: &'a [Set],
    /// [`key`] of the first one, so that finding the next setting compares plain numbers.
    key: u32,
}

impl<'a> Head<'a> {
    /// This layer's value for the setting at the head: the line's own, else the one for every line.
    fn own(&self, wanted: u32, line: u8) -> Option<&'a Set> {
        if self.key != wanted {
            return None;
        }
        let first = self.sets.first()?;
        if first.line == line {
            return Some(first);
        }
        // Sorted by line: the one for every line comes first.
        let mut own = self.sets.iter().take_while(|set| set.id == first.id).filter(|set| set.line == line);
        own.next().or((first.line == 0).then_some(first))
    }

    fn advance(&mut self) {
        let end = self.sets.iter().take_while(|set| key(Some(set)) == self.key).count();
        self.sets = self.sets.get(end..).unwrap_or_default();
        self.key = key(self.sets.first());
    }
}

/// Sorts like the id; no setting is the largest.
fn key(set: Option<&Set>) -> u32 {
    set.map_or(u32::MAX, |set| u32::from(set.id.entry) << 16 | u32::from(set.id.index))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Layer, Secret};

    const LAYERS: [Layer; 11] = [
        Layer::Vendor,
        Layer::Policy,
        Layer::Global,
        Layer::Account,
        Layer::Site,
        Layer::Profile,
        Layer::Model,
        Layer::Group,
        Layer::Device,
        Layer::Line,
        Layer::Box,
    ];

    fn set(layer: Layer, name: &str, line: u8, value: Value) -> Set {
        let from = Provenance { layer, scope: "x".into(), author: "test".into(), at: 1 };
        Set { id: catalogue().find(name).unwrap(), line, value, from: Arc::new(from) }
    }

    fn plain(text: &str) -> Value {
        Value::Plain(text.into())
    }

    fn shown(layers: &[&Values], lines: &[u8], secrets: bool) -> Vec<String> {
        let name = |r: &Resolved| catalogue().name(r.id);
        resolve(layers, lines, secrets)
            .iter()
            .map(|r| format!("{}#{} {} {:?}", name(r), r.line, r.value.masked(), r.from.layer))
            .collect()
    }

    #[test]
    fn the_stronger_layer_hides_the_weaker_one() {
        assert!(LAYERS.is_sorted(), "the enum's own order is the order of strength");
        for (place, &strong) in LAYERS.iter().enumerate() {
            for &weak in LAYERS.iter().take(place) {
                let a = Values::new(vec![set(weak, "time.ntp", 0, plain("weak.example"))]);
                let b = Values::new(vec![set(strong, "time.ntp", 0, plain("strong.example"))]);
                let expected = format!("time.ntp#0 strong.example {strong:?}");
                assert_eq!(shown(&[&a, &b], &[1], true), [expected]);
            }
        }
    }

    #[test]
    fn a_value_for_every_line_is_expanded_and_a_line_has_its_own() {
        let site = Values::new(vec![
            set(Layer::Site, "sip.server", 0, plain("site.example")),
            set(Layer::Site, "line.dtmf", 0, plain("info")),
        ]);
        let device = Values::new(vec![set(Layer::Device, "sip.server", 0, plain("device.example"))]);
        let line = Values::new(vec![
            set(Layer::Line, "sip.server", 2, plain("line.example")),
            set(Layer::Line, "line.user", 1, plain("201")),
            set(Layer::Line, "line.user", 9, plain("no such line")),
        ]);
        assert_eq!(
            shown(&[&site, &device, &line], &[1, 2], true),
            [
                "sip.server#1 device.example Device",
                "sip.server#2 line.example Line",
                "line.user#1 201 Line",
                "line.dtmf#1 info Site",
                "line.dtmf#2 info Site",
            ]
        );
        assert!(shown(&[&site, &device, &line], &[], true).is_empty(), "no line, no line settings");
    }

    #[test]
    fn lines_need_not_be_in_a_row() {
        let line = Values::new(vec![
            set(Layer::Line, "line.user", 5, plain("five")),
            set(Layer::Line, "line.user", 2, plain("two")),
        ]);
        assert_eq!(shown(&[&line], &[2, 3, 5], true), ["line.user#2 two Line", "line.user#5 five Line"]);
    }

    #[test]
    fn a_stronger_layer_for_all_lines_hides_a_weaker_one_for_this_line() {
        let group = Values::new(vec![set(Layer::Group, "line.label", 1, plain("weak"))]);
        let device = Values::new(vec![
            set(Layer::Device, "line.label", 0, plain("all")),
            set(Layer::Device, "line.label", 2, plain("two")),
        ]);
        assert_eq!(shown(&[&group, &device], &[1, 2], true), ["line.label#1 all Device", "line.label#2 two Device"]);
    }

    /// Architecture §3: a grant without secrets removes them here, so no writer can leak what it never receives.
    #[test]
    fn without_secrets_a_secret_winner_leaves_silence_not_the_weaker_value() {
        let site = Values::new(vec![
            set(Layer::Site, "provisioning.url", 0, plain("http://site/")),
            set(Layer::Site, "line.user", 0, plain("201")),
        ]);
        let secret = Value::Secret(Secret::new("http://box/p/TOKEN/"));
        let the_box = Values::new(vec![set(Layer::Box, "provisioning.url", 0, secret)]);
        assert_eq!(shown(&[&site, &the_box], &[1], false), ["line.user#1 201 Site"]);
        assert_eq!(shown(&[&site, &the_box], &[1], true).len(), 2);
    }

    #[test]
    fn of_two_values_in_one_layer_the_later_counts() {
        let values = Values::new(vec![
            set(Layer::Site, "time.ntp", 0, plain("first.example")),
            set(Layer::Site, "time.ntp", 0, plain("second.example")),
        ]);
        assert_eq!(shown(&[&values], &[], true), ["time.ntp#0 second.example Site"]);
    }

    #[test]
    fn more_layers_than_anybody_has_keep_the_strongest() {
        let many: Vec<Values> = (0..40)
            .map(|n| Values::new(vec![set(Layer::Site, "time.ntp", 0, plain(&format!("n{n}.example")))]))
            .collect();
        let layers: Vec<&Values> = many.iter().collect();
        assert_eq!(shown(&layers, &[], true), ["time.ntp#0 n39.example Site"]);
    }
}
