//! What Snom's table cannot say: its clock, its function keys and where its firmware is named.

use crate::settings::timezone::{self, Rules, When};
use crate::vendors::map::{Ask, Quirk};

pub const QUIRKS: &[(&str, Quirk)] = &[("clock", clock), ("fkey", fkey), ("firmware_status", firmware_status)];

type Params = Result<Vec<(String, String)>, String>;

/// The address of the file that names the firmware, beside the firmware itself: a phone takes `firmware` from nowhere else
/// (vendors.md §3.2). It asks for it without its MAC, so the file is the one of its model.
fn firmware_status(ask: &Ask<'_>) -> Params {
    let (directory, _) = ask.text.rsplit_once('/').ok_or("the address is no URL")?;
    Ok(vec![("firmware_status".to_owned(), format!("{directory}/snom-firmware.xml"))])
}

/// `timezone` is one of Snom's codes, and the phone asks its user when it has none; `utc_offset` and `dst` say the same in
/// numbers, for zones without a code and for codes whose rule has aged: seconds, then `month.week.weekday hh:mm:ss` for
/// start and end, week 5 for the last, Sunday 7 (`dst` as in the peers' templates; all of it not verified on hardware).
fn clock(ask: &Ask<'_>) -> Params {
    let rules = timezone::rules(ask.text, ask.dialect.year).map_err(|why| why.to_string())?;
    let mut params = Vec::new();
    if let Some(code) = code(ask.text, &rules, ask.dialect.year) {
        params.push(("timezone".to_owned(), code.to_owned()));
    }
    params.push(("utc_offset".to_owned(), rules.standard.to_string()));
    let dst = match &rules.summer {
        None => String::new(),
        Some(summer) => {
            format!("{} {} {}", summer.save, week(&summer.start.local), week(&summer.end.local))
        }
    };
    params.push(("dst".to_owned(), dst));
    Ok(params)
}

fn week(when: &When) -> String {
    format!("{:02}.{:02}.{:02} {:02}:{:02}:00", when.month, when.week, when.weekday, when.hour, when.minute)
}

/// Snom's codes with the zone each one stands for. Any zone that keeps the same time in the year has the same code.
#[rustfmt::skip]
const CODES: &[(&str, &str)] = &[
    ("USA-10", "Pacific/Honolulu"), ("USA-9", "America/Anchorage"), ("USA-8", "America/Los_Angeles"),
    ("USA-7", "America/Denver"), ("USA-6", "America/Chicago"), ("USA-5", "America/New_York"),
    ("MEX-6", "America/Mexico_City"), ("CUB-5", "America/Havana"), ("BMU-4", "Atlantic/Bermuda"), ("CHL-4", "America/Santiago"),
    ("CAN-3.5", "America/St_Johns"), ("ARG-3", "America/Argentina/Buenos_Aires"), ("PRT-1", "Atlantic/Azores"),
    ("GBR-0", "Europe/London"), ("PRT-0", "Europe/Lisbon"), ("GER+1", "Europe/Berlin"), ("FRA+1", "Europe/Paris"),
    ("ITA+1", "Europe/Rome"), ("ESP+1", "Europe/Madrid"), ("NLD+1", "Europe/Amsterdam"), ("BEL+1", "Europe/Brussels"),
    ("DNK+1", "Europe/Copenhagen"), ("NOR+1", "Europe/Oslo"), ("SWE+1", "Europe/Stockholm"), ("POL+1", "Europe/Warsaw"),
    ("CZE+1", "Europe/Prague"), ("HUN+1", "Europe/Budapest"), ("CHA+1", "Africa/Ndjamena"), ("GRC+2", "Europe/Athens"),
    ("FIN+2", "Europe/Helsinki"), ("ROU+2", "Europe/Bucharest"), ("UKR+2", "Europe/Kyiv"), ("ISR+2", "Asia/Jerusalem"),
    ("LBN+2", "Asia/Beirut"), ("EAT+3", "Africa/Nairobi"), ("RUS+3", "Europe/Moscow"), ("IRN+3.5", "Asia/Tehran"),
    ("ARM+4", "Asia/Yerevan"), ("PAK+5", "Asia/Karachi"), ("IND+5.5", "Asia/Kolkata"), ("RUS+7", "Asia/Krasnoyarsk"),
    ("SGP+8", "Asia/Singapore"), ("AUS+10", "Australia/Sydney"), ("NZL+12", "Pacific/Auckland"), ("TON+13", "Pacific/Tongatapu"),
];

fn code(zone: &str, rules: &Rules, year: i16) -> Option<&'static str> {
    let own = CODES.iter().find(|(_, example)| *example == zone);
    let alike = || CODES.iter().find(|(_, example)| timezone::rules(example, year).as_ref() == Ok(rules));
    own.or_else(alike).map(|(code, _)| *code)
}

/// The content of `<fkey>` (service.snom.com, "Function Key Types", as the peers' templates use it).
fn fkey(ask: &Ask<'_>) -> Params {
    let value = || ask.get("key.*.value").ok_or("the key needs a value".to_owned());
    let event = |name: &str| Ok(format!("keyevent {name}"));
    let content = match ask.text {
        "none" => event("none"),
        "line" => Ok("line".to_owned()),
        "blf" => match ask.get("key.*.pickup") {
            Some(code) => Ok(format!("blf {}|{code}", value()?)),
            None => Ok(format!("blf {}", value()?)),
        },
        "speed-dial" | "voicemail" => Ok(format!("speed {}", value()?)),
        "park" => Ok(format!("orbit {}", value()?)),
        "intercom" => Ok(format!("icom {}", value()?)),
        "dtmf" => Ok(format!("dtmf {}", value()?)),
        "url" => Ok(format!("url {}", value()?)),
        "dnd" => event("F_DND"),
        "forward" => event("F_REDIRECT"),
        "transfer" => event("F_TRANSFER"),
        "conference" => event("F_CONFERENCE"),
        "hold" => event("F_HOLD"),
        "redial" => event("F_REDIAL"),
        "phonebook" => event("F_ADR_BOOK"),
        "ldap" => event("F_DIRECTORY_SEARCH"),
        other => Err(format!("no Snom key for {other} is known")),
    }?;
    // Snom counts its keys from zero.
    Ok(vec![(format!("fkey.{}", ask.index.saturating_sub(1)), content)])
}
