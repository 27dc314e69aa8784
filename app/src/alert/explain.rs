//! What an alert most likely is: the stored pack that was meant, and the mishap that explains the difference (URS-AL-008,
//! URS-VF-011).
//!
//! The repository is asked for what the sent text could have been (keyboard layout, caps lock, look-alikes, a lost separator,
//! ...); the first that exists is shown beside it. A cause explains; it never closes an alert by itself.

use packtwin_core::alert::record::PreviousBy;
use packtwin_core::alert::{
    Alert, AlertId, Known, LikelyCause, Previous, Source, likely_cause, near,
};
use packtwin_core::expiry::Expiry;
use packtwin_core::pack::{PackKey, PackState};
use packtwin_core::role::Permission;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;
use packtwin_core::verification::{
    AlertCode, Delivery, EntryMode, Operation, Removal, Submitted, Undo,
};
use packtwin_tenants::error::StoreError;
use packtwin_tenants::scope::Reader;
use packtwin_tenants::store::alert::{AlertDecision, AlertRecord};

use crate::desk::Desk;
use crate::error::AppError;

/// An alert with its life and its likely cause.
#[derive(Debug, Clone)]
pub struct AlertView {
    /// The alert.
    pub record: AlertRecord,
    /// What happened to it.
    pub decisions: Vec<AlertDecision>,
    /// The likely cause; `None` where its kept texts cannot be read as elements any more.
    pub cause: Option<LikelyCause>,
    /// The stored serial that was meant, with the places at which sent and stored differ.
    pub near: Option<NearSerial>,
}

/// A stored serial that the sent one can be explained by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearSerial {
    /// As stored.
    pub serial: Serial,
    /// The batch of that pack.
    pub batch: String,
    /// Differing characters of the sent text, counted from 0.
    pub sent_places: Vec<usize>,
    /// Differing characters of the stored text, counted from 0.
    pub known_places: Vec<usize>,
}

/// Looks at one alert of the tenant's products.
///
/// # Errors
/// There is no such alert, or the store failed.
pub fn view_alert(desk: &Desk<'_>, id: AlertId) -> Result<AlertView, AppError> {
    desk.require(Permission::AlertsRead)?;
    desk.scope().read(|reader| {
        let record = reader.alert_get(id)?.ok_or(AppError::NotFound)?;
        let decisions = reader.alert_decisions(id)?;
        let near = match record.code {
            AlertCode::A2 | AlertCode::A3 => near_serial(reader, &record)?,
            AlertCode::A7 | AlertCode::A24 | AlertCode::A52 | AlertCode::A68 => None,
        };
        let cause = alert_of(&record, near.as_ref()).map(|alert| likely_cause(&alert));
        Ok(AlertView {
            record,
            decisions,
            cause,
            near,
        })
    })
}

fn near_serial(
    reader: &mut Reader<'_>,
    record: &AlertRecord,
) -> Result<Option<NearSerial>, StoreError> {
    let sent = record.serial.as_str();
    for candidate in near::candidates(sent) {
        let Ok(serial) = Serial::parse(&candidate) else {
            continue;
        };
        let Some(pack) = reader.pack_find(record.product, &serial)? else {
            continue;
        };
        let lot = reader.lot_get(record.product, pack.lot)?;
        let (sent_places, known_places) = near::differences(sent, serial.as_str());
        return Ok(lot.map(|lot| NearSerial {
            serial,
            batch: lot.batch.to_string(),
            sent_places,
            known_places,
        }));
    }
    Ok(None)
}

/// The alert in core's words.
fn alert_of(record: &AlertRecord, near: Option<&NearSerial>) -> Option<Alert> {
    let detail = &record.detail;
    let year = record.raised_at.year();
    let expiry = |text: &Option<String>| match text {
        None => Some(None),
        Some(text) => Expiry::parse(text, year).ok().map(Some),
    };
    let batch = |text: &Option<String>| match text {
        None => Some(None),
        Some(text) => text.parse().ok().map(Some),
    };
    let previous = match &detail.previous {
        None => None,
        Some(previous) => Some(Previous {
            at: Timestamp::parse(&previous.at)?,
            state: PackState::parse(&previous.state)?,
            by: match previous.by.as_str() {
                "same_site" => PreviousBy::SameSite,
                _ => PreviousBy::OtherSite,
            },
        }),
    };
    let state_before = match &detail.state_before {
        None => None,
        Some(state) => Some(PackState::parse(state)?),
    };
    Some(Alert {
        id: record.id,
        code: record.code,
        raised_at: record.raised_at,
        market: record.market,
        fulfilled_by: None,
        sent: Submitted {
            pack: PackKey {
                product: record.product_code.parse().ok()?,
                serial: record.serial,
            },
            batch: batch(&record.batch)?,
            expiry: expiry(&detail.expiry)?,
        },
        known: Known {
            serial: near.map(|near| near.serial),
            batch: batch(&detail.known_batch)?,
            expiry: expiry(&detail.known_expiry)?,
        },
        state_before,
        source: Source::Site(operation_of(&record.operation)?),
        entry: match detail.entry.as_str() {
            "manual" => EntryMode::Manual,
            _ => EntryMode::Scan,
        },
        delivery: match detail.delivery.as_str() {
            "deferred" => Delivery::Deferred,
            _ => Delivery::Immediate,
        },
        pseudonym: record.pseudonym,
        previous,
    })
}

fn operation_of(word: &str) -> Option<Operation> {
    match word {
        "verify" => Some(Operation::Verify),
        "status" => Some(Operation::Status),
        "undo" => Some(Operation::Undo(Undo::Whatever)),
        word => Removal::ALL
            .into_iter()
            .find(|removal| removal.as_str() == word)
            .map(Operation::Remove),
    }
}
