//! Scan data with the symbology identifier in front, read as strictly as the reference engine of GS1.
//!
//! For incoming files, test symbols and partners who promise clean data. Scans at a counter go through `scan`.

use super::{ElementFault, ElementString, Level};
use crate::check_digit::NumericKey;
use crate::digital_link::{self, DigitalLink};
use crate::symbology::{Carrier, SymbologyIdentifier};

/// A composite symbol: the linear part, then the identifier of the two-dimensional part.
const COMPOSITE_JOINT: &str = "|]e0";

/// The identifiers whose data is read as it stands. Those with extended channel interpretation (`]d4`, `]Q4` …) send
/// escapes that must be decoded first, which is not done here.
const READ_AS_IT_STANDS: [&str; 10] = [
    "]C1", "]E0", "]E4", "]e0", "]d1", "]d2", "]Q1", "]Q3", "]J0", "]J1",
];

/// A scan with its symbology identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanData<'a> {
    /// Which symbol was read.
    pub symbology: SymbologyIdentifier,
    /// What it holds.
    pub content: ScanContent<'a>,
}

/// What a symbol holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScanContent<'a> {
    /// GS1 element strings.
    Elements(ElementString<'a>),
    /// The 13 or 8 digits of an EAN or UPC symbol, with the element strings of a composite part.
    TradeItem {
        /// The digits, check digit included.
        digits: &'a str,
        /// The composite part.
        composite: Option<ElementString<'a>>,
    },
    /// A GS1 Digital Link.
    Link(DigitalLink<'a>),
    /// Text of another kind.
    Text(&'a str),
}

impl<'a> ScanData<'a> {
    /// Reads a scan and tests its elements to `level`; refuses with every fault found.
    pub fn parse(scan: &'a str, level: Level) -> Result<Self, Vec<ElementFault>> {
        let Some((symbology, text)) = SymbologyIdentifier::split_from(scan) else {
            return Err(vec![ElementFault::SymbologyMissing]);
        };
        let found = symbology.to_string();
        if !READ_AS_IT_STANDS.contains(&found.as_str()) {
            return Err(vec![ElementFault::SymbologyUnsupported { found }]);
        }
        let content = match symbology.carrier() {
            Carrier::Ean13 => trade_item(text, NumericKey::Gtin13, level)?,
            Carrier::Ean8 => trade_item(text, NumericKey::Gtin8, level)?,
            carrier if carrier.holds_element_strings() => {
                ScanContent::Elements(ElementString::parse_unbracketed(text, level)?)
            }
            _ if digital_link::has_web_scheme(text) => ScanContent::Link(link(text, level)?),
            _ => ScanContent::Text(text),
        };
        Ok(Self { symbology, content })
    }

    /// The GS1 elements of the scan, wherever they stand in it.
    pub fn elements(&self) -> Option<&ElementString<'a>> {
        match &self.content {
            ScanContent::Elements(elements) => Some(elements),
            ScanContent::TradeItem { composite, .. } => composite.as_ref(),
            ScanContent::Link(link) => Some(link.elements()),
            ScanContent::Text(_) => None,
        }
    }
}

fn link(text: &str, level: Level) -> Result<DigitalLink<'_>, Vec<ElementFault>> {
    DigitalLink::parse(text, level)
        .map_err(|faults| faults.into_iter().map(ElementFault::Link).collect())
}

fn trade_item(
    text: &str,
    kind: NumericKey,
    level: Level,
) -> Result<ScanContent<'_>, Vec<ElementFault>> {
    let (digits, composite) = match text.split_once(COMPOSITE_JOINT) {
        Some((digits, elements)) => (digits, Some(elements)),
        None => (text, None),
    };
    let mut faults = Vec::new();
    faults.extend(
        kind.check(digits)
            .err()
            .map(|fault| ElementFault::TradeItemDigits { fault }),
    );
    let composite = composite
        .map(|elements| ElementString::parse_unbracketed(elements, level))
        .transpose();
    match composite {
        Ok(composite) if faults.is_empty() => Ok(ScanContent::TradeItem { digits, composite }),
        Ok(_) => Err(faults),
        Err(more) => {
            faults.extend(more);
            Err(faults)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(scan: &str, expected: Result<Option<&str>, &[&str]>) {
        let actual = ScanData::parse(scan, Level::Associations);
        match (&actual, expected) {
            (Ok(data), Ok(expected)) => {
                assert_eq!(
                    data.elements().map(ElementString::to_bracketed).as_deref(),
                    expected,
                    "{scan:?}"
                );
            }
            (Err(faults), Err(expected)) => {
                assert_eq!(
                    faults.iter().map(ElementFault::code).collect::<Vec<_>>(),
                    expected,
                    "{scan:?}"
                );
            }
            _ => panic!("{scan:?}: {actual:?}"),
        }
    }

    #[test]
    fn by_symbology() {
        check(
            "]d2010400638133393121A",
            Ok(Some("(01)04006381333931(21)A")),
        );
        check("]E04006381333931", Ok(None));
        check(
            "]E04006381333931|]e010A\u{1d}0104006381333931",
            Ok(Some("(10)A(01)04006381333931")),
        );
        check(
            "]Q1https://example.org/01/04006381333931",
            Ok(Some("(01)04006381333931")),
        );
        check("]Q1hello", Ok(None));
    }

    #[test]
    fn refusals() {
        check("0104006381333931", Err(&["symbology_missing"]));
        check("]C00104006381333931", Err(&["symbology_unsupported"]));
        check("]A0-03752864", Err(&["symbology_unsupported"]));
        check(
            "]E04006381333932|]e0",
            Err(&["trade_item_digits", "no_elements"]),
        );
        check("]d4010", Err(&["symbology_unsupported"]));
        check("]d221A", Err(&["element_missing"]));
        check("]d2", Err(&["no_elements"]));
        check("]Q1https://example.org/", Err(&["link_key"]));
    }
}
