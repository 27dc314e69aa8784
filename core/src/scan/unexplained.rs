//! What is left to say of an input that no fault explains: it is cut, it is another code, or it is broken.
//!
//! The last step of the diagnosis. A code of which the beginning or the end is missing is refused even where the rest could
//! be guessed: a second scan is cheap, and nobody knows what else is missing.

use crate::application_identifier;
use crate::gtin::Gtin;

use super::diagnosis::{Diagnosis, Scheme, Verdict};
use super::ends::split_symbology;
use super::fault::Fault;
use super::reading::Reading;
use super::{Capture, Delivery, carrier, conclusion, keyboard, manual, message, typed};

/// What is left to say when nothing names a pack.
pub(super) fn diagnose(
    as_it_stands: Result<Reading, message::Broken>,
    delivery: &Delivery<'_>,
) -> Diagnosis {
    let Delivery {
        body,
        capture,
        context,
        ..
    } = *delivery;
    let (id, rest) = split_symbology(body);
    let id = id.map(|(id, _)| id);
    let not_a_pack = |faults: &[Fault], scheme| {
        conclusion::not_usable(Verdict::NotAUniqueIdentifier, faults, scheme, delivery)
    };
    let rejected = |faults: &[Fault], scheme| {
        conclusion::not_usable(Verdict::Rejected, faults, scheme, delivery)
    };
    let broken = match as_it_stands {
        Ok(reading) if reading.message.unclosed => {
            return rejected(&[Fault::Truncated], Some(reading.message.scheme));
        }
        Ok(reading) => {
            let scheme = Some(reading.message.scheme);
            return match carrier::of_message(&reading.message, &reading.text, id) {
                Fault::NoProductCode => rejected(&[Fault::NoProductCode], scheme),
                fault => not_a_pack(&[fault], scheme),
            };
        }
        Err(broken) => broken,
    };
    if let Some(fault) =
        typed::fault_of(body, context.reference_year).filter(|_| typed::is_bracketed(body))
    {
        return rejected(&[Fault::BracketedInput, fault], Some(Scheme::Gs1));
    }
    if let Some(scheme) = cut_short(rest, &broken, context.reference_year) {
        return rejected(&[Fault::Truncated], Some(scheme));
    }
    if manual::is_spreadsheet_number(rest) {
        return rejected(&[Fault::SpreadsheetNumber], None);
    }
    // The code of a pack with one fault in it is no other code, whatever symbol carries it.
    let enveloped = rest.starts_with("[)>") && broken.scheme.is_some();
    if enveloped || broken.scheme == Some(Scheme::Ifa) || opens_whole(rest) {
        return rejected(&[broken.fault], broken.scheme);
    }
    if let Some(fault) = carrier::guessed(id, rest) {
        return not_a_pack(&[fault], None);
    }
    // A number of a linear code that was typed, with letters for digits: its check digit confirms what is meant.
    if let Some(digits) = manual::digits_for_letters(rest)
        && carrier::recognised(id, &digits) == Some(Fault::LinearCode)
    {
        return not_a_pack(&[Fault::Confusable, Fault::LinearCode], None);
    }
    if let Some(fault) = other_code_under_a_layout(body, capture) {
        return not_a_pack(&[Fault::KeyboardLayout, fault], None);
    }
    rejected(&[broken.fault], broken.scheme)
}

/// The scheme of a code of which the beginning or the end is missing; `None` if nothing speaks for that.
fn cut_short(rest: &str, broken: &message::Broken, reference_year: i32) -> Option<Scheme> {
    if broken.cut_short {
        return broken.scheme.or(Some(Scheme::Gs1));
    }
    if !rest.is_empty() && "[)>".starts_with(rest) {
        return Some(Scheme::Ifa);
    }
    if opens_whole(rest) {
        return None;
    }
    // The beginning: what may have stood there makes the text complete.
    let heads = [
        "0",
        "01",
        "[",
        "[)",
        "[)>",
        "[)>\u{1e}",
        "[)>\u{1e}0",
        "[)>\u{1e}06",
    ];
    let completed = heads.iter().find_map(|head| {
        let message = message::read(&format!("{head}{rest}"), reference_year).ok()?;
        message.names_a_pack().then_some(message.scheme)
    });
    if completed.is_some() {
        return completed;
    }
    // Digits that are no element, and behind the first separator everything reads: the product code was before it.
    let (head, tail) = rest.split_once('\u{1d}')?;
    let message = message::read(tail, reference_year).ok()?;
    let digits = head.bytes().take_while(u8::is_ascii_digit).count();
    (digits >= 6 && message.data.product_code.is_none()).then_some(message.scheme)
}

/// Whether an element string that does not read begins with its product code: the beginning is not what it lacks.
///
/// Either the product code is right, or the text divides into elements from end to end and one of several is a product code
/// of full length. What remains of a code without its beginning divides so only by accident.
fn opens_whole(text: &str) -> bool {
    let product_code = text.strip_prefix("01").and_then(|rest| rest.get(..14));
    product_code.is_some_and(|gtin| Gtin::from_bytes(gtin.as_bytes()).is_some())
        || divides_into_elements(text)
}

fn divides_into_elements(text: &str) -> bool {
    let mut rest = text.trim_start_matches('\u{1d}');
    let (mut elements, mut names_a_product) = (0, false);
    while !rest.is_empty() {
        let Some(identifier) = application_identifier::at_start_of(rest) else {
            return false;
        };
        let part = rest.split('\u{1d}').next().unwrap_or(rest);
        let value = &part[identifier.code().len().min(part.len())..];
        let value = match identifier.has_predefined_length() {
            true => match value.get(..identifier.length_max()) {
                Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits,
                _ => return false,
            },
            false => value,
        };
        if value.is_empty() {
            return false;
        }
        elements += 1;
        names_a_product |= identifier.code() == "01";
        rest = rest[identifier.code().len() + value.len()..].trim_start_matches('\u{1d}');
    }
    names_a_product && elements > 1
}

/// Another code that shows only when the keyboard layout is undone, such as an EAN code on a French computer.
fn other_code_under_a_layout(body: &str, capture: Capture) -> Option<Fault> {
    keyboard::layouts().iter().find_map(|layout| {
        let typed = layout
            .typed(body, capture)
            .filter(|typed| typed.text != body)?;
        let (id, rest) = split_symbology(&typed.text);
        carrier::recognised(id.map(|(id, _)| id), rest)
    })
}
