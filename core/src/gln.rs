//! The Global Location Number (GS1 General Specifications, section 2.4): which party or site.
//!
//! The extension of a location (AI 254) is kept beside it by those who need it.

use crate::inline_text::{ascii, identifier_text};
use crate::issued_key::{IssuedKey, IssuedKeyError, issued_digits};

/// A global location number of 13 digits with a right check digit, and not all zeros.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Gln([u8; 13]);

impl Gln {
    /// Reads 13 digits.
    ///
    /// # Errors
    /// [`IssuedKeyError`] says what keeps the text from being one.
    pub fn parse(text: &str) -> Result<Self, IssuedKeyError> {
        issued_digits(IssuedKey::Gln, text).map(Self)
    }

    /// The 13 digits.
    pub fn as_str(&self) -> &str {
        ascii(&self.0)
    }
}

identifier_text!(Gln, IssuedKeyError);

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(), &str>) {
        let actual = Gln::parse(text);
        assert_eq!(
            actual.as_ref().map(|_| ()).map_err(IssuedKeyError::code),
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
