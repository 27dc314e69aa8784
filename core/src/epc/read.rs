//! Takes an EPC URI apart, in the order of its components.

use std::borrow::Cow;

use super::escape::{self, Alphabet, EscapeFault};
use super::scheme::{Lead, Reference, Shape, Tail};
use super::{Epc, EpcKind};
use crate::application_identifier;
use crate::batch_number::BatchNumber;
use crate::check_digit::gs1_check_digit;
use crate::company_prefix::PrefixLength;
use crate::element_string::{Element, ElementFault, ElementString, Level};
use crate::gtin::Gtin;
use crate::serial::Serial;

/// Why a text is no EPC URI.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EpcError {
    /// Neither `urn:epc:id:`, `urn:epc:class:` nor `urn:epc:idpat:`.
    #[error("{uri:?} does not begin with urn:epc:id:, urn:epc:class: or urn:epc:idpat:")]
    NotAnEpc {
        /// The text as given.
        uri: String,
    },
    /// A scheme the standard does not have, or not under this kind.
    #[error("there is no EPC scheme {name:?} of this kind")]
    Scheme {
        /// The name found.
        name: String,
    },
    /// Too few components.
    #[error("an EPC of scheme {scheme} has {expected} components, {found} found")]
    Components {
        /// The scheme.
        scheme: &'static str,
        /// Components found.
        found: usize,
        /// Components expected.
        expected: usize,
    },
    /// The company prefix is not 6 to 12 digits.
    #[error("company prefix {prefix:?} is not 6 to 12 digits")]
    Prefix {
        /// The component found.
        prefix: String,
    },
    /// Prefix and reference do not make the number of digits the scheme has.
    #[error(
        "prefix and reference {reference:?} make {found} characters, scheme {scheme} has {expected} digits"
    )]
    Reference {
        /// The scheme.
        scheme: &'static str,
        /// The component found.
        reference: String,
        /// Characters found, prefix included.
        found: usize,
        /// Digits expected, prefix included.
        expected: usize,
    },
    /// A component with wrong characters or escapes.
    #[error("component {component:?} {fault}")]
    Component {
        /// The component as it stands.
        component: String,
        /// What is wrong with it.
        fault: EscapeFault,
    },
    /// A pattern must end in `*`.
    #[error("a pattern ends in *, found {component:?}")]
    Pattern {
        /// The last component.
        component: String,
    },
    /// The elements that the URI stands for break a rule, such as a serial over 20 characters.
    #[error("the EPC stands for elements that are wrong: {}", .0.first().map(ToString::to_string).unwrap_or_default())]
    Elements(Vec<ElementFault>),
    /// The key is all zeros, which was never issued.
    #[error("the key of the EPC is all zeros, which was never issued")]
    AllZeros,
}

pub(super) fn parse(uri: &str) -> Result<Epc, EpcError> {
    let (kind, rest) = kind_of(uri).ok_or_else(|| EpcError::NotAnEpc {
        uri: uri.to_owned(),
    })?;
    let (name, body) = rest.split_once(':').unwrap_or((rest, ""));
    let shape = Shape::find(name)
        .filter(|shape| {
            shape.kind == kind || (kind == EpcKind::Pattern && shape.tail != Tail::Nothing)
        })
        .ok_or_else(|| EpcError::Scheme {
            name: name.to_owned(),
        })?;
    let parts: Vec<&str> = body.splitn(shape.components(), '.').collect();
    if parts.len() != shape.components() {
        let found = parts.len();
        return Err(EpcError::Components {
            scheme: shape.name,
            found,
            expected: shape.components(),
        });
    }
    let prefix_length = read_prefix(parts[0])?;
    let mut value = read_reference(shape, parts[0], parts[1])?;
    let tail = read_tail(shape, kind, &parts[2..], &mut value)?;
    if value.bytes().all(|byte| byte == b'0') {
        return Err(EpcError::AllZeros);
    }
    let mut elements = vec![element(shape.ai, value)];
    if let (Some(ai), Some(tail)) = (shape.tail_ai(), tail) {
        elements.push(element(ai, tail));
    }
    let elements = ElementString::new(elements, Level::Content).map_err(EpcError::Elements)?;
    Ok(Epc {
        scheme: shape.scheme,
        kind,
        prefix_length,
        elements,
    })
}

/// Reads `urn:epc:id:sgtin:…` without an allocation, for documents with EPCs by the million; `None` where
/// [`Epc::parse`] would refuse or finds another scheme.
pub fn read_sgtin(uri: &str) -> Option<(Gtin, Serial, PrefixLength)> {
    let (gtin, length, serial) = read_item(uri.strip_prefix("urn:epc:id:sgtin:")?)?;
    Some((
        gtin,
        Serial::from_bytes(unescaped(serial, &mut [0; 20])?)?,
        length,
    ))
}

/// Reads `urn:epc:class:lgtin:…` without an allocation, as [`read_sgtin`].
pub fn read_lgtin(uri: &str) -> Option<(Gtin, BatchNumber, PrefixLength)> {
    let (gtin, length, batch) = read_item(uri.strip_prefix("urn:epc:class:lgtin:")?)?;
    Some((
        gtin,
        BatchNumber::from_bytes(unescaped(batch, &mut [0; 20])?)?,
        length,
    ))
}

fn read_item(body: &str) -> Option<(Gtin, PrefixLength, &str)> {
    let (prefix, rest) = body.split_once('.')?;
    let (item, tail) = rest.split_once('.')?;
    let length = PrefixLength::new(prefix.len())?;
    let mut digits = [0; 13];
    let (indicator, item) = item.as_bytes().split_first()?;
    digits[0] = *indicator;
    digits
        .get_mut(1..1 + prefix.len())?
        .copy_from_slice(prefix.as_bytes());
    let behind = &mut digits[1 + prefix.len()..];
    if behind.len() != item.len() {
        return None;
    }
    behind.copy_from_slice(item);
    Some((Gtin::from_body(&digits)?, length, tail))
}

/// Decodes into `buffer` if there is anything to decode; `None` for what [`escape::decode`] refuses or does not fit.
fn unescaped<'a>(component: &'a str, buffer: &'a mut [u8; 20]) -> Option<&'a [u8]> {
    if escape::is_plain(component.as_bytes()) {
        return Some(component.as_bytes());
    }
    let decoded = escape::decode(component, Alphabet::Text).ok()?;
    let target = buffer.get_mut(..decoded.len())?;
    target.copy_from_slice(decoded.as_bytes());
    Some(target)
}

fn kind_of(uri: &str) -> Option<(EpcKind, &str)> {
    let rest = uri.strip_prefix("urn:epc:")?;
    [
        ("id:", EpcKind::Identity),
        ("class:", EpcKind::Class),
        ("idpat:", EpcKind::Pattern),
    ]
    .into_iter()
    .find_map(|(name, kind)| Some((kind, rest.strip_prefix(name)?)))
}

fn read_prefix(prefix: &str) -> Result<PrefixLength, EpcError> {
    let digits = prefix.bytes().all(|byte| byte.is_ascii_digit());
    PrefixLength::new(prefix.len())
        .filter(|_| digits)
        .ok_or_else(|| EpcError::Prefix {
            prefix: prefix.to_owned(),
        })
}

/// The value of the element up to its check digit.
fn read_reference(shape: &Shape, prefix: &str, reference: &str) -> Result<String, EpcError> {
    let decoded = |alphabet| {
        escape::decode(reference, alphabet)
            .map(|text| format!("{prefix}{text}"))
            .map_err(|fault| EpcError::Component {
                component: reference.to_owned(),
                fault,
            })
    };
    let (total, lead) = match shape.reference {
        Reference::Text => return decoded(Alphabet::Text),
        Reference::Part => return decoded(Alphabet::Part),
        Reference::Digits { total, lead } => (total, lead),
    };
    let wrong = || EpcError::Reference {
        scheme: shape.name,
        reference: reference.to_owned(),
        found: prefix.len() + reference.chars().count(),
        expected: total,
    };
    if !reference.bytes().all(|byte| byte.is_ascii_digit())
        || prefix.len() + reference.len() != total
    {
        return Err(wrong());
    }
    let body = match lead {
        Lead::Nothing => format!("{prefix}{reference}"),
        Lead::Zero => format!("0{prefix}{reference}"),
        Lead::FirstOfReference => {
            let (first, item) = reference.split_at_checked(1).ok_or_else(wrong)?;
            format!("{first}{prefix}{item}")
        }
    };
    let check = gs1_check_digit(body.as_bytes()).ok_or_else(wrong)?;
    Ok(format!("{body}{check}"))
}

/// Reads what stands behind the reference: appends to `value` what belongs to the same element, returns what does not.
fn read_tail(
    shape: &Shape,
    kind: EpcKind,
    parts: &[&str],
    value: &mut String,
) -> Result<Option<String>, EpcError> {
    let Some((&last, between)) = parts.split_last() else {
        return Ok(None);
    };
    value.extend(between.iter().copied());
    if kind == EpcKind::Pattern {
        let pattern = || EpcError::Pattern {
            component: last.to_owned(),
        };
        return if last == "*" {
            Ok(None)
        } else {
            Err(pattern())
        };
    }
    let text = escape::decode(last, Alphabet::Text).map_err(|fault| EpcError::Component {
        component: last.to_owned(),
        fault,
    })?;
    match shape.tail {
        Tail::Appended => {
            value.push_str(&text);
            Ok(None)
        }
        _ => Ok(Some(text)),
    }
}

pub(super) fn element(code: &str, value: String) -> Element<'static> {
    let ai = application_identifier::find(code)
        .expect("the elements of every scheme stand in the table, a test looks");
    Element {
        ai,
        value: Cow::Owned(value),
    }
}
