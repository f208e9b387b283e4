//! Avaya: how J100, 96x1, 96x0, 16xx, Vantage and the former Nortel 12x0 phones name themselves and their files. How those
//! files are written is in [`files`], how its own words are read in [`raw`] and [`lint`], what a phone makes of them in
//! [`interpret`].
//!
//! From protocols/avaya.md §1.2, §1.3, §1.8. Only the J100 is known to put its MAC into the User-Agent; the 12x0 sends one raw
//! byte that is not ASCII.

pub mod archive;
pub mod files;
pub mod interpret;
mod lint;
pub mod params;
pub mod quirks;
pub mod raw;

use super::FileKind::{Device, Settings, Upgrade, Upload};
use super::brand::{Vendor, p};
use super::models::{Models, as_printed};
use std::sync::LazyLock;

pub static AVAYA: Vendor = Vendor {
    id: "avaya",
    name: "Avaya",
    prefixes: &["Avaya "],
    spell: as_printed,
    agents: &[
        p("AVAYA/{model}-{version:#}"),
        p("AVAYA/SIP<12x0>*/{version}"),
        p("AVAYA/SIP<12x0>"),
        p("Nortel IP Phone {model} ({version:SIP})"),
        p("Avaya {model} {version}"),
        p("AVAYA"),
    ],
    classes: &[p("ccp.avaya.com"), p("Nortel"), p("Avaya")],
    certificates: &[p("O=Avaya"), p("OU=Avaya")],
    files: &[
        p("J100Supgrade.txt").kind(Upgrade),
        p("J100Hupgrade.txt").kind(Upgrade),
        p("96x1Supgrade.txt").kind(Upgrade),
        p("96x1Hupgrade.txt").kind(Upgrade),
        p("96xxupgrade.txt").kind(Upgrade),
        p("16xxupgrade.txt").kind(Upgrade),
        p("K1xxSupgrade.txt").kind(Upgrade),
        // AVA-073: the documents also name these two with .xml
        p("J100Supgrade.xml").kind(Upgrade),
        p("K1xxSupgrade.xml").kind(Upgrade),
        p("46xxsettings.txt").kind(Settings),
        p("{mac}.txt").kind(Device),
        p("{mac}.cfg").kind(Device),
        p("*_96xxdata.txt").kind(Upload),
        p("*_16xxdata.txt").kind(Upload),
        p("46xxspecials.txt"),
        p("FW_S_<J###>*.bin"),
        p("1220.cfg").model("1220IP"),
        p("1230.cfg").model("1230IP"),
        p("1220SIP.cfg").model("1220IP"),
        p("1230SIP.cfg").model("1230IP"),
        p("<12#0>.cfg"),
        p("<12#0>SIP.cfg"),
        p("DeviceConfig.cfg"),
        p("SIP{mac}.cfg"),
        p("SIP{mac}.xml"),
        p("avaya.xml").model("B179"),
        p("avaya-{mac}.xml").model("B179"),
    ],
    models: LazyLock::new(|| Models::parse(include_str!("models.toml"))),
};
