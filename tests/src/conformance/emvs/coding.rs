//! Rows about codes: German numbers and how they are packed, and whole scanned codes.

use packtwin_core::gtin::Gtin;
use packtwin_core::ppn::Ppn;
use packtwin_core::pzn::Pzn;
use packtwin_core::scan::{Capture, DeviceContext, ScanInput, diagnose};

use super::scenario::{GTIN, now};
use super::words::value_behind;
use crate::conformance::Row;
use crate::conformance::corpus::CsvRow;

const GS: &str = "\u{1d}";

pub(super) fn check(row: &CsvRow, result: &mut Row) {
    let value = row.get("input_variation");
    let extra = row.get("expect_extra");
    let valid = match row.get("operation") {
        "ENCODE_PZN" => match Pzn::parse(value) {
            Ok(pzn) => {
                let (ppn, ntin) = (pzn.to_ppn(), pzn.to_ntin());
                for (label, actual) in [("PPN", ppn.as_str()), ("NTIN", ntin.as_str())] {
                    if let Some(expected) = value_behind(extra, &[label]) {
                        result.same(label, expected, actual);
                    }
                }
                true
            }
            Err(_) => false,
        },
        "CHECK_PZN" => verdict(
            Pzn::parse(value).map_err(|error| error.to_string()),
            extra,
            result,
        ),
        "CHECK_PPN" => verdict(
            Ppn::parse(value).map_err(|error| error.to_string()),
            extra,
            result,
        ),
        "CHECK_NTIN" | "CHECK_GTIN" => verdict(
            Gtin::parse(value).map_err(|error| error.to_string()),
            extra,
            result,
        ),
        "PARSE" => return parse(row, value, result),
        other => return result.not_understood(&format!("operation {other}")),
    };
    let actual = if valid { "OK" } else { "INVALID" };
    result.same("outcome", row.get("expect_outcome"), actual);
}

/// A refusal names the digits that should stand there: `check digits must be 14`.
fn verdict<T>(read: Result<T, String>, extra: &str, result: &mut Row) -> bool {
    match read {
        Ok(_) => true,
        Err(error) => {
            if let Some(expected) = value_behind(extra, &["must be"]) {
                result.same(
                    "expected digits told",
                    true,
                    error.contains(&format!("expected {expected}")),
                );
            }
            false
        }
    }
}

/// A whole code: in the envelope of Format 06 as written, or our own pack with further identifiers.
fn parse(row: &CsvRow, value: &str, result: &mut Row) {
    let code = match value.split_once("envelope:") {
        Some((_, elements)) => {
            let elements = elements.trim().replace(" <GS> ", GS).replace("<GS>", GS);
            format!("[)>\u{1e}06{GS}{elements}\u{1e}\u{4}")
        }
        None if value.contains("application identifier") => {
            let mut code = format!("]d201{GTIN}");
            for identifier in value
                .split(|c: char| !c.is_ascii_digit())
                .filter(|word| (2..=4).contains(&word.len()))
            {
                match identifier {
                    "21" | "10" | "17" | "01" => {}
                    "11" | "13" | "15" => code += &format!("{identifier}260101"),
                    other => code += &format!("{other}12345678{GS}"),
                }
            }
            code + &format!("21S7K2M9Q4{GS}17290630{GS}10LB42")
        }
        None => return result.not_understood(&format!("code {value}")),
    };
    let input = ScanInput {
        raw: &code,
        capture: Capture::Characters,
    };
    let diagnosis = diagnose(&input, &DeviceContext::unknown(now().year()));
    let Some(data) = &diagnosis.data else {
        return result.same("outcome", row.get("expect_outcome"), "INVALID");
    };
    let whole = data.product_code.is_some()
        && data.serial.is_some()
        && data.batch.is_some()
        && data.expiry.is_some();
    result.same(
        "outcome",
        row.get("expect_outcome"),
        if whole { "OK" } else { "INVALID" },
    );
    let text = |value: Option<String>| value.unwrap_or_default();
    let extra = row.get("expect_extra");
    for (label, actual) in [
        (
            "scheme",
            text(
                data.product_code
                    .map(|code| code.scheme().to_string().to_uppercase()),
            ),
        ),
        ("code", text(data.product_code.map(|code| code.to_string()))),
        ("batch", text(data.batch.map(|batch| batch.to_string()))),
        ("expiry", text(data.expiry.map(|expiry| expiry.to_string()))),
        ("serial", text(data.serial.map(|serial| serial.to_string()))),
    ] {
        let label = format!("{label} ");
        let part = extra
            .split(',')
            .map(str::trim)
            .find_map(|part| part.strip_prefix(&label));
        if let Some(expected) = part {
            result.same(label.trim(), expected, actual.as_str());
        }
    }
}
