//! The wall clock, read at the edges only: what decides gets `now` as a parameter.

/// Milliseconds since 1970-01-01 UTC.
pub fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// As people read it: `2026-11-22 17:15:23Z`.
pub fn shown(millis: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(millis);
    at.map_or_else(|_| "-".into(), |at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
}
