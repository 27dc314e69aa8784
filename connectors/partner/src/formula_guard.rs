//! Cells that a spreadsheet would run as a formula (OWASP "CSV injection"; security.md, section 7, "Exports").
//!
//! Text files we write put an apostrophe before such a cell and say so in a comment row of the same file, [`NOTE`]. Our
//! readers know that row and take the apostrophe away again below it, so that reading back gives the exact value.
//! Workbooks need none of this: their cells have a type.

/// The comment row that announces the rule; rows below it may hold guarded cells.
pub const NOTE: &str = "# Cells that begin with = + - @ have an apostrophe before them, so that no spreadsheet takes them for a formula.";

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
