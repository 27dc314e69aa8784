//! Points in time, handed in and never fetched.
//!
//! Every rule that depends on time takes a [`Timestamp`] as a parameter, so that ten days and seven days are tested in
//! milliseconds. Only the outermost room implements [`Clock`] with the machine's clock. Stored as UTC microseconds on
//! both database engines.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Utc};

/// Microseconds in one second.
const SECOND_MICROS: i64 = 1_000_000;
/// Microseconds in one day of 86 400 seconds (UTC has no other).
const DAY_MICROS: i64 = 86_400 * SECOND_MICROS;

/// A point in time: microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// A point given in microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Timestamp(micros)
    }

    /// Microseconds since the epoch, the form in which both engines store it.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(SECOND_MICROS)
    }

    /// Reads RFC 3339 with an offset; a time without a zone is refused, since it names no point in time.
    pub fn parse(text: &str) -> Option<Self> {
        let at = DateTime::parse_from_rfc3339(text).ok()?;
        Some(Timestamp(at.timestamp_micros()))
    }

    /// 00:00 UTC of a calendar day.
    pub fn start_of_day(day: NaiveDate) -> Self {
        let days = i64::from(day.num_days_from_ce()) - 719_163;
        Timestamp(days * DAY_MICROS)
    }

    /// The calendar day in UTC.
    pub fn date(self) -> NaiveDate {
        self.to_utc().date_naive()
    }

    /// The year in UTC, the reference for the century window of two-digit years (GS1 General Specifications 7.12).
    pub fn year(self) -> i32 {
        self.date().year()
    }

    /// The point `seconds` later.
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Timestamp(self.0.saturating_add(seconds.saturating_mul(SECOND_MICROS)))
    }

    /// The point `days` times 24 hours later.
    pub const fn plus_days(self, days: i64) -> Self {
        Timestamp(self.0.saturating_add(days.saturating_mul(DAY_MICROS)))
    }

    /// Microseconds from `earlier` to this point; negative when this point is the earlier one.
    pub const fn micros_since(self, earlier: Timestamp) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or(DateTime::UNIX_EPOCH)
    }
}

/// RFC 3339 in UTC with milliseconds, e.g. `2026-11-22T14:50:14.000Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_utc().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where the present comes from. The server implements it with the machine's clock, tests with one they own.
pub trait Clock: Send + Sync {
    /// The present point in time.
    fn now(&self) -> Timestamp;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_number_are_the_same_point() {
        let at = Timestamp::parse("2026-11-22T15:50:14+01:00").unwrap();
        assert_eq!(at.to_string(), "2026-11-22T14:50:14.000Z");
        assert_eq!(
            Timestamp::start_of_day(at.date()).to_string(),
            "2026-11-22T00:00:00.000Z"
        );
        assert_eq!(at.plus_days(1).micros_since(at), DAY_MICROS);
    }

    #[test]
    fn a_time_without_zone_is_no_point() {
        assert_eq!(Timestamp::parse("2026-11-22T15:50:14"), None);
    }
}
