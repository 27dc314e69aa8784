//! Which code was scanned, when it is not the unique identifier of a pack: step 4 of the diagnosis.
//!
//! A person who scans the EAN code, the old PZN code, a logistic label or the QR code of the leaflet must be told which code
//! to take. Only what is certain by identifier, length and check digit is said here.

use crate::application_identifier;
use crate::digital_link::{self, DigitalLink};
use crate::element_string::Level;
use crate::gtin::Gtin;
use crate::pzn::Pzn;
use crate::sscc::Sscc;
use crate::symbology::{Carrier, SymbologyIdentifier};

use super::fault::Fault;
use super::message::Message;

/// The other code that `rest` is for certain; tried before anything else.
pub(super) fn recognised(id: Option<SymbologyIdentifier>, rest: &str) -> Option<Fault> {
    if is_link(rest) {
        return Some(if is_digital_link(rest) {
            Fault::DigitalLink
        } else {
            Fault::Foreign2dCode
        });
    }
    match id.map(SymbologyIdentifier::carrier) {
        Some(Carrier::Ean13 | Carrier::Ean8 | Carrier::Code39 | Carrier::Interleaved) => {
            Some(Fault::LinearCode)
        }
        Some(Carrier::Other) => other_symbol(id),
        Some(_) => is_sscc_label(rest).then_some(Fault::LogisticLabel),
        None if is_sscc_label(rest) => Some(Fault::LogisticLabel),
        None => is_product_number(rest).then_some(Fault::LinearCode),
    }
}

/// The other code that a message without the key of a pack belongs to.
pub(super) fn of_message(message: &Message, text: &str, id: Option<SymbologyIdentifier>) -> Fault {
    let logistic = ["00", "02", "37", "401", "402", "410", "414"];
    // What is left of a code without its beginning may start as a label does; the check digit tells.
    let right = |identifier: &&str| {
        message.value(text, identifier).is_some_and(|value| {
            application_identifier::find(identifier).is_some_and(|ai| ai.check(value).is_ok())
        })
    };
    if message.data.product_code.is_none() && logistic.iter().any(right) {
        return Fault::LogisticLabel;
    }
    match (&message.data.product_code, id) {
        (Some(_), _) => Fault::NoSerial,
        (None, Some(id)) if is_code128(id) => Fault::LinearCode,
        (None, _) => Fault::NoProductCode,
    }
}

/// What remains to be said of a text that no hypothesis explains; `None` if nothing can be.
pub(super) fn guessed(id: Option<SymbologyIdentifier>, rest: &str) -> Option<Fault> {
    let contents = [
        "WIFI:", "BEGIN:", "MAILTO:", "TEL:", "SMSTO:", "GEO:", "MECARD:",
    ];
    let upper: String = rest
        .chars()
        .take(8)
        .collect::<String>()
        .to_ascii_uppercase();
    if is_hibc(rest)
        || contents.iter().any(|content| upper.starts_with(content))
        || rest.starts_with("[)>")
    {
        return Some(Fault::Foreign2dCode);
    }
    match id {
        Some(id) if is_code128(id) => Some(Fault::LinearCode),
        // A carrier that promises GS1 data and does not keep it is no other code but a broken one.
        Some(id) => (!id.carrier().holds_element_strings()).then_some(Fault::Foreign2dCode),
        None => {
            (rest.len() >= 6 && rest.len() <= 14 && rest.bytes().all(|byte| byte.is_ascii_digit()))
                .then_some(Fault::LinearCode)
        }
    }
}

fn is_code128(id: SymbologyIdentifier) -> bool {
    matches!(id.carrier(), Carrier::Code128 | Carrier::Gs1Code128)
}

/// A symbol that packs never carry, by its code letter.
fn other_symbol(id: Option<SymbologyIdentifier>) -> Option<Fault> {
    match id?.to_string().as_bytes()[1] {
        // PDF417, MaxiCode, Aztec, Codablock, Han Xin, Ultracode.
        b'L' | b'U' | b'z' | b'O' | b'h' | b'w' => Some(Fault::Foreign2dCode),
        // Codabar, Code 93, Code 11, MSI, Anker, Telepen, Plessey, the older 2 of 5 codes.
        b'F' | b'G' | b'H' | b'M' | b'N' | b'B' | b'P' | b'R' | b'S' => Some(Fault::LinearCode),
        _ => None,
    }
}

fn is_link(rest: &str) -> bool {
    digital_link::has_web_scheme(rest)
        || rest
            .get(..4)
            .is_some_and(|head| head.eq_ignore_ascii_case("www."))
}

/// A link whose path names a GS1 key, also one that breaks the rules of the standard elsewhere.
fn is_digital_link(rest: &str) -> bool {
    if DigitalLink::parse(rest, Level::Structure).is_ok() {
        return true;
    }
    let path = rest.split(['?', '#']).next().unwrap_or(rest);
    let parts: Vec<&str> = path.split('/').collect();
    parts.windows(2).any(|pair| match pair {
        ["01" | "gtin", gtin] => Gtin::parse(gtin).is_ok(),
        ["00" | "sscc", sscc] => Sscc::parse(sscc).is_ok(),
        _ => false,
    })
}

fn is_sscc_label(rest: &str) -> bool {
    let label = rest
        .strip_prefix("00")
        .and_then(|rest| rest.get(..18))
        .is_some_and(|sscc| Sscc::parse(sscc).is_ok());
    label || Sscc::parse(rest).is_ok()
}

/// A GTIN of a linear code, or a PZN as Code 39 holds it and as it is printed.
fn is_product_number(rest: &str) -> bool {
    Gtin::parse(rest).is_ok()
        || Pzn::parse(rest).is_ok()
        || Pzn::parse_code39(rest).is_ok()
        || Pzn::parse_printed(rest).is_ok()
}

/// Health Industry Bar Code: `+`, a letter, then upper-case letters, digits and a few signs (ANSI/HIBC 2.6).
fn is_hibc(rest: &str) -> bool {
    let bytes = rest.as_bytes();
    bytes.len() > 6
        && bytes[0] == b'+'
        && bytes[1].is_ascii_uppercase()
        && bytes[1..].iter().all(|byte| {
            byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"-. $/+%".contains(byte)
        })
}

#[cfg(test)]
mod tests {
    use super::super::ends::split_symbology;
    use super::*;

    fn check(text: &str, expected: Option<Fault>) {
        let (id, rest) = split_symbology(text);
        assert_eq!(recognised(id.map(|(id, _)| id), rest), expected, "{text:?}");
    }

    #[test]
    fn other_codes_are_recognised() {
        check("]E04006381333931", Some(Fault::LinearCode));
        check("4006381333931", Some(Fault::LinearCode));
        check("4006381333932", None);
        check("-01234562", Some(Fault::LinearCode));
        check("]C100106141412345678908", Some(Fault::LogisticLabel));
        check("00106141412345678908", Some(Fault::LogisticLabel));
        check("]Q1HTTPS://example.org/x", Some(Fault::Foreign2dCode));
        check(
            "https://example.org/01/04006381333931/21/A",
            Some(Fault::DigitalLink),
        );
        check("010400638133393121A", None);
        check("]L0anything", Some(Fault::Foreign2dCode));
        check("]G0anything", Some(Fault::LinearCode));
        assert!(is_hibc("+A99912345/9901510X3"));
        assert!(!is_hibc("+d20104"));
    }
}
