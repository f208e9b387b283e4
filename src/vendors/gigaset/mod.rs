//! Gigaset: how its DECT bases and Maxwell phones name themselves and their files.
//!
//! From the Gigaset wiki and public request logs (protocols/filenames.md §2, vendors.md §0.2, §4.5). Old bases glue the version
//! to the model. The P series is built on Snom firmware and owns parts of Snom's MAC block.

use super::brand::{Vendor, p};
use super::models::Models;
use std::borrow::Cow;
use std::sync::LazyLock;

pub static GIGASET: Vendor = Vendor {
    id: "gigaset",
    name: "Gigaset",
    prefixes: &["Gigaset "],
    spell: spaced,
    agents: &[
        p("Gigaset {words}/{version}"),
        p("Gigaset <@### IP>{build}"),
        p("Gigaset {words} {version}"),
        p("Gigaset"),
        p("<N###* IP PRO>/{version}"),
        p("<N###* DM PRO>/{version}"),
        p("<N###* IP>/{version}"),
        p("<Maxwell * PRO>/{version}"),
        p("<Maxwell *>/{version}"),
        p("<C###* IP>/{version}"),
        p("<C###* IP>{build}"),
        p("<C###* GO>/{version}"),
        p("<CL###* GO>/{version}"),
        p("<S###* GO>/{version}"),
        p("<SL###* GO>/{version}"),
        p("<S###* IP>/{version}"),
        p("<S###* IP>{build}"),
        p("<A###* IP>/{version}"),
        p("<A###* IP>{build}"),
    ],
    classes: &[
        p("Gigaset_{model}"),
        p("Gigaset {words}/"),
        p("Gigaset {model}"),
        p("Gigaset"),
        p("<N###* IP PRO>"),
        p("<N###* DM PRO>"),
        p("<N###* IP>"),
        p("<C###* IP>"),
        p("<S###* IP>"),
        p("<A###* IP>"),
        p("{model:Maxwell}"),
    ],
    certificates: &[p("O=Gigaset")],
    files: &[p("baselines.bin"), p("provisioning.xml")],
    models: LazyLock::new(|| Models::parse(include_str!("models.toml"))),
};

/// `N720_DM_PRO`, `N720-DM-PRO` → `N720 DM PRO`; `S675IP` → `S675 IP`.
fn spaced(name: &str) -> Cow<'_, str> {
    let name = name.replace(['_', '-'], " ");
    match name.strip_suffix("IP") {
        Some(number) if number.ends_with(|last: char| last.is_ascii_alphanumeric()) => format!("{number} IP").into(),
        _ => name.into(),
    }
}
