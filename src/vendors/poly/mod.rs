//! Poly (Polycom): how its phones name themselves and their files.
//!
//! From public request logs (protocols/filenames.md §2, vendors.md §0.2, §4.1). The User-Agent says `VVX_400` for a VVX400 and
//! seldom carries a MAC; an agent without a version is not one of these phones.

use super::brand::{Vendor, p};
use super::models::Models;
use std::borrow::Cow;
use std::sync::LazyLock;

pub static POLY: Vendor = Vendor {
    id: "poly",
    name: "Poly",
    prefixes: &["Polycom-", "Polycom "],
    spell: joined,
    agents: &[p("Poly*-{model}-UA/{version}"), p("Sound*-{model}-UA/{version}")],
    classes: &[p("Polycom-{model}"), p("Poly-{model}"), p("Poly")],
    certificates: &[p("O=Polycom"), p("O=Poly")],
    files: &[p("000000000000-directory.xml"), p("000000000000-license.cfg"), p("sip.ld"), p("3111-#*.ld")],
    models: LazyLock::new(|| Models::parse(include_str!("models.toml"))),
};

fn joined(name: &str) -> Cow<'_, str> {
    if name.contains('_') { name.replace('_', "").into() } else { name.into() }
}
