//! What the check of a serial file found: row, code, text and, where one exists, a proposed fix (users.md 3.5 and 5).
//!
//! An error keeps its row from being stored; a warning does not. A fix is accepted by code, for all rows at once, and the
//! file is then read again with it: the stored packs always follow from file, mapping and accepted fixes alone.

use crate::code::Code;

/// Whether a row with this finding can be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The row is not stored.
    Error,
    /// The row is stored; someone should look.
    Warning,
    /// The row is stored with the proposal that someone accepted for this code.
    Fixed,
}

/// One thing found in one place of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The stable code.
    pub code: Code,
    /// Whether the row can be stored.
    pub severity: Severity,
    /// Row of a table (the heading is row 1) or line of an XML document, counted from 1; 0 for the whole file.
    pub row: u64,
    /// The column heading or element name, empty for the whole row.
    pub column: String,
    /// One sentence with the values, as users.md section 5 words it.
    pub text: String,
    /// The value that would mend it, when exactly one is plausible.
    pub proposal: Option<String>,
}

impl Finding {
    /// An error without proposal.
    pub fn error(code: Code, row: u64, column: impl Into<String>, text: impl Into<String>) -> Self {
        Finding {
            code,
            severity: Severity::Error,
            row,
            column: column.into(),
            text: text.into(),
            proposal: None,
        }
    }

    /// A warning without proposal.
    pub fn warning(
        code: Code,
        row: u64,
        column: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        Finding {
            severity: Severity::Warning,
            ..Finding::error(code, row, column, text)
        }
    }

    /// The same finding with the value that would mend it.
    pub fn proposing(mut self, proposal: impl Into<String>) -> Self {
        self.proposal = Some(proposal.into());
        self
    }
}
