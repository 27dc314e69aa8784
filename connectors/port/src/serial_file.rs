//! What a reader of serial files hands over: lots, rows and findings, in one pass and constant memory.
//!
//! CSV, XLSX and EPCIS readers differ in how they find the values; from here on they are the same. A reader interns the
//! lot columns, so that a file of two million rows makes a handful of [`SeenLot`]s and two million cheap rows.

use std::collections::BTreeSet;
use std::io;

use packtwin_core::code::Code;
use packtwin_core::fact::LotHead;
use packtwin_core::finding::{Finding, Severity};
use packtwin_core::product_code::ProductCode;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;

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
    /// The market as written, empty when the file names none.
    pub market_text: String,
    /// The product, when its code alone has no error.
    pub product: Option<ProductCode>,
    /// The checked values; `None` when one of them has an error, which was reported as a finding.
    pub head: Option<LotHead>,
    /// The codes of these errors, in the order of their findings; empty when the head is there.
    pub flawed_by: Vec<Code>,
}

/// The receiver asks the reader to stop: cancelled, or a limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("reading was stopped")]
pub struct Stop;

/// Receives what a reader finds. Rows come in file order.
pub trait SerialFileSink {
    /// A combination that was not seen before. Its findings, if any, follow for the row where it first stood; a reader of
    /// tables tells its errors and fixes again for each further row, since each of them has the value.
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

/// What a reader is told beside the file itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadSettings {
    /// When the file is read: the century of two-digit years and the warning about a passed expiry follow from it.
    pub at: Timestamp,
    /// The codes whose proposals someone accepted: such rows are read with the proposal.
    pub accepted: BTreeSet<Code>,
    /// The codes whose values someone said to be right as they are: told as warnings, and never mended.
    pub kept: BTreeSet<Code>,
    /// How many [`SeenLot`]s one file may hold; beyond it the file is refused with `UPL-044`.
    pub lots_max: u32,
    /// How many bytes a workbook may produce when it is unpacked (security.md, section 7).
    pub unpacked_bytes_max: u64,
}

impl ReadSettings {
    /// The defaults: nothing accepted, 10,000 lots, 1 GiB unpacked.
    pub fn new(at: Timestamp) -> Self {
        ReadSettings {
            at,
            accepted: BTreeSet::new(),
            kept: BTreeSet::new(),
            lots_max: 10_000,
            unpacked_bytes_max: 1 << 30,
        }
    }

    /// Whether the proposals of this code are to be used.
    pub fn accepts(&self, code: Code) -> bool {
        self.accepted.contains(&code) && !self.kept.contains(&code)
    }

    /// Whether values with this code are right as they are.
    pub fn keeps(&self, code: Code) -> bool {
        self.kept.contains(&code)
    }
}

/// What was read, counted. `rows` is exact: heading, comments and blank rows are not among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileSummary {
    /// Rows with a pack, right or wrong; in EPCIS the EPCs of commissioning events.
    pub rows: u64,
    /// Rows handed over with a serial; their lot may still be wrong.
    pub rows_with_serial: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// Distinct combinations of lot columns.
    pub lots: u32,
    /// Findings that keep a row from being stored.
    pub errors: u64,
    /// Findings that only want a look.
    pub warnings: u64,
    /// Findings mended by an accepted proposal.
    pub fixed: u64,
    /// What the reader saw and did not take, or took although a person may not have seen it, in whole sentences: other sheets,
    /// other events, cases and pallets, hidden rows. A warning `UPL-051` each.
    pub not_taken: Vec<String>,
    /// What else is worth a look, in whole sentences.
    pub notes: Vec<String>,
}

impl FileSummary {
    /// Counts a finding.
    pub fn count(&mut self, severity: Severity) {
        match severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
            Severity::Fixed => self.fixed += 1,
        }
    }
}

/// Why a file was not read to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReadRefused {
    /// The file itself stands in the way: unknown, unsafe, cut, or unmapped. The finding has row 0 or the row where
    /// reading ended, and no row after it was looked at.
    #[error("{}", .0.text)]
    File(Box<Finding>),
    /// The receiver asked to stop.
    #[error(transparent)]
    Stopped(#[from] Stop),
    /// The bytes could not be fetched.
    #[error("the file could not be read")]
    Io(#[from] io::Error),
}

impl ReadRefused {
    /// A refusal of the whole file.
    pub fn file(code: Code, text: impl Into<String>) -> Self {
        ReadRefused::at_row(code, 0, text)
    }

    /// A refusal at the row or line where reading ended.
    pub fn at_row(code: Code, row: u64, text: impl Into<String>) -> Self {
        ReadRefused::File(Box::new(Finding::error(code, row, "", text)))
    }

    /// The code of a refused file.
    pub fn code(&self) -> Option<Code> {
        match self {
            ReadRefused::File(finding) => Some(finding.code),
            ReadRefused::Stopped(_) | ReadRefused::Io(_) => None,
        }
    }
}
