//! Models that have settings of their own here, and the rules for vendor and model names.

pub mod api;
pub mod store;

/// Longest vendor or model name.
const LONGEST: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {value:?} is not accepted: {rule}")]
pub struct ModelError {
    pub field: &'static str,
    pub value: String,
    pub rule: &'static str,
    pub next: String,
}

/// The vendor's name as this box spells it.
pub fn vendor(text: &str) -> Result<String, ModelError> {
    word("vendor", text)
}

/// The model's name as this box spells it.
pub fn model(_vendor: Option<&str>, text: &str) -> Result<String, ModelError> {
    word("model", text)
}

fn word(field: &'static str, text: &str) -> Result<String, ModelError> {
    let text = text.trim();
    let refuse = |rule| {
        let value = text.chars().take(80).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        Err(ModelError { field, value, rule, next: "Write it as it stands on the phone.".into() })
    };
    match text {
        "" => refuse("it is empty"),
        _ if text.chars().count() > LONGEST => refuse("it is longer than 64 characters"),
        _ if text.chars().any(|c| c.is_control() || c == '/') => refuse("it holds a slash or a control character"),
        _ => Ok(text.to_owned()),
    }
}
