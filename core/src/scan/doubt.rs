//! What could have happened to a text that reads well: the faults that leave no trace.
//!
//! A QWERTZ keyboard exchanges Y and Z and some punctuation and leaves the rest, so that a wrong serial number is as legal
//! as the right one; Caps Lock and folding scanners do the same to letters; a lost separator can hide in a value that stays
//! short enough. Where nothing proves the contrary, every such reading is told beside the plain one.

use std::borrow::Cow;

use crate::batch_number::BatchNumber;
use crate::serial::Serial;

use super::Capture;
use super::diagnosis::{Candidate, Confidence, ScannedData, Scheme};
use super::fault::Fault;
use super::hypotheses;
use super::message::{self, Message};
use super::reading::Reading;
use super::repeat;
use super::separators;

/// A doubt: what may have happened and what the data would then be, when that can be told.
pub(super) struct Doubt {
    pub fault: Fault,
    pub readings: Vec<Candidate>,
}

/// The doubts about the keyboard layout of a text without symbology identifier.
pub(super) fn of_layout(
    reading: &Reading,
    body: &str,
    capture: Capture,
    reference_year: i32,
) -> Vec<Doubt> {
    let data = &reading.message.data;
    let mut doubts = Vec::new();
    let own = [
        data.serial.as_ref().map(Serial::as_str),
        data.batch.as_ref().map(BatchNumber::as_str),
    ];
    let any = |test: fn(u8) -> bool| own.iter().flatten().any(|text| text.bytes().any(test));
    let other = any_value(reading, |byte| matches!(byte, b'y' | b'z' | b'Y' | b'Z'));
    if other || any(|byte| byte.is_ascii_punctuation()) {
        let swapped = exchange_yz(data);
        let mut readings: Vec<Candidate> = Vec::new();
        let mut layout_swaps = false;
        for host in hypotheses::by_layouts(body, capture, reference_year) {
            let swap = Some(&host.message.data) == swapped.as_ref();
            layout_swaps |= swap;
            if !swap && host.message.data != *data && only_yz_and_punctuation_differ(&host, reading)
            {
                readings.push(host.candidate(Confidence::Low));
            }
        }
        if other {
            let evidence = "Y and Z exchange places on QWERTZ keyboards, and nothing in the text shows the layout";
            let swapped = swapped.map(|data| candidate(data, evidence));
            doubts.push(Doubt {
                fault: Fault::YzSwap,
                readings: swapped.into_iter().collect(),
            });
        }
        if layout_swaps || !readings.is_empty() {
            doubts.push(Doubt {
                fault: Fault::KeyboardLayout,
                readings,
            });
        }
    }
    doubts
}

/// The doubt that a separator was lost where the value stayed short enough: an element that packs must carry is missing, and
/// another split would supply it (Delegated Regulation (EU) 2016/161, Article 4(b)). Separators that did arrive stay where they
/// are and prove nothing of the others: a printer may have left out one.
pub(super) fn of_lost_separator(reading: &Reading, reference_year: i32) -> Option<Doubt> {
    let message = &reading.message;
    // Russian packs carry batch and expiry nowhere, but a verification key and code.
    let russian = ["91", "92"]
        .iter()
        .all(|identifier| message.has(&reading.text, identifier));
    if (message.data.batch.is_some() && message.data.expiry.is_some()) || russian {
        return None;
    }
    let mut text = reading.text_as_read();
    if message.scheme == Scheme::Ifa && !text.starts_with("[)>") {
        text = Cow::Owned(format!("[)>\u{1e}06\u{1d}{text}"));
    }
    let better = |other: &Message| {
        (other.data.batch.is_some() && message.data.batch.is_none())
            || (other.data.expiry.is_some() && message.data.expiry.is_none())
    };
    let readings: Vec<Candidate> = separators::splits(&text, reference_year)
        .into_iter()
        .filter(|(_, other)| better(other))
        .map(|(_, other)| {
            candidate(
                other.data,
                "separators put in here leave every element well formed",
            )
        })
        .collect();
    (!readings.is_empty()).then_some(Doubt {
        fault: Fault::SeparatorLost,
        readings,
    })
}

/// The doubt that a value contains what a device writes for the separator.
pub(super) fn of_separator_token(reading: &Reading, reference_year: i32) -> Option<Doubt> {
    if !separators::has_none(&reading.text) {
        return None;
    }
    let readings: Vec<Candidate> = separators::substitutions(&reading.text)
        .into_iter()
        .filter(|substitution| substitution.token.len() > 1)
        .filter_map(|substitution| message::read(&substitution.text, reference_year).ok())
        .filter(Message::names_a_pack)
        .map(|message| {
            candidate(
                message.data,
                "a text that stands for the separator is part of a value",
            )
        })
        .collect();
    (!readings.is_empty()).then_some(Doubt {
        fault: Fault::SeparatorReplaced,
        readings,
    })
}

/// The doubt that a linear code was joined to the last value.
pub(super) fn of_appended_code(reading: &Reading, reference_year: i32) -> Option<Doubt> {
    if reading.message.scheme != Scheme::Gs1 {
        return None;
    }
    let last = reading.message.last_value()?;
    let before = repeat::appended_ean(&reading.text[last.clone()])?;
    let text = format!("{}{before}", &reading.text[..last.start]);
    let message = message::read(&text, reference_year)
        .ok()
        .filter(Message::names_a_pack)?;
    let readings = vec![candidate(
        message.data,
        "the last value ends in the digits of an EAN code",
    )];
    Some(Doubt {
        fault: Fault::LinearCodeAppended,
        readings,
    })
}

/// The doubt that the end is missing: the envelope is not closed, a separator announces an element that packs must carry
/// and that is not there, or the text ends in a serial number shorter than manufacturers make them. Where `ended`, the
/// device said that the code was over.
pub(super) fn of_truncation(reading: &Reading, ended: bool) -> Option<Doubt> {
    const SERIAL_LENGTH_USUAL_MIN: usize = 8;
    let message = &reading.message;
    // Russian packs carry batch and expiry nowhere, but a verification key.
    let mandatory_missing = (message.data.batch.is_none() || message.data.expiry.is_none())
        && !message.has(&reading.text, "91")
        && !message.has(&reading.text, "92");
    let announced = message.notes.contains(&Fault::TrailingSeparator) && mandatory_missing;
    // The verification code of Russian packs has 44 characters.
    let code_cut = message.has(&reading.text, "91")
        && message
            .value(&reading.text, "92")
            .is_some_and(|code| code.len() < 44 && reading.text.ends_with(code));
    let serial = message.serial_in(&reading.text);
    let short = !ended && reading.text.ends_with(serial) && serial.len() < SERIAL_LENGTH_USUAL_MIN;
    (message.unclosed || announced || short || code_cut).then(|| Doubt {
        fault: Fault::Truncated,
        readings: Vec::new(),
    })
}

/// The data with Y and Z exchanged in serial number and batch; `None` if nothing changes.
fn exchange_yz(data: &ScannedData) -> Option<ScannedData> {
    let exchange = |text: &str| -> String {
        let swap = |c| match c {
            'y' => 'z',
            'z' => 'y',
            'Y' => 'Z',
            'Z' => 'Y',
            c => c,
        };
        text.chars().map(swap).collect()
    };
    let mut swapped = data.clone();
    swapped.serial = data
        .serial
        .as_ref()
        .and_then(|serial| Serial::from_bytes(exchange(serial.as_str()).as_bytes()));
    swapped.batch = data
        .batch
        .as_ref()
        .and_then(|batch| BatchNumber::from_bytes(exchange(batch.as_str()).as_bytes()));
    (swapped != *data).then_some(swapped)
}

/// Whether the text under another layout differs only as the near relatives of the US layout do. A layout that moves other
/// letters would have moved those of identifiers as well, or shown letters with accents.
fn only_yz_and_punctuation_differ(host: &Reading, plain: &Reading) -> bool {
    let (host, plain) = (host.text.as_bytes(), plain.text.as_bytes());
    let movable =
        |byte: u8| !byte.is_ascii_alphanumeric() || matches!(byte, b'y' | b'z' | b'Y' | b'Z');
    host.len() == plain.len()
        && host
            .iter()
            .zip(plain)
            .all(|(&a, &b)| a == b || (movable(a) && movable(b)))
}

fn any_value(reading: &Reading, test: fn(u8) -> bool) -> bool {
    let text = reading.text_as_read();
    reading
        .message
        .values(&text)
        .any(|(_, value)| value.bytes().any(test))
}

fn candidate(data: ScannedData, evidence: &'static str) -> Candidate {
    Candidate {
        data,
        confidence: Confidence::Low,
        evidence: vec![Cow::Borrowed(evidence)],
    }
}
