//! EPC URIs and company prefix lengths.

use packtwin_core::batch_number::BatchNumber;
use packtwin_core::company_prefix::{Declared, PrefixLength, Published};
use packtwin_core::digital_link::CANONICAL_STEM;
use packtwin_core::element_string::Level;
use packtwin_core::epc::{Epc, read_sgtin};
use packtwin_core::gtin::Gtin;
use packtwin_core::serial::Serial;
use serde_json::Value;

use super::pairs;
use crate::conformance::Row;
use crate::conformance::corpus::{CsvRow, pairs_of, text_of};

pub(super) fn translation(row: &Value, result: &mut Row) {
    let uri = text_of(row, "epc_uri");
    let actual = Epc::parse(uri);
    result.same("valid", row["valid"].as_bool(), Some(actual.is_ok()));
    let Some(epc) = actual.ok().filter(|_| row["valid"] == Value::Bool(true)) else {
        return;
    };
    result.same("elements", pairs_of(row), pairs(epc.elements()));
    // The corpus writes brackets inside values as they are, without the mark that would let them be read again.
    let element_string = epc.elements().to_bracketed().replace(r"\(", "(");
    result.same(
        "element string",
        text_of(row, "element_string"),
        element_string.as_str(),
    );
    result.same(
        "prefix length",
        row["gcp_length"].as_u64(),
        Some(epc.prefix_length().digits() as u64),
    );
    result.same("URI again", uri, epc.to_string().as_str());
    let link = epc.elements().to_digital_link(CANONICAL_STEM).ok();
    result.same(
        "digital link",
        row["digital_link"].as_str(),
        link.as_deref(),
    );
    let faults = epc.elements().check(Level::Associations);
    result.same(
        "syntax valid",
        row["syntax_valid"].as_bool(),
        Some(faults.is_empty()),
    );
    result.same(
        "from elements",
        Ok(epc.clone()),
        Epc::from_elements(epc.elements(), epc.prefix_length()),
    );
}

pub(super) fn from_gtin(row: &Value, result: &mut Row) {
    let gtin = Gtin::parse(text_of(row, "gtin14"));
    let length = row["gcp_length"]
        .as_u64()
        .and_then(|digits| PrefixLength::new(digits as usize));
    let (Ok(gtin), Some(length)) = (gtin, length) else {
        return result.not_understood("gtin14 or gcp_length");
    };
    let expected = text_of(row, "epc_uri");
    if let Some(Ok(serial)) = row["serial"].as_str().map(Serial::parse) {
        result.same(
            "EPC",
            expected,
            Epc::sgtin(&gtin, &serial, length).to_string().as_str(),
        );
        result.same(
            "class",
            text_of(row, "class_uri"),
            Epc::gtin_pattern(&gtin, length).to_string().as_str(),
        );
        result.same(
            "read quickly",
            Some((gtin, serial, length)),
            read_sgtin(expected),
        );
    } else if let Some(Ok(batch)) = row["lot"].as_str().map(BatchNumber::parse) {
        result.same(
            "EPC",
            expected,
            Epc::lgtin(&gtin, &batch, length).to_string().as_str(),
        );
    } else {
        return result.not_understood("neither serial nor lot");
    }
    let read = Epc::parse(expected).map(|epc| {
        (
            epc.elements().value("01") == Some(gtin.as_str()),
            epc.prefix_length(),
        )
    });
    result.same("read back", Ok((true, length)), read);
}

/// The list of lengths changes, so the row stands in for it: the length must come from what was declared or published, and
/// from nowhere else.
pub(super) fn company_prefix_length(row: &CsvRow, result: &mut Row) {
    let Ok(gtin) = Gtin::parse(row.get("gtin14")) else {
        return result.not_understood("gtin14");
    };
    let expected: Option<usize> = row.get("length").parse().ok();
    result.same(
        "a URN can be formed",
        row.is("urn_possible"),
        expected.is_some(),
    );
    result.same("nothing declared", None, Declared::default().of_gtin(&gtin));
    result.same(
        "nothing published",
        None,
        Published::default().of_gtin(&gtin),
    );
    let declared = Declared::new(row.given("company_prefix"));
    let found = declared.map(|declared| declared.of_gtin(&gtin).map(PrefixLength::digits));
    result.same("declared", Ok(expected), found);
    let range = format!("{} {}", &gtin.as_str()[1..4], expected.unwrap_or(0));
    let found = Published::parse(&range)
        .map(|published| published.of_gtin(&gtin).map(PrefixLength::digits));
    result.same("published", Ok(expected), found);
}
