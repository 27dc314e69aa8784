//! Data identifiers of ISO/IEC 15418 (ASC MH10.8.2), as PPN packs use them: up to three digits and a letter.

use std::fmt;

use crate::batch_number::{BatchNumber, BatchNumberError};
use crate::date::{self, DateError, DayZero};
use crate::gtin::{Gtin, GtinError};
use crate::ppn::{Ppn, PpnError};
use crate::serial::{Serial, SerialError};

/// A data identifier, such as `9N`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DataIdentifier {
    text: [u8; 4],
    length: u8,
}

/// A data identifier with its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataElement<'a> {
    /// What the value means.
    pub identifier: DataIdentifier,
    /// The value.
    pub value: &'a str,
}

/// What is wrong with the value of a data element.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DataValueFault {
    /// Nothing behind the identifier.
    #[error("has no value")]
    Empty,
    /// The product code.
    #[error("is wrong: {0}")]
    Ppn(PpnError),
    /// The product code beside it.
    #[error("is wrong: {0}")]
    Gtin(GtinError),
    /// The batch.
    #[error("is wrong: {0}")]
    Batch(BatchNumberError),
    /// The serial number.
    #[error("is wrong: {0}")]
    Serial(SerialError),
    /// The expiry.
    #[error("is wrong: {0}")]
    Date(DateError),
    /// A date of eight digits.
    #[error("is not a date YYYYMMDD")]
    LongDate,
    /// A number.
    #[error("is not a number of at most eight digits")]
    Number,
}

impl DataIdentifier {
    /// Pharmacy Product Number.
    pub const PPN: Self = Self::of(b"9N");
    /// Batch.
    pub const BATCH: Self = Self::of(b"1T");
    /// Expiry, YYMMDD.
    pub const EXPIRY: Self = Self::of(b"D");
    /// Serial number.
    pub const SERIAL: Self = Self::of(b"S");
    /// GTIN beside the PPN.
    pub const GTIN: Self = Self::of(b"8P");
    /// Production date, YYYYMMDD.
    pub const PRODUCTION_DATE: Self = Self::of(b"16D");
    /// Number of units.
    pub const UNITS: Self = Self::of(b"27Q");
    /// A web address.
    pub const URL: Self = Self::of(b"33L");

    const KNOWN: [(Self, &'static str); 8] = [
        (Self::PPN, "PPN"),
        (Self::BATCH, "batch"),
        (Self::EXPIRY, "expiry"),
        (Self::SERIAL, "serial number"),
        (Self::GTIN, "GTIN"),
        (Self::PRODUCTION_DATE, "production date"),
        (Self::UNITS, "number of units"),
        (Self::URL, "web address"),
    ];

    const fn of(text: &[u8]) -> Self {
        let mut kept = [0; 4];
        let mut index = 0;
        while index < text.len() {
            kept[index] = text[index];
            index += 1;
        }
        Self {
            text: kept,
            length: text.len() as u8,
        }
    }

    /// Takes the identifier off the front of an element; `None` if there is none.
    pub fn split_from(part: &str) -> Option<(Self, &str)> {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let letter = part
            .as_bytes()
            .get(digits)
            .filter(|byte| byte.is_ascii_uppercase())?;
        let length = digits + 1;
        (digits <= 3 && letter.is_ascii())
            .then(|| (Self::of(&part.as_bytes()[..length]), &part[length..]))
    }

    /// The identifier as written.
    pub fn as_str(&self) -> &str {
        crate::inline_text::ascii(&self.text[..usize::from(self.length)])
    }

    /// Whether it is one that PPN packs use.
    pub fn is_known(&self) -> bool {
        Self::KNOWN.iter().any(|(known, _)| known == self)
    }

    /// What it means, in words; `None` for one that PPN packs do not use.
    pub fn title(&self) -> Option<&'static str> {
        Self::KNOWN
            .iter()
            .find(|(known, _)| known == self)
            .map(|(_, title)| *title)
    }

    /// The application identifier that means the same.
    pub fn as_application_identifier(&self) -> Option<&'static str> {
        match *self {
            Self::GTIN => Some("01"),
            Self::BATCH => Some("10"),
            Self::EXPIRY => Some("17"),
            Self::SERIAL => Some("21"),
            _ => None,
        }
    }

    /// Tests a value. One behind an identifier that PPN packs do not use must only be there.
    pub fn check(&self, value: &str) -> Result<(), DataValueFault> {
        match *self {
            Self::PPN => Ppn::parse(value).map(drop).map_err(DataValueFault::Ppn),
            Self::GTIN => check_gtin(value),
            Self::BATCH => BatchNumber::parse(value)
                .map(drop)
                .map_err(DataValueFault::Batch),
            Self::SERIAL => Serial::parse(value)
                .map(drop)
                .map_err(DataValueFault::Serial),
            // The century decides only whether year 00 has a 29 February; 2000 had one.
            Self::EXPIRY => date::resolve_yymmdd(value, 2000, DayZero::MeansLastDay)
                .map(drop)
                .map_err(DataValueFault::Date),
            Self::PRODUCTION_DATE => check_long_date(value),
            Self::UNITS => check_number(value),
            _ if value.is_empty() => Err(DataValueFault::Empty),
            _ => Ok(()),
        }
    }
}

/// The identifier asks for 14 digits.
fn check_gtin(value: &str) -> Result<(), DataValueFault> {
    match value.len() {
        14 => Gtin::parse(value).map(drop).map_err(DataValueFault::Gtin),
        length => Err(DataValueFault::Gtin(GtinError::Length {
            value: value.to_owned(),
            length,
        })),
    }
}

fn check_long_date(value: &str) -> Result<(), DataValueFault> {
    date::parse_yyyymmdd(value)
        .map(drop)
        .ok_or(DataValueFault::LongDate)
}

fn check_number(value: &str) -> Result<(), DataValueFault> {
    let fits = (1..=8).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit());
    if fits {
        Ok(())
    } else {
        Err(DataValueFault::Number)
    }
}

impl DataValueFault {
    /// The stable code under which this fault is reported.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "value_empty",
            Self::Ppn(error) => error.code(),
            Self::Gtin(error) => error.code(),
            Self::Batch(error) => error.code(),
            Self::Serial(error) => error.code(),
            Self::Date(error) => error.code(),
            Self::LongDate => "date_shape",
            Self::Number => "value_number",
        }
    }
}

impl fmt::Display for DataIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for DataIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataIdentifier({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(part: &str, expected: Option<(&str, Result<(), &str>)>) {
        let split = DataIdentifier::split_from(part);
        let actual = split.map(|(identifier, value)| {
            (
                identifier.to_string(),
                identifier.check(value).map_err(|fault| fault.code()),
            )
        });
        assert_eq!(
            actual,
            expected.map(|(identifier, result)| (identifier.to_owned(), result)),
            "{part:?}"
        );
    }

    #[test]
    fn identifiers_and_values() {
        check("9N110375286414", Some(("9N", Ok(()))));
        check("16D20280229", Some(("16D", Ok(()))));
        check("16D20270229", Some(("16D", Err("date_shape"))));
        check("27Q12", Some(("27Q", Ok(()))));
        check("27QA", Some(("27Q", Err("value_number"))));
        check("8P04006381333931", Some(("8P", Ok(()))));
        check("8P4006381333931", Some(("8P", Err("gtin_length"))));
        check("33L", Some(("33L", Err("value_empty"))));
        check("1JX", Some(("1J", Ok(()))));
    }

    #[test]
    fn what_begins_with_no_identifier() {
        for part in ["", "12", "1234A", "s1", "-A", "9n1"] {
            check(part, None);
        }
    }
}
