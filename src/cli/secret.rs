//! Values on the command line. A secret comes from a file or from standard input, never from the command itself: every
//! user of the machine sees the commands of the others, and shells remember them.

use super::Failure;
use crate::settings::catalogue;
use std::io::BufRead;

/// Longest file that is taken for one value.
const LONGEST: u64 = 256 * 1024;

/// `@FILE` is the file's text, `@-` the next line of standard input, `@@…` a text that starts with @.
pub fn value(name: &str, text: &str) -> Result<String, Failure> {
    match text.strip_prefix('@') {
        None if is_secret(name) => Err(Failure::new(
            format!("{name}: a secret does not stand on the command line: other users of this machine see it there."),
            format!("Write {name}=@FILE, or {name}=@- to read it from standard input."),
        )),
        None => Ok(text.to_owned()),
        Some("-") => line(name),
        Some(rest) if rest.starts_with('@') => Ok(rest.to_owned()),
        Some(file) => read(name, file),
    }
}

fn is_secret(name: &str) -> bool {
    let name = if name == "password" { "line.password" } else { name };
    catalogue().find(name).is_ok_and(|id| catalogue().entry(id).secret)
}

fn line(name: &str) -> Result<String, Failure> {
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    match read {
        Ok(count) if count > 0 => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
        Ok(_) => Err(Failure::new(format!("{name}: standard input is empty."), "Give it one line for each @-.")),
        Err(error) => Err(Failure::new(format!("{name}: standard input cannot be read: {error}."), "")),
    }
}

fn read(name: &str, file: &str) -> Result<String, Failure> {
    let fail =
        |reason: String| Failure::new(format!("{name}: {file} cannot be read: {reason}."), "Check the file's name.");
    let size = std::fs::metadata(file).map_err(|error| fail(error.to_string()))?.len();
    if size > LONGEST {
        return Err(fail(format!("it is {size} bytes long")));
    }
    let text = std::fs::read_to_string(file).map_err(|error| fail(error.to_string()))?;
    // An editor ends a file with one line break that nobody meant.
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

/// `name=value` of a `--set`.
pub fn pair(text: &str) -> Result<(String, String), Failure> {
    let (name, text) = text
        .split_once('=')
        .ok_or_else(|| Failure::new(format!("{text:?} is no NAME=VALUE."), "Write it like sip.server=pbx.example."))?;
    let name = name.trim();
    Ok((name.to_owned(), value(name, text)?))
}
