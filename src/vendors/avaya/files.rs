//! Avaya files: the upgrade file of each family, `46xxsettings.txt` and `<mac>.txt`, all in the 46xx grammar.
//!
//! Follows `protocols/avaya.md` §1.3, §2 and §3. The shape of the upgrade files is that of Avaya's own J100Supgrade.txt
//! and 96x1Supgrade.txt: every model of the family has its branch, firmware is named only where it was chosen.
//! Not verified on hardware: the names `J100Hupgrade.txt` and the model lists of the H.323 files. The two-step boot
//! image of 96x0 phones is not written; such a site serves Avaya's own file.
//!
//! **Firmware** is given as parameters of these names, in any file's items:
//! `APPNAME`, `RFSNAME`, `BOOTNAME`, `JEM24_APPNAME` for the model asked for, or for any model with its MODEL4 value, and
//! where needed the hardware version, in front: `J179.APPNAME`, `9608.3.APPNAME` (`IF $HWVERS SEQ 3`). Only an upgrade
//! file carries them, and it carries nothing else.
//!
//! **Sections**: who asks for `46xxsettings.txt` without a MAC gets what counts for its model and its phone group in sections
//! that it finds itself, in the order of Avaya's own file (`protocols/avaya.md` §2.1): for all, by `$MODEL4`, by `$GROUP`. Jumps go
//! forward only and both orders of sections end at one label, so that `GET` stays the last statement for everybody. A
//! phone that does not know the name takes no section. The 12x0 phones have no MODEL4 value and read no such file.
//!
//! **Lists**: `PHONEKEY` may be repeated, one key per statement; a repeated `SOFTKEY_…` becomes `ADD` from the second on.

use crate::vendors::format::{Fault, settings46xx::Writer};
use crate::vendors::write::{RAW_TEXT, Warnings, WriteError, params, write_unread};
use crate::vendors::{Document, FileKind, Item, Kin, Param, Render, Section};

const TEXT: &str = "text/plain";
const SETTINGS: &str = "46xxsettings.txt";
const PER_DEVICE: &str = "$MACADDR.txt";
const GETSET: &str = "GETSET";

struct Family {
    file: &'static str,
    models: &'static [Model],
}

struct Model {
    /// Value of `$MODEL4`: the first four characters of a model's name.
    model4: &'static str,
    label: &'static str,
    /// The branch of another model that it goes to while it has no firmware of its own.
    shares: Option<&'static str>,
}

const fn model(model4: &'static str, label: &'static str) -> Model {
    Model { model4, label, shares: None }
}

#[rustfmt::skip]
static FAMILIES: [Family; 7] = [
    Family { file: "J100Supgrade.txt", models: &[
        model("J129", "J129_SW"), model("J139", "J139_SW"), model("J159", "J159_SW"),
        model("J169", "J169_SW"), model("J179", "J179_SW"), model("J189", "J189_SW"),
    ] },
    Family { file: "J100Hupgrade.txt", models: &[
        model("J159", "J159_SW"), model("J169", "J169_SW"), model("J179", "J179_SW"), model("J189", "J189_SW"),
    ] },
    Family { file: "96x1Supgrade.txt", models: &[
        model("9601", "9601SW"), model("9608", "9608SW"), model("9611", "9611SW"),
        model("9621", "9621SW"), model("9641", "9641SW"),
    ] },
    Family { file: "96x1Hupgrade.txt", models: &[
        model("9608", "9608SW"), model("9611", "9611SW"), model("9621", "9621SW"), model("9641", "9641SW"),
    ] },
    Family { file: "96xxupgrade.txt", models: &[
        model("9610", "9610SW"), model("9620", "9620SW"), model("9630", "9630SW"),
        model("9640", "9640SW"), model("9650", "9650SW"), model("9670", "9670SW"),
    ] },
    Family { file: "16xxupgrade.txt", models: &[
        model("1603", "1603SW"), model("1608", "1608SW"), model("1616", "1616SW"),
    ] },
    Family { file: "K1xxSupgrade.txt", models: &[
        model("K155", "K155SW"),
        Model { model4: "K165", label: "K165SW", shares: Some("K175SW") }, // AVA-081
        model("K175", "K175SW"),
    ] },
];

const FIRMWARE: [&str; 4] = ["APPNAME", "RFSNAME", "BOOTNAME", "JEM24_APPNAME"];

pub fn render(_dialect: &str, input: &Render<'_>) -> Result<Document, WriteError> {
    match input.kind {
        FileKind::Upgrade => upgrade(input),
        FileKind::Settings | FileKind::Device | FileKind::Common => settings(input),
        FileKind::Container | FileKind::Firmware | FileKind::Upload => Err(no_file(input)),
    }
}

fn no_file(input: &Render<'_>) -> WriteError {
    WriteError::File { vendor: "avaya", kind: input.kind, file: input.file.to_owned() }
}

fn get(out: &mut Writer, next: &str) -> Result<(), WriteError> {
    out.get(next).map_err(|_| WriteError::Next(next.to_owned()))
}

fn settings(input: &Render<'_>) -> Result<Document, WriteError> {
    let (mut out, mut warnings) = (Writer::for_lines(input.items.len()), Warnings::default());
    let mut lists: Vec<&str> = Vec::new();
    statements(&mut out, input.items, &mut lists, &mut warnings);
    sections(&mut out, input.sections, &mut lists, &mut warnings);
    // GET is a tail call: nothing may follow it.
    let per_device = (input.kind == FileKind::Settings && input.mac.is_none()).then_some(PER_DEVICE);
    if let Some(next) = input.next.or(per_device) {
        get(&mut out, next)?;
    }
    Ok(warnings.document(TEXT, out.out))
}

/// `lists`: those that have their first entry.
fn statements<'a>(out: &mut Writer, items: &'a [Item], lists: &mut Vec<&'a str>, warnings: &mut Warnings) {
    for item in items {
        match item {
            Item::Param(param) if is_firmware(param) => {}
            Item::Param(param) if is_add_list(&param.name) && lists.contains(&&*param.name) => {
                warnings.note(&param.name, out.add(&param.name, param.value.text()));
            }
            Item::Param(param) => {
                let result = out.set(&param.name, param.value.text());
                if result.is_ok() && is_add_list(&param.name) {
                    lists.push(&param.name);
                }
                warnings.note(&param.name, result);
            }
            Item::Text { text, .. } => warnings.note(RAW_TEXT, out.statement(text.text())),
            Item::Unread { text, .. } if !write_unread(&mut out.out, text.text(), "\r\n") => {
                warnings.push(RAW_TEXT, Fault::Statement);
            }
            Item::Unread { .. } => {}
        }
    }
}

/// Labels are unlike any in Avaya's own files, which people copy into raw text.
fn sections<'a>(out: &mut Writer, all: &'a [Section], lists: &mut Vec<&'a str>, warnings: &mut Warnings) {
    let says =
        |section: &&Section| section.items.iter().any(|item| !matches!(item, Item::Param(one) if is_firmware(one)));
    let of_models = all.iter().filter(says).filter_map(|section| match section.of {
        Kin::Model(name) => Some((model4(name)?.to_owned(), section)),
        Kin::Group(_) => None,
    });
    one_of(out, "MODEL4", &of_models.collect::<Vec<_>>(), lists, warnings);
    let of_groups = all.iter().filter(says).filter_map(|section| match section.of {
        Kin::Group(number) => Some((number.to_string(), section)),
        Kin::Model(_) => None,
    });
    one_of(out, "GROUP", &of_groups.collect::<Vec<_>>(), lists, warnings);
}

/// A phone runs the section whose value its own is, or none, and goes on behind all of them.
fn one_of<'a>(
    out: &mut Writer,
    name: &str,
    sections: &[(String, &'a Section)],
    lists: &mut Vec<&'a str>,
    warnings: &mut Warnings,
) {
    if sections.is_empty() {
        return;
    }
    let label = |value: &str| ["PHONEBOX_", name, "_", value].concat();
    let behind = ["PHONEBOX_AFTER_", name].concat();
    out.blank();
    for (value, _) in sections {
        warnings.note(name, out.if_goto(name, value, &label(value)));
    }
    warnings.note(name, out.goto(&behind));
    // What one section has begun, no phone of another one has.
    let (common, mut begun) = (lists.len(), Vec::new());
    for (value, section) in sections {
        out.blank();
        warnings.note(name, out.comment(&format!("Only where {name} is {value}")));
        warnings.note(name, out.label(&label(value)));
        statements(out, &section.items, lists, warnings);
        begun.extend(lists.drain(common..));
        warnings.note(name, out.goto(&behind));
    }
    lists.extend(begun);
    out.blank();
    warnings.note(name, out.label(&behind));
}

/// What a phone of this model finds in `$MODEL4`.
fn model4(name: &str) -> Option<&'static str> {
    let mut models = FAMILIES.iter().flat_map(|family| family.models);
    models.find(|model| name.starts_with(model.model4)).map(|model| model.model4)
}

/// Lists that `ADD` extends: the softkeys, but not the numbers of SOFTKEY_CONFIGURATION.
pub(super) fn is_add_list(name: &str) -> bool {
    name.starts_with("SOFTKEY_") && name != "SOFTKEY_CONFIGURATION"
}

/// Firmware that a setting chose. `SET APPNAME` in raw text stays where its author put it.
fn is_firmware(param: &Param) -> bool {
    let name = param.name.rsplit('.').next().unwrap_or_default();
    FIRMWARE.contains(&name) && (param.setting.is_some() || param.name.contains('.'))
}

/// One firmware statement of an upgrade file.
struct Chosen<'a> {
    model4: &'a str,
    /// `HWVERS` value, empty for every hardware.
    hardware: &'a str,
    name: &'a str,
    param: &'a Param,
}

fn upgrade(input: &Render<'_>) -> Result<Document, WriteError> {
    // AVA-073: two of them are also asked for with .xml.
    let stem = |file: &str| file.rsplit_once('.').map(|(stem, _)| stem.to_ascii_lowercase());
    let family = FAMILIES.iter().find(|family| stem(family.file) == stem(input.file));
    let family = family.ok_or_else(|| no_file(input))?;
    let mut warnings = Warnings::default();
    let chosen: Vec<Chosen<'_>> = params(input.items)
        .filter(|param| is_firmware(param))
        .filter_map(|param| choose(param, family, input.model, &mut warnings))
        .collect();
    let mut out = Writer::default();
    let mut branches: Vec<&Model> = Vec::new();
    for model in family.models {
        let shared = model.shares.filter(|_| !chosen.iter().any(|one| one.model4 == model.model4));
        warnings.note(model.model4, out.if_goto("MODEL4", model.model4, shared.unwrap_or(model.label)));
        if shared.is_none() {
            branches.push(model);
        }
    }
    out.blank();
    warnings.note(GETSET, out.goto(GETSET));
    for model in branches {
        let own: Vec<&Chosen<'_>> = chosen.iter().filter(|one| one.model4 == model.model4).collect();
        branch(&mut out, model.label, &own, &mut warnings);
    }
    out.blank();
    warnings.note(GETSET, out.label(GETSET));
    get(&mut out, input.next.unwrap_or(SETTINGS))?;
    Ok(warnings.document(TEXT, out.out))
}

/// `None`: no firmware, or that of another family.
fn choose<'a>(
    param: &'a Param,
    family: &'a Family,
    asked: Option<&'a str>,
    warnings: &mut Warnings,
) -> Option<Chosen<'a>> {
    let mut parts = param.name.rsplit('.');
    let name = parts.next().filter(|name| FIRMWARE.contains(name))?;
    let (model, hardware) = match (parts.next(), parts.next()) {
        (Some(hardware), Some(model)) => (Some(model), hardware),
        (model, _) => (model.or(asked), ""),
    };
    let Some(model) = model else {
        warnings.push(&param.name, Fault::NoModel);
        return None;
    };
    let model4 = family.models.iter().find(|known| model.starts_with(known.model4))?.model4;
    if !hardware.bytes().all(|b| b.is_ascii_alphanumeric()) {
        warnings.push(&param.name, Fault::Name);
        return None;
    }
    Some(Chosen { model4, hardware, name, param })
}

fn branch(out: &mut Writer, label: &str, chosen: &[&Chosen<'_>], warnings: &mut Warnings) {
    let mut hardware: Vec<&str> = chosen.iter().map(|one| one.hardware).filter(|version| !version.is_empty()).collect();
    hardware.sort_unstable();
    hardware.dedup();
    out.blank();
    warnings.note(label, out.label(label));
    for version in &hardware {
        warnings.note(label, out.if_goto("HWVERS", version, &hardware_label(label, version)));
    }
    let mut sets = |out: &mut Writer, version: &str| {
        for one in chosen.iter().filter(|one| one.hardware == version) {
            warnings.note(&one.param.name, out.set(one.name, one.param.value.text()));
        }
        warnings.note(GETSET, out.goto(GETSET));
    };
    sets(out, "");
    for version in hardware {
        out.blank();
        let _checked = out.label(&hardware_label(label, version)); // with the IF above
        sets(out, version);
    }
}

fn hardware_label(label: &str, version: &str) -> String {
    [label, "_HW", version].concat()
}
