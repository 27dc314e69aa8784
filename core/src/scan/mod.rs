//! Scanned codes and what devices do to them: from raw input to data, verdict, faults and advice (URS-VF-011).
//!
//! Many false alerts come from the device and not from the pack: exchanged Y and Z, letter case, lost separators, joined
//! codes. [`diagnose`] finds out which faults explain an input. It advises only: it never hides an alert, never turns a
//! failed verification into a pass, and never overwrites the raw input. What may be asked again with a repaired value is a
//! tenant's rule.
//!
//! No I/O and no memory: what is known of a device is handed in with [`DeviceContext`], the reference year for centuries
//! included. Images are not read here; readers deliver text.

mod carrier;
mod conclusion;
mod diagnosis;
mod doubt;
mod ends;
mod fault;
mod hypotheses;
mod json;
pub mod keyboard;
mod letter_case;
mod lookalike;
pub mod manual;
mod message;
mod reading;
mod repeat;
mod separators;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
mod typed;
mod unexplained;

pub use diagnosis::{
    Candidate, Confidence, Diagnosis, ScannedData, ScannedElement, Scheme, Verdict,
};
pub use fault::Fault;

use conclusion::LayoutKnown;
use ends::{note, split_symbology};
use reading::Reading;

/// How the input was recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Capture {
    /// As text, the way a text field receives it: keys that show nothing leave no trace.
    #[default]
    Characters,
    /// As key events: U+0000 stands for a key that shows nothing, and before the accent of a dead key.
    KeyEvents,
}

/// One scanned code, exactly as the device delivered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanInput<'a> {
    /// The text.
    pub raw: &'a str,
    /// How it was recorded.
    pub capture: Capture,
}

/// What is known about the device beforehand, from its configuration or a scanner check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceContext {
    /// The year in which the code is read; gives YYMMDD its century.
    pub reference_year: i32,
    /// The keyboard layout the scanner types, such as `en-US`; the US one if only the host's is known.
    pub scanner_layout: Option<String>,
    /// The keyboard layout of the computer. With this known, no doubt about the layout remains.
    pub host_layout: Option<String>,
    /// A text that the scanner is configured to put before each code.
    pub prefix: Option<String>,
    /// A text that the scanner is configured to put behind each code.
    pub suffix: Option<String>,
}

impl DeviceContext {
    /// A device of which nothing is known.
    pub fn unknown(reference_year: i32) -> Self {
        Self {
            reference_year,
            scanner_layout: None,
            host_layout: None,
            prefix: None,
            suffix: None,
        }
    }
}

/// An input on its way through the diagnosis.
#[derive(Clone)]
struct Delivery<'a> {
    raw: &'a str,
    /// The code without what stood around it.
    body: &'a str,
    capture: Capture,
    context: &'a DeviceContext,
    /// What stood around it.
    faults: Vec<Fault>,
}

/// Finds out what was scanned and what happened to it on the way.
pub fn diagnose(input: &ScanInput<'_>, context: &DeviceContext) -> Diagnosis {
    let mut faults = Vec::new();
    let body = without_affixes(ends::strip(input.raw, &mut faults), context, &mut faults);
    let mut delivery = Delivery {
        raw: input.raw,
        body,
        capture: input.capture,
        context,
        faults,
    };
    if body.chars().all(|c| c == '\0' || c == '\u{1d}') {
        return conclusion::not_usable(
            Verdict::NotAUniqueIdentifier,
            &[Fault::Empty],
            None,
            &delivery,
        );
    }
    let Some(once) = repeat::repeated(body) else {
        return diagnose_code(&delivery);
    };
    if body.len() > once.len() * 2 && body.contains(['\r', '\n', '\t']) {
        note(&mut delivery.faults, Fault::LineTerminator);
    }
    note(&mut delivery.faults, Fault::DoubledScan);
    delivery.body = once;
    repeated_scan(diagnose_code(&delivery))
}

/// A code that arrived twice is used once; that it did is a repair, although the faintest doubts of one scan stay.
fn repeated_scan(mut once: Diagnosis) -> Diagnosis {
    let faint = [Fault::YzSwap, Fault::KeyboardLayout, Fault::UpperCased];
    let only_faint = !once
        .faults
        .iter()
        .any(|fault| !fault.is_remark() && *fault != Fault::DoubledScan && !faint.contains(fault));
    if once.verdict == Verdict::Ok || (once.verdict == Verdict::Suspect && only_faint) {
        let doubted = once.verdict == Verdict::Suspect;
        once.verdict = Verdict::Repaired;
        once.confidence = match once.symbology {
            Some(_) => Confidence::High,
            None if doubted => Confidence::Low,
            None => Confidence::Medium,
        };
    }
    once.advice = diagnosis::advice(once.verdict, &once.faults);
    once
}

/// One code, in the order of work: what it is, as it stands, with one fault undone, with two.
fn diagnose_code(delivery: &Delivery<'_>) -> Diagnosis {
    let Delivery {
        body,
        capture,
        context,
        ..
    } = *delivery;
    let year = context.reference_year;
    if let Some(known) = hypotheses::by_known_device(body, capture, context) {
        return conclusion::of_reading(&known, delivery, LayoutKnown::Yes);
    }
    let (id, rest) = split_symbology(body);
    let id = id.map(|(id, _)| id);
    if let Some(joined) = joined_codes(delivery) {
        return joined;
    }
    if let Some(fault) = carrier::recognised(id, rest) {
        return conclusion::not_usable(Verdict::NotAUniqueIdentifier, &[fault], None, delivery);
    }
    let as_it_stands = Reading::of(body, year);
    if let Ok(reading) = as_it_stands.as_ref()
        && reading.message.names_a_pack()
    {
        return conclusion::of_reading(reading, delivery, LayoutKnown::No);
    }
    let typed = typed::readings(body, year);
    if !typed.is_empty() {
        return conclusion::of_readings(typed, delivery);
    }
    let mut explanations = hypotheses::by_one_fault(body, capture, context);
    if explanations.is_empty() {
        explanations = hypotheses::by_two_faults(body, capture, context);
    }
    if !explanations.is_empty() {
        return conclusion::of_readings(explanations, delivery);
    }
    unexplained::diagnose(as_it_stands, delivery)
}

/// Several codes in one text: equal ones are used once, a linear code is dropped, different packs are refused.
fn joined_codes(delivery: &Delivery<'_>) -> Option<Diagnosis> {
    let year = delivery.context.reference_year;
    let mut parts = repeat::parts(delivery.body);
    if parts.len() == 1 {
        let body = parts[0];
        let reads = |text: &str| {
            Reading::of(text, year).is_ok_and(|reading| reading.message.names_a_pack())
        };
        let lines: Vec<&str> = body
            .split(['\r', '\n'])
            .filter(|line| !line.trim().is_empty())
            .collect();
        if lines.len() > 1 && lines.iter().all(|line| reads(line)) {
            parts = lines;
        } else {
            let at =
                repeat::second_starts(body).find(|&at| reads(&body[..at]) && reads(&body[at..]))?;
            parts = vec![&body[..at], &body[at..]];
        }
    }
    let part = |body: &&str| {
        diagnose_code(&Delivery {
            body,
            faults: delivery.faults.clone(),
            ..*delivery
        })
    };
    let diagnoses: Vec<Diagnosis> = parts.iter().map(part).collect();
    let linear = |diagnosis: &Diagnosis| diagnosis.has(Fault::LinearCode);
    let packs: Vec<&Diagnosis> = diagnoses
        .iter()
        .filter(|diagnosis| diagnosis.data.is_some())
        .collect();
    let (first, rest) = packs.split_first()?;
    if rest.iter().any(|other| other.data != first.data) {
        return Some(conclusion::not_usable(
            Verdict::Rejected,
            &[Fault::JoinedScans],
            first.scheme,
            delivery,
        ));
    }
    let mut diagnosis = (*first).clone();
    let repair = match diagnoses.iter().any(linear) {
        true => Fault::LinearCodeAppended,
        false if rest.is_empty() => return None,
        false => Fault::DoubledScan,
    };
    note(&mut diagnosis.faults, repair);
    let mut diagnosis = repeated_scan(diagnosis);
    diagnosis.confidence = diagnosis.confidence.min(Confidence::Medium);
    Some(diagnosis)
}

fn without_affixes<'a>(body: &'a str, context: &DeviceContext, faults: &mut Vec<Fault>) -> &'a str {
    let mut code = body;
    if let Some(rest) = context
        .prefix
        .as_deref()
        .filter(|p| !p.is_empty())
        .and_then(|prefix| code.strip_prefix(prefix))
    {
        code = rest;
    }
    if let Some(rest) = context
        .suffix
        .as_deref()
        .filter(|s| !s.is_empty())
        .and_then(|suffix| code.strip_suffix(suffix))
    {
        code = rest;
    }
    if code.len() < body.len() {
        note(faults, Fault::ConfiguredAffix);
    }
    code
}

/// Where `needle` first stands in `bytes`.
fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes
        .windows(needle.len())
        .position(|window| window == needle)
}
