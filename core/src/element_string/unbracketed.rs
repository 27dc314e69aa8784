//! Element strings as a symbol holds them and a reader sends them, strictly and leniently.
//!
//! A value ends at the separator, at the end, or, if its length is predefined, at that length (GS1 General Specifications,
//! section 7.8.5). A lost separator therefore swallows what follows: both readers below accept that in silence, as the
//! reference engine does, and leave the suspicion to `scan`.
//!
//! What the lenient reader forgives, and the strict one does not:
//!
//! | in the scan | strict | lenient |
//! |---|---|---|
//! | separator behind a predefined length, or at the end | accepted | accepted |
//! | separator in front, or two in a row | refused | accepted, noted |
//! | line end behind the scan | refused (not set 82) | taken off, noted |
//! | unknown identifier | refused | what follows the next separator is still read |
//! | wrong content | refused by `Level::Content` | kept, with the fault beside it |

use std::borrow::Cow;

use super::{Element, ElementFault, ElementString, Level, SEPARATOR};
use crate::application_identifier;
use crate::symbology::SymbologyIdentifier;

/// What a lenient reader made of a scan.
#[derive(Clone, Debug)]
pub struct ScanElements<'a> {
    /// The symbology identifier, if the reader sent one.
    pub symbology: Option<SymbologyIdentifier>,
    /// The elements that could be read, odd content included.
    pub elements: ElementString<'a>,
    /// What was forgiven.
    pub notes: Vec<ScanNote>,
    /// What is wrong with the structure: unknown identifiers and wrong lengths. Empty for a scan that reads to its end.
    pub faults: Vec<ElementFault>,
}

/// Something forgiven by the lenient reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanNote {
    /// A separator in front of the first element, or two in a row.
    LeadingSeparator,
    /// A carriage return or line feed behind the scan.
    LineTerminator,
}

impl ScanNote {
    /// The stable name of the note.
    pub fn code(self) -> &'static str {
        match self {
            Self::LeadingSeparator => "leading_separator",
            Self::LineTerminator => "line_terminator",
        }
    }
}

impl<'a> ElementString<'a> {
    /// Reads the form in a symbol, without symbology identifier, as strictly as the reference engine, and tests it to
    /// `level`; refuses with every fault found.
    pub fn parse_unbracketed(text: &'a str, level: Level) -> Result<Self, Vec<ElementFault>> {
        let mut faults = Vec::new();
        let elements = split(text, &mut faults);
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

impl<'a> ScanElements<'a> {
    /// Reads a scan, with or without symbology identifier, and keeps whatever can be read.
    pub fn read(scan: &'a str) -> Self {
        let mut notes = Vec::new();
        let text = scan.trim_end_matches(['\r', '\n']);
        if text.len() < scan.len() {
            notes.push(ScanNote::LineTerminator);
        }
        let (symbology, text) = match SymbologyIdentifier::split_from(text) {
            Some((identifier, rest)) => (Some(identifier), rest),
            None => (None, text),
        };
        let mut faults = Vec::new();
        let elements = ElementString {
            elements: split(text, &mut faults),
        };
        if faults.iter().any(is_stray_separator) {
            notes.push(ScanNote::LeadingSeparator);
            faults.retain(|fault| !is_stray_separator(fault));
        }
        faults.extend(elements.check(Level::Structure));
        Self {
            symbology,
            elements,
            notes,
            faults,
        }
    }

    /// The value of the first element with this identifier.
    pub fn value(&self, code: &str) -> Option<&str> {
        self.elements.value(code)
    }
}

fn is_stray_separator(fault: &ElementFault) -> bool {
    matches!(fault, ElementFault::StraySeparator { .. })
}

/// Takes `text` apart. Where no identifier stands, the next separator is the place to start again.
fn split<'a>(text: &'a str, faults: &mut Vec<ElementFault>) -> Vec<Element<'a>> {
    let position = |rest: &str| text[..text.len() - rest.len()].chars().count() + 1;
    let mut elements = Vec::with_capacity(5);
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix(SEPARATOR) {
            faults.push(ElementFault::StraySeparator {
                position: position(rest),
            });
            rest = behind;
            continue;
        }
        let until_separator = rest.find(SEPARATOR).unwrap_or(rest.len());
        let Some(ai) = application_identifier::at_start_of(rest) else {
            let found = rest.chars().take(4).collect();
            faults.push(ElementFault::UnknownIdentifier {
                found,
                position: position(rest),
            });
            rest = behind_separator(&rest[until_separator..]);
            continue;
        };
        let value = &rest[ai.code().len()..until_separator];
        let value = match ai.has_predefined_length() {
            true => first_characters(value, ai.length_max()),
            false => value,
        };
        elements.push(Element {
            ai,
            value: Cow::Borrowed(value),
        });
        rest = behind_separator(&rest[ai.code().len() + value.len()..]);
    }
    elements
}

fn behind_separator(rest: &str) -> &str {
    rest.strip_prefix(SEPARATOR).unwrap_or(rest)
}

fn first_characters(text: &str, count: usize) -> &str {
    text.char_indices()
        .nth(count)
        .map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs<'a>(string: &'a ElementString<'_>) -> Vec<(&'a str, &'a str)> {
        string
            .elements()
            .iter()
            .map(|element| (element.ai.code(), element.value.as_ref()))
            .collect()
    }

    fn check(text: &str, expected: Result<&[(&str, &str)], &[&str]>) {
        let actual = ElementString::parse_unbracketed(text, Level::Content);
        match (&actual, expected) {
            (Ok(string), Ok(expected)) => assert_eq!(pairs(string), expected, "{text:?}"),
            (Err(faults), Err(expected)) => {
                let codes: Vec<_> = faults.iter().map(ElementFault::code).collect();
                assert_eq!(codes, expected, "{text:?}");
            }
            _ => panic!("{text:?}: {actual:?}"),
        }
    }

    fn check_lenient(scan: &str, elements: &[(&str, &str)], notes: &[ScanNote], faults: &[&str]) {
        let actual = ScanElements::read(scan);
        assert_eq!(pairs(&actual.elements), elements, "{scan:?}");
        assert_eq!(actual.notes, notes, "{scan:?}");
        assert_eq!(
            actual
                .faults
                .iter()
                .map(ElementFault::code)
                .collect::<Vec<_>>(),
            faults,
            "{scan:?}"
        );
    }

    const GTIN: (&str, &str) = ("01", "04006381333931");

    #[test]
    fn separators() {
        check(
            "010400638133393110A\u{1d}21B",
            Ok(&[GTIN, ("10", "A"), ("21", "B")]),
        );
        check("0104006381333931\u{1d}10A\u{1d}", Ok(&[GTIN, ("10", "A")]));
        check("010400638133393110A21B", Ok(&[GTIN, ("10", "A21B")]));
        check("\u{1d}010400638133393110A", Err(&["stray_separator"]));
        check("10A\u{1d}\u{1d}0104006381333931", Err(&["stray_separator"]));
        // 7006 has a fixed length that is not predefined: it swallows what follows.
        check("7006280229", Ok(&[("7006", "280229")]));
        check("70062802290104006381333931", Err(&["value_too_long"]));
    }

    #[test]
    fn strict_refusals() {
        check("", Err(&["no_elements"]));
        check("0400", Err(&["unknown_identifier"]));
        check("01040063813339", Err(&["value_too_short"]));
        check(
            "0104006381333931\u{1d}0400\u{1d}17281301",
            Err(&["unknown_identifier", "value_date"]),
        );
        check("10A\r", Err(&["value_character"]));
        check("010400638133393é10A", Err(&["value_character"]));
    }

    #[test]
    fn the_lenient_reader_keeps_what_it_can_read() {
        use ScanNote::{LeadingSeparator, LineTerminator};
        let both = [GTIN, ("10", "A")];
        check_lenient("]d2010400638133393110A", &both, &[], &[]);
        check_lenient(
            "\u{1d}010400638133393110A\r\n",
            &both,
            &[LineTerminator, LeadingSeparator],
            &[],
        );
        check_lenient(
            "9X\u{1d}010400638133393110A",
            &both,
            &[],
            &["unknown_identifier"],
        );
        check_lenient("010400638133393110A B", &[GTIN, ("10", "A B")], &[], &[]);
        check_lenient(
            "10ABCDEFGHIJKLMNOPQRSTU",
            &[("10", "ABCDEFGHIJKLMNOPQRSTU")],
            &[],
            &["value_too_long"],
        );
        check_lenient("", &[], &[], &["no_elements"]);
    }
}
