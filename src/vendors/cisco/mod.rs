//! Cisco and Linksys: how enterprise phones (SCCP and SIP), multiplatform phones, SPA phones and adapters name themselves and
//! their files.
//!
//! From public request logs and DHCP rules (protocols/filenames.md §2, vendors.md §0.1–0.3, §4.4). A Linksys phone prints one
//! number in brackets: its serial, which may look like a MAC.

use super::brand::{Vendor, p};
use super::models::Models;
use std::borrow::Cow;
use std::sync::LazyLock;

pub static CISCO: Vendor = Vendor {
    id: "cisco",
    name: "Cisco",
    prefixes: &["CP-", "CP"],
    spell: short,
    agents: &[
        p("Cisco/{model:ATA###}-MPP-{build}"),
        p("Cisco/{model:CP-}/{version}"),
        p("Cisco/{model}-{version} ({mac})({serial})"),
        p("Cisco/{model}-{version}"),
        p("Linksys/{model}-{version} ({mac})({serial})"),
        p("Linksys/{model}-{version} ({serial})"),
        p("Linksys/{model}-{version}"),
        p("Sipura/{model}-{version}"),
        p("Cisco-{model:CP-####}/{version}"),
        p("Cisco-{model:CP####}/{version}"),
        p("Cisco-{model:CIPC}/{version}"),
    ],
    classes: &[
        p("Cisco Systems, Inc. *Phone {model:CP-}"),
        p("Cisco Systems, Inc. *Phone {model}"),
        p("Cisco Systems"),
        p("Cisco {model:SPA}"),
        p("Cisco {model:ATA}"),
        p("Cisco {model:CP-}"),
        p("Cisco"),
        p("Linksys {model}"),
        p("Linksys"),
        p("{model:CP-####}"),
    ],
    certificates: &[
        p("CN={model:SPA}, MAC: {mac}"),
        p("CN={model:SPA}"),
        p("CN={model:ATA}"),
        p("CN={model:CP-####}-SEP{mac}"),
        p("CN={model:CP-####}"),
        p("OU={model:CP-####}"),
        p("O=Cisco"),
        p("OU=cisco.com"),
    ],
    files: &[
        p("SEP{mac}.*"),
        p("CTLSEP{mac}.tlv"),
        p("ITLSEP{mac}.tlv"),
        p("ITLFile.tlv"),
        p("CTLFile.tlv"),
        p("SIP{mac}.cnf"),
        p("SIPDefault.cnf"),
        p("XMLDefault.cnf.xml"),
        p("ATA{mac}.cnf.xml").model("ATA190"),
        p("spa{mac}.xml"),
        p("spa{mac}.cfg"),
        p("{model:SPA#}.cfg"),
        p("{model:SPA-#}.cfg"),
        p("{model:PAP2T}.cfg"),
        p("{model:ATA1}.cfg"),
        p("init.cfg").model("PAP2T"),
        p("{model:CP-####}.xml"),
        p("{model:CP-####}.cfg"),
        p("<####>-3PCC.xml"),
        p("Communicator/").model("CIPC"),
        p("{model:CP-####}-3PCC/"),
    ],
    models: LazyLock::new(|| Models::parse(include_str!("models.toml"))),
};

/// `8841-3PCC` → `8841`, `SPA-942` → `SPA942`, `spa504g` → `SPA504G`.
fn short(name: &str) -> Cow<'_, str> {
    let name = name.to_ascii_uppercase();
    let name = name.strip_suffix("-3PCC").or_else(|| name.strip_suffix("-MPP")).unwrap_or(&name);
    match name.split_once('-') {
        Some((series, number))
            if series.bytes().all(|byte| byte.is_ascii_alphabetic())
                && number.starts_with(|first: char| first.is_ascii_digit()) =>
        {
            format!("{series}{number}").into()
        }
        _ => name.to_owned().into(),
    }
}
