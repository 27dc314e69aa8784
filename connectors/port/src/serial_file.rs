//! What a reader of serial files hands over: lots, rows and findings, in one pass and constant memory.
//!
//! CSV, XLSX and EPCIS readers differ in how they find the values; from here on they are the same. A reader interns the
//! lot columns, so that a file of two million rows makes a handful of [`SeenLot`]s and two million cheap rows.

use packtwin_core::fact::LotHead;
use packtwin_core::finding::Finding;
use packtwin_core::serial::Serial;

/// The number of a [`SeenLot`] within one file, counted from 0 in the order of appearance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LotIndex(pub u32);

/// A distinct combination of product, batch and dates as the file writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenLot {
    /// The product code as written.
    pub product_text: String,
    /// The batch as written.
    pub batch_text: String,
    /// The expiry as written.
    pub expiry_text: String,
    /// The checked values; `None` when one of them has an error, which was reported as a finding.
    pub head: Option<LotHead>,
}

/// The receiver asks the reader to stop: cancelled, or a limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("reading was stopped")]
pub struct Stop;

/// Receives what a reader finds. Rows come in file order.
pub trait SerialFileSink {
    /// A combination that was not seen before. Its findings, if any, follow once for the row where it first stood.
    ///
    /// # Errors
    /// [`Stop`] when no further lot is taken.
    fn lot(&mut self, lot: SeenLot) -> Result<LotIndex, Stop>;

    /// One row. `serial` is `None` when the row has an error of its own.
    ///
    /// # Errors
    /// [`Stop`] when no further row is taken.
    fn row(&mut self, row: u64, lot: LotIndex, serial: Option<Serial>) -> Result<(), Stop>;

    /// Something found in a row or in the whole file.
    ///
    /// # Errors
    /// [`Stop`] when no further finding is taken.
    fn finding(&mut self, finding: Finding) -> Result<(), Stop>;

    /// How many bytes of the file were read so far; called every few thousand rows.
    ///
    /// # Errors
    /// [`Stop`] when the work was cancelled.
    fn progress(&mut self, bytes: u64) -> Result<(), Stop>;
}
