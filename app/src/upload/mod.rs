//! Road 1, first half: a file lands, is recognised, checked without consequences, mended, and committed.
//!
//! The stored packs follow from three things alone: the original, kept byte for byte under its hash; the mapping; and which
//! codes had their proposals accepted or their values kept. Whoever has the three can repeat the check and gets the same
//! result.
//! Serves URS-SN-005 to URS-SN-008.

mod check;
mod commit;
mod decide;
mod judge;
mod ledger;
mod read;
mod receive;
mod report;
mod spool;
mod stretch;
mod tally;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use packtwin_core::ids::{MappingId, UploadId};
use packtwin_tenants::scope::Reader;
use packtwin_tenants::store::upload::UploadRecord;
use packtwin_tenants::store::upload_result::UploadLot;

pub use self::check::{CHECK_JOB, run_check};
pub(crate) use self::commit::commit_cancelled;
pub use self::commit::{COMMIT_JOB, run_commit};
pub use self::decide::{
    Decision, KEEPABLE, MappingChoice, MappingTrial, change_decision, request_commit, try_mapping,
    withdraw,
};
pub use self::ledger::{FindingReader, severity_from, severity_word};
pub use self::read::{EPCIS_KIND, ReadOrder, read_serial_file};
pub use self::receive::{
    BeginUpload, Begun, Completed, append_part, begin_dry_run, begin_upload, complete_upload,
    find_upload,
};
pub use self::report::{each_finding, findings_page, write_error_file};
pub use self::spool::{Entry, EntryFile, EntryWriter, Sorted, Spool};

use crate::error::AppError;

/// What the app keeps of an upload beside its state: how it was read and what was decided.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UploadDetail {
    /// What the content turned out to be, in words: `CSV, separator ";", UTF-8, 5 columns`.
    pub description: String,
    /// The heading of a table.
    pub heading: Vec<String>,
    /// The first rows of a table, for the mapping editor.
    pub first_rows: Vec<Vec<String>>,
    /// Why the file cannot be read at all, what its columns leave open, or why its last commit stored nothing: code and
    /// sentence.
    pub refused: Option<(String, String)>,
    /// Why the last commit stored nothing, told beside the check that follows it, until someone decides again.
    pub commit_undone: Option<(String, String)>,
    /// The upload that brought the same content first, when this one only repeated it (UPL-001).
    pub same_as: Option<String>,
    /// The column mapping in its text form; none for files that need none.
    pub mapping: Option<String>,
    /// The stored mapping it was taken from.
    pub mapping_id: Option<String>,
    /// Codes whose proposals were accepted.
    pub accepted: Vec<String>,
    /// Codes whose values someone said to be right as they are.
    pub kept: Vec<String>,
    /// Sums of the last check.
    pub summary: Option<CheckSummary>,
    /// What else the file holds and was not taken, in sentences.
    pub notes: Vec<String>,
    /// Manufacturing dates of the lots of the last check, by index.
    pub manufactured: BTreeMap<u32, String>,
    /// The lots that were asked to be committed, by index; empty means every correct one.
    pub commit: Vec<u32>,
}

/// Sums of a check.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CheckSummary {
    /// Rows of the file, without its heading.
    pub rows: u64,
    /// Rows that can be stored, as they are or thanks to an accepted proposal.
    pub rows_right: u64,
    /// Rows to which an accepted proposal was applied; among them repeated rows, which are left out.
    pub rows_fixed: u64,
    /// Rows that cannot be stored.
    pub rows_wrong: u64,
    /// Rows that could be stored if the proposals were accepted.
    pub rows_fixable: u64,
    /// Lots of which every row can be stored.
    pub lots_right: u64,
    /// All lots.
    pub lots: u64,
}

impl CheckSummary {
    /// Rows with which nothing is wrong any more: stored, or left out as agreed.
    pub fn rows_settled(&self) -> u64 {
        self.rows.saturating_sub(self.rows_wrong)
    }
}

impl UploadDetail {
    /// Reads the stored form; a form that cannot be read is an empty one.
    pub fn from_record(record: &UploadRecord) -> Self {
        serde_json::from_str(&record.detail).unwrap_or_default()
    }

    /// The stored form.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The upload that brought the same content first, when this one only repeated it.
    pub fn same_as(&self) -> Option<UploadId> {
        self.same_as.as_deref().and_then(|id| id.parse().ok())
    }

    /// The stored mapping it was taken from.
    pub fn mapping_id(&self) -> Option<MappingId> {
        self.mapping_id.as_deref().and_then(|id| id.parse().ok())
    }
}

/// How an upload is named in the audit trail.
fn audit_name(id: UploadId) -> String {
    format!("upload {id}")
}

/// More lots than any file may hold.
const LOTS_ALL: i64 = 100_000;

fn all_lots(reader: &mut Reader<'_>, id: UploadId) -> Result<Vec<UploadLot>, AppError> {
    Ok(reader.upload_lots(id, None, LOTS_ALL)?)
}

fn upload_of(reader: &mut Reader<'_>, id: UploadId) -> Result<UploadRecord, AppError> {
    reader.upload_get(id)?.ok_or(AppError::NotFound)
}
