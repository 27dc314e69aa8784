//! What devices put around a code: byte order marks, control characters, line ends, spaces, the symbology identifier
//! (ISO/IEC 15424).
//!
//! Only what stands outside the code is taken off, and each thing taken off is remarked. Inside, nothing is touched. The
//! record separator and EOT of a Format 06 message, and the U+0000 of recorded key events, are part of the code.

use crate::symbology::SymbologyIdentifier;

use super::fault::Fault;

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
pub(super) fn split_symbology(text: &str) -> (Option<(SymbologyIdentifier, IdCase)>, &str) {
    let Some((identifier, rest)) = SymbologyIdentifier::split_from(text) else {
        return (None, text);
    };
    let letter = text.as_bytes()[1];
    if !matches!(letter, b'D' | b'c' | b'q' | b'j') {
        return (Some((identifier, IdCase::AsWritten)), rest);
    }
    let put_right = super::letter_case::exchange(&text[..3]);
    let identifier = SymbologyIdentifier::split_from(&put_right)
        .map_or(identifier, |(identifier, _)| identifier);
    (Some((identifier, IdCase::Exchanged)), rest)
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

fn off_start<'a>(
    text: &'a str,
    what: fn(char) -> bool,
    fault: Fault,
    faults: &mut Vec<Fault>,
) -> &'a str {
    let rest = text.trim_start_matches(what);
    if rest.len() < text.len() {
        note(faults, fault);
    }
    rest
}

fn off_end<'a>(
    text: &'a str,
    what: fn(char) -> bool,
    fault: Fault,
    faults: &mut Vec<Fault>,
) -> &'a str {
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
        check(
            "\u{2}01\u{3}\r\n",
            "01",
            &[
                Fault::ControlPrefix,
                Fault::LineTerminator,
                Fault::ControlSuffix,
            ],
        );
        check(
            "\u{feff} 01\t",
            "01",
            &[
                Fault::ByteOrderMark,
                Fault::Whitespace,
                Fault::LineTerminator,
            ],
        );
        check("S1\u{1e}\u{4}\r", "S1\u{1e}\u{4}", &[Fault::LineTerminator]);
        check("\u{0}´d2\u{0}", "\u{0}´d2\u{0}", &[]);
        check("\r", "", &[Fault::LineTerminator]);
    }

    #[test]
    fn identifiers_are_read_in_either_case() {
        let read = |text| {
            split_symbology(text)
                .0
                .map(|(id, case)| (id.to_string(), case))
        };
        assert_eq!(read("]d201"), Some(("]d2".to_owned(), IdCase::AsWritten)));
        assert_eq!(read("]D201"), Some(("]d2".to_owned(), IdCase::Exchanged)));
        assert_eq!(read("]E04"), Some(("]E0".to_owned(), IdCase::AsWritten)));
        assert_eq!(read("+d201"), None);
        assert_eq!(read("]d"), None);
        assert_eq!(read("]é2"), None);
    }
}
