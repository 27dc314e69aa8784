//! Messages in the envelope of ISO/IEC 15434: PPN packs (Format 06, data identifiers) and, seldom, GS1 data (Format 05).
//!
//! `[)>` RS `06` GS *element* GS *element* … RS EOT. In the symbol the header and the trailer are usually compressed to
//! one code word (Macro 05, Macro 06); readers expand it, and some do not, or lose control characters on the way. What is
//! missing of the envelope is forgiven and noted as long as the separators between the elements are there. Without them
//! nothing is read here: a PPN message without separators cannot be taken apart safely, see `scan`.
//!
//! Serves the IFA coding system for pharmacies (specification "PPN-Code"), Delegated Regulation (EU) 2016/161, Article 4.

mod data_identifier;

pub use data_identifier::{DataElement, DataIdentifier, DataValueFault};

use std::fmt;

use crate::element_string::{ElementFault, ElementString, Level, ScanElements};
use crate::symbology::SymbologyIdentifier;

const GS: char = '\u{1d}';
const RS: char = '\u{1e}';
const EOT: char = '\u{4}';
const START: &str = "[)>";

/// What an envelope says it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Format 05: GS1 application identifiers.
    ApplicationIdentifiers,
    /// Format 06: data identifiers of ISO/IEC 15418.
    DataIdentifiers,
}

/// A message as far as it can be read.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// The symbology identifier, if the reader sent one.
    pub symbology: Option<SymbologyIdentifier>,
    /// What the message holds.
    pub content: MessageContent<'a>,
    /// What of the envelope is missing or too much, and was forgiven.
    pub notes: Vec<MessageNote>,
    /// Everything wrong with the content. Empty for a message that can be relied on.
    pub faults: Vec<MessageFault>,
}

/// The elements of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageContent<'a> {
    /// Format 05.
    Gs1(ElementString<'a>),
    /// Format 06.
    Data(Vec<DataElement<'a>>),
}

/// Something forgiven about the envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageNote {
    /// The header is missing, in whole or in part.
    HeaderStripped,
    /// The trailer is missing, in whole or in part.
    TrailerStripped,
    /// A carriage return or line feed behind the message.
    LineTerminator,
}

/// Why a text is no message, or what is wrong with one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageFault {
    /// It neither has the envelope nor begins with a data identifier.
    NotAMessage,
    /// The envelope has lost its control characters, so that its elements run together.
    ControlCharactersLost,
    /// An envelope around something other than Format 05 or 06.
    OtherFormat {
        /// The two characters of the format.
        format: String,
    },
    /// A part between separators that begins with no data identifier.
    NoIdentifier {
        /// Which part, counted from 1.
        part: usize,
    },
    /// The value of an element.
    Value {
        /// Which element.
        identifier: DataIdentifier,
        /// What is wrong with it.
        fault: DataValueFault,
    },
    /// The same element with two values.
    DifferentValues {
        /// Which element.
        identifier: DataIdentifier,
    },
    /// Neither PPN nor GTIN.
    NoProductCode,
    /// An element of Format 05.
    Element(ElementFault),
}

impl<'a> Message<'a> {
    /// Reads a scan and keeps whatever can be read; refuses what is no message of Format 05 or 06 at all.
    pub fn read(scan: &'a str) -> Result<Self, MessageFault> {
        let mut notes = Vec::new();
        let text = scan.trim_end_matches(['\r', '\n']);
        if text.len() < scan.len() {
            notes.push(MessageNote::LineTerminator);
        }
        let (symbology, text) = match SymbologyIdentifier::split_from(text) {
            Some((identifier, rest)) => (Some(identifier), rest),
            None => (None, text),
        };
        let (format, body) = take_header(text, &mut notes)?;
        let body = take_trailer(body, &mut notes);
        let mut faults = Vec::new();
        let content = match format {
            Format::ApplicationIdentifiers => MessageContent::Gs1(read_gs1(body, &mut faults)),
            Format::DataIdentifiers => MessageContent::Data(read_data(body, &mut faults)),
        };
        let message = Self {
            symbology,
            content,
            notes,
            faults,
        };
        Ok(message.checked())
    }

    /// Reads a scan that must be a faultless message; refuses with every fault found.
    pub fn parse(scan: &'a str) -> Result<Self, Vec<MessageFault>> {
        let message = Self::read(scan).map_err(|fault| vec![fault])?;
        if message.faults.is_empty() {
            Ok(message)
        } else {
            Err(message.faults)
        }
    }

    /// The value behind a data identifier of Format 06, or the element of Format 05 that means the same.
    pub fn value(&self, identifier: DataIdentifier) -> Option<&str> {
        match &self.content {
            MessageContent::Data(elements) => elements
                .iter()
                .find(|element| element.identifier == identifier)
                .map(|element| element.value),
            MessageContent::Gs1(elements) => {
                elements.value(identifier.as_application_identifier()?)
            }
        }
    }

    /// Adds what can be said only of the whole message.
    fn checked(mut self) -> Self {
        if let MessageContent::Data(elements) = &self.content {
            for (index, element) in elements.iter().enumerate() {
                let earlier = elements[..index]
                    .iter()
                    .find(|other| other.identifier == element.identifier);
                if earlier.is_some_and(|other| other.value != element.value) {
                    self.faults.push(MessageFault::DifferentValues {
                        identifier: element.identifier,
                    });
                }
            }
        }
        let product_code = self
            .value(DataIdentifier::PPN)
            .or_else(|| self.value(DataIdentifier::GTIN));
        if product_code.is_none() {
            self.faults.push(MessageFault::NoProductCode);
        }
        self
    }
}

/// The complete message of a PPN pack, envelope included, as it is handed to a symbol encoder.
///
/// An incomplete envelope makes some encoders drop data in silence, so there is no way to leave it out.
pub fn write_format06(elements: &[(DataIdentifier, &str)]) -> String {
    let mut message = format!("{START}{RS}06");
    for (identifier, value) in elements {
        message.push(GS);
        message.push_str(identifier.as_str());
        message.push_str(value);
    }
    message.extend([RS, EOT]);
    message
}

fn take_header<'a>(
    text: &'a str,
    notes: &mut Vec<MessageNote>,
) -> Result<(Format, &'a str), MessageFault> {
    let behind_start = text.strip_prefix(START);
    let behind_rs = behind_start.unwrap_or(text).strip_prefix(RS);
    let (head, body) = match behind_rs
        .unwrap_or(behind_start.unwrap_or(text))
        .split_once(GS)
    {
        Some((head, body)) if head.len() == 2 && head.bytes().all(|byte| byte.is_ascii_digit()) => {
            (head, body)
        }
        _ if behind_start.is_some() => return Err(MessageFault::ControlCharactersLost),
        // No header at all: the elements themselves must say what this is.
        _ if DataIdentifier::split_from(text)
            .is_some_and(|(identifier, _)| identifier.is_known()) =>
        {
            notes.push(MessageNote::HeaderStripped);
            return Ok((Format::DataIdentifiers, text));
        }
        _ => return Err(MessageFault::NotAMessage),
    };
    if behind_start.is_none() || behind_rs.is_none() {
        notes.push(MessageNote::HeaderStripped);
    }
    match head {
        "05" => Ok((Format::ApplicationIdentifiers, body)),
        "06" => Ok((Format::DataIdentifiers, body)),
        other => Err(MessageFault::OtherFormat {
            format: other.to_owned(),
        }),
    }
}

fn take_trailer<'a>(body: &'a str, notes: &mut Vec<MessageNote>) -> &'a str {
    let before_eot = body.strip_suffix(EOT);
    let before_rs = before_eot.unwrap_or(body).strip_suffix(RS);
    if before_eot.is_none() || before_rs.is_none() {
        notes.push(MessageNote::TrailerStripped);
    }
    before_rs.or(before_eot).unwrap_or(body)
}

fn read_gs1<'a>(body: &'a str, faults: &mut Vec<MessageFault>) -> ElementString<'a> {
    let read = ScanElements::read(body);
    // Wrong lengths are found again by the test of the content.
    let of_value = |fault: &ElementFault| {
        matches!(fault, ElementFault::Value { .. } | ElementFault::NoElements)
    };
    faults.extend(
        read.faults
            .into_iter()
            .filter(|fault| !of_value(fault))
            .map(MessageFault::Element),
    );
    faults.extend(
        read.elements
            .check(Level::Content)
            .into_iter()
            .map(MessageFault::Element),
    );
    read.elements
}

fn read_data<'a>(body: &'a str, faults: &mut Vec<MessageFault>) -> Vec<DataElement<'a>> {
    let mut elements = Vec::new();
    for (index, part) in body
        .split(GS)
        .enumerate()
        .filter(|(_, part)| !part.is_empty())
    {
        match DataIdentifier::split_from(part) {
            Some((identifier, value)) => {
                let checked = identifier.check(value);
                faults.extend(
                    checked
                        .err()
                        .map(|fault| MessageFault::Value { identifier, fault }),
                );
                elements.push(DataElement { identifier, value });
            }
            None => faults.push(MessageFault::NoIdentifier { part: index + 1 }),
        }
    }
    elements
}

impl MessageNote {
    /// The stable name of the note.
    pub fn code(self) -> &'static str {
        match self {
            Self::HeaderStripped => "envelope_header_stripped",
            Self::TrailerStripped => "envelope_trailer_stripped",
            Self::LineTerminator => "line_terminator",
        }
    }
}

impl MessageFault {
    /// The stable code under which this fault is reported.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAMessage => "no_message",
            Self::ControlCharactersLost => "control_characters_lost",
            Self::OtherFormat { .. } => "message_format",
            Self::NoIdentifier { .. } => "data_identifier_missing",
            Self::Value { fault, .. } => fault.code(),
            Self::DifferentValues { .. } => "element_repeated",
            Self::NoProductCode => "product_code_missing",
            Self::Element(fault) => fault.code(),
        }
    }
}

impl fmt::Display for MessageFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAMessage => write!(f, "this is no message in Format 05 or 06"),
            Self::ControlCharactersLost => {
                write!(
                    f,
                    "the message has lost the control characters between its elements"
                )
            }
            Self::OtherFormat { format } => {
                write!(f, "the message is in format {format:?}, expected 05 or 06")
            }
            Self::NoIdentifier { part } => write!(
                f,
                "part {part} of the message begins with no data identifier"
            ),
            Self::Value { identifier, fault } => write!(f, "{identifier} {fault}"),
            Self::DifferentValues { identifier } => {
                write!(f, "{identifier} stands twice with different values")
            }
            Self::NoProductCode => write!(f, "the message has no product code (9N or 8P)"),
            Self::Element(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for MessageFault {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes `|` for GS, `^` for RS and `$` for EOT.
    fn raw(text: &str) -> String {
        text.replace('|', "\u{1d}")
            .replace('^', "\u{1e}")
            .replace('$', "\u{4}")
    }

    fn check(text: &str, notes: &[&str], faults: &[&str]) {
        let scan = raw(text);
        let (actual_notes, actual_faults) = match Message::read(&scan) {
            Ok(message) => (message.notes, message.faults),
            Err(fault) => (Vec::new(), vec![fault]),
        };
        assert_eq!(
            actual_notes
                .iter()
                .map(|note| note.code())
                .collect::<Vec<_>>(),
            notes,
            "{text}"
        );
        assert_eq!(
            actual_faults
                .iter()
                .map(MessageFault::code)
                .collect::<Vec<_>>(),
            faults,
            "{text}"
        );
        assert_eq!(Message::parse(&scan).is_ok(), faults.is_empty());
    }

    const BODY: &str = "9N110375286414|1TL1|D280200|SA1";
    const HEADER: &str = "envelope_header_stripped";
    const TRAILER: &str = "envelope_trailer_stripped";

    #[test]
    fn envelopes_whole_and_in_part() {
        check(&format!("[)>^06|{BODY}^$"), &[], &[]);
        check(&format!("]d1[)>^06|{BODY}^$"), &[], &[]);
        check(&format!("[)>^06|{BODY}^$\r\n"), &["line_terminator"], &[]);
        check(&format!("[)>^06|{BODY}^"), &[TRAILER], &[]);
        check(&format!("[)>^06|{BODY}$"), &[TRAILER], &[]);
        check(&format!("[)>06|{BODY}"), &[HEADER, TRAILER], &[]);
        check(&format!("06|{BODY}^$"), &[HEADER], &[]);
        check(BODY, &[HEADER, TRAILER], &[]);
        check("[)>^05|0104006381333931|10A^$", &[], &[]);
    }

    #[test]
    fn what_is_no_message() {
        check("", &[], &["no_message"]);
        check("0104006381333931", &[], &["no_message"]);
        check(
            "[)>069N1103752864141TL1D280200SA1",
            &[],
            &["control_characters_lost"],
        );
        check("[)>^12|9N110375286414^$", &[], &["message_format"]);
    }

    #[test]
    fn every_fault_of_the_content() {
        check("[)>^06|1TL1|SA1^$", &[], &["product_code_missing"]);
        check(
            "[)>^06|9N110375286415|1TA B|D281301|S|^$",
            &[],
            &[
                "ppn_check_digits",
                "batch_character",
                "date_month",
                "serial_empty",
            ],
        );
        check(
            "[)>^06|9N110375286414|SA|SB|sA^$",
            &[],
            &["data_identifier_missing", "element_repeated"],
        );
        check(
            "[)>^05|0104006381333932|17281301^$",
            &[],
            &["value_check_digit", "value_date"],
        );
        check("[)>^05|10A^$", &[], &["product_code_missing"]);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let values = [
            (DataIdentifier::PPN, "110375286414"),
            (DataIdentifier::SERIAL, "A-1"),
        ];
        let text = write_format06(&values);
        assert_eq!(text, raw("[)>^06|9N110375286414|SA-1^$"));
        let message = Message::parse(&text).unwrap();
        for (identifier, value) in values {
            assert_eq!(message.value(identifier), Some(value));
        }
        let gs1 = raw("[)>^05|0104006381333931|10A^$");
        let message = Message::parse(&gs1).unwrap();
        assert_eq!(message.value(DataIdentifier::BATCH), Some("A"));
        assert_eq!(message.value(DataIdentifier::PPN), None);
    }
}
