//! Dates as GS1 and IFA write them: YYMMDD, and the century they mean (GS1 General Specifications, section 7.12).
//!
//! The reference year is always a parameter: a scanned code means the same day in a test of the year 2050 as it will mean
//! in the year 2050. Day 00 stands for the last day of the month where the application identifier allows it.

use chrono::{Datelike, NaiveDate};

/// Whether day 00 may stand for "no day given".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayZero {
    /// 00 means the last day of the month.
    MeansLastDay,
    /// 00 is refused.
    Refused,
}

/// Why six digits are not a date.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// Anything but six ASCII digits.
    #[error("date {value:?} is not six digits YYMMDD")]
    Shape {
        /// The text as given.
        value: String,
    },
    /// Months run from 01 to 12.
    #[error("date {value} has month {month:02}, expected 01 to 12")]
    Month {
        /// The text as given.
        value: String,
        /// The month found.
        month: u32,
    },
    /// The month has no such day.
    #[error("date {value} has day {day:02}, which that month does not have")]
    Day {
        /// The text as given.
        value: String,
        /// The day found.
        day: u32,
    },
}

impl DateError {
    /// The stable code under which this fault is reported.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Shape { .. } => "date_shape",
            Self::Month { .. } => "date_month",
            Self::Day { .. } => "date_day",
        }
    }
}

/// The calendar day that `text` (YYMMDD) means for a reader in `reference_year`.
pub fn resolve_yymmdd(
    text: &str,
    reference_year: i32,
    day_zero: DayZero,
) -> Result<NaiveDate, DateError> {
    let bytes = text.as_bytes();
    if bytes.len() != 6 || !bytes.iter().all(u8::is_ascii_digit) {
        return Err(DateError::Shape {
            value: text.to_owned(),
        });
    }
    let pair = |at: usize| u32::from(bytes[at] - b'0') * 10 + u32::from(bytes[at + 1] - b'0');
    let (year, month, day) = (full_year(pair(0), reference_year), pair(2), pair(4));
    if !(1..=12).contains(&month) {
        return Err(DateError::Month {
            value: text.to_owned(),
            month,
        });
    }
    if day == 0 && day_zero == DayZero::MeansLastDay {
        return last_day_of_month(year, month).ok_or_else(|| DateError::Day {
            value: text.to_owned(),
            day,
        });
    }
    NaiveDate::from_ymd_opt(year, month, day).ok_or_else(|| DateError::Day {
        value: text.to_owned(),
        day,
    })
}

/// The calendar day of eight digits YYYYMMDD; `None` if there is no such day.
pub fn parse_yyyymmdd(text: &str) -> Option<NaiveDate> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |part: &str| part.parse::<u32>().ok();
    NaiveDate::from_ymd_opt(
        text[..4].parse().ok()?,
        number(&text[4..6])?,
        number(&text[6..])?,
    )
}

/// The four-digit year that a two-digit `year` means for a reader in `reference_year`.
///
/// 51 or more years ahead means the century before, 50 or more behind the century after (General Specifications, figure
/// 7.12-1).
pub fn full_year(year: u32, reference_year: i32) -> i32 {
    let century = reference_year.div_euclid(100) * 100;
    let ahead = year as i32 - reference_year.rem_euclid(100);
    let shift = match ahead {
        51.. => -100,
        ..=-50 => 100,
        _ => 0,
    };
    century + shift + year as i32
}

/// The last day of a month; `None` outside months 1 to 12 or the years the calendar can hold.
pub fn last_day_of_month(year: i32, month: u32) -> Option<NaiveDate> {
    let first = NaiveDate::from_ymd_opt(year, month, 1)?;
    first.with_day(u32::from(first.num_days_in_month()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, reference_year: i32, expected: Result<&str, &str>) {
        let actual = resolve_yymmdd(text, reference_year, DayZero::MeansLastDay)
            .map(|date| date.to_string());
        assert_eq!(
            actual.as_deref().map_err(DateError::code),
            expected,
            "{text:?} in {reference_year}"
        );
    }

    #[test]
    fn day_zero_is_the_last_day() {
        check("280200", 2026, Ok("2028-02-29"));
        check("290200", 2026, Ok("2029-02-28"));
        check("300400", 2026, Ok("2030-04-30"));
        assert!(resolve_yymmdd("300400", 2026, DayZero::Refused).is_err());
    }

    #[test]
    fn the_century_window_moves_with_the_reader() {
        check("760630", 2026, Ok("2076-06-30"));
        check("770630", 2026, Ok("1977-06-30"));
        check("000630", 2049, Ok("2000-06-30"));
        check("000630", 2050, Ok("2100-06-30"));
        check("490630", 2099, Ok("2149-06-30"));
        check("500630", 2000, Ok("2050-06-30"));
        check("510630", 2000, Ok("1951-06-30"));
    }

    #[test]
    fn refusals() {
        check("", 2026, Err("date_shape"));
        check("2706", 2026, Err("date_shape"));
        check("27063a", 2026, Err("date_shape"));
        check("271301", 2026, Err("date_month"));
        check("270001", 2026, Err("date_month"));
        check("270631", 2026, Err("date_day"));
        check("270229", 2026, Err("date_day"));
    }
}
