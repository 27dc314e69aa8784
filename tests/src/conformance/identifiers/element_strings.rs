//! Element strings, scan data and Digital Links, with all validations of the reference engine.

use packtwin_core::digital_link::{CANONICAL_STEM, DigitalLink};
use packtwin_core::element_string::{ElementString, Level, ScanContent, ScanData};
use serde_json::Value;

use super::pairs;
use crate::conformance::Row;
use crate::conformance::corpus::{pairs_of, text_of};

const LEVEL: Level = Level::Associations;

pub(super) fn element_string(row: &Value, result: &mut Row) {
    let actual = ElementString::parse_bracketed(text_of(row, "bracketed"), LEVEL);
    result.same("valid", row["valid"].as_bool(), Some(actual.is_ok()));
    let Some(elements) = actual.ok().filter(|_| row["valid"] == Value::Bool(true)) else {
        return;
    };
    result.same("elements", pairs_of(row), pairs(&elements));
    let unbracketed = elements.to_unbracketed();
    result.same(
        "unbracketed",
        text_of(row, "unbracketed"),
        unbracketed.as_str(),
    );
    result.same(
        "bracketed again",
        text_of(row, "bracketed"),
        elements.to_bracketed().as_str(),
    );
    let link = elements.to_digital_link(CANONICAL_STEM).ok();
    result.same(
        "digital link",
        row["digital_link"].as_str(),
        link.as_deref(),
    );
    let scan = text_of(row, "scan_data");
    let read = ScanData::parse(scan, LEVEL).ok();
    result.same(
        "scan data",
        Some(&elements),
        read.as_ref().and_then(ScanData::elements),
    );
    result.same(
        "unbracketed read",
        Ok(elements),
        ElementString::parse_unbracketed(&unbracketed, LEVEL),
    );
}

pub(super) fn scan_data(row: &Value, result: &mut Row) {
    let actual = ScanData::parse(text_of(row, "scan_data"), LEVEL);
    result.same("valid", row["valid"].as_bool(), Some(actual.is_ok()));
    let Some(data) = actual.ok().filter(|_| row["valid"] == Value::Bool(true)) else {
        return;
    };
    result.same(
        "symbology",
        text_of(row, "symbology_identifier"),
        data.symbology.to_string().as_str(),
    );
    let elements = data.elements().cloned().unwrap_or_default();
    result.same("elements", pairs_of(row), pairs(&elements));
    let bracketed = data.elements().map(ElementString::to_bracketed);
    result.same("bracketed", row["bracketed"].as_str(), bracketed.as_deref());
    canonical(row, &data, result);
}

/// What the reference engine calls the data of a symbol: plain text as it is, elements with `^` for every FNC1 and separator
/// that was there, needed or not. The product must read the same out of it.
fn canonical(row: &Value, data: &ScanData<'_>, result: &mut Row) {
    let canonical = text_of(row, "canonical");
    let separated = canonical.replace('^', "\u{1d}");
    match (&data.content, separated.split_once('\u{1d}')) {
        (ScanContent::Elements(elements), Some(("", rest))) => {
            result.same(
                "canonical",
                Ok(elements.clone()),
                ElementString::parse_unbracketed(rest, LEVEL),
            );
        }
        (
            ScanContent::TradeItem {
                digits,
                composite: Some(elements),
            },
            Some((front, rest)),
        ) => {
            result.same("canonical digits", front, format!("{digits}|").as_str());
            result.same(
                "canonical",
                Ok(elements.clone()),
                ElementString::parse_unbracketed(rest, LEVEL),
            );
        }
        (
            ScanContent::TradeItem {
                digits,
                composite: None,
            },
            None,
        ) => result.same("canonical", canonical, *digits),
        (ScanContent::Link(link), None) => {
            result.same(
                "canonical",
                Ok(link.clone()),
                DigitalLink::parse(canonical, LEVEL),
            );
        }
        (ScanContent::Text(text), _) => result.same("canonical", canonical, *text),
        (content, _) => result.same("canonical", canonical, format!("{content:?}").as_str()),
    }
}

pub(super) fn digital_link(row: &Value, result: &mut Row) {
    let actual = DigitalLink::parse(text_of(row, "uri"), LEVEL);
    result.same("valid", row["valid"].as_bool(), Some(actual.is_ok()));
    let Some(link) = actual.ok().filter(|_| row["valid"] == Value::Bool(true)) else {
        return;
    };
    result.same("elements", pairs_of(row), pairs(link.elements()));
    result.same(
        "bracketed",
        text_of(row, "bracketed"),
        link.elements().to_bracketed().as_str(),
    );
}
