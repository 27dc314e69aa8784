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

/// How people and files write a date. It must be said, since `310127` is two different days in two of them.
///
/// Between the parts may stand `.`, `/`, `-`, a space or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DateFormat {
    /// As in the symbol; day 00 allowed.
    YyMmDd,
    /// As Russia prints it; day 00 allowed.
    DdMmYy,
    /// As ISO 8601 and most files have it.
    YyyyMmDd,
    /// As most of Europe writes it.
    DdMmYyyy,
    /// As German packs print it; no day.
    MmYyyy,
    /// Year and month; no day.
    YyyyMm,
}

/// Why a text is not a date.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// Anything but six ASCII digits.
    #[error("date {value:?} is not six digits YYMMDD")]
    Shape {
        /// The text as given.
        value: String,
    },
    /// A date people write, in another format than was said.
    #[error("date {value:?} is not written as {format}")]
    Format {
        /// The text as given.
        value: String,
        /// The format expected.
        format: DateFormat,
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
            Self::Shape { .. } | Self::Format { .. } => "date_shape",
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

/// The parts of a date that is written as `format`: year with its century, month, and the day unless it is 00 or left out.
///
/// The parts are tested to be a day, or a month where there is no day.
pub fn parse_written(
    text: &str,
    format: DateFormat,
    reference_year: i32,
) -> Result<(i32, u32, Option<u32>), DateError> {
    let shape = || DateError::Format {
        value: text.to_owned(),
        format,
    };
    let numbers = split_numbers(text, format.widths()).ok_or_else(shape)?;
    let (year, month, day) = match (format, &numbers[..]) {
        (DateFormat::YyMmDd, &[year, month, day]) => (full_year(year, reference_year), month, day),
        (DateFormat::DdMmYy, &[day, month, year]) => (full_year(year, reference_year), month, day),
        (DateFormat::YyyyMmDd, &[year, month, day]) => (year as i32, month, day),
        (DateFormat::DdMmYyyy, &[day, month, year]) => (year as i32, month, day),
        (DateFormat::MmYyyy, &[month, year]) => (year as i32, month, 0),
        (DateFormat::YyyyMm, &[year, month]) => (year as i32, month, 0),
        _ => return Err(shape()),
    };
    let last = last_day_of_month(year, month).ok_or_else(|| DateError::Month {
        value: text.to_owned(),
        month,
    })?;
    match day {
        0 if format.may_leave_day_open() => Ok((year, month, None)),
        1.. if day <= last.day() => Ok((year, month, Some(day))),
        _ => Err(DateError::Day {
            value: text.to_owned(),
            day,
        }),
    }
}

impl DateFormat {
    fn widths(self) -> &'static [usize] {
        match self {
            Self::YyMmDd | Self::DdMmYy => &[2, 2, 2],
            Self::YyyyMmDd => &[4, 2, 2],
            Self::DdMmYyyy => &[2, 2, 4],
            Self::MmYyyy => &[2, 4],
            Self::YyyyMm => &[4, 2],
        }
    }

    fn may_leave_day_open(self) -> bool {
        !matches!(self, Self::YyyyMmDd | Self::DdMmYyyy)
    }
}

impl std::fmt::Display for DateFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::YyMmDd => "YYMMDD",
            Self::DdMmYy => "DDMMYY",
            Self::YyyyMmDd => "YYYY-MM-DD",
            Self::DdMmYyyy => "DD.MM.YYYY",
            Self::MmYyyy => "MM/YYYY",
            Self::YyyyMm => "YYYY-MM",
        })
    }
}

/// Numbers of just these widths with nothing else between or behind them than separators.
fn split_numbers(text: &str, widths: &[usize]) -> Option<Vec<u32>> {
    let mut rest = text.trim();
    let mut numbers = Vec::with_capacity(widths.len());
    for (index, &width) in widths.iter().enumerate() {
        if index > 0 {
            rest = rest.strip_prefix(['.', '/', '-', ' ']).unwrap_or(rest);
        }
        let (digits, behind) = rest.split_at_checked(width)?;
        numbers.push(
            digits
                .bytes()
                .all(|byte| byte.is_ascii_digit())
                .then(|| digits.parse().ok())
                .flatten()?,
        );
        rest = behind;
    }
    rest.is_empty().then_some(numbers)
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

    fn check_written(
        text: &str,
        format: DateFormat,
        expected: Result<(i32, u32, Option<u32>), &str>,
    ) {
        let actual = parse_written(text, format, 2026);
        assert_eq!(
            actual.as_ref().map_err(DateError::code),
            expected.as_ref().map_err(|code| *code),
            "{text:?} as {format}"
        );
    }

    #[test]
    fn dates_as_people_write_them() {
        use DateFormat::{DdMmYy, DdMmYyyy, MmYyyy, YyMmDd, YyyyMm, YyyyMmDd};
        check_written("310127", DdMmYy, Ok((2027, 1, Some(31))));
        check_written("310127", YyMmDd, Ok((2031, 1, Some(27))));
        check_written("00.02.28", DdMmYy, Ok((2028, 2, None)));
        check_written("2028-02-29", YyyyMmDd, Ok((2028, 2, Some(29))));
        check_written("20280229", YyyyMmDd, Ok((2028, 2, Some(29))));
        check_written(" 29.02.2028 ", DdMmYyyy, Ok((2028, 2, Some(29))));
        check_written("02/2028", MmYyyy, Ok((2028, 2, None)));
        check_written("2028-02", YyyyMm, Ok((2028, 2, None)));
        check_written("29.02.2027", DdMmYyyy, Err("date_day"));
        check_written("2028-02-00", YyyyMmDd, Err("date_day"));
        check_written("13/2028", MmYyyy, Err("date_month"));
        check_written("2/2028", MmYyyy, Err("date_shape"));
        check_written("2028-02-29T00:00", YyyyMmDd, Err("date_shape"));
        check_written("", YyMmDd, Err("date_shape"));
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
