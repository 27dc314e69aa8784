//! Symbology identifiers: the three characters a reader puts in front of a scan to say which symbol it read (ISO/IEC
//! 15424, "AIM identifiers").
//!
//! `]d2` is a GS1 DataMatrix, `]d1` a Data Matrix without FNC1, as PPN packs have it. They are off in most readers as
//! delivered; every site should switch them on, since they tell layout, letter case and the wrong symbol at a glance.

use std::fmt;

/// A symbology identifier as sent: `]`, a code character, a modifier.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SymbologyIdentifier {
    code: u8,
    modifier: u8,
}

/// The symbol that an identifier stands for, as far as medicine packs meet it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Carrier {
    /// Data Matrix with FNC1 in first place (`]d2`, with ECI `]d5`): GS1 data.
    Gs1DataMatrix,
    /// Data Matrix without FNC1 (`]d1`, with ECI `]d4`): PPN packs in Format 06, or GS1 data printed without FNC1.
    DataMatrix,
    /// Data Matrix with FNC1 in second place (`]d3`, `]d6`): an industry format.
    DataMatrixIndustry,
    /// Code 128 with FNC1 in first place (`]C1`): logistic labels.
    Gs1Code128,
    /// Code 128 of any other kind.
    Code128,
    /// GS1 DataBar or a GS1 composite (`]e0`).
    Gs1DataBar,
    /// QR Code with FNC1 in first place (`]Q3`).
    Gs1QrCode,
    /// QR Code of any other kind.
    QrCode,
    /// GS1 DotCode (`]J1`).
    Gs1DotCode,
    /// DotCode of any other kind.
    DotCode,
    /// EAN-13, UPC-A or UPC-E (`]E0`), 13 digits.
    Ean13,
    /// EAN-8 (`]E4`), 8 digits.
    Ean8,
    /// Code 39 (`]A`): the older PZN barcode.
    Code39,
    /// Interleaved 2 of 5 (`]I`): ITF-14 on cases.
    Interleaved,
    /// Anything else.
    Other,
}

impl SymbologyIdentifier {
    /// Takes the identifier off the front of a scan; `None` if there is none.
    pub fn split_from(scan: &str) -> Option<(Self, &str)> {
        match scan.as_bytes() {
            [b']', code, modifier, ..]
                if code.is_ascii_alphabetic() && modifier.is_ascii_alphanumeric() =>
            {
                Some((
                    Self {
                        code: *code,
                        modifier: *modifier,
                    },
                    &scan[3..],
                ))
            }
            _ => None,
        }
    }

    /// The symbol it stands for.
    pub fn carrier(self) -> Carrier {
        match (self.code, self.modifier) {
            (b'd', b'2' | b'5') => Carrier::Gs1DataMatrix,
            (b'd', b'1' | b'4') => Carrier::DataMatrix,
            (b'd', b'3' | b'6') => Carrier::DataMatrixIndustry,
            (b'C', b'1') => Carrier::Gs1Code128,
            (b'C', _) => Carrier::Code128,
            (b'e', b'0') => Carrier::Gs1DataBar,
            (b'Q', b'3') => Carrier::Gs1QrCode,
            (b'Q', _) => Carrier::QrCode,
            (b'J', b'1') => Carrier::Gs1DotCode,
            (b'J', _) => Carrier::DotCode,
            (b'E', b'0') => Carrier::Ean13,
            (b'E', b'4') => Carrier::Ean8,
            (b'A', _) => Carrier::Code39,
            (b'I', _) => Carrier::Interleaved,
            _ => Carrier::Other,
        }
    }
}

impl Carrier {
    /// Whether the symbol says by its construction that it holds GS1 element strings.
    pub fn holds_element_strings(self) -> bool {
        matches!(
            self,
            Self::Gs1DataMatrix
                | Self::Gs1Code128
                | Self::Gs1DataBar
                | Self::Gs1QrCode
                | Self::Gs1DotCode
        )
    }
}

impl fmt::Display for SymbologyIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "]{}{}", char::from(self.code), char::from(self.modifier))
    }
}

impl fmt::Debug for SymbologyIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} {:?}", self.carrier())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(scan: &str, expected: Option<(Carrier, &str)>) {
        let actual = SymbologyIdentifier::split_from(scan);
        assert_eq!(
            actual.map(|(identifier, rest)| (identifier.carrier(), rest)),
            expected,
            "{scan:?}"
        );
        if let Some((identifier, rest)) = actual {
            assert_eq!(format!("{identifier}{rest}"), scan);
        }
    }

    #[test]
    fn identifiers_of_packs_and_cases() {
        check("]d2010", Some((Carrier::Gs1DataMatrix, "010")));
        check("]d1[)>", Some((Carrier::DataMatrix, "[)>")));
        check("]C100", Some((Carrier::Gs1Code128, "00")));
        check("]C0", Some((Carrier::Code128, "")));
        check("]E0", Some((Carrier::Ean13, "")));
        check("]A0-1", Some((Carrier::Code39, "-1")));
        check("]X9", Some((Carrier::Other, "")));
    }

    #[test]
    fn what_is_no_identifier() {
        for scan in ["", "]", "]d", "d2", "010", "]é2", "]\u{1d}2", "]d\u{1d}"] {
            check(scan, None);
        }
    }
}
