//! Checking: text that a person or program wrote → the canonical text that is stored.
//!
//! Every refusal names the setting, the value (never a secret's), the rule and the next step. Nothing here depends on a
//! vendor: what one vendor cannot say is the mapping's business.

use super::SettingId;
use super::catalogue::{Entry, Kind, catalogue, shortened};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longer than any setting: refused before it is looked at.
const MAX_BYTES: usize = 64 * 1024;

/// Why a value, or a name, was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingError {
    pub setting: String,
    /// The refused value as it may be shown: shortened, masked for a secret. `None`: the name itself is wrong.
    pub value: Option<String>,
    pub rule: String,
    /// What to do now: a whole sentence.
    pub next: String,
}

impl std::error::Error for SettingError {}

impl std::fmt::Display for SettingError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}: {value:?} is not accepted: {}. {}", self.setting, self.rule, self.next),
            None => write!(f, "{}: {}. {}", self.setting, self.rule, self.next),
        }
    }
}

/// A value as it is stored and compared: `YES` → `true`, `PBX.Example.` → `pbx.example`, `europe/berlin` → `Europe/Berlin`.
pub fn check(id: SettingId, text: &str) -> Result<String, SettingError> {
    let entry = catalogue().entry(id);
    let refuse = |(rule, next): (String, String)| SettingError {
        setting: catalogue().name(id),
        value: Some(if entry.secret { "******".to_owned() } else { shortened(text) }),
        rule,
        next,
    };
    if entry.derived {
        return Err(refuse(("the box sets it itself".to_owned(), "Leave it out.".to_owned())));
    }
    checked(entry, text).map_err(refuse)
}

/// (rule, next step)
type Refusal = (String, String);

fn refusal<T>(rule: impl Into<String>, next: impl Into<String>) -> Result<T, Refusal> {
    Err((rule.into(), next.into()))
}

fn checked(entry: &Entry, text: &str) -> Result<String, Refusal> {
    if text.len() > MAX_BYTES {
        return refusal(format!("it is {} bytes long", text.len()), "Shorten it.");
    }
    let Some(max) = entry.list else {
        return one(&entry.kind, text);
    };
    let mut items: Vec<String> = Vec::new();
    for item in text.split(',') {
        let item = one(&entry.kind, item.trim_matches([' ', '\t']))?;
        if items.contains(&item) {
            return refusal(format!("{} stands there twice", shortened(&item)), "Name it once.");
        }
        items.push(item);
    }
    if items.len() > usize::from(max) {
        return refusal(format!("it has {} items, at most {max} are possible", items.len()), "Shorten the list.");
    }
    Ok(items.join(","))
}

fn one(kind: &Kind, raw: &str) -> Result<String, Refusal> {
    let text = raw.trim_matches([' ', '\t']);
    if text.is_empty() && !matches!(kind, Kind::Text { min: 0, .. }) {
        return refusal("it is empty", "Give a value, or unset the setting.");
    }
    match kind {
        Kind::Bool => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok("true".to_owned()),
            "false" | "no" | "off" | "0" => Ok("false".to_owned()),
            _ => refusal("it is neither true nor false", "Write true or false."),
        },
        Kind::Int { min, max } => match text.parse::<i64>() {
            Ok(number) if (*min..=*max).contains(&number) => Ok(number.to_string()),
            Ok(_) => {
                refusal(format!("it must be from {min} to {max}"), format!("Choose a number from {min} to {max}."))
            }
            Err(_) => refusal("it is not a whole number", format!("Write a number from {min} to {max}.")),
        },
        // Blanks at either end of a password or a name may be meant.
        Kind::Text { min, max, multiline } => plain_text(raw, *min, *max, *multiline),
        Kind::Dial { max } => dial(text, *max),
        Kind::Enum { words } => match words.iter().find(|word| word.eq_ignore_ascii_case(text)) {
            Some(word) => Ok(word.clone()),
            None => refusal(format!("it must be one of {}", words.join(", ")), "Choose one of these words."),
        },
        Kind::Host => host(text),
        Kind::HostPort => host_port(text),
        Kind::Ip => match text.parse::<IpAddr>() {
            Ok(ip) => Ok(ip.to_string()),
            Err(_) => refusal("it is not an IP address", "Write for example 192.0.2.10."),
        },
        Kind::Netmask => match text.parse::<Ipv4Addr>() {
            Ok(mask) if mask.to_bits().leading_ones() == 32 - mask.to_bits().trailing_zeros().min(32) => {
                Ok(mask.to_string())
            }
            _ => refusal("it is not a netmask", "Write for example 255.255.255.0."),
        },
        Kind::Url { schemes } => url(schemes, text),
        Kind::File { max } => file(text, *max),
        Kind::Zone => match super::timezone::canonical(text) {
            Some(name) => Ok(name),
            None => refusal("the tz database has no such time zone", "Write for example Europe/Berlin."),
        },
        Kind::Language => language(text),
        Kind::TimeOfDay => time_of_day(text),
    }
}

fn plain_text(text: &str, min: usize, max: usize, multiline: bool) -> Result<String, Refusal> {
    let text = if multiline { text.replace("\r\n", "\n") } else { text.to_owned() };
    // U+2028 and U+2029 break lines too, in more programs than one expects.
    let forbidden = |c: char| (c.is_control() && !(multiline && c == '\n')) || matches!(c, '\u{2028}' | '\u{2029}');
    if let Some(c) = text.chars().find(|c| forbidden(*c)) {
        return refusal(format!("it has the control character U+{:04X} in it", u32::from(c)), "Remove that character.");
    }
    let length = text.chars().count();
    if length > max {
        return refusal(format!("it is {length} characters long, at most {max} are possible"), "Shorten it.");
    }
    if length < min {
        return refusal(format!("it is {length} characters long, at least {min} are needed"), "Choose a longer one.");
    }
    Ok(text)
}

fn dial(text: &str, max: usize) -> Result<String, Refusal> {
    if text.len() > max {
        return refusal(format!("it is longer than {max} characters"), "Shorten it.");
    }
    // Besides digits: letters and the few signs that SIP user parts and feature codes use.
    if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+*#-_.@:".contains(&b)) {
        return refusal("it has a character that cannot be dialled", "Use digits, letters and + * # - _ . @ only.");
    }
    Ok(text.to_owned())
}

fn host(text: &str) -> Result<String, Refusal> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if let Ok(ip) = bare.parse::<Ipv6Addr>() {
        return Ok(ip.to_string());
    }
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // Four numbers are an address or a mistake, never a name.
    let numeric = name.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    if name.len() <= 253 && name.split('.').all(label) && (!numeric || name.parse::<Ipv4Addr>().is_ok()) {
        return Ok(name);
    }
    refusal(
        "it is neither a host name nor an IP address",
        "Write for example pbx.example or 192.0.2.10, without a port.",
    )
}

fn port(text: &str) -> Result<u16, Refusal> {
    match text.parse::<u16>() {
        Ok(port) if port > 0 && text.bytes().all(|b| b.is_ascii_digit()) => Ok(port),
        _ => refusal("its port is not a number from 1 to 65535", "Write for example pbx.example:5061."),
    }
}

fn host_port(text: &str) -> Result<String, Refusal> {
    if let Some(rest) = text.strip_prefix('[')
        && let Some((inner, tail)) = rest.split_once(']')
    {
        let host = host(inner)?;
        return match tail.strip_prefix(':') {
            Some(digits) => Ok(format!("[{host}]:{}", port(digits)?)),
            None if tail.is_empty() => Ok(host),
            None => refusal("it is neither a host nor host:port", "Write for example [2001:db8::1]:5061."),
        };
    }
    match text.split_once(':') {
        Some((name, digits)) if !digits.contains(':') => Ok(format!("{}:{}", host(name)?, port(digits)?)),
        _ => host(text),
    }
}

/// Only what phones can fetch. Macros like `$MAC` or `{mac}` may stand in the path, never in the host.
fn url(schemes: &[String], text: &str) -> Result<String, Refusal> {
    const MAX: usize = 511;
    const SCHEMES: [&str; 4] = ["http", "https", "tftp", "ftp"];
    let example = "Write for example https://host.example/path/file.";
    if text.len() > MAX {
        return refusal(format!("it is longer than {MAX} characters"), "Shorten it.");
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return refusal("it does not begin with a scheme", example);
    };
    let scheme = scheme.to_ascii_lowercase();
    let own: Vec<&str> = schemes.iter().map(String::as_str).collect();
    let possible = if own.is_empty() { &SCHEMES[..] } else { &own };
    if !possible.contains(&scheme.as_str()) {
        return refusal(format!("its scheme is none of {}", possible.join(", ")), example);
    }
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return refusal("it has a user or password in it", "Remove what stands before the @.");
    }
    let authority = match authority.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(v6) => host(v6).map(|host| format!("[{host}]"))?,
        None => host_port(authority)?,
    };
    if let Some(c) = path.chars().find(|c| !c.is_ascii_graphic() || matches!(c, '"' | '<' | '>' | '\\' | '^' | '`')) {
        return refusal(format!("it has the character U+{:04X} in it", u32::from(c)), "Write that character as %XX.");
    }
    Ok(format!("{scheme}://{authority}{path}"))
}

fn file(text: &str, max: usize) -> Result<String, Refusal> {
    if text.len() > max {
        return refusal(format!("it is longer than {max} characters"), "Shorten it.");
    }
    let plain = |part: &str| {
        let sign = |b: u8| b.is_ascii_graphic() && !b"\\%?#\"<>|*:;$'".contains(&b);
        !part.is_empty() && !part.starts_with('.') && !part.ends_with('.') && part.bytes().all(sign)
    };
    if text.split('/').all(plain) {
        return Ok(text.to_owned());
    }
    refusal("it is not the name of a file", "Write it as `phonebox file list` shows it.")
}

fn language(text: &str) -> Result<String, Refusal> {
    let mut tag = String::new();
    let alphabetic = |part: &str| part.bytes().all(|b| b.is_ascii_alphabetic());
    for (position, part) in text.split(['-', '_']).enumerate() {
        match (position, part.len()) {
            (0, 2 | 3) if alphabetic(part) => tag.push_str(&part.to_ascii_lowercase()),
            (1, 4) if alphabetic(part) => {
                let (first, rest) = part.split_at(1);
                tag = format!("{tag}-{}{}", first.to_ascii_uppercase(), rest.to_ascii_lowercase());
            }
            (1 | 2, 2) if alphabetic(part) => tag = format!("{tag}-{}", part.to_ascii_uppercase()),
            _ => return refusal("it is not a language tag", "Write for example en, de or pt-BR."),
        }
    }
    Ok(tag)
}

fn time_of_day(text: &str) -> Result<String, Refusal> {
    let number = |part: &str, max: u8| {
        part.parse::<u8>()
            .ok()
            .filter(|n| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()) && *n <= max)
    };
    match text.split_once(':').map(|(h, m)| (number(h, 23), number(m, 59))) {
        Some((Some(hour), Some(minute))) => Ok(format!("{hour:02}:{minute:02}")),
        _ => refusal("it is not a time of day", "Write for example 03:30."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(name: &str, text: &str) -> Result<String, SettingError> {
        check(catalogue().find(name).unwrap(), text)
    }

    #[test]
    fn values_become_canonical() {
        for (name, text, canonical) in [
            ("line.srtp", "Optional", "optional"),
            ("vlan.lldp", "ON", "true"),
            ("sip.port", " 05060 ", "5060"),
            ("sip.server", "PBX.Example.", "pbx.example"),
            ("sip.server", "[2001:DB8:0::1]", "2001:db8::1"),
            ("sip.server", "_sip.my-pbx.example", "_sip.my-pbx.example"),
            ("network.http_proxy", "[2001:db8::1]:8080", "[2001:db8::1]:8080"),
            ("network.http_proxy", "proxy.example:3128", "proxy.example:3128"),
            ("network.netmask", "255.255.254.0", "255.255.254.0"),
            ("time.zone", "europe/berlin", "Europe/Berlin"),
            ("firmware.file", "FW_S_J179_R4_1_4_0_5.bin", "FW_S_J179_R4_1_4_0_5.bin"),
            ("firmware.file", "firmware/T54W-96.86.0.200.rom", "firmware/T54W-96.86.0.200.rom"),
            ("language.phone", "PT_br", "pt-BR"),
            ("language.phone", "zh-hant-TW", "zh-Hant-TW"),
            ("provisioning.poll_begin", "3:05", "03:05"),
            ("provisioning.poll_days", "Mon, fri", "mon,fri"),
            ("line.codecs", "opus,G722,pcma", "opus,g722,pcma"),
            (
                "action.incoming",
                "HTTP://Host.Example:80/a?mac=$mac&n=$call_id",
                "http://host.example:80/a?mac=$mac&n=$call_id",
            ),
            ("scep.url", "HTTPS://ca.example/scep", "https://ca.example/scep"),
            ("line.display_name", "Zoë \u{1F600} \"x\" <&> % #", "Zoë \u{1F600} \"x\" <&> % #"),
            ("line.password", " pass word ", " pass word "),
            ("dial.plan", "[2-9]xxx|0T", "[2-9]xxx|0T"),
        ] {
            assert_eq!(set(name, text).as_deref(), Ok(canonical), "{name}");
            assert_eq!(set(name, canonical).as_deref(), Ok(canonical), "{name}: canonical stays");
        }
    }

    #[test]
    fn refusals_name_setting_value_rule_and_next_step() {
        for (name, text, message) in [
            (
                "sip.port",
                "70000",
                r#"sip.port: "70000" is not accepted: it must be from 1 to 65535. Choose a number from 1 to 65535."#,
            ),
            (
                "sip.transport",
                "sctp",
                r#"sip.transport: "sctp" is not accepted: it must be one of udp, tcp, tls. Choose one of these words."#,
            ),
            (
                "access.admin_password",
                "abc",
                r#"access.admin_password: "******" is not accepted: it is 3 characters long, at least 4 are needed. Choose a longer one."#,
            ),
            (
                "key.7.line",
                "x",
                r#"key.7.line: "x" is not accepted: it is not a whole number. Write a number from 1 to 16."#,
            ),
            (
                "time.zone",
                "Mars/Olympus",
                r#"time.zone: "Mars/Olympus" is not accepted: the tz database has no such time zone. Write for example Europe/Berlin."#,
            ),
            (
                "provisioning.url",
                "http://x/",
                r#"provisioning.url: "http://x/" is not accepted: the box sets it itself. Leave it out."#,
            ),
            (
                "line.label",
                "a\nb",
                r#"line.label: "a�b" is not accepted: it has the control character U+000A in it. Remove that character."#,
            ),
        ] {
            assert_eq!(set(name, text).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn wrong_values_are_refused() {
        for (name, texts) in [
            (
                "sip.server",
                &["", " ", "a b", "a..b", "-a", "1.2.3", "1.2.3.4.5", "256.1.1.1", "pbx:5060", "ä.example", "a\0b"][..],
            ),
            ("network.netmask", &["255.0.255.0", "24", "0.0.0.1"]),
            ("network.http_proxy", &["a:0", "a:65536", "a:", "[::1", "[::1]x", "a:+1"]),
            (
                "action.incoming",
                &[
                    "x",
                    "ftp//x",
                    "file:///etc/passwd",
                    "http://",
                    "http://u:p@h/",
                    "http://h/a b",
                    "http://h/\"",
                    "javascript://h/",
                    "http://h/ä",
                ],
            ),
            (
                "firmware.file",
                &[
                    "",
                    "../../etc/passwd",
                    "/x.rom",
                    "x//y",
                    "x\"y.rom",
                    "a b",
                    "http://h/x",
                    ".x",
                    "x.",
                    "$MODEL4.bin",
                    "ä.rom",
                ],
            ),
            ("scep.url", &["ftp://ca.example/scep", "tftp://ca.example/scep", "ca.example"]),
            ("language.phone", &["", "e", "english", "en-", "en-US-x-y", "1n"]),
            ("provisioning.poll_begin", &["24:00", "3", "03:60", "+3:00", ":"]),
            ("line.codecs", &["", "pcmu,pcmu", "pcmu,", "mp3"]),
            ("dial.emergency", &["1;2", "112,112"]),
            ("line.voicemail", &["*97 \"", "a b"]),
            ("line.display_name", &["", "a\u{0}b", "a\rb", "tab\tbed", "line\u{2028}break"]),
            ("feature.dnd", &["maybe", "2"]),
        ] {
            for text in texts {
                assert!(set(name, text).is_err(), "{name} took {text:?}");
            }
        }
    }

    /// T72, and the 64 KiB display name of issue A: the error is short, whatever the value was.
    #[test]
    fn threat_072_huge_values_get_a_short_error() {
        for entry in catalogue().entries().iter().filter(|entry| !entry.derived) {
            let name = entry.id.replace('*', "1");
            for size in [5_000, 65_536, 65_537] {
                let error = set(&name, &"9".repeat(size)).unwrap_err().to_string();
                assert!(error.len() < 1_000, "{name}: {} bytes of error", error.len());
                assert!(!entry.secret || !error.contains("999"), "{name} shows a secret");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_checked_without_a_panic_and_canonical_text_is_stable(text in ".{0,40}") {
            for entry in catalogue().entries().iter().filter(|entry| !entry.derived) {
                let id = catalogue().find(&entry.id.replace('*', "1")).unwrap();
                if let Ok(canonical) = check(id, &text) {
                    proptest::prop_assert_eq!(check(id, &canonical), Ok(canonical.clone()));
                    proptest::prop_assert!(!canonical.chars().any(char::is_control));
                }
            }
        }
    }
}
