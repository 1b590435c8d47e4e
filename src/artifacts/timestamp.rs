//! Owns points in time as this program writes them: UTC, RFC 3339 in files, `yyyymmddThhmmssZ` in names.

use std::fmt;

use chrono::{DateTime, Datelike, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment in UTC, to the millisecond. Serialises as `2026-11-23T08:40:00.123Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// The present.
    pub fn now() -> Self {
        Self::from(Utc::now())
    }

    /// `yyyymmddThhmmssZ`: sortable, and fit for file names.
    pub fn compact(&self) -> String {
        self.0.format("%Y%m%dT%H%M%SZ").to_string()
    }

    /// The ISO week of it in UTC: `2026-W48`.
    pub fn iso_week(&self) -> String {
        let week = self.0.iso_week();
        format!("{:04}-W{:02}", week.year(), week.week())
    }

    /// The millisecond within its second, 0 to 999.
    pub fn millisecond(&self) -> u16 {
        // A leap second counts on to 1,999.
        self.0.timestamp_subsec_millis().min(999) as u16
    }

    /// Microseconds since 1970 UTC.
    pub fn micros(&self) -> i64 {
        self.0.timestamp_micros()
    }

    /// The next one that can be told from it; the last one that can be written is its own.
    #[must_use]
    pub fn next(self) -> Self {
        let next = self.0.checked_add_signed(TimeDelta::milliseconds(1));
        Self(next.filter(|next| next.year() <= 9999).unwrap_or(self.0))
    }

    /// Midnight (UTC) of its day.
    pub fn midnight(&self) -> Self {
        Self(self.0.date_naive().and_time(chrono::NaiveTime::MIN).and_utc())
    }

    /// Seconds from `earlier` to `self`; zero if the clock was set back in between.
    pub fn seconds_since(&self, earlier: Self) -> f64 {
        ((self.0 - earlier.0).num_milliseconds().max(0) as f64) / 1000.0
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(moment: DateTime<Utc>) -> Self {
        let millis = moment.timestamp_millis();
        Self(DateTime::from_timestamp_millis(millis).unwrap_or(moment))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let moment = DateTime::parse_from_rfc3339(&text)
            .map_err(|e| serde::de::Error::custom(format!("not an RFC 3339 time: {e}")))?
            .to_utc();
        // An offset can carry a time out of the years that RFC 3339 has digits for, and it would not read back.
        if !(0..=9999).contains(&moment.year()) {
            return Err(serde::de::Error::custom("in UTC its year is not one of 0 to 9999"));
        }
        Ok(Self::from(moment))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_one_is_a_millisecond_later_and_can_always_be_written() {
        let read = |text: &str| serde_json::from_str::<Timestamp>(&format!("\"{text}\"")).unwrap();
        assert_eq!(
            read("2026-12-31T23:59:59.999Z").next(),
            read("2027-01-01T00:00:00.000Z")
        );
        let last = read("9999-12-31T23:59:59.999Z");
        assert_eq!(last.next(), last);
    }

    #[test]
    fn every_time_that_is_read_reads_back() {
        for text in [
            "2026-11-27T15:37:17.249Z",
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59.999Z",
            "2026-02-28T23:30:00-01:00",
        ] {
            let read: Timestamp = serde_json::from_str(&format!("\"{text}\"")).unwrap();
            let again: Timestamp = serde_json::from_str(&serde_json::to_string(&read).unwrap()).unwrap();
            assert_eq!(read, again, "{text}");
        }
        for text in [
            "9999-12-31T23:59:59-14:00",
            "0000-01-01T00:00:00+14:00",
            "2026-13-01T00:00:00Z",
            "",
        ] {
            let read = serde_json::from_str::<Timestamp>(&format!("\"{text}\""));
            assert!(read.is_err(), "{text}: {read:?}");
        }
    }
}
