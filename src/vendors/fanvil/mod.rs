//! Fanvil: how its phones, and those it builds for others, name themselves and their files.
//!
//! From public request logs (protocols/filenames.md §2, vendors.md §0.2, §4.3). The common files are listed in `models.toml`;
//! the firmware descriptor holds the board revision (`hwv2_0`), which is not part of the model.

use super::brand::{Vendor, p};
use super::models::Models;
use std::borrow::Cow;
use std::sync::LazyLock;

pub static FANVIL: Vendor = Vendor {
    id: "fanvil",
    name: "Fanvil",
    prefixes: &["Fanvil "],
    spell: hyphened,
    agents: &[p("Fanvil {words} {version}"), p("Fanvil {model}"), p("Fanvil")],
    classes: &[p("Fanvil {model}"), p("Fanvil-{model}"), p("Fanvil")],
    certificates: &[p("O=Fanvil")],
    files: &[p("fanvil_{model}_hw*.txt"), p("nethesis_{model}_hw*.txt"), p("f0{model}hw#.###.cfg"), p("f0*0000.cfg")],
    models: LazyLock::new(|| Models::parse(include_str!("models.toml"))),
};

/// `x6u pro`, `X6U_Pro` → `X6U-Pro`; `I63` → `i63`.
fn hyphened(name: &str) -> Cow<'_, str> {
    let mut out = String::with_capacity(name.len());
    for (place, word) in name.split([' ', '_', '-']).filter(|word| !word.is_empty()).enumerate() {
        let mut letters = word.chars();
        let first = letters.next().unwrap_or_default();
        let intercom = place == 0 && matches!(first, 'i' | 'I') && word.len() > 1;
        if place > 0 {
            out.push('-');
        }
        out.push(if intercom { 'i' } else { first.to_ascii_uppercase() });
        let rest = letters.as_str();
        out += &if place == 0 { rest.to_ascii_uppercase() } else { rest.to_ascii_lowercase() };
    }
    out.into()
}
