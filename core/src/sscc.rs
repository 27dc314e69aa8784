//! The Serial Shipping Container Code (GS1 General Specifications, section 2.2.1): which case or pallet.
//!
//! Extension digit, company prefix, serial reference and check digit. What stands inside the container is said by the aggregation, never by the number.

use crate::check_digit::{NumericKey, NumericKeyError};
use crate::inline_text::{ascii, identifier_text};

/// A serial shipping container code of 18 digits with a right check digit, and not all zeros.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sscc([u8; 18]);

/// Why a text is not a SSCC.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SsccError {
    /// Wrong length, characters or check digit.
    #[error("SSCC {value:?} {fault}")]
    Digits {
        /// The text as given.
        value: String,
        /// What is wrong with it.
        fault: NumericKeyError,
    },
    /// All zeros satisfies the check digit but was never issued.
    #[error("SSCC {value} is all zeros, which was never issued")]
    AllZeros {
        /// The text as given.
        value: String,
    },
}

impl SsccError {
    /// The stable code under which this fault is reported.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Digits {
                fault: NumericKeyError::Length { .. },
                ..
            } => "sscc_length",
            Self::Digits {
                fault: NumericKeyError::Characters { .. },
                ..
            } => "sscc_characters",
            Self::Digits {
                fault: NumericKeyError::CheckDigit { .. },
                ..
            } => "sscc_check_digit",
            Self::AllZeros { .. } => "sscc_all_zeros",
        }
    }
}

impl Sscc {
    /// Reads 18 digits.
    pub fn parse(text: &str) -> Result<Self, SsccError> {
        if let Err(fault) = NumericKey::Sscc.check(text) {
            return Err(SsccError::Digits {
                value: text.to_owned(),
                fault,
            });
        }
        let mut digits = [b'0'; 18];
        digits.copy_from_slice(text.as_bytes());
        if digits == [b'0'; 18] {
            return Err(SsccError::AllZeros {
                value: text.to_owned(),
            });
        }
        Ok(Self(digits))
    }

    /// The 18 digits.
    pub fn as_str(&self) -> &str {
        ascii(&self.0)
    }
}

identifier_text!(Sscc, SsccError);

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(), &str>) {
        let actual = Sscc::parse(text);
        assert_eq!(
            actual.as_ref().map(|_| ()).map_err(SsccError::code),
            expected,
            "{text:?}"
        );
        if let Ok(value) = actual {
            assert_eq!(value.to_string(), text);
        }
    }

    #[test]
    fn accepted_and_refused() {
        check("106141412345678908", Ok(()));
        check("106141412345678909", Err("sscc_check_digit"));
        check("000000000000000000", Err("sscc_all_zeros"));
        check("", Err("sscc_length"));
        check("12A4", Err("sscc_characters"));
    }
}
