//! The receipt for the Qualified Person: what was received, stored, sent and acknowledged, with hashes, ids and times.
//!
//! Everything in it can be checked by someone else: the original's SHA-256, the serial list's (one serial a line, sorted),
//! each document's, and the hub's acknowledgement id. Serves URS-SN-009, URS-SN-010.

use packtwin_core::batch_number::BatchNumber;
use packtwin_core::product_code::ProductCode;
use packtwin_core::time::Timestamp;
use packtwin_tenants::blob::hex;
use packtwin_tenants::store::message::MessageState;

use super::view::{LotView, view_lot};
use crate::desk::Desk;
use crate::error::AppError;

/// A receipt.
pub struct Receipt {
    /// When it was made.
    pub made_at: Timestamp,
    /// The lot it is about.
    pub lot: LotView,
    /// The files its packs came from.
    pub sources: Vec<ReceiptSource>,
    /// The messages its packs went out with.
    pub messages: Vec<ReceiptMessage>,
    /// Whether all four numbers are stated and agree; what is not stated is told by the lot's numbers.
    pub complete: bool,
}

/// A file that brought packs into the lot.
pub struct ReceiptSource {
    /// The upload.
    pub upload: String,
    /// The file's name at the sender.
    pub file_name: String,
    /// The original's SHA-256.
    pub original_sha256: String,
    /// The packs it brought.
    pub packs: u64,
    /// The SHA-256 of their sorted serial list.
    pub list_sha256: String,
    /// When they became visible.
    pub stored_at: Option<Timestamp>,
}

/// A message that carried packs of the lot.
pub struct ReceiptMessage {
    /// Our id.
    pub id: String,
    /// Its packs.
    pub packs: u64,
    /// The document's SHA-256.
    pub document_sha256: String,
    /// What became of it.
    pub state: MessageState,
    /// When it left.
    pub sent_at: Option<Timestamp>,
    /// The hub's acknowledgement id.
    pub acknowledgement: String,
    /// When the hub says it acknowledged.
    pub acknowledged_at: Option<Timestamp>,
    /// How many packs it acknowledged.
    pub acknowledged_packs: u64,
}

/// The receipt of a lot as it stands now.
///
/// # Errors
/// There is no such lot; the caller may not.
pub fn receipt_of(
    desk: &Desk<'_>,
    code: &ProductCode,
    batch: &BatchNumber,
) -> Result<Receipt, AppError> {
    let lot = view_lot(desk, code, batch)?;
    let mut sources = Vec::new();
    for load in lot.visible_loads() {
        let upload = desk
            .scope()
            .read(|reader| reader.upload_get(load.upload).map_err(AppError::from))?;
        let upload = upload.ok_or(AppError::NotFound)?;
        sources.push(ReceiptSource {
            upload: upload.id.to_string(),
            file_name: upload.file_name,
            original_sha256: upload.sha256.map_or(String::new(), |hash| hex(&hash)),
            packs: load.packs,
            list_sha256: load.list_sha256.map_or(String::new(), |hash| hex(&hash)),
            stored_at: load.visible_at,
        });
    }
    let messages = lot
        .messages
        .iter()
        .rev()
        .map(|message| {
            let answer = message.answer.as_ref();
            ReceiptMessage {
                id: message.id.to_string(),
                packs: message.content.packs(),
                document_sha256: message
                    .document
                    .map_or(String::new(), |document| hex(&document.sha256)),
                state: message.state,
                sent_at: message.sent_at,
                acknowledgement: answer
                    .map_or(String::new(), |answer| answer.acknowledgement.clone()),
                acknowledged_at: answer.and_then(|answer| answer.acknowledged_at),
                acknowledged_packs: answer.map_or(0, |answer| answer.acknowledged_packs),
            }
        })
        .collect();
    Ok(Receipt {
        made_at: desk.now(),
        complete: lot.numbers.is_complete(),
        sources,
        messages,
        lot,
    })
}
