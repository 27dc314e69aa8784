//! A text read as the message of a pack: GS1 element string, Format 06 or Format 05 (ISO/IEC 15434).
//!
//! Reads as a verification must: structure, check digits of the product code and dates, nothing about which elements
//! belong together, because a pack with odd but readable content still has to be looked up. Nothing is repaired here; a
//! text either reads completely or the reason is told. The hypotheses about faults stand in `hypotheses`.
//!
//! Stands beside `element_string` and `iso15434`, which check a message that is taken at its word: here up to fifty variants
//! of one input are tried, a text that stops short is told from a wrong one, and values keep their place in the text.

use std::ops::Range;

use crate::application_identifier;
use crate::batch_number::BatchNumber;
use crate::charset;
use crate::date::{self, DayZero};
use crate::expiry::Expiry;
use crate::gtin::Gtin;
use crate::iso15434::DataIdentifier;
use crate::ppn::Ppn;
use crate::product_code::ProductCode;
use crate::serial::Serial;

use super::diagnosis::{ScannedData, ScannedElement, Scheme};
use super::ends::note;
use super::fault::Fault;

/// Group separator, ends an element of variable length.
pub(super) const GS: u8 = 0x1d;
/// Record separator, stands around the data of a Format 06 envelope.
pub(super) const RS: u8 = 0x1e;
/// End of transmission, closes the envelope.
pub(super) const EOT: u8 = 0x04;

/// A text that reads completely.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub scheme: Scheme,
    pub data: ScannedData,
    /// Remarks on separators and envelope.
    pub notes: Vec<Fault>,
    /// The envelope was opened as it should be and never closed.
    pub unclosed: bool,
    serial_at: Range<usize>,
    batch_at: Range<usize>,
    spans: Vec<Span>,
}

/// Why a text does not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub fault: Fault,
    /// The scheme the text follows up to the broken place.
    pub scheme: Option<Scheme>,
    /// The text simply stops: what is there is right.
    pub cut_short: bool,
}

#[derive(Clone, Debug)]
struct Span {
    identifier: Range<usize>,
    value: Range<usize>,
    title: &'static str,
}

impl Message {
    /// Whether product code and serial number, the key of a pack, are there.
    pub fn names_a_pack(&self) -> bool {
        self.data.product_code.is_some() && self.data.serial.is_some()
    }

    /// The elements with their texts; `text` is what the message was read from.
    pub fn elements(&self, text: &str) -> Vec<ScannedElement> {
        let element = |span: &Span| ScannedElement {
            identifier: text[span.identifier.clone()].to_owned(),
            title: span.title,
            value: text[span.value.clone()].to_owned(),
        };
        self.spans.iter().map(element).collect()
    }

    /// The value behind `identifier`.
    pub fn value<'a>(&self, text: &'a str, identifier: &str) -> Option<&'a str> {
        let span = self
            .spans
            .iter()
            .find(|span| &text[span.identifier.clone()] == identifier)?;
        Some(&text[span.value.clone()])
    }

    /// The serial number as `text` has it; empty if there is none.
    pub fn serial_in<'a>(&self, text: &'a str) -> &'a str {
        &text[self.serial_at.clone()]
    }

    /// The batch number as `text` has it; empty if there is none.
    pub fn batch_in<'a>(&self, text: &'a str) -> &'a str {
        &text[self.batch_at.clone()]
    }

    /// Every value of the message.
    pub fn values<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.spans
            .iter()
            .map(|span| (&text[span.identifier.clone()], &text[span.value.clone()]))
    }

    /// Where the values lie in the text.
    pub fn value_places(&self) -> impl Iterator<Item = Range<usize>> {
        self.spans.iter().map(|span| span.value.clone())
    }

    /// Where the value of the last element lies in the text.
    pub fn last_value(&self) -> Option<Range<usize>> {
        self.spans.last().map(|span| span.value.clone())
    }

    /// Whether the message holds an element with this identifier.
    pub fn has(&self, text: &str, identifier: &str) -> bool {
        self.value(text, identifier).is_some()
    }
}

/// Reads `text`, the code without its symbology identifier. Dates get their century from `reference_year`.
pub(super) fn read(text: &str, reference_year: i32) -> Result<Message, Broken> {
    let reader = Reader {
        text,
        reference_year,
    };
    if text.starts_with("[)>") {
        return reader.envelope();
    }
    let elements = reader.gs1(0..text.len());
    match elements {
        Err(broken) if broken.scheme.is_none() => reader.without_envelope().unwrap_or(Err(broken)),
        elements => elements,
    }
}

struct Reader<'a> {
    text: &'a str,
    reference_year: i32,
}

impl Reader<'_> {
    /// `[)>` RS `06` GS data RS EOT. Control characters that get lost on the way are not asked for.
    fn envelope(&self) -> Result<Message, Broken> {
        let bytes = self.text.as_bytes();
        let mut at = 3;
        let opened = bytes.get(at) == Some(&RS);
        at += usize::from(opened);
        let format = bytes.get(at..at + 2);
        let cut_short = at + 2 >= bytes.len();
        at += 2;
        let scheme = match format {
            Some(b"06") => Scheme::Ifa,
            Some(b"05") => Scheme::Gs1,
            Some(_) => return Err(broken(Fault::Foreign2dCode, None, false)),
            None => return Err(broken(Fault::Truncated, Some(Scheme::Ifa), true)),
        };
        let parted = bytes.get(at) == Some(&GS);
        at += usize::from(parted);
        let mut end = bytes.len();
        let mut closed = false;
        for trailer in [EOT, RS] {
            if end > at && bytes[end - 1] == trailer {
                end -= 1;
                closed = true;
            }
        }
        if cut_short || at >= end {
            return Err(broken(Fault::Truncated, Some(scheme), true));
        }
        let mut message = match scheme {
            Scheme::Ifa => self.ifa(at..end).map_err(|broken| Broken {
                scheme: self.holds_pack_data(at..end).then_some(scheme),
                ..broken
            })?,
            Scheme::Gs1 => self.gs1(at..end)?,
        };
        message.unclosed = opened && !closed;
        if !opened || !parted {
            note(&mut message.notes, Fault::EnvelopeMangled);
        }
        Ok(message)
    }

    /// Format 06 data of which a reader took the whole envelope. Recognised by its product code alone, also by one that is
    /// wrong; `None` if there is none.
    fn without_envelope(&self) -> Option<Result<Message, Broken>> {
        // A few characters behind `9N` or `8P` are no product code but a text that happens to begin so.
        const PRODUCT_CODE_LENGTH_MIN: usize = 8;
        let trimmed = self.text.trim_end_matches(['\u{1e}', '\u{4}']);
        match self.ifa(0..trimmed.len()) {
            Ok(mut message) => {
                message.data.product_code?;
                note(&mut message.notes, Fault::EnvelopeStripped);
                Some(Ok(message))
            }
            Err(broken) => {
                let names_a_product = data_elements(trimmed).any(|(identifier, value)| {
                    matches!(identifier, DataIdentifier::PPN | DataIdentifier::GTIN)
                        && value.len() >= PRODUCT_CODE_LENGTH_MIN
                        && value.bytes().all(|byte| byte.is_ascii_alphanumeric())
                });
                let scheme = Some(Scheme::Ifa);
                names_a_product.then_some(Err(Broken { scheme, ..broken }))
            }
        }
    }

    /// Whether Format 06 data has an element that packs carry by law. Other industries use the format, too.
    fn holds_pack_data(&self, range: Range<usize>) -> bool {
        data_elements(&self.text[range]).any(|(identifier, _)| {
            matches!(
                identifier,
                DataIdentifier::PPN
                    | DataIdentifier::GTIN
                    | DataIdentifier::SERIAL
                    | DataIdentifier::BATCH
                    | DataIdentifier::EXPIRY
            )
        })
    }

    fn gs1(&self, range: Range<usize>) -> Result<Message, Broken> {
        let bytes = &self.text.as_bytes()[..range.end];
        // Behind an envelope that was closed nothing is missing.
        let open = range.end == self.text.len();
        let mut message = empty_message(Scheme::Gs1);
        let mut at = range.start;
        while at < bytes.len() {
            if bytes[at] == GS {
                let follows_separator = at > range.start && bytes[at - 1] == GS;
                if message.spans.is_empty() || follows_separator {
                    note(&mut message.notes, Fault::LeadingSeparator);
                }
                at += 1;
                if at == bytes.len() && !message.spans.is_empty() {
                    note(&mut message.notes, Fault::TrailingSeparator);
                }
                continue;
            }
            let known = (!message.spans.is_empty()).then_some(Scheme::Gs1);
            let rest = &bytes[at..];
            let Some(identifier) = application_identifier::at_start_of(&self.text[at..range.end])
            else {
                let cut_short = open && rest.len() < 4 && rest.iter().all(u8::is_ascii_digit);
                let scheme = known.or(cut_short.then_some(Scheme::Gs1));
                return Err(broken(Fault::Unreadable, scheme, cut_short));
            };
            let start = at + identifier.code().len();
            let separator = bytes[start..]
                .iter()
                .position(|&byte| byte == GS)
                .map_or(bytes.len(), |gap| start + gap);
            let predefined = identifier.has_predefined_length();
            let end = if predefined {
                start + identifier.length_max()
            } else {
                separator
            };
            if end > separator {
                let cut_short = open
                    && separator == bytes.len()
                    && bytes[start..].iter().all(u8::is_ascii_digit);
                return Err(broken(Fault::ElementInvalid, Some(Scheme::Gs1), cut_short));
            }
            let value = &bytes[start..end];
            if value.is_empty() && end == bytes.len() {
                return Err(broken(Fault::ElementInvalid, Some(Scheme::Gs1), open));
            }
            // Every element of predefined length is numeric; of the others only the length counts here.
            let fits = (identifier.length_min()..=identifier.length_max()).contains(&value.len())
                && charset::is_set82(value)
                && (!predefined || value.iter().all(u8::is_ascii_digit));
            if !fits {
                return Err(broken(
                    Fault::ElementInvalid,
                    known.or(Some(Scheme::Gs1)),
                    false,
                ));
            }
            let span = Span {
                identifier: at..start,
                value: start..end,
                title: identifier.title(),
            };
            self.take(&mut message, span)
                .map_err(|fault| broken(fault, Some(Scheme::Gs1), false))?;
            at = end;
        }
        match message.spans.is_empty() {
            true => Err(broken(Fault::Unreadable, None, false)),
            false => Ok(message),
        }
    }

    fn ifa(&self, range: Range<usize>) -> Result<Message, Broken> {
        let mut message = empty_message(Scheme::Ifa);
        let mut at = range.start;
        for part in self.text[range.clone()].split('\u{1d}') {
            let end = at + part.len();
            let last = end == range.end;
            let open = last && end == self.text.len();
            if part.is_empty() {
                let fault = if last {
                    Fault::TrailingSeparator
                } else {
                    Fault::LeadingSeparator
                };
                note(&mut message.notes, fault);
                at = end + 1;
                continue;
            }
            let known = DataIdentifier::split_from(part)
                .and_then(|(known, value)| Some((value, known.title()?)));
            let Some((value, title)) = known else {
                let cut_short =
                    open && part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_digit());
                let scheme = (!message.spans.is_empty()).then_some(Scheme::Ifa);
                return Err(broken(Fault::ElementInvalid, scheme, cut_short));
            };
            let identifier = at..end - value.len();
            let value = identifier.end..end;
            if value.is_empty() {
                return Err(broken(Fault::ElementInvalid, Some(Scheme::Ifa), open));
            }
            let cut_short = open && value.len() < full_length(&self.text[identifier.clone()]);
            let span = Span {
                identifier,
                value,
                title,
            };
            self.take(&mut message, span)
                .map_err(|fault| broken(fault, Some(Scheme::Ifa), cut_short))?;
            at = end + 1;
        }
        match message.spans.is_empty() {
            true => Err(broken(Fault::Unreadable, None, false)),
            false => Ok(message),
        }
    }

    /// Checks one element and puts its value where it belongs.
    fn take(&self, message: &mut Message, span: Span) -> Result<(), Fault> {
        let identifier = &self.text[span.identifier.clone()];
        let value = &self.text[span.value.clone()];
        if let Some(before) = message.value(self.text, identifier) {
            // The same element twice is allowed with the same value, and refused otherwise (GS1 General Specifications 4.6).
            return if before == value {
                Ok(())
            } else {
                Err(Fault::ElementInvalid)
            };
        }
        let data = &mut message.data;
        match (message.scheme, identifier) {
            (Scheme::Gs1, "01") => {
                let gtin = Gtin::from_bytes(value.as_bytes()).ok_or(Fault::ProductCodeInvalid)?;
                data.product_code = Some(ProductCode::Gtin(gtin));
            }
            (Scheme::Ifa, "9N") => {
                let ppn = Ppn::parse(value).map_err(|_| Fault::ProductCodeInvalid)?;
                data.product_code = Some(ProductCode::Ppn(ppn));
            }
            (Scheme::Ifa, "8P") => {
                let gtin = Gtin::from_bytes(value.as_bytes()).ok_or(Fault::ProductCodeInvalid)?;
                // Beside a PPN the GTIN is only a second number of the same pack.
                data.product_code.get_or_insert(ProductCode::Gtin(gtin));
            }
            (Scheme::Gs1, "21") | (Scheme::Ifa, "S") => {
                message.serial_at = span.value.clone();
                data.serial =
                    Some(Serial::from_bytes(value.as_bytes()).ok_or(Fault::ElementInvalid)?);
            }
            (Scheme::Gs1, "10") | (Scheme::Ifa, "1T") => {
                message.batch_at = span.value.clone();
                data.batch =
                    Some(BatchNumber::from_bytes(value.as_bytes()).ok_or(Fault::ElementInvalid)?);
            }
            (Scheme::Gs1, "17") | (Scheme::Ifa, "D") => {
                data.expiry = Some(
                    Expiry::parse(value, self.reference_year).map_err(|_| Fault::DateInvalid)?,
                );
            }
            (Scheme::Gs1, "11" | "12" | "13" | "15" | "16") => {
                date::resolve_yymmdd(value, self.reference_year, DayZero::MeansLastDay)
                    .map_err(|_| Fault::DateInvalid)?;
            }
            (Scheme::Gs1, nhrn) if nhrn.len() == 3 && nhrn.starts_with("71") => {
                data.nhrn.get_or_insert_with(|| value.to_owned());
            }
            (Scheme::Gs1, _) => {}
            (Scheme::Ifa, _) => {
                let readable = value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
                readable.then_some(()).ok_or(Fault::ElementInvalid)?;
            }
        }
        message.spans.push(span);
        Ok(())
    }
}

/// The elements of Format 06 data, those without identifier left out.
fn data_elements(text: &str) -> impl Iterator<Item = (DataIdentifier, &str)> {
    text.split('\u{1d}').filter_map(DataIdentifier::split_from)
}

/// The characters of a value that is all there, for elements of Format 06 that have a fixed length on packs; else 0.
fn full_length(identifier: &str) -> usize {
    match identifier {
        "9N" => 12,
        "8P" => 14,
        "D" => 6,
        "16D" => 8,
        _ => 0,
    }
}

fn empty_message(scheme: Scheme) -> Message {
    Message {
        scheme,
        data: ScannedData::default(),
        notes: Vec::new(),
        unclosed: false,
        serial_at: 0..0,
        batch_at: 0..0,
        spans: Vec::with_capacity(6),
    }
}

fn broken(fault: Fault, scheme: Option<Scheme>, cut_short: bool) -> Broken {
    Broken {
        fault,
        scheme,
        cut_short,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(text: &str) -> Result<String, Broken> {
        let message = read(text, 2026)?;
        let parts: Vec<String> = message
            .values(text)
            .map(|(id, value)| format!("{id}={value}"))
            .collect();
        Ok(parts.join(" "))
    }

    fn check(text: &str, expected: &str) {
        assert_eq!(summary(text).as_deref(), Ok(expected), "{text:?}");
    }

    fn check_broken(text: &str, fault: Fault, cut_short: bool) {
        let broken = summary(text).unwrap_err();
        assert_eq!(
            (broken.fault, broken.cut_short),
            (fault, cut_short),
            "{text:?}"
        );
    }

    #[test]
    fn element_strings_in_any_order() {
        check(
            "0104006381333931211A\u{1d}17280200102B",
            "01=04006381333931 21=1A 17=280200 10=2B",
        );
        check(
            "\u{1d}21X\u{1d}\u{1d}0104006381333931\u{1d}",
            "21=X 01=04006381333931",
        );
        check("21X\u{1d}010400638133393121X", "21=X 01=04006381333931");
    }

    #[test]
    fn format_06_with_and_without_envelope() {
        check(
            "[)>\u{1e}06\u{1d}9N111234567842\u{1d}SA1\u{1e}\u{4}",
            "9N=111234567842 S=A1",
        );
        check("SA1\u{1d}9N111234567842", "S=A1 9N=111234567842");
        check("[)>069N111234567842\u{1d}SA1", "9N=111234567842 S=A1");
        check(
            "[)>\u{1e}05\u{1d}010400638133393121A\u{1e}\u{4}",
            "01=04006381333931 21=A",
        );
        assert!(
            read("[)>\u{1e}06\u{1d}9N111234567842\u{1d}SA1", 2026)
                .unwrap()
                .unclosed
        );
    }

    #[test]
    fn what_does_not_read_says_why() {
        check_broken("010400638133393221A", Fault::ProductCodeInvalid, false);
        check_broken("010400638133393117271331", Fault::DateInvalid, false);
        check_broken("010400638133393117", Fault::ElementInvalid, true);
        check_broken("01040063813339311", Fault::Unreadable, true);
        check_broken("0104006381333931101\u{1d}102", Fault::ElementInvalid, false);
        check_broken("[)>", Fault::Truncated, true);
        check_broken("[)>\u{1e}06\u{1d}9N", Fault::ElementInvalid, true);
        check_broken(
            "[)>\u{1e}12\u{1d}9N111234567842",
            Fault::Foreign2dCode,
            false,
        );
        check_broken("HELLO", Fault::Unreadable, false);
    }
}
