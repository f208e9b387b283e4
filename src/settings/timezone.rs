//! Time zones as phones need them: standard offset and the year's daylight saving rule, derived from the bundled tz
//! database (never the machine's own, so that the same zone gives the same bytes on every box).

use jiff::tz::TimeZoneDatabase;

/// `europe/berlin` → `Europe/Berlin`, when the tz database has it.
pub fn canonical(name: &str) -> Option<String> {
    let zone = TimeZoneDatabase::bundled().get(name).ok()?;
    zone.iana_name().map(str::to_owned)
}
