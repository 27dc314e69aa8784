//! Application identifiers: the two to four digits in front of each element that say what it is (GS1 General
//! Specifications, section 3).
//!
//! The rules are data: `table.txt` holds every identifier with its format, its content rules, what it needs and excludes
//! beside it, and its place in a Digital Link. It is read once, at first use; a test reads it as well, so that a mistake in
//! the table cannot leave the workshop. How a string of elements is taken apart is said by `element_string`.

mod code_list;
mod coupon;
mod rule;
mod table;

use std::fmt;
use std::sync::LazyLock;

pub use rule::Rule;

use crate::charset::{self, ByteSet};
use table::Table;

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    Table::parse(include_str!("table.txt"))
        .expect("the table is part of this program and its test reads it")
});

/// One application identifier with all that the standard says about it.
pub struct ApplicationIdentifier {
    code: String,
    title: String,
    predefined_length: bool,
    query: bool,
    components: Vec<Component>,
    needs: Vec<Vec<Vec<String>>>,
    excludes: Vec<String>,
    path: Option<Vec<Vec<String>>>,
}

/// A part of a value: its characters, its length and the rules for its content.
#[derive(Debug)]
pub struct Component {
    kind: CharacterKind,
    length_min: usize,
    length_max: usize,
    optional: bool,
    rules: Vec<Rule>,
}

/// The characters a component may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CharacterKind {
    /// ASCII digits.
    Digits,
    /// Set 82.
    Set82,
    /// Set 39.
    Set39,
    /// base64url, padded with `=` at the end.
    Base64Url,
}

/// What is wrong with the value of an element; places count characters of the value from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueFault {
    /// Nothing behind the application identifier.
    Empty,
    /// Fewer characters than the format asks for.
    TooShort {
        /// Characters found.
        found: usize,
        /// Fewest allowed.
        least: usize,
    },
    /// More characters than the format allows.
    TooLong {
        /// Characters found.
        found: usize,
        /// Most allowed.
        most: usize,
    },
    /// The value ends inside a component, as one and a half countries would.
    CutComponent {
        /// Where the component begins.
        position: usize,
    },
    /// A character that the component may not hold.
    Character {
        /// The character.
        character: char,
        /// Its place.
        position: usize,
        /// What may stand there.
        expected: CharacterKind,
    },
    /// A content rule is broken.
    Rule {
        /// Which one.
        rule: Rule,
        /// Where the component begins.
        position: usize,
    },
}

/// The application identifier of exactly this code, such as `01` or `3103`.
pub fn find(code: &str) -> Option<&'static ApplicationIdentifier> {
    at_start_of(code).filter(|ai| ai.code == code)
}

/// The application identifier with which `data` begins.
pub fn at_start_of(data: &str) -> Option<&'static ApplicationIdentifier> {
    TABLE.at_start_of(data.as_bytes())
}

/// Every application identifier, in the order of the table.
pub fn all() -> &'static [ApplicationIdentifier] {
    TABLE.rows()
}

/// Whether an identifier fits a pattern such as `310*`, in which `*` is any digit.
pub(crate) fn pattern_matches(pattern: &str, code: &str) -> bool {
    pattern.len() == code.len()
        && pattern
            .bytes()
            .zip(code.bytes())
            .all(|(p, c)| p == b'*' || p == c)
}

impl ApplicationIdentifier {
    /// The digits, such as `01`.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The data title of the standard, such as `BATCH/LOT`.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Whether the length is in the frozen table of predefined lengths, so that no separator is needed behind it
    /// (General Specifications, figure 7.8.5-2).
    pub fn has_predefined_length(&self) -> bool {
        self.predefined_length
    }

    /// Whether it may stand in the query of a Digital Link.
    pub fn may_stand_in_query(&self) -> bool {
        self.query
    }

    /// Whether it opens the path of a Digital Link.
    pub fn is_digital_link_key(&self) -> bool {
        self.path.is_some()
    }

    /// The sequences of qualifiers that may follow this key in a Digital Link; empty for what is no key.
    pub fn qualifier_sequences(&self) -> &[Vec<String>] {
        self.path.as_deref().unwrap_or_default()
    }

    /// The groups of identifiers this one needs beside it. Each group must be met; it is met by any of its alternatives,
    /// each of which is a list of patterns that must all be there.
    pub fn needs(&self) -> &[Vec<Vec<String>>] {
        &self.needs
    }

    /// The patterns of identifiers that may not stand beside this one.
    pub fn excludes(&self) -> &[String] {
        &self.excludes
    }

    /// Fewest characters of a value.
    pub fn length_min(&self) -> usize {
        self.components
            .iter()
            .filter(|component| !component.optional)
            .map(|component| component.length_min)
            .sum()
    }

    /// Most characters of a value.
    pub fn length_max(&self) -> usize {
        self.components
            .iter()
            .map(|component| component.length_max)
            .sum()
    }

    /// Tests that `value` has an allowed length; the structure of a string, without its content.
    pub fn check_length(&self, value: &str) -> Result<(), ValueFault> {
        let found = value.chars().count();
        let (least, most) = (self.length_min(), self.length_max());
        match found {
            0 => Err(ValueFault::Empty),
            _ if found < least => Err(ValueFault::TooShort { found, least }),
            _ if found > most => Err(ValueFault::TooLong { found, most }),
            _ => Ok(()),
        }
    }

    /// Tests length, characters and content of `value`, component by component.
    pub fn check(&self, value: &str) -> Result<(), ValueFault> {
        self.check_length(value)?;
        let mut rest = value;
        let mut position = 1;
        for component in &self.components {
            let end = rest
                .char_indices()
                .nth(component.length_max)
                .map_or(rest.len(), |(index, _)| index);
            let (part, behind) = rest.split_at(end);
            if part.is_empty() && component.optional {
                continue;
            }
            component.check(part, position)?;
            position += part.chars().count();
            rest = behind;
        }
        Ok(())
    }
}

impl Component {
    fn check(&self, part: &str, position: usize) -> Result<(), ValueFault> {
        if part.len() < self.length_min {
            return Err(ValueFault::CutComponent { position });
        }
        if let Some((character, place)) = self.kind.first_outside(part) {
            return Err(ValueFault::Character {
                character,
                position: position + place - 1,
                expected: self.kind,
            });
        }
        match self.rules.iter().find(|rule| !rule.holds(part)) {
            Some(&rule) => Err(ValueFault::Rule { rule, position }),
            None => Ok(()),
        }
    }
}

impl CharacterKind {
    fn first_outside(self, text: &str) -> Option<(char, usize)> {
        match self {
            Self::Digits => crate::check_digit::first_non_digit(text),
            Self::Set82 => outside(text, &charset::SET_82),
            Self::Set39 => outside(text, &charset::SET_39),
            Self::Base64Url => outside_base64url(text),
        }
    }
}

fn outside(text: &str, set: &ByteSet) -> Option<(char, usize)> {
    charset::first_outside(text, set)
}

/// Padding is at most two `=` at the end of a text whose length is a multiple of three, as the reference implementation
/// of the standard has it.
fn outside_base64url(text: &str) -> Option<(char, usize)> {
    let data = text.trim_end_matches('=');
    let padding = text.len() - data.len();
    outside(data, &charset::SET_64).or_else(|| {
        let wrong = padding > 2 || (padding > 0 && !text.len().is_multiple_of(3));
        wrong.then(|| ('=', data.len() + 1))
    })
}

impl ValueFault {
    /// The stable code under which this fault is reported.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "value_empty",
            Self::TooShort { .. } => "value_too_short",
            Self::TooLong { .. } => "value_too_long",
            Self::CutComponent { .. } => "value_cut",
            Self::Character { .. } => "value_character",
            Self::Rule { rule, .. } => rule.fault_code(),
        }
    }
}

impl fmt::Display for ValueFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "has no value"),
            Self::TooShort { found, least } => {
                write!(f, "has {found} characters, at least {least} are needed")
            }
            Self::TooLong { found, most } => {
                write!(f, "has {found} characters, at most {most} are allowed")
            }
            Self::CutComponent { position } => {
                write!(f, "ends inside the part that begins at position {position}")
            }
            Self::Character {
                character,
                position,
                expected,
            } => {
                write!(
                    f,
                    "has {character:?} at position {position}, expected {expected}"
                )
            }
            Self::Rule { rule, position } => {
                write!(f, "{} (from position {position})", rule.sentence())
            }
        }
    }
}

impl fmt::Display for CharacterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Digits => "a digit",
            Self::Set82 => "a character of GS1 set 82",
            Self::Set39 => "a character of GS1 set 39",
            Self::Base64Url => "a character of base64url",
        })
    }
}

impl fmt::Debug for ApplicationIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} {})", self.code, self.title)
    }
}

impl PartialEq for ApplicationIdentifier {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
    }
}

impl Eq for ApplicationIdentifier {}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: &str, value: &str, expected: Result<(), &str>) {
        let ai = find(code).unwrap_or_else(|| panic!("({code}) is in the table"));
        let actual = ai.check(value);
        assert_eq!(
            actual.as_ref().map(|_| ()).map_err(ValueFault::code),
            expected,
            "({code}){value}"
        );
    }

    #[test]
    fn lookup_by_code_and_by_prefix() {
        assert_eq!(find("01").map(ApplicationIdentifier::title), Some("GTIN"));
        assert_eq!(
            find("3103").map(ApplicationIdentifier::title),
            Some("NET WEIGHT (kg)")
        );
        assert_eq!(
            at_start_of("2401").map(ApplicationIdentifier::code),
            Some("240")
        );
        for unknown in ["", "0", "010", "04", "24", "719", "3106", "٠١", "x1"] {
            assert_eq!(find(unknown), None, "{unknown:?}");
        }
    }

    fn number(digits: &str) -> u32 {
        digits.parse().unwrap()
    }

    #[test]
    fn predefined_lengths_are_the_frozen_table() {
        // Figure 7.8.5-2 by the first two digits; 04, 14, 18, 19 are frozen but not given to anything.
        let frozen = |code: &str| matches!(number(&code[..2]), 0..=3 | 11..=20 | 31..=36 | 41);
        for ai in all() {
            assert_eq!(ai.has_predefined_length(), frozen(ai.code()), "{ai:?}");
            if ai.has_predefined_length() {
                assert_eq!(ai.length_min(), ai.length_max(), "{ai:?}");
            }
        }
    }

    #[test]
    fn values_of_one_component() {
        check("01", "04006381333931", Ok(()));
        check("01", "4006381333931", Err("value_too_short"));
        check("01", "04006381333932", Err("value_check_digit"));
        check("10", "", Err("value_empty"));
        check("10", "A B", Err("value_character"));
        check("21", "ABCDEFGHIJKLMNOPQRSTU", Err("value_too_long"));
        check("17", "280200", Ok(()));
        check("17", "280230", Err("value_date"));
        check("7006", "280200", Err("value_date"));
    }

    #[test]
    fn values_of_several_components() {
        check("423", "276", Ok(()));
        check("423", "276040", Ok(()));
        check("423", "2760", Err("value_cut"));
        check("423", "276277", Err("value_country"));
        check("8006", "040063813339310102", Ok(()));
        check("8006", "040063813339310201", Err("value_piece"));
        check("8003", "00614141123452", Ok(()));
        check("8003", "10614141123452", Err("value_zero"));
        check("4330", "001234-", Ok(()));
        check("4330", "0012341", Err("value_hyphen"));
        check("8030", "AbC-_=", Ok(()));
        check("8030", "AbC=_A", Err("value_character"));
    }

    #[test]
    fn patterns() {
        assert!(pattern_matches("310*", "3103"));
        assert!(pattern_matches("35**", "3572"));
        assert!(!pattern_matches("310*", "310"));
        assert!(!pattern_matches("01", "02"));
    }
}
