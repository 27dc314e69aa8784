//! Check digits of the GS1 keys (GS1 General Specifications, section 7.9).
//!
//! Every numeric GS1 key (GTIN, SSCC, GLN, GSRN, GSIN and the numeric part of GRAI, GDTI and GCN) ends in one digit that
//! makes the weighted sum a multiple of ten. The rule finds every single wrong digit, but not a swap of two neighbours
//! that differ by five; nobody may read a right check digit as proof of a right number.
//!
//! The IFA rules for PZN and PPN live with their numbers in `pzn` and `ppn`.

use std::fmt;

/// The check digit (0 to 9) that belongs behind `body`, the digits of a GS1 key without its check digit.
///
/// Weights run 3, 1, 3, 1 … from the right. `None` if `body` is empty or holds anything but ASCII digits.
pub fn gs1_check_digit(body: &[u8]) -> Option<u8> {
    if body.is_empty() {
        return None;
    }
    let mut sum: u32 = 0;
    for (index, &byte) in body.iter().rev().enumerate() {
        if !byte.is_ascii_digit() {
            return None;
        }
        let weight = if index % 2 == 0 { 3 } else { 1 };
        sum += weight * u32::from(byte - b'0');
    }
    Some(((10 - sum % 10) % 10) as u8)
}

/// A numeric GS1 key as printed: digits, the last of which is the check digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NumericKey {
    /// GTIN of 8 digits.
    Gtin8,
    /// GTIN of 12 digits (UPC).
    Gtin12,
    /// GTIN of 13 digits (EAN).
    Gtin13,
    /// GTIN of 14 digits.
    Gtin14,
    /// Serial shipping container code, 18 digits.
    Sscc,
    /// Global location number, 13 digits.
    Gln,
    /// Global service relation number, 18 digits.
    Gsrn,
    /// Global shipment identification number, 17 digits.
    Gsin,
}

/// Why a text is not a numeric GS1 key of the expected kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NumericKeyError {
    /// The text has another length than the kind asks for; counted in characters.
    Length {
        /// Characters found.
        found: usize,
        /// Digits the kind has.
        expected: usize,
    },
    /// A character that is not an ASCII digit.
    Characters {
        /// The first such character.
        character: char,
        /// Its place, counted from 1.
        position: usize,
    },
    /// The last digit is not the one that belongs there.
    CheckDigit {
        /// Digit found.
        found: u8,
        /// Digit expected.
        expected: u8,
    },
}

impl NumericKey {
    /// Digits of this kind of key, check digit included.
    pub fn length(self) -> usize {
        match self {
            Self::Gtin8 => 8,
            Self::Gtin12 => 12,
            Self::Gtin13 | Self::Gln => 13,
            Self::Gtin14 => 14,
            Self::Gsin => 17,
            Self::Sscc | Self::Gsrn => 18,
        }
    }

    /// Tests characters, length and check digit of `text`.
    ///
    /// A key of nothing but zeros passes here: that is a business rule of the types above (`Gtin`, `Sscc`), not a fault
    /// of the check digit.
    pub fn check(self, text: &str) -> Result<(), NumericKeyError> {
        if let Some((character, position)) = first_non_digit(text) {
            return Err(NumericKeyError::Characters {
                character,
                position,
            });
        }
        if text.len() != self.length() {
            return Err(NumericKeyError::Length {
                found: text.len(),
                expected: self.length(),
            });
        }
        check_last_digit(text.as_bytes())
    }
}

/// Tests that the last of `digits` is the check digit of the ones before it; the caller has tested that all are digits.
pub(crate) fn check_last_digit(digits: &[u8]) -> Result<(), NumericKeyError> {
    let Some((&last, body)) = digits.split_last() else {
        return Err(NumericKeyError::Length {
            found: 0,
            expected: 1,
        });
    };
    let found = last.wrapping_sub(b'0');
    match gs1_check_digit(body) {
        Some(expected) if expected == found => Ok(()),
        Some(expected) => Err(NumericKeyError::CheckDigit { found, expected }),
        None => Err(NumericKeyError::Length {
            found: digits.len(),
            expected: 2,
        }),
    }
}

/// The first character that is not an ASCII digit, with its place counted from 1.
pub(crate) fn first_non_digit(text: &str) -> Option<(char, usize)> {
    text.chars()
        .enumerate()
        .find(|(_, c)| !c.is_ascii_digit())
        .map(|(index, c)| (c, index + 1))
}

impl fmt::Display for NumericKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { found, expected } => {
                write!(f, "has {found} characters, expected {expected} digits")
            }
            Self::Characters {
                character,
                position,
            } => {
                write!(
                    f,
                    "has {character:?} at position {position} where a digit is expected"
                )
            }
            Self::CheckDigit { found, expected } => {
                write!(f, "has check digit {found}, expected {expected}")
            }
        }
    }
}

impl std::error::Error for NumericKeyError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: NumericKey, text: &str, expected: Result<(), NumericKeyError>) {
        assert_eq!(kind.check(text), expected, "{kind:?} {text:?}");
    }

    #[test]
    fn keys_of_every_length() {
        check(NumericKey::Gtin8, "40170725", Ok(()));
        check(NumericKey::Gtin12, "614141000036", Ok(()));
        check(NumericKey::Gtin13, "4006381333931", Ok(()));
        check(NumericKey::Gtin14, "00000000000000", Ok(()));
        check(NumericKey::Sscc, "106141412345678908", Ok(()));
        check(NumericKey::Gln, "0614141123452", Ok(()));
    }

    #[test]
    fn faults_say_what_is_wrong() {
        check(
            NumericKey::Gtin8,
            "40170726",
            Err(NumericKeyError::CheckDigit {
                found: 6,
                expected: 5,
            }),
        );
        check(
            NumericKey::Gtin8,
            "",
            Err(NumericKeyError::Length {
                found: 0,
                expected: 8,
            }),
        );
        check(
            NumericKey::Gln,
            "40170725",
            Err(NumericKeyError::Length {
                found: 8,
                expected: 13,
            }),
        );
        // A full-width digit is a digit to `char::is_numeric`, but not to a scanner.
        let full_width = Err(NumericKeyError::Characters {
            character: '１',
            position: 2,
        });
        check(NumericKey::Gtin8, "4１170725", full_width);
    }

    #[test]
    fn a_swap_of_neighbours_that_differ_by_five_goes_unnoticed() {
        check(NumericKey::Gtin13, "4006381333931", Ok(()));
        assert_eq!(
            gs1_check_digit(b"400613833393"),
            gs1_check_digit(b"400618333393")
        );
    }
}
