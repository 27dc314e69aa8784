//! What the hub answers to a master data field that is absent, empty, blank or too long: a table and one function.
//!
//! A16 (data validation error) and I1 (invalid file format) are two doors. The schema speaks first: an element it demands
//! and does not find, or a text that breaks a facet, is I1. What passes the schema and misses in content is A16. So an
//! absent street is I1 and an empty one A16, while an absent common name is A16 and an empty one I1 (emvs.md 5.2,
//! EMVO-HC). A new demand of a release or of one market is one more row; the later row wins. Serves URS-MD-002.

use packtwin_core::market::Market;

use crate::release::Release;

/// The hub's answer to one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HubAnswer {
    /// Taken as it is.
    Accepted,
    /// Data validation error.
    A16,
    /// Invalid file format.
    I1,
}

impl HubAnswer {
    /// The hub's code, `None` when accepted.
    pub const fn code(self) -> Option<&'static str> {
        match self {
            HubAnswer::Accepted => None,
            HubAnswer::A16 => Some("A16"),
            HubAnswer::I1 => Some("I1"),
        }
    }
}

/// One row: how the hub treats one field from a release on, everywhere or in one market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldRule {
    /// The element below `ProductMasterData`, by its path.
    pub path: &'static str,
    /// The first release with this row.
    pub since: Release,
    /// The market, `None` for all.
    pub market: Option<&'static str>,
    /// The element is not there.
    pub absent: HubAnswer,
    /// It is there without content.
    pub empty: HubAnswer,
    /// It holds nothing but blanks.
    pub blanks: HubAnswer,
    /// Most characters; more is I1.
    pub longest: usize,
    /// Where the row comes from: source tag of emvs.md and C (certain) or I (inferred).
    pub source: &'static str,
}

use HubAnswer::{A16, Accepted as Ok_, I1};
use Release::{R1_14, R1_16};

const fn row(
    path: &'static str,
    since: Release,
    answers: [HubAnswer; 3],
    longest: usize,
    source: &'static str,
) -> FieldRule {
    FieldRule {
        path,
        since,
        market: None,
        absent: answers[0],
        empty: answers[1],
        blanks: answers[2],
        longest,
        source,
    }
}

/// The table. Answers stand in the order absent, empty, only blanks.
pub const FIELD_RULES: &[FieldRule] = &[
    row(
        "Name",
        R1_14,
        [A16, A16, A16],
        255,
        "EMVO-HC missing C, empty and length I",
    ),
    row(
        "CommonName",
        R1_14,
        [Ok_, I1, I1],
        255,
        "EMVO-HC: optional before 1.16, I",
    ),
    row("CommonName", R1_16, [A16, I1, I1], 255, "EMVO-HC C"),
    row(
        "Form",
        R1_14,
        [A16, A16, A16],
        255,
        "EMVO-HC missing C, empty and length I",
    ),
    row(
        "Strength",
        R1_14,
        [A16, A16, A16],
        255,
        "EMVO-HC missing C, empty and length I",
    ),
    row(
        "PackType",
        R1_14,
        [A16, A16, A16],
        255,
        "EMVO-HC missing C, empty and length I",
    ),
    row(
        "PackSize",
        R1_14,
        [A16, A16, A16],
        9,
        "EMVO-HC missing C, empty and length I",
    ),
    row(
        "AtcCode",
        R1_14,
        [Ok_, I1, I1],
        7,
        "EMVO-HC optional C, the rest I",
    ),
    row(
        "Manufacturer/Id",
        R1_14,
        [Ok_, Ok_, Ok_],
        255,
        "DR 33(2)(f) names none, I",
    ),
    row(
        "Manufacturer/Name",
        R1_14,
        [A16, A16, A16],
        255,
        "EMVO-HC missing C, the rest I",
    ),
    row(
        "Manufacturer/Address/Street",
        R1_14,
        [I1, A16, A16],
        1000,
        "as the holder's, I",
    ),
    row(
        "Manufacturer/Address/Street2",
        R1_14,
        [I1, Ok_, Ok_],
        1000,
        "as the holder's, I",
    ),
    row(
        "Manufacturer/Address/PostalCode",
        R1_14,
        [I1, Ok_, Ok_],
        1000,
        "not every country has one, I",
    ),
    row(
        "Manufacturer/Address/City",
        R1_14,
        [I1, A16, A16],
        1000,
        "as the holder's, I",
    ),
    row(
        "Manufacturer/Address/Country",
        R1_14,
        [I1, Ok_, Ok_],
        2,
        "I",
    ),
    row(
        "Market/NationalCode",
        R1_14,
        [Ok_, I1, I1],
        50,
        "DR 4(b)(iii) where required, I",
    ),
    row(
        "Market/Holder/Id",
        R1_14,
        [A16, A16, A16],
        255,
        "EMVO-HC missing C, the rest I",
    ),
    row(
        "Market/Holder/Name",
        R1_14,
        [A16, A16, A16],
        255,
        "EMVO-HC missing C, the rest I",
    ),
    row(
        "Market/Holder/Address/Street",
        R1_14,
        [I1, A16, A16],
        1000,
        "EMVO-HC C",
    ),
    row(
        "Market/Holder/Address/Street2",
        R1_14,
        [I1, Ok_, Ok_],
        1000,
        "EMVO-HC C",
    ),
    row(
        "Market/Holder/Address/PostalCode",
        R1_14,
        [I1, Ok_, Ok_],
        1000,
        "not every country has one, I",
    ),
    row(
        "Market/Holder/Address/City",
        R1_14,
        [I1, A16, A16],
        1000,
        "EMVO-HC C, blanks and length I",
    ),
    row(
        "Market/Holder/Address/Country",
        R1_14,
        [I1, Ok_, Ok_],
        2,
        "I",
    ),
    row(
        "Market/Wholesaler/Id",
        R1_14,
        [A16, A16, A16],
        255,
        "EMVO-HC missing C, the rest I",
    ),
    row(
        "Market/Wholesaler/Name",
        R1_14,
        [A16, A16, A16],
        255,
        "EMVO-HC missing C, the rest I",
    ),
    row(
        "Market/Wholesaler/Address/Street",
        R1_14,
        [Ok_, Ok_, Ok_],
        1000,
        "EMVO-HC: optional before 1.16, I",
    ),
    row(
        "Market/Wholesaler/Address/Street",
        R1_16,
        [I1, A16, A16],
        1000,
        "EMVO-HC mandatory C, codes as the holder's I",
    ),
    row(
        "Market/Wholesaler/Address/Street2",
        R1_14,
        [Ok_, Ok_, Ok_],
        1000,
        "I",
    ),
    row(
        "Market/Wholesaler/Address/Street2",
        R1_16,
        [I1, Ok_, Ok_],
        1000,
        "as the holder's, I",
    ),
    row(
        "Market/Wholesaler/Address/PostalCode",
        R1_14,
        [Ok_, Ok_, Ok_],
        1000,
        "I",
    ),
    row(
        "Market/Wholesaler/Address/PostalCode",
        R1_16,
        [I1, Ok_, Ok_],
        1000,
        "not every country has one, I",
    ),
    row(
        "Market/Wholesaler/Address/City",
        R1_14,
        [Ok_, Ok_, Ok_],
        1000,
        "EMVO-HC: optional before 1.16, I",
    ),
    row(
        "Market/Wholesaler/Address/City",
        R1_16,
        [I1, A16, A16],
        1000,
        "EMVO-HC mandatory C, codes as the holder's I",
    ),
    row(
        "Market/Wholesaler/Address/Country",
        R1_14,
        [Ok_, Ok_, Ok_],
        2,
        "I",
    ),
    row(
        "Market/Wholesaler/Address/Country",
        R1_16,
        [I1, Ok_, Ok_],
        2,
        "I",
    ),
];

/// From when a market's packs carry the safety features and its repository takes them; markets not named: 9 Feb 2019.
///
/// Source: EU 2016/161 Art. 50 and the securPharm FAQ (Italy and Greece joined on 9 Feb 2025; C).
pub const MARKET_DATES: &[(&str, (i32, u32, u32))] = &[("GR", (2025, 2, 9)), ("IT", (2025, 2, 9))];
/// The day the regulation applied to all other markets (Art. 50).
pub const FIRST_DAY: (i32, u32, u32) = (2019, 2, 9);

/// The row that rules a field of a release in a market, `None` for a path the hub has no field for.
pub fn field_rule(
    path: &str,
    release: Release,
    market: Option<Market>,
) -> Option<&'static FieldRule> {
    FIELD_RULES.iter().rev().find(|rule| {
        rule.path == path
            && rule.since <= release
            && rule
                .market
                .is_none_or(|named| market.is_some_and(|market| market.as_str() == named))
    })
}

/// What the hub answers to a field with this value; `None` is an absent element.
///
/// A path without a row is accepted: the hub has no opinion on it.
pub fn hub_answer(
    path: &str,
    release: Release,
    market: Option<Market>,
    value: Option<&str>,
) -> HubAnswer {
    match field_rule(path, release, market) {
        Some(rule) => rule.answer(value),
        None => HubAnswer::Accepted,
    }
}

impl FieldRule {
    /// What the hub answers to this value; `None` is an absent element.
    pub fn answer(&self, value: Option<&str>) -> HubAnswer {
        let Some(text) = value else {
            return self.absent;
        };
        if text.is_empty() {
            self.empty
        } else if text.chars().any(|ch| !crate::xml_text::is_xml_char(ch)) {
            HubAnswer::I1
        } else if text.trim().is_empty() {
            self.blanks
        } else if text.chars().count() > self.longest {
            HubAnswer::I1
        } else {
            HubAnswer::Accepted
        }
    }

    /// How a canonical value is put into the document: a missing one is left out where the hub takes that, written empty
    /// where it takes that, and otherwise left out, to be refused by our own check before the hub does.
    pub fn written<'a>(&self, value: Option<&'a str>) -> Option<&'a str> {
        match (value, self.absent, self.empty) {
            (None, HubAnswer::Accepted, _) => None,
            (None, _, HubAnswer::Accepted) => Some(""),
            // An optional text that is empty says nothing, and the hub refuses the empty element.
            (Some(""), HubAnswer::Accepted, HubAnswer::A16 | HubAnswer::I1) => None,
            (given, _, _) => given,
        }
    }

    /// The row in words, as the message page shows it.
    pub fn in_words(&self) -> String {
        let word = |case: &str, answer: HubAnswer| match answer.code() {
            Some(code) => format!("{case} {code}"),
            None => format!("{case} accepted"),
        };
        let market = self
            .market
            .map(|market| format!(" in {market}"))
            .unwrap_or_default();
        format!(
            "since {}{market}: {}, {}, {}, more than {} characters I1 ({})",
            self.since,
            word("absent", self.absent),
            word("empty", self.empty),
            word("blank", self.blanks),
            self.longest,
            self.source
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, release: Release, value: Option<&str>, expected: HubAnswer) {
        assert_eq!(
            hub_answer(path, release, None, value),
            expected,
            "{path} {release} {value:?}"
        );
    }

    /// URS-MD-002: the published table of emvs.md 5.2.
    #[test]
    fn absent_and_empty_are_two_things() {
        let long = "x".repeat(256);
        let longer = "x".repeat(1001);
        check("CommonName", R1_16, None, A16);
        check("CommonName", R1_14, None, Ok_);
        check("CommonName", R1_16, Some(""), I1);
        check("CommonName", R1_16, Some("  "), I1);
        check("CommonName", R1_16, Some(&long), I1);
        check("CommonName", R1_16, Some(&long[1..]), Ok_);
        check("Market/Holder/Address/Street", R1_16, None, I1);
        check("Market/Holder/Address/Street", R1_16, Some(""), A16);
        check("Market/Holder/Address/Street", R1_16, Some(" \u{a0}"), A16);
        check("Market/Holder/Address/Street", R1_16, Some(&longer), I1);
        check(
            "Market/Holder/Address/Street",
            R1_16,
            Some(&longer[1..]),
            Ok_,
        );
        check("Market/Holder/Address/Street2", R1_16, None, I1);
        check("Market/Holder/Address/Street2", R1_16, Some(""), Ok_);
        check("Market/Wholesaler/Address/City", R1_14, None, Ok_);
        check("Market/Wholesaler/Address/City", R1_16, Some(""), A16);
        check("Name", R1_16, Some("a\u{1}b"), I1);
        check("Colour", R1_16, None, Ok_);
    }

    #[test]
    fn a_missing_value_takes_the_form_the_hub_accepts() {
        for (path, release, value, written) in [
            ("Market/Holder/Address/Street2", R1_16, None, Some("")),
            ("Market/Holder/Address/Street", R1_16, None, None),
            ("CommonName", R1_14, None, None),
            ("CommonName", R1_14, Some(""), None),
            ("CommonName", R1_16, Some(""), Some("")),
        ] {
            let rule = field_rule(path, release, None).unwrap();
            assert_eq!(rule.written(value), written, "{path} {release} {value:?}");
        }
    }
}
