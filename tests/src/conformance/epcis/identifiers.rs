//! Identifiers: EPC URN and Digital Link in both directions, short names, and what is an identifier at all.

use std::path::Path;

use packtwin_core::company_prefix::PrefixLength;
use packtwin_core::digital_link::DigitalLink;
use packtwin_core::element_string::Level;
use packtwin_core::epc::Epc;
use packtwin_epcis::epc_format::{to_digital_link, to_epc_urn, without_short_names};

use crate::conformance::{Report, Row};

pub(super) fn run(folder: &Path, report: &mut Report) {
    each_line(
        folder,
        "urn-digital-link-pairs.tsv",
        report,
        |columns, row| {
            let [_, direction, input, length, expected, ..] = columns else {
                return row.not_understood("too few columns");
            };
            let length = |_: &str| length.parse().ok().and_then(PrefixLength::new);
            let actual = match *direction {
                "dl-to-urn" => to_epc_urn(input, &length).map_err(str::to_owned),
                _ => to_digital_link(input).ok_or_else(|| "no EPC".to_owned()),
            };
            row.same(
                "spelled",
                Ok(*expected),
                actual.as_deref().map_err(String::as_str),
            );
        },
    );
    each_line(
        folder,
        "digital-link-shortcode-normalisation.tsv",
        report,
        |columns, row| {
            let [input, expected, ..] = columns else {
                return row.not_understood("too few columns");
            };
            let actual = without_short_names(input);
            row.same("numbered", *expected, actual.as_deref().unwrap_or(input));
        },
    );
    each_line(folder, "identifier-validity.tsv", report, |columns, row| {
        let [_, verdict, identifier, rest @ ..] = columns else {
            return row.not_understood("too few columns");
        };
        let length = rest.first().filter(|length| !length.is_empty());
        row.same(
            "valid",
            *verdict == "valid",
            is_valid(identifier, length.copied()),
        );
    });
}

/// Whether it is an identifier, and one whose company prefix can have this length.
fn is_valid(identifier: &str, length: Option<&str>) -> bool {
    if identifier.starts_with("urn:") {
        return Epc::parse(identifier).is_ok();
    }
    match length {
        None => DigitalLink::parse(identifier, Level::Content).is_ok(),
        Some(length) => to_epc_urn(identifier, &|_| {
            length.parse().ok().and_then(PrefixLength::new)
        })
        .is_ok(),
    }
}

fn each_line(folder: &Path, file: &str, report: &mut Report, check: fn(&[&str], &mut Row)) {
    let path = folder.join("identifiers").join(file);
    let reader = csv::ReaderBuilder::new()
        .delimiter(b'\t')
        .flexible(true)
        .from_path(&path);
    let Ok(mut reader) = reader else {
        return report.file_missing(format!("cannot read {}, skipped", path.display()));
    };
    for (index, record) in reader.records().enumerate() {
        let id = format!("{file}:{}", index + 2);
        report.row(&id, |row| match record {
            Ok(record) => check(&record.iter().collect::<Vec<_>>(), row),
            Err(error) => row.not_understood(&error.to_string()),
        });
    }
}
