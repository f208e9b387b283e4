//! What an Avaya phone makes of its upgrade and settings files: the effective values with their origin, the files it
//! asked for and those it would ask for next. Pure: files come from a function, the phone's own values are given.
//!
//! Follows `protocols/avaya.md` §2: jumps go forward only, `GET` is a tail call when the file exists and nothing when it
//! does not, an unknown name in `IF` voids the line, a later `SET` wins (not verified: Avaya does not say), `PHONEKEY` adds up.

use crate::vendors::format::settings46xx::{Statement, read};
use std::collections::HashMap;

/// Files fetched one out of the other.
const MAX_DEPTH: usize = 8;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Run {
    /// In the order in which each was first set.
    pub values: Vec<Effective>,
    pub asked: Vec<Asked>,
    pub notes: Vec<Note>,
    places: HashMap<String, usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    pub name: String,
    pub value: String,
    pub file: String,
    pub line: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub file: String,
    pub found: bool,
}

/// Something the phone does and its administrator may not expect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub file: String,
    pub line: usize,
    pub text: &'static str,
}

/// Runs `first` and what it leads to. `phone` holds what `IF` may test and macros stand for: `("MODEL4", "J179")`,
/// `("MACADDR", "c81fea83e85a")`, `("GROUP", "17")` …
pub fn run(first: &str, phone: &[(&str, &str)], mut fetch: impl FnMut(&str) -> Option<String>) -> Run {
    let mut run = Run::default();
    let mut current = first.to_owned();
    let mut program = fetch(first);
    run.asked.push(Asked { file: current.clone(), found: program.is_some() });
    let mut depth = 0;
    while let Some(text) = program.take() {
        let lines: Vec<&str> = text.lines().collect();
        let mut pc = 0;
        while let Some(line) = lines.get(pc) {
            pc += 1;
            let step = run.step(&current, pc, line, phone);
            match step {
                Step::Next => {}
                Step::Jump(label) => match find_label(&lines, pc, label) {
                    Some(target) => pc = target,
                    None => {
                        run.note(&current, pc, "no such label below: the phone ignores the rest of the file");
                        break;
                    }
                },
                Step::Get(file) if depth == MAX_DEPTH => {
                    run.note(&current, pc, "more than eight files lead to each other: stopped");
                    run.asked.push(Asked { file, found: false });
                    break;
                }
                Step::Get(file) => {
                    let found = fetch(&file);
                    run.asked.push(Asked { file: file.clone(), found: found.is_some() });
                    if found.is_some() {
                        depth += 1;
                        current = file;
                        program = found;
                        break;
                    }
                }
            }
        }
    }
    run
}

enum Step<'a> {
    Next,
    Jump(&'a str),
    Get(String),
}

fn find_label(lines: &[&str], from: usize, label: &str) -> Option<usize> {
    let is_target = |line: &&str| matches!(read(line), Ok(found) if found.statement == Statement::Label(label));
    lines.iter().skip(from).position(is_target).map(|offset| from + offset + 1)
}

impl Run {
    fn note(&mut self, file: &str, line: usize, text: &'static str) {
        self.notes.push(Note { file: file.to_owned(), line, text });
    }

    fn step<'a>(&mut self, file: &str, line: usize, text: &'a str, phone: &[(&str, &str)]) -> Step<'a> {
        let found = match read(text) {
            Ok(found) => found,
            Err(rule) => {
                self.note(file, line, rule);
                return Step::Next;
            }
        };
        if !found.trailing.is_empty() {
            self.note(file, line, "there is more on the line than the statement");
        }
        match found.statement {
            Statement::Comment | Statement::Label(_) => {}
            Statement::Set(name, value) => self.set(name, value.to_owned(), file, line),
            Statement::Add(name, value) => {
                let before = self.value(name).filter(|before| !before.is_empty());
                let value = before.map_or_else(|| value.to_owned(), |before| [before, ",", value].concat());
                self.set(name, value, file, line);
            }
            Statement::If(left, right, label) => match (operand(left, phone), operand(right, phone)) {
                (Some(left), Some(right)) if left == right => return Step::Jump(label),
                (Some(left), Some(right)) if left.eq_ignore_ascii_case(right) => {
                    self.note(file, line, "the two differ in case only: some models jump, others do not");
                }
                (Some(_), Some(_)) => {}
                _ => self.note(file, line, "a name this phone does not know: the line is ignored"),
            },
            Statement::Goto(label) => return Step::Jump(label),
            Statement::Get(path) => return Step::Get(expand(path, phone)),
        }
        Step::Next
    }

    fn set(&mut self, name: &str, value: String, file: &str, line: usize) {
        let new = Effective { name: name.to_owned(), value, file: file.to_owned(), line };
        let place = self.places.get(name).filter(|_| name != "PHONEKEY").and_then(|place| self.values.get_mut(*place));
        match place {
            Some(set) => *set = new,
            None => {
                self.places.insert(name.to_owned(), self.values.len());
                self.values.push(new);
            }
        }
    }

    pub fn value(&self, name: &str) -> Option<&str> {
        self.places.get(name).and_then(|place| self.values.get(*place)).map(|set| set.value.as_str())
    }

    /// The firmware the phone would load: `APPNAME`, unless its name holds the version that runs already.
    pub fn firmware(&self, running: &str) -> Option<&str> {
        self.value("APPNAME").filter(|name| !name.is_empty() && version(name).as_deref() != Some(running))
    }

    /// Files that the effective values make the phone ask for.
    pub fn downloads(&self) -> Vec<&str> {
        let named = DOWNLOADS.iter().filter_map(|name| self.value(name));
        named.flat_map(|list| list.split(',')).map(str::trim).filter(|file| !file.is_empty()).collect()
    }
}

const DOWNLOADS: [&str; 9] = [
    "APPNAME",
    "RFSNAME",
    "JEM24_APPNAME",
    "LANGUAGES",
    "TRUSTCERTS",
    "PKCS12URL",
    "BACKGROUND_IMAGE",
    "BACKGROUND_IMAGE_SECONDARY",
    "SCREENSAVER_IMAGE",
];

/// Text stands for itself, `$NAME` for the phone's value.
fn operand<'a>(text: &'a str, phone: &[(&str, &'a str)]) -> Option<&'a str> {
    match text.strip_prefix('$') {
        Some(name) => phone.iter().find(|(known, _)| *known == name).map(|(_, value)| *value),
        None => Some(text),
    }
}

/// Macros of a file name. A longer name is not taken for a shorter one that it starts with.
fn expand(path: &str, phone: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
        let (name, behind) = after.split_at(end);
        match phone.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => out.push_str(value),
            None => {
                out.push('$');
                out.push_str(name);
            }
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// `FW_S_J179_R4_1_3_0_6.bin` is version 4.1.3.0.6.
fn version(file: &str) -> Option<String> {
    let (_, digits) = file.rsplit_once("_R")?;
    let digits = digits.rsplit_once('.').map_or(digits, |(name, _)| name);
    digits.bytes().all(|b| b.is_ascii_digit() || b == b'_').then(|| digits.replace('_', "."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const J179: [(&str, &str); 3] = [("MODEL4", "J179"), ("MACADDR", "c81fea83e85a"), ("GROUP", "0")];

    fn with(files: &'static [(&'static str, &'static str)]) -> Run {
        let fetch = |name: &str| files.iter().find(|(file, _)| *file == name).map(|(_, text)| (*text).to_owned());
        run("f", &J179, fetch)
    }

    fn values(text: &'static str) -> Vec<(String, String)> {
        let run = run("f", &J179, |name| (name == "f").then(|| text.to_owned()));
        run.values.into_iter().map(|set| (set.name, set.value)).collect()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    /// The grammar test vectors of `protocols/avaya.md` §11.
    #[test]
    fn statements_read_as_on_a_phone() {
        let cases: [(&str, &[(&str, &str)]); 16] = [
            ("IF $MODEL4 SEQ J179 GOTO A  # text\nSET X 1\n# A\nSET Y 2", &[("Y", "2")]),
            ("IF $MODEL4 SEQ J129 GOTO A\nSET X 1\n# A", &[("X", "1")]),
            ("IF $MODEL4 SEQ j179 GOTO A\nSET X 1\n# A", &[("X", "1")]),
            ("GOTO A\n#A\nSET X 1\n#  A\nSET X 2\n# A B\nSET X 3\n# A   \nSET X 4", &[("X", "4")]),
            ("SET  SNTPSRVR   10.0.0.1  ", &[("SNTPSRVR", "10.0.0.1")]),
            ("SET DISPLAY_NAME \"Jane Doe\"", &[("DISPLAY_NAME", "Jane Doe")]),
            ("SET PSTN_VM_NUM \"\"", &[("PSTN_VM_NUM", "")]),
            ("SET PHONEKEY \"Key=1\"\nSET PHONEKEY \"Key=2\"", &[("PHONEKEY", "Key=1"), ("PHONEKEY", "Key=2")]),
            ("ADD SOFTKEY_IDLE \"a\"\nADD SOFTKEY_IDLE \"b\"", &[("SOFTKEY_IDLE", "a,b")]),
            ("goto END\nSET X 1\n# END", &[]),
            ("IF $NOSUCH SEQ 1 GOTO X\nSET A 1\n# X", &[("A", "1")]),
            ("IF J179 SEQ $MODEL4 GOTO X\nSET A 1\n# X", &[]),
            ("SET A 1\nGOTO NOWHERE\nSET A 2", &[("A", "1")]),
            ("# BACK\nSET A 1\nGOTO BACK\nSET A 2", &[("A", "1")]),
            (
                "SET OBSCURE_PREFERENCES\n\"x y\"\n SET A 1\n##SET B 2\n#SET C 3\nSET 3PCC_SERVER_MODE 0",
                &[("3PCC_SERVER_MODE", "0")],
            ),
            (
                "SET A 1 ## text\r\nSET A \"2\" # text\r\nset a 3\nSET B \"open\nIF $MODEL4 SNE J179 GOTO X",
                &[("A", "2"), ("a", "3")],
            ),
        ];
        for (text, expected) in cases {
            let expected: Vec<_> = expected.iter().map(|(name, value)| pair(name, value)).collect();
            assert_eq!(values(text), expected, "{text}");
        }
    }

    #[test]
    fn get_is_a_tail_call_when_the_file_exists_and_nothing_when_it_does_not() {
        let run = with(&[
            ("f", "SET A 1\nGET missing.txt\nGET g\nSET A 2"),
            ("g", "SET B 1\nGET $MACADDR.txt"),
            ("c81fea83e85a.txt", "SET B 2"),
        ]);
        let origin = |name: &str| run.values.iter().find(|set| set.name == name).map(|set| (&*set.file, set.line));
        assert_eq!((run.value("A"), run.value("B")), (Some("1"), Some("2")));
        assert_eq!((origin("A"), origin("B")), (Some(("f", 1)), Some(("c81fea83e85a.txt", 1))));
        let asked: Vec<_> = run.asked.iter().map(|asked| (&*asked.file, asked.found)).collect();
        assert_eq!(asked, [("f", true), ("missing.txt", false), ("g", true), ("c81fea83e85a.txt", true)]);
    }

    #[test]
    fn a_file_that_gets_itself_ends() {
        let run = with(&[("f", "GET f")]);
        assert_eq!(run.asked.len(), MAX_DEPTH + 2);
        assert!(run.notes.iter().any(|note| note.text.starts_with("more than eight")));
    }

    #[test]
    fn firmware_is_loaded_when_its_name_holds_another_version() {
        let run = with(&[("f", "SET APPNAME firmware/FW_S_J179_R4_1_3_0_6.bin\nSET LANGUAGES \"a.xml,b.xml\"")]);
        assert_eq!(run.firmware("4.1.3.0.6"), None);
        assert_eq!(run.firmware("4.0.14.0.6"), Some("firmware/FW_S_J179_R4_1_3_0_6.bin"));
        assert_eq!(run.downloads(), ["firmware/FW_S_J179_R4_1_3_0_6.bin", "a.xml", "b.xml"]);
    }
}
