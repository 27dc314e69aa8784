//! Messages of PPN packs, and what readers returned for the symbols of the corpus.

use packtwin_core::check_digit::NumericKey;
use packtwin_core::element_string::{ElementString, Level, ScanContent, ScanData};
use packtwin_core::iso15434::{DataIdentifier, Message, MessageContent, write_format06};
use packtwin_core::ppn::Ppn;
use packtwin_core::pzn::Pzn;
use packtwin_core::symbology::{Carrier, SymbologyIdentifier};
use serde_json::Value;

use crate::conformance::Row;
use crate::conformance::corpus::text_of;

pub(super) fn format06(row: &Value, result: &mut Row) {
    let actual = Message::parse(text_of(row, "raw"));
    result.same("valid", row["valid"].as_bool(), Some(actual.is_ok()));
    let (Ok(message), Some(expected)) = (actual, row["expected"].as_object()) else {
        return;
    };
    for (key, value) in expected {
        let actual = match key.as_str() {
            "pzn8" => message
                .value(DataIdentifier::PPN)
                .and_then(|ppn| Ppn::parse(ppn).ok()?.pzn())
                .map(|pzn| pzn.to_string()),
            key => match identifier_of(key) {
                Some(identifier) => message.value(identifier).map(str::to_owned),
                None => return result.not_understood(key),
            },
        };
        result.same(key, value.as_str(), actual.as_deref());
    }
}

fn identifier_of(key: &str) -> Option<DataIdentifier> {
    Some(match key {
        "ppn" => DataIdentifier::PPN,
        "batch" => DataIdentifier::BATCH,
        "expiry" => DataIdentifier::EXPIRY,
        "serial" => DataIdentifier::SERIAL,
        "gtin" => DataIdentifier::GTIN,
        "production_date" => DataIdentifier::PRODUCTION_DATE,
        "units" => DataIdentifier::UNITS,
        "url" => DataIdentifier::URL,
        _ => return None,
    })
}

/// The text a reader returned must be read to its end and be written again as it was.
pub(super) fn symbol(row: &Value, result: &mut Row) {
    let readings = row["reader_zxing_cpp"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    for reading in readings {
        let (identifier, text) = (
            text_of(reading, "symbology_identifier"),
            text_of(reading, "text"),
        );
        let scan = format!("{identifier}{text}");
        result.same(
            "read and written again",
            Some(text),
            written_again(&scan).as_deref(),
        );
    }
}

fn written_again(scan: &str) -> Option<String> {
    let (identifier, text) = SymbologyIdentifier::split_from(scan)?;
    if identifier.carrier() == Carrier::Code39 {
        return Some(Pzn::parse_code39(text).ok()?.to_code39());
    }
    if let Ok(Message {
        content: MessageContent::Data(elements),
        ..
    }) = Message::parse(scan)
    {
        let elements: Vec<_> = elements
            .iter()
            .map(|element| (element.identifier, element.value))
            .collect();
        return Some(write_format06(&elements));
    }
    match ScanData::parse(scan, Level::Associations).ok()?.content {
        ScanContent::Elements(elements) => Some(elements.to_unbracketed()),
        ScanContent::TradeItem { digits, .. } => NumericKey::Gtin13
            .check(digits)
            .ok()
            .map(|()| digits.to_owned()),
        ScanContent::Link(link) => link.elements().to_digital_link(link.stem()).ok(),
        // GS1 data printed without FNC1 is text to the symbology, and still elements to anyone who tries.
        ScanContent::Text(text) => Some(
            ElementString::parse_unbracketed(text, Level::Associations)
                .ok()?
                .to_unbracketed(),
        ),
    }
}
