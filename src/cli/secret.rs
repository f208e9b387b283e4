//! Values on the command line. A secret comes from a file or from standard input, never from the command itself: every
//! user of the machine sees the commands of the others, and shells remember them.

use super::Failure;
use crate::settings::catalogue;
use nix::sys::termios::{LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr};
use std::io::{BufRead, IsTerminal, Read, Write};

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

/// A secret that is made up now: whoever types it unseen types it twice.
pub fn chosen(name: &str, text: &str) -> Result<String, Failure> {
    let first = value(name, text)?;
    if text == "@-" && std::io::stdin().is_terminal() && line(&format!("{name} once more"))? != first {
        return Err(Failure::new(format!("{name}: the two are not the same."), "Type it again."));
    }
    Ok(first)
}

fn is_secret(name: &str) -> bool {
    let name = if name == "password" { "line.password" } else { name };
    catalogue().find(name).is_ok_and(|id| catalogue().entry(id).secret)
}

/// What is not shown while it is typed: secrets, and what only files and people may say.
fn is_hidden(name: &str) -> bool {
    let name = name.split(' ').next().unwrap_or_default();
    name == "passphrase" || is_secret(name)
}

fn line(name: &str) -> Result<String, Failure> {
    let mut line = String::new();
    let read = match std::io::stdin().is_terminal() && is_hidden(name) {
        true => typed(name, &mut line),
        false => std::io::stdin().lock().read_line(&mut line),
    };
    match read {
        Ok(count) if count > 0 => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
        Ok(_) => Err(Failure::new(format!("{name}: standard input is empty."), "Give it one line for each @-.")),
        Err(error) => Err(Failure::new(format!("{name}: standard input cannot be read: {error}."), "")),
    }
}

/// A terminal that shows nothing and hands over every key, until it is dropped.
struct Quiet(Termios);

impl Quiet {
    fn begin() -> std::io::Result<Quiet> {
        let before = tcgetattr(std::io::stdin())?;
        let mut quiet = before.clone();
        // Keys that end a program come here too: one that ended in between would leave the terminal mute.
        quiet.local_flags.remove(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG);
        for (place, value) in [(SpecialCharacterIndices::VMIN, 1), (SpecialCharacterIndices::VTIME, 0)] {
            if let Some(own) = quiet.control_chars.get_mut(place as usize) {
                *own = value;
            }
        }
        tcsetattr(std::io::stdin(), SetArg::TCSAFLUSH, &quiet)?;
        Ok(Quiet(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let _ = tcsetattr(std::io::stdin(), SetArg::TCSADRAIN, &self.0);
        eprintln!();
    }
}

/// A line typed by a person whose screen others may see: not shown. Answers the number of bytes; 0 is the end.
fn typed(name: &str, line: &mut String) -> std::io::Result<usize> {
    let quiet = Quiet::begin()?;
    let mut screen = std::io::stderr();
    write!(screen, "{name} (not shown): ")?;
    screen.flush()?;
    let mut bytes = Vec::new();
    let mut keys = std::io::stdin().lock().bytes();
    while let Some(key) = keys.next().transpose()? {
        match key {
            b'\r' | b'\n' => {
                bytes.push(b'\n');
                break;
            }
            // ^C
            3 => {
                drop(quiet);
                std::process::exit(130);
            }
            // ^D
            4 => break,
            // ^U
            21 => bytes.clear(),
            // Backspace takes a whole character.
            8 | 127 => while bytes.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {},
            key => bytes.push(key),
        }
    }
    *line = String::from_utf8(bytes).map_err(|_| std::io::Error::other("it is no UTF-8"))?;
    Ok(line.len())
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
