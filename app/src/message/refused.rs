//! What a far side refused stands where it belongs, until the same content left anew: a recall on its lot, a withdrawal on
//! its product, a change of states on the lot of the packs.
//!
//! A refused message is final and its bytes never change, so its content goes anew as another message: the same fact and
//! packs, the same time of the event, another id. That id follows from the refused one, so that a message has at most one
//! successor however many ask at once, and nobody has to write down which. Packs that were never held and product
//! versions have their own ways (`lot::request_send`, `product::send_version`). Serves URS-CN-006.

use packtwin_core::code::Code;
use packtwin_core::fact::{Fact, FactKind, LotHead, SerialSource};
use packtwin_core::ids::{MessageId, ProductNo};
use packtwin_core::serial::Serial;
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::scope::Reader;
use packtwin_tenants::store::message::{
    MessageContent, MessageFilter, MessageRecord, MessageState,
};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{MessageDetail, fact_of};
use crate::connector::Link;
use crate::desk::Desk;
use crate::error::AppError;
use crate::lot::outgoing::{Outgoing, queue_small_as};
use crate::lot::send::ListStretch;
use crate::{lot, product};

/// Refusals shown of one lot or product; more would be more recalls than there are markets.
const REFUSED_SHOWN: i64 = 200;
/// Refused packs read at once.
const REFUSED_PACKS: i64 = 10_000;

/// A message that the far side refused and whose content did not leave anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FarRefusal {
    /// Which.
    pub message: MessageId,
    /// What it carried.
    pub kind: FactKind,
    /// How many packs, where it was about packs.
    pub packs: u64,
    /// What it would have done: `recall in AT, DE`, `change to Stolen`.
    pub what: String,
    /// The far side's codes and sentences, in its order.
    pub faults: Vec<FarReason>,
}

/// A reason of the far side, as it is kept with the answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct FarReason {
    /// The far side's code, such as `A16`.
    pub code: String,
    /// Its text.
    pub text: String,
    /// What it means and what to do, in our words.
    pub advice: String,
}

impl FarRefusal {
    /// What a message was refused for, if it was refused.
    pub(crate) fn of(message: &MessageRecord) -> Self {
        let detail = MessageDetail::from_record(message);
        FarRefusal {
            message: message.id,
            kind: message.kind,
            packs: message.content.packs(),
            what: what_of(message.kind, &detail),
            faults: reasons_of(message),
        }
    }

    /// `A16: unknown batch`: every reason of the far side in one line.
    pub fn reason(&self) -> String {
        let reasons = self.faults.iter();
        let reasons = reasons.map(|fault| format!("{}: {}", fault.code, fault.text));
        reasons.collect::<Vec<_>>().join("; ")
    }
}

/// The reasons in a message's answer; none where the far side gave none.
pub(crate) fn reasons_of(message: &MessageRecord) -> Vec<FarReason> {
    let answer = message.answer.as_ref();
    let faults = answer.map(|answer| serde_json::from_str(&answer.faults).unwrap_or_default());
    faults.unwrap_or_default()
}

fn what_of(kind: FactKind, detail: &MessageDetail) -> String {
    let markets = detail.markets.join(", ");
    match kind {
        FactKind::Recalled => format!("recall in {markets}"),
        FactKind::Withdrawn => format!("withdrawal from {markets}"),
        FactKind::StateChanged => format!("change to {}", detail.state),
        FactKind::Commissioned => "pack data".to_owned(),
        FactKind::ProductVersioned => "product version".to_owned(),
    }
}

/// Which of a lot's messages stand refused: recalls and changes of states that did not leave anew.
///
/// # Errors
/// The store failed.
pub(crate) fn refusals_of_lot(
    reader: &mut Reader<'_>,
    messages: &[MessageRecord],
) -> Result<Vec<FarRefusal>, AppError> {
    let mut standing = Vec::new();
    for message in messages {
        if anew_of(reader, message)? == Anew::Possible {
            standing.push(FarRefusal::of(message));
        }
    }
    Ok(standing)
}

/// Which withdrawals of a product stand refused.
///
/// # Errors
/// The store failed.
pub fn refusals_of_product(
    reader: &mut Reader<'_>,
    product: ProductNo,
) -> Result<Vec<FarRefusal>, AppError> {
    let filter = MessageFilter {
        product: Some(product),
        kind: Some(FactKind::Withdrawn),
        state: Some(MessageState::Refused),
        ..MessageFilter::default()
    };
    let messages = reader.message_list(&filter, None, REFUSED_SHOWN)?;
    refusals_of_lot(reader, &messages)
}

/// Whether what was refused of a message can leave anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anew {
    /// Nothing of it was refused, or its content has another way.
    Never,
    /// It can: see [`super::retry_message`].
    Possible,
    /// It did, as this message.
    Left(MessageId),
}

/// What there is to say of a message's content leaving anew.
pub(super) fn anew_of(reader: &mut Reader<'_>, message: &MessageRecord) -> Result<Anew, AppError> {
    if !goes_anew(message) {
        return Ok(Anew::Never);
    }
    let id = successor(message.id);
    Ok(match reader.message_get(id)? {
        Some(_) => Anew::Left(id),
        None => Anew::Possible,
    })
}

/// Whether a message's content can leave anew as another one.
fn goes_anew(message: &MessageRecord) -> bool {
    match message.kind {
        FactKind::Recalled | FactKind::Withdrawn => message.state == MessageState::Refused,
        FactKind::StateChanged => {
            matches!(message.state, MessageState::Refused | MessageState::Partial)
        }
        FactKind::ProductVersioned | FactKind::Commissioned => false,
    }
}

/// The id under which a refused message's content goes anew.
fn successor(id: MessageId) -> MessageId {
    let hash = Sha256::digest(format!("{id} anew"));
    let bits = hash.iter().take(16);
    MessageId::from_random(bits.fold(0, |bits, byte| bits << 8 | u128::from(*byte)))
}

/// Sends the content of a refused message anew. Answers the message that carries it now.
///
/// # Errors
/// [`Code::HubRefused`]: it was sent anew already, or is sent anew in another way, which the text names.
pub(super) fn send_anew(desk: &Desk<'_>, message: &MessageRecord) -> Result<MessageId, AppError> {
    if !goes_anew(message) {
        let way = match message.kind {
            FactKind::Commissioned => "send the difference of its lot",
            FactKind::ProductVersioned => "send the product version again",
            FactKind::Recalled | FactKind::Withdrawn | FactKind::StateChanged => {
                "there is nothing to send anew"
            }
        };
        let text = format!("the message is {}; {way}", message.state.as_str());
        return Err(AppError::refuse(Code::HubRefused, text));
    }
    let id = successor(message.id);
    let (fact, link, anew) = desk.scope().read(|reader| {
        let link = Link::of(reader, &message.connector)?;
        let anew = anew_of(reader, message)?;
        Ok::<_, AppError>((fact_of(reader, message)?, link, anew))
    })?;
    if anew != Anew::Possible {
        let text = format!("its content left anew as message {id}");
        return Err(AppError::refuse(Code::HubRefused, text));
    }
    let outgoing = Outgoing {
        product: message.product,
        lot: message.lot,
        version: message.version,
        kind: message.kind,
        detail: MessageDetail {
            anew_of: Some(message.id.to_string()),
            ..MessageDetail::from_record(message)
        },
        event_at: message.event_at,
    };
    let serials = serials_of(desk, message)?;
    let told = serde_json::json!({ "message": id.to_string(), "refused": message.id.to_string() });
    let name = name_of(&fact);
    queue_small_as(desk, id, &link, &fact, &outgoing, &serials, |_, _| {
        Ok(AuditNote::new("message.sent_anew", name).detail(told))
    })
}

/// The packs that the far side refused of a message: all of them, or those it named.
fn serials_of(desk: &Desk<'_>, message: &MessageRecord) -> Result<Vec<Serial>, AppError> {
    let mut serials = Vec::new();
    match (message.state, message.content) {
        (MessageState::Partial, _) => {
            let read = |after: Option<&Serial>| {
                desk.scope().read(|reader| {
                    reader
                        .message_refused_packs(message.id, after, REFUSED_PACKS)
                        .map_err(AppError::from)
                })
            };
            loop {
                let rows = read(serials.last())?;
                if rows.is_empty() {
                    break;
                }
                serials.extend(rows.iter().map(|row| row.serial));
            }
        }
        (_, MessageContent::List { sha256, count, .. }) => {
            let mut list = ListStretch::open(desk.scope().blobs().open(&sha256)?, 0, count)?;
            while let Some(serial) = list.next_serial()? {
                serials.push(serial);
            }
        }
        (_, MessageContent::None | MessageContent::Stretch { .. }) => {}
    }
    Ok(serials)
}

/// What the audit trail names: the lot or product that the fact is about.
fn name_of(fact: &Fact) -> String {
    let of_lot = |lot: &LotHead| lot::audit_name(&lot.product, &lot.batch);
    match fact {
        Fact::Recalled { lot, .. } | Fact::StateChanged { lot, .. } => of_lot(lot),
        Fact::Commissioned { lot, .. } => of_lot(lot),
        Fact::Withdrawn { product, .. } => product::audit_name(product),
        Fact::ProductVersioned(version) => product::audit_name(&version.code),
    }
}
