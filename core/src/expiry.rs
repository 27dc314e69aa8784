//! The expiry date of a pack (GS1 AI 17, IFA DI `D`; Delegated Regulation (EU) 2016/161, Article 4(b)(v)).
//!
//! A pack prints six digits YYMMDD, and the day may be 00. Both the digits and the day they mean are kept: a data
//! repository may compare the text, while a decision about an expired pack compares days. Replacing 00 by a day is a known
//! cause of false alerts, so nothing here does it.

use chrono::{Datelike, NaiveDate};

use crate::date::{self, DateError, DateFormat, DayZero};
use crate::inline_text::ascii;

/// An expiry date: the six digits as printed and the last day on which the pack may be supplied.
///
/// Ordered by day, then by text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Expiry {
    last_day: NaiveDate,
    raw: [u8; 6],
}

/// How two expiry dates compare, from the text outwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpiryMatch {
    /// The same six digits.
    SameText,
    /// The same day in other digits: one of them has day 00.
    SameDay,
    /// Another day of the same month.
    SameMonth,
    /// Another month.
    Different,
}

impl Expiry {
    /// Reads YYMMDD; the century is the one a reader in `reference_year` means.
    pub fn parse(raw: &str, reference_year: i32) -> Result<Self, DateError> {
        let last_day = date::resolve_yymmdd(raw, reference_year, DayZero::MeansLastDay)?;
        let mut digits = [b'0'; 6];
        digits.copy_from_slice(raw.as_bytes());
        Ok(Self {
            last_day,
            raw: digits,
        })
    }

    /// Reads a date as people and files write it. Without a day it is the expiry printed with day 00.
    pub fn parse_written(
        text: &str,
        format: DateFormat,
        reference_year: i32,
    ) -> Result<Self, DateError> {
        let (year, month, day) = date::parse_written(text, format, reference_year)?;
        let expiry = match day {
            Some(day) => NaiveDate::from_ymd_opt(year, month, day).map(Self::from_date),
            None => Self::from_month(year, month),
        };
        expiry.ok_or_else(|| DateError::Month {
            value: text.to_owned(),
            month,
        })
    }

    /// The expiry printed with this day.
    pub fn from_date(day: NaiveDate) -> Self {
        Self {
            last_day: day,
            raw: digits(day.year(), day.month(), day.day()),
        }
    }

    /// The expiry printed with month and year only (day 00); `None` if there is no such month.
    pub fn from_month(year: i32, month: u32) -> Option<Self> {
        let last_day = date::last_day_of_month(year, month)?;
        Some(Self {
            last_day,
            raw: digits(year, month, 0),
        })
    }

    /// The six digits as printed.
    pub fn raw(&self) -> &str {
        ascii(&self.raw)
    }

    /// The six digits as printed.
    pub fn as_str(&self) -> &str {
        self.raw()
    }

    /// The last day on which the pack is not yet expired; day 00 means the last day of the month.
    pub fn last_day(&self) -> NaiveDate {
        self.last_day
    }

    /// Whether the pack prints day 00.
    pub fn day_unspecified(&self) -> bool {
        self.raw[4..] == *b"00"
    }

    /// Whether `day` lies behind the last day.
    pub fn is_expired_on(&self, day: NaiveDate) -> bool {
        day > self.last_day
    }

    /// How far this expiry agrees with `other`.
    pub fn compare(&self, other: &Self) -> ExpiryMatch {
        if self.raw == other.raw && self.last_day == other.last_day {
            ExpiryMatch::SameText
        } else if self.last_day == other.last_day {
            ExpiryMatch::SameDay
        } else if self.same_month(other) {
            ExpiryMatch::SameMonth
        } else {
            ExpiryMatch::Different
        }
    }

    /// Whether both lie in the same month of the same year.
    pub fn same_month(&self, other: &Self) -> bool {
        (self.last_day.year(), self.last_day.month())
            == (other.last_day.year(), other.last_day.month())
    }
}

impl std::fmt::Display for Expiry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.raw())
    }
}

impl std::fmt::Debug for Expiry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Expiry({} = {})", self.raw(), self.last_day)
    }
}

fn digits(year: i32, month: u32, day: u32) -> [u8; 6] {
    let pair = |number: u32| [b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8];
    let ([a, b], [c, d], [e, f]) = (pair(year.rem_euclid(100) as u32), pair(month), pair(day));
    [a, b, c, d, e, f]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expiry(raw: &str) -> Expiry {
        Expiry::parse(raw, 2026).unwrap()
    }

    fn check(left: &str, right: &str, expected: ExpiryMatch) {
        assert_eq!(
            expiry(left).compare(&expiry(right)),
            expected,
            "{left} and {right}"
        );
        assert_eq!(
            expiry(right).compare(&expiry(left)),
            expected,
            "{right} and {left}"
        );
    }

    #[test]
    fn the_text_is_kept_beside_the_day() {
        let printed = expiry("280200");
        assert_eq!(
            (printed.raw(), printed.last_day().to_string().as_str()),
            ("280200", "2028-02-29")
        );
        assert!(printed.day_unspecified());
        assert!(!printed.is_expired_on(printed.last_day()));
        assert!(printed.is_expired_on(printed.last_day().succ_opt().unwrap()));
        assert_eq!(Expiry::from_month(2028, 2), Some(printed));
        assert_eq!(
            Expiry::parse_written("02/2028", DateFormat::MmYyyy, 2026),
            Ok(printed)
        );
        assert_eq!(Expiry::from_date(printed.last_day()).raw(), "280229");
    }

    #[test]
    fn agreement_is_graded() {
        check("280229", "280229", ExpiryMatch::SameText);
        check("280200", "280229", ExpiryMatch::SameDay);
        check("280200", "280201", ExpiryMatch::SameMonth);
        check("280200", "280300", ExpiryMatch::Different);
    }

    #[test]
    fn order_is_by_day() {
        let mut dates = [expiry("990101"), expiry("270131"), expiry("270100")];
        dates.sort();
        assert_eq!(
            dates.map(|date| date.to_string()),
            ["990101", "270100", "270131"]
        );
    }
}
