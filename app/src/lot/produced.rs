//! The count of the batch record, typed by hand and compared with what is stored.

use packtwin_core::batch_number::BatchNumber;
use packtwin_core::product_code::ProductCode;
use packtwin_core::role::Permission;
use packtwin_tenants::audit::AuditNote;

use super::{audit_name, lot_of};
use crate::desk::Desk;
use crate::error::AppError;

/// Enters how many packs the batch record says were produced.
///
/// # Errors
/// There is no such lot; [`AppError::Stale`] when someone changed it meanwhile.
pub fn enter_produced(
    desk: &Desk<'_>,
    code: &ProductCode,
    batch: &BatchNumber,
    produced: Option<u64>,
    expected: i32,
) -> Result<(), AppError> {
    desk.require(Permission::LotsWrite)?;
    desk.scope().change(desk.now(), |writer| {
        let (product, lot) = lot_of(writer, code, batch)?;
        if !writer.lot_produced(product.no, lot.no, produced, expected)? {
            return Err(AppError::Stale);
        }
        let told = serde_json::json!({ "old": lot.produced, "new": produced });
        Ok(
            AuditNote::new("lot.produced_entered", audit_name(code, batch))
                .detail(told)
                .returning(()),
        )
    })
}
