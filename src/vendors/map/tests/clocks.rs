//! Every zone of the tz database × every dialect: what the phone is told must give the right clock in January and in July,
//! or the zone is not expressible for a reason that has a name.
//!
//! The phones' side is played here by a reader of its own, written from the formats' descriptions and not from the code
//! that writes them.

use super::*;
use crate::settings::timezone::names;
use jiff::Timestamp;
use jiff::civil::{Date, Weekday, date};
use jiff::tz::{Offset, TimeZoneDatabase};
use std::collections::BTreeMap;

/// Offset in seconds that a phone shows at this moment, from what it was told.
type Shown = fn(&BTreeMap<String, String>, Timestamp) -> i32;

struct Rule {
    standard: i32,
    save: i32,
    /// Seconds since the epoch by the wall clock that counts before the change, and whether that is universal time.
    start: (i64, bool),
    end: (i64, bool),
}

impl Rule {
    fn offset(&self, at: Timestamp) -> i32 {
        let at = at.as_second();
        let utc = |(wall, universal): (i64, bool), before: i32| if universal { wall } else { wall - i64::from(before) };
        let start = utc(self.start, self.standard);
        let end = utc(self.end, self.standard + self.save);
        let summer = if start < end { start <= at && at < end } else { at < end || start <= at };
        self.standard + if summer { self.save } else { 0 }
    }
}

fn wall(date: Date, hour: i8, minute: i8) -> i64 {
    Offset::UTC.to_timestamp(date.at(hour, minute, 0, 0)).unwrap().as_second()
}

/// The week-th (5: last) weekday (Monday 1) of a month of this test's year.
fn nth(month: i8, week: i8, weekday: i8) -> Date {
    let weekday = Weekday::from_monday_one_offset(weekday).unwrap();
    let week = if week == 5 { -1 } else { week };
    date(YEAR, month, 1).nth_weekday_of_month(week, weekday).unwrap()
}

const YEAR: i16 = 2026;

fn yealink(told: &BTreeMap<String, String>, at: Timestamp) -> i32 {
    let zone = &told["local_time.time_zone"];
    let (sign, digits) =
        if let Some(rest) = zone.strip_prefix('-') { (-1, rest) } else { (1, zone.trim_start_matches('+')) };
    let (hours, minutes) = digits.split_once(':').unwrap_or((digits, "0"));
    let standard = sign * (hours.parse::<i32>().unwrap() * 3600 + minutes.parse::<i32>().unwrap() * 60);
    if told["local_time.summer_time"] == "0" {
        return standard;
    }
    assert_eq!(told["local_time.dst_time_type"], "1");
    let change = |name: &str| {
        let numbers: Vec<i8> = told[name].split('/').map(|number| number.parse().unwrap()).collect();
        let [month, week, weekday, hour] = numbers[..] else { panic!("{numbers:?}") };
        (wall(nth(month, week, weekday), hour, 0), false)
    };
    let save = told["local_time.offset_time"].parse::<i32>().unwrap() * 60;
    assert!((-300 * 60..=300 * 60).contains(&save));
    let (start, end) = (change("local_time.start_time"), change("local_time.end_time"));
    Rule { standard, save, start, end }.offset(at)
}

fn snom(told: &BTreeMap<String, String>, at: Timestamp) -> i32 {
    let standard = told["utc_offset"].parse().unwrap();
    let dst = &told["dst"];
    if dst.is_empty() {
        return standard;
    }
    let fields: Vec<&str> = dst.split(' ').collect();
    let [save, start, start_time, end, end_time] = fields[..] else { panic!("{dst}") };
    let change = |day: &str, time: &str| {
        let day: Vec<i8> = day.split('.').map(|number| number.parse().unwrap()).collect();
        let time: Vec<i8> = time.split(':').map(|number| number.parse().unwrap()).collect();
        (wall(nth(day[0], day[1], day[2]), time[0], time[1]), false)
    };
    let (start, end) = (change(start, start_time), change(end, end_time));
    Rule { standard, save: save.parse().unwrap(), start, end }.offset(at)
}

fn avaya(told: &BTreeMap<String, String>, at: Timestamp) -> i32 {
    let gmt = &told["GMTOFFSET"];
    let (sign, digits) = gmt.split_at(1);
    let (hours, minutes) = digits.split_once(':').unwrap();
    assert!(hours.parse::<i32>().unwrap() <= 12);
    let standard = (hours.parse::<i32>().unwrap() * 3600 + minutes.parse::<i32>().unwrap() * 60)
        * if sign == "-" { -1 } else { 1 };
    if told["DSTOFFSET"] == "0" {
        return standard;
    }
    let change = |name: &str| {
        let text = &told[name];
        let (head, tail) = text.split_at(text.len() - 5);
        let (month, tail) = tail.split_at(3);
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let month = months.iter().position(|name| *name == month).unwrap() as i8 + 1;
        let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let day = match days.iter().position(|day| head.ends_with(day)) {
            Some(weekday) => {
                let week = if head.starts_with('L') { 5 } else { head[..1].parse().unwrap() };
                nth(month, week, weekday as i8 + 1)
            }
            None => date(YEAR, month, head.parse().unwrap()),
        };
        let (hour, clock) = tail.split_at(1);
        (wall(day, hour.parse().unwrap(), 0), clock == "U")
    };
    let save = told["DSTOFFSET"].parse::<i32>().unwrap() * 3600;
    Rule { standard, save, start: change("DSTSTART"), end: change("DSTSTOP") }.offset(at)
}

/// The phone looks the name up by itself.
fn by_name(told: &BTreeMap<String, String>, at: Timestamp) -> i32 {
    let name = told.get("TIMEZONE").or_else(|| told.get("SettingTimeZoneLocation")).unwrap();
    TimeZoneDatabase::bundled().get(name).unwrap().to_offset(at).seconds()
}

fn offset_only(told: &BTreeMap<String, String>, _: Timestamp) -> i32 {
    let (hours, minutes) = told["DmAdmcfgTimeZone"][1..].split_once(':').unwrap();
    let seconds = hours.parse::<i32>().unwrap() * 3600 + minutes.parse::<i32>().unwrap() * 60;
    if told["DmAdmcfgTimeZone"].starts_with('-') { -seconds } else { seconds }
}

fn ip_touch(told: &BTreeMap<String, String>, at: Timestamp) -> i32 {
    let fields: Vec<&str> = told["sntp.timezone"].split(':').collect();
    let ["UT", "", minutes, start, end] = fields[..] else { panic!("{fields:?}") };
    let standard = minutes.parse::<i32>().unwrap() * 60;
    if start == "000000" {
        return standard;
    }
    let change = |text: &str| {
        let number = |range: std::ops::Range<usize>| text[range].parse::<i8>().unwrap();
        (wall(date(YEAR, number(0..2), number(2..4)), number(4..6), 0), false)
    };
    Rule { standard, save: 3600, start: change(start), end: change(end) }.offset(at)
}

#[test]
fn every_zone_shows_the_right_time_in_january_and_july_or_says_why_not() {
    let phones: [(&str, &str, Shown, usize); 8] = [
        ("yealink", "", yealink, 2),
        ("snom", "", snom, 2),
        ("avaya", "j100", avaya, 12),
        ("avaya", "96x1", avaya, 12),
        ("avaya", "vantage", by_name, 0),
        ("ale", "myriad", by_name, 0),
        ("ale", "noe", ip_touch, 5),
        // No parameter for daylight saving is known, so no zone that has it can be told.
        ("ale", "8028s", offset_only, 250),
    ];
    let zones: Vec<String> = names().collect();
    assert!(zones.len() > 590, "{} zones", zones.len());
    for (vendor, name, shown, at_most) in phones {
        let dialect = Dialect { year: YEAR, ..phone(vendor, name, None) };
        let mut reasons: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for zone in &zones {
            let mapped = map(&dialect, &resolved(&[("time.zone", 0, zone)]));
            if let [unsaid] = &mapped.unsaid[..] {
                assert!(mapped.items.is_empty() && unsaid.why.len() > 20, "{unsaid:?}");
                reasons.entry(unsaid.why.to_string()).or_default().push(zone);
                continue;
            }
            let told = lines(&mapped)
                .iter()
                .map(|line| line.split_once(" = ").unwrap())
                .map(|(n, v)| (n.into(), v.into()))
                .collect();
            let truth = TimeZoneDatabase::bundled().get(zone).unwrap();
            for month in [1, 7] {
                let at = Offset::UTC.to_timestamp(date(YEAR, month, 15).at(12, 0, 0, 0)).unwrap();
                assert_eq!(
                    shown(&told, at),
                    truth.to_offset(at).seconds(),
                    "{vendor} {name} {zone} in month {month}: {told:?}"
                );
            }
        }
        let count: usize = reasons.values().map(Vec::len).sum();
        assert!(count <= at_most, "{vendor} {name}: {count} zones cannot be told: {reasons:?}");
        eprintln!("{vendor} {name}: {count} of {} zones cannot be told: {reasons:?}", zones.len());
    }
}

#[test]
fn clocks_are_written_as_each_vendor_wants_them() {
    for (vendor, name, zone, expected) in [
        (
            "yealink",
            "",
            "Europe/Berlin",
            "local_time.time_zone = +1|local_time.summer_time = 1|local_time.dst_time_type = 1|local_time.start_time = 3/5/7/2|local_time.end_time = 10/5/7/3|local_time.offset_time = 60",
        ),
        ("yealink", "", "Asia/Kathmandu", "local_time.time_zone = +5:45|local_time.summer_time = 0"),
        (
            "yealink",
            "",
            "Australia/Lord_Howe",
            "local_time.time_zone = +10:30|local_time.summer_time = 1|local_time.dst_time_type = 1|local_time.start_time = 10/1/7/2|local_time.end_time = 4/1/7/2|local_time.offset_time = 30",
        ),
        (
            "snom",
            "",
            "Europe/Berlin",
            "timezone = GER+1|utc_offset = 3600|dst = 3600 03.05.07 02:00:00 10.05.07 03:00:00",
        ),
        ("snom", "", "America/Phoenix", "utc_offset = -25200|dst = "),
        (
            "avaya",
            "j100",
            "America/New_York",
            "GMTOFFSET = -5:00|DAYLIGHT_SAVING_SETTING_MODE = 2|DSTOFFSET = 1|DSTSTART = 2SunMar2L|DSTSTOP = 1SunNov2L",
        ),
        // 22:00 local is out of reach of Avaya's one digit, the same moment in universal time is not.
        (
            "avaya",
            "j100",
            "America/Nuuk",
            "GMTOFFSET = -2:00|DAYLIGHT_SAVING_SETTING_MODE = 2|DSTOFFSET = 1|DSTSTART = LSunMar1U|DSTSTOP = LSunOct0L",
        ),
        ("avaya", "vantage", "Europe/Paris", "TIMEZONE = Europe/Paris"),
        (
            "ale",
            "myriad",
            "Europe/Paris",
            "SettingTimeZone = +1:00|SettingTimeZoneLocation = Europe/Paris|SettingDstEnable = 2",
        ),
        ("ale", "8028s", "Asia/Kolkata", "DmAdmcfgTimeZone = +5:30"),
    ] {
        assert_eq!(lines(&map(&phone(vendor, name, None), &resolved(&[("time.zone", 0, zone)]))).join("|"), expected);
    }
}

#[test]
fn a_lasting_rule_gives_the_same_bytes_every_year() {
    let zone = resolved(&[("time.zone", 0, "Europe/Berlin")]);
    for dialect in dialects().filter(|dialect| dialect.name != "noe") {
        let first = map(&Dialect { year: 2025, ..dialect }, &zone);
        for year in 2026..2040 {
            assert_eq!(map(&Dialect { year, ..dialect }, &zone), first, "{dialect:?} {year}");
        }
    }
}
