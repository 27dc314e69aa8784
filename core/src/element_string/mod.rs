//! GS1 element strings: application identifiers and their values, one behind the other (GS1 General Specifications,
//! sections 3, 7.8 and 4.14).
//!
//! Written three ways: with brackets for people and files, `(01)04006381333931(10)A`, where a bracket inside a value is
//! written `\(`; without brackets as in a symbol, with the separator (ASCII 29) behind every value whose length is not
//! predefined; and as scan data with the symbology identifier in front. The strict readers follow the reference engine of
//! GS1; the lenient one ([`ScanElements`]) keeps what it can read, because a pack with odd content must still be looked
//! up. Repairing a scan is not done here, see `scan`.

mod association;
mod bracketed;
mod fault;
mod scan_data;
mod unbracketed;

use std::borrow::Cow;
use std::fmt;

pub use fault::ElementFault;
pub use scan_data::{ScanContent, ScanData};
pub use unbracketed::{ScanElements, ScanNote};

use crate::application_identifier::ApplicationIdentifier;

/// The separator between elements as a reader sends it: the control character GS, ASCII 29.
pub const SEPARATOR: char = '\u{1d}';

/// How much of the standard is tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Known identifiers and lengths; no more. What scans to be verified are tested for.
    Structure,
    /// Characters, check digits, dates and code lists as well.
    Content,
    /// What must and must not stand beside each other as well, and repeated elements.
    Associations,
}

/// An application identifier with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// What the value means.
    pub ai: &'static ApplicationIdentifier,
    /// The value as data, without escapes.
    pub value: Cow<'a, str>,
}

/// Elements in the order in which they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ElementString<'a> {
    elements: Vec<Element<'a>>,
}

impl<'a> ElementString<'a> {
    /// A string of these elements, tested to `level`.
    pub fn new(elements: Vec<Element<'a>>, level: Level) -> Result<Self, Vec<ElementFault>> {
        let string = Self { elements };
        let faults = string.check(level);
        if faults.is_empty() {
            Ok(string)
        } else {
            Err(faults)
        }
    }

    /// A string whose elements the caller tests himself.
    pub(crate) fn unchecked(elements: Vec<Element<'a>>) -> Self {
        Self { elements }
    }

    /// The elements in order.
    pub fn elements(&self) -> &[Element<'a>] {
        &self.elements
    }

    /// The value of the first element with this identifier.
    pub fn value(&self, code: &str) -> Option<&str> {
        self.elements
            .iter()
            .find(|element| element.ai.code() == code)
            .map(|element| element.value.as_ref())
    }

    /// Everything wrong with the elements, tested to `level`.
    pub fn check(&self, level: Level) -> Vec<ElementFault> {
        let mut faults = Vec::new();
        if self.elements.is_empty() {
            faults.push(ElementFault::NoElements);
        }
        for element in &self.elements {
            let checked = match level {
                Level::Structure => element.ai.check_length(&element.value),
                Level::Content | Level::Associations => element.ai.check(&element.value),
            };
            faults.extend(checked.err().map(|fault| ElementFault::Value {
                ai: element.ai,
                fault,
            }));
        }
        if level == Level::Associations {
            association::check(&self.elements, &mut faults);
        }
        faults
    }

    /// The bracketed form, in which `(` inside a value is written `\(`.
    pub fn to_bracketed(&self) -> String {
        let mut text = String::new();
        for element in &self.elements {
            text.push('(');
            text.push_str(element.ai.code());
            text.push(')');
            text.push_str(&element.value.replace('(', "\\("));
        }
        text
    }

    /// The form in a symbol, without the FNC1 in front: separators behind what has no predefined length and is not last.
    pub fn to_unbracketed(&self) -> String {
        let mut text = String::new();
        for (index, element) in self.elements.iter().enumerate() {
            text.push_str(element.ai.code());
            text.push_str(&element.value);
            if index + 1 < self.elements.len() && !element.ai.has_predefined_length() {
                text.push(SEPARATOR);
            }
        }
        text
    }
}

impl fmt::Display for ElementString<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_bracketed())
    }
}
