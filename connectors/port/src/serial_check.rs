//! How the readers of serial files word what is wrong with a single value (users.md, section 5, UPL-011 to UPL-028).
//!
//! CSV, XLSX and EPCIS differ in how a value is found; a serial with 21 characters is the same fault in each. What is
//! right is decided by `core`; here it gets its code, its sentence and, where exactly one is plausible, its proposal.

use packtwin_core::batch_number::{BATCH_NUMBER_LENGTH_MAX, BatchNumber, BatchNumberError};
use packtwin_core::code::Code;
use packtwin_core::finding::{Finding, Severity};
use packtwin_core::serial::{SERIAL_LENGTH_MAX, Serial, SerialError};

/// What is wrong with one value, before it is known where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The stable code.
    pub code: Code,
    /// Whether the row can be stored all the same.
    pub severity: Severity,
    /// The sentence without its place, beginning in lower case: `serial "X" has …`.
    pub text: String,
    /// The value that would mend it, when exactly one is plausible.
    pub proposal: Option<String>,
}

impl Flaw {
    /// An error without proposal.
    pub fn error(code: Code, text: impl Into<String>) -> Self {
        Flaw {
            code,
            severity: Severity::Error,
            text: text.into(),
            proposal: None,
        }
    }

    /// A warning without proposal.
    pub fn warning(code: Code, text: impl Into<String>) -> Self {
        Flaw {
            severity: Severity::Warning,
            ..Flaw::error(code, text)
        }
    }

    /// The same flaw with the value that would mend it.
    pub fn proposing(mut self, proposal: impl Into<String>) -> Self {
        self.proposal = Some(proposal.into());
        self
    }

    /// The finding at its place; `place` is `Row 17` or `Line 400`.
    pub fn at(self, place: &str, row: u64, column: &str) -> Finding {
        Finding {
            code: self.code,
            severity: self.severity,
            row,
            column: column.to_owned(),
            text: sentence(&format!("{place}: {}", self.text)),
            proposal: self.proposal,
        }
    }
}

/// The codes of the flaws that are errors, each once, in their order.
pub fn errors_of<'f>(flaws: impl Iterator<Item = &'f Flaw>) -> Vec<Code> {
    let mut codes = Vec::new();
    for flaw in flaws.filter(|flaw| flaw.severity == Severity::Error) {
        if !codes.contains(&flaw.code) {
            codes.push(flaw.code);
        }
    }
    codes
}

/// The text with the stop that ends a sentence.
fn sentence(text: &str) -> String {
    match text.ends_with(['.', '?', '!', ')']) {
        true => text.to_owned(),
        false => format!("{text}."),
    }
}

/// Reads a serial exactly as written.
///
/// # Errors
/// `UPL-011`, `UPL-012` or `UPL-018`; never with a proposal, since nobody but the line knows what was printed.
pub fn check_serial(text: &str) -> Result<Serial, Vec<Flaw>> {
    Serial::parse(text).map_err(|error| match error {
        SerialError::Empty => vec![Flaw::error(
            Code::UploadSerialEmpty,
            "the serial is missing",
        )],
        SerialError::TooLong { len } => vec![too_long(text, len)],
        SerialError::Character { ch, position } => {
            let mut flaws = vec![Flaw::error(
                Code::UploadSerialCharacter,
                format!(
                    "serial contains {}, which cannot be printed in a GS1 code. It is {}, position {position} of {}",
                    quoted(&ch.to_string()),
                    named(ch),
                    quoted(text)
                ),
            )];
            let length = text.chars().count();
            if length > SERIAL_LENGTH_MAX {
                flaws.push(too_long(text, length));
            }
            flaws
        }
    })
}

/// Reads a batch number exactly as written.
///
/// # Errors
/// `UPL-025` or `UPL-028`.
pub fn check_batch(text: &str) -> Result<BatchNumber, Flaw> {
    BatchNumber::parse(text).map_err(|error| match error {
        BatchNumberError::Empty => Flaw::error(
            Code::UploadBatchMissing,
            "the batch number is missing; every pack belongs to a lot",
        ),
        BatchNumberError::TooLong { len, .. } => Flaw::error(
            Code::UploadBatchMalformed,
            format!(
                "batch number {} has {len} characters; at most {BATCH_NUMBER_LENGTH_MAX} are allowed",
                quoted(text)
            ),
        ),
        BatchNumberError::Character { ch, position, .. } => Flaw::error(
            Code::UploadBatchMalformed,
            format!(
                "batch number {} contains {} at position {position}, which cannot be printed in a GS1 code",
                quoted(text),
                named(ch)
            ),
        ),
    })
}

/// A value as a sentence shows it: in quotes, escaped, and cut where it is longer than anyone reads.
pub fn quoted(text: &str) -> String {
    const SHOWN_MAX: usize = 60;
    let mut shown = String::from('"');
    for (index, c) in text.chars().enumerate() {
        if index == SHOWN_MAX {
            shown.push('…');
            break;
        }
        if c == '"' || c == '\'' {
            shown.push(c);
        } else if hidden(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.extend(c.escape_debug());
        }
    }
    shown.push('"');
    shown
}

/// A character as a sentence shows it: printable ones in quotes, the others by number.
fn named(c: char) -> String {
    match c {
        ' ' => "a space".to_owned(),
        '\u{a0}' => "a no-break space (U+00A0)".to_owned(),
        '\u{1d}' => "a separator (GS, U+001D)".to_owned(),
        c if c.is_control() || hidden(c) => format!("U+{:04X}", u32::from(c)),
        c if c.is_ascii() => format!("\"{c}\""),
        c => format!("\"{c}\" (U+{:04X})", u32::from(c)),
    }
}

/// Characters that change how their neighbours are shown, or are not seen at all.
fn hidden(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn too_long(text: &str, length: usize) -> Flaw {
    Flaw::error(
        Code::UploadSerialLength,
        format!(
            "serial {} has {length} characters; at most {SERIAL_LENGTH_MAX} are allowed",
            quoted(text)
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(Code, &str)]) {
        let flaws = check_serial(text).err().unwrap_or_default();
        let actual: Vec<(Code, &str)> = flaws
            .iter()
            .map(|flaw| (flaw.code, flaw.text.as_str()))
            .collect();
        assert_eq!(actual, expected, "{text:?}");
    }

    #[test]
    fn every_fault_of_a_serial_is_named() {
        check("AB12", &[]);
        check("", &[(Code::UploadSerialEmpty, "the serial is missing")]);
        check(
            "123456789012345678901",
            &[(
                Code::UploadSerialLength,
                "serial \"123456789012345678901\" has 21 characters; at most 20 are allowed",
            )],
        );
        check(
            "1234567890 1234567890 123",
            &[
                (
                    Code::UploadSerialCharacter,
                    "serial contains \" \", which cannot be printed in a GS1 code. It is a space, position 11 of \"1234567890 1234567890 123\"",
                ),
                (
                    Code::UploadSerialLength,
                    "serial \"1234567890 1234567890 123\" has 25 characters; at most 20 are allowed",
                ),
            ],
        );
    }

    #[test]
    fn nothing_hidden_reaches_a_sentence() {
        assert_eq!(quoted("a\u{0}b\u{202e}c"), "\"a\\0b\\u{202e}c\"");
        assert_eq!(quoted(&"x".repeat(500)).chars().count(), 63);
        assert_eq!(
            check_batch("A\u{200b}").unwrap_err().text,
            "batch number \"A\\u{200b}\" contains U+200B at position 2, which cannot be printed in a GS1 code"
        );
    }
}
