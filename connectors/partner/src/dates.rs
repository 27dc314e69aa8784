//! Dates as partners write them, and the six digits YYMMDD a pack carries (GS1 General Specifications, section 7.12).
//!
//! A file says once, in its mapping, how it writes dates. What does not fit is not guessed: every other way to read it is
//! tried, and if exactly one makes sense it is proposed; if several do, all are named and a person decides. Day 00 is
//! legal and kept. Month and year alone become day 00, since no day was written.

use chrono::{Datelike, Days, NaiveDate};
use packtwin_connector_port::serial_check::{Flaw, quoted};
use packtwin_core::code::Code;
use packtwin_core::date;
use packtwin_core::expiry::Expiry;

/// Years before and after the reference year within which a date in another format is plausible, and a spreadsheet's day number
/// is taken for one at all: any five digits are a day number of some century.
const PLAUSIBLE_YEARS: std::ops::RangeInclusive<i32> = -15..=30;

/// How a column writes dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DateFormat {
    /// YYMMDD, the printed form; everything else is a finding with a proposal where one is certain.
    #[default]
    Auto,
    /// `270131`, as printed on the pack.
    Yymmdd,
    /// `310127`.
    Ddmmyy,
    /// `20270131`.
    Yyyymmdd,
    /// `31012027`.
    Ddmmyyyy,
    /// `2027-01-31`, also with `/` or `.`, also followed by a time.
    YearFirst,
    /// `31.01.2027`, also with `/` or `-`, also with two digits of year.
    DayFirst,
    /// `01/31/2027`, also with two digits of year.
    MonthFirst,
    /// `01/2027`, also with `.` or `-`, also with two digits of year; no day.
    MonthYear,
    /// `2027-01`; no day.
    YearMonth,
    /// `31-Jan-2027` or `Jan 2027`, month names in English, German, French, Spanish and Italian.
    NamedMonth,
    /// The day number of a spreadsheet, counted from 1899-12-30.
    ExcelDays,
}

impl DateFormat {
    /// Every format.
    pub const ALL: [DateFormat; 12] = [
        DateFormat::Auto,
        DateFormat::Yymmdd,
        DateFormat::Ddmmyy,
        DateFormat::Yyyymmdd,
        DateFormat::Ddmmyyyy,
        DateFormat::YearFirst,
        DateFormat::DayFirst,
        DateFormat::MonthFirst,
        DateFormat::MonthYear,
        DateFormat::YearMonth,
        DateFormat::NamedMonth,
        DateFormat::ExcelDays,
    ];

    /// The word in mappings and API.
    pub const fn as_str(self) -> &'static str {
        match self {
            DateFormat::Auto => "auto",
            DateFormat::Yymmdd => "yymmdd",
            DateFormat::Ddmmyy => "ddmmyy",
            DateFormat::Yyyymmdd => "yyyymmdd",
            DateFormat::Ddmmyyyy => "ddmmyyyy",
            DateFormat::YearFirst => "yyyy-mm-dd",
            DateFormat::DayFirst => "dd.mm.yyyy",
            DateFormat::MonthFirst => "mm/dd/yyyy",
            DateFormat::MonthYear => "mm/yyyy",
            DateFormat::YearMonth => "yyyy-mm",
            DateFormat::NamedMonth => "dd-mmm-yyyy",
            DateFormat::ExcelDays => "excel",
        }
    }

    /// Reads the word of [`DateFormat::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        DateFormat::ALL
            .into_iter()
            .find(|format| format.as_str() == text)
    }

    /// The date this text means in this format; `None` when it is not written so.
    ///
    /// Two digits of year cannot hold every year: what YYMMDD would give in another century is not read.
    pub fn read(self, text: &str, reference_year: i32) -> Option<Expiry> {
        let date = self.read_at_its_word(text, reference_year)?;
        let printed = Expiry::parse(date.as_str(), reference_year).ok()?;
        (printed.last_day() == date.last_day()).then_some(date)
    }

    fn read_at_its_word(self, text: &str, reference_year: i32) -> Option<Expiry> {
        let digits = |length: usize| {
            (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
        };
        match self {
            DateFormat::Auto | DateFormat::Yymmdd => Expiry::parse(text, reference_year).ok(),
            DateFormat::Ddmmyy => {
                let text = digits(6)?;
                Expiry::parse(
                    &format!("{}{}{}", &text[4..], &text[2..4], &text[..2]),
                    reference_year,
                )
                .ok()
            }
            DateFormat::Yyyymmdd => {
                let text = digits(8)?;
                from_numbers(&text[..4], &text[4..6], &text[6..], reference_year)
            }
            DateFormat::Ddmmyyyy => {
                let text = digits(8)?;
                from_numbers(&text[4..], &text[2..4], &text[..2], reference_year)
            }
            DateFormat::YearFirst => {
                let [year, month, day] = parts(without_time(text))?;
                (year.len() == 4).then(|| from_numbers(year, month, day, reference_year))?
            }
            DateFormat::DayFirst => {
                let [day, month, year] = parts(without_time(text))?;
                (day.len() <= 2).then(|| from_numbers(year, month, day, reference_year))?
            }
            DateFormat::MonthFirst => {
                // Who writes the month first puts strokes between the numbers; dots are day first everywhere.
                let text = without_time(text);
                let [month, day, year] = parts(text).filter(|_| !text.contains('.'))?;
                (month.len() <= 2).then(|| from_numbers(year, month, day, reference_year))?
            }
            DateFormat::MonthYear => match digits(6) {
                Some(text) => from_numbers(&text[2..], &text[..2], "0", reference_year),
                None => {
                    let [month, year] = parts(text)?;
                    (month.len() <= 2).then(|| from_numbers(year, month, "0", reference_year))?
                }
            },
            DateFormat::YearMonth => match digits(6) {
                Some(text) => from_numbers(&text[..4], &text[4..], "0", reference_year),
                None => {
                    let [year, month] = parts(text)?;
                    (year.len() == 4).then(|| from_numbers(year, month, "0", reference_year))?
                }
            },
            DateFormat::NamedMonth => named_month(text, reference_year),
            DateFormat::ExcelDays => {
                let text = text.strip_suffix(".0").unwrap_or(text);
                (text.len() == 5)
                    .then(|| text.parse().ok())?
                    .and_then(excel_day)
                    .map(Expiry::from_date)
                    .filter(|date| is_plausible(date, reference_year))
            }
        }
    }

    /// Whether a text in the other format looks like one in this format: where a column is known to be written in this one,
    /// such a text is a slip in it and proves nothing of the other.
    fn is_taken_for(self, other: DateFormat, text: &str) -> bool {
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            let length = match self {
                DateFormat::Auto
                | DateFormat::Yymmdd
                | DateFormat::Ddmmyy
                | DateFormat::MonthYear
                | DateFormat::YearMonth => 6,
                DateFormat::Yyyymmdd | DateFormat::Ddmmyyyy => 8,
                DateFormat::ExcelDays => 5,
                DateFormat::YearFirst
                | DateFormat::DayFirst
                | DateFormat::MonthFirst
                | DateFormat::NamedMonth => 0,
            };
            return text.len() == length;
        }
        matches!(
            (self, other),
            (DateFormat::DayFirst, DateFormat::MonthFirst)
                | (DateFormat::MonthFirst, DateFormat::DayFirst)
        )
    }

    /// Every other way to read the text that gives a date near the reference year.
    pub fn readings(text: &str, reference_year: i32) -> Vec<(DateFormat, Expiry)> {
        let mut readings: Vec<(DateFormat, Expiry)> = Vec::new();
        let candidates = DateFormat::ALL.into_iter().skip(1).filter_map(|format| {
            let date = format.read(text, reference_year)?;
            Some((format, date))
        });
        for (format, date) in candidates {
            let known = readings.iter().any(|(_, other)| *other == date);
            if is_plausible(&date, reference_year) && !known {
                readings.push((format, date));
            }
        }
        // Five digits are six whose leading zero a spreadsheet dropped, or a spreadsheet's day number.
        if text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let whole = format!("0{text}");
            for format in [DateFormat::Yymmdd, DateFormat::Ddmmyy] {
                let date = format.read(&whole, reference_year);
                readings.extend(
                    date.filter(|date| is_plausible(date, reference_year))
                        .filter(|date| readings.iter().all(|(_, other)| other != date))
                        .map(|date| (format, date)),
                );
            }
        }
        readings
    }
}

fn is_plausible(date: &Expiry, reference_year: i32) -> bool {
    PLAUSIBLE_YEARS.contains(&(date.last_day().year() - reference_year))
}

/// The calendar day behind a spreadsheet's day number, with the leap day of 1900 that never was.
pub(crate) fn excel_day(days: u64) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(Days::new(days))
}

/// Whether it is known how a column writes its dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Settled {
    /// No date of the column was read so far.
    #[default]
    NotYet,
    /// Other rows are written in the format of the mapping.
    ByOtherRows,
}

/// Reads an expiry or manufacturing date; `what` is how the sentence calls it.
pub(crate) fn check_date(
    what: &str,
    text: &str,
    format: DateFormat,
    settled: Settled,
    reference_year: i32,
) -> Result<Expiry, Flaw> {
    if let Some(date) = format.read(text, reference_year) {
        return Ok(date);
    }
    let wanted = match format {
        DateFormat::Auto | DateFormat::Yymmdd => "YYMMDD".to_owned(),
        other => other.as_str().to_uppercase(),
    };
    let said = format!("{what} {} is not {wanted}", quoted(text));
    let mut readings = DateFormat::readings(text, reference_year);
    if settled == Settled::ByOtherRows || format != DateFormat::Auto {
        readings.retain(|(other, _)| !format.is_taken_for(*other, text));
    }
    Err(match readings.as_slice() {
        [] => Flaw::error(Code::UploadExpiryFormat, said),
        [(_, date)] => Flaw::error(
            Code::UploadExpiryFormat,
            format!("{said}. Did you mean {date}?"),
        )
        .proposing(date.as_str()),
        several => {
            let named: Vec<String> = several
                .iter()
                .map(|(format, date)| format!("{date} (read as {})", format.as_str()))
                .collect();
            Flaw::error(
                Code::UploadExpiryFormat,
                format!(
                    "{said}. It could be {}; choose the date format in the mapping",
                    named.join(" or ")
                ),
            )
        }
    })
}

/// A date from its numbers; day 0 means that no day was written.
fn from_numbers(year: &str, month: &str, day: &str, reference_year: i32) -> Option<Expiry> {
    let number = |text: &str| -> Option<u32> {
        let fits =
            matches!(text.len(), 1 | 2 | 4) && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| text.parse().ok())?
    };
    let year = match (year.len(), number(year)?) {
        (4, year) => year as i32,
        (2, year) => date::full_year(year, reference_year),
        _ => return None,
    };
    match (number(month)?, number(day)?) {
        (month, 0) => Expiry::from_month(year, month),
        (month, day) => NaiveDate::from_ymd_opt(year, month, day).map(Expiry::from_date),
    }
}

/// The parts between separators of one kind.
fn parts<const N: usize>(text: &str) -> Option<[&str; N]> {
    let separator = text.chars().find(|c| !c.is_ascii_digit())?;
    if !matches!(separator, '-' | '/' | '.' | ' ') {
        return None;
    }
    let parts: Vec<&str> = text.split(separator).collect();
    parts.try_into().ok()
}

/// The date of `2027-01-31T00:00:00Z` or `31.01.2027 00:00`.
fn without_time(text: &str) -> &str {
    match text.split_once(['T', ' ']) {
        Some((date, time)) if time.contains(':') => date,
        _ => text,
    }
}

/// Month names by their first letters, enough to tell them apart in five languages.
const MONTHS: [&[&str]; 12] = [
    &["jan", "ene", "gen", "jän"],
    &["feb", "fév", "fev"],
    &["mar", "mär", "mrz"],
    &["apr", "avr", "abr"],
    &["may", "mai", "mag"],
    &["jun", "juin", "giu"],
    &["jul", "juil", "lug"],
    &["aug", "aoû", "aou", "ago"],
    &["sep", "set"],
    &["oct", "okt", "ott"],
    &["nov"],
    &["dec", "dez", "déc", "dic"],
];

fn named_month(text: &str, reference_year: i32) -> Option<Expiry> {
    let lower = text.to_lowercase();
    let tokens: Vec<&str> = lower
        .split(['-', ' ', '/', '.', ','])
        .filter(|token| !token.is_empty())
        .collect();
    let (day, name, year) = match tokens.as_slice() {
        [name, year] => ("0", *name, *year),
        [first, second, year] if first.starts_with(|c: char| c.is_ascii_digit()) => {
            (*first, *second, *year)
        }
        [first, second, year] => (*second, *first, *year),
        _ => return None,
    };
    let month = MONTHS
        .iter()
        .position(|names| names.iter().any(|begin| name.starts_with(begin)))?;
    from_numbers(year, &(month + 1).to_string(), day, reference_year)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, Option<&str>>) {
        let actual = check_date("expiry", text, DateFormat::Auto, Settled::NotYet, 2026);
        assert_eq!(
            actual
                .as_ref()
                .map(Expiry::as_str)
                .map_err(|flaw| flaw.proposal.as_deref()),
            expected,
            "{text:?}: {actual:?}"
        );
    }

    #[test]
    fn six_digits_are_taken_and_day_zero_with_them() {
        check("270131", Ok("270131"));
        check("270200", Ok("270200"));
    }

    #[test]
    fn one_plausible_reading_is_proposed() {
        check("2027-01-31", Err(Some("270131")));
        check("2027-01-31T00:00:00Z", Err(Some("270131")));
        check("20270131", Err(Some("270131")));
        check("31.01.2027", Err(Some("270131")));
        check("31/1/27", Err(Some("270131")));
        check("01/2027", Err(Some("270100")));
        check("012027", Err(Some("270100")));
        check("2027-01", Err(Some("270100")));
        check("Jan 2027", Err(Some("270100")));
        check("31-DEZ-2027", Err(Some("271231")));
        check("46418", Err(Some("270131")));
    }

    #[test]
    fn several_or_no_plausible_readings_are_not_decided() {
        check("02/03/2027", Err(None));
        check("271331", Err(None));
        check("never", Err(None));
        check("31.02.2027", Err(None));
        let flaw = check_date(
            "expiry",
            "02/03/2027",
            DateFormat::Auto,
            Settled::NotYet,
            2026,
        )
        .unwrap_err();
        assert!(
            flaw.text.contains("270302") && flaw.text.contains("270203"),
            "{}",
            flaw.text
        );
    }

    #[test]
    fn a_format_of_the_mapping_is_read_without_a_word() {
        for (format, text, expected) in [
            (DateFormat::Ddmmyy, "310127", "270131"),
            (DateFormat::DayFirst, "02/03/2027", "270302"),
            (DateFormat::MonthFirst, "02/03/2027", "270203"),
            (DateFormat::MonthYear, "02.27", "270200"),
            (DateFormat::ExcelDays, "46418", "270131"),
        ] {
            assert_eq!(
                check_date("expiry", text, format, Settled::NotYet, 2026)
                    .unwrap()
                    .as_str(),
                expected
            );
        }
        let wrong = check_date(
            "expiry",
            "273131",
            DateFormat::Ddmmyy,
            Settled::NotYet,
            2026,
        );
        assert!(wrong.is_err());
    }

    #[test]
    fn a_slip_in_a_settled_column_is_not_read_in_another_format() {
        for (format, settled, text, proposal) in [
            (DateFormat::Auto, Settled::NotYet, "290631", Some("310629")),
            (DateFormat::Auto, Settled::ByOtherRows, "290631", None),
            (DateFormat::Auto, Settled::ByOtherRows, "012027", None),
            (DateFormat::Yymmdd, Settled::NotYet, "290931", None),
            (DateFormat::Ddmmyy, Settled::NotYet, "320131", None),
            (DateFormat::Ddmmyyyy, Settled::NotYet, "20291231", None),
            (DateFormat::DayFirst, Settled::NotYet, "12/31/2029", None),
            // Another shape cannot be a slip.
            (
                DateFormat::Yymmdd,
                Settled::NotYet,
                "30.06.2029",
                Some("290630"),
            ),
            (
                DateFormat::Auto,
                Settled::ByOtherRows,
                "20290630",
                Some("290630"),
            ),
        ] {
            let flaw = check_date("expiry", text, format, settled, 2026).unwrap_err();
            assert_eq!(
                flaw.proposal.as_deref(),
                proposal,
                "{format:?} {settled:?} {text}"
            );
        }
    }

    #[test]
    fn five_digits_are_no_day_number_of_another_century() {
        for (text, proposal) in [
            ("46418", Some("270131")),
            // 1929 and 2001 are no expiry, 1 September 2029 is.
            ("10929", Some("290901")),
            ("90930", Some("300909")),
            // 2173, and no date with a zero before it.
            ("99999", None),
        ] {
            for format in [DateFormat::Auto, DateFormat::ExcelDays] {
                let read = check_date("expiry", text, format, Settled::NotYet, 2026);
                match read {
                    Ok(date) => assert_eq!((Some(date.as_str()), text), (proposal, "46418")),
                    Err(flaw) if format == DateFormat::Auto => {
                        assert_eq!(flaw.proposal.as_deref(), proposal, "{text}");
                    }
                    Err(flaw) => assert_eq!(flaw.code, Code::UploadExpiryFormat),
                }
            }
        }
        // 50128 is a day of 2037, and 5 January 2028 whose zero is lost.
        let both = check_date("expiry", "50128", DateFormat::Auto, Settled::NotYet, 2026);
        let flaw = both.unwrap_err();
        assert_eq!(flaw.proposal, None);
        assert!(
            flaw.text.contains("370329") && flaw.text.contains("280105"),
            "{}",
            flaw.text
        );
    }

    #[test]
    fn dots_are_day_first() {
        check("03.04.2029", Err(Some("290403")));
        check("3.4.29", Err(Some("290403")));
        check("03/04/2029", Err(None));
        check("2129-01-31", Err(None));
    }

    #[test]
    fn every_format_keeps_its_word() {
        for format in DateFormat::ALL {
            assert_eq!(DateFormat::parse(format.as_str()), Some(format));
        }
    }
}
