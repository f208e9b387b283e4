//! What Device Enrollment Services takes as a site's configuration ZIP (AVA-071 to AVA-076), and phones ask for by name.

use crate::vendors::map::is_secret_param;
use crate::vendors::raw::Raw;

/// Whose raw text the settings file is.
pub const VENDOR: &str = "avaya";
const SETTINGS: &str = "46xxsettings.txt";
/// Of the phones that DES itself serves.
const UPGRADES: [&str; 2] = ["J100Supgrade", "K1xxSupgrade"];
/// AVA-072, and the certificates that TRUSTCERTS names (AVA-074).
const ENDINGS: [&str; 16] = [
    "xml", "png", "jpg", "jpeg", "gif", "bmp", "mp3", "wav", "ogg", "pkcs12", "p12", "pfx", "txt", "crt", "pem", "cer",
];

/// What a file of the archive is, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    Settings,
    /// The name that phones ask for; AVA-073 calls them `.xml`, they ask for `.txt`.
    Upgrade(String),
    Other,
}

/// `Err`: the rule that the name breaks.
pub fn part(name: &str) -> Result<Part, String> {
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    if !ENDINGS.contains(&ending.to_ascii_lowercase().as_str()) {
        return Err(format!("may not be in it: only files that end in .{} may", ENDINGS.join(" .")));
    }
    // AVA-075, AVA-076: phones ask for exactly these.
    if name == SETTINGS {
        return Ok(Part::Settings);
    }
    if stem.to_ascii_lowercase().starts_with("46xxsettings") {
        return Err(format!("is not what phones ask for: the settings file is named exactly {SETTINGS}"));
    }
    match UPGRADES.iter().find(|upgrade| upgrade.eq_ignore_ascii_case(stem)) {
        None => Ok(Part::Other),
        Some(upgrade) if *upgrade == stem && ["txt", "xml"].contains(&ending) => {
            Ok(Part::Upgrade(format!("{upgrade}.txt")))
        }
        Some(upgrade) => {
            Err(format!("is not what phones ask for: that file is named exactly {upgrade}.txt or {upgrade}.xml"))
        }
    }
}

/// A key, or words that set a password.
pub fn may_hold_a_secret(name: &str, body: &[u8]) -> bool {
    let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    if ["p12", "pfx", "pkcs12"].contains(&ending.as_str()) {
        return true;
    }
    if !["txt", "xml", "pem", "crt", "cer"].contains(&ending.as_str()) {
        return false;
    }
    let text = String::from_utf8_lossy(body);
    let lower = text.to_ascii_lowercase();
    ["passw", "secret", "private key"].iter().any(|word| lower.contains(word))
        || ending == "txt" && text.split_ascii_whitespace().any(|word| is_secret_param(VENDOR, word))
}

/// The certificates that settings name (AVA-074), each with its line.
pub fn certificates(raw: &Raw) -> impl Iterator<Item = (usize, &str)> {
    let named = raw.lines.iter().filter(|line| line.name.as_deref() == Some("TRUSTCERTS"));
    let names = named.flat_map(|line| {
        let names = line.value.as_deref().unwrap_or_default().split(',');
        names.map(move |name| (line.line, name.trim()))
    });
    names.filter(|(_, name)| !name.is_empty() && !name.contains("://"))
}
