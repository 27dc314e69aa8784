//! The German Pharmazentralnummer and its two international forms (IFA Coding System, specification of PPN and NTIN).
//!
//! One PZN of 8 digits appears on packs as PPN (`11` + PZN + two check digits) or as NTIN (`04150` + PZN + GTIN check
//! digit). They are the same product. A valid outer check digit does not make the inner PZN valid: both are tested.
//! A number whose check sum comes to 10 is never issued.

use crate::check_digit::first_non_digit;
use crate::gtin::Gtin;
use crate::inline_text::{ascii, identifier_text};
use crate::ppn::Ppn;

/// The first five digits of every NTIN of a German medicine: a zero and the GS1 prefix given to IFA.
pub const NTIN_PREFIX: &str = "04150";

/// A PZN of 8 digits with a right check digit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pzn([u8; 8]);

/// Why a text is not a PZN.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PznError {
    /// Seven digits in the old form, eight in the present one.
    #[error("PZN {value:?} has {length} characters, expected 8 digits (7 in the old form)")]
    Length {
        /// The text as given.
        value: String,
        /// Length in characters.
        length: usize,
    },
    /// Something other than ASCII digits.
    #[error("PZN {value:?} has {character:?} at position {position}, expected digits only")]
    Characters {
        /// The text as given.
        value: String,
        /// The first character that is not a digit.
        character: char,
        /// Its place, counted from 1.
        position: usize,
    },
    /// The last digit does not belong to the others.
    #[error("PZN {value} has check digit {found}, expected {expected}")]
    CheckDigit {
        /// The text as given.
        value: String,
        /// Check digit found.
        found: u8,
        /// Check digit expected.
        expected: u8,
    },
    /// The check sum comes to 10; IFA never issues such a number.
    #[error("PZN {value} has a check sum of 10, such numbers are never issued")]
    NeverIssued {
        /// The text as given.
        value: String,
    },
    /// Neither `PZN-12345678` nor the Code 39 content `-12345678`.
    #[error("{value:?} is not a printed PZN, expected PZN-12345678")]
    Printed {
        /// The text as given.
        value: String,
    },
    /// The GTIN does not begin with 04150.
    #[error("GTIN {gtin} is not a German NTIN, expected 04150 at its beginning")]
    NotAnNtin {
        /// The GTIN as given.
        gtin: Gtin,
    },
}

impl PznError {
    /// The stable code under which this fault is reported.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Length { .. } => "pzn_length",
            Self::Characters { .. } => "pzn_characters",
            Self::CheckDigit { .. } => "pzn_check_digit",
            Self::NeverIssued { .. } => "pzn_never_issued",
            Self::Printed { .. } => "pzn_printed_form",
            Self::NotAnNtin { .. } => "not_an_ntin",
        }
    }
}

impl Pzn {
    /// Reads 8 digits, or 7 in the form used until 2013, which become 8 by a leading zero with the same check digit.
    pub fn parse(text: &str) -> Result<Self, PznError> {
        let value = || text.to_owned();
        if let Some((character, position)) = first_non_digit(text) {
            return Err(PznError::Characters {
                value: value(),
                character,
                position,
            });
        }
        if !matches!(text.len(), 7 | 8) {
            return Err(PznError::Length {
                value: value(),
                length: text.len(),
            });
        }
        let mut digits = [b'0'; 8];
        digits[8 - text.len()..].copy_from_slice(text.as_bytes());
        let found = digits[7] - b'0';
        match check_digit(&digits) {
            None => Err(PznError::NeverIssued { value: value() }),
            Some(expected) if expected != found => Err(PznError::CheckDigit {
                value: value(),
                found,
                expected,
            }),
            Some(_) => Ok(Self(digits)),
        }
    }

    /// Reads the printed form `PZN-12345678`, also with a space, nothing or both between, and in lower case.
    pub fn parse_printed(text: &str) -> Result<Self, PznError> {
        let printed = || PznError::Printed {
            value: text.to_owned(),
        };
        let (letters, rest) = text.trim().split_at_checked(3).ok_or_else(printed)?;
        if !letters.eq_ignore_ascii_case("PZN") {
            return Err(printed());
        }
        Self::parse(rest.trim_start_matches([' ', '-', ':']))
    }

    /// Reads the content of the Code 39 symbol on a pack: `-` and 8 digits (or 7 on old packs).
    pub fn parse_code39(text: &str) -> Result<Self, PznError> {
        let rest = text.strip_prefix('-').ok_or_else(|| PznError::Printed {
            value: text.to_owned(),
        })?;
        Self::parse(rest)
    }

    /// The PZN inside an NTIN; refused if the GTIN is none or the inner PZN is wrong.
    pub fn from_ntin(gtin: &Gtin) -> Result<Self, PznError> {
        let inner = gtin
            .as_str()
            .strip_prefix(NTIN_PREFIX)
            .ok_or(PznError::NotAnNtin { gtin: *gtin })?;
        Self::parse(&inner[..8])
    }

    /// The PZN inside a PPN; `None` if the PPN belongs to another numbering agency.
    pub fn from_ppn(ppn: &Ppn) -> Option<Self> {
        ppn.pzn()
    }

    /// The 8 digits.
    pub fn as_str(&self) -> &str {
        ascii(&self.0)
    }

    /// The printed form, `PZN-12345678`.
    pub fn printed(&self) -> String {
        format!("PZN-{self}")
    }

    /// The content of the Code 39 symbol, `-12345678`.
    pub fn to_code39(&self) -> String {
        format!("-{self}")
    }

    /// The NTIN of this PZN, a GTIN.
    pub fn to_ntin(&self) -> Gtin {
        let body = format!("{NTIN_PREFIX}{self}");
        Gtin::from_body(body.as_bytes()).expect("five and eight digits are a GTIN body")
    }

    /// The PPN of this PZN.
    pub fn to_ppn(&self) -> Ppn {
        Ppn::of_pzn(self)
    }
}

identifier_text!(Pzn, PznError);

impl From<Pzn> for Gtin {
    fn from(pzn: Pzn) -> Self {
        pzn.to_ntin()
    }
}

impl From<Pzn> for Ppn {
    fn from(pzn: Pzn) -> Self {
        pzn.to_ppn()
    }
}

/// The digit that belongs at the end: weights 1 to 7, modulo 11. `None` where the sum comes to 10.
fn check_digit(digits: &[u8; 8]) -> Option<u8> {
    let sum: u32 = digits[..7]
        .iter()
        .zip(1..)
        .map(|(&digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    let rest = (sum % 11) as u8;
    (rest < 10).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<[&str; 3], &str>) {
        let forms = Pzn::parse(text).map(|pzn| {
            [
                pzn.to_string(),
                pzn.to_ntin().to_string(),
                pzn.to_ppn().to_string(),
            ]
        });
        match (&forms, expected) {
            (Ok(forms), Ok(expected)) => assert_eq!(forms, &expected, "{text:?}"),
            (Err(error), Err(code)) => assert_eq!(error.code(), code, "{text:?}"),
            (actual, expected) => panic!("{text:?}: {actual:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn the_three_forms() {
        // The PPN is the example of the IFA specification.
        check(
            "03752864",
            Ok(["03752864", "04150037528643", "110375286414"]),
        );
        check(
            "3752864",
            Ok(["03752864", "04150037528643", "110375286414"]),
        );
    }

    #[test]
    fn refusals() {
        check("03752865", Err("pzn_check_digit"));
        check("0375286", Err("pzn_check_digit"));
        check("037528641", Err("pzn_length"));
        check("0375286O", Err("pzn_characters"));
        // 5*2 = 10: no digit can stand at the end.
        check("05000000", Err("pzn_never_issued"));
    }

    #[test]
    fn printed_forms() {
        for text in [
            "PZN-03752864",
            "PZN 03752864",
            "pzn - 03752864",
            "PZN: 3752864",
        ] {
            assert_eq!(
                Pzn::parse_printed(text).unwrap().as_str(),
                "03752864",
                "{text:?}"
            );
        }
        assert_eq!(
            Pzn::parse_code39("-03752864").unwrap().printed(),
            "PZN-03752864"
        );
        assert!(Pzn::parse_code39("03752864").is_err());
        assert!(Pzn::parse_printed("PZ").is_err());
    }

    #[test]
    fn the_inner_number_of_an_ntin_is_tested() {
        let ntin =
            |text: &str| Pzn::from_ntin(&Gtin::parse(text).unwrap()).map_err(|error| error.code());
        assert_eq!(ntin("04150037528643"), Ok(Pzn::parse("03752864").unwrap()));
        assert_eq!(ntin("04150037528650"), Err("pzn_check_digit"));
        assert_eq!(ntin("04006381333931"), Err("not_an_ntin"));
    }
}
