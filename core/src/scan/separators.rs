//! Separators that were lost or replaced on the way (GS1 General Specifications, section 7.8.5: a reader must deliver
//! ASCII 29).
//!
//! A replaced separator is put back where the replacement cannot be data, or is offered where it can. A lost one leaves no
//! trace: every split of the text that keeps all rules is enumerated, and only a single one is an answer. Format 06 data
//! can begin with anything, so its splits are offered and never taken for certain.

use crate::charset::SET_82;
use crate::ppn::Ppn;

use super::fault::Fault;
use super::find;
use super::lookalike;
use super::message::{self, EOT, GS, Message, RS};

/// A text with its separators put back.
pub(super) struct Substitution {
    pub text: String,
    /// What stood in place of the separator.
    pub token: String,
    /// The token consists of characters that may be data, so that the text has another reading as well.
    pub may_be_data: bool,
}

/// What devices and programs are known to write for the separator, the longer before what they begin with.
const TOKENS: [&str; 31] = [
    "{FNC1}", "[FNC1]", "<FNC1>", "(FNC1)", "{GS}", "[GS]", "<GS>", "(GS)", "{1D}", "\\u001d",
    "\\u001D", "\\x1d", "\\x1D", "\\035", "\\029", "\\F", "~d029", "~029", "~1", "^]", "&#29;",
    "&#x1D;", "&#x1d;", "<0x1D>", "<0x1d>", "_x001D_", "_x001d_", "%1D", "%1d", "029", ";",
];

/// Splits kept of one text; beyond this many nobody compares them with a print.
const SPLITS_MAX: usize = 64;
/// Steps of one search; a text of digits only has more splits than anybody wants.
const STEPS_MAX: usize = 40_000;

/// Every way in which a token in `text` can stand for separators; likelier first. `text` has no symbology identifier.
pub(super) fn substitutions(text: &str) -> Vec<Substitution> {
    let head = envelope_head(text);
    let (head, body) = text.split_at(head);
    if body.as_bytes().contains(&GS) {
        return Vec::new();
    }
    let mut found: Vec<Substitution> = Vec::new();
    for token in TOKENS.into_iter().filter(|token| body.contains(token)) {
        found.push(Substitution {
            text: format!("{head}{}", body.replace(token, "\u{1d}")),
            token: token.to_owned(),
            may_be_data: token.bytes().all(|byte| SET_82[usize::from(byte)]),
        });
    }
    found.extend(foreign_run(head, body));
    found
}

/// One character outside the set of codes, wherever it stands, in place of separators.
fn foreign_run(head: &str, body: &str) -> Option<Substitution> {
    let foreign = |c: char| {
        !u8::try_from(u32::from(c)).is_ok_and(|byte| {
            SET_82[usize::from(byte)] || byte == EOT || (byte == RS && !head.is_empty())
        })
    };
    // A dash or a letter that looks like one of ours stands for itself.
    let own_meaning = |c: char| {
        matches!(
            lookalike::meaning(c),
            Some(Fault::Homoglyph | Fault::TypographicDash)
        )
    };
    let token = body
        .chars()
        .find(|&c| foreign(c))
        .filter(|&c| !own_meaning(c))?;
    if body.chars().any(|c| foreign(c) && c != token) {
        return None;
    }
    let mut text = String::from(head);
    for c in body.chars() {
        match foreign(c) {
            true if text.ends_with('\u{1d}') => {}
            true => text.push('\u{1d}'),
            false => text.push(c),
        }
    }
    Some(Substitution {
        text,
        token: token.to_string(),
        may_be_data: false,
    })
}

/// Length of the envelope head, whose `[` is no foreign character and whose RS is no replaced separator.
fn envelope_head(text: &str) -> usize {
    match text.strip_prefix("[)>") {
        Some(rest) if rest.starts_with('\u{1e}') => 4,
        Some(_) => 3,
        None => 0,
    }
}

/// Every split of `text` into elements that keeps all rules and names a pack, as texts with separators put in and read
/// again. The more of batch and expiry a split gives, the earlier it stands.
pub(super) fn splits(text: &str, reference_year: i32) -> Vec<(String, Message)> {
    let texts = match envelope_head(text) {
        0 => gs1_splits(text),
        head => format_06_splits(text, head),
    };
    let read = |text: String| {
        let message = message::read(&text, reference_year)
            .ok()
            .filter(Message::names_a_pack)?;
        Some((text, message))
    };
    let mut splits: Vec<(String, Message)> = texts.into_iter().filter_map(read).collect();
    splits.sort_by_key(|(_, message)| {
        let given = [message.data.batch.is_some(), message.data.expiry.is_some()];
        std::cmp::Reverse(given.into_iter().filter(|&given| given).count())
    });
    splits
}

/// The identifiers that stand on medicine packs: more would only multiply splits that no pack carries.
const PACK_IDENTIFIERS: [(&str, usize, bool); 18] = [
    ("01", 14, true),
    ("17", 6, true),
    ("10", 20, false),
    ("21", 20, false),
    ("11", 6, true),
    ("13", 6, true),
    ("15", 6, true),
    ("240", 30, false),
    ("710", 20, false),
    ("711", 20, false),
    ("712", 20, false),
    ("713", 20, false),
    ("714", 20, false),
    ("715", 20, false),
    ("716", 20, false),
    ("717", 20, false),
    ("91", 90, false),
    ("92", 90, false),
];

struct Search<'a> {
    text: &'a str,
    used: u32,
    built: String,
    found: Vec<String>,
    steps: usize,
}

fn gs1_splits(text: &str) -> Vec<String> {
    if !text.is_ascii() {
        return Vec::new();
    }
    let mut search = Search {
        text,
        used: 0,
        built: String::with_capacity(text.len() + 4),
        found: Vec::new(),
        steps: 0,
    };
    search.from(0);
    search.found
}

impl Search<'_> {
    /// Splits what begins at `at`, behind `built`.
    fn from(&mut self, mut at: usize) {
        self.steps += 1;
        if self.found.len() >= SPLITS_MAX || self.steps > STEPS_MAX {
            return;
        }
        let bytes = self.text.as_bytes();
        if bytes.get(at) == Some(&GS) {
            at += 1;
        }
        if at == bytes.len() {
            let pack = (1 << 0) | (1 << 3);
            if self.used & pack == pack {
                self.found.push(self.built.clone());
            }
            return;
        }
        for (index, &(identifier, longest, fixed)) in PACK_IDENTIFIERS.iter().enumerate() {
            let bit = 1 << index;
            if self.used & bit != 0 || !self.text[at..].starts_with(identifier) {
                continue;
            }
            self.used |= bit;
            self.element(at, at + identifier.len(), longest, fixed);
            self.used &= !bit;
        }
    }

    fn element(&mut self, at: usize, start: usize, longest: usize, fixed: bool) {
        let bytes = self.text.as_bytes();
        let hard_end = bytes[start..]
            .iter()
            .position(|&byte| byte == GS)
            .map_or(bytes.len(), |gap| start + gap);
        let length = self.built.len();
        if fixed {
            let end = start + longest;
            if end <= hard_end && self.fixed_value_holds(at, start, end) {
                self.built.push_str(&self.text[at..end]);
                self.from(end);
            }
            self.built.truncate(length);
            return;
        }
        for end in start + 1..=hard_end.min(start + longest) {
            if !SET_82[usize::from(bytes[end - 1])] {
                break;
            }
            // Another element must begin here, or the text or a separator ends this one.
            let next = end == hard_end
                || PACK_IDENTIFIERS
                    .iter()
                    .any(|(id, _, _)| self.text[end..].starts_with(id));
            if next {
                self.built.push_str(&self.text[at..end]);
                if end < bytes.len() {
                    self.built.push('\u{1d}');
                }
                self.from(end);
                self.built.truncate(length);
            }
        }
    }

    fn fixed_value_holds(&self, at: usize, start: usize, end: usize) -> bool {
        let value = &self.text.as_bytes()[start..end];
        match &self.text[at..start] {
            "01" => crate::gtin::Gtin::from_bytes(value).is_some(),
            _ => plausible_date(value),
        }
    }
}

/// A cheap sieve; the reader tests the date in full.
fn plausible_date(value: &[u8]) -> bool {
    value.iter().all(u8::is_ascii_digit)
        && (b"01"..=b"12").contains(&&[value[2], value[3]])
        && (b"00"..=b"31").contains(&&[value[4], value[5]])
}

/// Splits of Format 06 data: PPN, batch, expiry and serial each exactly once, GTIN and production date at most once.
/// Separators that arrived stay where they are.
fn format_06_splits(text: &str, head: usize) -> Vec<String> {
    let body = text[head..].trim_end_matches(['\u{1e}', '\u{4}']);
    let Some(body) = body.strip_prefix("06").filter(|body| body.is_ascii()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    format_06_from(body, 0, &mut Vec::new(), &mut found);
    let join = |cuts: &Vec<usize>| {
        let mut joined = String::from("[)>\u{1e}06");
        for (index, &cut) in cuts.iter().enumerate() {
            let end = cuts.get(index + 1).copied().unwrap_or(body.len());
            joined.push('\u{1d}');
            joined.push_str(body[cut..end].trim_end_matches('\u{1d}'));
        }
        joined.push_str("\u{1e}\u{4}");
        joined
    };
    found.iter().map(join).collect()
}

/// The data identifiers of packs, and the length of the value where it is fixed. The first four are on every pack.
const FORMAT_06_IDENTIFIERS: [(&str, Option<usize>); 6] = [
    ("9N", Some(12)),
    ("1T", None),
    ("D", Some(6)),
    ("S", None),
    ("8P", Some(14)),
    ("16D", Some(8)),
];

fn format_06_from(body: &str, at: usize, cuts: &mut Vec<usize>, found: &mut Vec<Vec<usize>>) {
    if found.len() >= SPLITS_MAX {
        return;
    }
    let at = at + body[at..].bytes().take_while(|&byte| byte == GS).count();
    let used = |identifier: &str| cuts.iter().any(|&cut| body[cut..].starts_with(identifier));
    if at == body.len() {
        if FORMAT_06_IDENTIFIERS[..4]
            .iter()
            .all(|(identifier, _)| used(identifier))
        {
            found.push(cuts.clone());
        }
        return;
    }
    let Some(&(identifier, length)) = FORMAT_06_IDENTIFIERS
        .iter()
        .find(|(identifier, _)| body[at..].starts_with(identifier))
        .filter(|(identifier, _)| !used(identifier))
    else {
        return;
    };
    let start = at + identifier.len();
    let gap = body[start..].find('\u{1d}');
    let hard_end = gap.map_or(body.len(), |gap| start + gap);
    let ends = match length {
        Some(length) => start + length..=start + length,
        None => start + 1..=hard_end.min(start + 20),
    };
    cuts.push(at);
    for end in ends.filter(|&end| end <= hard_end) {
        let value = &body[start..end];
        let holds = match identifier {
            "9N" => Ppn::parse(value).is_ok(),
            "D" => plausible_date(value.as_bytes()),
            _ => length.is_none() || value.bytes().all(|byte| byte.is_ascii_digit()),
        };
        if holds {
            format_06_from(body, end, cuts, found);
        }
    }
    cuts.pop();
}

/// The text without what may stand for a separator right before one: `10AB;` GS is `10AB` GS. `None` if nothing does.
pub(super) fn without_tokens_at_ends(text: &str) -> Option<String> {
    let legal = TOKENS
        .iter()
        .filter(|token| token.bytes().all(|byte| SET_82[usize::from(byte)]));
    let cut = legal
        .copied()
        .chain([",", "_", "/", "-"])
        .fold(text.to_owned(), |text, token| {
            text.replace(&format!("{token}\u{1d}"), "\u{1d}")
        });
    (cut != text).then_some(cut)
}

/// Whether the separator is to be read as lost or replaced at all: the text has none.
pub(super) fn has_none(text: &str) -> bool {
    find(text.as_bytes(), &[GS]).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_splits(text: &str, expected: &[&str]) {
        let mut found: Vec<String> = splits(text, 2026)
            .into_iter()
            .map(|(text, message)| {
                message
                    .values(&text)
                    .map(|(id, value)| format!("({id}){value}"))
                    .collect::<String>()
            })
            .collect();
        found.sort();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn one_split_is_an_answer() {
        check_splits(
            "010400638133393110AB21XY",
            &["(01)04006381333931(10)AB(21)XY"],
        );
        check_splits(
            "010400638133393121XY17280200",
            &[
                "(01)04006381333931(21)XY(17)280200",
                "(01)04006381333931(21)XY17280200",
            ],
        );
    }

    #[test]
    fn separators_that_arrived_stay_where_they_are() {
        check_splits(
            "010400638133393110A\u{1d}21XY",
            &["(01)04006381333931(10)A(21)XY"],
        );
        check_splits("010400638133393110A\u{1d}X21Y", &[]);
    }

    #[test]
    fn format_06_is_split_by_its_identifiers() {
        let all = "(9N)111234567842(1T)A-1(D)270131(S)Xy";
        check_splits("[)>069N1112345678421TA-1D270131SXy", &[all]);
        check_splits(
            "[)>\u{1e}06\u{1d}9N111234567842\u{1d}1TA-1D270131\u{1d}SXy",
            &[all],
        );
        check_splits("[)>\u{1e}06\u{1d}9N111234567842\u{1d}1TA-1\u{1d}SXy", &[]);
    }

    #[test]
    fn tokens_and_foreign_characters() {
        let tokens = |text| -> Vec<(String, String, bool)> {
            substitutions(text)
                .into_iter()
                .map(|found| (found.token, found.text, found.may_be_data))
                .collect()
        };
        assert_eq!(
            tokens("10A{GS}21B"),
            [("{GS}".into(), "10A\u{1d}21B".into(), false)]
        );
        assert_eq!(
            tokens("10A%1D21B"),
            [("%1D".into(), "10A\u{1d}21B".into(), true)]
        );
        assert_eq!(
            tokens("10A↔21B"),
            [("↔".into(), "10A\u{1d}21B".into(), false)]
        );
        assert_eq!(tokens("10A#@21B"), []);
        assert_eq!(tokens("10A\u{1d}21#B"), []);
    }
}
