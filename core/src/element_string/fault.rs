//! What can be wrong with an element string, in words for the person who can mend it.

use std::fmt;

use crate::application_identifier::{ApplicationIdentifier, ValueFault};

/// A fault of an element string or of scan data; places count characters from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ElementFault {
    /// There is nothing to read.
    NoElements,
    /// An opening bracket is missing where an element should begin.
    BracketExpected {
        /// Where.
        position: usize,
    },
    /// No application identifier of the standard stands here.
    UnknownIdentifier {
        /// The first characters of what stands there.
        found: String,
        /// Where.
        position: usize,
    },
    /// A separator with no element before it.
    StraySeparator {
        /// Where.
        position: usize,
    },
    /// The value of an element.
    Value {
        /// Which element.
        ai: &'static ApplicationIdentifier,
        /// What is wrong with it.
        fault: ValueFault,
    },
    /// An element stands alone that needs another beside it.
    Needs {
        /// Which element.
        ai: &'static ApplicationIdentifier,
        /// What would do, in words.
        one_of: String,
    },
    /// Two elements that may not stand beside each other.
    Excludes {
        /// Which element.
        ai: &'static ApplicationIdentifier,
        /// The other one.
        other: &'static ApplicationIdentifier,
    },
    /// The same element with two values.
    DifferentValues {
        /// Which element.
        ai: &'static ApplicationIdentifier,
    },
    /// A digital signature over a key without its serial part.
    SignatureWithoutSerial {
        /// The key.
        ai: &'static ApplicationIdentifier,
    },
    /// Scan data without symbology identifier, where one is asked for.
    SymbologyMissing,
    /// A symbol that does not carry GS1 data.
    SymbologyUnsupported {
        /// The identifier as sent.
        found: String,
    },
    /// The digits of an EAN or UPC symbol.
    TradeItemDigits {
        /// What is wrong with them.
        fault: crate::check_digit::NumericKeyError,
    },
    /// The link of a symbol that carries one.
    Link(crate::digital_link::DigitalLinkFault),
}

impl ElementFault {
    /// The stable code under which this fault is reported.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoElements => "no_elements",
            Self::BracketExpected { .. } => "bracket_expected",
            Self::UnknownIdentifier { .. } => "unknown_identifier",
            Self::StraySeparator { .. } => "stray_separator",
            Self::Value { fault, .. } => fault.code(),
            Self::Needs { .. } => "element_missing",
            Self::Excludes { .. } => "elements_exclude",
            Self::DifferentValues { .. } => "element_repeated",
            Self::SignatureWithoutSerial { .. } => "signature_without_serial",
            Self::SymbologyMissing => "symbology_missing",
            Self::SymbologyUnsupported { .. } => "symbology_unsupported",
            Self::TradeItemDigits { .. } => "trade_item_digits",
            Self::Link(fault) => fault.code(),
        }
    }

    /// The application identifier concerned, where there is one.
    pub fn ai(&self) -> Option<&'static ApplicationIdentifier> {
        match self {
            Self::Value { ai, .. }
            | Self::Needs { ai, .. }
            | Self::Excludes { ai, .. }
            | Self::DifferentValues { ai }
            | Self::SignatureWithoutSerial { ai } => Some(ai),
            _ => None,
        }
    }

    /// What to do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::NoElements => "scan the symbol again",
            Self::BracketExpected { .. } => {
                "write each element as (01)… and a bracket inside a value as \\("
            }
            Self::UnknownIdentifier { .. } => {
                "look for a lost separator before this place, or for a mistyped identifier"
            }
            Self::StraySeparator { .. } => "have the separator removed where the symbol is made",
            Self::Value { .. } => "compare the value with the print on the pack",
            Self::Needs { .. } => "add the missing element where the symbol is made",
            Self::Excludes { .. } => "keep the element that describes this pack and drop the other",
            Self::DifferentValues { .. } => "scan one symbol at a time",
            Self::SignatureWithoutSerial { .. } => "sign a key that carries its serial part",
            Self::SymbologyMissing => "switch the AIM identifiers of the scanner on",
            Self::SymbologyUnsupported { .. } => "scan the two-dimensional symbol of the pack",
            Self::TradeItemDigits { .. } => "scan the symbol again",
            Self::Link(fault) => fault.advice(),
        }
    }
}

impl fmt::Display for ElementFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoElements => write!(f, "there are no elements"),
            Self::BracketExpected { position } => write!(f, "expected ( at position {position}"),
            Self::UnknownIdentifier { found, position } => {
                write!(
                    f,
                    "no application identifier begins with {found:?} at position {position}"
                )
            }
            Self::StraySeparator { position } => {
                write!(
                    f,
                    "a separator at position {position} stands behind no element"
                )
            }
            Self::Value { ai, fault } => write!(f, "({}) {} {fault}", ai.code(), ai.title()),
            Self::Needs { ai, one_of } => {
                write!(f, "({}) {} needs {one_of} beside it", ai.code(), ai.title())
            }
            Self::Excludes { ai, other } => {
                write!(
                    f,
                    "({}) {} may not stand beside ({})",
                    ai.code(),
                    ai.title(),
                    other.code()
                )
            }
            Self::DifferentValues { ai } => write!(
                f,
                "({}) {} stands twice with different values",
                ai.code(),
                ai.title()
            ),
            Self::SignatureWithoutSerial { ai } => {
                write!(
                    f,
                    "(8030) signs ({}) {}, which has no serial part here",
                    ai.code(),
                    ai.title()
                )
            }
            Self::SymbologyMissing => write!(f, "the scan has no symbology identifier"),
            Self::SymbologyUnsupported { found } => write!(f, "{found} does not carry GS1 data"),
            Self::TradeItemDigits { fault } => write!(f, "the trade item number {fault}"),
            Self::Link(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for ElementFault {}
