//! Check digits, dates and serial numbers.

use packtwin_core::check_digit::{NumericKey, NumericKeyError, gs1_check_digit};
use packtwin_core::expiry::Expiry;
use packtwin_core::gtin::{Gtin, GtinError};
use packtwin_core::serial::Serial;
use packtwin_core::serial_rules::{SerialRule, has_confusable};
use serde_json::Value;

use crate::conformance::Row;
use crate::conformance::corpus::{CsvRow, text_of};

pub(super) fn check_digit(row: &CsvRow, result: &mut Row) {
    let Some(kind) = kind_of(row.get("kind")) else {
        return result.not_understood(row.get("kind"));
    };
    let value = row.get("value");
    let reason = match kind.check(value) {
        Ok(()) => "",
        Err(NumericKeyError::Length { .. }) => "length",
        Err(NumericKeyError::Characters { .. }) => "non_digit",
        Err(NumericKeyError::CheckDigit { .. }) => "check_digit",
    };
    result.same("valid", row.is("valid"), reason.is_empty());
    result.same("reason", row.get("reason"), reason);
    if let Some(expected) = row.given("expected_check_digit") {
        let body = value
            .get(..value.len().saturating_sub(1))
            .unwrap_or_default();
        let actual = gs1_check_digit(body.as_bytes()).map(|digit| digit.to_string());
        result.same("check digit", Some(expected), actual.as_deref());
    }
    if let Some(expected) = row.given("gtin14") {
        let actual = match Gtin::parse(value) {
            Ok(gtin) => gtin.to_string(),
            // Right as a number, refused as a product: the product has no such GTIN, only its padded digits.
            Err(GtinError::AllZeros { value }) => format!("{value:0>14}"),
            Err(error) => error.to_string(),
        };
        result.same("14 digits", expected, actual.as_str());
    }
}

fn kind_of(name: &str) -> Option<NumericKey> {
    Some(match name {
        "GTIN-8" => NumericKey::Gtin8,
        "GTIN-12" => NumericKey::Gtin12,
        "GTIN-13" => NumericKey::Gtin13,
        "GTIN-14" => NumericKey::Gtin14,
        "SSCC" => NumericKey::Sscc,
        "GLN" => NumericKey::Gln,
        "GSRN" => NumericKey::Gsrn,
        "GSIN" => NumericKey::Gsin,
        _ => return None,
    })
}

pub(super) fn date(row: &CsvRow, result: &mut Row) {
    let Some(Ok(year)) = row.get("reference_date").get(..4).map(str::parse) else {
        return result.not_understood("reference_date");
    };
    let actual = Expiry::parse(row.get("value"), year);
    result.same("valid", row.is("valid"), actual.is_ok());
    if let (true, Ok(expiry)) = (row.is("valid"), actual) {
        result.same(
            "date",
            row.get("iso_date"),
            expiry.last_day().to_string().as_str(),
        );
        result.same(
            "day unspecified",
            row.is("day_unspecified"),
            expiry.day_unspecified(),
        );
        result.same("text", row.get("value"), expiry.raw());
    }
}

pub(super) fn serial_number(row: &Value, result: &mut Row) {
    let serial = text_of(row, "serial");
    let is = |key: &str| row[key] == Value::Bool(true);
    for (key, rule) in [
        ("gs1_valid", SerialRule::Gs1),
        ("emvs_alnum", SerialRule::EuAlphanumeric),
        ("mdlp_valid", SerialRule::Mdlp),
    ] {
        result.same(key, is(key), rule.accepts(serial));
    }
    result.same("serial", is("gs1_valid"), Serial::parse(serial).is_ok());
    result.same(
        "has_confusable",
        is("has_confusable"),
        has_confusable(serial),
    );
}
