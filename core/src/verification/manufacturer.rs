//! What the manufacturers' side may do to product, batch and serial: upload, recall, withdraw (Art. 33 to 35, 40).
//!
//! A recall and a withdrawal happen once per market and for ever; a serial is taken once per product; a batch has one expiry;
//! a market in which the product is withdrawn or the batch recalled takes no more packs while the others do. Serves URS-VF-008, URS-SN-005. The changes of single packs
//! are those of every other actor, see [`super::decision`].

use crate::expiry::Expiry;
use crate::lot::BatchState;
use crate::market::Market;
use crate::product::ProductState;

use super::found::{KnownPack, MarketLayers};

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
    /// No market named takes packs of this batch any more.
    #[error("in every market named the product is withdrawn or the batch recalled")]
    ClosedEverywhere,
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

/// The markets that take packs of a batch, and those that are closed to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadMarkets {
    /// Packs are stored for these.
    pub accepted: Vec<Market>,
    /// In these the product is withdrawn or the batch recalled.
    pub refused: Vec<Market>,
}

/// Tests the batch of an upload against what is stored: product and batch in every market named, and the stored expiry.
///
/// # Errors
/// The batch has another expiry, or no market is left that takes it.
pub fn accept_batch(
    markets: &[MarketLayers],
    stored: Option<Expiry>,
    expiry: Expiry,
) -> Result<UploadMarkets, UploadRefused> {
    if let Some(stored) = stored.filter(|stored| *stored != expiry) {
        return Err(UploadRefused::OtherExpiry {
            stored,
            sent: expiry,
        });
    }
    let is_open = |layers: &&MarketLayers| {
        layers.product == ProductState::Active && layers.batch == BatchState::Active
    };
    let (open, closed): (Vec<&MarketLayers>, Vec<&MarketLayers>) =
        markets.iter().partition(is_open);
    let names = |layers: Vec<&MarketLayers>| layers.iter().map(|layers| layers.market).collect();
    match open.is_empty() && !closed.is_empty() {
        true => Err(UploadRefused::ClosedEverywhere),
        false => Ok(UploadMarkets {
            accepted: names(open),
            refused: names(closed),
        }),
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
    fn a_closed_market_takes_no_batch_and_the_others_do() {
        let expiry = |raw| Expiry::parse(raw, 2026).unwrap();
        let layers = |code, product, batch| MarketLayers {
            market: market(code),
            product,
            batch,
        };
        use {BatchState as B, ProductState as P};
        let markets = [
            layers("DE", P::Withdrawn, B::Active),
            layers("FR", P::Active, B::Active),
            layers("ES", P::Active, B::Recalled),
        ];
        let sent = expiry("280131");
        let taken = accept_batch(&markets, Some(sent), sent).unwrap();
        assert_eq!(taken.accepted, [market("FR")]);
        assert_eq!(taken.refused, [market("DE"), market("ES")]);
        let closed = accept_batch(&markets[2..], None, sent);
        assert_eq!(closed, Err(UploadRefused::ClosedEverywhere));
        let other = accept_batch(&markets, Some(expiry("280200")), sent);
        assert!(matches!(other, Err(UploadRefused::OtherExpiry { .. })));
    }
}
