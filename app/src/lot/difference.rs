//! The difference of a lot: which packs the far side does not hold, and why; each pack in one line, so that the lines of
//! pack data add up to stored less acknowledged. Beside them stands what else of the lot the far side refused.
//! Serves URS-SN-009.

use std::collections::BTreeMap;

use packtwin_core::batch_number::BatchNumber;
use packtwin_core::fact::FactKind;
use packtwin_core::ids::{LoadNo, LotNo, MessageId, ProductNo};
use packtwin_core::product_code::ProductCode;
use packtwin_core::role::Permission;
use packtwin_tenants::scope::Reader;
use packtwin_tenants::store::message::{MessageContent, MessageRecord, MessageState};

use super::lot_of;
use super::send::{SendWhat, messages_of_lot, plan};
use crate::desk::Desk;
use crate::error::AppError;
use crate::message::{FarRefusal, refusals_of_lot};

/// One line of the difference list: packs that the far side does not hold, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DifferenceLine {
    /// How many packs; 0 when it is about the lot as a whole.
    pub packs: u64,
    /// The serial, when it is about a single pack.
    pub serial: Option<String>,
    /// Why, in words.
    pub why: String,
    /// The message it concerns.
    pub message: Option<String>,
    /// Whether the far side refused it, rather than that it waits.
    pub refused: bool,
}

/// Refused packs listed one by one.
const REFUSED_LISTED: i64 = 1_000;

/// What parts stored from acknowledged: packs that were not sent, messages without a final answer, refused packs.
///
/// # Errors
/// There is no such lot; the caller may not.
pub fn difference_list(
    desk: &Desk<'_>,
    code: &ProductCode,
    batch: &BatchNumber,
) -> Result<Vec<DifferenceLine>, AppError> {
    desk.require(Permission::LotsRead)?;
    desk.scope().read(|reader| {
        let (product, lot) = lot_of(reader, code, batch)?;
        let messages = messages_of_lot(reader, product.no, lot.no)?;
        let open = plan(reader, product.no, lot.no, SendWhat::Difference)?;
        let (refused, unsent) = refused_as_a_whole(&messages, open.stretches());
        let mut lines = Vec::new();
        if unsent > 0 {
            lines.push(waiting(unsent, "not sent yet", None));
        }
        for refusal in refused {
            let why = format!("refused as a whole: {}", refusal.reason());
            lines.push(refused_line(&refusal, why));
        }
        lines.extend(messages.iter().filter_map(waiting_message));
        for (message, _) in open.resends() {
            for pack in reader.message_refused_packs(*message, None, REFUSED_LISTED)? {
                lines.push(DifferenceLine {
                    packs: 1,
                    serial: Some(pack.serial.to_string()),
                    why: format!("{}: {}", pack.code, pack.text),
                    message: Some(message.to_string()),
                    refused: true,
                });
            }
        }
        for refusal in refusals_of_lot(reader, &messages)? {
            let why = format!("{} was refused: {}", refusal.what, refusal.reason());
            lines.push(refused_line(&refusal, why));
        }
        Ok(lines)
    })
}

/// Everything of a lot that the far side refused and that did not leave anew: pack data, recalls, changes of states.
pub(super) fn standing_refusals(
    reader: &mut Reader<'_>,
    product: ProductNo,
    lot: LotNo,
    messages: &[MessageRecord],
) -> Result<Vec<FarRefusal>, AppError> {
    let open = plan(reader, product, lot, SendWhat::Difference)?;
    let (mut standing, _) = refused_as_a_whole(messages, open.stretches());
    standing.extend(refusals_of_lot(reader, messages)?);
    Ok(standing)
}

fn waiting(packs: u64, why: &str, message: Option<MessageId>) -> DifferenceLine {
    DifferenceLine {
        packs,
        serial: None,
        why: why.to_owned(),
        message: message.map(|id| id.to_string()),
        refused: false,
    }
}

fn refused_line(refusal: &FarRefusal, why: String) -> DifferenceLine {
    DifferenceLine {
        packs: refusal.packs,
        serial: None,
        why,
        message: Some(refusal.message.to_string()),
        refused: true,
    }
}

fn waiting_message(message: &MessageRecord) -> Option<DifferenceLine> {
    if message.kind != FactKind::Commissioned {
        return None;
    }
    let why = match message.state {
        MessageState::Writing | MessageState::Queued => "queued, not sent yet",
        MessageState::Sending | MessageState::Unknown => "sent; whether it arrived is being asked",
        MessageState::Waiting => "sent; the acknowledgement is still to come",
        MessageState::Refused
        | MessageState::Accepted
        | MessageState::Partial
        | MessageState::Cancelled => return None,
    };
    Some(waiting(message.content.packs(), why, Some(message.id)))
}

/// Tells packs that no live message carries apart: those that a message carried which was refused as a whole, each under
/// the newest of such messages, and how many never left.
fn refused_as_a_whole(
    messages: &[MessageRecord],
    open: &[(LoadNo, u64, u64)],
) -> (Vec<FarRefusal>, u64) {
    let mut left: BTreeMap<LoadNo, Vec<(u64, u64)>> = BTreeMap::new();
    for (load, first, count) in open {
        left.entry(*load).or_default().push((*first, first + count));
    }
    let mut newest_first: Vec<&MessageRecord> = messages.iter().collect();
    newest_first.sort_by_key(|message| std::cmp::Reverse((message.created_at, message.id)));
    let mut refused = Vec::new();
    for message in newest_first {
        let MessageContent::Stretch { load, first, count } = message.content else {
            continue;
        };
        if message.state != MessageState::Refused || message.kind != FactKind::Commissioned {
            continue;
        }
        let Some(stretches) = left.get_mut(&load) else {
            continue;
        };
        let packs = cut_out(stretches, (first, first + count));
        if packs > 0 {
            refused.push(FarRefusal {
                packs,
                ..FarRefusal::of(message)
            });
        }
    }
    let never_left = left.values().flatten().map(|(from, to)| to - from).sum();
    (refused, never_left)
}

/// Takes what lies between two places out of stretches; answers how much that was.
fn cut_out(stretches: &mut Vec<(u64, u64)>, (from, to): (u64, u64)) -> u64 {
    let mut taken = 0;
    let mut kept = Vec::new();
    for (first, end) in stretches.drain(..) {
        let (cut_first, cut_end) = (first.max(from), end.min(to));
        if cut_first >= cut_end {
            kept.push((first, end));
            continue;
        }
        taken += cut_end - cut_first;
        kept.extend([(first, cut_first), (cut_end, end)]);
    }
    kept.retain(|(first, end)| first < end);
    *stretches = kept;
    taken
}

#[cfg(test)]
mod tests {
    use super::cut_out;

    fn check(stretches: &[(u64, u64)], cut: (u64, u64), left: &[(u64, u64)], taken: u64) {
        let mut stretches = stretches.to_vec();
        assert_eq!(cut_out(&mut stretches, cut), taken, "{cut:?}");
        assert_eq!(stretches, left, "{cut:?}");
    }

    #[test]
    fn a_cut_takes_what_is_there() {
        let all = [(0, 10), (20, 30)];
        check(&all, (10, 20), &all, 0);
        check(&all, (0, 30), &[], 20);
        check(&all, (5, 25), &[(0, 5), (25, 30)], 10);
        check(&all, (3, 4), &[(0, 3), (4, 10), (20, 30)], 1);
    }
}
