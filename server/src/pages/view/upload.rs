//! Upload centre (users.md 3.5): the drop zone with the list beneath, and the check result of one upload with findings by
//! code, proposed fixes, and commit by lot.

use crate::pages::filters;
use crate::pages::{
    frame::Frame,
    piece::{
        Action, Code, Download, DropZone, EmptyState, Fact, FilterBar, Mark, Moment, Pager,
        Progress, Timeline, Title,
    },
};
use askama::Template;

/// `GET /uploads`
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/uploads.html")]
pub struct UploadsPage {
    /// The frame.
    pub frame: Frame,
    /// The title line.
    pub title: Title,
    /// Where a file is dropped.
    pub drop: DropZone,
    /// State, type, partner, lot, date.
    pub filter: FilterBar,
    /// The rows of this page.
    pub rows: Vec<UploadRow>,
    /// Where the page stands in the list.
    pub pager: Pager,
    /// Shown when there is no row.
    pub empty: EmptyState,
}

/// An upload in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UploadRow {
    /// Its page.
    pub href: String,
    /// The file's name as it came.
    pub file: String,
    /// Size in bytes.
    pub bytes: u64,
    /// What was recognised: "CSV", "XLSX", "EPCIS 1.2"; empty before.
    pub kind: String,
    /// Product name, or "3 products".
    pub products: String,
    /// Lot number, or "5 lots".
    pub lots: String,
    /// Rows read; `None` before the check.
    pub rows: Option<u64>,
    /// Wrong rows.
    pub errors: u64,
    /// Rows with a proposed fix.
    pub warnings: u64,
    /// Its state.
    pub state: Mark,
    /// Whole per cent while something runs; `None` otherwise.
    pub percent: Option<u64>,
    /// Who sent it.
    pub by: String,
    /// When it was created.
    pub at: Moment,
}

/// `GET /uploads/{id}`: the check result.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/upload.html")]
pub struct UploadPage {
    /// The frame.
    pub frame: Frame,
    /// The title line; the primary action commits, and says how many packs.
    pub title: Title,
    /// What was found, one sentence: "23,998 of 24,000 rows are right; 2 serials occur twice."
    pub answer: String,
    /// Progress while the file is received, checked or committed.
    pub progress: Option<Progress>,
    /// Rows that are right.
    pub rows_right: u64,
    /// Rows that a proposed fix would make right.
    pub rows_fixable: u64,
    /// Rows that are wrong and have no fix.
    pub rows_wrong: u64,
    /// File, size, SHA-256, kind, encoding, separator, mapping, partner, times.
    pub facts: Vec<Fact>,
    /// Findings by code, the gravest first.
    pub findings: Vec<FindingGroup>,
    /// Lots in the file.
    pub lots: Vec<UploadLot>,
    /// Where chosen lots are committed; empty when none can be chosen.
    pub commit_chosen: String,
    /// Change mapping, reject all, cancel.
    pub actions: Vec<Action>,
    /// Original, corrected file, error file.
    pub downloads: Vec<Download>,
    /// History, newest first.
    pub timeline: Timeline,
}

/// All findings of one code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FindingGroup {
    /// Stable code: "UPL-013".
    pub code: String,
    /// What it means, one sentence.
    pub sentence: String,
    /// "wrong", "fixable", "warning".
    pub mark: Mark,
    /// Rows with this code, exact.
    pub count: u64,
    /// Whether the proposals have been accepted.
    pub is_accepted: bool,
    /// "Accept 120 fixes" or "Take the fixes back"; none where there is no fix.
    pub accept: Option<Action>,
    /// "They are right as they are", where that can be said.
    pub keep: Option<Action>,
    /// The first ten rows.
    pub rows: Vec<FindingRow>,
    /// All rows of this code.
    pub all_href: String,
}

/// One row with a finding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FindingRow {
    /// Row number in the file, from 1, the header counted.
    pub row: u64,
    /// Column heading as it stands in the file.
    pub column: String,
    /// What would stand there; `None` without a proposal.
    pub proposal: Option<String>,
    /// The whole sentence with its values.
    pub message: String,
}

/// A lot found in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UploadLot {
    /// Product name.
    pub product: String,
    /// Product code.
    pub code: Code,
    /// Lot number.
    pub lot: Code,
    /// Expiry as printed.
    pub expiry: String,
    /// Rows that can be committed now.
    pub rows_right: u64,
    /// Rows that cannot.
    pub rows_wrong: u64,
    /// "can be committed", "blocked", "committed".
    pub state: Mark,
    /// Its number in the file, when it can be chosen for the commit.
    pub pick: Option<u32>,
    /// Commit this lot, refused with reason, or none once committed.
    pub commit: Option<Action>,
}

/// `GET /uploads/{id}/findings`: every finding, or those of one code, in the order of rows.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/findings.html")]
pub struct FindingsPage {
    /// The frame.
    pub frame: Frame,
    /// The title line.
    pub title: Title,
    /// The code in force, as a chip.
    pub filter: FilterBar,
    /// The rows of this page.
    pub rows: Vec<FindingRow>,
    /// Where the page stands in the list.
    pub pager: Pager,
    /// Shown when there is no row.
    pub empty: EmptyState,
}
