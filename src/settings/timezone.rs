//! Time zones as phones need them: the standard offset and one year's daylight saving rule.
//!
//! Derived from the tz database that is bundled with the program, never from the machine's own, so that the same zone gives
//! the same bytes on every box. Pure: the year is a parameter. A zone whose rule does not move (the last Sunday in March)
//! gives the same answer year after year; one that follows Ramadan or a parliament changes with the year, and so do the
//! bytes of a phone's file.
//!
//! Knows no vendor: how an offset or a rule is spelled is the vendors' business.

use jiff::civil::{Date, DateTime, date};
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use quick_cache::Equivalent;
use quick_cache::sync::Cache;
use std::sync::LazyLock;

/// `europe/berlin` → `Europe/Berlin`, when the tz database has it.
pub fn canonical(name: &str) -> Option<String> {
    zone(name)?.iana_name().map(str::to_owned)
}

/// Every name of the tz database.
pub fn names() -> impl Iterator<Item = String> {
    TimeZoneDatabase::bundled().available().map(|name| name.as_str().to_owned()).collect::<Vec<_>>().into_iter()
}

fn zone(name: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(name).ok()
}

/// One zone in one year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Seconds east of Greenwich outside daylight saving time: the smaller of the year's two offsets.
    pub standard: i32,
    pub summer: Option<Summer>,
}

/// Daylight saving time; in the south `start` comes after `end`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summer {
    /// Seconds added to the standard offset.
    pub save: i32,
    pub start: Change,
    pub end: Change,
}

/// When clocks are changed: the moment on the wall clock before the change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub local: When,
    /// The same moment in universal time.
    pub utc: When,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// 1 to 12.
    pub month: i8,
    /// Day of the month in this very year.
    pub day: i8,
    /// Which of the month's weekdays of that name: 1 to 4, 5 for the last one.
    pub week: i8,
    /// 1 Monday to 7 Sunday.
    pub weekday: i8,
    pub hour: i8,
    pub minute: i8,
    /// Week and weekday hold in the following years too.
    pub lasting: bool,
}

/// Why a rule with one start and one end cannot describe a zone's year.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoRule {
    #[error("the tz database has no such time zone")]
    Unknown,
    #[error("the zone knows more than two offsets, or changes more than twice, in {0}")]
    TooManyChanges(i16),
}

/// A zone that changes its offset for good gets a period that begins, or ends, with the year.
pub fn rules(name: &str, year: i16) -> Result<Rules, NoRule> {
    let year = year.clamp(1970, 2200);
    if let Some(known) = KNOWN.get(&Asked(name, year)) {
        return known;
    }
    let zone = zone(name).ok_or(NoRule::Unknown)?;
    let rules = derive(&zone, year);
    KNOWN.insert(Asked(name.into(), year), rules.clone());
    rules
}

/// A zone and a year.
#[derive(PartialEq, Eq, Hash)]
struct Asked<N>(N, i16);

impl Equivalent<Asked<Box<str>>> for Asked<&str> {
    fn equivalent(&self, key: &Asked<Box<str>>) -> bool {
        *self.0 == *key.0 && self.1 == key.1
    }
}

type Known = Cache<Asked<Box<str>>, Result<Rules, NoRule>>;

/// Every file asks, and a site has one zone.
static KNOWN: LazyLock<Known> = LazyLock::new(|| Cache::new(64));

fn derive(zone: &TimeZone, year: i16) -> Result<Rules, NoRule> {
    let mut changes = changes(zone, year);
    if let [only] = changes.as_slice() {
        changes.extend(new_year(only, year));
    }
    match changes.as_slice() {
        [] => Ok(Rules { standard: offset_at_new_year(zone, year).seconds(), summer: None }),
        [first, second] if first.before == second.after => {
            let (start, end) = if first.after > first.before { (first, second) } else { (second, first) };
            let standard = start.before.seconds();
            let save = start.after.seconds() - standard;
            let later: Vec<Vec<RawChange>> = (year + 1..=year + 3).map(|year| self::changes(zone, year)).collect();
            let rising = |raw: &RawChange| raw.after > raw.before;
            let change = |raw: &RawChange| {
                let same = |pick: fn(&RawChange) -> DateTime| {
                    let others = later.iter().flatten().filter(|other| rising(other) == rising(raw)).map(pick);
                    when(pick(raw), &others.collect::<Vec<_>>())
                };
                Change { local: same(RawChange::local), utc: same(RawChange::utc) }
            };
            Ok(Rules { standard, summer: Some(Summer { save, start: change(start), end: change(end) }) })
        }
        _ => Err(NoRule::TooManyChanges(year)),
    }
}

struct RawChange {
    at: jiff::Timestamp,
    before: Offset,
    after: Offset,
}

impl RawChange {
    fn local(&self) -> DateTime {
        self.before.to_datetime(self.at)
    }

    fn utc(&self) -> DateTime {
        Offset::UTC.to_datetime(self.at)
    }
}

fn offset_at_new_year(zone: &TimeZone, year: i16) -> Offset {
    Offset::UTC.to_timestamp(date(year, 1, 1).at(0, 0, 0, 0)).map_or(Offset::UTC, |at| zone.to_offset(at))
}

/// The change that would lead back, at the year's first moment.
fn new_year(only: &RawChange, year: i16) -> Option<RawChange> {
    let at = only.after.to_timestamp(date(year, 1, 1).at(0, 0, 0, 0)).ok()?;
    Some(RawChange { at, before: only.after, after: only.before })
}

/// Changes of the offset (not only of the zone's abbreviation) that fall into this year by the wall clock.
fn changes(zone: &TimeZone, year: i16) -> Vec<RawChange> {
    // A day early: by the wall clock a year begins up to 14 hours before it does in Greenwich.
    let Ok(start) = Offset::UTC.to_timestamp(date(year - 1, 12, 30).at(0, 0, 0, 0)) else { return Vec::new() };
    let mut before = zone.to_offset(start);
    let mut changes = Vec::new();
    for transition in zone.following(start) {
        let change = RawChange { at: transition.timestamp(), before, after: transition.offset() };
        if change.local().year() > year {
            break;
        }
        before = change.after;
        if change.local().year() == year && change.before != change.after {
            changes.push(change);
        }
    }
    changes
}

/// The same weekday rule as in the other years where there is one, else one that holds in this year.
fn when(moment: DateTime, others: &[DateTime]) -> When {
    let weekday = moment.weekday();
    let nth = (moment.day() - 1) / 7 + 1;
    let last = |moment: &DateTime| moment.day() + 7 > days_in_month(moment.date());
    let nth_of = |moment: &DateTime| (moment.day() - 1) / 7 + 1;
    let alike = |other: &&DateTime| {
        (other.month(), other.weekday(), other.hour(), other.minute())
            == (moment.month(), weekday, moment.hour(), moment.minute())
    };
    let every = |fits: &dyn Fn(&DateTime) -> bool| others.iter().all(|other| alike(&other) && fits(other));
    let by_count = nth < 5 && every(&|other| nth_of(other) == nth);
    let by_end = last(&moment) && every(&last);
    When {
        month: moment.month(),
        day: moment.day(),
        week: if by_end || (!by_count && nth == 5) { 5 } else { nth },
        weekday: weekday.to_monday_one_offset(),
        hour: moment.hour(),
        minute: moment.minute(),
        lasting: by_count || by_end,
    }
}

fn days_in_month(date: Date) -> i8 {
    date.days_in_month()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(name: &str, year: i16) -> String {
        let when = |w: &When| format!("{}/{} {}.{} {:02}:{:02}", w.month, w.day, w.week, w.weekday, w.hour, w.minute);
        match rules(name, year) {
            Ok(Rules { standard, summer: None }) => format!("{standard}"),
            Ok(Rules { standard, summer: Some(s) }) => {
                format!("{standard} +{} from {} to {}", s.save, when(&s.start.local), when(&s.end.local))
            }
            Err(why) => why.to_string(),
        }
    }

    #[test]
    fn rules_of_well_known_zones() {
        for (name, expected) in [
            ("Asia/Kolkata", "19800"),
            ("Europe/Berlin", "3600 +3600 from 3/29 5.7 02:00 to 10/25 5.7 03:00"),
            // The database calls Ireland's winter the special time; a phone wants it the other way round.
            ("Europe/Dublin", "0 +3600 from 3/29 5.7 01:00 to 10/25 5.7 02:00"),
            ("America/New_York", "-18000 +3600 from 3/8 2.7 02:00 to 11/1 1.7 02:00"),
            ("Australia/Sydney", "36000 +3600 from 10/4 1.7 02:00 to 4/5 1.7 03:00"),
            ("Australia/Lord_Howe", "37800 +1800 from 10/4 1.7 02:00 to 4/5 1.7 02:00"),
            ("America/Santiago", "-14400 +3600 from 9/6 1.7 00:00 to 4/5 1.7 00:00"),
            ("Antarctica/Troll", "0 +7200 from 3/29 5.7 01:00 to 10/25 5.7 03:00"),
            ("America/Nuuk", "-7200 +3600 from 3/28 4.6 23:00 to 10/25 5.7 00:00"),
            ("Mars/Olympus", "the tz database has no such time zone"),
        ] {
            assert_eq!(spoken(name, 2026), expected, "{name}");
        }
        assert_eq!(spoken("Africa/Casablanca", 2025), "0 +3600 from 4/6 1.7 02:00 to 2/23 4.7 03:00");
        assert!(spoken("Africa/Casablanca", 2026).ends_with("changes more than twice, in 2026"));
        // Paraguay stayed in summer time in October 2024, and Kazakhstan went back for good in March.
        assert_eq!(spoken("Asia/Almaty", 2024), "18000 +3600 from 1/1 1.1 00:00 to 3/1 1.5 00:00");
    }

    #[test]
    fn a_lasting_rule_reads_the_same_every_year() {
        for year in 2025..2036 {
            let Ok(Rules { summer: Some(summer), .. }) = rules("Europe/Paris", year) else { panic!("{year}") };
            assert_eq!((summer.start.local.week, summer.end.local.week), (5, 5), "{year}");
            assert!(summer.start.local.lasting && summer.end.utc.lasting);
            let Ok(Rules { summer: Some(summer), .. }) = rules("America/Chicago", year) else { panic!("{year}") };
            assert_eq!((summer.start.local.week, summer.end.local.week), (2, 1), "{year}");
        }
        let Ok(Rules { summer: Some(ramadan), .. }) = rules("Africa/Casablanca", 2025) else { panic!() };
        assert!(!ramadan.start.local.lasting);
    }

    #[test]
    fn any_year_is_answered() {
        for year in [i16::MIN, -1, 0, 1969, 1970, 2037, 2038, 2100, 2200, 9999, i16::MAX] {
            for name in ["Europe/Berlin", "Etc/GMT-14", "Africa/El_Aaiun", "Asia/Gaza"] {
                let _ = rules(name, year);
            }
        }
    }
}
