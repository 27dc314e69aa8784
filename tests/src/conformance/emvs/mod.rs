//! Suite `emvs`: scenarios of the European system against the decision, both dialects, alert handling, diagnosis, certificates.
//!
//! A row is a sentence of the form given, when, then; [`words`] and [`scenario`] read it, and a row whose words are not
//! understood fails as such. What the row names as code of a dialect is asked through that dialect's own wire form: the request
//! is written as a client writes it, read, decided, and answered. Serves URS-VF-001 to URS-VF-016, URS-AL-003, URS-AL-004.

mod alerts;
mod bulk;
mod coding;
mod diagnosis;
mod hub;
mod scenario;
mod single;
mod site;
mod words;

use std::path::Path;

use super::corpus::{CsvRow, each_csv};
use super::{Report, Row};

pub(super) fn run(folder: &Path, report: &mut Report) {
    each_csv(folder, "scenarios.csv", report, scenario_row);
}

/// Operations decide who judges a row, groups where operations leave it open.
fn scenario_row(row: &CsvRow, result: &mut Row) {
    let operation = row.get("operation");
    match row.get("group") {
        "coding" => coding::check(row, result),
        "hub" => hub::check(row, result),
        "alert-handling" => alerts::check(row, result),
        "diagnosis" => diagnosis::check(row, result),
        "n-id" if operation.starts_with("CERT") || operation == "LOGIN" => site::check(row, result),
        _ if operation == "PARSE" => coding::check(row, result),
        _ if operation.starts_with("BULK") || operation.starts_with("MIXED_BULK") => {
            bulk::check(row, result);
        }
        _ => single::check(row, result),
    }
}

/// Notes a mismatch unless what is expected is empty, which the corpus writes for "not known".
fn same_if_given(result: &mut Row, what: &str, expected: &str, actual: &str) {
    if !expected.is_empty() {
        result.same(what, expected, actual);
    }
}
