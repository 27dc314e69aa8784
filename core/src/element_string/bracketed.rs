//! The bracketed form: `(01)04006381333931(10)A\(1`.
//!
//! Brackets are legal data, so that a text with brackets in its values cannot be taken apart safely unless they are
//! marked: `\(` is a bracket that belongs to the value. A closing bracket needs no mark.

use std::borrow::Cow;

use super::{Element, ElementFault, ElementString, Level};
use crate::application_identifier;

impl<'a> ElementString<'a> {
    /// Reads the bracketed form and tests it to `level`; refuses with every fault found.
    pub fn parse_bracketed(text: &'a str, level: Level) -> Result<Self, Vec<ElementFault>> {
        let mut elements = Vec::new();
        let mut faults = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let position = text[..text.len() - rest.len()].chars().count() + 1;
            let Some((code, behind)) = rest
                .strip_prefix('(')
                .and_then(|inside| inside.split_once(')'))
            else {
                faults.push(ElementFault::BracketExpected { position });
                break;
            };
            let (value, next) = behind.split_at(end_of_value(behind));
            match application_identifier::find(code) {
                Some(ai) => elements.push(Element {
                    ai,
                    value: unescape(value),
                }),
                None => faults.push(ElementFault::UnknownIdentifier {
                    found: code.to_owned(),
                    position: position + 1,
                }),
            }
            rest = next;
        }
        let string = Self { elements };
        if faults.is_empty() || !string.elements.is_empty() {
            faults.extend(string.check(level));
        }
        if faults.is_empty() {
            Ok(string)
        } else {
            Err(faults)
        }
    }
}

/// Where the next bracket without a backslash before it stands.
fn end_of_value(text: &str) -> usize {
    let marked = |at: usize| text[..at].ends_with('\\');
    text.match_indices('(')
        .map(|(at, _)| at)
        .find(|&at| !marked(at))
        .unwrap_or(text.len())
}

fn unescape(value: &str) -> Cow<'_, str> {
    match value.contains("\\(") {
        true => Cow::Owned(value.replace("\\(", "(")),
        false => Cow::Borrowed(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&[(&str, &str)], &[&str]>) {
        let actual = ElementString::parse_bracketed(text, Level::Content);
        match (&actual, expected) {
            (Ok(string), Ok(expected)) => {
                let pairs: Vec<_> = string
                    .elements()
                    .iter()
                    .map(|element| (element.ai.code(), element.value.as_ref()))
                    .collect();
                assert_eq!(pairs, expected, "{text}");
                assert_eq!(string.to_bracketed(), text);
            }
            (Err(faults), Err(expected)) => {
                let codes: Vec<_> = faults.iter().map(ElementFault::code).collect();
                assert_eq!(codes, expected, "{text}");
            }
            _ => panic!("{text}: {actual:?}"),
        }
    }

    #[test]
    fn brackets_inside_values() {
        check(
            r"(01)04006381333931(10)A\(1)(21)\(",
            Ok(&[("01", "04006381333931"), ("10", "A(1)"), ("21", "(")]),
        );
    }

    #[test]
    fn refusals_name_all_faults() {
        check("", Err(&["no_elements"]));
        check("0104006381333931", Err(&["bracket_expected"]));
        check("(01", Err(&["bracket_expected"]));
        check("(719)1", Err(&["unknown_identifier"]));
        check("(01)", Err(&["value_empty"]));
        check(
            "(01)04006381333932(17)281301(719)A",
            Err(&["unknown_identifier", "value_check_digit", "value_date"]),
        );
        check("(10)A^B", Err(&["value_character"]));
    }
}
