//! A point in time as a query says it: milliseconds, or a day.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer};
use std::str::FromStr;
use utoipa::openapi::schema::Type;
use utoipa::openapi::{KnownFormat, ObjectBuilder, OneOfBuilder, RefOr, Schema, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

/// Milliseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub i64);

impl FromStr for Moment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Moment, &'static str> {
        const RULE: &str =
            "it is no day like 2026-11-22, no time like 2026-11-22T17:15 (UTC) and no milliseconds since 1970";
        if let Ok(millis) = text.parse() {
            return Ok(Moment(millis));
        }
        let time: DateTime = text.parse().map_err(|_| RULE)?;
        let time = time.to_zoned(TimeZone::UTC).map_err(|_| RULE)?;
        Ok(Moment(time.timestamp().as_millisecond()))
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Moment, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl PartialSchema for Moment {
    fn schema() -> RefOr<Schema> {
        let millis = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(i64::MIN))
            .maximum(Some(i64::MAX));
        let day = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
            .description(Some("The start of a day, UTC; or a time of it: 2026-11-22T17:15"));
        OneOfBuilder::new().item(millis).item(day).into()
    }
}

impl ToSchema for Moment {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_days_and_times_are_moments() {
        let of = |text: &str| text.parse::<Moment>().map(|moment| moment.0);
        assert_eq!(of("1764288000000"), Ok(1_764_288_000_000));
        assert_eq!(of("-1"), Ok(-1));
        assert_eq!(of("2025-11-28"), Ok(1_764_288_000_000));
        assert_eq!(of("2025-11-28T01:00"), Ok(1_764_291_600_000));
        for wrong in ["", "x", "2025-13-01", "2025-11", "1e3", "99999999999999999999"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
