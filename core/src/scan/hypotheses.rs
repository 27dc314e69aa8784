//! What may have happened to an input that does not read as it stands: one fault, or two together, undone.
//!
//! Each hypothesis undoes one known fault and reads again; only a text that then reads completely, with right check digits
//! and dates and with the key of a pack, explains the input. All explanations by one fault are gathered before any by two is
//! looked for, and never more than two are combined (the limit set for automatic repair). What the explanations are worth
//! is decided in `conclusion`.

use crate::application_identifier;

use super::ends::split_symbology;
use super::fault::Fault;
use super::keyboard::{self, Layout, US_LAYOUT};
use super::letter_case;
use super::lookalike;
use super::manual;
use super::reading::Reading;
use super::repeat;
use super::separators;
use super::{Capture, DeviceContext};

/// How scanners write the FNC1 mark at the start of a code: character 232, as which an encoder writes it, or its name.
const FNC1_TEXTS: [&str; 6] = ["\u{e8}", "[FNC1]", "{FNC1}", "<FNC1>", "(FNC1)", "~1"];

/// Marks that scanner makers put before the content of a Data Matrix when they do not use symbology identifiers.
const VENDOR_PREFIXES: [&str; 4] = ["w", "Dm", "dm", "P00"];

/// Explanations by one fault.
pub(super) fn by_one_fault(body: &str, capture: Capture, context: &DeviceContext) -> Vec<Reading> {
    let year = context.reference_year;
    let mut found = separators_put_back(body, year);
    found.extend(by_layouts(body, capture, year));
    found.extend(without_fnc1_text(body, year));
    found.extend(without_vendor_prefix(body, year));
    if found.iter().all(|reading| reading.repair_may_be_data) {
        found.extend(lookalikes(body, year));
    }
    if let Some(decoded) = lookalike::decode_again(body) {
        let evidence = "the bytes of the text are UTF-8 that was shown as Latin-1";
        found.extend(Reading::of_repaired(
            &decoded,
            year,
            &[Fault::Encoding],
            evidence,
        ));
    }
    // A sign between elements may also be the last of a value, on a keyboard that loses the separator.
    let by_sign = |reading: &Reading| reading.repairs == [Fault::SeparatorReplaced];
    if capture == Capture::Characters
        && found
            .iter()
            .any(|reading| reading.id.is_none() && by_sign(reading))
    {
        for layout in keyboard::layouts() {
            let typed = layout
                .typed(body, capture)
                .filter(|typed| typed.text != body);
            let Some(typed) = typed else { continue };
            let readings = separators_put_back(&typed.text, year);
            found.extend(readings.into_iter().map(|mut reading| {
                reading.repairs.insert(0, Fault::KeyboardLayout);
                reading.evidence.insert(0, host_evidence(layout).into());
                reading
            }));
        }
    }
    // What is rarer, or explains by accident more often, is asked last.
    if found.iter().all(|reading| reading.repair_may_be_data) {
        found.extend(without_appended_ean(body, year));
    }
    if found.is_empty() {
        found.extend(by_scanner_layouts(body, year));
    }
    if found.is_empty() {
        found.extend(digits_for_letters(body, year));
    }
    found
}

/// Explanations by two faults.
pub(super) fn by_two_faults(body: &str, capture: Capture, context: &DeviceContext) -> Vec<Reading> {
    let year = context.reference_year;
    let mut found = Vec::new();
    let mut then = |readings: Vec<Reading>, fault: Fault, evidence: String| {
        for mut reading in readings {
            reading.repairs.insert(0, fault);
            reading.evidence.insert(0, evidence.clone().into());
            found.push(reading);
        }
    };
    for layout in keyboard::layouts() {
        let Some(typed) = layout
            .typed(body, capture)
            .filter(|typed| typed.text != body)
        else {
            continue;
        };
        then(
            separators_put_back(&typed.text, year),
            Fault::KeyboardLayout,
            host_evidence(layout),
        );
    }
    for exchanged in &letter_case::exchanges(body) {
        let evidence = "the letter case is exchanged";
        then(
            by_layouts(exchanged, capture, year),
            Fault::CaseInverted,
            evidence.to_owned(),
        );
        then(
            separators_put_back(exchanged, year),
            Fault::CaseInverted,
            evidence.to_owned(),
        );
    }
    if let Some(decoded) = lookalike::decode_again(body) {
        let evidence = "the bytes of the text are UTF-8 that was shown as Latin-1";
        then(
            by_one_fault(&decoded, capture, context),
            Fault::Encoding,
            evidence.to_owned(),
        );
    }
    if let Some((plain, fault)) = lookalike::plain_characters(body) {
        then(
            separators_put_back(&plain, year),
            fault,
            "characters that only look alike were replaced".to_owned(),
        );
    }
    for prefix in VENDOR_PREFIXES {
        if let Some(rest) = body.strip_prefix(prefix) {
            then(
                separators_put_back(rest, year),
                Fault::VendorPrefix,
                format!("{prefix:?} is a maker's code mark"),
            );
        }
    }
    found
}

/// The reading under the layouts that are known of this device.
pub(super) fn by_known_device(
    body: &str,
    capture: Capture,
    context: &DeviceContext,
) -> Option<Reading> {
    let host = keyboard::layout(context.host_layout.as_deref()?)?;
    let scanner = keyboard::layout(context.scanner_layout.as_deref().unwrap_or(US_LAYOUT))?;
    let typed = host.typed(body, capture)?;
    let meant = scanner
        .meant(&typed.text)
        .filter(|_| !std::ptr::eq(scanner, &keyboard::layouts()[0]));
    let meant = meant.unwrap_or_else(|| typed.text.clone());
    let mut reading = Reading::of(&meant, context.reference_year)
        .ok()
        .filter(|reading| reading.message.names_a_pack())?;
    if meant != body {
        reading.repairs = layout_faults(&typed);
        reading
            .evidence
            .push("the keyboard layouts of this device are known".into());
    }
    Some(reading)
}

/// Every reading under a host layout other than the US one, for a scanner that types as a US keyboard.
pub(super) fn by_layouts(body: &str, capture: Capture, reference_year: i32) -> Vec<Reading> {
    let mut plain = Vec::new();
    let mut merged = Vec::new();
    for layout in keyboard::layouts() {
        let Some(typed) = layout
            .typed(body, capture)
            .filter(|typed| typed.text != body)
        else {
            continue;
        };
        let faults = layout_faults(&typed);
        let reading =
            Reading::of_repaired(&typed.text, reference_year, &faults, host_evidence(layout));
        if typed.merged {
            merged.extend(reading)
        } else {
            plain.extend(reading)
        }
    }
    // One key that shows ä is likelier than a dead key and a letter.
    if plain.is_empty() { merged } else { plain }
}

/// The reverse: the scanner types as another keyboard and the host has the US layout.
fn by_scanner_layouts(body: &str, reference_year: i32) -> Vec<Reading> {
    let explain = |layout: &Layout| {
        let meant = layout.meant(body).filter(|meant| meant != body)?;
        let evidence = format!(
            "the scanner is set to keyboard layout {}, the computer to US",
            layout.names().join(" or ")
        );
        Reading::of_repaired(&meant, reference_year, &[Fault::KeyboardLayout], evidence)
    };
    keyboard::layouts().iter().filter_map(explain).collect()
}

fn layout_faults(typed: &keyboard::Typed) -> Vec<Fault> {
    let mut faults = vec![Fault::KeyboardLayout];
    faults.extend(typed.separator_lost.then_some(Fault::SeparatorLost));
    faults.extend(typed.separator_replaced.then_some(Fault::SeparatorReplaced));
    faults
}

fn host_evidence(layout: &Layout) -> String {
    format!(
        "the computer has keyboard layout {}, the scanner types as US",
        layout.names().join(" or ")
    )
}

/// The text with replaced or lost separators put back.
pub(super) fn separators_put_back(body: &str, reference_year: i32) -> Vec<Reading> {
    let (_, rest) = split_symbology(body);
    let head = &body[..body.len() - rest.len()];
    let mut found = Vec::new();
    for substitution in separators::substitutions(rest) {
        let text = format!("{head}{}", substitution.text);
        let evidence = format!("{:?} stands where separators belong", substitution.token);
        if let Some(mut reading) =
            Reading::of_repaired(&text, reference_year, &[Fault::SeparatorReplaced], evidence)
        {
            reading.repair_may_be_data = substitution.may_be_data;
            found.push(reading);
        }
    }
    if found.iter().any(|reading| !reading.repair_may_be_data) {
        return found;
    }
    // A device that sends some separators sends all, and digits at the end may be another code.
    let accidental = rest.starts_with("[)>")
        || !separators::has_none(rest)
        || repeat::appended_ean(rest).is_some();
    for (text, message) in separators::splits(rest, reference_year) {
        if text == rest {
            continue;
        }
        let tokens_cut = separators::without_tokens_at_ends(&text);
        let ends_in_token = tokens_cut.is_some();
        found.push(Reading {
            id: split_symbology(body).0,
            text,
            message,
            identifiers_exchanged: false,
            repairs: vec![Fault::SeparatorLost],
            evidence: vec!["separators put in here leave every element well formed".into()],
            repair_may_be_data: accidental || ends_in_token,
        });
        if let Some(text) = tokens_cut {
            let evidence = "signs before these places stand where separators belong";
            let reading = Reading::of_repaired(
                &format!("{head}{text}"),
                reference_year,
                &[Fault::SeparatorReplaced],
                evidence,
            );
            found.extend(reading.map(|reading| Reading {
                repair_may_be_data: true,
                ..reading
            }));
        }
    }
    found
}

fn without_fnc1_text(body: &str, reference_year: i32) -> Vec<Reading> {
    let (_, rest) = split_symbology(body);
    let head = &body[..body.len() - rest.len()];
    let mut found = Vec::new();
    for mark in FNC1_TEXTS {
        let Some(rest) = rest.strip_prefix(mark) else {
            continue;
        };
        let evidence = format!("{mark:?} at the start stands for FNC1");
        let replaced = rest.replace(mark, "\u{1d}");
        let faults: &[Fault] = match replaced == rest {
            true => &[Fault::Fnc1AsText],
            false => &[Fault::Fnc1AsText, Fault::SeparatorReplaced],
        };
        found.extend(Reading::of_repaired(
            &format!("{head}{replaced}"),
            reference_year,
            faults,
            evidence,
        ));
    }
    found
}

fn without_vendor_prefix(body: &str, reference_year: i32) -> Vec<Reading> {
    let explain = |prefix: &&str| {
        let rest = body.strip_prefix(*prefix)?;
        let evidence = format!("{prefix:?} is a maker's code mark");
        Reading::of_repaired(rest, reference_year, &[Fault::VendorPrefix], evidence)
    };
    VENDOR_PREFIXES.iter().filter_map(explain).collect()
}

/// The code without the EAN digits behind it. Behind a closed envelope they cannot be data.
fn without_appended_ean(body: &str, reference_year: i32) -> Option<Reading> {
    let before = repeat::appended_ean(body)?;
    let evidence = "the text ends in the digits of an EAN code";
    let mut reading = Reading::of_repaired(
        before,
        reference_year,
        &[Fault::LinearCodeAppended],
        evidence,
    )?;
    reading.repair_may_be_data = !before.ends_with(['\u{1e}', '\u{4}']);
    Some(reading)
}

/// The code with digits for the letters in its elements that are all digits: product code and dates, whose check digit and
/// calendar confirm the repair. Serial number and batch stay as they are.
fn digits_for_letters(body: &str, reference_year: i32) -> Option<Reading> {
    let (_, rest) = split_symbology(body);
    let mut text = body[..body.len() - rest.len()].to_owned();
    let mut at = 0;
    let mut repaired = false;
    while at < rest.len() {
        if rest[at..].starts_with('\u{1d}') {
            text.push('\u{1d}');
            at += 1;
            continue;
        }
        let identifier = application_identifier::at_start_of(&rest[at..])?;
        let start = at + identifier.code().len();
        text.push_str(identifier.code());
        let end = match identifier.has_predefined_length() {
            true => start + identifier.length_max(),
            false => rest[start..]
                .find('\u{1d}')
                .map_or(rest.len(), |gap| start + gap),
        };
        let value = rest.get(start..end)?;
        match identifier.has_predefined_length() {
            true => {
                let digits = manual::digits_for_letters(value)?;
                repaired |= digits != value;
                text.push_str(&digits);
            }
            false => text.push_str(value),
        }
        at = end;
    }
    if !repaired {
        return None;
    }
    let evidence =
        "letters stand where only digits can, and the digits they are taken for are right";
    Reading::of_repaired(&text, reference_year, &[Fault::Confusable], evidence)
}

fn lookalikes(body: &str, reference_year: i32) -> Option<Reading> {
    let (plain, fault) = lookalike::plain_characters(body)?;
    Reading::of_repaired(
        &plain,
        reference_year,
        &[fault],
        "characters that only look alike were replaced",
    )
}
