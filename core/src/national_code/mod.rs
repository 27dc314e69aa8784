//! National product numbers and where packs carry them.
//!
//! A country's number stands inside a GTIN behind a fixed prefix, or beside it in one of the application identifiers 710 to
//! 717, or only in master data. Here are the numbers inside GTINs of France, Spain, Austria, the Nordic countries and
//! Switzerland; Germany has `pzn`, Italy [`Aic`], the United States [`Ndc`]. Belgium, the Netherlands and others print no
//! number of their own in the symbol.

mod aic;
mod ndc;

pub use aic::{Aic, AicError};
pub use ndc::{Ndc, NdcError, NdcFormat};

use std::fmt;

use crate::check_digit::{first_non_digit, gs1_check_digit};
use crate::gtin::Gtin;

/// A number that a country keeps and a GTIN carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NationalScheme {
    /// France, CIP13: the whole GTIN-13 behind 3400, check digit included.
    FrenchCip,
    /// Spain, Código Nacional: 6 digits, or 7 with the control digit, which is the check digit of the GTIN.
    SpanishCn,
    /// Austria: the first 6 digits of the 7-digit PZN.
    AustrianPzn,
    /// Nordic Vnr, 6 digits; older packs only, newer ones have GTINs that do not carry it.
    NordicVnr,
    /// Switzerland: 5 digits of authorisation and 3 of pack.
    SwissAuthorisation,
}

/// A national number of a scheme whose numbers stand inside a GTIN.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct NationalNumber {
    scheme: NationalScheme,
    gtin: Gtin,
}

/// Why a text is no number of a scheme.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NationalNumberError {
    /// Wrong length.
    #[error("{scheme} {value:?} has {length} characters, expected {expected}")]
    Length {
        /// The scheme.
        scheme: NationalScheme,
        /// The text as given.
        value: String,
        /// Its length in characters.
        length: usize,
        /// What the scheme asks for, in words.
        expected: &'static str,
    },
    /// Something other than digits.
    #[error("{scheme} {value:?} has {character:?} at position {position}, expected digits only")]
    Characters {
        /// The scheme.
        scheme: NationalScheme,
        /// The text as given.
        value: String,
        /// The first character that is not a digit.
        character: char,
        /// Its place, counted from 1.
        position: usize,
    },
    /// Not in the range of the country.
    #[error("{scheme} {value} does not begin with {prefix}")]
    Range {
        /// The scheme.
        scheme: NationalScheme,
        /// The text as given.
        value: String,
        /// What it should begin with.
        prefix: &'static str,
    },
    /// The last digit does not belong to the others.
    #[error("{scheme} {value} has check digit {found}, expected {expected}")]
    CheckDigit {
        /// The scheme.
        scheme: NationalScheme,
        /// The text as given.
        value: String,
        /// Check digit found.
        found: u8,
        /// Check digit expected.
        expected: u8,
    },
}

/// What a scheme's GTINs look like.
struct Layout {
    scheme: NationalScheme,
    name: &'static str,
    /// What GTIN-13s of the scheme begin with.
    prefix: &'static str,
    expected: &'static str,
    /// The application identifier beside a GTIN that carries the number, where there is one.
    ai: Option<&'static str>,
}

const LAYOUTS: [Layout; 5] = [
    Layout {
        scheme: NationalScheme::FrenchCip,
        name: "CIP",
        prefix: "3400",
        expected: "13 digits",
        ai: Some("711"),
    },
    Layout {
        scheme: NationalScheme::SpanishCn,
        name: "CN",
        prefix: "847000",
        expected: "6 or 7 digits",
        ai: Some("712"),
    },
    Layout {
        scheme: NationalScheme::AustrianPzn,
        name: "Austrian PZN",
        prefix: "908888",
        expected: "6 digits",
        ai: None,
    },
    Layout {
        scheme: NationalScheme::NordicVnr,
        name: "Vnr",
        prefix: "704626",
        expected: "6 digits",
        ai: None,
    },
    Layout {
        scheme: NationalScheme::SwissAuthorisation,
        name: "Swissmedic number",
        prefix: "7680",
        expected: "8 digits",
        ai: None,
    },
];

/// An application identifier for a National Healthcare Reimbursement Number, its country (ISO 3166) and what the number
/// is called there.
pub const REIMBURSEMENT_NUMBERS: [(&str, &str, &str); 8] = [
    ("710", "DE", "PZN"),
    ("711", "FR", "CIP"),
    ("712", "ES", "CN"),
    ("713", "BR", "DRN"),
    ("714", "PT", "AIM"),
    ("715", "US", "NDC"),
    ("716", "IT", "AIC"),
    ("717", "CR", "SRN"),
];

impl NationalScheme {
    fn layout(self) -> &'static Layout {
        &LAYOUTS[self as usize]
    }

    /// The application identifier that carries the number beside a foreign GTIN, where there is one.
    pub fn ai(self) -> Option<&'static str> {
        self.layout().ai
    }

    /// Digits of the number inside a GTIN, without its check digit.
    fn digits(self) -> usize {
        12 - self.layout().prefix.len()
    }
}

impl NationalNumber {
    /// Reads a number as the country writes it.
    pub fn parse(scheme: NationalScheme, text: &str) -> Result<Self, NationalNumberError> {
        let value = || text.to_owned();
        let layout = scheme.layout();
        if let Some((character, position)) = first_non_digit(text) {
            return Err(NationalNumberError::Characters {
                scheme,
                value: value(),
                character,
                position,
            });
        }
        let whole = scheme == NationalScheme::FrenchCip;
        let without_check = if whole { 12 } else { scheme.digits() };
        let with_check =
            whole || (scheme == NationalScheme::SpanishCn && text.len() == without_check + 1);
        let expected_length = without_check + usize::from(with_check);
        if text.len() != expected_length {
            let (length, expected) = (text.len(), layout.expected);
            return Err(NationalNumberError::Length {
                scheme,
                value: value(),
                length,
                expected,
            });
        }
        if whole && !text.starts_with(layout.prefix) {
            return Err(NationalNumberError::Range {
                scheme,
                value: value(),
                prefix: layout.prefix,
            });
        }
        let (number, check) = text.split_at(without_check);
        let prefix = if whole { "" } else { layout.prefix };
        let body = format!("0{prefix}{number}");
        let expected = gs1_check_digit(body.as_bytes()).unwrap_or_default();
        if let Some(found) = check
            .bytes()
            .next()
            .map(|byte| byte - b'0')
            .filter(|&found| found != expected)
        {
            return Err(NationalNumberError::CheckDigit {
                scheme,
                value: value(),
                found,
                expected,
            });
        }
        let gtin = Gtin::from_body(body.as_bytes())
            .expect("13 digits behind a prefix that is not zero are a GTIN body");
        Ok(Self { scheme, gtin })
    }

    /// The national number a GTIN carries; `None` if its prefix belongs to no scheme here.
    pub fn from_gtin(gtin: &Gtin) -> Option<Self> {
        let thirteen = gtin.as_str().strip_prefix('0')?;
        let layout = LAYOUTS
            .iter()
            .find(|layout| thirteen.starts_with(layout.prefix))?;
        Some(Self {
            scheme: layout.scheme,
            gtin: *gtin,
        })
    }

    /// The scheme.
    pub fn scheme(&self) -> NationalScheme {
        self.scheme
    }

    /// The number as the country writes it: 13 digits for France, without control digit for Spain.
    pub fn as_str(&self) -> &str {
        let thirteen = &self.gtin.as_str()[1..];
        match self.scheme {
            NationalScheme::FrenchCip => thirteen,
            scheme => &thirteen[scheme.layout().prefix.len()..][..scheme.digits()],
        }
    }

    /// The GTIN that carries the number.
    pub fn to_gtin(&self) -> Gtin {
        self.gtin
    }

    /// The digit that Spain writes behind its six digits; the check digit of the GTIN for every scheme.
    pub fn control_digit(&self) -> u8 {
        self.gtin.as_bytes()[13] - b'0'
    }
}

impl fmt::Display for NationalScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.layout().name)
    }
}

impl fmt::Display for NationalNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for NationalNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.scheme, self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use NationalScheme::{AustrianPzn, FrenchCip, NordicVnr, SpanishCn, SwissAuthorisation};

    fn check(scheme: NationalScheme, text: &str, gtin: &str) {
        let number = NationalNumber::parse(scheme, text).unwrap();
        assert_eq!(number.to_gtin().as_str(), gtin, "{scheme} {text}");
        assert_eq!(number.to_string(), text);
        assert_eq!(NationalNumber::from_gtin(&number.to_gtin()), Some(number));
    }

    fn check_refused(scheme: NationalScheme, text: &str, expected: &str) {
        let message = NationalNumber::parse(scheme, text).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn numbers_inside_gtins() {
        check(FrenchCip, "3400912345676", "03400912345676");
        check(SpanishCn, "654321", "08470006543214");
        check(AustrianPzn, "123456", "09088881234562");
        check(NordicVnr, "123456", "07046261234566");
        check(SwissAuthorisation, "12345678", "07680123456781");
        assert_eq!(
            NationalNumber::from_gtin(&Gtin::parse("04006381333931").unwrap()),
            None
        );
    }

    #[test]
    fn the_spanish_control_digit_is_that_of_the_gtin() {
        let number = NationalNumber::parse(SpanishCn, "6543214").unwrap();
        assert_eq!((number.as_str(), number.control_digit()), ("654321", 4));
        check_refused(SpanishCn, "6543212", "check digit 2, expected 4");
    }

    #[test]
    fn refusals() {
        check_refused(FrenchCip, "3400912345675", "check digit 5, expected 6");
        check_refused(FrenchCip, "4006381333931", "does not begin with 3400");
        check_refused(FrenchCip, "340091234567", "expected 13 digits");
        check_refused(NordicVnr, "12345", "expected 6 digits");
        check_refused(SwissAuthorisation, "1234567A", "'A' at position 8");
    }

    #[test]
    fn layouts_stand_in_the_order_of_the_schemes() {
        assert!(
            LAYOUTS
                .iter()
                .enumerate()
                .all(|(index, layout)| layout.scheme as usize == index)
        );
        for (code, _, name) in REIMBURSEMENT_NUMBERS {
            assert!(
                crate::application_identifier::find(code)
                    .unwrap()
                    .title()
                    .ends_with(name)
            );
        }
    }
}
