//! What devices put around a code: byte order marks, control characters, line ends, spaces, the symbology identifier
//! (ISO/IEC 15424).
//!
//! Only what stands outside the code is taken off, and each thing taken off is remarked. Inside, nothing is touched. The
//! record separator and EOT of a Format 06 message, and the U+0000 of recorded key events, are part of the code.

use std::fmt;

use super::diagnosis::Fault;

/// A symbology identifier: code letter and modifier, `]d2` for a GS1 Data Matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SymbologyId {
    /// The code letter: `d` Data Matrix, `C` Code 128, `Q` QR, `E` EAN/UPC, `A` Code 39 …
    pub code: u8,
    /// The modifier, a digit or a letter.
    pub modifier: u8,
}

impl SymbologyId {
    /// Whether this carrier says that its data are GS1 elements.
    pub fn is_gs1(self) -> bool {
        matches!(
            (self.code, self.modifier),
            (b'd', b'2' | b'5') | (b'C', b'1') | (b'e', _) | (b'Q', b'3' | b'4') | (b'J', b'1' | b'4')
        )
    }

    /// Whether this is a Data Matrix, the carrier that Article 5 of Delegated Regulation (EU) 2016/161 asks for.
    pub fn is_data_matrix(self) -> bool {
        self.code == b'd'
    }

    /// Whether this is a two-dimensional symbol.
    pub fn is_two_dimensional(self) -> bool {
        matches!(self.code, b'd' | b'Q' | b'J' | b'L' | b'U' | b'z' | b'e')
    }
}

impl fmt::Display for SymbologyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "]{}{}", char::from(self.code), char::from(self.modifier))
    }
}

/// How the letter of a symbology identifier arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IdCase {
    /// As the standard writes it.
    AsWritten,
    /// In the other case, which no scanner sends by itself.
    Exchanged,
}

/// The symbology identifier at the start of `text`, and what follows it.
///
/// `]D`, `]c`, `]q` and `]j` are the identifiers of Data Matrix, Code 128, QR and DotCode with the letter case exchanged;
/// no symbol that carries GS1 data owns those letters.
pub(super) fn split_symbology(text: &str) -> (Option<(SymbologyId, IdCase)>, &str) {
    let bytes = text.as_bytes();
    let (&[b']', letter, modifier], true) = (bytes.first_chunk::<3>().unwrap_or(&[0; 3]), bytes.len() >= 3) else {
        return (None, text);
    };
    if !letter.is_ascii_alphabetic() || !modifier.is_ascii_alphanumeric() {
        return (None, text);
    }
    let (code, case) = match letter {
        b'D' => (b'd', IdCase::Exchanged),
        b'c' => (b'C', IdCase::Exchanged),
        b'q' => (b'Q', IdCase::Exchanged),
        b'j' => (b'J', IdCase::Exchanged),
        letter => (letter, IdCase::AsWritten),
    };
    (Some((SymbologyId { code, modifier }, case)), &text[3..])
}

/// Takes off what stands around the code and remarks each thing taken off.
pub(super) fn strip<'a>(raw: &'a str, faults: &mut Vec<Fault>) -> &'a str {
    let mut text = raw;
    loop {
        let before = text;
        for mark in ["\u{feff}", "ï»¿"] {
            if let Some(rest) = text.strip_prefix(mark) {
                text = rest;
                note(faults, Fault::ByteOrderMark);
            }
        }
        text = off_start(text, is_space, Fault::Whitespace, faults);
        text = off_start(text, is_line_end, Fault::LineTerminator, faults);
        text = off_start(text, is_device_control, Fault::ControlPrefix, faults);
        text = off_end(text, is_space, Fault::Whitespace, faults);
        text = off_end(text, is_line_end, Fault::LineTerminator, faults);
        text = off_end(text, is_device_control, Fault::ControlSuffix, faults);
        if text.len() == before.len() {
            return text;
        }
    }
}

/// Adds `fault` unless it is already there.
pub(super) fn note(faults: &mut Vec<Fault>, fault: Fault) {
    if !faults.contains(&fault) {
        faults.push(fault);
    }
}

fn off_start<'a>(text: &'a str, what: fn(char) -> bool, fault: Fault, faults: &mut Vec<Fault>) -> &'a str {
    let rest = text.trim_start_matches(what);
    if rest.len() < text.len() {
        note(faults, fault);
    }
    rest
}

fn off_end<'a>(text: &'a str, what: fn(char) -> bool, fault: Fault, faults: &mut Vec<Fault>) -> &'a str {
    let rest = text.trim_end_matches(what);
    if rest.len() < text.len() {
        note(faults, fault);
    }
    rest
}

fn is_space(c: char) -> bool {
    c == ' ' || c == '\u{a0}'
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\t' | '\u{b}' | '\u{c}')
}

/// STX, ETX, SOH and the acknowledge characters that serial scanners frame a code with.
fn is_device_control(c: char) -> bool {
    matches!(c, '\u{1}'..='\u{3}' | '\u{5}'..='\u{7}' | '\u{10}'..='\u{17}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str, body: &str, expected: &[Fault]) {
        let mut faults = Vec::new();
        assert_eq!(strip(raw, &mut faults), body, "{raw:?}");
        assert_eq!(faults, expected, "{raw:?}");
    }

    #[test]
    fn everything_outside_is_taken_off_and_remarked() {
        check("01", "01", &[]);
        check("\u{2}01\u{3}\r\n", "01", &[Fault::ControlPrefix, Fault::LineTerminator, Fault::ControlSuffix]);
        check("\u{feff} 01\t", "01", &[Fault::ByteOrderMark, Fault::Whitespace, Fault::LineTerminator]);
        check("S1\u{1e}\u{4}\r", "S1\u{1e}\u{4}", &[Fault::LineTerminator]);
        check("\u{0}´d2\u{0}", "\u{0}´d2\u{0}", &[]);
        check("\r", "", &[Fault::LineTerminator]);
    }

    #[test]
    fn identifiers_are_read_in_either_case() {
        let read = |text| split_symbology(text).0.map(|(id, case)| (id.to_string(), case));
        assert_eq!(read("]d201"), Some(("]d2".to_owned(), IdCase::AsWritten)));
        assert_eq!(read("]D201"), Some(("]d2".to_owned(), IdCase::Exchanged)));
        assert_eq!(read("]E04"), Some(("]E0".to_owned(), IdCase::AsWritten)));
        assert_eq!(read("+d201"), None);
        assert_eq!(read("]d"), None);
        assert_eq!(read("]é2"), None);
    }
}
