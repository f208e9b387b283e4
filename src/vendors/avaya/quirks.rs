//! What Avaya's table cannot say: the server's address in parts, its clock, its keys.

use crate::settings::timezone::{self, When};
use crate::vendors::map::{Ask, Quirk};

pub const QUIRKS: &[(&str, Quirk)] = &[
    ("server", server),
    ("clock", clock),
    ("phonekey", phonekey),
    ("emergency", emergency),
    ("window", window),
    ("rtp_range", rtp_range),
];

type Params = Result<Vec<(String, String)>, String>;

fn params<const N: usize>(pairs: [(&str, String); N]) -> Params {
    Ok(pairs.map(|(name, value)| (name.to_owned(), value)).into())
}

/// A URL of a directory → host, port and directory, for the scheme it has (`protocols/avaya.md` §1.4, §3). The other
/// scheme's server is not touched: AUTH, which locks a phone to HTTPS, is never written.
fn server(ask: &Ask<'_>) -> Params {
    let (scheme, rest) = ask.text.split_once("://").ok_or("the address is no URL")?;
    let (prefix, usual) = match scheme {
        "http" => ("HTTP", "80"),
        "https" => ("TLS", "443"),
        _ => return Err("Avaya phones fetch by HTTP and HTTPS only".to_owned()),
    };
    let (authority, directory) = rest.split_once('/').unwrap_or((rest, ""));
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match authority.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
        Some((v6, tail)) => (v6, tail.strip_prefix(':').unwrap_or(usual)),
        None => authority.rsplit_once(':').unwrap_or((authority, usual)),
    };
    let directory = directory.trim_end_matches('/');
    Ok(vec![
        (format!("{prefix}SRVR"), host.to_owned()),
        (format!("{prefix}PORT"), port.to_owned()),
        (format!("{prefix}DIR"), directory.to_owned()),
    ])
}

/// `GMTOFFSET` and a rule in the form odddmmmht or Dmmmht (9608 administrator's guide): ordinal, weekday, month, one digit
/// for the full hour, L for local or U for universal time. Vantage takes the zone by name.
fn clock(ask: &Ask<'_>) -> Params {
    if ask.dialect.name == "vantage" {
        return params([("TIMEZONE", ask.text.to_owned())]);
    }
    let rules = timezone::rules(ask.text, ask.dialect.year).map_err(|why| why.to_string())?;
    let (hours, minutes) = (rules.standard / 3600, rules.standard.abs() / 60 % 60);
    if !(-12..=12).contains(&hours) {
        return Err("Avaya's GMTOFFSET ends at 12 hours".to_owned());
    }
    let sign = if rules.standard < 0 { "-" } else { "+" };
    let offset = ("GMTOFFSET", format!("{sign}{}:{minutes:02}", hours.abs()));
    let mut all = params([offset])?;
    let mode = if rules.summer.is_some() { "2" } else { "0" };
    if ask.dialect.name == "j100" {
        all.push(("DAYLIGHT_SAVING_SETTING_MODE".to_owned(), mode.to_owned()));
    }
    let Some(summer) = rules.summer else {
        all.push(("DSTOFFSET".to_owned(), "0".to_owned()));
        return Ok(all);
    };
    if summer.save != 3600 && summer.save != 7200 {
        return Err("Avaya's DSTOFFSET counts whole hours".to_owned());
    }
    let change = |change: &timezone::Change| {
        let written = change_at(&change.local, 'L').or_else(|| change_at(&change.utc, 'U'));
        written.ok_or("Avaya's DSTSTART and DSTSTOP know no hour after 9".to_owned())
    };
    all.extend(params([
        ("DSTOFFSET", (summer.save / 3600).to_string()),
        ("DSTSTART", change(&summer.start)?),
        ("DSTSTOP", change(&summer.end)?),
    ])?);
    Ok(all)
}

/// `LSunMar2L`; a moment that is on no full hour is written as the hour before it.
fn change_at(when: &When, clock: char) -> Option<String> {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let day = DAYS.get(usize::try_from(when.weekday - 1).ok()?)?;
    let month = MONTHS.get(usize::try_from(when.month - 1).ok()?)?;
    let hour = (0..=9).contains(&when.hour).then_some(when.hour)?;
    let day = match (when.lasting, when.week) {
        // Dates that follow no weekday rule are written as what they are.
        (false, _) => when.day.to_string(),
        (true, 5) => format!("L{day}"),
        (true, week) => format!("{week}{day}"),
    };
    Some(format!("{day}{month}{hour}{clock}"))
}

/// One `PHONEKEY` per key, from the examples of Avaya's template (TPL:2685). A `;` would end the label.
fn phonekey(ask: &Ask<'_>) -> Params {
    let value = || ask.get("key.*.value").ok_or("the key needs a value".to_owned());
    let plain = |text: &str| text.replace([';', '"', '='], " ");
    let mut key = format!("Key={};", ask.index);
    match ask.text {
        "none" => return Ok(Vec::new()),
        "line" => key.push_str("Type=line;Name=primary"),
        "speed-dial" => key.push_str(&format!("Type=autodial;Name=autodial;attr1={}", plain(value()?))),
        "blf" => key.push_str(&format!("Type=feature;Name=BLF;attr1={}", plain(value()?))),
        other => return Err(format!("no Avaya key for {other} is known")),
    }
    if let Some(label) = ask.get("key.*.label") {
        key.push_str(&format!(";Label={}", plain(label)));
    }
    key.push_str(";Forced");
    params([("PHONEKEY", key)])
}

/// The first number goes on the button.
fn emergency(ask: &Ask<'_>) -> Params {
    let (first, more) = ask.text.split_once(',').unwrap_or((ask.text, ""));
    let mut numbers = vec![("PHNEMERGNUM".to_owned(), first.to_owned())];
    if !more.is_empty() && matches!(ask.dialect.name, "j100" | "vantage") {
        numbers.push(("PHNMOREEMERGNUMS".to_owned(), more.to_owned()));
    }
    Ok(numbers)
}

/// `02:30` to `04:00` → `2,4`: whole hours.
fn window(ask: &Ask<'_>) -> Params {
    let hour = |time: &str| time.split(':').next().and_then(|hour| hour.parse::<u8>().ok()).unwrap_or(0);
    let end = ask.get("provisioning.poll_end").unwrap_or(ask.text);
    params([("AUTOMATIC_UPDATE_WINDOW", format!("{},{}", hour(ask.text), hour(end)))])
}

/// Lowest port and the number of ports, which Avaya wants from 32 to 63487.
fn rtp_range(ask: &Ask<'_>) -> Params {
    let number = |text: &str| text.parse::<u32>().unwrap_or(0);
    let first = ask.get("network.rtp_port_min").ok_or("the first RTP port must be set too")?;
    let count = number(ask.text).saturating_sub(number(first)).saturating_add(1);
    params([("RTP_PORT_RANGE", count.clamp(32, 63_487).to_string())])
}
