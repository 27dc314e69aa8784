//! The trial of a mapping on a page: the first rows as they are read with it, and what is found in the others.

use chrono::Datelike;

use packtwin_app::upload::{MappingTrial as Tried, UploadDetail};
use packtwin_core::finding::Finding;
use packtwin_core::product_code::ProductCode;
use packtwin_core::time::Timestamp;
use packtwin_partner::mapping::{Column, Field as Meaning, Mapping};

use super::mapping::MEANINGS;
use crate::http::page::sentence;
use crate::pages::view::mapping::{MappingTrial, TrialCell, TrialRow};
use crate::pages::view::upload::FindingRow;

/// First rows that are shown as they are read.
const ROWS: usize = 10;
/// Findings of other rows that are shown.
const FINDINGS: usize = 20;

/// What a mapping makes of a file's first rows.
pub(super) fn trial(
    detail: &UploadDetail,
    mapping: &Mapping,
    tried: &Tried,
    now: Timestamp,
) -> MappingTrial {
    let read: Vec<(Meaning, &str)> = MEANINGS
        .into_iter()
        .filter(|(meaning, _)| *meaning != Meaning::Ignore && source(mapping, *meaning).is_some())
        .collect();
    let first_row = mapping.skip_rows + 1 + u64::from(mapping.heading);
    let year = now.date().year();
    let rows: Vec<TrialRow> = detail
        .first_rows
        .iter()
        .take(ROWS)
        .zip(first_row..)
        .map(|(cells, row)| TrialRow {
            row,
            cells: read
                .iter()
                .map(|(meaning, _)| {
                    let (text, column) = value(mapping, detail, cells, *meaning);
                    TrialCell {
                        fault: fault(&tried.findings, row, *meaning, &column),
                        text: as_read(mapping, *meaning, text, year),
                    }
                })
                .collect(),
        })
        .collect();
    let shown = first_row..first_row + rows.len() as u64;
    MappingTrial {
        rows_tried: tried.rows,
        rows_right: tried.rows_right,
        headings: read.iter().map(|(_, words)| (*words).into()).collect(),
        rows,
        findings: tried
            .findings
            .iter()
            .filter(|finding| !shown.contains(&finding.row))
            .take(FINDINGS)
            .map(|finding| FindingRow {
                row: finding.row,
                column: finding.column.clone(),
                proposal: finding.proposal.clone(),
                message: sentence(&finding.text),
            })
            .collect(),
    }
}

/// Where a meaning's values come from.
enum Source<'m> {
    Column(&'m Column),
    Fixed(&'m str),
}

fn source(mapping: &Mapping, meaning: Meaning) -> Option<Source<'_>> {
    let column = mapping.columns.iter().find(|(given, _)| *given == meaning);
    let fixed = mapping.fixed.iter().find(|(given, _)| *given == meaning);
    match (column, fixed) {
        (Some((_, column)), _) => Some(Source::Column(column)),
        (None, Some((_, value))) => Some(Source::Fixed(value)),
        (None, None) => None,
    }
}

/// The text of one cell, and the heading of its column.
fn value<'t>(
    mapping: &'t Mapping,
    detail: &'t UploadDetail,
    cells: &'t [String],
    meaning: Meaning,
) -> (&'t str, String) {
    let place = match source(mapping, meaning) {
        None => return ("", String::new()),
        Some(Source::Fixed(value)) => return (value, String::new()),
        Some(Source::Column(Column::Number(number))) => number.checked_sub(1),
        Some(Source::Column(Column::Heading(heading))) => {
            detail.heading.iter().position(|given| given == heading)
        }
    };
    let of = |texts: &'t [String]| place.and_then(|place| texts.get(place)).map(String::as_str);
    (
        of(cells).unwrap_or_default(),
        of(&detail.heading).unwrap_or_default().to_owned(),
    )
}

/// A code and a date as they are understood; what is not understood stands as it was written.
fn as_read(mapping: &Mapping, meaning: Meaning, text: &str, year: i32) -> String {
    let text = text.trim();
    let understood = match meaning {
        Meaning::ProductCode => ProductCode::parse(text)
            .ok()
            .map(|code| code.as_str().to_owned()),
        Meaning::Expiry => mapping
            .date_format
            .read(text, year)
            .map(crate::http::page::lot::printed),
        _ => None,
    };
    understood.unwrap_or_else(|| text.to_owned())
}

/// What is wrong with a cell: a finding of its row names its column, by heading or by meaning.
fn fault(findings: &[Finding], row: u64, meaning: Meaning, column: &str) -> Option<String> {
    let is_here = |finding: &&Finding| {
        finding.row == row && (finding.column == column || finding.column == meaning.as_str())
    };
    let finding = findings.iter().find(is_here)?;
    Some(format!("{} ({})", sentence(&finding.text), finding.code))
}

#[cfg(test)]
mod tests {
    use packtwin_core::code::Code;

    use super::*;

    #[test]
    fn the_first_rows_are_shown_as_they_are_read_with_their_faults() {
        let texts = |row: &[&str]| row.iter().map(|text| (*text).to_owned()).collect();
        let detail = UploadDetail {
            heading: texts(&["SN", "Code", "Use by"]),
            first_rows: vec![
                texts(&["AB1", "04150123456782", "311200"]),
                texts(&["1.2E+13", "rubbish", "3112"]),
            ],
            ..UploadDetail::default()
        };
        let heading = |text: &str| Column::Heading(text.to_owned());
        let mapping = Mapping {
            columns: vec![
                (Meaning::Expiry, heading("Use by")),
                (Meaning::Serial, Column::Number(1)),
                (Meaning::ProductCode, heading("Code")),
            ],
            fixed: vec![(Meaning::Batch, "L1".to_owned())],
            heading: true,
            ..Mapping::default()
        };
        let mut tried = Tried::default();
        tried.findings = vec![
            Finding::error(Code::UploadSpreadsheetNumber, 3, "SN", "serial was changed"),
            Finding::error(Code::UploadSpreadsheetNumber, 90, "SN", "another one"),
        ];
        let now = Timestamp::parse("2026-11-22T08:00:00Z").unwrap();
        let trial = trial(&detail, &mapping, &tried, now);
        assert_eq!(trial.headings, ["Serial", "Product code", "Lot", "Expiry"]);
        let cells = |row: usize| -> Vec<&str> {
            let cells = trial.rows[row].cells.iter();
            cells.map(|cell| cell.text.as_str()).collect()
        };
        assert_eq!(cells(0), ["AB1", "04150123456782", "L1", "2031-12"]);
        assert_eq!(cells(1), ["1.2E+13", "rubbish", "L1", "3112"]);
        assert_eq!(trial.rows[1].row, 3);
        let fault = trial.rows[1].cells[0].fault.as_deref().unwrap();
        assert!(fault.starts_with("Serial was changed."), "{fault}");
        assert_eq!(trial.rows[0].cells[0].fault, None);
        assert_eq!(trial.findings.len(), 1, "{:?}", trial.findings);
    }
}
