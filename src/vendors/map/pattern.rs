//! Two small languages of the tables: parameter names with holes (`account.{line}.label`) and value templates
//! (`{sip.server}[:{sip.port}][;transport={sip.transport}]`, where a bracket is left out when one of its settings is unset).

use crate::settings::Resolved;
use crate::settings::catalogue::Catalogue;
use std::borrow::Cow;

/// A parameter's name. Its holes: `{line}`, `{index}`, `{index0}` (counted from zero), `{word}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Line,
    Index,
    Index0,
    Word,
}

impl Pattern {
    pub fn parse(text: &str) -> Result<Pattern, String> {
        let mut parts = Vec::new();
        for (text, hole) in holes(text)? {
            if !text.is_empty() {
                parts.push(Part::Text(text.to_owned()));
            }
            match hole {
                Some("line") => parts.push(Part::Line),
                Some("index") => parts.push(Part::Index),
                Some("index0") => parts.push(Part::Index0),
                Some("word") => parts.push(Part::Word),
                Some(other) => return Err(format!("no hole {{{other}}} in a name")),
                None => {}
            }
        }
        Ok(Pattern(parts))
    }

    pub fn has_line(&self) -> bool {
        self.0.contains(&Part::Line)
    }

    pub fn name(&self, line: u8, index: u16, word: &str) -> Cow<'_, str> {
        if let [Part::Text(text)] = self.0.as_slice() {
            return Cow::Borrowed(text);
        }
        let mut name = String::with_capacity(56);
        for part in &self.0 {
            match part {
                Part::Text(text) => name.push_str(text),
                Part::Line => push_number(&mut name, line.into()),
                Part::Index => push_number(&mut name, index),
                Part::Index0 => push_number(&mut name, index.saturating_sub(1)),
                Part::Word => name.push_str(word),
            }
        }
        Cow::Owned(name)
    }

    /// The name with a star for every hole, in lower case.
    pub fn glob(&self) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.to_ascii_lowercase(),
            _ => "*".to_owned(),
        };
        self.0.iter().map(part).collect()
    }
}

/// Lines and keys are small numbers: quicker than the formatter.
fn push_number(name: &mut String, number: u16) {
    if number >= 10 {
        push_number(name, number / 10);
    }
    name.push(char::from(b'0' + (number % 10) as u8));
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// The row's own setting.
    Own,
    Setting(u16),
    /// A host that gets brackets when it is an IPv6 address.
    Host(u16),
    Line,
    Index,
    Optional(Vec<Piece>),
}

impl Template {
    /// Holes: `{}` the row's own setting, `{sip.port}` another, `{host sip.server}`, `{line}`, `{index}`.
    pub fn parse(text: &str, catalogue: &Catalogue) -> Result<Template, String> {
        let (pieces, rest) = pieces(text, catalogue, false)?;
        if rest.is_empty() { Ok(Template(pieces)) } else { Err(format!("unexpected ] before {rest:?}")) }
    }

    /// The text of a template without holes.
    pub fn constant(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The entries whose values it uses.
    pub fn mentions(&self) -> Vec<u16> {
        fn collect(pieces: &[Piece], entries: &mut Vec<u16>) {
            for piece in pieces {
                match piece {
                    Piece::Setting(entry) | Piece::Host(entry) => entries.push(*entry),
                    Piece::Optional(pieces) => collect(pieces, entries),
                    Piece::Text(_) | Piece::Own | Piece::Line | Piece::Index => {}
                }
            }
        }
        let mut entries = Vec::new();
        collect(&self.0, &mut entries);
        entries
    }

    /// The text and whether something secret is in it; `None` when a setting outside brackets is unset.
    pub fn fill<'a>(&self, own: &'a Resolved, other: &dyn Fn(u16) -> Option<&'a Resolved>) -> Option<(String, bool)> {
        let mut filled = (String::with_capacity(48), false);
        fill(&self.0, own, other, &mut filled).then_some(filled)
    }
}

fn fill<'a>(
    pieces: &[Piece],
    own: &'a Resolved,
    other: &dyn Fn(u16) -> Option<&'a Resolved>,
    filled: &mut (String, bool),
) -> bool {
    for piece in pieces {
        let mut put = |resolved: &Resolved, brackets: bool| {
            let text = resolved.value.text();
            filled.1 |= resolved.value.is_secret();
            match brackets && text.contains(':') {
                true => filled.0.extend(["[", text, "]"]),
                false => filled.0.push_str(text),
            }
        };
        match piece {
            Piece::Text(text) => filled.0.push_str(text),
            Piece::Own => put(own, false),
            Piece::Setting(entry) | Piece::Host(entry) => match other(*entry) {
                Some(resolved) => put(resolved, matches!(piece, Piece::Host(_))),
                None => return false,
            },
            Piece::Line => push_number(&mut filled.0, own.line.into()),
            Piece::Index => push_number(&mut filled.0, own.id.index),
            Piece::Optional(pieces) => {
                let (length, secret) = (filled.0.len(), filled.1);
                if !fill(pieces, own, other, filled) {
                    filled.0.truncate(length);
                    filled.1 = secret;
                }
            }
        }
    }
    true
}

fn pieces<'t>(mut text: &'t str, catalogue: &Catalogue, inside: bool) -> Result<(Vec<Piece>, &'t str), String> {
    let entry = |name: &str| {
        let found = catalogue.entries().iter().position(|entry| entry.id == name);
        found.and_then(|place| u16::try_from(place).ok()).ok_or_else(|| format!("no setting {name}"))
    };
    let mut pieces = Vec::new();
    while let Some(place) = text.find(['{', '[', ']']) {
        let (before, at) = text.split_at(place);
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        if let Some(rest) = at.strip_prefix('[') {
            let (inner, rest) = self::pieces(rest, catalogue, true)?;
            pieces.push(Piece::Optional(inner));
            text = rest;
        } else if let Some(rest) = at.strip_prefix(']') {
            return if inside { Ok((pieces, rest)) } else { Err("a ] without its [".to_owned()) };
        } else {
            let (hole, rest) = at[1..].split_once('}').ok_or("a { without its }")?;
            pieces.push(match hole {
                "" => Piece::Own,
                "line" => Piece::Line,
                "index" => Piece::Index,
                _ => match hole.strip_prefix("host ") {
                    Some(name) => Piece::Host(entry(name)?),
                    None => Piece::Setting(entry(hole)?),
                },
            });
            text = rest;
        }
    }
    if inside {
        return Err("a [ without its ]".to_owned());
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text.to_owned()));
    }
    Ok((pieces, ""))
}

/// `a{x}b` → (`a`, x), (`b`, none).
fn holes(mut text: &str) -> Result<Vec<(&str, Option<&str>)>, String> {
    let mut holes = Vec::new();
    while let Some((before, rest)) = text.split_once('{') {
        let (hole, rest) = rest.split_once('}').ok_or("a { without its }")?;
        holes.push((before, Some(hole)));
        text = rest;
    }
    holes.push((text, None));
    Ok(holes)
}
