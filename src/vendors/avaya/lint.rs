//! What in a person's 46xx statements a phone would take otherwise than meant (`protocols/avaya.md` §11, items 8–10).
//!
//! Sees statements only; whether a value is allowed for its parameter is the parameter table's question.

use super::files::is_add_list;
use crate::vendors::format::settings46xx::Statement;
use crate::vendors::raw::RawWarning;
use std::collections::{HashMap, HashSet};

/// Names an `IF` may test, on one family or another.
const TESTABLE: [&str; 17] = [
    "GROUP",
    "MACADDR",
    "MODEL",
    "MODEL4",
    "MODEL6",
    "GEN",
    "APPNAME",
    "APPNAME_IN_USE",
    "BOOTNAME",
    "HWVERS",
    "SIG",
    "SIG_IN_USE",
    "SHA2CAPABLE",
    "VPNACTIVE",
    "IPADD",
    "SUBNET",
    "SERIALNO",
];

const MODEL4: [&str; 28] = [
    "1603", "1608", "1616", "9601", "9608", "9610", "9611", "9620", "9621", "9630", "9640", "9641", "9650", "9670",
    "B189", "H175", "J129", "J139", "J159", "J169", "J179", "J189", "K155", "K165", "K175", "aca", "aci", "acm",
];

/// Lists in which a blank after a comma would become part of the next entry.
const LISTS: [&str; 9] = [
    "HTTPSRVR",
    "TLSSRVR",
    "SIP_CONTROLLER_LIST",
    "SNTPSRVR",
    "DNSSRVR",
    "TRUSTCERTS",
    "LANGUAGES",
    "CODEC_PRIORITY",
    "MEDIAENCRYPTION",
];

/// A statement or comment with its line number and its whole text.
pub struct Source<'a> {
    pub line: usize,
    pub statement: Statement<'a>,
    pub text: &'a str,
}

pub fn lint(sources: &[Source<'_>]) -> Vec<RawWarning> {
    let all = Index::of(sources);
    let mut warnings = Vec::new();
    let mut warn = |line: usize, parts: &[&str]| warnings.push(RawWarning { line, text: parts.concat() });
    let mut reached: Option<&str> = None;
    for source in sources {
        let Source { line, statement, text } = *source;
        match (statement, reached.take()) {
            (Statement::Comment, waiting) => reached = waiting,
            (Statement::Label(_), _) | (_, None) => {}
            (_, Some(why)) => warn(line, &[why]),
        }
        match statement {
            Statement::Comment => comment(line, text, &all, &mut warn),
            Statement::Label(name) if all.last_label.get(name).is_some_and(|last| *last > line) => {
                warn(line, &["label ", name, " stands here and again below: a jump from above ends here"]);
            }
            Statement::If(left, right, label) => {
                jump(line, label, &all, &mut warn);
                condition(line, left, right, &mut warn);
            }
            Statement::Goto(label) => {
                jump(line, label, &all, &mut warn);
                reached = Some("this is never read: it stands behind GOTO and below no label");
            }
            Statement::Get(_) => reached = Some("this is read only if the file of the GET above cannot be fetched"),
            Statement::Set(name, value) => assignment(line, name, value, &all, &mut warn),
            Statement::Add(name, _) if !is_add_list(name) => {
                warn(line, &["ADD is documented for SOFTKEY_ lists, not for ", name]);
            }
            Statement::Add(..) | Statement::Label(_) => {}
        }
    }
    warnings
}

/// What a line must know of the others.
struct Index<'a> {
    last_label: HashMap<&'a str, usize>,
    targets: HashSet<&'a str>,
    set: HashMap<&'a str, &'a str>,
}

impl<'a> Index<'a> {
    fn of(sources: &[Source<'a>]) -> Index<'a> {
        let mut all = Index { last_label: HashMap::new(), targets: HashSet::new(), set: HashMap::new() };
        for source in sources {
            match source.statement {
                Statement::Label(name) => drop(all.last_label.insert(name, source.line)),
                Statement::Goto(label) | Statement::If(_, _, label) => drop(all.targets.insert(label)),
                Statement::Set(name, value) => drop(all.set.insert(name, value)),
                Statement::Add(..) | Statement::Get(_) | Statement::Comment => {}
            }
        }
        all
    }

    fn is_set(&self, name: &str, value: &str) -> bool {
        self.set.get(name) == Some(&value)
    }
}

type Warn<'a> = dyn FnMut(usize, &[&str]) + 'a;

fn comment(line: usize, text: &str, all: &Index<'_>, warn: &mut Warn<'_>) {
    let Some(rest) = text.strip_prefix('#').filter(|rest| !rest.starts_with(['#', ' '])) else { return };
    let word = rest.split_whitespace().next().unwrap_or_default();
    if ["SET", "ADD", "IF", "GOTO", "GET"].iter().any(|keyword| word.eq_ignore_ascii_case(keyword)) {
        warn(line, &["#", word, " is a comment to the phone"]);
    } else if all.targets.contains(rest.trim_end()) {
        warn(line, &["#", word, " is a comment: a label is written \"# ", word, "\""]);
    }
}

fn jump(line: usize, label: &str, all: &Index<'_>, warn: &mut Warn<'_>) {
    if all.last_label.get(label).is_none_or(|last| *last < line) {
        warn(line, &["there is no label \"# ", label, "\" below: the phone ignores the rest of the file"]);
    }
}

fn condition(line: usize, left: &str, right: &str, warn: &mut Warn<'_>) {
    let macros = [left, right].into_iter().filter_map(|operand| operand.strip_prefix('$'));
    for name in macros.filter(|name| !TESTABLE.contains(name)) {
        warn(line, &["no phone can test $", name, ": the line is ignored"]);
    }
    let model = match (left, right) {
        ("$MODEL4", model) | (model, "$MODEL4") => Some(model),
        _ => None,
    };
    if let Some(model) = model.filter(|model| !MODEL4.contains(model)) {
        warn(line, &["no phone has the MODEL4 value ", model]);
    }
}

fn assignment(line: usize, name: &str, value: &str, all: &Index<'_>, warn: &mut Warn<'_>) {
    if LISTS.contains(&name) && value.contains(", ") {
        warn(line, &["a blank after a comma becomes part of the next entry of ", name]);
    }
    match (name, value) {
        ("AUTH", "1") => warn(line, &["AUTH 1 locks the phone to HTTPS until it is cleared by hand"]),
        ("DES_STAT", "0") => {
            warn(line, &["DES_STAT 0 can be undone only by a factory reset; 1 switches DES off as well"])
        }
        ("SCEPENCALG", "0") if all.is_set("FIPS_ENABLED", "1") => {
            warn(line, &["FIPS_ENABLED 1 needs SCEPENCALG 1"]);
        }
        ("MYCERTCN", value) if !value.contains("$SERIALNO") && !value.contains("$MACADDR") => {
            warn(line, &["MYCERTCN needs $SERIALNO or $MACADDR in it"]);
        }
        ("ENABLE_3PCC_ENVIRONMENT", "1")
            if all.is_set("ENABLE_AVAYA_ENVIRONMENT", "1")
                || all.set.get("ENABLE_IPOFFICE").is_some_and(|value| *value != "0") =>
        {
            warn(line, &["ENABLE_3PCC_ENVIRONMENT 1 excludes ENABLE_AVAYA_ENVIRONMENT 1 and ENABLE_IPOFFICE"]);
        }
        _ => {}
    }
}
