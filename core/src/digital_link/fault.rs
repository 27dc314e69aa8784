//! What can be wrong with a Digital Link.

use std::fmt;

use crate::application_identifier::ApplicationIdentifier;
use crate::element_string::ElementFault;

/// A fault of a Digital Link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DigitalLinkFault {
    /// A character that cannot stand in an address.
    Character {
        /// The character.
        character: char,
        /// Its place, counted from 1.
        position: usize,
    },
    /// Neither http nor https.
    Scheme,
    /// No domain, no path behind it, or characters that no domain has.
    Domain,
    /// No key such as `/01/…` ends the path.
    NoKey,
    /// Something in the path is no qualifier of the key, or out of order.
    Qualifiers {
        /// The key.
        key: &'static ApplicationIdentifier,
    },
    /// A numeric query parameter that is no application identifier.
    UnknownParameter {
        /// The name of the parameter.
        name: String,
    },
    /// Escapes that make no text.
    Encoding {
        /// The element.
        ai: &'static ApplicationIdentifier,
    },
    /// An element stands twice.
    Duplicate {
        /// The element.
        ai: &'static ApplicationIdentifier,
    },
    /// A qualifier of the key stands in the query.
    BelongsInPath {
        /// The element.
        ai: &'static ApplicationIdentifier,
    },
    /// An element in the query that may not stand there.
    NoAttribute {
        /// The element.
        ai: &'static ApplicationIdentifier,
    },
    /// An element is wrong in itself or beside the others.
    Element(Box<ElementFault>),
}

impl DigitalLinkFault {
    /// The stable code under which this fault is reported.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Character { .. } => "link_character",
            Self::Scheme => "link_scheme",
            Self::Domain => "link_domain",
            Self::NoKey => "link_key",
            Self::Qualifiers { .. } => "link_qualifiers",
            Self::UnknownParameter { .. } => "link_parameter",
            Self::Encoding { .. } => "link_encoding",
            Self::Duplicate { .. } => "link_duplicate",
            Self::BelongsInPath { .. } => "link_belongs_in_path",
            Self::NoAttribute { .. } => "link_no_attribute",
            Self::Element(fault) => fault.code(),
        }
    }

    /// What to do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Character { .. } | Self::Encoding { .. } => {
                "write the character as % and two hexadecimal digits"
            }
            Self::Scheme | Self::Domain => {
                "write the whole address, such as https://id.gs1.org/01/…"
            }
            Self::NoKey => {
                "end the path with a key such as /01/ and its value, without a slash behind it"
            }
            Self::Qualifiers { .. } => {
                "put the qualifiers behind the key in the order of the standard"
            }
            Self::UnknownParameter { .. } => "use letters in the names of your own parameters",
            Self::Duplicate { .. } => "write each element once",
            Self::BelongsInPath { .. } => "move the element into the path",
            Self::NoAttribute { .. } => "leave the element out of the link",
            Self::Element(fault) => fault.advice(),
        }
    }
}

impl fmt::Display for DigitalLinkFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character {
                character,
                position,
            } => {
                write!(
                    f,
                    "{character:?} at position {position} cannot stand in an address"
                )
            }
            Self::Scheme => write!(f, "the link does not begin with http:// or https://"),
            Self::Domain => write!(f, "the link has no domain with a path behind it"),
            Self::NoKey => write!(f, "the path holds no GS1 key"),
            Self::Qualifiers { key } => {
                write!(
                    f,
                    "what follows ({}) {} is not its qualifiers in their order",
                    key.code(),
                    key.title()
                )
            }
            Self::UnknownParameter { name } => write!(f, "{name} is no application identifier"),
            Self::Encoding { ai } => write!(
                f,
                "({}) {} holds escapes that make no text",
                ai.code(),
                ai.title()
            ),
            Self::Duplicate { ai } => write!(f, "({}) {} stands twice", ai.code(), ai.title()),
            Self::BelongsInPath { ai } => {
                write!(f, "({}) {} belongs in the path", ai.code(), ai.title())
            }
            Self::NoAttribute { ai } => {
                write!(f, "({}) {} may not stand in a link", ai.code(), ai.title())
            }
            Self::Element(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for DigitalLinkFault {}
