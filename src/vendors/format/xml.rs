//! XML 1.0 as phones take it: UTF-8, no DTD, no entities but the five predefined ones and character references.
//!
//! Writing escapes `& < > " '` everywhere and tab, CR and LF where a parser would otherwise change them, so that a
//! conforming parser reads back the exact value. Characters outside XML 1.0 §2.2 (NUL, U+0001 …) cannot be said even
//! escaped: they are removed and reported. Reading builds a small tree and refuses a DOCTYPE (T73).

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

const MAX_DEPTH: usize = 32;
const MAX_ATTRIBUTES: usize = 64;

pub fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// The names phones use: ASCII, no colon, no leading digit, dot or dash.
pub fn is_name(name: &str) -> bool {
    let first = |b: &u8| b.is_ascii_alphabetic() || *b == b'_';
    let rest = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    name.len() <= 128 && name.as_bytes().first().is_some_and(first) && name.bytes().all(rest)
}

/// Element content. `false`: characters were removed.
#[must_use]
pub fn write_text(out: &mut String, value: &str) -> bool {
    escape(out, value, |c| c == '\r')
}

/// What stands between the double quotes of an attribute. `false`: characters were removed.
#[must_use]
pub fn write_attribute(out: &mut String, value: &str) -> bool {
    escape(out, value, |c| matches!(c, '\t' | '\n' | '\r'))
}

fn escape(out: &mut String, value: &str, by_number: impl Fn(char) -> bool) -> bool {
    let mut whole = true;
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' if by_number(c) => out.push_str("&#9;"),
            '\n' if by_number(c) => out.push_str("&#10;"),
            '\r' if by_number(c) => out.push_str("&#13;"),
            c if is_char(c) => out.push(c),
            _ => whole = false,
        }
    }
    whole
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Node>,
    /// 1-based line of the text it was read from.
    pub line: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    Text(String),
    Element(Element),
}

impl Element {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// All of its own text; that of inner elements is theirs.
    pub fn text(&self) -> String {
        let own = |node: &Node| match node {
            Node::Text(text) => Some(text.clone()),
            Node::Element(_) => None,
        };
        self.children.iter().filter_map(own).collect()
    }

    /// Writes it on one line, escaped anew: what was read as one element stays one element.
    pub fn write(&self, out: &mut String) {
        out.push('<');
        out.push_str(&self.name);
        for (name, value) in &self.attributes {
            out.push(' ');
            out.push_str(name);
            out.push_str("=\"");
            let _whole = write_attribute(out, value); // reading refused what XML does not allow
            out.push('"');
        }
        if self.children.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        for node in &self.children {
            match node {
                Node::Text(text) => {
                    let _whole = write_text(out, text);
                }
                Node::Element(element) => element.write(out),
            }
        }
        out.push_str("</");
        out.push_str(&self.name);
        out.push('>');
    }
}

/// Where reading stopped and which rule was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct XmlFault {
    pub line: usize,
    pub rule: &'static str,
}

/// The elements of a document or of a fragment with several roots. Comments and the XML declaration are skipped,
/// blanks between elements too.
pub fn parse(text: &str) -> Result<Vec<Element>, XmlFault> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().enable_all_checks(true);
    let mut roots: Vec<Element> = Vec::new();
    let mut open: Vec<Element> = Vec::new();
    let (mut line, mut counted) = (1, 0);
    loop {
        let event = reader.read_event();
        let at = XmlFault { line, rule: "this is not well-formed XML" };
        let fail = |rule| XmlFault { rule, ..at };
        match event.map_err(|_| at)? {
            Event::Start(_) if open.len() >= MAX_DEPTH => return Err(fail("elements are nested too deep")),
            Event::Start(start) => open.push(element(&start, at)?),
            Event::Empty(start) => close(element(&start, at)?, &mut open, &mut roots),
            Event::End(_) => {
                let done = open.pop().ok_or(at)?;
                close(done, &mut open, &mut roots);
            }
            Event::Text(text) => characters(&text.xml10_content(), &mut open, at)?,
            Event::CData(text) => characters(&text.xml10_content(), &mut open, at)?,
            Event::GeneralRef(reference) => {
                let c = match reference.resolve_char_ref().map_err(|_| at)? {
                    Some(c) => c.to_string(),
                    None => quick_xml::escape::resolve_predefined_entity(&reference)
                        .ok_or(fail("only the five predefined entities of XML may be used"))?
                        .to_owned(),
                };
                characters(&c, &mut open, at)?;
            }
            Event::DocType(_) => return Err(fail("a DOCTYPE is not allowed")),
            Event::PI(_) => return Err(fail("a processing instruction is not allowed")),
            Event::Comment(_) | Event::Decl(_) => {}
            Event::Eof if open.is_empty() => return Ok(roots),
            Event::Eof => {
                let line = open.last().map_or(line, |unclosed| unclosed.line);
                return Err(XmlFault { line, rule: "an element is not closed" });
            }
        }
        let here = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX).min(text.len());
        line += text.as_bytes().get(counted..here).map_or(0, |read| read.iter().filter(|b| **b == b'\n').count());
        counted = here;
    }
}

fn element(start: &BytesStart<'_>, at: XmlFault) -> Result<Element, XmlFault> {
    let fail = |rule| XmlFault { rule, ..at };
    let name = start.name().as_ref().to_owned();
    if !is_name(&name) {
        return Err(fail("an element name is made of letters, digits, dots, dashes and underscores"));
    }
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        if attributes.len() >= MAX_ATTRIBUTES {
            return Err(fail("an element has more than 64 attributes"));
        }
        let attribute = attribute.map_err(|_| fail("an attribute is written name=\"value\", each name once"))?;
        let key = attribute.key.as_ref().to_owned();
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| at)?.into_owned();
        if !is_name(&key) {
            return Err(fail("an attribute name is made of letters, digits, dots, dashes and underscores"));
        }
        if attribute.value.contains('<') || !value.chars().all(is_char) {
            return Err(fail("an attribute holds a character that XML does not allow there"));
        }
        attributes.push((key, value));
    }
    Ok(Element { name, attributes, children: Vec::new(), line: at.line })
}

fn characters(text: &str, open: &mut [Element], at: XmlFault) -> Result<(), XmlFault> {
    if !text.chars().all(is_char) {
        return Err(XmlFault { rule: "the text holds a character that XML does not allow", ..at });
    }
    match open.last_mut().map(|element| &mut element.children) {
        None if text.trim().is_empty() => {}
        None => return Err(XmlFault { rule: "text must stand inside an element", ..at }),
        Some(children) => match children.last_mut() {
            Some(Node::Text(before)) => before.push_str(text),
            _ => children.push(Node::Text(text.to_owned())),
        },
    }
    Ok(())
}

fn close(mut done: Element, open: &mut [Element], roots: &mut Vec<Element>) {
    if done.elements().next().is_some() {
        done.children.retain(|node| !matches!(node, Node::Text(text) if text.trim().is_empty()));
    }
    match open.last_mut() {
        Some(parent) => parent.children.push(Node::Element(done)),
        None => roots.push(done),
    }
}
