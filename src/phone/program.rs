//! A phone's own reading of the 46xx grammar (protocols/avaya.md §2): statements run one by one, forward only; a `GET`
//! that succeeds takes the place of the rest of its file.
//!
//! Apart from `vendors/avaya` on purpose: one judges the other.

use std::collections::BTreeMap;

/// A program cannot `GET` itself for ever.
const DEEPEST: usize = 8;

/// What a phone can be asked about itself: `$MODEL4`, `$MACADDR`, `$GROUP` …
pub type Facts = BTreeMap<&'static str, String>;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Run {
    pub values: BTreeMap<String, String>,
    /// Files that were read, in order.
    pub read: Vec<String>,
}

enum Statement<'a> {
    Set(&'a str, String),
    Add(&'a str, String),
    If { left: &'a str, right: &'a str, label: &'a str },
    Goto(&'a str),
    Get(&'a str),
    Label(&'a str),
    Comment,
}

/// Runs `first` and what it leads to. `fetch` gives a file's text, or nothing when the server has none.
pub fn run(first: &str, facts: &Facts, mut fetch: impl FnMut(&str) -> Option<String>) -> Option<Run> {
    let mut run = Run::default();
    let mut text = fetch(first)?;
    run.read.push(first.to_owned());
    for _ in 0..DEEPEST {
        let Some((name, next)) = one(&text, facts, &mut run.values, &mut fetch) else { break };
        run.read.push(name);
        text = next;
    }
    Some(run)
}

/// One file; the file that its last successful `GET` led to.
fn one(
    text: &str,
    facts: &Facts,
    values: &mut BTreeMap<String, String>,
    fetch: &mut impl FnMut(&str) -> Option<String>,
) -> Option<(String, String)> {
    let mut wanted: Option<String> = None;
    for line in text.lines() {
        let statement = parse(line);
        if let Some(label) = &wanted {
            // Labels lie ahead; without one the rest of the file is ignored.
            if matches!(statement, Statement::Label(name) if name == label) {
                wanted = None;
            }
            continue;
        }
        match statement {
            Statement::Set(name, value) => {
                values.insert(name.to_owned(), value);
            }
            Statement::Add(name, value) => {
                let list = values.entry(name.to_owned()).or_default();
                if !list.is_empty() {
                    list.push(',');
                }
                list.push_str(&value);
            }
            Statement::If { left, right, label } => {
                if let (Some(left), Some(right)) = (operand(left, facts, values), operand(right, facts, values))
                    && left == right
                {
                    wanted = Some(label.to_owned());
                }
            }
            Statement::Goto(label) => wanted = Some(label.to_owned()),
            Statement::Get(name) => {
                let name =
                    facts.iter().fold(name.to_owned(), |name, (fact, value)| name.replace(&format!("${fact}"), value));
                if let Some(text) = fetch(&name) {
                    return Some((name, text));
                }
            }
            Statement::Label(_) | Statement::Comment => {}
        }
    }
    None
}

/// `None`: a name that cannot be tested; the whole line is ignored.
fn operand(text: &str, facts: &Facts, values: &BTreeMap<String, String>) -> Option<String> {
    match text.strip_prefix('$') {
        Some(name) => facts.get(name).or_else(|| values.get(name)).cloned(),
        None => Some(text.trim_matches('"').to_owned()),
    }
}

fn parse(line: &str) -> Statement<'_> {
    let line = line.trim_end();
    if let Some(label) = line.strip_prefix("# ") {
        return if label.is_empty() || label.contains(' ') { Statement::Comment } else { Statement::Label(label) };
    }
    let (keyword, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    let words: Vec<&str> = rest.split_whitespace().collect();
    match (keyword.to_ascii_uppercase().as_str(), words.as_slice()) {
        ("SET" | "ADD", [name, ..]) if is_name(name) => {
            let Some(value) = value(rest.trim_start().get(name.len()..).unwrap_or_default().trim_start()) else {
                return Statement::Comment;
            };
            if keyword.eq_ignore_ascii_case("SET") { Statement::Set(name, value) } else { Statement::Add(name, value) }
        }
        ("IF", [left, seq, right, goto, label, ..])
            if seq.eq_ignore_ascii_case("SEQ") && goto.eq_ignore_ascii_case("GOTO") =>
        {
            Statement::If { left, right, label }
        }
        ("GOTO", [label, ..]) => Statement::Goto(label),
        ("GET", [name, ..]) => Statement::Get(name),
        _ => Statement::Comment,
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// A quoted value up to its closing quote, or one bare word. `None`: the line is ignored.
fn value(text: &str) -> Option<String> {
    match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').map(|(value, _)| value.to_owned()),
        None => text.split_whitespace().next().map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts::from([("MODEL4", "J179".to_owned()), ("MACADDR", "c81fea83e85a".to_owned())])
    }

    fn values(text: &str) -> Vec<(String, String)> {
        let run = run("f", &facts(), |name| (name == "f").then(|| text.to_owned())).unwrap();
        run.values.into_iter().collect()
    }

    /// The vectors of avaya.md.
    #[test]
    fn statements_mean_what_the_notes_say() {
        let sets = |text: &str| values(text).into_iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join(" ");
        assert_eq!(sets("IF $MODEL4 SEQ J179 GOTO A\nSET X 1\n# A   \nSET Y 2"), "Y=2");
        assert_eq!(sets("IF $MODEL4 SEQ J129 GOTO A\nSET X 1\n# A\nSET Y 2"), "X=1 Y=2");
        assert_eq!(sets("GOTO A\n#A\nSET X 1\n# A B\nSET Y 2"), "", "no such label: the rest is ignored");
        assert_eq!(sets("SET  SNTPSRVR   10.0.0.1"), "SNTPSRVR=10.0.0.1");
        assert_eq!(sets("SET DISPLAY_NAME \"Jane Doe\"  ## who"), "DISPLAY_NAME=Jane Doe");
        assert_eq!(sets("SET PSTN_VM_NUM \"\""), "PSTN_VM_NUM=");
        assert_eq!(sets("SET X \"open\nSET Y"), "");
        assert_eq!(sets("ADD S \"a\"\nADD S \"b\""), "S=a,b");
        assert_eq!(sets("goto END\nSET X 1\n# END"), "");
        assert_eq!(sets("IF $NOSUCH SEQ 1 GOTO X\nSET Y 2\n# X"), "Y=2");
        assert_eq!(sets("#SET X 1\n## SET Y 1\n\"SET Z 1\nHello"), "");
    }

    #[test]
    fn get_is_a_tail_call_when_it_succeeds() {
        let file = |name: &str| match name {
            "up" => Some("GET missing.txt\nSET A 1\nGET c81fea83e85a.txt\nSET B 2".to_owned()),
            "c81fea83e85a.txt" => Some("SET A 3".to_owned()),
            _ => None,
        };
        let mut file_of = |name: &str| file(&name.replace("up.txt", "up"));
        let done = run("up.txt", &facts(), &mut file_of).unwrap();
        assert_eq!(done.values, BTreeMap::from([("A".to_owned(), "3".to_owned())]));
        assert_eq!(done.read, ["up.txt", "c81fea83e85a.txt"]);
        let named = run("m", &facts(), |name| match name {
            "m" => Some("GET $MACADDR.txt\n".to_owned()),
            "c81fea83e85a.txt" => Some("SET X 1".to_owned()),
            _ => None,
        });
        assert_eq!(named.unwrap().values["X"], "1");
        let endless = run("f", &facts(), |_| Some("GET f".to_owned())).unwrap();
        assert_eq!(endless.read.len(), DEEPEST + 1);
    }
}
