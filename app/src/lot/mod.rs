//! Road 1, second half: stored lots are sent, acknowledged and proven; recalled when they must be.

mod difference;
pub mod outgoing;
mod produced;
mod recall;
mod receipt;
pub(crate) mod send;
mod state_change;
mod view;

use packtwin_core::batch_number::BatchNumber;
use packtwin_core::fact::LotHead;
use packtwin_core::product_code::ProductCode;
use packtwin_tenants::scope::Reader;
use packtwin_tenants::store::lot::LotRecord;
use packtwin_tenants::store::product::ProductRecord;

pub use self::difference::{DifferenceLine, difference_list};
pub use self::produced::enter_produced;
pub use self::recall::recall_lot;
pub use self::receipt::{Receipt, ReceiptMessage, ReceiptSource, receipt_of};
pub(crate) use self::send::messages_of_lot;
pub use self::send::{SEND_JOB, SendWhat, request_send, run_send};
pub use self::state_change::change_states;
pub use self::view::{LotView, view_lot};

use crate::error::AppError;

/// How a lot is named to whoever is told of it: product code and batch number as in its address (users.md, Annex A).
/// No product code has a slash, so the first one parts the two.
pub(crate) fn lot_name(code: &ProductCode, batch: &BatchNumber) -> String {
    format!("{code}/{batch}")
}

/// How a lot is named in the audit trail and by its jobs.
pub fn audit_name(code: &ProductCode, batch: &BatchNumber) -> String {
    format!("lot {}", lot_name(code, batch))
}

/// A lot by product code and batch number; one of which nothing is visible is not there.
///
/// # Errors
/// [`AppError::NotFound`].
pub fn lot_of(
    reader: &mut Reader<'_>,
    code: &ProductCode,
    batch: &BatchNumber,
) -> Result<(ProductRecord, LotRecord), AppError> {
    let product = crate::product::product_of(reader, code)?;
    let lot = reader
        .lot_find(product.no, batch)?
        .filter(LotRecord::is_visible)
        .ok_or(AppError::NotFound)?;
    Ok((product, lot))
}

pub(crate) fn head_of(product: &ProductRecord, lot: &LotRecord) -> LotHead {
    LotHead {
        product: product.code,
        batch: lot.batch,
        expiry: lot.expiry,
        manufactured: lot.manufactured,
    }
}
