//! What came of each row: which of its expectations did not hold.

use std::fmt::Debug;

/// The rows of a run, with what is to be said besides.
pub struct Report {
    only: Option<String>,
    rows: Vec<Row>,
    notes: Vec<String>,
    files_missing: usize,
}

/// One row: its id and the expectations that did not hold.
pub struct Row {
    id: String,
    mismatches: Vec<String>,
}

impl Report {
    /// A report of all rows, or only of the one with this id.
    pub fn new(only: Option<String>) -> Self {
        Self {
            only,
            rows: Vec::new(),
            notes: Vec::new(),
            files_missing: 0,
        }
    }

    /// Runs `check` for the row `id`, unless another row was asked for.
    pub fn row(&mut self, id: &str, check: impl FnOnce(&mut Row)) {
        if self.only.as_ref().is_some_and(|only| only != id) {
            return;
        }
        let mut row = Row {
            id: id.to_owned(),
            mismatches: Vec::new(),
        };
        check(&mut row);
        self.rows.push(row);
    }

    /// Something to be printed in a line of its own.
    pub fn note(&mut self, line: String) {
        self.notes.push(line);
    }

    /// A file of the corpus that could not be read; counts as skipped.
    pub fn file_missing(&mut self, line: String) {
        self.notes.push(line);
        self.files_missing += 1;
    }

    /// The rows in the order in which they ran.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(super) fn notes(&self) -> &[String] {
        &self.notes
    }

    pub(super) fn files_missing(&self) -> usize {
        self.files_missing
    }
}

impl Row {
    /// Notes a mismatch unless `actual` is as `expected`.
    pub fn same<E: Debug + PartialEq<A>, A: Debug>(&mut self, what: &str, expected: E, actual: A) {
        if expected != actual {
            self.mismatches
                .push(format!("{what}: expected {expected:?}, actual {actual:?}"));
        }
    }

    /// Notes that the row itself could not be understood.
    pub fn not_understood(&mut self, why: &str) {
        self.mismatches
            .push(format!("the row was not understood: {why}"));
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn is_right(&self) -> bool {
        self.mismatches.is_empty()
    }

    pub(super) fn describe(&self) -> String {
        format!("{} {}", self.id, self.mismatches.join("; "))
    }
}
