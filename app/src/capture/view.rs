//! Captures as people and programs look at them.

use packtwin_core::ids::CaptureId;
use packtwin_core::role::Permission;
use packtwin_tenants::store::capture::{CaptureFinding, CaptureRecord};

use crate::desk::Desk;
use crate::error::AppError;

/// One capture.
///
/// # Errors
/// There is none under this id; the caller may not.
pub fn find_capture(desk: &Desk<'_>, id: CaptureId) -> Result<CaptureRecord, AppError> {
    desk.require(Permission::UploadsRead)?;
    let found = desk.scope().read(|reader| reader.capture_get(id))?;
    found.ok_or(AppError::NotFound)
}

/// Findings of a capture after the one numbered `after`, at most `limit`.
///
/// # Errors
/// There is no such capture; the caller may not.
pub fn list_findings(
    desk: &Desk<'_>,
    id: CaptureId,
    after: u64,
    limit: i64,
) -> Result<Vec<CaptureFinding>, AppError> {
    find_capture(desk, id)?;
    Ok(desk
        .scope()
        .read(|reader| reader.capture_findings(id, after, limit))?)
}
