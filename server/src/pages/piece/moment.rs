//! A point in time as a page shows it: local with offset, UTC in the title (users.md 2.2). Dates are ISO in tables.

use askama::Template;
use chrono::{DateTime, SecondsFormat, TimeZone, Utc};

/// A point in time, already written out for the reader's zone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "piece/moment.html")]
pub struct Moment {
    /// RFC 3339 in UTC, to the second: the machine's form.
    pub utc: String,
    /// `YYYY-MM-DD` in the reader's zone.
    pub date: String,
    /// `HH:MM` in the reader's zone.
    pub time: String,
    /// The offset at that instant, `+02:00`.
    pub offset: String,
    /// The zone's name, `Europe/Berlin`.
    pub zone: String,
}

super::embeddable!(Moment);

impl Moment {
    /// Writes `at` out for `zone`.
    pub fn new(at: DateTime<Utc>, zone: chrono_tz::Tz) -> Self {
        let local = zone.from_utc_datetime(&at.naive_utc());
        Moment {
            utc: at.to_rfc3339_opts(SecondsFormat::Secs, true),
            date: local.format("%Y-%m-%d").to_string(),
            time: local.format("%H:%M").to_string(),
            offset: local.format("%:z").to_string(),
            zone: zone.name().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Moment;
    use chrono::{TimeZone, Utc};

    fn check(hour: u32, month: u32, zone: chrono_tz::Tz, local: &str) {
        let at = Utc.with_ymd_and_hms(2031, month, 7, hour, 30, 0).unwrap();
        let moment = Moment::new(at, zone);
        assert_eq!(
            format!("{} {} {}", moment.date, moment.time, moment.offset),
            local
        );
    }

    #[test]
    fn local_time_follows_the_zone_and_the_season() {
        check(22, 1, chrono_tz::Europe::Berlin, "2031-01-07 23:30 +01:00");
        check(22, 7, chrono_tz::Europe::Berlin, "2031-07-08 00:30 +02:00");
        check(22, 7, chrono_tz::UTC, "2031-07-07 22:30 +00:00");
    }
}
