//! All brand knowledge, as data first: who asks (identification), for which file, and how its answer is written.
//!
//! Knows settings and wire values, and nothing else: no device, no database, no listener.

mod akuvox;
pub mod ale;
pub mod avaya;
mod brand;
mod cisco;
mod fanvil;
pub mod firmware;
mod flyingvoice;
pub mod format;
mod gigaset;
mod grandstream;
mod htek;
pub mod identify;
mod identity_certificate;
pub mod map;
mod mitel;
mod models;
mod name;
mod others;
mod ouis;
mod panasonic;
mod poly;
pub mod raw;
mod sangoma;
pub mod snom;
mod steady;
pub mod write;
pub mod yealink;

pub use avaya::archive as site_archive;
pub use brand::Vendor;
pub use identify::{Evidence, Identity, classify, identify, macs_in_path, macs_named, other_than};
pub use identity_certificate::{CertificateWay, asks_for_certificates, certificate_way, takes_pkcs12};
pub use models::Model;
pub use name::Name;
pub use steady::{SteadyProof, steady_proof, steady_proof_note};

use crate::net::Mac;
use crate::settings::{Provenance, SettingId, Value};
use std::sync::Arc;

/// Every vendor, those with a writer first. A new vendor is one folder and one line here.
pub static VENDORS: &[&Vendor] = &[
    &avaya::AVAYA,
    &ale::ALE,
    &yealink::YEALINK,
    &snom::SNOM,
    &poly::POLY,
    &grandstream::GRANDSTREAM,
    &fanvil::FANVIL,
    &cisco::CISCO,
    &gigaset::GIGASET,
    &mitel::MITEL,
    &panasonic::PANASONIC,
    &htek::HTEK,
    &sangoma::SANGOMA,
    &flyingvoice::FLYINGVOICE,
    &akuvox::AKUVOX,
    &others::AUDIOCODES,
    &others::PATTON,
    &others::TECHNICOLOR,
    &others::ESCENE,
    &others::ZENITEL,
    &others::ALGO,
    &others::VTECH,
    &others::UNIFY,
    &others::SWISSVOICE,
    &others::ATCOM,
    &others::SPECTRALINK,
    &others::UNIDATA,
    &others::OBIHAI,
    &others::YEASTAR,
];

/// By its id or its name, in any letter case.
pub fn by_id(id: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.id.eq_ignore_ascii_case(id) || vendor.name.eq_ignore_ascii_case(id)).copied()
}

/// The table's own text, where vendor and model are spelled as there: what thousands of devices need no copy of.
pub fn listed(vendor: &str, model: Option<&str>) -> (Option<&'static str>, Option<&'static str>) {
    let Some(known) = by_id(vendor) else { return (None, None) };
    let row = model.and_then(|model| known.model(model));
    let spelled = [known.id, known.name].into_iter().find(|name| *name == vendor);
    (spelled, row.map(|row| row.name.as_str()).filter(|name| Some(*name) == model))
}

/// A model by any spelling: the vendor's prefix, letter case and separators do not matter.
pub fn model(vendor: &'static Vendor, name: &str) -> Option<&'static Model> {
    vendor.model(name)
}

/// Which of a vendor's dialects a file name belongs to, where the name says it and no model is known.
pub fn dialect_of_file(vendor: &Vendor, file: &str) -> Option<&'static str> {
    const NAMES: &[(&str, &str, &str)] = &[
        ("avaya", "j100", "j100"),
        ("avaya", "96x1", "96x1"),
        ("avaya", "96xx", "96x0"),
        ("avaya", "16xx", "16xx"),
        ("avaya", "k1xx", "vantage"),
        ("ale", "sipconfig", "noe"),
        ("ale", "lanpbx", "noe"),
    ];
    let file = file.to_ascii_lowercase();
    let named = NAMES.iter().find(|(of, start, _)| *of == vendor.id && file.starts_with(start));
    named.map(|(_, _, dialect)| *dialect)
}

/// The files a device of this vendor asks for, by name, in the order of its boot.
pub fn file_names(vendor: &Vendor, name: Option<&str>, mac: Mac) -> Vec<String> {
    const NAMES: &[(&str, &str, &[&str])] = &[
        ("avaya", "j100", &["J100Supgrade.txt", "46xxsettings.txt", "{mac}.txt"]),
        ("avaya", "96x1", &["96x1Supgrade.txt", "46xxsettings.txt", "{mac}.txt"]),
        ("avaya", "96x0", &["96xxupgrade.txt", "46xxsettings.txt", "{mac}.txt"]),
        ("avaya", "16xx", &["16xxupgrade.txt", "46xxsettings.txt", "{mac}.txt"]),
        ("avaya", "vantage", &["K1xxSupgrade.txt", "46xxsettings.txt", "{mac}.txt"]),
        ("avaya", "", &["46xxsettings.txt", "{mac}.txt"]),
        ("ale", "noe", &["sipconfig.txt", "sipconfig-{MAC}.txt"]),
        ("ale", "", &["config.{model}.xml", "config.{mac}.xml"]),
        ("yealink", "", &["{common}", "{mac}.cfg"]),
        ("snom", "", &["snom{model}.htm", "snom{model}-{MAC}.htm", "{mac}.xml", "snom{model}-firmware.xml"]),
    ];
    if !is_written(vendor, name) {
        return Vec::new();
    }
    let row = name.and_then(|name| vendor.models.find(name));
    let dialect = row.and_then(|row| row.dialect.as_deref()).unwrap_or("");
    let fits = |(of, kind, _): &&(&str, &str, &[&str])| *of == vendor.id && (*kind == dialect || kind.is_empty());
    let Some((_, _, names)) = NAMES.iter().find(fits) else { return Vec::new() };
    let model = row.map_or(name, |row| Some(row.name.as_str()));
    let common = row.and_then(|row| row.common.as_deref());
    let filled = names.iter().filter_map(|text| {
        let text = text.replace("{mac}", &mac.to_string()).replace("{MAC}", &mac.upper());
        let text = if text.contains("{model}") { text.replace("{model}", model?) } else { text };
        Some(if text.contains("{common}") { text.replace("{common}", common?) } else { text })
    });
    filled.collect()
}

/// Whether its phones have a group of their own that files can ask for (avaya.md §2.1: GROUP).
pub fn has_phone_groups(vendor: &str) -> bool {
    vendor == "avaya"
}

/// Whether its phones put themselves in for `$MACADDR`, `$MODEL4` and `$SERIALNO` (avaya.md §2.1).
pub fn expands_macros(vendor: &str) -> bool {
    vendor == "avaya"
}

/// Whether this box makes files for such a phone. It does not for a vendor without a writer, nor for a model whose own
/// files are known and are none that are made.
pub fn is_written(vendor: &Vendor, name: Option<&str>) -> bool {
    let name = name.map(|name| vendor.models.find(name).map_or(name, |row| row.name.as_str()));
    let is_its = |pattern: &&brand::Pattern| pattern.model.is_some() && pattern.model == name;
    let mut own = vendor.files.iter().filter(is_its).peekable();
    write::writer(vendor.id).is_some() && (own.peek().is_none() || own.any(|pattern| pattern.kind.is_some()))
}

/// Whether its phones go back to the default for what a file no longer says (avaya.md §2: settings are read whole at each
/// boot). The others keep what they were told.
pub fn forgets(vendor: &str) -> bool {
    vendor == "avaya"
}

/// Whose model it is, where nobody said: the only vendor's that lists it, else who owns the MAC's prefix.
pub fn vendor_of_model(name: &str, mac: Mac) -> Option<&'static Vendor> {
    let lists = |vendor: &&'static Vendor| vendor.model(name).is_some();
    let mut listing = VENDORS.iter().copied().filter(lists);
    if let (Some(only), None) = (listing.next(), listing.next()) {
        return Some(only);
    }
    let mut owners = ouis::owners(mac);
    ouis::owners(mac).find(lists).or_else(|| owners.next().filter(|_| owners.next().is_none()))
}

/// The vendor that a MAC's prefix belongs to.
pub fn vendor_of_mac(mac: Mac) -> Option<&'static Vendor> {
    ouis::owners(mac).next()
}

/// Files that a vendor's phones try and that this box does without: a quick 404, and the phone goes on.
pub fn is_optional(vendor: &str, kind: FileKind) -> bool {
    // Yealink's .boot would take the place of the two .cfg files (vendors.md §1.1).
    vendor == "yealink" && kind == FileKind::Container
}

/// Whether an HTTP connection ends after each answer: for Avaya phones other than J100 (avaya.md §1.7), and for whoever
/// does not say what it is. How 96x1 phones name themselves is not known, and they fetch certificates and firmware too.
pub fn closes_connection(vendor: Option<&'static Vendor>, user_agent: Option<&[u8]>) -> bool {
    let is_j100 = |agent: &[u8]| agent.windows(8).any(|part| part == b"AVAYA/J1");
    vendor.is_none_or(|vendor| vendor.id == "avaya") && !user_agent.is_some_and(is_j100)
}

/// What a requested file is, whatever the vendor calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// Avaya: the hard-wired first file of a family. It names firmware and the next file.
    Upgrade,
    /// Avaya `46xxsettings.txt`: for one device when the request names its MAC, else for the model or for all of them.
    Settings,
    /// One file for a model or for everybody, without a MAC in its name: `y000000000096.cfg`, `snomD785.htm`.
    Common,
    /// The complete values of one device: `<mac>.cfg`, `<mac>.txt`, `config.<mac>.xml`.
    Device,
    /// A file that only points at others: Yealink `.boot`, Snom `snom<model>-<MAC>.htm`.
    Container,
    /// Names the firmware of a model and nothing else: `snomD785-firmware.xml`.
    Firmware,
    /// What a phone stores here and fetches again: `<mac>-local.cfg`, `<mac>-contact.xml`, reports, backups.
    Upload,
}

/// One parameter in the vendor's own words, ready to be quoted by the vendor's writer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    pub name: Name,
    pub value: Value,
    /// The neutral setting it was made from; `None` for raw vendor text.
    pub setting: Option<SettingId>,
    pub from: Arc<Provenance>,
}

/// One statement of a vendor's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    Param(Param),
    /// A statement that is not `name = value` (an Avaya `IF`, a Snom `<tbook>` element), kept as it was written.
    Text {
        text: Value,
        from: Arc<Provenance>,
    },
    /// Raw text that its vendor's grammar cannot read: as it stands in a format of lines, in no other.
    Unread {
        text: Value,
        from: Arc<Provenance>,
    },
}

/// What a file is written from. The grant has already removed what this request may not see.
#[derive(Debug, Clone, Copy)]
pub struct Render<'a> {
    pub kind: FileKind,
    /// Canonical file name as asked for, without its directory.
    pub file: &'a str,
    pub mac: Option<Mac>,
    /// Name of `models.toml`.
    pub model: Option<&'a str>,
    pub items: &'a [Item],
    /// Avaya's settings file without a MAC: what counts on top for some of the phones that read it.
    pub sections: &'a [Section],
    /// Directory of the device's files, with a trailing slash and, for who has proved itself, the token: what a container's
    /// links are made of.
    pub base: &'a str,
    /// The file the phone is to ask for next: the last `GET` of an Avaya file, the common file a Yealink `.boot` includes.
    pub next: Option<&'a str>,
}

/// Statements for those phones alone that find themselves meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub of: Kin,
    pub items: Vec<Item>,
}

/// What phones can know of themselves and a file can ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kin {
    /// Name of `models.toml`.
    Model(&'static str),
    /// 1 to 999 (AVA-119).
    Group(u16),
}

/// A finished file: the same bytes for the same input, always.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub content_type: &'static str,
    pub bytes: Vec<u8>,
    /// What the format could not say and the file therefore lacks, for `explain`.
    pub warnings: Vec<format::WriteWarning>,
}
