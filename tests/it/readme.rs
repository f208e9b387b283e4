//! The README's commands are commands, and its first phone in five minutes is what happens.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const README: &str = include_str!("../../README.md");
const PROGRAM: &str = env!("CARGO_BIN_EXE_phonebox");

/// A command of a `console` block, and what the README shows of its output.
struct Shown {
    command: String,
    output: String,
}

fn console() -> Vec<Shown> {
    let mut all: Vec<Shown> = Vec::new();
    let blocks = README.split("```console\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    for block in blocks {
        for line in block.lines() {
            match (line.strip_prefix("$ "), all.last_mut()) {
                (Some(command), _) => all.push(Shown { command: command.to_owned(), output: String::new() }),
                (None, Some(last)) if last.command.ends_with('\\') => {
                    last.command = format!("{}\n{line}", last.command);
                }
                (None, Some(last)) => last.output += &format!("{line}\n"),
                (None, None) => panic!("a block without a command: {line}"),
            }
        }
    }
    all
}

/// Without what differs from box to box: times, tokens.
fn same(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let time = rest.get(..20).filter(|part| {
            let shape: String = part.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
            shape == "0000-00-00 00:00:00Z"
        });
        if time.is_some() {
            out += "TIME";
            rest = &rest[20..];
        } else if rest.starts_with("/p/") {
            out += "/p/TOKEN";
            rest = rest[3..].trim_start_matches(|c: char| c.is_ascii_alphanumeric());
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn command(home: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(words[0]);
    let path = format!("{}:{}", home.join("bin").display(), std::env::var("PATH").unwrap());
    command.args(&words[1..]).current_dir(home).env("PATH", path).stdin(Stdio::null());
    command
}

/// Command by command as it stands there, in a network of its own, where the usual ports are free.
#[test]
fn the_first_phone_of_the_readme_is_provisioned_as_it_says() {
    if !crate::support::is_root() {
        eprintln!("not checked: only root can make a network namespace");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    std::fs::create_dir(home.join("bin")).unwrap();
    std::os::unix::fs::symlink(PROGRAM, home.join("bin/phonebox")).unwrap();
    let mut shown = console().into_iter();
    let serve = shown.next().unwrap();
    let script = format!("ip link set lo up; exec {}", serve.command);
    let mut box_ = command(home, &["unshare", "--net", "sh", "-c", &script]);
    let mut served = Served(box_.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let mut lines = BufReader::new(served.0.stdout.take().unwrap()).lines();
    let ready = serve.output.lines().next().unwrap();
    assert!(lines.any(|line| line.unwrap() == ready), "{ready}");
    // Its pipe stays open for what it says later.
    std::thread::spawn(move || lines.count());
    let pid = served.0.id().to_string();
    let mut compared = 0;
    for one in shown {
        let output = command(home, &["nsenter", "-t", &pid, "-n", "sh", "-c", &one.command]).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{}: {err}", one.command);
        assert_eq!(same(out.trim_end()), same(one.output.trim_end()), "{}", one.command);
        compared += usize::from(!one.output.is_empty());
    }
    assert!(compared >= 3);
}

fn help(words: &[&str]) -> (bool, String) {
    let output = Command::new(PROGRAM).args(words).arg("--help").output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Every command that is written as code: its words lead to a help page, which has its options.
#[test]
fn every_command_of_the_readme_exists_with_its_options() {
    let code = README.split('`').skip(1).step_by(2).flat_map(str::lines);
    let commands: BTreeSet<&str> =
        code.filter_map(|code| code.trim().split_once("phonebox ")).map(|(_, rest)| rest).collect();
    let mut checked = 0;
    for command in commands {
        let words: Vec<&str> =
            command.split_whitespace().take_while(|word| !word.starts_with(['|', '>', '…', '\\'])).collect();
        let is_word = |word: &&&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-');
        let leads: Vec<&str> = words.iter().take_while(is_word).copied().collect();
        let page = (1..=leads.len()).rev().map(|count| help(&leads[..count])).find(|(there, _)| *there);
        if leads.is_empty() {
            continue;
        }
        let (_, page) = page.unwrap_or_else(|| panic!("phonebox {command}: there is no such command"));
        for option in words.iter().filter(|word| word.starts_with("--")) {
            assert!(page.contains(option), "{command}: {option} is not in\n{page}");
        }
        checked += 1;
    }
    assert!(checked > 25, "{checked}");
}
