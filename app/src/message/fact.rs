//! The fact behind a message, put together again from what the store keeps: for writing, and for the message page.

use packtwin_core::fact::{Fact, FactKind, LotHead};
use packtwin_core::market::Market;
use packtwin_core::pack::PackState;
use packtwin_core::product::ProductVersion;
use packtwin_tenants::scope::Reader;
use packtwin_tenants::store::message::MessageRecord;
use serde::{Deserialize, Serialize};

use crate::error::AppError;

/// What a message carries beside its packs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MessageDetail {
    /// The markets of a recall or withdrawal, and those of pack data that were open when the message was planned.
    pub markets: Vec<String>,
    /// The reason of a recall or withdrawal.
    pub reason: String,
    /// The new state of packs.
    pub state: String,
    /// Messages whose refused packs this one sends again.
    pub resends: Vec<String>,
    /// The refused message whose content this one carries anew.
    pub anew_of: Option<String>,
}

impl MessageDetail {
    /// Reads the stored form.
    pub fn from_record(record: &MessageRecord) -> Self {
        serde_json::from_str(&record.detail).unwrap_or_default()
    }

    /// The stored form.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    fn markets(&self) -> Vec<Market> {
        self.markets
            .iter()
            .filter_map(|market| market.parse().ok())
            .collect()
    }
}

/// The fact of a message.
///
/// # Errors
/// Its product, version or lot is gone, which only damage can do.
pub fn fact_of(reader: &mut Reader<'_>, message: &MessageRecord) -> Result<Fact, AppError> {
    let product = reader
        .product_get(message.product)?
        .ok_or(AppError::NotFound)?;
    let detail = MessageDetail::from_record(message);
    let lot = match message.lot {
        Some(no) => {
            let lot = reader
                .lot_get(message.product, no)?
                .ok_or(AppError::NotFound)?;
            Some(LotHead {
                product: product.code,
                batch: lot.batch,
                expiry: lot.expiry,
                manufactured: lot.manufactured,
            })
        }
        None => None,
    };
    Ok(match message.kind {
        FactKind::ProductVersioned => {
            let version = message.version.ok_or(AppError::NotFound)?;
            let record = reader
                .product_version_get(message.product, version)?
                .ok_or(AppError::NotFound)?;
            Fact::ProductVersioned(Box::new(ProductVersion {
                code: product.code,
                version,
                data: record.data,
            }))
        }
        FactKind::Commissioned => {
            let version = message.version.ok_or(AppError::NotFound)?;
            let record = reader
                .product_version_get(message.product, version)?
                .ok_or(AppError::NotFound)?;
            let mut markets = detail.markets();
            if markets.is_empty() {
                markets.extend(record.data.markets.iter().map(|entry| entry.market));
            }
            Fact::Commissioned {
                lot: lot.ok_or(AppError::NotFound)?,
                version,
                markets,
            }
        }
        FactKind::StateChanged => {
            let state = PackState::parse(&detail.state).ok_or(AppError::NotFound)?;
            Fact::StateChanged {
                lot: lot.ok_or(AppError::NotFound)?,
                state,
            }
        }
        FactKind::Recalled => Fact::Recalled {
            lot: lot.ok_or(AppError::NotFound)?,
            markets: detail.markets(),
            reason: detail.reason,
        },
        FactKind::Withdrawn => Fact::Withdrawn {
            product: product.code,
            markets: detail.markets(),
            reason: detail.reason,
        },
    })
}
