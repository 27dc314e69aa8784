//! Values typed by hand: what a person may have meant (O for 0, lost zeros, dates in another form). Serves URS-VF-010.
//!
//! Candidates, never decisions. In a numeric field a letter is certainly a slip and the check digit confirms its repair; in
//! a serial number every reading is possible, and only a look-up in the repository or the print settles it. A number that a
//! spreadsheet turned into powers of ten has lost its digits and is refused.

use std::collections::HashSet;

use crate::batch_number::BatchNumber;
use crate::date::{self, DayZero};
use crate::gtin::Gtin;
use crate::ppn::Ppn;
use crate::pzn::Pzn;
use crate::serial::Serial;

use super::diagnosis::ScannedData;
use super::fault::Fault;
use super::lookalike;

/// What the typed value is meant to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// GTIN, NTIN or PPN; in Germany also a PZN typed instead.
    ProductCode,
    /// PZN of 8 digits.
    Pzn8,
    /// Serial number.
    Serial,
    /// Batch number.
    Batch,
    /// Expiry date, given back as YYMMDD.
    Expiry,
}

/// One value the person may have meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TypedCandidate {
    /// The value.
    pub value: String,
    /// The slips that lead from it to what was typed; empty for the typed value itself.
    pub faults: Vec<Fault>,
}

/// What may have been meant, likelier first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypedCandidates {
    /// The candidates.
    pub candidates: Vec<TypedCandidate>,
    /// There are more than are listed.
    pub more: bool,
    /// Why nothing can be offered, when nothing can.
    pub refused: Option<Fault>,
}

impl TypedCandidates {
    /// Whether `value` is among the candidates.
    pub fn contains(&self, value: &str) -> bool {
        self.candidates
            .iter()
            .any(|candidate| candidate.value == value)
    }

    /// The only candidate, if there is exactly one: then nothing else can have been meant.
    pub fn only(&self) -> Option<&str> {
        match self.candidates.as_slice() {
            [only] if !self.more => Some(&only.value),
            _ => None,
        }
    }

    fn add(&mut self, value: String, faults: &[Fault]) {
        if !self.contains(&value) {
            self.candidates.push(TypedCandidate {
                value,
                faults: faults.to_vec(),
            });
        }
    }
}

/// What the person who typed `typed` may have meant.
pub fn candidates(field: Field, typed: &str, reference_year: i32) -> TypedCandidates {
    if is_spreadsheet_number(typed.trim()) && field != Field::Serial {
        return TypedCandidates {
            refused: Some(Fault::SpreadsheetNumber),
            ..TypedCandidates::default()
        };
    }
    let (plain, faults) = normalised(typed);
    let mut found = match field {
        Field::ProductCode => product_codes(&plain, &faults),
        Field::Pzn8 => pzns(&plain, &faults),
        Field::Expiry => dates(&plain, &faults, reference_year),
        Field::Serial | Field::Batch => texts(&plain, &faults),
    };
    if found.candidates.is_empty() {
        found.refused.get_or_insert(Fault::ElementInvalid);
    }
    found
}

/// Whether `text` is a number that a spreadsheet wrote as powers of ten: `4,15012E+12`.
pub fn is_spreadsheet_number(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else {
        return false;
    };
    let exponent = exponent.strip_prefix('+').unwrap_or_default();
    let mut parts = mantissa.splitn(2, ['.', ',']);
    let whole = parts.next().unwrap_or_default();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && whole.len() == 1 && digits(exponent) && parts.next().is_none_or(digits)
}

/// The typed text without look-alikes and spaces.
fn normalised(typed: &str) -> (String, Vec<Fault>) {
    let mut faults = Vec::new();
    let plain = match lookalike::plain_characters(typed) {
        Some((plain, fault)) => {
            faults.push(fault);
            plain
        }
        None => typed.to_owned(),
    };
    let trimmed: String = plain.chars().filter(|c| !c.is_control()).collect();
    (trimmed, faults)
}

/// Digits for the letters that are taken for them.
pub(super) fn digits_for_letters(text: &str) -> Option<String> {
    let digit = |c: char| match c {
        'O' | 'o' | 'Q' | 'D' => Some('0'),
        'I' | 'l' | 'i' | '|' => Some('1'),
        'Z' | 'z' => Some('2'),
        'S' | 's' => Some('5'),
        'G' => Some('6'),
        'B' => Some('8'),
        c => c.is_ascii_digit().then_some(c),
    };
    text.chars().map(digit).collect()
}

fn with(faults: &[Fault], more: &[Fault]) -> Vec<Fault> {
    faults.iter().chain(more).copied().collect()
}

fn product_codes(plain: &str, faults: &[Fault]) -> TypedCandidates {
    let mut found = TypedCandidates::default();
    let mut spellings = vec![(plain.to_owned(), faults.to_vec())];
    let digits: String = plain.chars().filter(|c| !matches!(c, '-' | '.')).collect();
    if let Some(digits) = digits_for_letters(&digits).filter(|digits| digits != plain) {
        spellings.push((digits, with(faults, &[Fault::Confusable])));
    }
    for (text, faults) in spellings {
        if Ppn::parse(&text).is_ok() {
            found.add(text.clone(), &faults);
        }
        match Gtin::parse(&text) {
            // Eight digits are far likelier a PZN than a GTIN-8, which no medicine pack carries.
            Ok(gtin) if text.len() == 14 => found.add(gtin.to_string(), &faults),
            Ok(gtin) if text.len() >= 12 => {
                found.add(gtin.to_string(), &with(&faults, &[Fault::LeadingZeroLost]))
            }
            Ok(_) | Err(_) => {}
        }
        if let Ok(pzn) = Pzn::parse(text.trim_start_matches("PZN").trim_start_matches('-')) {
            found.add(
                pzn.to_ntin().to_string(),
                &with(&faults, &[Fault::PznForNtin]),
            );
        }
    }
    found
}

fn pzns(plain: &str, faults: &[Fault]) -> TypedCandidates {
    let mut found = TypedCandidates::default();
    let text = plain
        .trim_start_matches("PZN")
        .trim_start_matches(['-', ':']);
    let mut spellings = vec![(text.to_owned(), faults.to_vec())];
    if let Some(digits) = digits_for_letters(text).filter(|digits| digits != text) {
        spellings.push((digits, with(faults, &[Fault::Confusable])));
    }
    for (text, faults) in spellings {
        if let Ok(pzn) = Pzn::parse(&text) {
            let shorter = text.len() < 8;
            let faults = if shorter {
                with(&faults, &[Fault::LeadingZeroLost])
            } else {
                faults
            };
            found.add(pzn.to_string(), &faults);
        }
    }
    found
}

/// Dates; where the text is none as it stands, with digits for its letters.
fn dates(plain: &str, faults: &[Fault], reference_year: i32) -> TypedCandidates {
    let found = expiries(plain, faults, reference_year);
    if !found.candidates.is_empty() {
        return found;
    }
    let separator = |c: char| matches!(c, '/' | '.' | '-');
    let parts: Option<Vec<String>> = plain.split(separator).map(digits_for_letters).collect();
    match parts.map(|parts| parts.join("/")) {
        Some(digits) => {
            let faults = with(faults, &[Fault::Confusable]);
            expiries(&digits, &faults, reference_year)
        }
        None => found,
    }
}

/// Dates as people write them. Several readings are the rule: 310127 is a day in 2031 and one in 2027.
fn expiries(plain: &str, faults: &[Fault], reference_year: i32) -> TypedCandidates {
    let mut found = TypedCandidates::default();
    let mut add = |year: &str, month: &str, day: &str, faults: Vec<Fault>| {
        let text = format!(
            "{}{month:0>2}{day:0>2}",
            &year[year.len().saturating_sub(2)..]
        );
        let Ok(resolved) = date::resolve_yymmdd(&text, reference_year, DayZero::MeansLastDay)
        else {
            return;
        };
        let raw = crate::expiry::Expiry::from_date(resolved);
        let month_only = format!("{}00", &text[..4]);
        // Day 00 and the last day name the same day but differ as text; either may be what is printed.
        let mut readings = vec![text.clone()];
        if text.ends_with("00") {
            readings.push(raw.raw().to_owned());
        } else if date::resolve_yymmdd(&month_only, reference_year, DayZero::MeansLastDay).as_ref()
            == Ok(&resolved)
        {
            readings.push(month_only);
        }
        for (index, reading) in readings.into_iter().enumerate() {
            let form = if index == 0 {
                faults.clone()
            } else {
                with(&faults, &[Fault::DateForm])
            };
            found.add(reading, &form);
        }
    };
    let form = with(faults, &[Fault::DateForm]);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = plain.split(['/', '.', '-']).collect();
    match parts.as_slice() {
        [one] if digits(one) => match one.len() {
            6 => {
                let (a, b, c) = (&one[..2], &one[2..4], &one[4..]);
                add(a, b, c, faults.to_vec());
                add(c, b, a, form.clone());
                add(c, a, b, form.clone());
                add(&one[2..], a, "00", form.clone());
                add(&one[..4], c, "00", form);
            }
            4 => {
                add(&one[2..], &one[..2], "00", form.clone());
                add(&one[..2], &one[2..], "00", form);
            }
            8 => {
                add(&one[..4], &one[4..6], &one[6..], form.clone());
                add(&one[4..], &one[2..4], &one[..2], form.clone());
                add(&one[4..], &one[..2], &one[2..4], form);
            }
            _ => {}
        },
        [a, b] if digits(a) && digits(b) && a.len() <= 4 && b.len() <= 4 => {
            match (a.len(), b.len()) {
                (4, _) => add(a, b, "00", form),
                (_, 4) => add(b, a, "00", form),
                _ => {
                    add(b, a, "00", form.clone());
                    add(a, b, "00", form);
                }
            }
        }
        [a, b, c] if digits(a) && digits(b) && digits(c) => {
            if a.len() == 4 {
                add(a, b, c, form);
            } else if c.len() == 4 || c.len() == 2 {
                add(c, b, a, form.clone());
                add(c, a, b, form.clone());
                if c.len() == 2 {
                    add(a, b, c, form);
                }
            }
        }
        [day, name, year] if digits(day) && digits(year) => {
            if let Some(month) = month_named(name) {
                add(year, month, day, form);
            }
        }
        [name, year] if digits(year) => {
            if let Some(month) = month_named(name) {
                add(year, month, "00", form);
            }
        }
        _ => {}
    }
    found
}

/// The number of a month by the first three letters of its English name.
fn month_named(name: &str) -> Option<&'static str> {
    let names = [
        "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
    ];
    let numbers = [
        "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12",
    ];
    let head = name.get(..3)?.to_ascii_uppercase();
    names
        .iter()
        .position(|known| *known == head)
        .map(|index| numbers[index])
}

/// Groups of characters that are taken for each other in print.
const CONFUSABLE: [&str; 5] = ["O0", "1lI", "S5", "B8", "Z2"];

/// Candidates of one text that are listed. A text of eight characters from the group of three has 6,561 readings.
const TEXTS_MAX: usize = 10_000;

/// A serial or batch number: as typed, in the other letter case, and with confusable characters replaced, those with fewer
/// replacements first.
fn texts(plain: &str, faults: &[Fault]) -> TypedCandidates {
    let mut found = TypedCandidates::default();
    if Serial::parse(plain).is_err() {
        return found;
    }
    found.add(plain.to_owned(), faults);
    // A character that no code holds was a slip for certain, and explains the typed text alone.
    if !faults.is_empty() {
        return found;
    }
    for other in [
        super::letter_case::exchange(plain),
        plain.to_ascii_uppercase(),
        plain.to_ascii_lowercase(),
    ] {
        found.add(other, &with(faults, &[Fault::CaseInverted]));
    }
    let mut known: HashSet<String> = found
        .candidates
        .iter()
        .map(|candidate| candidate.value.clone())
        .collect();
    let confused = with(faults, &[Fault::Confusable]);
    let mut last = vec![plain.to_owned()];
    while !last.is_empty() && !found.more {
        let mut next = Vec::new();
        for text in &last {
            for (at, c) in text.char_indices() {
                for other in alternatives(c) {
                    let mut changed = text.clone();
                    changed.replace_range(at..at + 1, other.encode_utf8(&mut [0; 4]));
                    if known.contains(&changed) {
                        continue;
                    }
                    if known.len() >= TEXTS_MAX {
                        found.more = true;
                        return found;
                    }
                    known.insert(changed.clone());
                    found.candidates.push(TypedCandidate {
                        value: changed.clone(),
                        faults: confused.clone(),
                    });
                    next.push(changed);
                }
            }
        }
        last = next;
    }
    found
}

/// Whether serial number or batch has a character that is taken for another in print.
pub(super) fn has_confusable(data: &ScannedData) -> bool {
    let serial = data.serial.as_ref().map(Serial::as_str);
    let batch = data.batch.as_ref().map(BatchNumber::as_str);
    let confusable = |text: &str| text.chars().any(|c| alternatives(c).next().is_some());
    serial.into_iter().chain(batch).any(confusable)
}

fn alternatives(c: char) -> impl Iterator<Item = char> {
    let group = CONFUSABLE
        .iter()
        .find(|group| group.contains(c))
        .copied()
        .unwrap_or_default();
    group.chars().filter(move |&other| other != c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(field: Field, typed: &str, expected: &[&str]) {
        let found = candidates(field, typed, 2026);
        let values: Vec<&str> = found
            .candidates
            .iter()
            .map(|candidate| candidate.value.as_str())
            .collect();
        assert_eq!(values, expected, "{field:?} {typed:?}");
    }

    #[test]
    fn product_codes_are_certain_by_their_check_digits() {
        check(Field::ProductCode, "04006381333931", &["04006381333931"]);
        check(Field::ProductCode, "4006381333931", &["04006381333931"]);
        check(Field::ProductCode, "O4OO6381333931", &["04006381333931"]);
        check(Field::ProductCode, "0400 6381 333931", &["04006381333931"]);
        check(Field::ProductCode, "04006381333932", &[]);
        check(Field::Pzn8, "O1234562", &["01234562"]);
        let refused = candidates(Field::ProductCode, "4,00638E+12", 2026).refused;
        assert_eq!(refused, Some(Fault::SpreadsheetNumber));
    }

    #[test]
    fn dates_have_several_readings() {
        check(
            Field::Expiry,
            "280229",
            &["280229", "280200", "290228", "290200"],
        );
        check(Field::Expiry, "02/2028", &["280200", "280229"]);
        check(Field::Expiry, "FEB-2028", &["280200", "280229"]);
        check(Field::Expiry, "15.02.2028", &["280215"]);
    }

    #[test]
    fn serial_numbers_have_all_confusable_readings() {
        check(Field::Serial, "A0", &["A0", "a0", "AO"]);
        check(Field::Serial, " A\u{2013}0", &["A-0"]);
        let many = candidates(Field::Serial, "1l1I", 2026);
        assert!(many.contains("IIII") && many.contains("llll") && !many.more);
        assert!(candidates(Field::Serial, "1l1I1l1I1l1I", 2026).more);
        check(Field::Serial, "", &[]);
    }
}
