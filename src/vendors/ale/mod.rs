//! Alcatel-Lucent Enterprise: how Myriad, Halo, 80x8s and IP Touch phones name themselves and their files. How those files are
//! written is in [`files`], how its own words are read in [`raw`].
//!
//! From the phones' manuals and public request logs (protocols/vendors.md §0.1, §2.3; filenames.md §2). IP Touch User-Agents
//! carry no MAC.

pub mod files;
pub mod quirks;
pub mod raw;

use super::FileKind::{Common, Device, Upload};
use super::brand::{Vendor, p};
use super::models::{Models, as_printed};
use std::sync::LazyLock;

pub static ALE: Vendor = Vendor {
    id: "ale",
    name: "ALE",
    prefixes: &["ALE "],
    spell: as_printed,
    agents: &[
        p("ALE {model} {version}"),
        p("ALE {model}/{version}"),
        p("{model:ALE-} {version}"),
        p("{model:ALE-}/{version}"),
        // the hardware's release stands between
        p("{model:ALE-#} R* {version}"),
        p("{model:ALE-#}"),
        p("Alcatel IP Touch {model}/{version}"),
        p("Alcatel IP Touch {model} {version}"),
        p("Alcatel IP Touch"),
        p("Alcatel"),
    ],
    classes: &[p("aledevice"), p("ictouch.#"), p("alcatel.")],
    certificates: &[p("O=ALE"), p("O=Alcatel-Lucent")],
    files: &[
        p("config.{mac}.xml").kind(Device),
        p("config.xml").kind(Common),
        p("config.{model}.xml").kind(Common),
        p("sipconfig.txt").kind(Common),
        p("sipconfig-{mac}.txt").kind(Device),
        p("lanpbx.cfg").kind(Common),
        // the names of uploaded user data are not documented: whatever else begins with the MAC
        p("{mac}-*").kind(Upload),
        p("{mac}_*").kind(Upload),
        p("dmictouch/"),
    ],
    models: LazyLock::new(|| Models::parse(include_str!("models.toml"))),
};
