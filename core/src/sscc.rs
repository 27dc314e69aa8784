//! The Serial Shipping Container Code (GS1 General Specifications, section 2.2.1): which case or pallet.
//!
//! Extension digit, company prefix, serial reference and check digit. What stands inside the container is said by the aggregation, never by the number.

use crate::inline_text::{ascii, identifier_text};
use crate::issued_key::{IssuedKey, IssuedKeyError, issued_digits};

/// A serial shipping container code of 18 digits with a right check digit, and not all zeros.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sscc([u8; 18]);

impl Sscc {
    /// Reads 18 digits.
    ///
    /// # Errors
    /// [`IssuedKeyError`] says what keeps the text from being one.
    pub fn parse(text: &str) -> Result<Self, IssuedKeyError> {
        issued_digits(IssuedKey::Sscc, text).map(Self)
    }

    /// The 18 digits.
    pub fn as_str(&self) -> &str {
        ascii(&self.0)
    }
}

identifier_text!(Sscc, IssuedKeyError);

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(), &str>) {
        let actual = Sscc::parse(text);
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
        check("106141412345678908", Ok(()));
        check("106141412345678909", Err("sscc_check_digit"));
        check("000000000000000000", Err("sscc_all_zeros"));
        check("", Err("sscc_length"));
        check("12A4", Err("sscc_characters"));
    }
}
