//! What a settings archive holds. Each refusal names the file.

use crate::files;
use crate::vendors::raw::{Raw, parse_raw};
use crate::vendors::site_archive::{self, Part};
use crate::web::unzip::{self, Bounded};
use std::collections::HashSet;
use std::fs::File;
use std::io::Read;

pub const MAX_PACKED: u64 = 16 << 20;
/// All files of an archive, unpacked.
const MAX_BYTES: u64 = 16 << 20;
const MAX_FILES: usize = 200;

#[derive(Debug, Default)]
pub struct Contents {
    /// With how it was read.
    pub settings: Option<(String, Raw)>,
    pub files: Vec<Entry>,
}

#[derive(Debug)]
pub struct Entry {
    pub name: String,
    pub body: Vec<u8>,
    /// It may hold a secret.
    pub proof: bool,
}

pub fn read(file: &mut File) -> Result<Contents, String> {
    let mut archive = unzip::open(file, MAX_FILES)?;
    let (mut contents, mut seen) = (Contents::default(), HashSet::new());
    let mut left = MAX_BYTES;
    for index in 0..archive.len() {
        let fail = |error: zip::result::ZipError| format!("the ZIP cannot be read: {error}");
        let Some(name) = unzip::name(&archive.by_index_raw(index).map_err(fail)?)? else { continue };
        let part = part(&name)?;
        let name = if let Part::Upgrade(asked) = &part { asked.clone() } else { name };
        if !seen.insert(name.to_ascii_lowercase()) {
            return Err(format!("{name:?} is in it twice, or under names that phones take for the same"));
        }
        let mut bounded = Bounded { inner: archive.by_index(index).map_err(fail)?, left };
        let mut body = Vec::new();
        let read = bounded.read_to_end(&mut body);
        read.map_err(|error| format!("{name:?} cannot be unpacked, all together to at most 16 MiB: {error}"))?;
        left = bounded.left;
        match part {
            Part::Settings => contents.settings = Some(settings(&name, body)?),
            Part::Upgrade(_) | Part::Other => {
                let proof = site_archive::may_hold_a_secret(&name, &body);
                contents.files.push(Entry { name, body, proof });
            }
        }
    }
    match seen.is_empty() {
        true => Err("the ZIP holds no file".into()),
        false => Ok(contents),
    }
}

fn part(name: &str) -> Result<Part, String> {
    if name.contains(['/', '\\']) {
        return Err(format!("{name:?} lies in a folder; phones ask for files without one, so pack the files alone"));
    }
    let part = site_archive::part(name).map_err(|rule| format!("{name:?} {rule}"))?;
    if part == Part::Other {
        files::api::file_name(name).map_err(|problem| problem.message.trim_end_matches('.').to_owned())?;
    }
    Ok(part)
}

fn settings(name: &str, body: Vec<u8>) -> Result<(String, Raw), String> {
    let text = String::from_utf8(body).map_err(|_| format!("{name:?} is not UTF-8 text"))?;
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    let raw = parse_raw(site_archive::VENDOR, &text).map_err(|error| match error.line {
        0 => format!("{name:?}: {}", error.rule),
        _ => format!("{name:?}, {error}"),
    })?;
    Ok((text, raw))
}
