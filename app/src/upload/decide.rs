//! Decisions about a checked file: which columns mean what, which proposals are accepted, what is committed, and that it
//! is taken back. Each decision reads the file again or stores it; none changes the original.

use std::collections::BTreeSet;

use packtwin_connector_port::serial_file::{
    LotIndex, ReadRefused, ReadSettings, SeenLot, SerialFileSink, Stop,
};
use packtwin_core::batch_number::BatchNumber;
use packtwin_core::code::Code;
use packtwin_core::finding::Finding;
use packtwin_core::ids::{JobId, MappingId, UploadId};
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_core::role::Permission;
use packtwin_core::serial::Serial;
use packtwin_partner::mapping::Mapping;
use packtwin_partner::recognise::{Recognised, recognise};
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::scope::{Reader, Writer};
use packtwin_tenants::store::job::NewJob;
use packtwin_tenants::store::upload::{UploadPurpose, UploadRecord, UploadState};
use packtwin_tenants::store::upload_result::UploadLot;

use super::commit::is_right;
use super::receive::{queue_check, require_state};
use super::{COMMIT_JOB, UploadDetail, all_lots, audit_name, upload_of};
use crate::desk::Desk;
use crate::error::AppError;
use crate::market::market_standing;

/// Rows on which a mapping is tried (users.md 3.5).
const TRIAL_ROWS: u64 = 1_000;

/// States in which a file can still be decided about.
const OPEN: [UploadState; 5] = [
    UploadState::NeedsDecision,
    UploadState::Checked,
    UploadState::Failed,
    UploadState::PartlyCommitted,
    UploadState::Recognised,
];

/// Which mapping to read a file with.
#[derive(Debug, Clone)]
pub enum MappingChoice {
    /// Keep the present one.
    Keep,
    /// This one, in its text form.
    Text(String),
    /// A stored one.
    Stored(MappingId),
}

/// How to read a file from now on.
#[derive(Debug, Clone)]
pub struct Decision {
    /// The mapping.
    pub mapping: MappingChoice,
    /// The codes whose proposals are accepted; `None` keeps the present set.
    pub accepted: Option<BTreeSet<Code>>,
    /// The codes whose values are right as they are; `None` keeps the present set.
    pub kept: Option<BTreeSet<Code>>,
}

/// The findings of which someone can say that the values are right as they are: only those that are a guess of ours.
pub const KEEPABLE: [Code; 1] = [Code::UploadLeadingZeroLost];

/// Takes a decision and queues a new check.
///
/// # Errors
/// REQ-400 when a value is to be kept that cannot be right; /// UPL-043 while the file is being worked on or is committed; UPL-007 when the mapping lacks a field.
pub fn change_decision(desk: &Desk<'_>, id: UploadId, decision: Decision) -> Result<(), AppError> {
    desk.require(Permission::UploadsWrite)?;
    desk.scope().change(desk.now(), |writer| {
        let upload = upload_of(writer, id)?;
        require_state(
            &upload,
            &OPEN,
            "it can be decided about once it was checked",
        )?;
        let mut detail = UploadDetail::from_record(&upload);
        detail.commit_undone = None;
        if let Some(kept) = &decision.kept {
            Refusals::check(never_kept(kept))?;
            detail.kept = words_of(kept);
        }
        choose_mapping(writer, &mut detail, &decision.mapping)?;
        if let Some(accepted) = &decision.accepted {
            detail.accepted = words_of(accepted);
        }
        let job = queue_check(writer, &upload)?;
        let told = serde_json::json!({ "accepted": detail.accepted, "kept": detail.kept, "mapping": detail.mapping });
        let moved = writer.upload_state(
            id,
            &OPEN,
            UploadState::Checking,
            Some(&detail.to_json()),
            Some(job),
        )?;
        if !moved {
            return Err(AppError::Stale);
        }
        Ok(AuditNote::new("upload.decided", audit_name(id))
            .detail(told)
            .returning(()))
    })
}

fn words_of(codes: &BTreeSet<Code>) -> Vec<String> {
    codes.iter().map(|code| code.as_str().to_owned()).collect()
}

fn never_kept(kept: &BTreeSet<Code>) -> Vec<Refusal> {
    let wrong = kept.iter().filter(|code| !KEEPABLE.contains(code));
    let refusal = |code: &Code| {
        let text = format!("a value with {code} cannot be right as it is");
        Refusal::at(Code::RequestMalformed, "/keep", text)
    };
    wrong.map(refusal).collect()
}

fn choose_mapping(
    writer: &mut Writer<'_>,
    detail: &mut UploadDetail,
    choice: &MappingChoice,
) -> Result<(), AppError> {
    let text = match choice {
        MappingChoice::Keep => return Ok(()),
        MappingChoice::Text(text) => {
            detail.mapping_id = None;
            text.clone()
        }
        MappingChoice::Stored(id) => {
            let stored = writer.mapping_get(*id)?.ok_or(AppError::NotFound)?;
            detail.mapping_id = Some(id.to_string());
            stored.data
        }
    };
    complete_mapping(&text)?;
    detail.mapping = Some(text);
    Ok(())
}

/// A mapping that names every field without which no pack can be stored.
pub(super) fn complete_mapping(text: &str) -> Result<Mapping, AppError> {
    let mapping = Mapping::parse(text).map_err(|error| {
        AppError::refuse_at(Code::UploadMappingNeeded, "/mapping", error.to_string())
    })?;
    let missing: Vec<&str> = mapping
        .missing()
        .into_iter()
        .map(|field| field.as_str())
        .collect();
    if missing.is_empty() {
        return Ok(mapping);
    }
    let text = format!(
        "no column or fixed value is named for: {}",
        missing.join(", ")
    );
    Err(AppError::refuse_at(
        Code::UploadMappingNeeded,
        "/mapping",
        text,
    ))
}

/// What a mapping makes of the first rows.
#[derive(Debug, Default)]
pub struct MappingTrial {
    /// Rows that were read.
    pub rows: u64,
    /// Rows that could be stored, as far as the row itself tells.
    pub rows_right: u64,
    /// Lots that were seen, as the file writes them.
    pub lots: Vec<SeenLot>,
    /// What was found, at most a hundred.
    pub findings: Vec<Finding>,
    lots_right: Vec<bool>,
}

/// Findings shown of a trial.
const TRIAL_FINDINGS_MAX: usize = 100;

impl SerialFileSink for MappingTrial {
    fn lot(&mut self, lot: SeenLot) -> Result<LotIndex, Stop> {
        self.lots_right.push(lot.head.is_some());
        self.lots.push(lot);
        Ok(LotIndex((self.lots_right.len() - 1) as u32))
    }

    fn row(&mut self, _row: u64, lot: LotIndex, serial: Option<Serial>) -> Result<(), Stop> {
        self.rows += 1;
        let right = serial.is_some()
            && self
                .lots_right
                .get(lot.0 as usize)
                .copied()
                .unwrap_or(false);
        self.rows_right += u64::from(right);
        if self.rows == TRIAL_ROWS {
            Err(Stop)
        } else {
            Ok(())
        }
    }

    fn finding(&mut self, finding: Finding) -> Result<(), Stop> {
        if self.findings.len() < TRIAL_FINDINGS_MAX {
            self.findings.push(finding);
        }
        Ok(())
    }

    fn progress(&mut self, _bytes: u64) -> Result<(), Stop> {
        Ok(())
    }
}

/// Tries a mapping on the first rows of a received file; stores nothing.
///
/// # Errors
/// The file is not received yet or no table; UPL-007.
pub fn try_mapping(desk: &Desk<'_>, id: UploadId, text: &str) -> Result<MappingTrial, AppError> {
    desk.require(Permission::UploadsRead)?;
    let upload = desk.scope().read(|reader| upload_of(reader, id))?;
    let (mut file, recognised) = open_recognised(desk, &upload)?;
    let mapping = complete_mapping(text)?;
    let mut trial = MappingTrial::default();
    let settings = ReadSettings::new(desk.now());
    match packtwin_partner::read(&mut file, &recognised, &mapping, &settings, &mut trial) {
        Ok(_) | Err(ReadRefused::Stopped(_)) => Ok(trial),
        Err(ReadRefused::File(finding)) => {
            Err(AppError::refuse(finding.code, finding.text.clone()))
        }
        Err(ReadRefused::Io(error)) => Err(error.into()),
    }
}

fn open_recognised(
    desk: &Desk<'_>,
    upload: &UploadRecord,
) -> Result<(std::fs::File, Recognised), AppError> {
    let not_yet = || AppError::refuse(Code::UploadState, "the file has not arrived completely yet");
    let sha256 = upload.sha256.ok_or_else(not_yet)?;
    let mut file = desk.scope().blobs().open(&sha256)?;
    let recognised = recognise(&mut file)
        .map_err(|refused| AppError::refuse(Code::UploadNotRecognised, refused.to_string()))?;
    Ok((file, recognised))
}

/// Asks for the correct lots, or the named ones, to be committed. Answers the job.
///
/// # Errors
/// UPL-043, UPL-045: nothing correct was chosen; a named lot has errors. UPL-050: it is a dry run.
pub fn request_commit(desk: &Desk<'_>, id: UploadId, lots: Vec<u32>) -> Result<JobId, AppError> {
    desk.require(Permission::UploadsWrite)?;
    let states = [UploadState::Checked, UploadState::PartlyCommitted];
    desk.scope().change(desk.now(), |writer| {
        let upload = upload_of(writer, id)?;
        if upload.purpose == UploadPurpose::DryRun {
            let text = "this upload is a dry run and can never be committed";
            return Err(AppError::refuse(Code::UploadDryRun, text));
        }
        require_state(&upload, &states, "it can be committed once it was checked")?;
        let chosen: Vec<_> = all_lots(writer, id)?
            .into_iter()
            .filter(|lot| lot.load.is_none() && (lots.is_empty() || lots.contains(&lot.index)))
            .collect();
        let wrong: Vec<&str> = chosen
            .iter()
            .filter(|lot| !is_right(lot))
            .map(|lot| lot.batch_text.as_str())
            .collect();
        if !lots.is_empty() && !wrong.is_empty() {
            let text = format!(
                "these lots have errors and cannot be committed: {}",
                wrong.join(", ")
            );
            return Err(AppError::refuse_at(
                Code::UploadNothingToCommit,
                "/lots",
                text,
            ));
        }
        let right: Vec<_> = chosen.iter().filter(|lot| is_right(lot)).collect();
        if right.is_empty() {
            return Err(AppError::refuse(
                Code::UploadNothingToCommit,
                "no correct lot is left to commit",
            ));
        }
        Refusals::check(closed_since_check(writer, &right)?)?;
        let packs = right.iter().map(|lot| lot.rows_right).sum::<u64>();
        let mut detail = UploadDetail::from_record(&upload);
        detail.commit = lots;
        (detail.refused, detail.commit_undone) = (None, None);
        let job = writer.job_create(&NewJob {
            kind: COMMIT_JOB,
            object: &id.to_string(),
            input: "{}",
            total: packs,
            unit: "packs",
        })?;
        if !writer.upload_state(
            id,
            &states,
            UploadState::Committing,
            Some(&detail.to_json()),
            Some(job),
        )? {
            return Err(AppError::Stale);
        }
        let told =
            serde_json::json!({ "lots": right.len(), "packs": packs, "job": job.to_string() });
        Ok(AuditNote::new("upload.commit_asked", audit_name(id))
            .detail(told)
            .returning(job))
    })
}

/// Lots all of whose markets were closed after the check: recalled or withdrawn meanwhile.
fn closed_since_check(
    reader: &mut Reader<'_>,
    lots: &[&UploadLot],
) -> Result<Vec<Refusal>, AppError> {
    let mut faults = Vec::new();
    for line in lots {
        let (Some(product), Some(version)) = (line.product, line.version) else {
            continue;
        };
        let Some(version) = reader.product_version_get(product, version)? else {
            continue;
        };
        let batch = BatchNumber::parse(&line.batch_text).ok();
        let stored = match &batch {
            Some(batch) => reader.lot_find(product, batch)?.map(|lot| lot.no),
            None => None,
        };
        let standing = market_standing(reader, product, stored, &version.data)?;
        if standing.is_shut() {
            faults.extend(standing.closed.iter().map(|closed| {
                let text = closed.reason(&line.product_text, &line.batch_text);
                Refusal::at(
                    Code::UploadLotRecalled,
                    format!("/lots/{}", line.index),
                    text,
                )
            }));
        }
    }
    Ok(faults)
}

/// Takes an upload back before anything of it was committed. The original is kept as evidence.
///
/// # Errors
/// UPL-043 when something of it is committed already or it is being worked on.
pub fn withdraw(desk: &Desk<'_>, id: UploadId, reason: &str) -> Result<(), AppError> {
    desk.require(Permission::UploadsWrite)?;
    let states = [
        UploadState::Receiving,
        UploadState::Received,
        UploadState::Recognised,
        UploadState::NeedsDecision,
        UploadState::Checked,
        UploadState::Failed,
    ];
    desk.scope().change(desk.now(), |writer| {
        let upload = upload_of(writer, id)?;
        require_state(
            &upload,
            &states,
            "it can be withdrawn as long as nothing of it is committed",
        )?;
        if !writer.upload_state(id, &states, UploadState::Withdrawn, None, None)? {
            return Err(AppError::Stale);
        }
        Ok(AuditNote::new("upload.withdrawn", audit_name(id))
            .reason(reason)
            .returning(()))
    })?;
    let blobs = desk.scope().blobs();
    blobs.incoming_discard(id)?;
    Ok(blobs.work_discard(id)?)
}
