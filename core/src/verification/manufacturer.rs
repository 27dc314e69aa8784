//! What the manufacturers' side may do to product, batch and serial: upload, recall, withdraw (Art. 33 to 35, 40).
//!
//! A recall and a withdrawal happen once and for ever; a serial is taken once per product; a batch has one expiry; a
//! withdrawn market takes no new batches while the others do. Serves URS-VF-008, URS-SN-005. The changes of single packs
//! are those of every other actor, see [`super::decision`].

use crate::expiry::Expiry;
use crate::lot::BatchState;
use crate::market::Market;
use crate::product::ProductState;

use super::found::{KnownBatch, KnownPack};

/// Why the manufacturers' side is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UploadRefused {
    /// Art. 35(3).
    #[error("the serial number is already stored for this product; the stored pack stays as it is")]
    SerialTaken,
    /// A batch has one expiry.
    #[error("the batch is stored with expiry {stored}, not {sent}")]
    OtherExpiry {
        /// As stored.
        stored: Expiry,
        /// As sent.
        sent: Expiry,
    },
    /// The product is withdrawn from every market named.
    #[error("the product is withdrawn from every market named")]
    WithdrawnEverywhere,
    /// A recalled batch takes nothing more.
    #[error("the batch is recalled; it takes no more packs")]
    BatchRecalled,
}

/// A state of product or batch that is final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FinalState {
    /// The batch was recalled before.
    #[error("the batch is recalled already; a recall happens once and cannot be taken back")]
    Recalled,
    /// The product was withdrawn before.
    #[error("the product is withdrawn already; a withdrawal cannot be taken back")]
    Withdrawn,
}

/// The markets that take packs of a batch, and those that refuse them because the product is withdrawn there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadMarkets {
    /// Packs are stored for these.
    pub accepted: Vec<Market>,
    /// The product is withdrawn from these.
    pub refused: Vec<Market>,
}

/// Tests the batch of an upload against what is stored.
///
/// # Errors
/// The batch has another expiry, is recalled, or no market is left that takes it.
pub fn accept_batch(
    markets: &[(Market, ProductState)],
    stored: Option<&KnownBatch>,
    expiry: Expiry,
) -> Result<UploadMarkets, UploadRefused> {
    if let Some(stored) = stored {
        if stored.expiry != expiry {
            return Err(UploadRefused::OtherExpiry {
                stored: stored.expiry,
                sent: expiry,
            });
        }
        if stored.state == BatchState::Recalled {
            return Err(UploadRefused::BatchRecalled);
        }
    }
    let of = |state| {
        let markets = markets.iter().filter(move |(_, known)| *known == state);
        markets.map(|(market, _)| *market).collect::<Vec<Market>>()
    };
    let (accepted, refused) = (of(ProductState::Active), of(ProductState::Withdrawn));
    match accepted.is_empty() && !refused.is_empty() {
        true => Err(UploadRefused::WithdrawnEverywhere),
        false => Ok(UploadMarkets { accepted, refused }),
    }
}

/// Tests one serial of an upload.
///
/// # Errors
/// It is taken.
pub fn accept_serial(stored: Option<&KnownPack>) -> Result<(), UploadRefused> {
    match stored {
        Some(_) => Err(UploadRefused::SerialTaken),
        None => Ok(()),
    }
}

/// Recalls a batch in one market.
///
/// # Errors
/// It is recalled already.
pub fn recall(batch: BatchState) -> Result<BatchState, FinalState> {
    match batch {
        BatchState::Active => Ok(BatchState::Recalled),
        BatchState::Recalled => Err(FinalState::Recalled),
    }
}

/// Withdraws a product from one market.
///
/// # Errors
/// It is withdrawn already.
pub fn withdraw(product: ProductState) -> Result<ProductState, FinalState> {
    match product {
        ProductState::Active => Ok(ProductState::Withdrawn),
        ProductState::Withdrawn => Err(FinalState::Withdrawn),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn market(code: &str) -> Market {
        code.parse().unwrap()
    }

    /// URS-VF-008: once, and for ever.
    #[test]
    fn recall_and_withdrawal_are_final() {
        let recalled = recall(BatchState::Active).unwrap();
        assert_eq!(recall(recalled), Err(FinalState::Recalled));
        let withdrawn = withdraw(ProductState::Active).unwrap();
        assert_eq!(withdraw(withdrawn), Err(FinalState::Withdrawn));
    }

    #[test]
    fn a_withdrawn_market_takes_no_batch_and_the_others_do() {
        let expiry = |raw| Expiry::parse(raw, 2026).unwrap();
        let (de, fr) = (market("DE"), market("FR"));
        let markets = [(de, ProductState::Withdrawn), (fr, ProductState::Active)];
        let taken = accept_batch(&markets, None, expiry("280131")).unwrap();
        assert_eq!((taken.accepted, taken.refused), (vec![fr], vec![de]));
        let nowhere = accept_batch(&markets[..1], None, expiry("280131"));
        assert_eq!(nowhere, Err(UploadRefused::WithdrawnEverywhere));
        let stored = KnownBatch {
            number: "L1".parse().unwrap(),
            expiry: expiry("280200"),
            state: BatchState::Active,
        };
        let other = accept_batch(&markets, Some(&stored), expiry("280131"));
        assert!(matches!(other, Err(UploadRefused::OtherExpiry { .. })));
        let recalled = KnownBatch {
            state: BatchState::Recalled,
            ..stored
        };
        let late = accept_batch(&markets, Some(&recalled), expiry("280200"));
        assert_eq!(late, Err(UploadRefused::BatchRecalled));
    }
}
