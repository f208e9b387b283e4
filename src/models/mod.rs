//! Models that have settings of their own here, and the rules for vendor and model names.

pub mod api;
pub mod store;

use crate::vendors::{self, VENDORS, Vendor};

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

/// A vendor by its name or id, in any letter case.
pub fn vendor(text: &str) -> Result<&'static Vendor, ModelError> {
    let text = word("vendor", text)?;
    vendors::by_id(&text).ok_or_else(|| ModelError {
        field: "vendor",
        value: text,
        rule: "this box knows no such vendor",
        next: format!("Known are {}.", VENDORS.iter().map(|vendor| vendor.name).collect::<Vec<_>>().join(", ")),
    })
}

/// The model's name as this box spells it. Models that no table lists are taken as they are written: there are always
/// newer ones.
pub fn model(vendor: Option<&'static Vendor>, text: &str) -> Result<String, ModelError> {
    let text = word("model", text)?;
    let known = vendor.and_then(|vendor| vendors::model(vendor, &text));
    Ok(known.map_or(text, |model| model.name.clone()))
}

/// What may be wrong with a device's vendor and model; they are taken all the same.
pub fn note(vendor: Option<&str>, model: Option<&str>) -> Option<String> {
    let known = vendor.and_then(vendors::by_id);
    if let Some(vendor) = known.filter(|vendor| !vendors::is_written(vendor, model)) {
        let kind = [Some(vendor.name), model].into_iter().flatten().collect::<Vec<_>>().join(" ");
        return Some(format!(
            "This box recognises a {kind} but writes no file for it yet: it gets what stands in the file store under the \
             name that it asks for."
        ));
    }
    let model = model?;
    let lists = |vendor: &&&'static Vendor| vendors::model(vendor, model).is_some();
    let others = || VENDORS.iter().filter(lists).map(|vendor| vendor.name).collect::<Vec<_>>().join(", ");
    match known {
        Some(vendor) if lists(&&vendor) => None,
        Some(vendor) if others().is_empty() => {
            Some(format!("No model {model} of {} is listed here: it is taken as it is written.", vendor.name))
        }
        Some(vendor) => Some(format!("{model} is a model of {}, not of {}.", others(), vendor.name)),
        None if others().is_empty() => Some(format!("No model {model} is listed here. Say whose it is: --vendor NAME")),
        None => Some(format!("{model} is a model of {}. Say which: --vendor NAME", others())),
    }
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
