//! Firmware management: the releases there are, what an account or a site chose of them for its phones, and which file that
//! makes of a model (AVA-138 to AVA-142, AVA-160). Pure here; the rows are [`store`]'s.
//!
//! A release is a file of the store that is firmware, with a vendor, a model and a version. An account has its own and the
//! box's. A choice counts only while the account's switch is on, and any `firmware.file` that somebody set is stronger.

pub mod api;
pub mod store;

use crate::db::BOX_ACCOUNT;
use crate::settings::{Layer, Provenance};
use crate::vendors::{self, Model, Vendor, firmware};
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What phones of a model, or of a family of models, are to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    /// The newest release of their model that works with it; what is newer already stays as it is.
    Latest,
    /// What they run: nothing is said.
    Off,
    /// The release of this version.
    Release,
    /// At a site: what its account chose.
    Account,
}

impl Choice {
    pub fn word(self) -> &'static str {
        match self {
            Choice::Latest => "latest",
            Choice::Off => "off",
            Choice::Release => "release",
            Choice::Account => "account",
        }
    }

    pub fn of_word(word: &str) -> Option<Choice> {
        [Choice::Latest, Choice::Off, Choice::Release, Choice::Account].into_iter().find(|one| one.word() == word)
    }
}

/// A choice as it was made.
#[derive(Debug, Clone)]
pub struct Chosen {
    pub vendor: String,
    /// `dialect` of the vendor's models; empty: of those without one.
    pub family: String,
    /// Empty: every model of the family.
    pub model: String,
    pub choice: Choice,
    pub version: Option<String>,
    pub author: Arc<str>,
    pub at: i64,
}

/// A file that phones of one model can be given.
#[derive(Debug, Clone)]
pub struct Release {
    pub account_id: i64,
    pub vendor: &'static Vendor,
    pub model: String,
    pub version: String,
    pub file: Arc<str>,
    pub created_at: i64,
}

impl Release {
    /// Why phones of its model should not have it.
    pub fn unfit(&self) -> Option<firmware::Misfit> {
        firmware::misfit(vendors::model(self.vendor, &self.model)?, &self.version)
    }

    pub fn is_of(&self, vendor: &Vendor, model: &str) -> bool {
        self.vendor == vendor && self.model.eq_ignore_ascii_case(model)
    }

    /// The newer one; of two alike the account's own, and of those the one that came later.
    pub fn order(&self, other: &Release) -> Ordering {
        let is_own = |one: &Release| one.account_id != BOX_ACCOUNT;
        firmware::by_number(&self.version, &other.version)
            .then(is_own(self).cmp(&is_own(other)))
            .then(self.created_at.cmp(&other.created_at))
            .then_with(|| self.file.cmp(&other.file))
    }
}

/// The family of a model: empty for a vendor with one only, and for a model that no table lists.
pub fn family(vendor: &'static Vendor, model: &str) -> &'static str {
    vendors::model(vendor, model).map_or("", of)
}

fn of(model: &'static Model) -> &'static str {
    model.dialect.as_deref().unwrap_or("")
}

/// The families that a vendor's models are of, in the order of its table.
pub fn families(vendor: &'static Vendor) -> Vec<&'static str> {
    let mut found: Vec<&str> = Vec::new();
    for model in vendor.models.rows() {
        if !found.contains(&of(model)) {
            found.push(of(model));
        }
    }
    found
}

/// What counts for a model among the choices of one place: its own before its family's.
pub fn chosen<'a>(choices: &'a [Chosen], vendor: &str, family: &str, model: &str) -> Option<&'a Chosen> {
    let of_vendor = || choices.iter().filter(|one| one.vendor == vendor);
    let own = of_vendor().find(|one| !one.model.is_empty() && one.model.eq_ignore_ascii_case(model));
    own.or_else(|| of_vendor().find(|one| one.model.is_empty() && one.family == family))
}

/// Everybody's choices and releases, as far as switches are on: read once per change of anything shared.
#[derive(Default)]
pub struct Policy {
    /// Accounts whose switch is on.
    accounts: HashSet<i64>,
    /// By account, and by site where it is a site's.
    choices: HashMap<(i64, Option<i64>), Vec<Chosen>>,
    /// By account: its own releases.
    releases: HashMap<i64, Vec<Release>>,
    /// Names of the box's releases, lower case, that mean an account's own file to its phones.
    shadowed: HashSet<(i64, String)>,
}

/// Of which phone the policy is asked.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    pub account: i64,
    pub site: Option<i64>,
    pub vendor: &'static Vendor,
    pub model: &'a str,
    /// The firmware that it says it runs.
    pub runs: Option<&'a str>,
}

impl Policy {
    pub fn is_on(&self, account: i64) -> bool {
        self.accounts.contains(&account)
    }

    /// The file that this phone is to run, and who said so. `site`: the name of its site.
    pub fn file(&self, about: &About, site: Option<&Arc<str>>) -> Option<(Arc<str>, Provenance)> {
        if !self.is_on(about.account) {
            return None;
        }
        let of_place = |place: Option<i64>| {
            let choices = self.choices.get(&(about.account, place))?;
            chosen(choices, about.vendor.id, family(about.vendor, about.model), about.model)
        };
        let of_site = about.site.and_then(|site| of_place(Some(site))).filter(|one| one.choice != Choice::Account);
        let counts = of_site.or_else(|| of_place(None));
        let release = match counts.map_or(Choice::Latest, |one| one.choice) {
            Choice::Off => None,
            Choice::Release => {
                let version = counts.and_then(|one| one.version.as_deref())?;
                self.visible(about).filter(|one| one.version == version).max_by(|one, other| one.order(other))
            }
            Choice::Latest | Choice::Account => {
                let newest =
                    self.visible(about).filter(|one| one.unfit().is_none()).max_by(|one, other| one.order(other));
                let is_older =
                    |version: &str| about.runs.is_some_and(|runs| firmware::by_number(version, runs) == Ordering::Less);
                newest.filter(|one| !is_older(&one.version))
            }
        }?;
        let from = Provenance {
            layer: Layer::Policy,
            scope: site.filter(|_| of_site.is_some()).cloned().unwrap_or_default(),
            author: counts.map_or_else(|| "by default".into(), |one| one.author.clone()),
            at: counts.map_or(0, |one| one.at),
        };
        Some((release.file.clone(), from))
    }

    /// Releases of the phone's model that its account has. One of the box's under a name that the account has a file of its
    /// own by is none: its phones would get that file.
    fn visible(&self, about: &About) -> impl Iterator<Item = &Release> {
        let About { account, vendor, model, .. } = *about;
        let of = |account: i64| self.releases.get(&account).map(Vec::as_slice).unwrap_or_default();
        let of_box = if account == BOX_ACCOUNT { &[] } else { of(BOX_ACCOUNT) };
        let is_seen = move |one: &&Release| {
            one.is_of(vendor, model)
                && (one.account_id == account || !self.shadowed.contains(&(account, one.file.to_ascii_lowercase())))
        };
        of(account).iter().chain(of_box).filter(is_seen)
    }
}
