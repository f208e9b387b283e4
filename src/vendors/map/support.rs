//! The support table: every setting × every vendor, written from the tables into `packaging/SUPPORT.md`.
//!
//! `PHONEBOX_WRITE=1 cargo nextest run --lib support` writes the file anew; without it the test compares.

use super::table::{Row, TABLES, Table};
use crate::settings::catalogue;
use crate::settings::catalogue::{Entry, Kind};
use crate::vendors::{VENDORS, identity_certificate};
use std::fmt::Write;

const HEAD: &str = "\
# Which setting reaches which phone

Written from the tables in `src/settings/catalogue.toml` and `src/vendors/*/settings.toml`; do not edit it here.

- **yes**: the vendor's parameter and its values stand in a public source. No phone was at hand, so nothing here was tried
  on one.
- **not verified on hardware**: the name, or what its values mean, comes from one report or from memory. Try it on one
  phone first.
- **—**: no parameter is known. Raw vendor text in a layer can still say it.
- Avaya's 96x0 and 16xx are told what the 96x1 knows, which is not verified on hardware; phones skip what they do not know.
- ALE's Halo phones are told what the Myriad knows, which is not verified on hardware.
- **only …**: these families or words; **without …**: all but these words; **from …**: since that firmware.
- *per line*: a setting of each line; phones with one line take it from line 1. *secret*: masked, sealed, and sent only with
  a grant that includes secrets. *by the box*: computed, nobody sets it.
";

/// The whole document.
pub fn markdown() -> String {
    let catalogue = catalogue();
    let mut out = HEAD.to_owned();
    let names = |vendor: &str| match vendor {
        "avaya" => "Avaya",
        "ale" => "ALE",
        "yealink" => "Yealink",
        _ => "Snom",
    };
    let mut counted: Vec<usize> = vec![0; TABLES.len()];
    let mut body = String::new();
    for group in catalogue.groups() {
        let titles: Vec<&str> = TABLES.iter().map(|table| names(table.vendor)).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(body, "\n## {}\n\n| setting | | {} |", group.label, titles.join(" | "));
        let _ = writeln!(body, "|---|---|{}", "---|".repeat(titles.len()));
        for (place, entry) in (0u16..).zip(catalogue.entries()).filter(|(_, entry)| entry.group == group.id) {
            let _ = write!(body, "| `{}` | {}{} |", entry.id, entry.label, traits(entry));
            for (table, count) in TABLES.iter().zip(&mut counted) {
                let cell = cell(table, place);
                *count += usize::from(cell != "—");
                let _ = write!(body, " {cell} |");
            }
            body.push('\n');
        }
    }
    let total = catalogue.entries().len();
    let _ = writeln!(out, "\nOf {total} settings:");
    for (table, count) in TABLES.iter().zip(counted) {
        let _ = writeln!(out, "{} {count} ({})", names(table.vendor), table.dialects.join(", "));
    }
    out.push_str(&body);
    out.push_str(&certificates(names));
    let reasons = catalogue.entries().iter().filter_map(|entry| Some((entry, entry.unmapped.as_ref()?)));
    let _ = writeln!(out, "\n## Without a parameter\n");
    reasons.for_each(|(entry, why)| {
        let _ = writeln!(out, "- `{}`: {why}", entry.id);
    });
    out
}

/// How each family comes to an identity certificate of this box.
fn certificates(names: impl Fn(&str) -> &'static str) -> String {
    let mut out = "\n## Identity certificates\n\nWhat a profile's switch (`profile set NAME --certificates true`) does for \
        each phone; none of it was tried on hardware. Every other phone can be set up by hand for SCEP, EST or a file, where it \
        knows one of them.\n\n| vendor | family | models | its own certificate by |\n|---|---|---|---|\n"
        .to_owned();
    for vendor in VENDORS.iter().filter(|vendor| TABLES.iter().any(|table| table.vendor == vendor.id)) {
        let mut families: Vec<(&str, Vec<&str>)> = Vec::new();
        for model in vendor.models.rows() {
            let family = model.dialect.as_deref().unwrap_or(vendor.id);
            match families.iter_mut().find(|(known, _)| *known == family) {
                Some((_, models)) => models.push(&model.name),
                None => families.push((family, vec![&model.name])),
            }
        }
        for (family, models) in families {
            let way = identity_certificate::words(vendor.id, family);
            let _ = writeln!(out, "| {} | {family} | {} | {way} |", names(vendor.id), models.join(", "));
        }
    }
    out
}

fn traits(entry: &Entry) -> String {
    let traits = [(entry.per_line, "per line"), (entry.secret, "secret"), (entry.derived, "by the box")];
    let named: Vec<&str> = traits.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
    if named.is_empty() { String::new() } else { format!(" (*{}*)", named.join(", ")) }
}

fn cell(table: &Table, entry: u16) -> String {
    let rows: Vec<&Row> = table.rows_of(entry).collect();
    let masks = rows.iter().fold(0, |mask, row| mask | row.dialects());
    let all = (1u32 << table.dialects.len()) - 1;
    let speaks = (masks | table.mentioned_in(entry)) & all;
    if speaks == 0 {
        return "—".to_owned();
    }
    let named = |mask: u32| {
        let names = table.dialects.iter().enumerate().filter(|(bit, _)| mask & 1 << bit != 0);
        names.map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(", ")
    };
    // What is true of some of the families only begins with their names.
    let of = |mask: u32, text: &str| match mask & speaks {
        mask if mask == speaks => text.to_owned(),
        mask => format!("{}: {text}", named(mask)),
    };
    let mut says = Vec::new();
    if speaks != all {
        says.push(format!("only {}", named(speaks)));
    }
    if !rows.is_empty() && rows.iter().all(|row| row.since.is_some()) {
        let first = rows.iter().filter_map(|row| row.since.as_ref()).min();
        says.extend(first.map(|since| format!("from {}", version(since))));
    }
    let described = &catalogue().entries()[usize::from(entry)];
    says.extend(rows.iter().filter_map(|row| Some(of(row.dialects(), &words(row, described)?))));
    says.dedup();
    let doubtful = rows.iter().filter(|row| !row.verified).fold(0, |mask, row| mask | row.dialects());
    if doubtful != 0 {
        says.push(of(doubtful, "not verified on hardware"));
    }
    if says.is_empty() { "yes".to_owned() } else { says.join("; ") }
}

fn words(row: &Row, entry: &Entry) -> Option<String> {
    let Kind::Enum { words } = &entry.kind else { return None };
    let missing = &row.unsupported;
    match missing.len() {
        0 => None,
        few if few * 2 <= words.len() => Some(format!("without {}", missing.join(", "))),
        _ => {
            let known: Vec<&str> = words.iter().filter(|word| !missing.contains(word)).map(String::as_str).collect();
            Some(format!("only {}", known.join(", ")))
        }
    }
}

fn version(version: &[u32]) -> String {
    let end = version.iter().rposition(|number| *number != 0).map_or(1, |last| last + 1);
    version.iter().take(end).map(u32::to_string).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_committed_support_table_is_the_generated_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/SUPPORT.md");
        let generated = super::markdown();
        if std::env::var_os("PHONEBOX_WRITE").is_some() {
            std::fs::write(path, &generated).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        let differs = generated.lines().zip(committed.lines()).find(|(a, b)| a != b);
        assert!(
            generated == committed,
            "packaging/SUPPORT.md is old: PHONEBOX_WRITE=1 cargo nextest run --lib support\n{differs:?}"
        );
    }
}
