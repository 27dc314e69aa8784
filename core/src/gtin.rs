//! The Global Trade Item Number (GS1 General Specifications, section 2.1): which product a pack is.
//!
//! A GTIN of 8, 12, 13 or 14 digits is one and the same number padded with zeros on the left, so it is kept as 14 digits
//! and never as an integer. Whether the digits carry a national number (PZN, CIP, NDC …) is said by `pzn` and
//! `national_code`; where the company prefix ends cannot be read off a GTIN at all, see `company_prefix`.

use crate::check_digit::{self, NumericKeyError};
use crate::inline_text::{ascii, identifier_text};

/// A GTIN of 14 digits with a right check digit, and not all zeros.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Gtin([u8; 14]);

/// Why a text is not a GTIN.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GtinError {
    /// A GTIN has 8, 12, 13 or 14 digits.
    #[error("GTIN {value:?} has {length} characters, expected 8, 12, 13 or 14 digits")]
    Length {
        /// The text as given.
        value: String,
        /// Its length in characters.
        length: usize,
    },
    /// Something other than ASCII digits.
    #[error("GTIN {value:?} has {character:?} at position {position}, expected digits only")]
    Characters {
        /// The text as given.
        value: String,
        /// The first character that is not a digit.
        character: char,
        /// Its place, counted from 1.
        position: usize,
    },
    /// The last digit does not belong to the others.
    #[error("GTIN {value} has check digit {found}, expected {expected}")]
    WrongCheckDigit {
        /// The text as given.
        value: String,
        /// Check digit found.
        found: u8,
        /// Check digit expected.
        expected: u8,
    },
    /// All zeros satisfies the check digit but was never given to a product; it is the usual filler of empty fields.
    #[error("GTIN {value} is all zeros, which is no product")]
    AllZeros {
        /// The text as given.
        value: String,
    },
}

impl GtinError {
    /// The stable code under which this fault is reported.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Length { .. } => "gtin_length",
            Self::Characters { .. } => "gtin_characters",
            Self::WrongCheckDigit { .. } => "gtin_check_digit",
            Self::AllZeros { .. } => "gtin_all_zeros",
        }
    }
}

impl Gtin {
    /// Reads a GTIN of 8, 12, 13 or 14 digits and pads it to 14.
    ///
    /// A 13-digit text may also be a 14-digit GTIN whose leading zero was lost; both are the same number.
    pub fn parse(text: &str) -> Result<Self, GtinError> {
        Self::from_bytes(text.as_bytes()).ok_or_else(|| explain(text))
    }

    /// As [`Gtin::parse`], without building an error: for rows by the million. `None` where `parse` would refuse.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if !matches!(bytes.len(), 8 | 12 | 13 | 14) {
            return None;
        }
        let mut digits = [b'0'; 14];
        digits[14 - bytes.len()..].copy_from_slice(bytes);
        let expected = check_digit::gs1_check_digit(&digits[..13])?;
        (digits[13] == expected + b'0' && digits != [b'0'; 14]).then_some(Self(digits))
    }

    /// The GTIN whose first 13 digits are `body`; `None` unless they are 13 ASCII digits that are not all zeros.
    pub fn from_body(body: &[u8]) -> Option<Self> {
        if body.len() != 13 {
            return None;
        }
        let mut digits = [b'0'; 14];
        digits[..13].copy_from_slice(body);
        digits[13] = b'0' + check_digit::gs1_check_digit(body)?;
        Self::from_bytes(&digits)
    }

    /// The 14 digits.
    pub fn as_str(&self) -> &str {
        ascii(&self.0)
    }

    /// The 14 digits as ASCII bytes.
    pub fn as_bytes(&self) -> &[u8; 14] {
        &self.0
    }

    /// The packaging indicator: 0 for the base unit, 1 to 8 for groupings, 9 for variable measure.
    pub fn indicator(&self) -> u8 {
        self.0[0] - b'0'
    }

    /// The shortest printed form of 8, 12, 13 or 14 digits.
    pub fn shortest(&self) -> &str {
        let text = self.as_str();
        [8, 12, 13]
            .into_iter()
            .find(|length| self.0[..14 - length].iter().all(|&digit| digit == b'0'))
            .map_or(text, |length| &text[14 - length..])
    }
}

identifier_text!(Gtin, GtinError);

/// Names the fault of a text that [`Gtin::from_bytes`] refused.
fn explain(text: &str) -> GtinError {
    let value = text.to_owned();
    if let Some((character, position)) = check_digit::first_non_digit(text) {
        return GtinError::Characters {
            value,
            character,
            position,
        };
    }
    if !matches!(text.len(), 8 | 12 | 13 | 14) {
        return GtinError::Length {
            length: text.len(),
            value,
        };
    }
    match check_digit::check_last_digit(text.as_bytes()) {
        Err(NumericKeyError::CheckDigit { found, expected }) => GtinError::WrongCheckDigit {
            value,
            found,
            expected,
        },
        Ok(()) | Err(_) => GtinError::AllZeros { value },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, &str>) {
        let actual = Gtin::parse(text);
        assert_eq!(
            actual.as_ref().map(Gtin::as_str).map_err(GtinError::code),
            expected,
            "{text:?}"
        );
    }

    #[test]
    fn every_length_is_padded_to_fourteen() {
        check("40170725", Ok("00000040170725"));
        check("614141000036", Ok("00614141000036"));
        check("4006381333931", Ok("04006381333931"));
        check("04006381333931", Ok("04006381333931"));
    }

    #[test]
    fn refusals() {
        check("", Err("gtin_length"));
        check("4006381333", Err("gtin_length"));
        check("4006381333932", Err("gtin_check_digit"));
        check("400638133393 ", Err("gtin_characters"));
        check("40063813339٣1", Err("gtin_characters"));
        check("00000000", Err("gtin_all_zeros"));
    }

    #[test]
    fn the_message_names_the_digit_to_put() {
        let error = Gtin::parse("04006381333932").unwrap_err();
        assert_eq!(
            error.to_string(),
            "GTIN 04006381333932 has check digit 2, expected 1"
        );
    }

    #[test]
    fn shortest_form_and_indicator() {
        let shortest = |text: &str| Gtin::parse(text).unwrap().shortest().to_owned();
        assert_eq!(shortest("00000040170725"), "40170725");
        assert_eq!(shortest("04006381333931"), "4006381333931");
        assert_eq!(shortest("10614141123459"), "10614141123459");
        assert_eq!(Gtin::parse("10614141123459").unwrap().indicator(), 1);
        assert_eq!(
            Gtin::from_body(b"1061414112345").unwrap().as_str(),
            "10614141123459"
        );
    }
}
