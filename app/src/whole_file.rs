//! Findings that no row shows by itself, in the one wording that uploads and translations share (users.md 5: UPL-013,
//! UPL-021).

use packtwin_core::code::Code;
use packtwin_core::finding::{Finding, Severity};

/// A serial that stands in two rows of a file. `keep_first` says that the proposal, to keep the first row, was accepted.
pub(crate) fn serial_twice(first_row: u64, row: u64, keep_first: bool) -> Finding {
    let text = format!(
        "Rows {first_row} and {row}: the same serial twice in this file. Keep the first, or reject the lot."
    );
    let severity = match keep_first {
        true => Severity::Fixed,
        false => Severity::Error,
    };
    let finding = Finding::error(Code::UploadSerialTwiceInFile, row, "serial", text);
    Finding {
        severity,
        ..finding
    }
    .proposing(format!("keep row {first_row}"))
}

/// A lot with two expiry dates; the second one stands first in `row`.
pub(crate) fn two_expiries(batch: &str, first: &str, other: &str, row: u64) -> String {
    format!(
        "Lot {batch}: two expiry dates ({first}, {other}) in one file. One lot has one expiry. The second first stands in row {row}."
    )
}
