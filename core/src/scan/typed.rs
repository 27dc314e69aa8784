//! Codes that were typed or copied from the print: `(01)04…(17)…`, or `PC: … SN: … LOT: … EXP: …`.
//!
//! Brackets are never encoded in a symbol and labels are never in one, so such a text came from a person or from another
//! program. Spaces in it mean nothing, the product code may have lost its leading zeros, and a letter where only digits
//! stand is a slip.

use std::borrow::Cow;

use crate::application_identifier;
use crate::gtin::Gtin;

use super::fault::Fault;
use super::manual::{self, Field, TypedCandidate};
use super::message;
use super::reading::Reading;

/// The labels printed beside the data, in the spelling of several countries, and the identifier each stands for.
const LABELS: [(&str, &str); 28] = [
    ("GTIN", "01"),
    ("NTIN", "01"),
    ("PC", "01"),
    ("SERIAL NUMBER", "21"),
    ("SERIAL NO", "21"),
    ("SERIAL", "21"),
    ("SERIENNUMMER", "21"),
    ("S/N", "21"),
    ("SN", "21"),
    ("NS", "21"),
    ("BATCH NUMBER", "10"),
    ("BATCH NO", "10"),
    ("BATCH", "10"),
    ("CHARGE", "10"),
    ("CH.-B.", "10"),
    ("CH.B.", "10"),
    ("LOTTO", "10"),
    ("LOTE", "10"),
    ("LOT", "10"),
    ("BN", "10"),
    ("EXPIRY DATE", "17"),
    ("EXPIRY", "17"),
    ("VERWENDBAR BIS", "17"),
    ("VERW. BIS", "17"),
    ("SCAD", "17"),
    ("CAD", "17"),
    ("EXP", "17"),
    ("VERFALL", "17"),
];

/// The readings of a text with bracketed identifiers or with labels; empty if it has neither.
pub(super) fn readings(body: &str, reference_year: i32) -> Vec<Reading> {
    if let Some(elements) = bracketed(body) {
        return build(
            elements,
            Fault::BracketedInput,
            "identifiers in brackets are never part of a symbol",
            reference_year,
        );
    }
    match labelled(body) {
        Some(elements) => build(
            elements,
            Fault::HumanReadableText,
            "labels are never part of a symbol",
            reference_year,
        ),
        None => Vec::new(),
    }
}

/// Whether `body` begins as a text with bracketed identifiers does.
pub(super) fn is_bracketed(body: &str) -> bool {
    opening(body).is_some()
}

type Elements<'a> = Vec<(&'a str, &'a str)>;

fn bracketed(body: &str) -> Option<Elements<'_>> {
    let (mut identifier, mut rest) = opening(body)?;
    let mut elements = Vec::new();
    loop {
        // An escaped bracket is data, and so is one that no known identifier follows.
        let next = rest.char_indices().find(|&(at, c)| {
            c == '(' && !rest[..at].ends_with('\\') && opening(&rest[at..]).is_some()
        });
        let end = next.map_or(rest.len(), |(at, _)| at);
        elements.push((identifier, &rest[..end]));
        match opening(&rest[end..]) {
            Some((following, behind)) => (identifier, rest) = (following, behind),
            None => return Some(elements),
        }
    }
}

/// The known identifier in the brackets that open `text`, and what follows them.
fn opening(text: &str) -> Option<(&str, &str)> {
    let (inside, rest) = text.strip_prefix('(')?.split_once(')')?;
    let identifier = inside.trim();
    application_identifier::find(identifier).map(|_| (identifier, rest))
}

fn labelled(body: &str) -> Option<Elements<'_>> {
    let upper = body.to_ascii_uppercase();
    let mut marks: Vec<(usize, usize, &str)> = Vec::new();
    for (at, _) in body.char_indices() {
        let free = at == 0
            || body[..at].ends_with(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|'));
        let inside = marks.last().is_some_and(|&(_, end, _)| at < end);
        if !free || inside {
            continue;
        }
        let label = LABELS.iter().find(|(label, _)| {
            upper[at..].starts_with(label)
                && upper[at + label.len()..]
                    .starts_with(|c: char| c.is_whitespace() || matches!(c, ':' | '.' | '='))
        });
        if let Some((label, identifier)) = label {
            marks.push((at, at + label.len(), identifier));
        }
    }
    if marks.first().is_none_or(|mark| mark.0 > 0) || marks.len() < 2 {
        return None;
    }
    let ends = marks.iter().skip(1).map(|mark| mark.0).chain([body.len()]);
    let value = |start: usize, end: usize| {
        body[start..end]
            .trim_start_matches([':', '.', '=', ' ', '\t'])
            .trim_end_matches([',', ';', '|', ' ', '\t', '\r', '\n'])
    };
    Some(
        marks
            .iter()
            .zip(ends)
            .map(|(&(_, start, identifier), end)| (identifier, value(start, end)))
            .collect(),
    )
}

/// The element strings that such elements can mean: one, or several where a date can be read in several ways.
fn build(
    elements: Elements<'_>,
    fault: Fault,
    evidence: &'static str,
    reference_year: i32,
) -> Vec<Reading> {
    let mut faults = vec![fault];
    let mut note = |fault| super::ends::note(&mut faults, fault);
    let mut texts = vec![String::new()];
    for (identifier, raw) in elements {
        let plain: Cow<'_, str> = match super::lookalike::plain_characters(raw) {
            Some((plain, fault)) => {
                note(fault);
                Cow::Owned(plain)
            }
            None => Cow::Borrowed(raw),
        };
        let trimmed: String = plain.chars().filter(|c| !c.is_whitespace()).collect();
        if trimmed.len() < plain.len() {
            note(Fault::Whitespace);
        }
        let mut value = trimmed.replace("\\(", "(");
        let free_date = identifier == "17" && fault == Fault::HumanReadableText;
        if !free_date && let Some(digits) = digits_meant(identifier, &value) {
            note(Fault::Confusable);
            value = digits;
        }
        let values = match identifier {
            "01" if value.len() < 14 => match Gtin::parse(&value) {
                Ok(gtin) => {
                    note(Fault::LeadingZeroLost);
                    vec![gtin.to_string()]
                }
                Err(_) => vec![value],
            },
            "17" if free_date => {
                let dates = manual::candidates(Field::Expiry, &value, reference_year);
                let slip = |date: &TypedCandidate| date.faults.contains(&Fault::Confusable);
                if dates.candidates.iter().any(slip) {
                    note(Fault::Confusable);
                }
                dates
                    .candidates
                    .into_iter()
                    .map(|date| date.value)
                    .collect()
            }
            _ => vec![value],
        };
        texts = texts
            .iter()
            .flat_map(|text| {
                values
                    .iter()
                    .map(move |value| format!("{text}\u{1d}{identifier}{value}"))
            })
            .collect();
    }
    let reading = |text: &String| {
        let text = text.trim_start_matches('\u{1d}');
        let mut reading = Reading::of_repaired(text, reference_year, &faults, evidence)?;
        reading
            .message
            .notes
            .retain(|note| *note != Fault::TrailingSeparator);
        Some(reading)
    };
    texts.iter().filter_map(reading).collect()
}

/// The digits meant by a value with letters, for an element that is all digits; `None` where nothing is to be repaired.
fn digits_meant(identifier: &str, value: &str) -> Option<String> {
    let numeric = application_identifier::find(identifier)?.has_predefined_length();
    let slipped = numeric && !value.bytes().all(|byte| byte.is_ascii_digit());
    slipped.then(|| manual::digits_for_letters(value)).flatten()
}

/// Why a bracketed text does not read, when it does not.
pub(super) fn fault_of(body: &str, reference_year: i32) -> Option<Fault> {
    let text: String = bracketed(body)?
        .iter()
        .map(|(id, value)| format!("{id}{}\u{1d}", value.trim()))
        .collect();
    match message::read(&text, reference_year) {
        Ok(message) if message.data.serial.is_none() => Some(Fault::NoSerial),
        Ok(_) => Some(Fault::NoProductCode),
        Err(broken) => Some(broken.fault),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: &[&str], faults: &[Fault]) {
        let readings = readings(body, 2026);
        let texts: Vec<&str> = readings
            .iter()
            .map(|reading| reading.text.as_str())
            .collect();
        assert_eq!(texts, expected, "{body:?}");
        for reading in readings {
            assert_eq!(reading.repairs, faults, "{body:?}");
        }
    }

    #[test]
    fn brackets() {
        let all = "0104006381333931\u{1d}17280200\u{1d}10A(1\u{1d}21B";
        check(
            "(01)04006381333931(17)280200(10)A\\(1(21)B",
            &[all],
            &[Fault::BracketedInput],
        );
        let spaced = [
            Fault::BracketedInput,
            Fault::Whitespace,
            Fault::LeadingZeroLost,
        ];
        check(
            "(01) 4006381333931 (17)280200(10)A(1 (21)B",
            &[all],
            &spaced,
        );
        check("(99x)1", &[], &[]);
    }

    #[test]
    fn labels() {
        let day_00 = "0104006381333931\u{1d}21B1\u{1d}10LOTA\u{1d}17280200";
        let last_day = "0104006381333931\u{1d}21B1\u{1d}10LOTA\u{1d}17280229";
        let text = "PC: 04006381333931 SN: B1 LOT: LOTA EXP: 02/2028";
        check(text, &[day_00, last_day], &[Fault::HumanReadableText]);
        check("SN: B1", &[], &[]);
    }
}
