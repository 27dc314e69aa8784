//! What a check found, to look through page by page and to take away: the original's columns and four more.

use std::io::{self, Write};

use packtwin_connector_port::serial_file::ReadSettings;
use packtwin_core::code::Code;
use packtwin_core::finding::Finding;
use packtwin_core::ids::UploadId;
use packtwin_core::role::Permission;
use packtwin_partner::error_file::{self, ErrorFileFault};
use packtwin_partner::mapping::Mapping;
use packtwin_partner::recognise::recognise;

use super::ledger::{FindingReader, WorkFiles};
use super::{UploadDetail, upload_of};
use crate::desk::Desk;
use crate::error::AppError;

/// Findings of an upload in row order, after the first `skip`, of one code when it is named, at most `limit`.
///
/// # Errors
/// There is no such upload; it was not checked.
pub fn findings_page(
    desk: &Desk<'_>,
    id: UploadId,
    code: Option<Code>,
    skip: u64,
    limit: usize,
) -> Result<Vec<Finding>, AppError> {
    desk.require(Permission::UploadsRead)?;
    desk.scope().read(|reader| upload_of(reader, id))?;
    let mut findings = open_findings(desk, id)?;
    let mut page = Vec::new();
    let mut passed = 0;
    while page.len() < limit {
        let Some(finding) = findings.next_finding()? else {
            break;
        };
        if code.is_some_and(|code| code != finding.code) {
            continue;
        }
        passed += 1;
        if passed > skip {
            page.push(finding);
        }
    }
    Ok(page)
}

/// Hands every finding of an upload, of one code when it is named, to `take`, in row order.
///
/// # Errors
/// There is no such upload; it was not checked; `take` failed.
pub fn each_finding(
    desk: &Desk<'_>,
    id: UploadId,
    code: Option<Code>,
    take: &mut dyn FnMut(Finding) -> io::Result<()>,
) -> Result<(), AppError> {
    desk.require(Permission::UploadsRead)?;
    desk.scope().read(|reader| upload_of(reader, id))?;
    let mut findings = open_findings(desk, id)?;
    while let Some(finding) = findings.next_finding()? {
        if code.is_none_or(|code| code == finding.code) {
            take(finding)?;
        }
    }
    Ok(())
}

/// Writes the error file of an upload: rows with findings in the original's form, with `row`, `code`, `message` and
/// `proposal` behind the original columns.
///
/// # Errors
/// There is no such upload; it was not checked; writing failed.
pub fn write_error_file(
    desk: &Desk<'_>,
    id: UploadId,
    out: &mut (dyn Write + Send),
) -> Result<(), AppError> {
    desk.require(Permission::UploadsRead)?;
    let upload = desk.scope().read(|reader| upload_of(reader, id))?;
    let sha256 = upload.sha256.ok_or(AppError::NotFound)?;
    let detail = UploadDetail::from_record(&upload);
    let mut findings = open_findings(desk, id)?;
    let mut next = std::iter::from_fn(move || findings.next_finding().transpose());
    let mut original = desk.scope().blobs().open(&sha256)?;
    let unreadable = |why: String| AppError::refuse(Code::UploadNotRecognised, why);
    let recognised = recognise(&mut original).map_err(|refused| unreadable(refused.to_string()))?;
    let settings = ReadSettings::new(desk.now());
    let mapping = match &detail.mapping {
        Some(text) => Mapping::parse(text).map_err(|error| unreadable(error.to_string()))?,
        None => Mapping::for_file(&recognised, desk.now()),
    };
    match error_file::write(original, &recognised, &mapping, &settings, &mut next, out) {
        Ok(_) => Ok(()),
        Err(ErrorFileFault::Io(error)) => Err(error.into()),
        Err(fault @ (ErrorFileFault::Original(_) | ErrorFileFault::Workbook(_))) => {
            Err(unreadable(fault.to_string()))
        }
    }
}

fn open_findings(desk: &Desk<'_>, id: UploadId) -> Result<FindingReader, AppError> {
    let files = WorkFiles::new(desk.scope().blobs().work_folder(id)?);
    match FindingReader::open(&files.findings()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(AppError::refuse(
            Code::UploadState,
            "the file was not checked yet",
        )),
        other => Ok(other?),
    }
}
