//! Recall: once a market, final. It can be extended to further markets, since each needs the holder's own decommissioning
//! (EU 2016/161 Art. 40(a)). Packs of a lot recalled anywhere are not touched again (emvs.md 5.1).

use packtwin_core::batch_number::BatchNumber;
use packtwin_core::code::Code;
use packtwin_core::fact::{Fact, FactKind};
use packtwin_core::ids::MessageId;
use packtwin_core::market::Market;
use packtwin_core::product_code::ProductCode;
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_core::role::Permission;
use packtwin_tenants::audit::AuditNote;

use super::outgoing::{Outgoing, queue_small, record_fact};
use super::{audit_name, head_of, lot_of};
use crate::connector::{EU_HUB, Link};
use crate::desk::Desk;
use crate::error::AppError;
use crate::message::MessageDetail;

/// Recalls a lot in markets.
///
/// # Errors
/// All at once: the lot is recalled in a market already (LOT-003), a market is none of its version's, the reason is
/// missing.
pub fn recall_lot(
    desk: &Desk<'_>,
    code: &ProductCode,
    batch: &BatchNumber,
    markets: &[Market],
    reason: &str,
) -> Result<MessageId, AppError> {
    desk.require(Permission::LotsRecall)?;
    let (product, lot, version, recalls, link) = desk.scope().read(|reader| {
        let (product, lot) = lot_of(reader, code, batch)?;
        let version = reader
            .product_version_get(product.no, lot.version)?
            .ok_or(AppError::NotFound)?;
        let recalls = reader.lot_recalls(product.no, lot.no)?;
        Ok::<_, AppError>((product, lot, version, recalls, Link::of(reader, EU_HUB)?))
    })?;
    let mut faults = Vec::new();
    for market in markets {
        if recalls.iter().any(|(gone, _, _)| gone == market) {
            let text =
                format!("the lot is recalled in {market} already; a recall cannot be changed");
            faults.push(Refusal::at(Code::LotRecalled, "/markets", text));
        }
        if version.data.market(*market).is_none() {
            let text = format!("the lot's product version is not released for {market}");
            faults.push(Refusal::at(Code::UploadMarketNotReleased, "/markets", text));
        }
    }
    Refusals::check(faults)?;
    let fact = Fact::Recalled {
        lot: head_of(&product, &lot),
        markets: markets.to_vec(),
        reason: reason.to_owned(),
    };
    let outgoing = Outgoing {
        product: product.no,
        lot: Some(lot.no),
        version: Some(lot.version),
        kind: FactKind::Recalled,
        detail: MessageDetail {
            markets: markets.iter().map(Market::to_string).collect(),
            reason: reason.to_owned(),
            ..MessageDetail::default()
        },
        event_at: desk.now(),
    };
    queue_small(desk, &link, &fact, &outgoing, &[], |writer, message| {
        for market in markets {
            if !writer.lot_recall(product.no, lot.no, *market, reason, Some(message))? {
                return Err(AppError::refuse(
                    Code::LotRecalled,
                    "the lot was recalled meanwhile",
                ));
            }
        }
        let told = serde_json::json!({ "markets": outgoing.detail.markets, "message": message.to_string() });
        record_fact(
            writer,
            FactKind::Recalled,
            product.no,
            Some(lot.no),
            &[],
            &told,
        )?;
        Ok(AuditNote::new("lot.recalled", audit_name(code, batch))
            .detail(told)
            .reason(reason))
    })
}
