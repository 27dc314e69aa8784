//! The Global Location Number (GS1 General Specifications, section 2.4): which party or site.
//!
//! The extension of a location (AI 254) is kept beside it by those who need it.

use crate::check_digit::{NumericKey, NumericKeyError};
use crate::inline_text::{ascii, identifier_text};

/// A global location number of 13 digits with a right check digit, and not all zeros.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Gln([u8; 13]);

/// Why a text is not a GLN.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GlnError {
    /// Wrong length, characters or check digit.
    #[error("GLN {value:?} {fault}")]
    Digits {
        /// The text as given.
        value: String,
        /// What is wrong with it.
        fault: NumericKeyError,
    },
    /// All zeros satisfies the check digit but was never issued.
    #[error("GLN {value} is all zeros, which was never issued")]
    AllZeros {
        /// The text as given.
        value: String,
    },
}

impl GlnError {
    /// The stable code under which this fault is reported.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Digits {
                fault: NumericKeyError::Length { .. },
                ..
            } => "gln_length",
            Self::Digits {
                fault: NumericKeyError::Characters { .. },
                ..
            } => "gln_characters",
            Self::Digits {
                fault: NumericKeyError::CheckDigit { .. },
                ..
            } => "gln_check_digit",
            Self::AllZeros { .. } => "gln_all_zeros",
        }
    }
}

impl Gln {
    /// Reads 13 digits.
    pub fn parse(text: &str) -> Result<Self, GlnError> {
        if let Err(fault) = NumericKey::Gln.check(text) {
            return Err(GlnError::Digits {
                value: text.to_owned(),
                fault,
            });
        }
        let mut digits = [b'0'; 13];
        digits.copy_from_slice(text.as_bytes());
        if digits == [b'0'; 13] {
            return Err(GlnError::AllZeros {
                value: text.to_owned(),
            });
        }
        Ok(Self(digits))
    }

    /// The 13 digits.
    pub fn as_str(&self) -> &str {
        ascii(&self.0)
    }
}

identifier_text!(Gln, GlnError);

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(), &str>) {
        let actual = Gln::parse(text);
        assert_eq!(
            actual.as_ref().map(|_| ()).map_err(GlnError::code),
            expected,
            "{text:?}"
        );
        if let Ok(value) = actual {
            assert_eq!(value.to_string(), text);
        }
    }

    #[test]
    fn accepted_and_refused() {
        check("0614141123452", Ok(()));
        check("0614141123453", Err("gln_check_digit"));
        check("0000000000000", Err("gln_all_zeros"));
        check("", Err("gln_length"));
        check("12A4", Err("gln_characters"));
    }
}
