//! Part of step 4: a settings file for whoever asks without a MAC. The request does not say what kind of phone reads it, the
//! phone knows: what counts for a model or a phone group on top of what counts for all becomes a section, which the
//! vendor's writer lets the phone find. Pure, and never with a secret: nobody proved anything.
//!
//! A section has what its own layer says and what follows from it, a group's on top of every model's. What a phone makes
//! of both together its own file says whole: it is the next one it asks for.

use super::load::account_of;
use super::render::Job;
use super::resolve::{self, For, Scopes};
use crate::settings::{Layer, Values};
use crate::vendors::{self, Item, Kin, Section, map};
use std::collections::HashSet;

impl Job<'_> {
    /// `common` is what the file says to all. A model that the request names is among it.
    pub(super) fn sections(&self, whom: &For, common: &[Item]) -> Vec<Section> {
        let account = account_of(self.subject);
        let scopes = |whom: &For| Scopes::of(self.shared, None, None, account, whom);
        let mut sections = Vec::new();
        let mut add = |of: Kin, layer: Layer, items: Vec<Item>| {
            let items = on_top(items, common, layer);
            if !items.is_empty() {
                sections.push(Section { of, items });
            }
        };
        if whom.model.is_none_or(|model| vendors::model(self.vendor, model).is_none()) {
            let names = self.shared.models_of(account, self.vendor.id);
            let rows = names.filter_map(|name| vendors::model(self.vendor, name));
            let mut models: Vec<&'static str> = rows.map(|row| row.name.as_str()).collect();
            models.sort_unstable();
            models.dedup();
            for name in models {
                let whom = For::of(self.vendor, Some(name), whom.version, &self.path.name);
                let is_set = self.shared.model_id(account, self.vendor.id, name);
                if is_set.is_some_and(|id| self.shared.scope(Layer::Model, id).is_some()) {
                    add(Kin::Model(name), Layer::Model, self.told(&whom, &scopes(&whom)));
                }
            }
        }
        let mut groups: Vec<(u16, i64)> = self.shared.phone_groups(account).collect();
        groups.sort_unstable();
        for (number, id) in groups {
            if let Some(scope) = self.shared.scope(Layer::Group, id) {
                add(Kin::Group(number), Layer::Group, self.told(whom, &scopes(whom).and(scope)));
            }
        }
        sections
    }

    /// All that these scopes say, as [`Job::draft`] has it.
    fn told(&self, whom: &For, scopes: &Scopes) -> Vec<Item> {
        let mut resolved = scopes.resolve(&Values::default(), false);
        resolve::add_firmware_url(&mut resolved, self.origin, None);
        let mapped = map::map(&whom.dialect(self.now), &resolved);
        resolve::overlay(mapped.items, scopes.raw(self.vendor.id, false))
    }
}

/// What of `items` the layer itself says, and what is not said to all.
fn on_top(mut items: Vec<Item>, common: &[Item], layer: Layer) -> Vec<Item> {
    let said: HashSet<(&str, &str)> = common
        .iter()
        .filter_map(|item| match item {
            Item::Param(param) => Some((&*param.name, param.value.text())),
            Item::Text { .. } | Item::Unread { .. } => None,
        })
        .collect();
    items.retain(|item| match item {
        Item::Param(param) => param.from.layer == layer || !said.contains(&(&*param.name, param.value.text())),
        Item::Text { from, .. } | Item::Unread { from, .. } => from.layer == layer,
    });
    items
}
