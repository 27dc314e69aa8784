//! The serial number of a pack (GS1 AI 21, IFA DI `S`; Delegated Regulation (EU) 2016/161, Article 4(b)(ii)).
//!
//! 1 to 20 characters of set 82, case sensitive. Together with the product code it is the canonical key of a pack, so
//! nothing here folds case, trims or repairs. Which stricter rules a market sets is said by `serial_rules`.

use crate::charset;
use crate::inline_text::{InlineText, identifier_text};

/// The longest serial number, in characters.
pub const SERIAL_LENGTH_MAX: usize = 20;

/// A serial number: 1 to 20 characters of set 82, ordered bytewise.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Serial(InlineText<SERIAL_LENGTH_MAX>);

/// Why a text is not a serial number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SerialError {
    /// Nothing there.
    #[error("serial number is empty")]
    Empty,
    /// Longer than 20 characters.
    #[error("serial number has {len} characters, at most 20 are allowed")]
    TooLong {
        /// Length in characters.
        len: usize,
    },
    /// A character outside set 82.
    #[error(
        "serial number has {ch:?} at position {position}, which is outside GS1 character set 82"
    )]
    Character {
        /// The first such character.
        ch: char,
        /// Its place, counted from 1.
        position: usize,
    },
}

impl SerialError {
    /// The stable code under which this fault is reported.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "serial_empty",
            Self::TooLong { .. } => "serial_too_long",
            Self::Character { .. } => "serial_character",
        }
    }
}

impl Serial {
    /// Reads a serial number exactly as written.
    pub fn parse(text: &str) -> Result<Self, SerialError> {
        Self::from_bytes(text.as_bytes()).ok_or_else(|| explain(text))
    }

    /// As [`Serial::parse`], without building an error: for rows by the million. `None` where `parse` would refuse.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let fits = (1..=SERIAL_LENGTH_MAX).contains(&bytes.len()) && charset::is_set82(bytes);
        fits.then(|| Self(InlineText::of_ascii(bytes)))
    }

    /// The serial number as printed.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The serial number as ASCII bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

identifier_text!(Serial, SerialError);

/// Names the fault of a text that [`Serial::from_bytes`] refused. A wrong character is the nearer cause of a wrong length
/// (a lost separator, say), so it is named first.
fn explain(text: &str) -> SerialError {
    match charset::first_outside(text, &charset::SET_82) {
        Some((ch, position)) => SerialError::Character { ch, position },
        None if text.is_empty() => SerialError::Empty,
        None => SerialError::TooLong { len: text.len() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(), SerialError>) {
        let actual = Serial::parse(text);
        assert_eq!(
            actual.as_ref().map(|_| ()).map_err(Clone::clone),
            expected,
            "{text:?}"
        );
        if let Ok(serial) = actual {
            assert_eq!(serial.as_str(), text);
        }
    }

    #[test]
    fn accepted_as_written() {
        check("0", Ok(()));
        check("00aA", Ok(()));
        check("!\"%&'()*+,-./:;<=>?_", Ok(()));
    }

    #[test]
    fn refusals() {
        check("", Err(SerialError::Empty));
        check(
            "ABCDEFGHIJKLMNOPQRSTU",
            Err(SerialError::TooLong { len: 21 }),
        );
        check(
            "A B",
            Err(SerialError::Character {
                ch: ' ',
                position: 2,
            }),
        );
        check(
            "АBC",
            Err(SerialError::Character {
                ch: 'А',
                position: 1,
            }),
        );
        check(
            "A\u{1d}17270131",
            Err(SerialError::Character {
                ch: '\u{1d}',
                position: 2,
            }),
        );
    }

    #[test]
    fn order_is_bytewise_and_case_counts() {
        let mut serials = ["b", "ab", "A", "a", "aA"].map(|text| Serial::parse(text).unwrap());
        serials.sort();
        assert_eq!(
            serials.map(|serial| serial.to_string()),
            ["A", "a", "aA", "ab", "b"]
        );
        assert_eq!(size_of::<Serial>(), 21);
    }
}
