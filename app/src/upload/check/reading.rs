//! The first pass of a check: rows, lots and findings as they come out of the file.
//!
//! Right rows go to the spool, faults to the findings of reading, and every lot is tallied.

use std::collections::BTreeSet;
use std::io;

use packtwin_connector_port::serial_file::{LotIndex, SeenLot, SerialFileSink, Stop};
use packtwin_core::code::Code;
use packtwin_core::finding::{Finding, Severity};
use packtwin_core::serial::Serial;

use super::Interrupted;
use crate::job::JobDesk;
use crate::upload::ledger::{FindingSums, FindingWriter};
use crate::upload::spool::{Entry, Spool};
use crate::upload::tally::Tally;

/// Findings held in memory until they stand in row order: some for each lot of an EPCIS document.
const APART_MAX: usize = 100_000;

/// What reading counted.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) rows: u64,
    pub(super) rows_fixed: u64,
    /// Rows that belong to no lot, since they could not be taken apart.
    pub(super) rows_lost: u64,
    last_fixed_row: u64,
}

/// The first pass.
pub(super) struct Reading<'a, 'h> {
    pub(super) desk: &'a JobDesk<'h>,
    pub(super) tally: Tally,
    pub(super) spool: Spool,
    pub(super) findings: FindingWriter,
    pub(super) lots_max: usize,
    pub(super) counts: Counts,
    /// Why rows were lost. Nobody knows of which lot they were, so they stand against every lot of the file.
    pub(super) lost_by: BTreeSet<Code>,
    /// Findings of rows that were passed already: of an EPCIS event's lot, which is judged when its EPCs are.
    pub(super) apart: Vec<Finding>,
    /// The row of the last finding in the file of findings.
    pub(super) last_row: u64,
    /// Findings that the file still takes.
    pub(super) findings_left: u64,
    /// Findings beyond them, which are only counted.
    pub(super) not_kept: FindingSums,
    pub(super) stopped: Option<Interrupted>,
}

impl Reading<'_, '_> {
    fn keep(&mut self, outcome: io::Result<()>) -> Result<(), Stop> {
        outcome.map_err(|error| {
            self.stopped = Some(Interrupted::Failed(error.into()));
            Stop
        })
    }
}

impl SerialFileSink for Reading<'_, '_> {
    fn lot(&mut self, lot: SeenLot) -> Result<LotIndex, Stop> {
        match self.tally.combination(lot, self.lots_max) {
            Some(index) => Ok(LotIndex(index as u32)),
            None => {
                let text = format!("the file holds more than {} lots", self.lots_max);
                self.stopped = Some(Interrupted::Refused(Code::UploadTooManyLots, text));
                Err(Stop)
            }
        }
    }

    fn row(&mut self, row: u64, lot: LotIndex, serial: Option<Serial>) -> Result<(), Stop> {
        self.counts.rows += 1;
        let combination = self.tally.stands_in(lot.0 as usize, row);
        match (serial, combination.product) {
            (Some(serial), Some(product)) => {
                let pushed = self
                    .spool
                    .push(Entry::new(product, &serial, combination.lot, row));
                self.keep(pushed)
            }
            (Some(_) | None, _) => {
                self.tally.lots[usize::from(combination.lot)].rows_wrong += 1;
                Ok(())
            }
        }
    }

    fn finding(&mut self, finding: Finding) -> Result<(), Stop> {
        if finding.severity == Severity::Fixed && finding.row != self.counts.last_fixed_row {
            self.counts.rows_fixed += 1;
            self.counts.last_fixed_row = finding.row;
        }
        if is_lost_row(&finding) {
            self.counts.rows += 1;
            self.counts.rows_lost += 1;
            self.lost_by.insert(finding.code);
        }
        if finding.row < self.last_row && self.apart.len() < APART_MAX {
            self.apart.push(finding);
            return Ok(());
        }
        self.last_row = finding.row;
        if self.findings_left == 0 {
            self.not_kept.take(&finding);
            return Ok(());
        }
        self.findings_left -= 1;
        let written = self.findings.push(&finding);
        self.keep(written)
    }

    fn progress(&mut self, bytes: u64) -> Result<(), Stop> {
        match self.desk.progress(bytes) {
            Ok(true) => Ok(()),
            Ok(false) => {
                self.stopped = Some(Interrupted::Cancelled);
                Err(Stop)
            }
            Err(error) => {
                self.stopped = Some(Interrupted::Failed(error));
                Err(Stop)
            }
        }
    }
}

/// Whether a row was found that no lot can be told of: a reader says so of the row as a whole (cut, or with other columns
/// than the heading) or of an EPC, and never hands the row over.
fn is_lost_row(finding: &Finding) -> bool {
    let of_whole_row = finding.column.is_empty() || finding.column == "epc";
    finding.severity == Severity::Error && finding.row > 0 && of_whole_row
}
