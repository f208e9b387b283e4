//! The formats phones read, one writer each, and what every writer promises: a value never becomes a second line or
//! element (T72). What a format cannot say is left out and named in a [`WriteWarning`]; nothing is written half.
//!
//! Knows text and bytes; no vendor's parameter, no device.

pub mod key_value;
pub mod settings46xx;
pub mod xml;

use std::fmt;

/// Bytes in one value of a line-oriented format. The longest value any vendor documents is 1023 (Avaya DIALPLAN);
/// a phone with a fixed line buffer could take the rest of a longer line for a new statement.
pub const MAX_VALUE: usize = 4096;

/// Something that is not in the file as it was given. Names the parameter, never the value: it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct WriteWarning {
    pub name: String,
    pub fault: Fault,
}

impl WriteWarning {
    /// Whether the phone misses what it was to be told.
    pub fn is_lost(&self) -> bool {
        self.fault.dropped() && !matches!(self.fault, Fault::Elsewhere | Fault::NoModel)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The name is not one this format can carry.
    Name,
    /// A line break or another control character in a line-oriented format.
    ControlCharacter,
    /// A double quote, straight or typographic, in a 46xx value.
    Quote,
    /// A blank at the start or end of an unquoted value.
    BlankEnds,
    /// Longer than [`MAX_VALUE`].
    TooLong,
    /// Raw text that is not exactly one statement or element of the format.
    Statement,
    /// A parameter of another file of this vendor.
    Elsewhere,
    /// Firmware without the model it is for.
    NoModel,
    /// Characters that XML 1.0 does not allow were removed; the rest of the value was written.
    Removed,
}

impl Fault {
    /// `false`: the parameter is in the file, but changed.
    pub fn dropped(self) -> bool {
        self != Fault::Removed
    }

    /// Why, in words that may follow a colon.
    pub fn rule(self) -> &'static str {
        match self {
            Fault::Name => "its name is not one this file format can carry",
            Fault::ControlCharacter => "this file format has no way to say a line break or control character",
            Fault::Quote => {
                "this file format has no way to say a double quote, straight or typographic, inside a value"
            }
            Fault::BlankEnds => "this file format loses a blank at the start or end of a value",
            Fault::TooLong => "the value is longer than 4096 bytes",
            Fault::Statement => "the text is not one statement of this file format",
            Fault::Elsewhere => "it belongs in another file of this vendor",
            Fault::NoModel => "firmware needs the model it is for",
            Fault::Removed => "characters that XML does not allow were removed",
        }
    }
}

impl fmt::Display for WriteWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.fault.dropped() { "was left out" } else { "was changed" };
        write!(f, "{} {what}: {}", self.name, self.fault.rule())
    }
}

/// What a phone could take for the end of a line, and everything else that is not text.
pub(crate) fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// The longest start of `text` that a message or warning may quote.
pub(crate) fn excerpt(text: &str) -> String {
    let clean = |c: char| if is_control(c) { ' ' } else { c };
    let mut short: String = text.trim().chars().take(80).map(clean).collect();
    if text.trim().chars().nth(80).is_some() {
        short.push('…');
    }
    short
}
