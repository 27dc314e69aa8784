//! What GLN and SSCC share: digits with a check digit that somebody issued, so that nothing but zeros is none.

use std::fmt;

use crate::check_digit::{NumericKey, NumericKeyError};

/// Which key a text was to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IssuedKey {
    /// A party or site.
    Gln,
    /// A case or pallet.
    Sscc,
}

/// Why a text is not a GLN or SSCC.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssuedKeyError {
    /// Wrong length, characters or check digit.
    #[error("{key} {value:?} {fault}")]
    Digits {
        /// What it was to be.
        key: IssuedKey,
        /// The text as given.
        value: String,
        /// What is wrong with it.
        fault: NumericKeyError,
    },
    /// All zeros satisfies the check digit but was never issued.
    #[error("{key} {value} is all zeros, which was never issued")]
    AllZeros {
        /// What it was to be.
        key: IssuedKey,
        /// The text as given.
        value: String,
    },
}

impl IssuedKeyError {
    /// The stable code under which this fault is reported.
    pub fn code(&self) -> &'static str {
        let by_key = |key: &IssuedKey, gln, sscc| match key {
            IssuedKey::Gln => gln,
            IssuedKey::Sscc => sscc,
        };
        match self {
            Self::Digits { key, fault, .. } => match fault {
                NumericKeyError::Length { .. } => by_key(key, "gln_length", "sscc_length"),
                NumericKeyError::Characters { .. } => {
                    by_key(key, "gln_characters", "sscc_characters")
                }
                NumericKeyError::CheckDigit { .. } => {
                    by_key(key, "gln_check_digit", "sscc_check_digit")
                }
            },
            Self::AllZeros { key, .. } => by_key(key, "gln_all_zeros", "sscc_all_zeros"),
        }
    }
}

impl fmt::Display for IssuedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gln => "GLN",
            Self::Sscc => "SSCC",
        })
    }
}

/// The digits of a key; `N` is their number.
pub(crate) fn issued_digits<const N: usize>(
    key: IssuedKey,
    text: &str,
) -> Result<[u8; N], IssuedKeyError> {
    let kind = match key {
        IssuedKey::Gln => NumericKey::Gln,
        IssuedKey::Sscc => NumericKey::Sscc,
    };
    let value = || text.to_owned();
    kind.check(text).map_err(|fault| IssuedKeyError::Digits {
        key,
        value: value(),
        fault,
    })?;
    let mut digits = [b'0'; N];
    digits.copy_from_slice(text.as_bytes());
    if digits == [b'0'; N] {
        return Err(IssuedKeyError::AllZeros {
            key,
            value: value(),
        });
    }
    Ok(digits)
}
