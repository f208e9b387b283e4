//! The models of a vendor: `models.toml` beside each vendor's tables, parsed once, found by any spelling.
//!
//! Separators and letter case never matter: `X6U Pro`, `x6u_pro` and `X6U-PRO` are one model.

use std::borrow::Cow;

/// One row of `models.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    pub name: String,
    /// Other spellings the phone or its documents use.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The file this model asks for beside its own `<mac>` file.
    pub common: Option<String>,
    /// More models ask for the same common file, so the file alone does not name this one.
    #[serde(default)]
    pub shared: bool,
    /// Where one vendor has several file formats or key sets: which one.
    pub dialect: Option<String>,
    /// How many lines it has, where a document says so.
    pub lines: Option<u8>,
    /// The parameter that names the firmware.
    pub firmware: Option<String>,
    /// The least firmware that works with a box like this one. Its first part may be `XX`: the number of the model.
    pub least: Option<String>,
    /// From this one on it does not any more.
    pub until: Option<String>,
    /// Single ones between that do not.
    #[serde(default)]
    pub except: Vec<String>,
    /// The least firmware that makes it a phone for Teams, which has no SIP accounts and no call statistics. All with the
    /// same second part do.
    pub teams: Option<String>,
    /// From a document, a log or running code; otherwise recollection or analogy.
    pub verified: bool,
}

impl Model {
    /// Yealink's y-number: `y000000000096.cfg` is 96.
    pub fn common_number(&self) -> Option<u16> {
        self.common.as_deref()?.strip_prefix('y')?.strip_suffix(".cfg")?.parse().ok()
    }
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    firmware: Option<String>,
    models: Vec<Model>,
}

#[derive(Debug, Default)]
pub struct Models {
    rows: Vec<Model>,
    /// Hash of a spelling → row, sorted by hash.
    index: Vec<(u64, u16)>,
}

impl Models {
    /// The text is part of the program: a test parses every one of them.
    pub fn parse(text: &str) -> Models {
        let file: File = toml::from_str(text).expect("models.toml is well-formed");
        let mut rows = file.models;
        for row in &mut rows {
            row.firmware = row.firmware.take().or_else(|| file.firmware.clone());
        }
        let mut index: Vec<(u64, u16)> = (0u16..)
            .zip(&rows)
            .flat_map(|(at, row)| {
                let spellings = std::iter::once(&row.name).chain(&row.aliases);
                spellings.map(move |spelling| (hash(spelling), at)).collect::<Vec<_>>()
            })
            .collect();
        index.sort_unstable();
        Models { rows, index }
    }

    pub fn rows(&self) -> &[Model] {
        &self.rows
    }

    pub fn find(&self, name: &str) -> Option<&Model> {
        let wanted = hash(name);
        let first = self.index.partition_point(|(hash, _)| *hash < wanted);
        let row = self.rows.get(usize::from(self.index.get(first).filter(|(hash, _)| *hash == wanted)?.1))?;
        let same = |spelling: &String| key(spelling).eq(key(name));
        (same(&row.name) || row.aliases.iter().any(same)).then_some(row)
    }
}

/// The letters and digits of a spelling, upper case.
fn key(text: &str) -> impl Iterator<Item = u8> + '_ {
    text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_uppercase())
}

/// FNV-1a over the key.
fn hash(text: &str) -> u64 {
    fnv(key(text))
}

pub(super) fn fnv(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

/// For vendors that print their models as they are written: nothing to change.
pub fn as_printed(name: &str) -> Cow<'_, str> {
    Cow::Borrowed(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_and_case_do_not_matter_and_a_row_inherits_the_firmware_parameter() {
        let models = Models::parse(
            "firmware = \"fw.url\"\nmodels = [\n  { name = \"X6U-Pro\", aliases = [\"X6UP\"], verified = true },\n  \
             { name = \"X7\", common = \"y000000000096.cfg\", firmware = \"other\", verified = false },\n]",
        );
        for spelling in ["x6u pro", "X6U_PRO", "X6UPro", "x6up"] {
            assert_eq!(models.find(spelling).map(|model| model.name.as_str()), Some("X6U-Pro"), "{spelling}");
        }
        assert!(models.find("X6").is_none() && models.find("").is_none());
        assert_eq!(models.find("X6U-Pro").and_then(|model| model.firmware.as_deref()), Some("fw.url"));
        let x7 = models.find("X7").unwrap();
        assert_eq!((x7.common_number(), x7.firmware.as_deref()), (Some(96), Some("other")));
    }
}
