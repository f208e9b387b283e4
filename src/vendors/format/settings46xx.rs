//! The 46xx grammar: Avaya upgrade and settings files are written and read with these statements.
//!
//! Follows `protocols/avaya.md` §2 (Avaya template of July 2022, J100 R4.1 "Contents of the settings file", 1603 SIP
//! guide for quotes and `GOTO`). Lines end with CRLF, as in Avaya's own files. Text is UTF-8 without a byte order mark:
//! Avaya names no encoding, but its J100 R4.1 guide shows a Cyrillic label in a settings file, which Windows-1252 (the
//! template's own encoding) cannot say, and a mark would turn the first statement into a comment.
//!
//! A value is bare when it is made of harmless characters only, otherwise in ASCII double quotes. Nothing can be
//! escaped: a value with a double quote (also a typographic one, which Avaya forbids in settings files) or a control
//! character cannot be said, so its statement is left out.

use super::{Fault, MAX_VALUE, is_control};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statement<'a> {
    Set(&'a str, &'a str),
    /// Appends to a list, with a comma.
    Add(&'a str, &'a str),
    /// `IF left SEQ right GOTO label`
    If(&'a str, &'a str, &'a str),
    Goto(&'a str),
    Get(&'a str),
    /// `# NAME`: one `#`, one blank, no other blank.
    Label(&'a str),
    Comment,
}

/// A statement and what stands behind it on its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    pub statement: Statement<'a>,
    pub trailing: &'a str,
}

/// Reads one line as a phone does: keywords in any case from the first column, runs of blanks, anything else a comment.
/// `Err` is the rule that a statement breaks; the phone ignores such a line.
pub fn read(line: &str) -> Result<Line<'_>, &'static str> {
    let line = line.trim_end();
    if let Some(name) = line.strip_prefix("# ")
        && !name.is_empty()
        && !name.contains(char::is_whitespace)
    {
        return Ok(Line { statement: Statement::Label(name), trailing: "" });
    }
    let (keyword, rest) = word(line);
    let is = |name: &str| keyword.eq_ignore_ascii_case(name);
    let (statement, trailing) = if is("SET") {
        let (name, value, trailing) = assignment(rest)?;
        (Statement::Set(name, value), trailing)
    } else if is("ADD") {
        let (name, value, trailing) = assignment(rest)?;
        (Statement::Add(name, value), trailing)
    } else if is("IF") {
        condition(rest)?
    } else if is("GOTO") {
        target(rest, "GOTO needs the name of a label").map(|(label, rest)| (Statement::Goto(label), rest))?
    } else if is("GET") {
        target(rest, "GET needs a file name").map(|(path, rest)| (Statement::Get(path), rest))?
    } else {
        (Statement::Comment, "")
    };
    Ok(Line { statement, trailing })
}

/// The first word of a line that starts in the first column, and the rest without leading blanks.
fn word(line: &str) -> (&str, &str) {
    let end = line.find([' ', '\t']).unwrap_or(line.len());
    let (word, rest) = line.split_at(end);
    (word, rest.trim_start())
}

fn target<'a>(rest: &'a str, missing: &'static str) -> Result<(&'a str, &'a str), &'static str> {
    match word(rest) {
        ("", _) => Err(missing),
        found => Ok(found),
    }
}

fn assignment(rest: &str) -> Result<(&str, &str, &str), &'static str> {
    let (name, rest) = word(rest);
    check_name(name).map_err(|_| "a parameter name is made of letters, digits and underscores")?;
    if rest.is_empty() {
        return Err("a value is missing: write \"\" for an empty one");
    }
    let Some(quoted) = rest.strip_prefix('"') else {
        let (value, trailing) = word(rest);
        return match value.contains('"') {
            true => Err("a double quote can only enclose a whole value"),
            false => Ok((name, value, trailing)),
        };
    };
    let (value, trailing) = quoted.split_once('"').ok_or("the double quote is not closed on this line")?;
    match trailing.is_empty() || trailing.starts_with([' ', '\t']) {
        true => Ok((name, value, trailing.trim_start())),
        false => Err("a double quote can only enclose a whole value"),
    }
}

fn condition(rest: &str) -> Result<(Statement<'_>, &str), &'static str> {
    const SHAPE: &str = "write IF $NAME SEQ value GOTO label";
    let (left, rest) = target(rest, SHAPE)?;
    let (operator, rest) = target(rest, SHAPE)?;
    if !operator.eq_ignore_ascii_case("SEQ") {
        return Err("SEQ is the only comparison a phone knows");
    }
    let (right, rest) = target(rest, SHAPE)?;
    let (goto, rest) = target(rest, SHAPE)?;
    if !goto.eq_ignore_ascii_case("GOTO") {
        return Err(SHAPE);
    }
    let (label, rest) = target(rest, SHAPE)?;
    Ok((Statement::If(left, right, label), rest))
}

pub fn check_name(name: &str) -> Result<(), Fault> {
    match !name.is_empty() && name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        true => Ok(()),
        false => Err(Fault::Name),
    }
}

pub fn check_value(value: &str) -> Result<(), Fault> {
    if value.chars().any(is_control) {
        Err(Fault::ControlCharacter)
    } else if value.contains(['"', '\u{201c}', '\u{201d}']) {
        Err(Fault::Quote)
    } else if value.len() > MAX_VALUE {
        Err(Fault::TooLong)
    } else {
        Ok(())
    }
}

/// A label, model or path in one of our own statements: one visible word.
fn check_word(word: &str) -> Result<(), Fault> {
    match !word.is_empty() && word.len() <= 255 && word.bytes().all(|b| b.is_ascii_graphic() && b != b'"') {
        true => Ok(()),
        false => Err(Fault::Name),
    }
}

/// Appends whole lines or nothing.
#[derive(Debug, Default)]
pub struct Writer {
    pub out: String,
}

impl Writer {
    /// With room for as many, as long as most are.
    pub fn for_lines(count: usize) -> Writer {
        Writer { out: String::with_capacity(48 * (count + 1)) }
    }

    pub fn set(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        self.assign("SET", name, value)
    }

    pub fn add(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        self.assign("ADD", name, value)
    }

    fn assign(&mut self, keyword: &str, name: &str, value: &str) -> Result<(), Fault> {
        check_name(name)?;
        check_value(value)?;
        let bare = |b: u8| b.is_ascii_alphanumeric() || b"._:;/=$@+*-".contains(&b);
        match !value.is_empty() && value.bytes().all(bare) {
            true => self.line(&[keyword, " ", name, " ", value]),
            false => self.line(&[keyword, " ", name, " \"", value, "\""]),
        }
        Ok(())
    }

    pub fn if_goto(&mut self, name: &str, value: &str, label: &str) -> Result<(), Fault> {
        check_name(name)?;
        check_word(value)?;
        check_word(label)?;
        self.line(&["IF $", name, " SEQ ", value, " GOTO ", label]);
        Ok(())
    }

    pub fn goto(&mut self, label: &str) -> Result<(), Fault> {
        check_word(label)?;
        self.line(&["GOTO ", label]);
        Ok(())
    }

    pub fn label(&mut self, label: &str) -> Result<(), Fault> {
        check_word(label)?;
        self.line(&["# ", label]);
        Ok(())
    }

    pub fn get(&mut self, path: &str) -> Result<(), Fault> {
        check_word(path)?;
        self.line(&["GET ", path]);
        Ok(())
    }

    /// For a person who reads the file; phones skip it.
    pub fn comment(&mut self, text: &str) -> Result<(), Fault> {
        check_value(text)?;
        self.line(&["## ", text]);
        Ok(())
    }

    /// One statement as somebody wrote it, unless it is a comment or more than one line.
    pub fn statement(&mut self, text: &str) -> Result<(), Fault> {
        let text = text.trim_end();
        if text.len() > MAX_VALUE || text.chars().any(|c| is_control(c) && c != '\t') {
            return Err(Fault::Statement);
        }
        match read(text) {
            Ok(Line { statement: Statement::Comment, .. }) | Err(_) => Err(Fault::Statement),
            Ok(_) => {
                self.line(&[text]);
                Ok(())
            }
        }
    }

    pub fn blank(&mut self) {
        self.line(&[]);
    }

    fn line(&mut self, parts: &[&str]) {
        parts.iter().for_each(|part| self.out.push_str(part));
        self.out.push_str("\r\n");
    }
}
