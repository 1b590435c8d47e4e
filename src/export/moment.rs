//! Owns how times of rows are written: RFC 3339, UTC, to the microsecond where there are any.

use chrono::{DateTime, SecondsFormat};

/// The first microsecond of year 1: what readers of STIX and Elasticsearch can hold.
const YEAR_ONE: i64 = -62_135_596_800_000_000;

/// Microseconds since 1970 UTC as text; `None` before year 1.
pub(super) fn text(micros: i64) -> Option<String> {
    let form = if micros % 1000 == 0 {
        SecondsFormat::Millis
    } else {
        SecondsFormat::Micros
    };
    let moment = DateTime::from_timestamp_micros(micros).filter(|_| micros >= YEAR_ONE)?;
    Some(moment.to_rfc3339_opts(form, true))
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn times_are_written_to_what_they_have() {
        assert_eq!(text(0).unwrap(), "1970-01-01T00:00:00.000Z");
        assert_eq!(text(-1).unwrap(), "1969-12-31T23:59:59.999999Z");
        assert_eq!(text(super::YEAR_ONE).unwrap(), "0001-01-01T00:00:00.000Z");
        assert_eq!(text(super::YEAR_ONE - 1), None);
        assert_eq!(text(i64::MIN), None);
    }
}
