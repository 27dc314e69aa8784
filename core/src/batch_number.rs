//! The batch number of a lot (GS1 AI 10, IFA DI `1T`; Delegated Regulation (EU) 2016/161, Article 4(b)(iv)).
//!
//! 1 to 20 characters of set 82, case sensitive. The word in code is batch number; a lot is the work it belongs to.

use crate::charset;
use crate::inline_text::{InlineText, identifier_text};

/// The longest batch number, in characters.
pub const BATCH_NUMBER_LENGTH_MAX: usize = 20;

/// A batch number: 1 to 20 characters of set 82.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BatchNumber(InlineText<BATCH_NUMBER_LENGTH_MAX>);

/// Why a text is not a batch number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchNumberError {
    /// Nothing there.
    #[error("batch number is empty")]
    Empty,
    /// Longer than 20 characters.
    #[error("batch number {value:?} has {len} characters, at most 20 are allowed")]
    TooLong {
        /// The text as given.
        value: String,
        /// Length in characters.
        len: usize,
    },
    /// A character outside set 82.
    #[error(
        "batch number {value:?} has {ch:?} at position {position}, which is outside GS1 character set 82"
    )]
    Character {
        /// The text as given.
        value: String,
        /// The first such character.
        ch: char,
        /// Its place, counted from 1.
        position: usize,
    },
}

impl BatchNumberError {
    /// The stable code under which this fault is reported.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "batch_empty",
            Self::TooLong { .. } => "batch_too_long",
            Self::Character { .. } => "batch_character",
        }
    }
}

impl BatchNumber {
    /// Reads a batch number exactly as written.
    pub fn parse(text: &str) -> Result<Self, BatchNumberError> {
        Self::from_bytes(text.as_bytes()).ok_or_else(|| explain(text))
    }

    /// As [`BatchNumber::parse`], without building an error: for rows by the million. `None` where `parse` would refuse.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let fits = (1..=BATCH_NUMBER_LENGTH_MAX).contains(&bytes.len()) && charset::is_set82(bytes);
        fits.then(|| Self(InlineText::of_ascii(bytes)))
    }

    /// The batch number as printed.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The batch number as ASCII bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

identifier_text!(BatchNumber, BatchNumberError);

/// Names the fault of a text that [`BatchNumber::from_bytes`] refused.
fn explain(text: &str) -> BatchNumberError {
    let value = text.to_owned();
    match charset::first_outside(text, &charset::SET_82) {
        Some((ch, position)) => BatchNumberError::Character {
            value,
            ch,
            position,
        },
        None if text.is_empty() => BatchNumberError::Empty,
        None => BatchNumberError::TooLong {
            len: text.len(),
            value,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(), &str>) {
        let actual = BatchNumber::parse(text);
        assert_eq!(
            actual.as_ref().map(|_| ()).map_err(BatchNumberError::code),
            expected,
            "{text:?}"
        );
        if let Ok(batch) = actual {
            assert_eq!(batch.as_str(), text);
        }
    }

    #[test]
    fn accepted_and_refused() {
        check("L-4711/a", Ok(()));
        check("", Err("batch_empty"));
        check("123456789012345678901", Err("batch_too_long"));
        check("A B", Err("batch_character"));
        check("Charge ä", Err("batch_character"));
    }
}
