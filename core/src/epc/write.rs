//! Writes EPC URIs.

use super::read::element;
use super::scheme::{Lead, Reference, SHAPES, Shape, Tail};
use super::{Epc, EpcKind, EpcScheme, escape};
use crate::company_prefix::PrefixLength;
use crate::element_string::{ElementFault, ElementString, Level};
use crate::gtin::Gtin;
use crate::serial::Serial;

/// Why elements make no EPC.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EpcBuildError {
    /// The elements are wrong in themselves.
    #[error("the elements are wrong: {}", .0.first().map(ToString::to_string).unwrap_or_default())]
    Elements(Vec<ElementFault>),
    /// No scheme is made of just these elements.
    #[error("no EPC scheme is made of {elements}")]
    NoScheme {
        /// The identifiers of the elements.
        elements: String,
    },
    /// The key does not begin with as many digits as the prefix has, or has nothing behind them.
    #[error(
        "({ai}){value} has no company prefix of {prefix_length} digits with a reference behind it"
    )]
    Prefix {
        /// The identifier of the key.
        ai: &'static str,
        /// Its value.
        value: String,
        /// The length asked for.
        prefix_length: PrefixLength,
    },
}

pub(super) fn from_elements(
    elements: &ElementString<'_>,
    prefix_length: PrefixLength,
) -> Result<Epc, EpcBuildError> {
    let faults = elements.check(Level::Content);
    if !faults.is_empty() {
        return Err(EpcBuildError::Elements(faults));
    }
    let codes: Vec<&str> = elements
        .elements()
        .iter()
        .map(|element| element.ai.code())
        .collect();
    let shape = SHAPES
        .iter()
        .find(|shape| is_made_of(shape, &codes))
        .ok_or_else(|| EpcBuildError::NoScheme {
            elements: codes.iter().map(|code| format!("({code})")).collect(),
        })?;
    let value = elements.value(shape.ai).unwrap_or_default();
    if !prefix_fits(shape, value, prefix_length) {
        return Err(EpcBuildError::Prefix {
            ai: shape.ai,
            value: value.to_owned(),
            prefix_length,
        });
    }
    let mut owned = vec![element(shape.ai, value.to_owned())];
    let mut tail = shape
        .tail_ai()
        .and_then(|ai| elements.value(ai))
        .map(str::to_owned);
    if shape.tail == Tail::Extension {
        tail.get_or_insert_with(|| "0".to_owned());
    }
    let without_tail = match shape.tail {
        Tail::Nothing => false,
        Tail::Appended => value.len() == key_length(shape),
        Tail::Element(_) | Tail::Extension | Tail::PieceAndSerial => tail.is_none(),
    };
    owned.extend(
        shape
            .tail_ai()
            .zip(tail)
            .map(|(ai, tail)| element(ai, tail)),
    );
    let kind = if without_tail {
        EpcKind::Pattern
    } else {
        shape.kind
    };
    Ok(Epc {
        scheme: shape.scheme,
        kind,
        prefix_length,
        elements: ElementString::unchecked(owned),
    })
}

pub(super) fn of_gtin(
    scheme: EpcScheme,
    kind: EpcKind,
    gtin: &Gtin,
    tail: Option<(&str, &str)>,
    prefix_length: PrefixLength,
) -> Epc {
    let key = element("01", gtin.as_str().to_owned());
    let tail = tail.map(|(ai, value)| element(ai, value.to_owned()));
    let elements = ElementString::unchecked(std::iter::once(key).chain(tail).collect());
    Epc {
        scheme,
        kind,
        prefix_length,
        elements,
    }
}

pub(super) fn of_key(
    scheme: EpcScheme,
    elements: &[(&str, &str)],
    prefix_length: PrefixLength,
) -> Epc {
    let elements = elements
        .iter()
        .map(|(code, value)| element(code, (*value).to_owned()))
        .collect();
    Epc {
        scheme,
        kind: EpcKind::Identity,
        prefix_length,
        elements: ElementString::unchecked(elements),
    }
}

/// Appends `urn:epc:id:sgtin:…` to `to` without building an [`Epc`], for documents with packs by the million.
pub fn write_sgtin(gtin: &Gtin, serial: &Serial, prefix_length: PrefixLength, to: &mut String) {
    to.push_str("urn:epc:id:sgtin:");
    write_item(gtin.as_str(), prefix_length, to);
    to.push('.');
    escape::encode(serial.as_str(), to);
}

pub(super) fn uri(epc: &Epc) -> String {
    let shape = epc.scheme.shape();
    let kind = match epc.kind {
        EpcKind::Identity => "id",
        EpcKind::Class => "class",
        EpcKind::Pattern => "idpat",
    };
    let mut uri = format!("urn:epc:{kind}:{}:", shape.name);
    let value = epc.elements.value(shape.ai).unwrap_or_default();
    write_key(shape, value, epc.prefix_length, &mut uri);
    if shape.tail == Tail::PieceAndSerial {
        let (piece, total) = value[key_length(shape)..].split_at(2);
        uri.push_str(&format!(".{piece}.{total}"));
    }
    let tail = match shape.tail {
        Tail::Nothing => return uri,
        Tail::Appended => &value[key_length(shape)..],
        _ => shape
            .tail_ai()
            .and_then(|ai| epc.elements.value(ai))
            .unwrap_or_default(),
    };
    uri.push('.');
    match epc.kind {
        EpcKind::Pattern => uri.push('*'),
        EpcKind::Identity | EpcKind::Class => escape::encode(tail, &mut uri),
    }
    uri
}

fn write_key(shape: &Shape, value: &str, prefix_length: PrefixLength, uri: &mut String) {
    let digits = prefix_length.digits();
    let body = match shape.reference {
        Reference::Digits { .. } => &value[..key_length(shape) - 1],
        Reference::Text | Reference::Part => value,
    };
    match shape.reference {
        Reference::Digits {
            lead: Lead::FirstOfReference,
            ..
        } => write_item(body, prefix_length, uri),
        Reference::Digits { lead, .. } => {
            let body = if lead == Lead::Zero { &body[1..] } else { body };
            let (prefix, reference) = body.split_at(digits);
            uri.push_str(&format!("{prefix}.{reference}"));
        }
        Reference::Text | Reference::Part => {
            let (prefix, reference) = body.split_at(digits);
            uri.push_str(prefix);
            uri.push('.');
            escape::encode(reference, uri);
        }
    }
}

/// Prefix, dot, then the digit that stands in front of the prefix in the key and the digits behind it, of a key of 14 or 18
/// digits; a check digit at the end is left out.
fn write_item(key: &str, prefix_length: PrefixLength, uri: &mut String) {
    let body = &key[..if key.len() > 14 { 17 } else { 13 }];
    let (prefix, reference) = body[1..].split_at(prefix_length.digits());
    uri.push_str(prefix);
    uri.push('.');
    uri.push_str(&body[..1]);
    uri.push_str(reference);
}

/// Characters of the key in its element, check digit included.
fn key_length(shape: &Shape) -> usize {
    match shape.reference {
        Reference::Digits { total, lead } => total + 1 + usize::from(lead == Lead::Zero),
        Reference::Text | Reference::Part => 0,
    }
}

/// Whether a scheme is made of exactly these elements. The tail may be missing where a pattern or an extension of 0 says
/// the same, except in lots and third-party serials, which are nothing without it.
fn is_made_of(shape: &Shape, codes: &[&str]) -> bool {
    let tail_may_miss = !matches!(shape.scheme, EpcScheme::Lgtin | EpcScheme::Upui);
    match (codes, shape.tail_ai()) {
        ([key], None) => *key == shape.ai,
        ([key], Some(_)) => *key == shape.ai && tail_may_miss,
        ([first, second], Some(tail)) => {
            (*first == shape.ai && *second == tail) || (*first == tail && *second == shape.ai)
        }
        _ => false,
    }
}

fn prefix_fits(shape: &Shape, value: &str, prefix_length: PrefixLength) -> bool {
    let digits = prefix_length.digits();
    match shape.reference {
        Reference::Digits { .. } => true,
        Reference::Text | Reference::Part => {
            value.len() > digits && value.bytes().take(digits).all(|byte| byte.is_ascii_digit())
        }
    }
}
