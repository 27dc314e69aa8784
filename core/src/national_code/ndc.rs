//! The National Drug Code of the United States (21 CFR 207; FDA final rule 91 FR 10749).
//!
//! Labeler, product and package, in one of three splits of ten digits, or from 7 March 2033 in the one split of twelve. The
//! split is part of the number: a GTIN carries the ten digits without it, so that three numbers are possible and only
//! master data knows which. An NDC of twelve digits fits in no GTIN; AI 715 carries it.

use std::fmt;

use crate::check_digit::first_non_digit;
use crate::gtin::Gtin;

/// How many digits labeler, product and package have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NdcFormat {
    /// 4-4-2, ten digits.
    FourFourTwo,
    /// 5-3-2, ten digits.
    FiveThreeTwo,
    /// 5-4-1, ten digits.
    FiveFourOne,
    /// 5-4-2, eleven digits: the billing form, in which the original split can no longer be seen.
    FiveFourTwo,
    /// 6-4-2, twelve digits, from 7 March 2033.
    SixFourTwo,
}

/// A National Drug Code with its split.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Ndc {
    format: NdcFormat,
    digits: String,
}

/// Why a text is no NDC.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NdcError {
    /// Three segments of digits with dashes between them.
    #[error("NDC {value:?} is not three segments of digits with dashes between them")]
    Segments {
        /// The text as given.
        value: String,
    },
    /// A split that does not exist.
    #[error("NDC {value} is split {split}, expected 4-4-2, 5-3-2, 5-4-1, 5-4-2 or 6-4-2")]
    Split {
        /// The text as given.
        value: String,
        /// Its split.
        split: String,
    },
}

/// What stands in front of the ten digits in the 13 digits behind the indicator.
const GTIN_PREFIX: &str = "03";
const TEN_DIGIT_FORMATS: [NdcFormat; 3] = [
    NdcFormat::FourFourTwo,
    NdcFormat::FiveThreeTwo,
    NdcFormat::FiveFourOne,
];

impl NdcFormat {
    /// Digits of labeler, product and package.
    pub fn lengths(self) -> [usize; 3] {
        match self {
            Self::FourFourTwo => [4, 4, 2],
            Self::FiveThreeTwo => [5, 3, 2],
            Self::FiveFourOne => [5, 4, 1],
            Self::FiveFourTwo => [5, 4, 2],
            Self::SixFourTwo => [6, 4, 2],
        }
    }

    fn of_lengths(lengths: [usize; 3]) -> Option<Self> {
        TEN_DIGIT_FORMATS
            .into_iter()
            .chain([Self::FiveFourTwo, Self::SixFourTwo])
            .find(|format| format.lengths() == lengths)
    }
}

impl fmt::Display for NdcFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [labeler, product, package] = self.lengths();
        write!(f, "{labeler}-{product}-{package}")
    }
}

impl Ndc {
    /// Reads `1234-5678-90` in any of the splits; without dashes the split is unknown and the text is refused.
    pub fn parse(text: &str) -> Result<Self, NdcError> {
        let segments: Vec<&str> = text.split('-').collect();
        let lengths = match segments[..] {
            [labeler, product, package]
                if segments
                    .iter()
                    .all(|segment| first_non_digit(segment).is_none()) =>
            {
                [labeler.len(), product.len(), package.len()]
            }
            _ => {
                return Err(NdcError::Segments {
                    value: text.to_owned(),
                });
            }
        };
        let format = NdcFormat::of_lengths(lengths).ok_or_else(|| NdcError::Split {
            value: text.to_owned(),
            split: lengths.map(|length| length.to_string()).join("-"),
        })?;
        Ok(Self {
            format,
            digits: segments.concat(),
        })
    }

    /// The three numbers a GTIN can mean, in the order 4-4-2, 5-3-2, 5-4-1; `None` if it carries no NDC.
    pub fn candidates(gtin: &Gtin) -> Option<[Self; 3]> {
        let ten = gtin.as_str()[1..13].strip_prefix(GTIN_PREFIX)?;
        Some(TEN_DIGIT_FORMATS.map(|format| Self {
            format,
            digits: ten.to_owned(),
        }))
    }

    /// The number that a GTIN means, for those whose master data knows the split; `None` if the GTIN carries no NDC or the
    /// format is none of ten digits.
    pub fn from_gtin(gtin: &Gtin, format: NdcFormat) -> Option<Self> {
        Self::candidates(gtin)?
            .into_iter()
            .find(|ndc| ndc.format == format)
    }

    /// The split.
    pub fn format(&self) -> NdcFormat {
        self.format
    }

    /// Labeler, product and package.
    pub fn segments(&self) -> [&str; 3] {
        let [labeler, product, _] = self.format.lengths();
        let (labeler, rest) = self.digits.split_at(labeler);
        let (product, package) = rest.split_at(product);
        [labeler, product, package]
    }

    /// The ten digits without dashes; `None` if it does not have ten.
    pub fn to_ten_digits(&self) -> Option<&str> {
        (self.digits.len() == 10).then_some(self.digits.as_str())
    }

    /// The eleven digits of billing, 5-4-2; `None` if the labeler has six digits that do not begin with 0.
    pub fn to_eleven_digits(&self) -> Option<String> {
        let [labeler, product, package] = self.segments();
        let labeler = if labeler.len() == 6 {
            labeler.strip_prefix('0')?
        } else {
            labeler
        };
        Some(format!("{labeler:0>5}{product:0>4}{package:0>2}"))
    }

    /// The twelve digits of 2033, 6-4-2.
    pub fn to_twelve_digits(&self) -> String {
        let [labeler, product, package] = self.segments();
        format!("{labeler:0>6}{product:0>4}{package:0>2}")
    }

    /// The GTIN with this packaging indicator (0 to 8); `None` unless the number has ten digits.
    pub fn to_gtin(&self, indicator: u8) -> Option<Gtin> {
        let ten = self.to_ten_digits().filter(|_| indicator <= 8)?;
        Gtin::from_body(format!("{indicator}{GTIN_PREFIX}{ten}").as_bytes())
    }
}

impl fmt::Display for Ndc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.segments().join("-"))
    }
}

impl fmt::Debug for Ndc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ndc({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, gtin: Option<&str>, eleven: &str, twelve: &str) {
        let ndc = Ndc::parse(text).unwrap();
        assert_eq!(ndc.to_string(), text);
        assert_eq!(ndc.to_gtin(0).as_ref().map(Gtin::as_str), gtin, "{text}");
        assert_eq!(ndc.to_eleven_digits().as_deref(), Some(eleven), "{text}");
        assert_eq!(ndc.to_twelve_digits(), twelve, "{text}");
        if let Some(gtin) = ndc.to_gtin(3) {
            assert_eq!(gtin.indicator(), 3);
            assert_eq!(Ndc::from_gtin(&gtin, ndc.format()), Some(ndc));
        }
    }

    #[test]
    fn splits_and_lengths() {
        check(
            "1234-5678-90",
            Some("00312345678906"),
            "01234567890",
            "001234567890",
        );
        check(
            "12345-678-90",
            Some("00312345678906"),
            "12345067890",
            "012345067890",
        );
        check(
            "12345-6789-0",
            Some("00312345678906"),
            "12345678900",
            "012345678900",
        );
        check("12345-0678-90", None, "12345067890", "012345067890");
        check("012345-0678-90", None, "12345067890", "012345067890");
        assert_eq!(
            Ndc::parse("123456-0678-90").unwrap().to_eleven_digits(),
            None
        );
    }

    #[test]
    fn a_gtin_leaves_three_candidates() {
        let candidates = Ndc::candidates(&Gtin::parse("00312345678906").unwrap()).unwrap();
        assert_eq!(
            candidates.map(|ndc| ndc.to_string()),
            ["1234-5678-90", "12345-678-90", "12345-6789-0"]
        );
        assert_eq!(
            Ndc::candidates(&Gtin::parse("04006381333931").unwrap()),
            None
        );
    }

    #[test]
    fn refusals() {
        for (text, expected) in [
            ("1234567890", "three segments"),
            ("1234-5678", "three segments"),
            ("1234-567A-90", "three segments"),
            ("123-4567-890", "split 3-4-3"),
            ("--", "split 0-0-0"),
        ] {
            let message = Ndc::parse(text).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
        assert_eq!(Ndc::parse("1234-5678-90").unwrap().to_gtin(9), None);
    }
}
