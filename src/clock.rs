//! The wall clock, read at the edges only: what decides gets `now` as a parameter.

/// Milliseconds since 1970-01-01 UTC.
pub fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
