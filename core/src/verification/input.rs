//! The elements of a request as texts, read into values or refused with everything that is wrong with them.
//!
//! What cannot be the elements of a pack is never looked up and never alarms (emvs.md 3.5, 3.6 step 2). Serves URS-VF-007.

use crate::batch_number::BatchNumber;
use crate::expiry::Expiry;
use crate::pack::PackKey;
use crate::ppn::PpnError;
use crate::product_code::{CodingScheme, ProductCode, ProductCodeFault};
use crate::serial::Serial;

use super::market_profile::Presence;
use super::request::Submitted;

/// The texts as they came.
#[derive(Debug, Clone, Copy, Default)]
pub struct RawElements<'a> {
    /// The scheme, once the dialect's word for it is understood.
    pub scheme: Option<CodingScheme>,
    /// Product code.
    pub code: Option<&'a str>,
    /// Serial number.
    pub serial: Option<&'a str>,
    /// Batch number.
    pub batch: Option<&'a str>,
    /// Expiry, YYMMDD.
    pub expiry: Option<&'a str>,
}

/// Which element a fault belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Element {
    /// Product code.
    Code,
    /// Coding scheme.
    Scheme,
    /// Serial number.
    Serial,
    /// Batch number.
    Batch,
    /// Expiry.
    Expiry,
}

impl Element {
    /// The element in words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Element::Code => "product code",
            Element::Scheme => "coding scheme",
            Element::Serial => "serial number",
            Element::Batch => "batch number",
            Element::Expiry => "expiry date",
        }
    }
}

/// What is wrong with an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InputFaultKind {
    /// It is not there.
    Missing,
    /// It breaks its own rules.
    Invalid,
    /// A PPN with right check digits around a wrong PZN.
    InnerPzn,
}

/// One fault of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFault {
    /// Where.
    pub element: Element,
    /// What kind.
    pub kind: InputFaultKind,
    /// One sentence with what to do. Serial numbers are not repeated in it.
    pub sentence: String,
}

/// Reads the elements of one pack. `presence` says whether batch and expiry must be there; where they are, they are read.
///
/// # Errors
/// Every missing and every wrong element, in the order product code, scheme, serial, batch, expiry.
pub fn read_elements(
    raw: &RawElements<'_>,
    presence: Presence,
    reference_year: i32,
) -> Result<Submitted, Vec<InputFault>> {
    let mut faults = Vec::new();
    let missing = |element: Element| InputFault {
        element,
        kind: InputFaultKind::Missing,
        sentence: format!("The {} is missing; scan the code again.", element.as_str()),
    };
    let given = |text: Option<&'_ str>| text.map(str::to_owned).filter(|text| !text.is_empty());
    let code = match (given(raw.code), raw.scheme) {
        (None, scheme) => {
            faults.push(missing(Element::Code));
            if scheme.is_none() {
                faults.push(missing(Element::Scheme));
            }
            None
        }
        (Some(_), None) => {
            faults.push(missing(Element::Scheme));
            None
        }
        (Some(text), Some(scheme)) => match ProductCode::parse_as(scheme, &text) {
            Ok(code) => Some(code),
            Err(error) => {
                let inner = error
                    .faults
                    .iter()
                    .any(|fault| matches!(fault, ProductCodeFault::Ppn(PpnError::Pzn { .. })));
                faults.push(InputFault {
                    element: Element::Code,
                    kind: match inner {
                        true => InputFaultKind::InnerPzn,
                        false => InputFaultKind::Invalid,
                    },
                    sentence: format!("{error}; scan the code again."),
                });
                None
            }
        },
    };
    let serial = match given(raw.serial) {
        None => {
            faults.push(missing(Element::Serial));
            None
        }
        Some(text) => kept(Serial::parse(&text), Element::Serial, &mut faults),
    };
    let batch = match given(raw.batch) {
        None if presence == Presence::Required => {
            faults.push(missing(Element::Batch));
            None
        }
        None => None,
        Some(text) => kept(BatchNumber::parse(&text), Element::Batch, &mut faults),
    };
    let expiry = match given(raw.expiry) {
        None if presence == Presence::Required => {
            faults.push(missing(Element::Expiry));
            None
        }
        None => None,
        Some(text) => kept(
            Expiry::parse(&text, reference_year),
            Element::Expiry,
            &mut faults,
        ),
    };
    match (code, serial) {
        (Some(product), Some(serial)) if faults.is_empty() => Ok(Submitted {
            pack: PackKey { product, serial },
            batch,
            expiry,
        }),
        _ => Err(faults),
    }
}

fn kept<T, E: std::fmt::Display>(
    read: Result<T, E>,
    element: Element,
    faults: &mut Vec<InputFault>,
) -> Option<T> {
    read.map_err(|error| {
        faults.push(InputFault {
            element,
            kind: InputFaultKind::Invalid,
            sentence: format!("{error}; scan the code again, or compare it with the print."),
        });
    })
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &RawElements<'_>, presence: Presence, expected: &[(Element, InputFaultKind)]) {
        let faults = read_elements(raw, presence, 2026).err().unwrap_or_default();
        let found: Vec<_> = faults.iter().map(|f| (f.element, f.kind)).collect();
        assert_eq!(found, expected, "{raw:?}");
    }

    /// URS-VF-007: all faults at once.
    #[test]
    fn every_fault_is_named() {
        use {Element as E, InputFaultKind as K};
        let right = RawElements {
            scheme: Some(CodingScheme::Gtin),
            code: Some("04006381333931"),
            serial: Some("A/1"),
            batch: Some("L1"),
            expiry: Some("280200"),
        };
        check(&right, Presence::Required, &[]);
        let two = RawElements {
            batch: None,
            expiry: None,
            ..right
        };
        check(&two, Presence::Optional, &[]);
        let missing = [(E::Batch, K::Missing), (E::Expiry, K::Missing)];
        check(&two, Presence::Required, &missing);
        let wrong = RawElements {
            code: Some("04006381333932"),
            serial: Some("A B"),
            batch: Some("ä"),
            expiry: Some("281300"),
            ..right
        };
        let all = [E::Code, E::Serial, E::Batch, E::Expiry].map(|element| (element, K::Invalid));
        check(&wrong, Presence::Required, &all);
        let nothing = RawElements::default();
        let all = [E::Code, E::Scheme, E::Serial].map(|element| (element, K::Missing));
        check(&nothing, Presence::Optional, &all);
    }
}
