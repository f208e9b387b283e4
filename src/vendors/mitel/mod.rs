//! Mitel and Aastra: how their SIP phones name themselves and their files.
//!
//! From public request logs and DHCP rules (protocols/filenames.md §2, vendors.md §0.1, §4.6). Old firmware says `55i` for a
//! 6755i: aliases in `models.toml`.

use super::brand::{Vendor, p};
use super::models::{Models, as_printed};
use std::sync::LazyLock;

pub static MITEL: Vendor = Vendor {
    id: "mitel",
    name: "Mitel",
    prefixes: &["Aastra ", "Mitel "],
    spell: as_printed,
    agents: &[
        p("Aastra{model} MAC:*V:{version}-SIP"),
        p("Aastra{model} MAC:*V:{version}"),
        p("Aastra{model} MAC:*V: {version}-SIP"),
        p("Aastra{model} MAC:*V: {version}"),
        p("Aastra {model} MAC:*V:{version}-SIP"),
        p("Aastra {model} MAC:*V:{version}"),
        p("Aastra {model} MAC:*V: {version}-SIP"),
        p("Aastra {model} MAC:*V: {version}"),
        p("Mitel{model} MAC:*V:{version}-SIP"),
        p("Mitel{model} MAC:*V:{version}"),
        p("Mitel{model} MAC:*V: {version}-SIP"),
        p("Mitel{model} MAC:*V: {version}"),
        p("Mitel {model} MAC:*V:{version}-SIP"),
        p("Mitel {model} MAC:*V:{version}"),
        p("Mitel {model} MAC:*V: {version}-SIP"),
        p("Mitel {model} MAC:*V: {version}"),
        p("Aastra {model}/{version}"),
        p("Aastra {model} {version}"),
        p("Mitel-{model}-SIP-Phone {version}"),
        p("Mitel {model}/{version}"),
        p("Mitel {model} {version}"),
        p("Aastra{model:#}"),
        p("Aastra {model:#}"),
        p("Mitel{model:#}"),
        p("Mitel {model:#}"),
        p("Aastra"),
        p("Mitel"),
    ],
    classes: &[p("AastraIPPhone{model}"), p("MitelIPPhone{model}"), p("Aastra"), p("Mitel")],
    certificates: &[p("O=Mitel"), p("O=Aastra")],
    files: &[
        p("startup.cfg"),
        p("aastra.cfg"),
        p("MN_Generic.cfg"),
        p("MN_{mac}.cfg"),
        p("<6###i>.cfg"),
        p("<9###i>.cfg"),
        p("<69##>.cfg"),
        p("<6###i>.st"),
        p("<9###i>.st"),
        p("<69##>.st"),
    ],
    models: LazyLock::new(|| Models::parse(include_str!("models.toml"))),
};
