//! The Italian marketing authorisation number AIC: nine digits, or six characters in base 32 as older packs print it.

use crate::check_digit::first_non_digit;
use crate::inline_text::{ascii, identifier_text};

/// Digits and capital letters without vowels.
const BASE_32: &[u8; 32] = b"0123456789BCDFGHJKLMNPQRSTUVWXYZ";

/// An AIC of nine digits with a right check digit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Aic([u8; 9]);

/// Why a text is no AIC.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AicError {
    /// Nine digits, or six characters in base 32.
    #[error("AIC {value:?} has {length} characters, expected {expected}")]
    Length {
        /// The text as given.
        value: String,
        /// Its length in characters.
        length: usize,
        /// Characters expected.
        expected: usize,
    },
    /// A character that the form does not have.
    #[error("AIC {value:?} has {character:?} at position {position}, which cannot stand there")]
    Characters {
        /// The text as given.
        value: String,
        /// The first such character.
        character: char,
        /// Its place, counted from 1.
        position: usize,
    },
    /// Numbers of human medicines begin with 0.
    #[error("AIC {value} does not begin with 0")]
    Range {
        /// The nine digits.
        value: String,
    },
    /// The last digit does not belong to the others.
    #[error("AIC {value} has check digit {found}, expected {expected}")]
    CheckDigit {
        /// The nine digits.
        value: String,
        /// Check digit found.
        found: u8,
        /// Check digit expected.
        expected: u8,
    },
}

impl Aic {
    /// Reads nine digits; a leading `A`, as often printed, is passed over.
    pub fn parse(text: &str) -> Result<Self, AicError> {
        let value = || text.to_owned();
        let number = text.strip_prefix('A').unwrap_or(text);
        if let Some((character, position)) = first_non_digit(number) {
            let position = position + text.len() - number.len();
            return Err(AicError::Characters {
                value: value(),
                character,
                position,
            });
        }
        let digits: [u8; 9] = number.as_bytes().try_into().map_err(|_| AicError::Length {
            value: value(),
            length: number.len(),
            expected: 9,
        })?;
        if digits[0] != b'0' {
            return Err(AicError::Range {
                value: number.to_owned(),
            });
        }
        let (found, expected) = (digits[8] - b'0', check_digit(&digits));
        if found != expected {
            return Err(AicError::CheckDigit {
                value: number.to_owned(),
                found,
                expected,
            });
        }
        Ok(Self(digits))
    }

    /// Reads six characters in base 32.
    pub fn parse_base32(text: &str) -> Result<Self, AicError> {
        let mut number: u32 = 0;
        for (index, character) in text.chars().enumerate() {
            let place = BASE_32
                .iter()
                .position(|&digit| char::from(digit) == character)
                .ok_or_else(|| AicError::Characters {
                    value: text.to_owned(),
                    character,
                    position: index + 1,
                })?;
            number = number.wrapping_mul(32).wrapping_add(place as u32);
        }
        if text.len() != 6 {
            return Err(AicError::Length {
                value: text.to_owned(),
                length: text.len(),
                expected: 6,
            });
        }
        Self::parse(&format!("{number:09}"))
    }

    /// The nine digits.
    pub fn as_str(&self) -> &str {
        ascii(&self.0)
    }

    /// The six characters in base 32.
    pub fn to_base32(&self) -> String {
        let number = self.0.iter().fold(0usize, |number, digit| {
            number * 10 + usize::from(digit - b'0')
        });
        (0..6)
            .rev()
            .map(|place| char::from(BASE_32[number >> (5 * place) & 31]))
            .collect()
    }
}

identifier_text!(Aic, AicError);

/// Every second digit is doubled and its digits added; the sum modulo 10.
fn check_digit(digits: &[u8; 9]) -> u8 {
    let sum: u32 =
        digits[..8]
            .iter()
            .zip([1, 2].into_iter().cycle())
            .fold(0, |sum, (&digit, weight)| {
                let product = u32::from(digit - b'0') * weight;
                sum + product / 10 + product % 10
            });
    (sum % 10) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(digits: &str, base_32: &str) {
        let aic = Aic::parse(digits).unwrap();
        assert_eq!((aic.as_str(), aic.to_base32().as_str()), (digits, base_32));
        assert_eq!(Aic::parse_base32(base_32), Ok(aic));
    }

    fn check_refused(result: Result<Aic, AicError>, expected: &str) {
        let message = result.unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn both_forms() {
        check("000307052", "009CVD");
        check("012345676", "0CSSBD");
        assert_eq!(Aic::parse("A000307052").unwrap().as_str(), "000307052");
    }

    #[test]
    fn refusals() {
        check_refused(Aic::parse("000307053"), "expected 2");
        check_refused(Aic::parse("100307052"), "begin with 0");
        check_refused(Aic::parse("00030705"), "expected 9");
        check_refused(Aic::parse("A0003O7052"), "position 6");
        check_refused(Aic::parse_base32("009CVA"), "'A' at position 6");
        check_refused(Aic::parse_base32("009CV"), "expected 6");
        check_refused(Aic::parse_base32("009CVF"), "check digit");
        check_refused(Aic::parse_base32("ZZZZZZ"), "AIC");
    }
}
