//! What Yealink's table cannot say: its clock, and a timer in fractions of a second.

use crate::settings::timezone::{self, When};
use crate::vendors::map::{Ask, Quirk};

pub const QUIRKS: &[(&str, Quirk)] = &[("clock", clock), ("timer_t1", timer_t1)];

type Params = Result<Vec<(String, String)>, String>;

/// Offset as `+5:45`, and the year's rule as month/week/weekday/hour, week 5 for the last, Monday 1 (administrator's guide
/// for SIP-T2/T4/T5 and CP920, "DST by Week"; AutoDST file: offsets up to 14 hours, saving in minutes). The rule is written
/// out rather than left to the phone's own list, which ages, so the zone's name in that list is not needed.
fn clock(ask: &Ask<'_>) -> Params {
    let rules = timezone::rules(ask.text, ask.dialect.year).map_err(|why| why.to_string())?;
    let mut params = vec![("local_time.time_zone".to_owned(), offset(rules.standard))];
    let mut set = |name: &str, value: String| params.push((format!("local_time.{name}"), value));
    match rules.summer {
        None => set("summer_time", "0".to_owned()),
        Some(summer) => {
            set("summer_time", "1".to_owned());
            set("dst_time_type", "1".to_owned());
            set("start_time", week(&summer.start.local));
            set("end_time", week(&summer.end.local));
            set("offset_time", (summer.save / 60).to_string());
        }
    }
    Ok(params)
}

fn offset(seconds: i32) -> String {
    let sign = match seconds {
        0 => "",
        1.. => "+",
        _ => "-",
    };
    let (hours, minutes) = (seconds.abs() / 3600, seconds.abs() / 60 % 60);
    if minutes == 0 { format!("{sign}{hours}") } else { format!("{sign}{hours}:{minutes:02}") }
}

/// A moment that is on no full hour is written as the hour before it.
fn week(when: &When) -> String {
    format!("{}/{}/{}/{}", when.month, when.week, when.weekday, when.hour)
}

/// Milliseconds → `0.5`.
fn timer_t1(ask: &Ask<'_>) -> Params {
    let ms: u32 = ask.text.parse().map_err(|_| "it is not a number".to_owned())?;
    let fraction = format!("{:03}", ms % 1000);
    let fraction = fraction.trim_end_matches('0');
    let dot = if fraction.is_empty() { "" } else { "." };
    Ok(vec![("sip.timer_t1".to_owned(), format!("{}{dot}{fraction}", ms / 1000))])
}
