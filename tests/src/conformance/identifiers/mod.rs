//! Suite `identifiers`: keys, dates, element strings, links, EPCs, national codes, what readers made of
//! symbols, scanner faults and manual entry.
//!
//! Serves URS-MD-002 (check digit and code validity) and URS-SN-003 (serial character set).

mod element_strings;
mod epcs;
mod keys;
mod messages;
mod national;
mod scan;
mod table;

use std::path::Path;

use packtwin_core::element_string::ElementString;

use super::Report;
use super::corpus::{each_csv, each_json};

pub(super) fn run(folder: &Path, report: &mut Report) {
    each_csv(folder, "check_digits.csv", report, keys::check_digit);
    each_csv(folder, "dates.csv", report, keys::date);
    each_json(folder, "serial_numbers.jsonl", report, keys::serial_number);
    each_csv(
        folder,
        "german_product_codes.csv",
        report,
        national::german_product_code,
    );
    each_csv(
        folder,
        "national_codes.csv",
        report,
        national::national_code,
    );
    each_json(
        folder,
        "gs1_element_strings.jsonl",
        report,
        element_strings::element_string,
    );
    each_json(
        folder,
        "gs1_scan_data.jsonl",
        report,
        element_strings::scan_data,
    );
    each_json(
        folder,
        "digital_links.jsonl",
        report,
        element_strings::digital_link,
    );
    each_json(folder, "epc_translations.jsonl", report, epcs::translation);
    each_json(folder, "gtin_to_epc.jsonl", report, epcs::from_gtin);
    each_csv(
        folder,
        "company_prefix_lengths.csv",
        report,
        epcs::company_prefix_length,
    );
    each_json(
        folder,
        "format06_messages.jsonl",
        report,
        messages::format06,
    );
    each_json(
        &folder.join("symbols"),
        "manifest.jsonl",
        report,
        messages::symbol,
    );
    each_json(folder, "scanner_faults.jsonl", report, scan::scanner_fault);
    each_json(
        folder,
        "manual_entry_faults.jsonl",
        report,
        scan::manual_entry,
    );
    table::run(folder, report);
}

fn pairs<'a>(elements: &'a ElementString<'_>) -> Vec<(&'a str, &'a str)> {
    elements
        .elements()
        .iter()
        .map(|element| (element.ai.code(), element.value.as_ref()))
        .collect()
}
