//! Scanner faults and manual entry (URS-VF-011, URS-VF-010): does the diagnosis find what happened, and is it never wrong
//! where it is certain?
//!
//! Two tolerances, both stated by the corpus: a row that expects `ok` may be called `suspect` with low confidence if no
//! symbology identifier proves the layout (the plain reading must be the first); and of a code cut inside its last value
//! nothing is left to see, so that `ok` is the only answer the text allows.

use packtwin_core::scan::manual::{self, Field};
use packtwin_core::scan::{
    Capture, Confidence, DeviceContext, Diagnosis, ScanInput, ScannedData, Verdict, diagnose,
};
use serde_json::Value;

use crate::conformance::Row;
use crate::conformance::corpus::text_of;

/// The year from which the corpus looks at centuries.
const REFERENCE_YEAR: i32 = 2026;

const FIELDS: [&str; 5] = ["product_code", "serial", "batch", "expiry", "nhrn"];

pub(super) fn scanner_fault(row: &Value, result: &mut Row) {
    let mut context = DeviceContext::unknown(REFERENCE_YEAR);
    let known = |key: &str| row["context"][key].as_str().map(str::to_owned);
    (context.scanner_layout, context.host_layout) = (known("scanner_layout"), known("host_layout"));
    let capture = match text_of(row, "capture") {
        "key_events" => Capture::KeyEvents,
        _ => Capture::Characters,
    };
    let raw = text_of(row, "raw");
    let diagnosis = diagnose(&ScanInput { raw, capture }, &context);
    result.same("raw", raw, diagnosis.raw.as_str());
    let expected = &row["expected"];
    if is_invisible_cut(expected, &diagnosis) {
        return;
    }
    check_verdict(expected, &diagnosis, result);
    check_data(expected, &diagnosis, result);
    check_faults(expected, &diagnosis, result);
    if let Some(most) = expected["confidence"].as_str().and_then(confidence) {
        result.same("too confident", false, diagnosis.confidence > most);
    }
    let scheme = diagnosis.scheme.map(|scheme| scheme.as_str());
    if let Some(expected) = expected["scheme"].as_str() {
        result.same("scheme", Some(expected), scheme);
    }
}

/// Whether the row is a code cut where nothing shows it: expected without data, and read as any whole code is.
fn is_invisible_cut(expected: &Value, diagnosis: &Diagnosis) -> bool {
    let truncated = expected["faults"]
        .as_array()
        .is_some_and(|faults| faults.iter().any(|fault| fault == "truncated"));
    let only_remarks = diagnosis.faults.iter().all(|fault| fault.is_remark());
    truncated
        && expected["verdict"] == "suspect"
        && expected["data"].is_null()
        && diagnosis.verdict == Verdict::Ok
        && only_remarks
}

fn check_verdict(expected: &Value, diagnosis: &Diagnosis, result: &mut Row) {
    let doubted = expected["verdict"] == "ok"
        && diagnosis.verdict == Verdict::Suspect
        && diagnosis.confidence == Confidence::Low
        && diagnosis.symbology.is_none();
    if !doubted {
        result.same(
            "verdict",
            text_of(expected, "verdict"),
            diagnosis.verdict.as_str(),
        );
    }
}

/// Exact data where it is certain, the truth among the candidates where it is not, and none where there is none.
fn check_data(expected: &Value, diagnosis: &Diagnosis, result: &mut Row) {
    let data = &expected["data"];
    match text_of(expected, "verdict") {
        "ok" | "repaired" => {
            for field in FIELDS {
                let actual = diagnosis
                    .data
                    .as_ref()
                    .and_then(|data| field_of(data, field));
                result.same(field, data[field].as_str(), actual.as_deref());
            }
        }
        "rejected" | "not_a_unique_identifier" => {
            result.same("data given", false, diagnosis.data.is_some());
        }
        _ if data.is_null() => {}
        _ => {
            let agrees = |found: &ScannedData| {
                FIELDS.iter().all(|field| {
                    data[*field].is_null()
                        || data[*field].as_str() == field_of(found, field).as_deref()
                })
            };
            let offered = diagnosis
                .candidates
                .iter()
                .any(|candidate| agrees(&candidate.data));
            result.same("truth among the candidates", true, offered);
            let wrong = diagnosis.is_certain() && !diagnosis.data.as_ref().is_some_and(agrees);
            result.same("certain and wrong", false, wrong);
        }
    }
}

fn check_faults(expected: &Value, diagnosis: &Diagnosis, result: &mut Row) {
    let found: Vec<&str> = diagnosis.faults.iter().map(|fault| fault.label()).collect();
    let missing = |labels: &Value| -> Vec<String> {
        let labels = labels.as_array().map(Vec::as_slice).unwrap_or_default();
        labels
            .iter()
            .filter_map(Value::as_str)
            .filter(|label| !found.contains(label))
            .map(str::to_owned)
            .collect()
    };
    let also = expected["also_accept_faults"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if !also.iter().any(|labels| missing(labels).is_empty()) {
        result.same(
            "faults missing",
            Vec::<String>::new(),
            missing(&expected["faults"]),
        );
    }
}

fn field_of(data: &ScannedData, field: &str) -> Option<String> {
    match field {
        "product_code" => data.product_code.map(|code| code.as_str().to_owned()),
        "serial" => data.serial.map(|serial| serial.to_string()),
        "batch" => data.batch.map(|batch| batch.to_string()),
        "expiry" => data.expiry.map(|expiry| expiry.raw().to_owned()),
        _ => data.nhrn.clone(),
    }
}

fn confidence(name: &str) -> Option<Confidence> {
    [Confidence::Low, Confidence::Medium, Confidence::High]
        .into_iter()
        .find(|confidence| confidence.as_str() == name)
}

pub(super) fn manual_entry(row: &Value, result: &mut Row) {
    let field = match text_of(row, "field") {
        "product_code" => Field::ProductCode,
        "pzn8" => Field::Pzn8,
        "serial" => Field::Serial,
        "batch" => Field::Batch,
        "expiry" => Field::Expiry,
        _ => return result.not_understood("field"),
    };
    let found = manual::candidates(field, text_of(row, "typed"), REFERENCE_YEAR);
    let truth = text_of(row, "true_value");
    let wanted = row["true_value_must_be_candidate"].as_bool();
    result.same(
        "truth among the candidates",
        wanted,
        Some(found.contains(truth)),
    );
    if row["unique_without_lookup"] == true {
        result.same("the only candidate", Some(truth), found.only());
    }
    if wanted == Some(false) {
        result.same("candidates", 0, found.candidates.len());
        result.same(
            "refused as",
            Some(text_of(row, "fault")),
            found.refused.map(|fault| fault.label()),
        );
    }
}
