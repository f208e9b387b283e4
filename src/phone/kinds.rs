//! The kinds of phones there are, and what each asks for: `kinds.toml`, read once.

use crate::net::Mac;
use std::sync::LazyLock;

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    pub id: String,
    #[serde(default)]
    pub agent: String,
    pub grammar: Grammar,
    pub boot: Vec<Step>,
    #[serde(default)]
    pub keeps: bool,
    #[serde(default)]
    pub server: Vec<String>,
    pub user: Option<String>,
    pub password: Option<String>,
    pub discovery: Option<Discovery>,
    pub trust: Option<String>,
    pub firmware: Option<String>,
    pub firmware_file: Option<String>,
    pub firmware_agent: Option<String>,
    pub verifies: Verifies,
    #[serde(default)]
    pub follows: bool,
    #[serde(default)]
    pub strict: bool,
    #[serde(default)]
    pub conditional: bool,
    pub account: [String; 3],
    #[serde(rename = "model")]
    pub models: Vec<Model>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    pub name: String,
    pub version: String,
    #[serde(default)]
    pub common: String,
    #[serde(default)]
    pub spelled: String,
    pub agent: Option<String>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    #[serde(default)]
    pub file: String,
    pub role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Include,
    Values,
    Program,
    Firmware,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
pub enum Grammar {
    #[serde(rename = "pairs")]
    Pairs,
    #[serde(rename = "ini")]
    Ini,
    #[serde(rename = "xml-id")]
    XmlId,
    #[serde(rename = "xml-snom")]
    XmlSnom,
    #[serde(rename = "46xx")]
    Program,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verifies {
    Always,
    OnceTold,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Discovery {
    pub param: String,
    pub on: Vec<String>,
}

#[derive(serde::Deserialize)]
struct Table {
    kind: Vec<Kind>,
}

static KINDS: LazyLock<Vec<Kind>> =
    LazyLock::new(|| toml::from_str::<Table>(include_str!("kinds.toml")).map(|table| table.kind).unwrap_or_default());

/// Every kind and model, for a list.
pub fn all() -> impl Iterator<Item = (&'static Kind, &'static Model)> {
    KINDS.iter().flat_map(|kind| kind.models.iter().map(move |model| (kind, model)))
}

pub fn find(model: &str) -> Option<(&'static Kind, &'static Model)> {
    all().find(|(_, known)| known.name.eq_ignore_ascii_case(model))
}

/// A file name or User-Agent with this phone's own words in it.
pub fn fill(text: &str, model: &Model, version: &str, mac: Mac) -> String {
    let plain = mac.to_string();
    let colons: Vec<&str> = plain.as_bytes().chunks(2).filter_map(|pair| std::str::from_utf8(pair).ok()).collect();
    text.replace("{mac:}", &colons.join(":"))
        .replace("{mac}", &plain)
        .replace("{MAC}", &mac.upper())
        .replace("{model}", &model.name)
        .replace("{spelled}", &model.spelled)
        .replace("{version}", version)
        .replace("{common}", &model.common)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_and_names_itself_as_its_logs_do() {
        toml::from_str::<Table>(include_str!("kinds.toml")).unwrap();
        let agent = |model: &str, mac: &str| {
            let (kind, model) = find(model).unwrap();
            fill(model.agent.as_ref().unwrap_or(&kind.agent), model, &model.version, mac.parse().unwrap())
        };
        // vendors.md §0.2 and avaya.md §1.8, word for word
        assert_eq!(agent("T46S", "805ec0aabbcc"), "Yealink SIP-T46S 66.86.0.15 80:5e:c0:aa:bb:cc");
        assert_eq!(agent("M3", "3c28a620089e"), "ALE M3-CE 2.11.01.1604 3c28a620089e");
        assert_eq!(agent("8028s", "487a55023075"), "ALE 8028s-GE 1.51.52.2204 487a55023075");
        assert_eq!(
            agent("D785", "000413922D24"),
            "Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.33 2010.12-00004-g9ba52f5 000413922D24 SXM:0 UXM:0)"
        );
        assert_eq!(
            agent("J179", "c81fea83e85a"),
            "Mozilla/4.0 (compatible; MSIE 6.0) AVAYA/J179-4.1.3.0.6 (MAC:c81fea83e85a)"
        );
        assert_eq!(agent("9608", "d47856b7122c"), "", "not known, so not invented");
    }
}
