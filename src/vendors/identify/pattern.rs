//! A small pattern language for the strings phones send: enough for a User-Agent, a vendor class, a certificate name and a
//! file name, and readable beside the vendor document it was taken from.
//!
//! | written      | matches                                                                                |
//! |--------------|----------------------------------------------------------------------------------------|
//! | letters      | themselves, in any letter case                                                         |
//! | blank        | one or more blanks; inside `<…>` at most one of blank, `_`, `-`                        |
//! | `#`, `@`     | one digit, one letter                                                                  |
//! | `*`          | anything, as little as possible (inside `<…>` only letters, digits, `-`, `_`)          |
//! | `{model}`    | the model: letters, digits, `-`, `_`, `+`, as many as possible                         |
//! | `{model:KX-}`| the same, beginning with `KX-` (`#` is a digit here too)                               |
//! | `<N### IP>`  | the model, as the pattern inside                                                       |
//! | `{words}`    | the model, blanks allowed, as little as possible                                       |
//! | `{version}`  | begins with a digit (a V or R before it is left out) and holds a `.` or `_`            |
//! | `{version:X}`| begins with `X`                                                                        |
//! | `{build}`    | a version without a dot: `021230000000`, `11-1-0-MSR4`                                 |
//! | `{mac}`      | a MAC in any notation                                                                  |
//! | `{serial}`   | a serial number, so that it is not taken for a MAC                                     |
//!
//! Everything is case-insensitive. Matching never allocates, and its work is bounded by the lengths below.

use super::mac;
use crate::net::Mac;

const MODEL: usize = 32;
const WORDS: usize = 40;
const VERSION: usize = 48;
const SKIP: usize = 96;

#[derive(Debug)]
enum Part {
    Literal(Box<[u8]>),
    Blank,
    Joint,
    Digit,
    Letter,
    Skip,
    SkipInModel,
    Open,
    Close,
    Model(Box<[u8]>),
    Words,
    Version(Box<[u8]>),
    Build,
    Mac,
    Serial,
}

/// What a pattern took from the text, as byte ranges.
#[derive(Debug, Default, Clone, Copy)]
pub struct Found {
    pub model: Option<(usize, usize)>,
    pub version: Option<(usize, usize)>,
    pub mac: Option<Mac>,
    /// A serial number was named: no further MAC is looked for.
    pub serial: bool,
}

#[derive(Debug)]
pub struct Template {
    parts: Box<[Part]>,
    /// The whole text must match; otherwise its beginning.
    whole: bool,
}

impl Template {
    pub fn new(pattern: &str, whole: bool) -> Template {
        let mut parts = Vec::new();
        let mut rest = pattern;
        let mut in_model = false;
        while let Some(first) = rest.chars().next() {
            let mut taken = first.len_utf8();
            match first {
                '{' => {
                    let (body, _) = rest[1..].split_once('}').unwrap_or((&rest[1..], ""));
                    taken = (body.len() + 2).min(rest.len());
                    parts.push(placeholder(body));
                }
                '<' | '>' => {
                    in_model = first == '<';
                    parts.push(if in_model { Part::Open } else { Part::Close });
                }
                ' ' => parts.push(if in_model { Part::Joint } else { Part::Blank }),
                '*' => parts.push(if in_model { Part::SkipInModel } else { Part::Skip }),
                '#' => parts.push(Part::Digit),
                '@' => parts.push(Part::Letter),
                _ => {
                    taken = rest.find(['{', '<', '>', ' ', '*', '#', '@']).unwrap_or(rest.len());
                    parts.push(Part::Literal(rest.as_bytes()[..taken].into()));
                }
            }
            rest = &rest[taken..];
        }
        Template { parts: parts.into(), whole }
    }

    /// The bytes a text may begin with, lower case; empty means any.
    pub fn first_bytes(&self) -> Vec<u8> {
        let from = |bytes: &[u8]| match bytes.first() {
            Some(b'#') => b"0123456789".to_vec(),
            Some(byte) => vec![byte.to_ascii_lowercase()],
            None => Vec::new(),
        };
        match self.parts.iter().find(|part| !matches!(part, Part::Open)) {
            Some(Part::Literal(bytes) | Part::Model(bytes) | Part::Version(bytes)) => from(bytes),
            Some(Part::Digit) => from(b"#"),
            _ => Vec::new(),
        }
    }

    /// The literal bytes every match begins with, lower case, at most eight: enough to pass over most patterns at once.
    pub fn head(&self) -> Head {
        let bytes: &[u8] = match self.parts.iter().find(|part| !matches!(part, Part::Open)) {
            Some(Part::Literal(bytes) | Part::Model(bytes) | Part::Version(bytes)) => bytes,
            _ => &[],
        };
        let length = bytes.iter().take(8).take_while(|byte| **byte != b'#').count();
        Head { word: first_word(bytes), mask: if length == 0 { 0 } else { u64::MAX << (64 - 8 * length) } }.cut()
    }

    pub fn starts_with_mac(&self) -> bool {
        matches!(self.parts.first(), Some(Part::Mac))
    }

    pub fn find(&self, text: &[u8]) -> Option<Found> {
        let mut found = Found::default();
        self.matches(&self.parts, text, 0, &mut found).then_some(found)
    }

    /// Walks the parts that leave no choice, and tries the choices of the first that does. What an abandoned try has put into
    /// `found` is written again by the one that succeeds, because every capture of the pattern lies on its way.
    fn matches(&self, mut parts: &[Part], text: &[u8], mut at: usize, found: &mut Found) -> bool {
        while let Some((this, after)) = parts.split_first() {
            let rest = text.get(at..).unwrap_or_default();
            at += match this {
                Part::Literal(bytes) => match rest.get(..bytes.len()) {
                    Some(here) if here.eq_ignore_ascii_case(bytes) => bytes.len(),
                    _ => return false,
                },
                Part::Blank => match rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count() {
                    0 => return false,
                    blanks => blanks,
                },
                Part::Joint => usize::from(matches!(rest.first(), Some(b' ' | b'_' | b'-'))),
                Part::Digit if rest.first().is_some_and(u8::is_ascii_digit) => 1,
                Part::Letter if rest.first().is_some_and(u8::is_ascii_alphabetic) => 1,
                Part::Digit | Part::Letter => return false,
                Part::Open => {
                    found.model = Some((at, at));
                    0
                }
                Part::Close => {
                    found.model = found.model.map(|(from, _)| (from, at));
                    0
                }
                Part::Mac => match mac::at_start(rest) {
                    Some((mac, taken)) => {
                        found.mac = Some(mac);
                        taken
                    }
                    None => return false,
                },
                Part::Serial => {
                    found.serial = true;
                    token(rest)
                }
                Part::Skip => {
                    let most = rest.len().min(SKIP);
                    return (0..=most).any(|skip| self.goes_on(after, text, at + skip, found));
                }
                Part::SkipInModel => {
                    let from = found.model;
                    return (0..=token(rest)).any(|skip| {
                        found.model = from;
                        self.goes_on(after, text, at + skip, found)
                    });
                }
                Part::Words => {
                    let most = rest.iter().take(WORDS).take_while(|byte| is_token(**byte) || **byte == b' ').count();
                    return (1..=most).any(|length| {
                        found.model = Some((at, at + length));
                        self.goes_on(after, text, at + length, found)
                    });
                }
                Part::Model(prefix) => {
                    if !begins(rest, prefix) {
                        return false;
                    }
                    return (prefix.len().max(1)..=token(rest)).rev().any(|length| {
                        found.model = Some((at, at + length));
                        self.goes_on(after, text, at + length, found)
                    });
                }
                Part::Version(prefix) => {
                    if !(begins(rest, prefix) && (!prefix.is_empty() || starts_version(rest))) {
                        return false;
                    }
                    let longest = version(rest);
                    let Some(dot) = rest.iter().take(longest).position(|byte| matches!(byte, b'.' | b'_')) else {
                        return false;
                    };
                    let letter = usize::from(prefix.is_empty() && rest.first().is_some_and(u8::is_ascii_alphabetic));
                    return ((dot + 1).max(prefix.len())..=longest).rev().any(|length| {
                        found.version = Some((at + letter, at + length));
                        self.goes_on(after, text, at + length, found)
                    });
                }
                Part::Build => {
                    let longest = if rest.first().is_some_and(u8::is_ascii_digit) { version(rest) } else { 0 };
                    return (1..=longest).rev().any(|length| {
                        found.version = Some((at, at + length));
                        self.goes_on(after, text, at + length, found)
                    });
                }
            };
            parts = after;
        }
        !self.whole || at == text.len()
    }

    /// The same, with one look ahead: most tries fail on the next byte.
    fn goes_on(&self, parts: &[Part], text: &[u8], at: usize, found: &mut Found) -> bool {
        let next = text.get(at).copied().unwrap_or_default();
        let hopeless = match parts.first() {
            Some(Part::Literal(bytes)) => bytes.first().is_some_and(|byte| !byte.eq_ignore_ascii_case(&next)),
            Some(Part::Blank) => !matches!(next, b' ' | b'\t'),
            _ => false,
        };
        !hopeless && self.matches(parts, text, at, found)
    }
}

/// The first eight bytes of a text as one number, lower case.
pub fn first_word(text: &[u8]) -> u64 {
    let mut bytes = [0u8; 8];
    match text.first_chunk() {
        Some(whole) => bytes = *whole,
        None => bytes.iter_mut().zip(text).for_each(|(to, from)| *to = *from),
    }
    bytes.make_ascii_lowercase();
    u64::from_be_bytes(bytes)
}

#[derive(Debug, Clone, Copy)]
pub struct Head {
    word: u64,
    mask: u64,
}

impl Head {
    fn cut(self) -> Head {
        Head { word: self.word & self.mask, ..self }
    }

    /// Whether a text that begins with `word` can match.
    pub fn fits(self, word: u64) -> bool {
        word & self.mask == self.word
    }
}

fn placeholder(body: &str) -> Part {
    let (name, prefix) = body.split_once(':').unwrap_or((body, ""));
    let prefix = prefix.as_bytes().into();
    match name {
        "words" => Part::Words,
        "version" => Part::Version(prefix),
        "build" => Part::Build,
        "mac" => Part::Mac,
        "serial" => Part::Serial,
        _ => Part::Model(prefix),
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'+')
}

fn is_version(byte: u8) -> bool {
    is_token(byte) || matches!(byte, b'.' | b'(' | b')')
}

/// Up to the end of the word; a closing bracket counts only where it was opened: `6.1.5(a)` but `8.7.5.35` of `8.7.5.35)`.
fn version(text: &[u8]) -> usize {
    let word = text.iter().take(VERSION).take_while(|byte| is_version(**byte)).count();
    let opened = text.iter().take(word).any(|byte| *byte == b'(');
    match text.get(..word) {
        Some([inner @ .., b')']) if !opened => inner.iter().rposition(|byte| *byte != b')').map_or(0, |last| last + 1),
        _ => word,
    }
}

fn token(text: &[u8]) -> usize {
    text.iter().take(MODEL).take_while(|byte| is_token(**byte)).count()
}

fn begins(text: &[u8], prefix: &[u8]) -> bool {
    text.len() >= prefix.len()
        && prefix.iter().zip(text).all(|(want, byte)| match want {
            b'#' => byte.is_ascii_digit(),
            _ => want.eq_ignore_ascii_case(byte),
        })
}

fn starts_version(text: &[u8]) -> bool {
    match text {
        [b'v' | b'V' | b'r' | b'R', digit, ..] | [digit, ..] => digit.is_ascii_digit(),
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (model, version) as text.
    fn find<'a>(pattern: &str, text: &'a str) -> Option<(&'a str, &'a str)> {
        let found = Template::new(pattern, false).find(text.as_bytes())?;
        let part = |range: Option<(usize, usize)>| range.map_or("", |(from, to)| &text[from..to]);
        Some((part(found.model), part(found.version)))
    }

    #[test]
    fn captures_are_as_the_table_says() {
        assert_eq!(
            find("Yealink SIP-{model} {version}", "yealink sip-T38G  38.0.0.115 x"),
            Some(("T38G", "38.0.0.115"))
        );
        assert_eq!(find("Linksys/{model}-{version} (", "Linksys/SPA-942-6.1.5(a) (8"), Some(("SPA-942", "6.1.5(a)")));
        assert_eq!(find("Fanvil {words} {version}", "Fanvil X6U Pro 0.0.10 x"), Some(("X6U Pro", "0.0.10")));
        assert_eq!(find("<S### IP>", "S675IP"), Some(("S675IP", "")));
        assert_eq!(find("<S### IP>", "s675_IP"), Some(("s675_IP", "")));
        assert_eq!(find("V:{version}-SIP", "V:6.4.0.140-SIP"), Some(("", "6.4.0.140")));
        assert_eq!(find("{version:SIP12x0.})", "SIP12x0.45.02)"), Some(("", "SIP12x0.45.02")));
        assert_eq!(find("snom {model} {version}", "snom lid 3605"), None);
        assert_eq!(find("{model:SN####}", "SN411"), None);
    }

    #[test]
    fn a_whole_pattern_leaves_nothing_over() {
        assert!(Template::new("lanpbx.cfg", true).find(b"LANPBX.CFG").is_some());
        assert!(Template::new("lanpbx.cfg", true).find(b"lanpbx.cfg.bak").is_none());
    }
}
