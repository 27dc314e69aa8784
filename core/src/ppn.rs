//! The Pharmacy Product Number (IFA Coding System; data identifier `9N` of ISO/IEC 15418): a product code in Format 06.
//!
//! Two characters name the numbering agency (Product Registration Agency code), then its national number, then two check
//! digits. `11` is the PZN of Germany, where a PPN always has 12 digits and its inner PZN has a check digit of its own.
//! The check digits weigh the ASCII codes modulo 97; they are **not** those of ISO 7064 MOD 97-10.

use crate::inline_text::{InlineText, identifier_text};
use crate::pzn::{Pzn, PznError};

/// The agency code under which the German PZN stands.
pub const PRA_PZN: &str = "11";

const PPN_LENGTH_MAX: usize = 22;
/// Agency code, at least one character of national number, check digits.
const PPN_LENGTH_MIN: usize = 5;

/// A PPN with right check digits; under agency code 11 the inner PZN is right as well.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ppn(InlineText<PPN_LENGTH_MAX>);

/// Why a text is not a PPN.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PpnError {
    /// 12 digits in Germany, 5 to 22 characters in general.
    #[error("PPN {value:?} has {length} characters, expected {expected}")]
    Length {
        /// The text as given.
        value: String,
        /// Length in characters.
        length: usize,
        /// What the agency code asks for, in words.
        expected: &'static str,
    },
    /// Something other than ASCII digits and upper-case letters (digits only under agency code 11).
    #[error("PPN {value:?} has {character:?} at position {position}, which cannot stand there")]
    Characters {
        /// The text as given.
        value: String,
        /// The first such character.
        character: char,
        /// Its place, counted from 1.
        position: usize,
    },
    /// The last two digits do not belong to the rest.
    #[error("PPN {value} has check digits {found}, expected {expected:02}")]
    CheckDigits {
        /// The text as given.
        value: String,
        /// The two characters found.
        found: String,
        /// The number expected, 0 to 96.
        expected: u8,
    },
    /// The check digits are right, the PZN inside is not.
    #[error("PPN {value} has right check digits around a wrong number: {source}")]
    Pzn {
        /// The text as given.
        value: String,
        /// What is wrong with the PZN.
        source: PznError,
    },
}

impl PpnError {
    /// The stable code under which this fault is reported.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Length { .. } => "ppn_length",
            Self::Characters { .. } => "ppn_characters",
            Self::CheckDigits { .. } => "ppn_check_digits",
            Self::Pzn { .. } => "ppn_inner_pzn",
        }
    }
}

impl Ppn {
    /// Reads a PPN of any agency; a German one must have 12 digits and a right PZN inside.
    pub fn parse(text: &str) -> Result<Self, PpnError> {
        let value = || text.to_owned();
        let german = text.starts_with(PRA_PZN);
        let allowed = |c: char| c.is_ascii_digit() || (!german && c.is_ascii_uppercase());
        if let Some((index, character)) = text.chars().enumerate().find(|&(_, c)| !allowed(c)) {
            return Err(PpnError::Characters {
                value: value(),
                character,
                position: index + 1,
            });
        }
        let (fits, expected) = match german {
            true => (text.len() == 12, "12 digits"),
            false => (
                (PPN_LENGTH_MIN..=PPN_LENGTH_MAX).contains(&text.len()),
                "5 to 22",
            ),
        };
        if !fits {
            return Err(PpnError::Length {
                value: value(),
                length: text.len(),
                expected,
            });
        }
        let (body, found) = text.split_at(text.len() - 2);
        let expected = check_digits(body);
        if found != format!("{expected:02}") {
            return Err(PpnError::CheckDigits {
                value: value(),
                found: found.to_owned(),
                expected,
            });
        }
        if german {
            Pzn::parse(&body[2..]).map_err(|source| PpnError::Pzn {
                value: value(),
                source,
            })?;
        }
        Ok(Self(InlineText::of_ascii(text.as_bytes())))
    }

    /// The PPN of a German PZN.
    pub fn of_pzn(pzn: &Pzn) -> Self {
        let body = format!("{PRA_PZN}{pzn}");
        let text = format!("{body}{:02}", check_digits(&body));
        Self(InlineText::of_ascii(text.as_bytes()))
    }

    /// The whole number, 12 digits in Germany.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The agency code, `11` for the German PZN.
    pub fn agency(&self) -> &str {
        &self.as_str()[..2]
    }

    /// The PZN inside; `None` if another agency issued the number.
    pub fn pzn(&self) -> Option<Pzn> {
        let inner = self.as_str().strip_prefix(PRA_PZN)?;
        Pzn::parse(&inner[..8]).ok()
    }
}

identifier_text!(Ppn, PpnError);

/// The sum of ASCII codes weighted 2, 3, 4 … from the left, modulo 97.
fn check_digits(body: &str) -> u8 {
    let sum: u32 = body
        .bytes()
        .zip(2..)
        .map(|(byte, weight)| u32::from(byte) * weight)
        .sum();
    (sum % 97) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<Option<&str>, &str>) {
        let actual = Ppn::parse(text).map(|ppn| ppn.pzn().map(|pzn| pzn.to_string()));
        let actual = actual
            .as_ref()
            .map(Option::as_deref)
            .map_err(PpnError::code);
        assert_eq!(actual, expected, "{text:?}");
    }

    #[test]
    fn german_numbers_hold_a_pzn() {
        // The example of the IFA specification.
        check("110375286414", Ok(Some("03752864")));
        check("110375286415", Err("ppn_check_digits"));
        // Right check digits around a wrong PZN.
        check(
            &format!("1103752865{:02}", check_digits("1103752865")),
            Err("ppn_inner_pzn"),
        );
        check("11037528641", Err("ppn_length"));
        check("11037528641A", Err("ppn_characters"));
        check("", Err("ppn_length"));
    }

    #[test]
    fn other_agencies_have_their_own_numbers() {
        let body = "13HPC42";
        check(&format!("{body}{:02}", check_digits(body)), Ok(None));
        check("13ab12", Err("ppn_characters"));
    }
}
