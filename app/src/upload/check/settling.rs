//! The third pass of a check: what was found in reading, in comparing and of whole lots is brought together in row order.

use packtwin_core::code::Code;
use packtwin_core::finding::{Finding, Severity};

use std::iter::Peekable;
use std::vec;

use super::Interrupted;
use super::comparing::Cross;
use crate::upload::ledger::{FindingReader, Ledger, WorkFiles};
use crate::upload::spool::{Entry, Sorted};
use crate::upload::tally::Tally;
use crate::whole_file::serial_twice;

/// The third pass: findings of reading, of comparing and `apart` from both (few, of whole lots, in any order), merged in
/// row order. Answers how many rows have a proposal for each of their errors.
pub(super) fn settle_findings(
    ledger: &mut Ledger,
    files: &WorkFiles,
    mut cross: Sorted,
    mut apart: Vec<Finding>,
    tally: &Tally,
    keep_first: bool,
) -> Result<u64, Interrupted> {
    let mut read = FindingReader::open(&files.read_findings())?;
    let mut from_read = read.next_finding()?;
    let mut from_cross = cross.next_entry()?;
    apart.sort_by_key(|finding| finding.row);
    let mut apart = apart.into_iter().peekable();
    let mut fixable = Fixable::default();
    loop {
        let next_row = match (&from_read, &from_cross) {
            (Some(finding), Some(entry)) => finding.row.min(Cross::read(entry).0),
            (Some(finding), None) => finding.row,
            (None, Some(entry)) => Cross::read(entry).0,
            (None, None) => u64::MAX,
        };
        for finding in before(&mut apart, next_row) {
            fixable.take(&finding);
            ledger.push(&finding)?;
        }
        let cross_first = match (&from_read, &from_cross) {
            (Some(finding), Some(entry)) => Cross::read(entry).0 < finding.row,
            (None, Some(_)) => true,
            (Some(_), None) => false,
            (None, None) => break,
        };
        let finding = if cross_first {
            let finding = from_cross
                .as_ref()
                .map(|entry| cross_finding(entry, tally, keep_first));
            from_cross = cross.next_entry()?;
            finding
        } else {
            let finding = from_read.take();
            from_read = read.next_finding()?;
            finding
        };
        if let Some(finding) = finding {
            fixable.take(&finding);
            ledger.push(&finding)?;
        }
    }
    drop(read);
    std::fs::remove_file(files.read_findings())?;
    Ok(fixable.finish())
}

/// The next of the sorted findings, as long as they stand before `row`.
fn before(
    sorted: &mut Peekable<vec::IntoIter<Finding>>,
    row: u64,
) -> impl Iterator<Item = Finding> + '_ {
    std::iter::from_fn(move || sorted.next_if(|finding| finding.row < row))
}

/// Counts rows all of whose errors have a proposal.
#[derive(Default)]
struct Fixable {
    row: u64,
    errors: u64,
    proposals: u64,
    rows: u64,
}

impl Fixable {
    fn take(&mut self, finding: &Finding) {
        if finding.row != self.row {
            self.close();
            self.row = finding.row;
        }
        if finding.severity == Severity::Error {
            self.errors += 1;
            self.proposals += u64::from(finding.proposal.is_some());
        }
    }

    fn close(&mut self) {
        self.rows += u64::from(self.errors > 0 && self.errors == self.proposals);
        (self.errors, self.proposals) = (0, 0);
    }

    fn finish(mut self) -> u64 {
        self.close();
        self.rows
    }
}

fn cross_finding(entry: &Entry, tally: &Tally, keep_first: bool) -> Finding {
    let (row, cross) = Cross::read(entry);
    match cross {
        Cross::Twice { first_row } => serial_twice(first_row, row, keep_first),
        Cross::Taken { product, load } => {
            let code = tally.lots.iter().find(|lot| lot.product == Some(product));
            let code = code.map_or("", |lot| lot.product_text.as_str());
            let batch = tally
                .taken_lots
                .get(&(product, load))
                .map_or("", String::as_str);
            let text = format!(
                "Row {row}: this serial already exists for this product in lot {batch}. It cannot be used again. The product \
                 is {code}."
            );
            Finding::error(Code::UploadSerialTaken, row, "serial", text)
        }
    }
}
