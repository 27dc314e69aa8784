//! Reads the files of a corpus folder: CSV with a header, or one JSON object a line.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

use super::{Report, Row};

/// A row of a CSV file, by column name.
pub struct CsvRow(HashMap<String, String>);

impl CsvRow {
    /// The value of a column; empty if there is no such column.
    pub fn get(&self, column: &str) -> &str {
        self.0.get(column).map_or("", String::as_str)
    }

    /// The value of a column unless it is empty.
    pub fn given(&self, column: &str) -> Option<&str> {
        Some(self.get(column)).filter(|value| !value.is_empty())
    }

    /// The same row with another value in one column.
    pub fn replacing(&self, column: &str, value: &str) -> CsvRow {
        let mut row = self.0.clone();
        row.insert(column.to_owned(), value.to_owned());
        CsvRow(row)
    }

    /// Whether a column says `true`.
    pub fn is(&self, column: &str) -> bool {
        self.get(column) == "true"
    }
}

/// Runs `check` for every row of a CSV file whose first column is `id`.
pub fn each_csv(folder: &Path, file: &str, report: &mut Report, check: fn(&CsvRow, &mut Row)) {
    let path = folder.join(file);
    let rows = csv::Reader::from_path(&path).and_then(|mut reader| {
        reader
            .deserialize::<HashMap<String, String>>()
            .collect::<Result<Vec<_>, _>>()
    });
    match rows {
        Ok(rows) => rows
            .into_iter()
            .map(CsvRow)
            .for_each(|row| report.row(row.get("id"), |result| check(&row, result))),
        Err(error) => {
            report.file_missing(format!("cannot read {}: {error}, skipped", path.display()))
        }
    }
}

/// Runs `check` for every line of a file with one JSON object a line.
pub fn each_json(folder: &Path, file: &str, report: &mut Report, check: fn(&Value, &mut Row)) {
    let path = folder.join(file);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            return report
                .file_missing(format!("cannot read {}: {error}, skipped", path.display()));
        }
    };
    for (index, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        match serde_json::from_str::<Value>(line) {
            Ok(row) => report.row(text_of(&row, "id"), |result| check(&row, result)),
            Err(error) => report.row(&format!("{file}:{}", index + 1), |row| {
                row.not_understood(&error.to_string())
            }),
        }
    }
}

/// The text under a key; empty if there is none.
pub fn text_of<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_default()
}

/// The `elements` of a row as pairs of identifier and value.
pub fn pairs_of(row: &Value) -> Vec<(&str, &str)> {
    let elements = row["elements"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    elements
        .iter()
        .map(|element| (text_of(element, "ai"), text_of(element, "value")))
        .collect()
}
