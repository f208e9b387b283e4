//! `DIR/run.json`: where a running box listens, for scripts and for the console. It is there exactly while the box is
//! ready: removed before the start, written when every listener listens, removed at the stop.

use super::Addresses;
use std::io;
use std::path::Path;

pub const FILE: &str = "run.json";

pub fn write(dir: &Path, addresses: &Addresses) -> io::Result<()> {
    let listeners = [
        ("admin", &addresses.admin),
        ("http", &addresses.http),
        ("https", &addresses.https),
        ("tftp", &addresses.tftp),
        ("old_phones", &addresses.old_phones),
    ];
    // A listener that is off is not in it.
    let text: serde_json::Map<_, _> =
        listeners.iter().filter_map(|(name, of)| Some(((*name).into(), of.first()?.to_string().into()))).collect();
    let text = serde_json::Value::Object(text);
    // Renamed, so that a script never reads half of it.
    let part = dir.join("run.json.part");
    std::fs::write(&part, format!("{text}\n"))?;
    std::fs::rename(part, dir.join(FILE))
}

pub fn remove(dir: &Path) {
    let _ = std::fs::remove_file(dir.join(FILE));
}
