//! The check: the whole file is read, nothing is stored, everything is found.
//!
//! Three passes in flat memory. Reading finds the faults of single rows and spools the right ones; the sorted rows show
//! duplicates in the file and against the store; then all findings are brought together in row order. What remains is a
//! file of sorted rows, from which the commit stores packs.

mod comparing;
mod reading;
mod settling;

use std::collections::{BTreeMap, BTreeSet};

use packtwin_connector_port::serial_file::ReadRefused;
use packtwin_core::code::Code;
use packtwin_core::finding::Finding;
use packtwin_core::ids::UploadId;
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::store::upload::{UploadRecord, UploadState};
use packtwin_tenants::store::upload_result::{FindingSum, UploadLot};

use self::comparing::compare_rows;
use self::reading::{Counts, Reading};
use self::settling::settle_findings;
use super::judge::{judge_lots, lot_findings};
use super::ledger::{FindingSums, FindingWriter, Ledger, WorkFiles};
use super::read::{ReadOrder, read_serial_file};
use super::spool::Spool;
use super::tally::{LotTally, Tally};
use super::{CheckSummary, UploadDetail, audit_name, upload_of};
use crate::error::AppError;
use crate::job::{JobDesk, JobEnd};

/// The kind of the check's job.
pub const CHECK_JOB: &str = "upload.check";

/// Runs the check of the upload that the job names.
///
/// # Errors
/// The store or a file failed; the job is tried again by whoever claims it next.
pub fn run_check(desk: &JobDesk<'_>) -> Result<JobEnd, AppError> {
    let id: UploadId = desk.object().parse().map_err(|_| AppError::NotFound)?;
    let upload = desk.scope().read(|reader| upload_of(reader, id))?;
    if upload.state != UploadState::Checking {
        return Ok(JobEnd::done(
            "the upload is no longer waiting for its check",
        ));
    }
    let mut detail = UploadDetail::from_record(&upload);
    let files = WorkFiles::new(desk.scope().blobs().work_folder(id)?);
    let outcome = match check(desk, &upload, &detail, &files) {
        Ok(outcome) => outcome,
        Err(Interrupted::Cancelled) => return Ok(JobEnd::Cancelled),
        Err(Interrupted::Refused(code, text)) => {
            detail.refused = Some((code.as_str().to_owned(), text.clone()));
            return fail(desk, id, &detail, code, &text);
        }
        Err(Interrupted::Failed(error)) => return Err(error),
    };
    detail.summary = Some(outcome.summary);
    detail.notes = outcome.notes;
    detail.manufactured = manufactured(&outcome.tally);
    detail.refused = detail.commit_undone.clone();
    let lots: Vec<UploadLot> = outcome
        .tally
        .lots
        .iter()
        .enumerate()
        .map(|(index, lot)| lot.stored(index))
        .collect();
    desk.scope().change(desk.now(), |writer| {
        writer.upload_findings_replace(id, &outcome.sums)?;
        writer.upload_lots_replace(id, &lots)?;
        writer.upload_state(id, &[UploadState::Checking], UploadState::Checked, Some(&detail.to_json()), None)?;
        let told = serde_json::json!({ "rows": outcome.summary.rows, "wrong": outcome.summary.rows_wrong });
        crate::webhook::announce(writer, "upload.checked", &id.to_string(), &told)?;
        Ok::<_, AppError>(AuditNote::new("upload.checked", audit_name(id)).detail(told).returning(()))
    })?;
    Ok(JobEnd::done(format!(
        "{} rows, {} wrong",
        outcome.summary.rows, outcome.summary.rows_wrong
    )))
}

fn manufactured(tally: &Tally) -> BTreeMap<u32, String> {
    let day = |(index, lot): (usize, &LotTally)| {
        let day = lot.head.as_ref()?.manufactured?;
        Some((u32::try_from(index).ok()?, day.to_string()))
    };
    tally.lots.iter().enumerate().filter_map(day).collect()
}

fn fail(
    desk: &JobDesk<'_>,
    id: UploadId,
    detail: &UploadDetail,
    code: Code,
    text: &str,
) -> Result<JobEnd, AppError> {
    desk.scope().change(desk.now(), |writer| {
        writer.upload_state(
            id,
            &[UploadState::Checking],
            UploadState::Failed,
            Some(&detail.to_json()),
            None,
        )?;
        let told = serde_json::json!({ "code": code.as_str(), "text": text });
        crate::webhook::announce(writer, "upload.checked", &id.to_string(), &told)?;
        Ok::<_, AppError>(
            AuditNote::new("upload.refused", audit_name(id))
                .detail(told)
                .returning(()),
        )
    })?;
    Ok(JobEnd::Failed(format!("{code}: {text}")))
}

/// Everything a check learns.
struct Outcome {
    summary: CheckSummary,
    notes: Vec<String>,
    tally: Tally,
    sums: Vec<FindingSum>,
}

/// Why a check did not come to its end.
enum Interrupted {
    Cancelled,
    /// The file cannot be read as a whole.
    Refused(Code, String),
    Failed(AppError),
}

impl<E: Into<AppError>> From<E> for Interrupted {
    fn from(error: E) -> Self {
        Interrupted::Failed(error.into())
    }
}

fn codes_of(words: &[String]) -> BTreeSet<Code> {
    let named = |code: &Code| words.iter().any(|word| word == code.as_str());
    Code::ALL.iter().copied().filter(named).collect()
}

fn check(
    desk: &JobDesk<'_>,
    upload: &UploadRecord,
    detail: &UploadDetail,
    files: &WorkFiles,
) -> Result<Outcome, Interrupted> {
    let (accepted, kept) = (codes_of(&detail.accepted), codes_of(&detail.kept));
    let settings = desk.house().settings();
    let mut reading = Reading {
        desk,
        tally: Tally::default(),
        spool: Spool::new(files.folder(), "rows", settings.sort_rows_max),
        findings: FindingWriter::create(&files.read_findings())?,
        lots_max: settings.upload_lots_max,
        counts: Counts::default(),
        lost_by: BTreeSet::new(),
        apart: Vec::new(),
        last_row: 0,
        findings_left: settings.findings_listed_max,
        not_kept: FindingSums::default(),
        stopped: None,
    };
    let sha256 = upload.sha256.ok_or(AppError::NotFound)?;
    let order = ReadOrder {
        path: &desk.scope().blobs().path(&sha256),
        mapping: detail.mapping.as_deref(),
        accepted: &accepted,
        kept: &kept,
        lots_max: u32::try_from(settings.upload_lots_max)
            .unwrap_or(u32::MAX)
            .saturating_mul(4),
        at: desk.now(),
    };
    desk.begin(upload.bytes_received);
    let read = read_serial_file(&order, &mut reading);
    if let Some(stopped) = reading.stopped {
        return Err(stopped);
    }
    let mut notes = match read {
        Ok(summary) => {
            // They stand in no row, so they go to the findings of the whole file.
            reading.apart.extend(
                summary
                    .not_taken
                    .into_iter()
                    .map(|text| Finding::warning(Code::UploadNotTaken, 0, "", text)),
            );
            summary.notes
        }
        Err(ReadRefused::File(finding)) => {
            return Err(Interrupted::Refused(finding.code, finding.text));
        }
        Err(ReadRefused::Io(error)) => return Err(Interrupted::Failed(error.into())),
        Err(ReadRefused::Stopped(_)) => return Err(Interrupted::Cancelled),
    };
    if reading.counts.rows == 0 {
        let text = "the file has no row with a pack; there is nothing in it to check or to store";
        return Err(Interrupted::Refused(Code::UploadEmpty, text.to_owned()));
    }
    let Reading {
        mut tally,
        spool,
        findings,
        counts,
        lost_by,
        mut apart,
        not_kept,
        ..
    } = reading;
    findings.finish()?;
    for lot in &mut tally.lots {
        lost_by.iter().for_each(|code| lot.block(*code));
    }

    let mut ledger = Ledger::create(&files.findings(), settings.findings_listed_max)?;
    let mut cross = Spool::new(files.folder(), "cross", settings.sort_rows_max);
    judge_lots(desk.scope(), upload.id, &mut tally)?;
    let sorted = spool.into_sorted()?;
    let keep_first = accepted.contains(&Code::UploadSerialTwiceInFile);
    let dropped = compare_rows(
        desk, upload.id, &mut tally, sorted, files, &mut cross, keep_first,
    )?;
    apart.extend(lot_findings(&tally));
    let cross = cross.into_sorted()?;
    let fixable = settle_findings(&mut ledger, files, cross, apart, &tally, keep_first)?;

    let rows_right: u64 = tally.lots.iter().map(LotTally::rows_storable).sum();
    let all: u64 = tally
        .lots
        .iter()
        .map(|lot| lot.rows_right + lot.rows_wrong)
        .sum();
    let summary = CheckSummary {
        rows: counts.rows,
        rows_right,
        rows_fixed: counts.rows_fixed + dropped,
        rows_wrong: all + counts.rows_lost - rows_right,
        rows_fixable: fixable,
        lots_right: tally.lots.iter().filter(|lot| lot.is_right()).count() as u64,
        lots: tally.lots.len() as u64,
    };
    let (sums, unlisted) = ledger.finish(not_kept)?;
    if unlisted > 0 {
        notes.push(format!(
            "{unlisted} findings beyond the first {} are counted and not listed. Correct what is listed and send the file again.",
            settings.findings_listed_max
        ));
    }
    Ok(Outcome {
        summary,
        notes,
        tally,
        sums,
    })
}
