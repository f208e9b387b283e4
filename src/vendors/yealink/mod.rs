//! Yealink: how its phones name themselves and their files. How those files are written is in [`files`], how its own words are
//! read in [`raw`].
//!
//! From the Auto Provision manuals and public request logs (protocols/vendors.md §0.2, §1; filenames.md §2).

pub mod files;
pub mod quirks;
pub mod raw;

use super::FileKind::{Common, Container, Device, Upload};
use super::brand::{Vendor, p};
use super::models::{Models, as_printed};
use std::sync::LazyLock;

pub static YEALINK: Vendor = Vendor {
    id: "yealink",
    name: "Yealink",
    prefixes: &["SIP-", "SIP ", "VP-"],
    spell: as_printed,
    agents: &[
        p("Yealink SIP VP-{model} {version}"),
        p("Yealink SIP-{model} {version}"),
        p("Yealink SIP {model} {version}"),
        p("Yealink SIP-{words} {version}"),
        p("Yealink SIP {words} {version}"),
        p("Yealink SIP-{model}"),
        p("Yealink SIP {model}"),
        p("Yealink SIP"),
        p("Yealink-{model} {version}"),
        p("Yealink {model} {version}"),
        p("Yealink {words} {version}"),
        p("Yealink {model}"),
        p("Yealink"),
        // the first DECT bases and the video phone leave their maker out
        p("{model:W5#P} {version}"),
        p("{model:VP5##P} {version}"),
    ],
    classes: &[p("Yealink {model}"), p("Yealink-{model}"), p("Yealink")],
    certificates: &[p("O=Yealink"), p("OU=Yealink")],
    files: &[
        p("y000000000000.boot").kind(Container),
        p("{mac}.boot").kind(Container),
        p("y000000000###.cfg").kind(Common),
        p("{mac}-local.cfg").kind(Upload),
        p("{mac}-contact.xml").kind(Upload),
        p("{mac}-calllog.xml").kind(Upload),
        p("{mac}*.log").kind(Upload),
        p("{mac}.cfg").kind(Device),
        p("favorite_setting.xml"),
        p("super_search.xml"),
        p("directory_setting.xml"),
    ],
    models: LazyLock::new(|| Models::parse(include_str!("models.toml"))),
};
