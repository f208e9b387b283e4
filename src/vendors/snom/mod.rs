//! Snom: how its desk phones and DECT bases name themselves and their files. How those files are written is in [`files`], how
//! its own words are read in [`raw`].
//!
//! From the Snom wiki and public request logs (protocols/vendors.md §0.2, §3; filenames.md §2). The MAC is missing from
//! firmware requests and from all requests of old firmware.

pub mod files;
pub mod quirks;
pub mod raw;

use super::FileKind::{Common, Container, Device, Firmware};
use super::brand::{Vendor, p};
use super::models::{Models, as_printed};
use std::sync::LazyLock;

pub static SNOM: Vendor = Vendor {
    id: "snom",
    name: "Snom",
    prefixes: &["snom"],
    spell: as_printed,
    agents: &[
        p("snom{model}-SIP {version}"),
        p("snom{model}-SIP/{version}"),
        p("snom-{model}-SIP {version}"),
        p("snom-{model}-SIP/{version}"),
        p("snom{model}/{version}"),
        p("snom{model} {version}"),
        p("snom {model} {version}"),
        p("snom {model}/{version}"),
        p("snom"),
    ],
    // "snomD745" is the vendor class of the model its maker also sells as 745
    classes: &[p("snomD745").model("745"), p("snom-{model}"), p("snom{model}"), p("snom {model}"), p("snom")],
    certificates: &[p("O=snom"), p("OU=snom")],
    files: &[
        p("snom-firmware.xml").kind(Firmware),
        p("snom-firmware.htm").kind(Firmware),
        p("snom{model}-firmware.xml").kind(Firmware),
        p("snom{model}-firmware.htm").kind(Firmware),
        p("snom-general.xml").kind(Common),
        p("snom-{mac}.htm").kind(Container),
        p("snom{model}-{mac}.htm").kind(Container),
        p("settings-{mac}").kind(Device),
        p("settings-{mac}.xml").kind(Device),
        p("{mac}.xml").kind(Device),
        p("{mac}.htm").kind(Device),
        p("snom{model}.htm").kind(Common),
        p("snom{model}.xml").kind(Common),
        p("C520-WiMi_{mac}.cfg").kind(Device),
        p("snom<*>-#*-SIP-*.bin"),
        p("snom<*>-#*-SIP-*.swu"),
    ],
    models: LazyLock::new(|| Models::parse(include_str!("models.toml"))),
};
