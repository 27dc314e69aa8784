//! What the repositories found for a request: product and batch of one market, the pack of all Europe, and its last change.
//!
//! The stores fill these records and decide nothing. Expired is not stored; it follows from the date.

use crate::batch_number::BatchNumber;
use crate::expiry::Expiry;
use crate::lot::BatchState;
use crate::market::Market;
use crate::pack::PackState;
use crate::product::ProductState;
use crate::time::Timestamp;

use super::request::{Scale, SiteToken};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The repository could not be asked; nothing is known and nothing is judged.
    Unavailable,
    /// No repository of any market knows the product.
    Nowhere,
    /// This market's repository knows the product.
    Here(Holding),
    /// Another market's repository knows the product, and answers through the hub (Art. 34).
    Elsewhere {
        /// What it holds.
        holding: Holding,
        /// Product and batch in every market that could answer, the one asking included where it knows them.
        markets: Vec<MarketLayers>,
        /// The market that asks.
        asking: Market,
    },
}

/// What one repository holds of what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// The product in this market.
    pub product: ProductState,
    /// The batch that the request names, if the product has one of this number.
    pub batch: Option<KnownBatch>,
    /// The pack that the request names.
    pub pack: Option<KnownPack>,
}

/// A batch as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownBatch {
    /// Its number.
    pub number: BatchNumber,
    /// Its expiry.
    pub expiry: Expiry,
    /// Its state in this market.
    pub state: BatchState,
}

/// A pack as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownPack {
    /// The batch it belongs to.
    pub batch: KnownBatch,
    /// Its own state.
    pub state: PackState,
    /// The change that brought it into this state; `None` as long as nothing happened to it.
    pub last: Option<LastChange>,
}

/// The last change of a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastChange {
    /// When.
    pub at: Timestamp,
    /// From which site; `None` for the manufacturer's side, which no site can undo.
    pub site: Option<SiteToken>,
    /// How often the same operation was asked again by the same site since.
    pub repeats: u32,
}

/// Product and batch in one market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarketLayers {
    /// Which market.
    pub market: Market,
    /// The product there.
    pub product: ProductState,
    /// The batch there.
    pub batch: BatchState,
}

/// What the verifiers' side knows about the asker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SiteHistory {
    /// Typing errors already tolerated or alerted for this site, operation and product since one was typed right.
    pub typing_errors: u32,
    /// Whether the client's transaction id is new.
    pub transaction: Transaction,
}

/// Whether a client's transaction id was seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transaction {
    /// New.
    New,
    /// Used before: nothing is done again (URS-VF-013).
    UsedBefore,
}

impl SiteHistory {
    /// A site of which nothing is to be remembered.
    pub const CLEAN: SiteHistory = SiteHistory {
        typing_errors: 0,
        transaction: Transaction::New,
    };
}

impl Found {
    /// Whether the hub is to be asked: the product, or batch **and** pack, are unknown here, and the request came alone
    /// (EMVO-HC, UK-BULK).
    pub fn asks_other_markets(&self, scale: Scale) -> bool {
        match (scale, self) {
            (Scale::Bulk, _) | (_, Found::Unavailable | Found::Elsewhere { .. }) => false,
            (Scale::Single, Found::Nowhere) => true,
            (Scale::Single, Found::Here(holding)) => {
                holding.batch.is_none() && holding.pack.is_none()
            }
        }
    }
}
