//! Cells that a spreadsheet would run as a formula (OWASP "CSV injection"; security.md, section 7, "Exports").
//!
//! Text files we write put an apostrophe before such a cell and say so in a comment row of the same file. Our readers know
//! that row and take the apostrophe away again below it, so that reading back gives what was written. The row says too
//! whether checked values stand there, such as a serial that begins with `=`, or cells of somebody's file, in which `=1+1`
//! is a formula still: an error file must not make a value of it. Workbooks need none of this: their cells have a type.

/// What guarded cells hold; rows below the row that announces it may be such cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Checked values, exactly.
    Exact,
    /// Cells of a file that is being mended, formulas among them.
    AsReceived,
}

impl Guard {
    /// The comment row that announces the rule.
    pub const fn note(self) -> &'static str {
        match self {
            Guard::Exact => {
                "# Cells that begin with = + - @ have an apostrophe before them, so that no spreadsheet takes them for a formula."
            }
            Guard::AsReceived => {
                "# Cells that begin with = + - @ have an apostrophe before them, so that no spreadsheet runs them. They stand here as they were received."
            }
        }
    }

    /// The rule that a comment row announces.
    pub fn announced_by(row: &[u8]) -> Option<Self> {
        [Guard::Exact, Guard::AsReceived]
            .into_iter()
            .find(|guard| guard.note().as_bytes() == row)
    }
}

/// Whether a spreadsheet would take the cell for a formula, or for a cell that is guarded already.
pub fn needs_guard(cell: &str) -> bool {
    cell.trim_start_matches('\'')
        .starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// The value of a cell that was written with a guard.
pub fn without_guard(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(inner) if needs_guard(inner) => inner,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guard_and_back_is_the_same_cell() {
        for cell in [
            "=1+1", "+A", "-7", "@x", "'=A", "''-", "plain", "'quoted", "", "a=b",
        ] {
            let written = match needs_guard(cell) {
                true => format!("'{cell}"),
                false => cell.to_owned(),
            };
            assert!(!written.starts_with(['=', '+', '-', '@']));
            assert_eq!(without_guard(&written), cell);
        }
    }
}
