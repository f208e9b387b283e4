//! What ALE's table cannot say: three kinds of clock.

use crate::settings::timezone::{self, When};
use crate::vendors::map::{Ask, Quirk};

pub const QUIRKS: &[(&str, Quirk)] = &[("clock", clock), ("folder", folder)];

type Params = Result<Vec<(String, String)>, String>;

/// A Myriad phone wants the folder of its firmware files, not one of them (vendors.md §2.3).
fn folder(ask: &Ask<'_>) -> Params {
    let folder = ask.text.rsplit_once('/').map_or(ask.text, |(folder, _)| folder);
    Ok(vec![("DeviceFirmwareUpgradeUrl".to_owned(), folder.to_owned())])
}

/// Myriad: offset and IANA name, the phone's own rule (as in wazo's template, not verified on hardware). 8028s: an offset, and
/// no parameter for daylight saving is known. IP Touch: minutes, then the days of this year's changes as mmddhh.
fn clock(ask: &Ask<'_>) -> Params {
    let rules = timezone::rules(ask.text, ask.dialect.year);
    let offset = |seconds: i32| {
        let sign = if seconds < 0 { '-' } else { '+' };
        format!("{sign}{}:{:02}", seconds.abs() / 3600, seconds.abs() / 60 % 60)
    };
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    match ask.dialect.name {
        "8028s" => match rules.map_err(|why| why.to_string())? {
            timezone::Rules { standard, summer: None } => Ok(vec![set("DmAdmcfgTimeZone", &offset(standard))]),
            _ => Err("no parameter of the 8028s for daylight saving time is known".to_owned()),
        },
        "noe" => {
            let rules = rules.map_err(|why| why.to_string())?;
            let day = |when: &When| format!("{:02}{:02}{:02}", when.month, when.day, when.hour);
            let (start, end) = match &rules.summer {
                None => ("000000".to_owned(), "000000".to_owned()),
                Some(summer) if summer.save == 3600 => (day(&summer.start.local), day(&summer.end.local)),
                Some(_) => return Err("an IP Touch phone saves one hour".to_owned()),
            };
            Ok(vec![set("sntp.timezone", &format!("UT::{}:{start}:{end}", rules.standard / 60))])
        }
        _ => {
            let mut params = Vec::new();
            // The name decides; a zone whose year has no simple rule still has one.
            if let Ok(rules) = &rules {
                params.push(set("SettingTimeZone", &offset(rules.standard)));
            }
            params.extend([set("SettingTimeZoneLocation", ask.text), set("SettingDstEnable", "2")]);
            Ok(params)
        }
    }
}
