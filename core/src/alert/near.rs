//! Sent against known: which harmless mishap turns the stored text into the one that was sent (emvs.md 4.3).
//!
//! Works on one serial or batch number at a time. Where the stored text is not known, [`candidates`] gives the few texts
//! worth a look-up; [`explain`] then also finds what the text alone betrays. Whole codes are [`crate::scan`]'s.

use std::sync::OnceLock;

use crate::charset::SET_82;
use crate::check_digit::NumericKey;
use crate::expiry::Expiry;
use crate::scan::keyboard::layouts;
use crate::scan::{Capture, Confidence};
use crate::verification::EntryMode;

use super::cause::{Cause, LikelyCause};

/// Characters that people and fonts confuse, each group one character.
const LOOKALIKES: [&str; 6] = ["O0", "I1l", "B8", "S5", "3E", "Z2"];
/// Words that stand before a batch number on a pack.
const BATCH_WORDS: [&str; 8] = ["LOT", "CHB", "CH", "BATCH", "BN", "B", "L", "C"];
/// Digits of a linear code that must stand at the end before it is taken for one.
const LINEAR_DIGITS_MIN: usize = 6;
/// Most texts worth a look-up.
const CANDIDATES_MAX: usize = 64;

/// Which element is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// Serial number.
    Serial,
    /// Batch number.
    Batch,
}

/// The mishap that explains `sent`, given the stored text where one is known.
pub fn explain(
    field: Field,
    sent: &str,
    known: Option<&str>,
    entry: EntryMode,
) -> Option<LikelyCause> {
    let Some(known) = known.filter(|known| *known != sent) else {
        return betrayed(sent);
    };
    let likely = |cause, confidence| Some(LikelyCause::new(cause, confidence));
    if sent == exchange_case(known) {
        return likely(Cause::CapsLock, Confidence::High);
    }
    if let Some(tail) = sent.strip_prefix(known) {
        if opens_element(tail) {
            return likely(Cause::GroupSeparatorLost, Confidence::High);
        }
        if is_linear_code(tail) {
            let confidence = match tail.len() >= 8 {
                true => Confidence::High,
                false => Confidence::Medium,
            };
            return likely(Cause::LinearBarcodeAppended, confidence);
        }
    }
    if sent == swap_yz(known) {
        return likely(Cause::KeyboardLayout, Confidence::High);
    }
    if sent.eq_ignore_ascii_case(known) {
        return likely(Cause::CapsLock, Confidence::Medium);
    }
    if layouts()
        .iter()
        .any(|layout| layout.show(known, Capture::Characters).as_deref() == Some(sent))
    {
        return likely(Cause::KeyboardLayout, Confidence::Medium);
    }
    if fold_lookalikes(sent) == fold_lookalikes(known) {
        let confidence = match entry {
            EntryMode::Manual => Confidence::High,
            EntryMode::Scan => Confidence::Low,
        };
        return likely(Cause::LookalikeTyping, confidence);
    }
    if field == Field::Batch {
        let added = |long: &str, short: &str| {
            long.strip_suffix(short).is_some_and(|word| {
                let word = word
                    .trim_end_matches(['-', ':', '.', '/'])
                    .to_ascii_uppercase();
                BATCH_WORDS.contains(&word.as_str())
            })
        };
        if added(sent, known) || added(known, sent) {
            return likely(Cause::LeadingCharacters, Confidence::High);
        }
        if known.starts_with(sent) {
            return likely(Cause::TruncatedBatch, Confidence::High);
        }
    }
    betrayed(sent)
}

/// What a text betrays without its stored counterpart.
fn betrayed(sent: &str) -> Option<LikelyCause> {
    let splits = (1..sent.len()).filter(|at| sent.is_char_boundary(*at));
    let mut tails = splits.clone().map(|at| &sent[at..]);
    if tails.any(|tail| is_date_element(tail) || is_code_element(tail)) {
        return Some(LikelyCause::new(
            Cause::GroupSeparatorLost,
            Confidence::Medium,
        ));
    }
    let linear = splits
        .map(|at| &sent[at..])
        .any(|tail| NumericKey::Gtin13.check(tail).is_ok());
    linear.then_some(LikelyCause::new(
        Cause::LinearBarcodeAppended,
        Confidence::Medium,
    ))
}

/// Stored texts that `sent` can be explained by, for a look-up: likelier first, without `sent` itself.
pub fn candidates(sent: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |text: String| {
        let fits = !text.is_empty() && text.bytes().all(|byte| SET_82[usize::from(byte)]);
        if fits && text != sent && !found.contains(&text) && found.len() < CANDIDATES_MAX {
            found.push(text);
        }
    };
    add(swap_yz(sent));
    add(exchange_case(sent));
    add(sent.to_ascii_uppercase());
    add(sent.to_ascii_lowercase());
    for at in (1..sent.len()).filter(|at| sent.is_char_boundary(*at)) {
        if opens_element(&sent[at..]) || NumericKey::Gtin13.check(&sent[at..]).is_ok() {
            add(sent[..at].to_owned());
        }
    }
    for map in layout_maps() {
        let back: Option<String> = sent
            .chars()
            .map(|shown| map.iter().find(|(c, _)| *c == shown).map(|(_, us)| *us))
            .collect();
        if let Some(back) = back {
            add(back);
        }
    }
    for (at, shown) in sent.char_indices() {
        for group in LOOKALIKES.iter().filter(|group| group.contains(shown)) {
            for other in group.chars().filter(|other| *other != shown) {
                let mut text = sent.to_owned();
                text.replace_range(at..at + shown.len_utf8(), other.encode_utf8(&mut [0; 4]));
                add(text);
            }
        }
    }
    found
}

/// The places, counted in characters of each text, that differ: all between what both begin with and what both end with,
/// or one by one where both have the same length.
pub fn differences(sent: &str, known: &str) -> (Vec<usize>, Vec<usize>) {
    let (left, right): (Vec<char>, Vec<char>) = (sent.chars().collect(), known.chars().collect());
    if left.len() == right.len() {
        let places: Vec<usize> = (0..left.len())
            .filter(|&at| left[at] != right[at])
            .collect();
        return (places.clone(), places);
    }
    let shorter = left.len().min(right.len());
    let head = (0..shorter).take_while(|&at| left[at] == right[at]).count();
    let tail = (1..=shorter - head)
        .take_while(|&back| left[left.len() - back] == right[right.len() - back])
        .count();
    let between = |length: usize| (head..length - tail).collect();
    (between(left.len()), between(right.len()))
}

/// Whether a text begins with an element that can follow in a pack's code.
fn opens_element(tail: &str) -> bool {
    let has_value = |identifier: &str| {
        tail.strip_prefix(identifier).is_some_and(|value| {
            !value.is_empty() && !value.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    begins_with_date(tail) || is_code_element(tail) || has_value("10") || has_value("21")
}

/// `17` and a date, and nothing behind them but another element.
fn is_date_element(tail: &str) -> bool {
    begins_with_date(tail)
        && (tail.len() == 8
            || ["10", "21", "01"]
                .iter()
                .any(|next| tail[8..].starts_with(next)))
}

fn begins_with_date(tail: &str) -> bool {
    // The century does not matter: any reading of the two digits that is a day will do.
    tail.starts_with("17")
        && tail
            .get(2..8)
            .is_some_and(|date| Expiry::parse(date, 2000).is_ok())
}

/// `01` and a GTIN.
fn is_code_element(tail: &str) -> bool {
    tail.starts_with("01")
        && tail
            .get(2..16)
            .is_some_and(|gtin| NumericKey::Gtin14.check(gtin).is_ok())
}

/// A linear code of 13 digits, or its beginning where the field was full.
fn is_linear_code(tail: &str) -> bool {
    (LINEAR_DIGITS_MIN..=13).contains(&tail.len()) && tail.bytes().all(|byte| byte.is_ascii_digit())
}

fn exchange_case(text: &str) -> String {
    let swap = |c: char| match c.is_ascii_lowercase() {
        true => c.to_ascii_uppercase(),
        false => c.to_ascii_lowercase(),
    };
    text.chars().map(swap).collect()
}

fn swap_yz(text: &str) -> String {
    let swap = |c| match c {
        'Y' => 'Z',
        'Z' => 'Y',
        'y' => 'z',
        'z' => 'y',
        c => c,
    };
    text.chars().map(swap).collect()
}

fn fold_lookalikes(text: &str) -> String {
    let fold = |c: char| {
        let group = LOOKALIKES.iter().find(|group| group.contains(c));
        group.and_then(|group| group.chars().next()).unwrap_or(c)
    };
    text.chars().map(fold).collect()
}

/// What each layout shows for the characters of codes, with the way back.
fn layout_maps() -> &'static [Vec<(char, char)>] {
    static MAPS: OnceLock<Vec<Vec<(char, char)>>> = OnceLock::new();
    MAPS.get_or_init(|| {
        let characters = || ('!'..='~').filter(|c| SET_82[*c as usize]);
        let map = |layout: &crate::scan::keyboard::Layout| {
            let shown = characters().filter_map(|us| {
                let text = layout.show(&us.to_string(), Capture::Characters)?;
                let mut shown = text.chars();
                Some((shown.next().filter(|_| shown.next().is_none())?, us))
            });
            shown.collect()
        };
        layouts().iter().skip(1).map(map).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        field: Field,
        sent: &str,
        known: Option<&str>,
        entry: EntryMode,
        expected: Option<Cause>,
    ) {
        let cause = explain(field, sent, known, entry).map(|likely| likely.cause);
        assert_eq!(cause, expected, "{sent} {known:?}");
    }

    /// URS-VF-011.
    #[test]
    fn what_turns_the_stored_text_into_the_sent_one() {
        use {Cause::*, EntryMode::*, Field::*};
        check(Serial, "PZ4Y9", Some("PY4Z9"), Scan, Some(KeyboardLayout));
        check(Serial, "R5tQ", Some("r5Tq"), Scan, Some(CapsLock));
        check(Serial, "R5TQ", Some("r5Tq"), Scan, Some(CapsLock));
        check(
            Serial,
            "7731QA17280131",
            None,
            Scan,
            Some(GroupSeparatorLost),
        );
        check(
            Serial,
            "7731QA17280131",
            Some("7731QA"),
            Scan,
            Some(GroupSeparatorLost),
        );
        check(
            Serial,
            "7731QA10B7",
            Some("7731QA"),
            Scan,
            Some(GroupSeparatorLost),
        );
        check(Serial, "7731QA17281331", None, Scan, None);
        check(
            Batch,
            "K94006381333931",
            None,
            Scan,
            Some(LinearBarcodeAppended),
        );
        check(
            Batch,
            "K940063813",
            Some("K9"),
            Scan,
            Some(LinearBarcodeAppended),
        );
        check(Serial, "S0B1", Some("5O8l"), Manual, Some(LookalikeTyping));
        check(Batch, "LOT-B7", Some("B7"), Manual, Some(LeadingCharacters));
        check(Batch, "B7", Some("LB7"), Manual, Some(LeadingCharacters));
        check(Batch, "AB7", Some("AB7190"), Scan, Some(TruncatedBatch));
        check(Serial, "AB7", Some("AB7190"), Scan, None);
        check(Serial, "AB7", Some("XY9"), Scan, None);
        check(Serial, "AB7", Some("AB7"), Scan, None);
    }

    #[test]
    fn a_look_up_finds_the_stored_text() {
        for (sent, known) in [
            ("PZ4Y9", "PY4Z9"),
            ("R5tQ", "r5Tq"),
            ("7731QA17280131", "7731QA"),
            ("A0B", "AOB"),
            ("A-B", "A/B"),
        ] {
            let found = candidates(sent);
            assert!(found.iter().any(|text| text == known), "{sent}: {found:?}");
            assert!(found.len() <= CANDIDATES_MAX && !found.iter().any(|text| text == sent));
        }
    }

    #[test]
    fn differing_characters_are_marked() {
        assert_eq!(differences("PZ4Y9", "PY4Z9"), (vec![1, 3], vec![1, 3]));
        assert_eq!(differences("AB123", "AB"), (vec![2, 3, 4], vec![]));
        assert_eq!(differences("ALOTB", "AB"), (vec![1, 2, 3], vec![]));
        assert_eq!(differences("", "AB"), (vec![], vec![0, 1]));
    }
}
