//! State changes by the manufacturer: destroyed, sampled, exported, stolen, locked packs of one lot, told to the hub.

use packtwin_core::batch_number::BatchNumber;
use packtwin_core::code::Code;
use packtwin_core::fact::{Fact, FactKind};
use packtwin_core::ids::MessageId;
use packtwin_core::pack::PackState;
use packtwin_core::product_code::ProductCode;
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_core::role::Permission;
use packtwin_core::serial::Serial;
use packtwin_tenants::audit::AuditNote;

use super::outgoing::{Outgoing, queue_small, record_fact};
use super::{audit_name, head_of, lot_name, lot_of};
use crate::connector::{EU_HUB, Link};
use crate::desk::Desk;
use crate::error::AppError;
use crate::message::MessageDetail;
use crate::webhook;

/// Most packs changed in one request (users.md, Annex A).
pub const CHANGE_PACKS_MAX: usize = 10_000;

/// Sets packs of one lot to a state. All or none.
///
/// # Errors
/// Every pack that is not of this lot or cannot take the state, at once; the lot is recalled; the hub's rules.
pub fn change_states(
    desk: &Desk<'_>,
    code: &ProductCode,
    batch: &BatchNumber,
    serials: &[Serial],
    state: PackState,
) -> Result<MessageId, AppError> {
    desk.require(Permission::LotsWrite)?;
    let mut sorted = serials.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.is_empty() || serials.len() > CHANGE_PACKS_MAX {
        let text = format!(
            "{} packs are named; write 1 to {CHANGE_PACKS_MAX}",
            serials.len()
        );
        return Err(AppError::refuse_at(
            Code::RequestMalformed,
            "/serials",
            text,
        ));
    }
    let (product, lot, link, faults) = desk.scope().read(|reader| {
        let (product, lot) = lot_of(reader, code, batch)?;
        let mut faults = Vec::new();
        if !reader.lot_recalls(product.no, lot.no)?.is_empty() {
            faults.push(Refusal::new(
                Code::LotRecalled,
                "packs of a recalled lot are not changed",
            ));
        }
        for (index, serial) in sorted.iter().enumerate() {
            let place = format!("/serials/{index}");
            match reader.pack_find(product.no, serial)? {
                Some(pack) if pack.lot == lot.no => {
                    if let Err(refused) = pack.state.change_to(state) {
                        faults.push(Refusal::at(
                            Code::RequestMalformed,
                            place,
                            format!("{serial}: {refused}"),
                        ));
                    }
                }
                _ => faults.push(Refusal::at(
                    Code::NotFound,
                    place,
                    format!("{serial} is no pack of this lot"),
                )),
            }
        }
        Ok::<_, AppError>((product, lot, Link::of(reader, EU_HUB)?, faults))
    })?;
    Refusals::check(faults)?;
    let fact = Fact::StateChanged {
        lot: head_of(&product, &lot),
        state,
    };
    let outgoing = Outgoing {
        product: product.no,
        lot: Some(lot.no),
        version: Some(lot.version),
        kind: FactKind::StateChanged,
        detail: MessageDetail {
            state: state.as_str().to_owned(),
            ..MessageDetail::default()
        },
        event_at: desk.now(),
    };
    queue_small(desk, &link, &fact, &outgoing, &sorted, |writer, message| {
        let mut changed = 0;
        for from in PackState::ALL
            .into_iter()
            .filter(|from| from.change_to(state).is_ok())
        {
            changed += writer
                .pack_state_set(product.no, &sorted, from, state)?
                .len();
        }
        if changed != sorted.len() {
            return Err(AppError::Stale);
        }
        let told = serde_json::json!({ "state": state.as_str(), "packs": sorted.len(), "message": message.to_string() });
        record_fact(
            writer,
            FactKind::StateChanged,
            product.no,
            Some(lot.no),
            &sorted,
            &told,
        )?;
        webhook::announce(writer, "pack.state_changed", &lot_name(code, batch), &told)?;
        Ok(AuditNote::new("pack.state_changed", audit_name(code, batch)).detail(told))
    })
}
