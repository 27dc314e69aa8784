//! Receiving: create, parts with offset, complete. A broken line continues where it broke; the same content twice is the
//! same upload (URS-SN-006).

use std::io::Read;

use packtwin_connector_port::serial_file::ReadRefused;
use packtwin_core::audit::Hash;
use packtwin_core::code::Code;
use packtwin_core::ids::{JobId, UploadId};
use packtwin_core::role::Permission;
use packtwin_partner::mapping::{Column, Mapping};
use packtwin_partner::recognise::{Recognised, recognise};
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::blob::hex;
use packtwin_tenants::scope::{Housekeeping, Writer};
use packtwin_tenants::store::job::NewJob;
use packtwin_tenants::store::upload::{NewUpload, UploadPurpose, UploadRecord, UploadState};

use super::{CHECK_JOB, UploadDetail, audit_name, upload_of};
use crate::desk::Desk;
use crate::error::AppError;

/// Longest file name kept, in characters; a longer one keeps its end.
const FILE_NAME_CHARACTERS_MAX: usize = 200;

/// What the sender says of a file before sending it.
#[derive(Debug, Clone)]
pub struct BeginUpload {
    /// Its name at the sender; shown, never used as a path.
    pub file_name: String,
    /// The partner it comes from, if named; chooses the mapping.
    pub partner: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256, if known beforehand.
    pub sha256: Option<Hash>,
}

/// The answer to a beginning.
#[derive(Debug, Clone)]
pub enum Begun {
    /// Send the parts.
    New(UploadRecord),
    /// The same content is here already; nothing needs to be sent (UPL-001).
    Same(UploadRecord),
}

/// The answer to a completion.
#[derive(Debug, Clone)]
pub enum Completed {
    /// The file is kept and will be checked.
    Kept(UploadRecord),
    /// The same content was here already: that upload (UPL-001).
    Same(UploadRecord),
}

/// Begins an upload.
///
/// # Errors
/// UPL-002, UPL-003; the caller may not.
pub fn begin_upload(desk: &Desk<'_>, begin: BeginUpload) -> Result<Begun, AppError> {
    begin_for(desk, begin, UploadPurpose::Store)
}

/// Begins an upload that is checked like any other and can never be committed. The same file can be sent again to be
/// stored; that is another upload.
///
/// # Errors
/// As [`begin_upload`].
pub fn begin_dry_run(desk: &Desk<'_>, begin: BeginUpload) -> Result<Begun, AppError> {
    begin_for(desk, begin, UploadPurpose::DryRun)
}

fn begin_for(
    desk: &Desk<'_>,
    begin: BeginUpload,
    purpose: UploadPurpose,
) -> Result<Begun, AppError> {
    desk.require(Permission::UploadsWrite)?;
    check_length(desk, begin.bytes)?;
    if let Some(sha256) = &begin.sha256
        && let Some(same) = desk
            .scope()
            .read(|reader| reader.upload_find_by_hash(sha256, purpose))?
    {
        return Ok(Begun::Same(reopen(desk, same)?));
    }
    let file_name = shown_name(&begin.file_name);
    let partner = begin.partner.trim().to_owned();
    let record = desk.scope().change(desk.now(), |writer| {
        let new = NewUpload {
            file_name: &file_name,
            partner: &partner,
            bytes_declared: begin.bytes,
            detail: &UploadDetail::default().to_json(),
            purpose,
        };
        let id = writer.upload_create(&new)?;
        let detail = serde_json::json!({
            "file": file_name, "bytes": begin.bytes, "purpose": purpose.as_str(),
        });
        let note = AuditNote::new("upload.begun", audit_name(id)).detail(detail);
        Ok::<_, AppError>(note.returning(upload_of(writer, id)?))
    })?;
    Ok(Begun::New(record))
}

/// Appends a part at `offset`. Answers how many bytes are here now; all of them are on the disk.
///
/// # Errors
/// UPL-041 when the part does not continue where the file ends, UPL-003 when more comes than was declared, UPL-043 when
/// the upload is complete.
pub fn append_part(
    desk: &Desk<'_>,
    id: UploadId,
    offset: u64,
    part: &mut dyn Read,
) -> Result<u64, AppError> {
    desk.require(Permission::UploadsWrite)?;
    let record = desk.scope().read(|reader| upload_of(reader, id))?;
    require_state(
        &record,
        &[UploadState::Receiving],
        "parts are taken only while the file is being received",
    )?;
    let blobs = desk.scope().blobs();
    let here = blobs.incoming_length(id)?;
    if here != offset {
        // A part may have reached the disk without its answer: from now on the record tells what is there.
        note_received(desk, &record, here)?;
        return Err(wrong_offset(offset, here));
    }
    let room = record.bytes_declared.saturating_sub(here);
    let now_here = match blobs.incoming_append(id, offset, &mut part.take(room)) {
        Ok(now_here) => now_here,
        Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => {
            return Err(wrong_offset(offset, here));
        }
        Err(error) => {
            // What came before the line broke is on the disk.
            note_received(desk, &record, blobs.incoming_length(id)?)?;
            return Err(error.into());
        }
    };
    let mut more = [0];
    if now_here == record.bytes_declared && part.read(&mut more)? > 0 {
        // Nobody knows which of the bytes were meant: nothing of a refused part is kept.
        blobs.incoming_cut(id, offset)?;
        let text = format!(
            "more came than the {} bytes that were announced",
            record.bytes_declared
        );
        return Err(AppError::refuse(Code::UploadOffset, text));
    }
    note_received(desk, &record, now_here)?;
    Ok(now_here)
}

/// One upload as it stands. While it is being received, the file on the disk tells where to go on: a process that was
/// killed in the middle of a part could not write it down.
///
/// # Errors
/// There is none under this id; the caller may not.
pub fn find_upload(desk: &Desk<'_>, id: UploadId) -> Result<UploadRecord, AppError> {
    desk.require(Permission::UploadsRead)?;
    let mut record = desk.scope().read(|reader| upload_of(reader, id))?;
    if record.state == UploadState::Receiving && record.sha256.is_none() {
        record.bytes_received = desk.scope().blobs().incoming_length(id)?;
    }
    Ok(record)
}

fn note_received(desk: &Desk<'_>, record: &UploadRecord, here: u64) -> Result<(), AppError> {
    desk.scope()
        .housekeep(desk.now(), Housekeeping::Progress, |writer| {
            writer.upload_progress(record.id, record.bytes_received, here)?;
            Ok(())
        })
}

/// Ends the receiving: the original is kept under its hash, recognised, and its check begins.
///
/// # Errors
/// UPL-005 when bytes are missing, UPL-042 when the hash is another than announced.
pub fn complete_upload(
    desk: &Desk<'_>,
    id: UploadId,
    announced: Option<Hash>,
) -> Result<Completed, AppError> {
    desk.require(Permission::UploadsWrite)?;
    let record = desk.scope().read(|reader| upload_of(reader, id))?;
    if record.sha256.is_some() {
        return Ok(Completed::Kept(record));
    }
    if let Some(same) = UploadDetail::from_record(&record).same_as() {
        // It was completed before, and its answer may have been lost.
        let same = desk.scope().read(|reader| upload_of(reader, same))?;
        return Ok(Completed::Same(same));
    }
    require_state(
        &record,
        &[UploadState::Receiving],
        "only a file that is being received can be completed",
    )?;
    let blobs = desk.scope().blobs();
    let here = blobs.incoming_length(id)?;
    if here != record.bytes_declared {
        let text = format!(
            "{here} of {} bytes are here; send the rest first",
            record.bytes_declared
        );
        return Err(AppError::refuse(Code::UploadOffset, text));
    }
    let stored = blobs.incoming_finish(id)?;
    if announced.is_some_and(|announced| announced != stored.sha256) {
        let text = format!(
            "the received bytes have SHA-256 {}, another was announced",
            hex(&stored.sha256)
        );
        blobs.incoming_discard(id)?;
        discard(desk, id)?;
        return Err(AppError::refuse(Code::UploadHash, text));
    }
    let recognised = recognise(blobs.open(&stored.sha256)?);
    let completed = desk.scope().change(desk.now(), |writer| {
        if let Err(same) = writer.upload_finish_receiving(id, &stored)? {
            let first = upload_of(writer, same)?;
            let detail = repeated_detail(&record, &first).to_json();
            let from = [UploadState::Receiving];
            writer.upload_state(id, &from, UploadState::Withdrawn, Some(&detail), None)?;
            let told = serde_json::json!({ "same_as": same.to_string() });
            let note = AuditNote::new("upload.repeated", audit_name(id)).detail(told);
            return Ok(note.returning(Completed::Same(first)));
        }
        let (kind, detail) = settle_recognised(writer, &record, &recognised)?;
        let told = serde_json::json!({
            "sha256": hex(&stored.sha256), "bytes": stored.bytes, "kind": kind, "recognised": detail.description,
        });
        let note = AuditNote::new("upload.received", audit_name(id)).detail(told);
        Ok::<_, AppError>(note.returning(Completed::Kept(upload_of(writer, id)?)))
    })?;
    blobs.incoming_discard(id)?;
    match completed {
        Completed::Same(same) => Ok(Completed::Same(reopen(desk, same)?)),
        kept @ Completed::Kept(_) => Ok(kept),
    }
}

/// What a repeated upload says of the first one with its content (UPL-001).
fn repeated_detail(record: &UploadRecord, first: &UploadRecord) -> UploadDetail {
    let (id, day) = (first.id, first.created_at.date());
    let text = format!(
        "This file was already received on {day} as upload {id} (same content). Nothing was stored again."
    );
    UploadDetail {
        same_as: Some(id.to_string()),
        refused: Some((Code::UploadAlreadyReceived.as_str().to_owned(), text)),
        ..UploadDetail::from_record(record)
    }
}

/// An upload that was withdrawn comes back when the same file is sent again: it is read and checked anew.
fn reopen(desk: &Desk<'_>, same: UploadRecord) -> Result<UploadRecord, AppError> {
    let (UploadState::Withdrawn, Some(sha256)) = (same.state, same.sha256) else {
        return Ok(same);
    };
    let recognised = recognise(desk.scope().blobs().open(&sha256)?);
    desk.scope().change(desk.now(), |writer| {
        if !writer.upload_state(
            same.id,
            &[UploadState::Withdrawn],
            UploadState::Received,
            None,
            None,
        )? {
            return Err(AppError::Stale);
        }
        settle_recognised(writer, &same, &recognised)?;
        let note = AuditNote::new("upload.sent_again", audit_name(same.id));
        Ok(note.returning(upload_of(writer, same.id)?))
    })
}

/// The state after recognition: refused files fail, mapped ones are checked at once, others wait for a mapping.
fn settle_recognised(
    writer: &mut Writer<'_>,
    record: &UploadRecord,
    recognised: &Result<Recognised, ReadRefused>,
) -> Result<(&'static str, UploadDetail), AppError> {
    let (kind, detail) = match recognised {
        Ok(recognised) => (
            recognised.kind.as_str(),
            first_detail(writer, record, recognised)?,
        ),
        Err(refused) => ("unknown", refused_detail(refused)),
    };
    let record = upload_of(writer, record.id)?;
    writer.upload_kind(record.id, kind, &record.partner)?;
    let (next, job) = if recognised.is_err() {
        (UploadState::Failed, None)
    } else if kind == super::EPCIS_KIND || detail.mapping.is_some() {
        (UploadState::Checking, Some(queue_check(writer, &record)?))
    } else {
        (UploadState::NeedsDecision, None)
    };
    writer.upload_state(
        record.id,
        &[UploadState::Received],
        next,
        Some(&detail.to_json()),
        job,
    )?;
    Ok((kind, detail))
}

/// Queues the check of an upload.
pub(super) fn queue_check(
    writer: &mut Writer<'_>,
    upload: &UploadRecord,
) -> Result<JobId, AppError> {
    Ok(writer.job_create(&NewJob {
        kind: CHECK_JOB,
        object: &upload.id.to_string(),
        input: "{}",
        total: upload.bytes_received,
        unit: "bytes",
    })?)
}

/// The mapping kept for the partner if it fits, else the one that the headings suggest if it is complete.
fn first_detail(
    writer: &mut Writer<'_>,
    record: &UploadRecord,
    recognised: &Recognised,
) -> Result<UploadDetail, AppError> {
    let mut detail = UploadDetail {
        description: recognised.describe(),
        heading: recognised.heading.clone(),
        first_rows: recognised.first_rows.iter().take(20).cloned().collect(),
        ..UploadDetail::default()
    };
    if recognised.kind.as_str() == super::EPCIS_KIND {
        return Ok(detail);
    }
    if !record.partner.is_empty() {
        for kept in writer.mapping_find_by_partner(&record.partner)? {
            let fits = Mapping::parse(&kept.data).is_ok_and(|mapping| fits(&mapping, recognised));
            if fits {
                detail.mapping = Some(kept.data);
                detail.mapping_id = Some(kept.id.to_string());
                return Ok(detail);
            }
        }
    }
    let proposed = Mapping::for_file(recognised, writer.at());
    let twice = proposed.claimed_twice(&recognised.heading);
    if !twice.is_empty() {
        let code = Code::UploadMappingNeeded.as_str().to_owned();
        detail.refused = Some((code, twice.join(" ")));
    } else if proposed.missing().is_empty() {
        detail.mapping = Some(proposed.to_string());
    }
    Ok(detail)
}

/// Whether every column that a mapping names stands in the file, and none of them twice.
fn fits(mapping: &Mapping, recognised: &Recognised) -> bool {
    let stands = |column: &Column| match column {
        Column::Heading(heading) => recognised.heading.contains(heading),
        Column::Number(number) => recognised
            .first_rows
            .first()
            .is_some_and(|row| (1..=row.len()).contains(number)),
    };
    mapping.columns.iter().all(|(_, column)| stands(column))
        && mapping.claimed_twice(&recognised.heading).is_empty()
}

fn refused_detail(refused: &ReadRefused) -> UploadDetail {
    let code = refused.code().unwrap_or(Code::UploadNotRecognised);
    UploadDetail {
        refused: Some((code.as_str().to_owned(), refused.to_string())),
        ..UploadDetail::default()
    }
}

fn discard(desk: &Desk<'_>, id: UploadId) -> Result<(), AppError> {
    desk.scope().change(desk.now(), |writer| {
        writer.upload_state(
            id,
            &[UploadState::Receiving],
            UploadState::Withdrawn,
            None,
            None,
        )?;
        Ok(AuditNote::new("upload.discarded", audit_name(id)).returning(()))
    })
}

fn check_length(desk: &Desk<'_>, bytes: u64) -> Result<(), AppError> {
    let most = desk.house().settings().upload_bytes_max;
    if bytes == 0 {
        return Err(AppError::refuse(Code::UploadEmpty, "the file is empty"));
    }
    if bytes > most {
        let text = format!("the file has {bytes} bytes, this site takes {most} at most");
        return Err(AppError::refuse(Code::UploadTooLarge, text));
    }
    Ok(())
}

pub(super) fn require_state(
    record: &UploadRecord,
    allowed: &[UploadState],
    rule: &str,
) -> Result<(), AppError> {
    if allowed.contains(&record.state) {
        return Ok(());
    }
    let text = format!(
        "the upload is {}; {rule}",
        record.state.as_str().replace('_', " ")
    );
    Err(AppError::refuse(Code::UploadState, text))
}

fn wrong_offset(offset: u64, here: u64) -> AppError {
    AppError::refuse(
        Code::UploadOffset,
        format!("the part begins at byte {offset}, the file ends at byte {here}"),
    )
}

/// The last part of a path in either notation, without control characters.
fn shown_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: Vec<char> = last.chars().filter(|ch| !ch.is_control()).collect();
    let start = clean.len().saturating_sub(FILE_NAME_CHARACTERS_MAX);
    let name: String = clean[start..].iter().collect();
    if name.trim().is_empty() {
        "unnamed".to_owned()
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_shown_without_its_path_and_controls() {
        for (given, shown) in [
            ("lot.csv", "lot.csv"),
            ("C:\\Users\\line 3\\lot.csv", "lot.csv"),
            ("../../etc/passwd", "passwd"),
            ("a\u{0}b\n.csv", "ab.csv"),
            ("", "unnamed"),
            ("dir/", "unnamed"),
        ] {
            assert_eq!(shown_name(given), shown);
        }
    }
}
