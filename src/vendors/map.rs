//! stub
use super::Item;
use crate::settings::{Resolved, SettingId, Values};
pub struct Dialect<'a> {
    pub vendor: &'a str,
    pub name: &'a str,
    pub firmware: Option<&'a str>,
    pub year: i16,
}
#[derive(Default)]
pub struct Mapped {
    pub items: Vec<Item>,
    pub unsaid: Vec<Unsaid>,
}
pub struct Unsaid {
    pub setting: SettingId,
    pub line: u8,
    pub why: String,
}
pub fn vendor_layer(_: &str) -> &'static Values {
    static N: std::sync::LazyLock<Values> = std::sync::LazyLock::new(Values::default);
    &N
}
pub fn map(_: &Dialect<'_>, _: &[Resolved]) -> Mapped {
    Mapped::default()
}
pub fn is_secret_param(_: &str, _: &str) -> bool {
    true
}
