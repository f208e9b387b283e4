//! Makers of which we know how to recognise a request and nothing more: no model list, no writer.
//!
//! From protocols/filenames.md §1, §2 and the MAC prefixes. A maker that gets a model list gets a folder.

use super::brand::{Pattern, Vendor, p};
use super::models::{Models, as_printed};
use std::sync::LazyLock;

const fn other(
    id: &'static str,
    name: &'static str,
    agents: &'static [Pattern],
    classes: &'static [Pattern],
    files: &'static [Pattern],
) -> Vendor {
    Vendor {
        id,
        name,
        prefixes: &[],
        spell: as_printed,
        agents,
        classes,
        certificates: &[],
        files,
        models: LazyLock::new(Models::default),
    }
}

pub static AUDIOCODES: Vendor = other(
    "audiocodes",
    "AudioCodes",
    &[
        p("AUDC-IPPhone/{version} ({model}-Rev"),
        p("AUDC-IPPhone/{version} ({model}"),
        p("AUDC/{version} AUDC-IPPhone-<*>_"),
        p("AUDC-IPPhone-<*>_UC_{version}"),
        p("AUDC-IPPhone-<*>_{version}"),
        p("AUDC-IPPhone-{model}/{version}"),
        p("AUDC"),
        p("AudioCodes"),
    ],
    &[p("AUDC"), p("AudioCodes")],
    &[],
);

pub static PATTON: Vendor = other(
    "patton",
    "Patton",
    &[
        p("SmartNode (Model:{model}*Serial:{mac}*Software Version:{version}"),
        p("SmartNode (Model:{model}*Software Version:{version}"),
        p("SmartNode (Model:{model}"),
        p("SmartNode"),
        p("Patton {model:SN} {version}"),
    ],
    &[p("{model:SN####}"), p("Patton {model}"), p("Patton")],
    &[],
);

pub static TECHNICOLOR: Vendor = other(
    "technicolor",
    "Technicolor",
    &[
        p("Thomson {model} hw* fw{version}"),
        p("Technicolor {model} hw* fw{version}"),
        p("Thomson {model}"),
        p("Technicolor {model}"),
    ],
    &[p("Thomson {model}"), p("Technicolor {model}"), p("Thomson"), p("Technicolor")],
    &[p("<ST20##>S.inf"), p("<TB##>S.inf"), p("<ST20##>S_{mac}.txt"), p("<TB##>S_{mac}.txt")],
);

pub static ESCENE: Vendor = other(
    "escene",
    "Escene",
    &[p("{model:ES#} {version}"), p("Escene {model} {version}"), p("Escene {model}"), p("Escene")],
    &[p("Escene {model}"), p("Escene")],
    &[p("#*_Extern.xml"), p("#*_Phonebook.xml"), p("timezones.txt")],
);

pub static ZENITEL: Vendor = other(
    "zenitel",
    "Zenitel",
    &[p("Zenitel {model} {version}"), p("Zenitel")],
    &[p("Zenitel")],
    &[p("ipst_config.cfg").model("IP station"), p("ipst_config_{mac}.cfg").model("IP station")],
);

pub static ALGO: Vendor = other(
    "algo",
    "Algo",
    &[p("Algo-{model}/{version}"), p("Algo {model}/{version}"), p("Algo {model} {version}")],
    &[p("Algo {model}"), p("Algo-{model}")],
    &[p("algo{mac}.conf"), p("algom{mac}.conf")],
);

pub static VTECH: Vendor = other(
    "vtech",
    "Vtech",
    &[p("Vtech {model} {version}"), p("Vtech {model}/{version}"), p("Vtech")],
    &[p("Vtech {model}"), p("Vtech")],
    &[p("VCS*_{mac}.cfg"), p("VTech*-{mac}.htm"), p("pb{mac}/")],
);

pub static UNIFY: Vendor = other(
    "unify",
    "Unify",
    &[p("OpenStage {model}/{version}"), p("OpenStage"), p("OpenScape")],
    &[p("OpenStage"), p("OpenScape"), p("OptiIpPhone")],
    &[p("DeploymentService/")],
);

pub static SWISSVOICE: Vendor = other(
    "swissvoice",
    "Swissvoice",
    &[p("Swissvoice {words} {version}"), p("Swissvoice {model}"), p("Swissvoice")],
    &[p("Swissvoice {model}"), p("Swissvoice")],
    &[],
);

pub static ATCOM: Vendor = other(
    "atcom",
    "Atcom",
    &[p("Atcom {model} {version}"), p("Atcom {model}/{version}"), p("Atcom {model}"), p("Atcom")],
    &[p("Atcom {model}"), p("Atcom")],
    &[],
);

pub static SPECTRALINK: Vendor = other(
    "spectralink",
    "Spectralink",
    &[p("Spectralink {words} {version}"), p("Spectralink"), p("KIRK")],
    &[p("Spectralink"), p("KIRK")],
    &[],
);

pub static UNIDATA: Vendor = other("unidata", "Unidata", &[p("Unidata {model} {version}")], &[], &[p("e1_{mac}.ini")]);

pub static OBIHAI: Vendor =
    other("obihai", "Obihai", &[p("Obihai/{model}-{version}"), p("Obihai")], &[p("Obihai")], &[]);

pub static YEASTAR: Vendor =
    other("yeastar", "Yeastar", &[p("Yeastar {model} {version}"), p("Yeastar")], &[p("Yeastar")], &[]);
