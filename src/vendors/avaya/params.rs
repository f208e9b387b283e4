//! Avaya's parameters: what `params.csv` says of each (from Avaya's own template of 2022 and its documentation pages), and
//! the check of a name and value against it, for what the box writes itself and for raw text.
//!
//! The table's ranges are prose ("0,5-10080 minutes", "6-31 chars incl. specials"). Numbers and lengths are read out of it
//! generously: what the prose leaves open is allowed.

use std::collections::HashMap;
use std::sync::LazyLock;

static PARAMS: LazyLock<HashMap<&str, Spec>> = LazyLock::new(|| read(include_str!("params.csv")));

struct Spec {
    rule: Rule,
    /// What the phone starts with is right even where it breaks the rule for new values.
    default: &'static str,
    /// `no spaces` stands in the range.
    no_blanks: bool,
    families: Vec<&'static str>,
}

enum Rule {
    Any,
    /// Allowed numbers, as ranges.
    Numbers(Vec<(i64, i64)>),
    Words(Vec<&'static str>),
    /// Shortest, longest on every family, longest on any.
    Length(usize, usize, usize),
}

/// What is wrong with a value; `Ok(Some(…))` is only a warning.
pub fn check(name: &str, value: &str) -> Result<Option<String>, String> {
    let Some(spec) = spec(name) else {
        return Ok(Some(format!("{name} is no parameter that Avaya's template of 2022 knows")));
    };
    // Macros are filled in by the phone; an empty value means the default.
    if value.is_empty() || value.contains('$') || value == spec.default {
        return Ok(None);
    }
    if spec.no_blanks && value.contains(' ') {
        return Err(format!("{name} may have no blanks"));
    }
    match (name, &spec.rule) {
        ("FORCE_WEB_ADMIN_PASSWORD", _) => web_password(value).map(|()| None),
        ("DISPLAY_NAME", _) if value.contains([';', '<', '>', '/', '&']) => {
            Err(format!("{name} may have none of ; < > / &"))
        }
        (_, Rule::Any) => Ok(None),
        (_, Rule::Numbers(ranges)) => match value.parse::<i64>() {
            Ok(number) if ranges.iter().any(|(min, max)| (*min..=*max).contains(&number)) => Ok(None),
            _ => Err(format!("{name} takes {}", spoken(ranges))),
        },
        (_, Rule::Words(words)) => match words.iter().any(|word| word.eq_ignore_ascii_case(value)) {
            true => Ok(None),
            false => Err(format!("{name} takes one of {}", words.join(", "))),
        },
        (_, Rule::Length(min, max, most)) => match value.chars().count() {
            length if length < *min => Err(format!("{name} needs at least {min} characters")),
            length if length > *most => Err(format!("{name} takes at most {most} characters")),
            length if length > *max => Ok(Some(format!("{name} takes at most {max} characters on some phones"))),
            _ => Ok(None),
        },
    }
}

/// For the mapping: errors only.
pub fn refuse(name: &str, value: &str) -> Result<(), String> {
    check(name, value).map(|_| ())
}

/// The dialects whose phones know the parameter; none when the table does not say. What 96x1 phones know is written for the
/// older 96x0 and 16xx too: phones skip what they do not know, and one file may serve all families.
pub fn families(name: &str) -> &'static [&'static str] {
    spec(name).map_or(&[], |spec| &spec.families)
}

/// Profiles and shared lines repeat a name with a number: `MYCERTURL_2`.
fn spec(name: &str) -> Option<&'static Spec> {
    PARAMS.get(name).or_else(|| {
        let upper = name.to_ascii_uppercase();
        let first = || upper.strip_suffix("_2").or_else(|| upper.strip_suffix("_3"));
        PARAMS.get(upper.as_str()).or_else(|| PARAMS.get(first()?))
    })
}

/// A value that breaks the rule makes the phone fall back to its well-known default password, so it must never be sent.
fn web_password(value: &str) -> Result<(), String> {
    let class = |c: char| (c.is_ascii_digit(), c.is_ascii_alphabetic());
    let longest = |same: &dyn Fn(char, char) -> bool| {
        let mut run = 0;
        let mut previous = None;
        let runs = value.chars().map(|c| {
            run = if previous.is_some_and(|p| same(p, c)) { run + 1 } else { 1 };
            previous = Some(c);
            run
        });
        runs.max().unwrap_or(0)
    };
    let has = |wanted: &dyn Fn(char) -> bool| value.chars().any(wanted);
    let fits = (8..=31).contains(&value.chars().count())
        && has(&|c| c.is_ascii_digit())
        && has(&|c| c.is_ascii_alphabetic())
        && has(&|c| !c.is_ascii_alphanumeric())
        && longest(&|a, b| class(a) == class(b)) <= 4
        && longest(&|a, b| a == b) <= 2;
    let rule = "an Avaya web password has 8 to 31 characters with a digit, a letter and a sign, at most 4 of a kind and 2 the same in a row";
    if fits { Ok(()) } else { Err(rule.to_owned()) }
}

fn spoken(ranges: &[(i64, i64)]) -> String {
    let one = |(min, max): &(i64, i64)| if min == max { min.to_string() } else { format!("{min} to {max}") };
    ranges.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn read(csv: &'static str) -> HashMap<&'static str, Spec> {
    let mut params = HashMap::new();
    for line in csv.lines().skip(1) {
        let fields = fields(line);
        let [name, _, kind, default, range, meaning, ..] = fields.as_slice() else { continue };
        let spec = Spec {
            rule: rule(kind, range),
            default,
            no_blanks: range.contains("no space"),
            families: bracket(meaning),
        };
        params.insert(*name, spec);
    }
    params
}

/// Fields of one CSV line, borrowed: none of the ones read here has a doubled quote inside.
fn fields(mut line: &str) -> Vec<&str> {
    let mut fields = Vec::new();
    while !line.is_empty() {
        let (field, rest) = match line.strip_prefix('"') {
            Some(quoted) => quoted.split_once("\",").unwrap_or((quoted.trim_end_matches('"'), "")),
            None => line.split_once(',').unwrap_or((line, "")),
        };
        fields.push(field);
        line = rest;
    }
    fields
}

/// `… [J100/96x1/Vantage]`
fn bracket(meaning: &str) -> Vec<&'static str> {
    let named = meaning.rsplit_once('[').map_or("", |(_, named)| named);
    let mut families = Vec::new();
    for (name, dialects) in [("J100", &["j100"][..]), ("96x1", &["96x1", "96x0", "16xx"]), ("Vantage", &["vantage"])] {
        if named.contains(name) {
            families.extend_from_slice(dialects);
        }
    }
    families
}

fn rule(kind: &str, range: &'static str) -> Rule {
    let worded = !range.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    match kind {
        "bool(0/1)" => Rule::Numbers(vec![(0, 1)]),
        "int" if range == "port" => Rule::Numbers(vec![(1, 65535)]),
        "enum" if worded => Rule::Words(range.split(',').map(str::trim).collect()),
        "int" | "enum" if !worded => Rule::Numbers(numbers(range)),
        "string" | "csv-list" => lengths(range),
        _ => Rule::Any,
    }
}

/// Every number and range of the prose: `0,20-999 s`, `1 auto..6 1G`, `-12..12 h`.
fn numbers(range: &str) -> Vec<(i64, i64)> {
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    // Firmware versions follow: `(64511 before 4.0.11.0)`.
    let mut rest = range.split(" before").next().unwrap_or(range);
    // What stood between this number and the one before.
    let mut between = ",";
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        between = if ranges.is_empty() { between } else { rest.get(..start).unwrap_or_default() };
        let negative = rest.get(..start).is_some_and(|before| before == "-" && ranges.is_empty());
        let tail = rest.get(start..).unwrap_or_default();
        let end = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
        let (digits, after) = tail.split_at(end);
        rest = after;
        let Ok(number) = digits.parse::<i64>().map(|number| if negative { -number } else { number }) else { continue };
        match ranges.last_mut() {
            Some(last) if between == "-" || between.contains("..") => last.1 = number.max(last.1),
            _ => ranges.push((number, number)),
        }
    }
    ranges
}

/// `0-127 chars`, `<=255 chars J100/96x1; <=1024 (older)`, `<=7 digits`.
fn lengths(range: &str) -> Rule {
    let counted = ["char", "digits", "alnum", "dialable"].iter().any(|word| range.contains(word));
    let head = range.split_once([':', ',']).map_or(range, |(head, _)| head);
    match numbers(head).as_slice() {
        [] => Rule::Any,
        _ if !counted => Rule::Any,
        [(min, max), more @ ..] => {
            let length = |number: i64| usize::try_from(number).unwrap_or(0);
            let most = more.iter().map(|(_, max)| length(*max)).max().unwrap_or(0).max(length(*max));
            let min = if range.starts_with('<') || min == max { 0 } else { length(*min) };
            Rule::Length(min, length(*max), most)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_table_is_read() {
        assert!(PARAMS.len() >= 370, "{}", PARAMS.len());
        for name in ["HTTPSRVR", "TIMEZONE", "100REL_SUPPORT", "PHONEKEY", "DHCPSTDV6"] {
            assert!(spec(name).is_some(), "{name}");
        }
        assert_eq!(families("SIPDOMAIN"), ["j100", "96x1", "96x0", "16xx", "vantage"]);
        assert_eq!(families("DISPLAY_NAME"), ["j100"]);
        assert!(families("NO_SUCH").is_empty());
    }

    #[test]
    fn values_inside_the_range_pass() {
        for (name, value) in [
            ("HTTPPORT", "65535"),
            ("REUSETIME", "0"),
            ("REUSETIME", "20"),
            ("PHY1STAT", "6"),
            ("DOT1XEAPS", "peap"),
            ("UPGRADE_POLLING_PERIOD", "0"),
            ("SIMULTANEOUS_REGISTRATIONS", "5"),
            ("CMT_RENEWAL_OFFSET", "-12"),
            ("MYCERTURL_2", "http://ca/scep"),
            ("ADMIN_PASSWORD", "12ab$6"),
            ("HTTPDIR", "/a/b"),
            ("SIPDOMAIN", ""),
            ("MYCERTKEYLEN", "4096"),
            ("DIRSRVRPRT", "636"),
            ("FORCE_WEB_ADMIN_PASSWORD", "a1!b2?c3"),
            ("TLS_VERSION", "1"),
        ] {
            assert_eq!(check(name, value), Ok(None), "{name} {value}");
        }
    }

    #[test]
    fn values_outside_are_refused_and_unknown_names_warned_of() {
        for (name, value, message) in [
            ("HTTPPORT", "65536", "HTTPPORT takes 0 to 65535"),
            ("REUSETIME", "19", "REUSETIME takes 0, 20 to 999"),
            ("L2QVLAN", "x", "L2QVLAN takes 0 to 4094"),
            ("PHY2STAT", "7", "PHY2STAT takes 0, 1 to 6"),
            ("ENABLE_G722", "2", "ENABLE_G722 takes 0 to 1"),
            ("SIPREGPROXYPOLICY", "both", "SIPREGPROXYPOLICY takes one of alternate, simultaneous"),
            ("ADMIN_PASSWORD", "12345", "ADMIN_PASSWORD needs at least 6 characters"),
            ("HTTPDIR", "a b", "HTTPDIR may have no blanks"),
            ("DISPLAY_NAME", "A & B", "DISPLAY_NAME may have none of ; < > / &"),
        ] {
            assert_eq!(check(name, value), Err(message.to_owned()));
        }
        assert!(check("HTTPDIR", &"a".repeat(128)).is_err());
        assert!(check("OBSCURE", "1").unwrap().is_some());
        for weak in ["abcdefgh", "a1!", "aaa1!bcd", "abcde1!f", "12345678!", "a1b2c3d4"] {
            assert!(check("FORCE_WEB_ADMIN_PASSWORD", weak).is_err(), "{weak}");
        }
    }
}
