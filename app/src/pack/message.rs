//! The messages that told a far side of one pack, and what became of the pack in each.
//!
//! A commissioning message carries a stretch of the load's serial list or a list of its own, a change of state a list of
//! its own; the pack's place decides. A recall names the whole lot and a withdrawal the product: they tell of the pack
//! without naming it. Serves URS-SN-009; the packs of a message are never copied into rows.

use std::fs::File;
use std::io::ErrorKind;

use packtwin_core::audit::Hash;
use packtwin_core::fact::FactKind;
use packtwin_core::product_code::ProductCode;
use packtwin_core::role::Permission;
use packtwin_core::serial::Serial;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::scope::Reader;
use packtwin_tenants::store::load::LoadRecord;
use packtwin_tenants::store::message::{
    MessageContent, MessageFilter, MessageRecord, MessageState,
};
use packtwin_tenants::store::message_answer::RefusedPack;

use super::list_place::place_in_list;
use super::twin::{PackTwin, twin_now};
use crate::desk::Desk;
use crate::error::AppError;
use crate::lot::messages_of_lot;

/// How a message tells of a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tells {
    /// Its document names the pack.
    OfPack,
    /// Its document names the lot.
    OfLot,
    /// Its document names the product.
    OfProduct,
}

impl Tells {
    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Tells::OfPack => "pack",
            Tells::OfLot => "lot",
            Tells::OfProduct => "product",
        }
    }
}

/// What the far side made of the pack in one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackVerdict {
    /// The message has not left.
    NotSent,
    /// It left, and the answer is still to come.
    Waiting,
    /// It may have left; the far side is being asked.
    Unknown,
    /// Taken.
    Accepted,
    /// This pack was refused, with the far side's code and words.
    Refused {
        /// The code.
        code: String,
        /// The words.
        text: String,
    },
    /// The message was refused as a whole.
    RefusedWhole,
    /// The message was withdrawn before it left.
    Cancelled,
}

impl PackVerdict {
    /// The word in the API.
    pub const fn as_str(&self) -> &'static str {
        match self {
            PackVerdict::NotSent => "not_sent",
            PackVerdict::Waiting => "waiting",
            PackVerdict::Unknown => "unknown",
            PackVerdict::Accepted => "accepted",
            PackVerdict::Refused { .. } => "refused",
            PackVerdict::RefusedWhole => "refused_whole",
            PackVerdict::Cancelled => "cancelled",
        }
    }
}

/// A message that told of a pack.
#[derive(Debug, Clone)]
pub struct PackMessage {
    /// The message.
    pub message: MessageRecord,
    /// How it tells of the pack.
    pub tells: Tells,
    /// What became of the pack in it.
    pub verdict: PackVerdict,
}

/// The messages that told of a pack, the newest first.
///
/// # Errors
/// There is no such pack; a serial list is damaged; the caller may not.
pub fn messages_of_pack(
    desk: &Desk<'_>,
    code: &ProductCode,
    serial: &Serial,
) -> Result<Vec<PackMessage>, AppError> {
    desk.require(Permission::LotsRead)?;
    let twin = desk.scope().read(|reader| twin_now(reader, code, serial))?;
    let load = desk.scope().read(|reader| load_of(reader, &twin))?;
    let place = place_of(desk, &load, serial)?;
    told_of(desk, &twin, place)
}

/// The load that brought a pack.
pub(super) fn load_of(reader: &mut Reader<'_>, twin: &PackTwin) -> Result<LoadRecord, AppError> {
    reader
        .load_get(twin.product.no, twin.pack.load)?
        .ok_or(AppError::NotFound)
}

/// Where a pack stands in the serial list of its load, counted from 0.
pub(super) fn place_of(
    desk: &Desk<'_>,
    load: &LoadRecord,
    serial: &Serial,
) -> Result<u64, AppError> {
    let list = load.list_sha256.as_ref().ok_or_else(damaged)?;
    find_in(desk, list, serial)?.ok_or_else(damaged)
}

fn find_in(desk: &Desk<'_>, list: &Hash, serial: &Serial) -> Result<Option<u64>, AppError> {
    // A list that a load or message names is there; one that is not was lost, which is no answer to the caller.
    let mut file: File = desk
        .scope()
        .blobs()
        .open(list)
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => damaged(),
            _ => AppError::from(error),
        })?;
    Ok(place_in_list(&mut file, serial)?)
}

fn damaged() -> AppError {
    AppError::Store(StoreError::Damaged {
        what: "serial list",
    })
}

/// Withdrawals of one product: one for each market at most.
const WITHDRAWALS_MAX: i64 = 1_000;

/// The messages of a pack whose place in its load's list is known.
pub(super) fn told_of(
    desk: &Desk<'_>,
    twin: &PackTwin,
    place: u64,
) -> Result<Vec<PackMessage>, AppError> {
    let serial = &twin.pack.serial;
    let candidates = desk.scope().read(|reader| {
        let mut messages = messages_of_lot(reader, twin.product.no, twin.lot.no)?;
        let withdrawals = MessageFilter {
            kind: Some(FactKind::Withdrawn),
            product: Some(twin.product.no),
            ..MessageFilter::default()
        };
        messages.extend(reader.message_list(&withdrawals, None, WITHDRAWALS_MAX)?);
        Ok::<_, AppError>(messages)
    })?;
    let mut told = Vec::new();
    for message in candidates {
        let Some(tells) = tells(desk, twin, place, &message)? else {
            continue;
        };
        let refused = match message.state {
            MessageState::Partial if tells == Tells::OfPack => desk
                .scope()
                .read(|reader| reader.message_refused_pack(message.id, serial))?,
            _ => None,
        };
        told.push(PackMessage {
            verdict: verdict(message.state, refused),
            tells,
            message,
        });
    }
    told.sort_by_key(|told| std::cmp::Reverse((told.message.created_at, told.message.id)));
    Ok(told)
}

fn tells(
    desk: &Desk<'_>,
    twin: &PackTwin,
    place: u64,
    message: &MessageRecord,
) -> Result<Option<Tells>, AppError> {
    let names_it = match &message.content {
        MessageContent::Stretch { load, first, count } => {
            *load == twin.pack.load && (*first..first + count).contains(&place)
        }
        MessageContent::List { sha256, .. } => find_in(desk, sha256, &twin.pack.serial)?.is_some(),
        MessageContent::None => {
            return Ok(match message.kind {
                FactKind::Recalled => Some(Tells::OfLot),
                FactKind::Withdrawn => Some(Tells::OfProduct),
                FactKind::Commissioned | FactKind::StateChanged | FactKind::ProductVersioned => {
                    None
                }
            });
        }
    };
    Ok(names_it.then_some(Tells::OfPack))
}

fn verdict(state: MessageState, refused: Option<RefusedPack>) -> PackVerdict {
    match state {
        MessageState::Writing | MessageState::Queued => PackVerdict::NotSent,
        MessageState::Waiting => PackVerdict::Waiting,
        MessageState::Sending | MessageState::Unknown => PackVerdict::Unknown,
        MessageState::Accepted => PackVerdict::Accepted,
        MessageState::Partial => match refused {
            Some(pack) => PackVerdict::Refused {
                code: pack.code,
                text: pack.text,
            },
            None => PackVerdict::Accepted,
        },
        MessageState::Refused => PackVerdict::RefusedWhole,
        MessageState::Cancelled => PackVerdict::Cancelled,
    }
}
