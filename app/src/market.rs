//! In which markets packs of a lot may be placed, and which of its version's markets are closed to them.
//!
//! A withdrawal and a recall are told to the repositories of the states they take place in (EU 2016/161 Art. 40(a)), and a
//! product or batch state belongs to one market (emvs.md 2.1). A closed market therefore takes no pack, and the others are
//! judged as if it were not there: packs are intended for the open ones alone (Art. 33(2)(d)). When every market is
//! closed, nothing is stored or sent. Single packs are another matter: their state holds in all of Europe, so a recall in
//! any market ends their changes (emvs.md 5.1); see `lot::change_states`.

use packtwin_core::ids::{LotNo, ProductNo};
use packtwin_core::market::Market;
use packtwin_core::product::MasterData;
use packtwin_tenants::scope::Reader;

use crate::error::AppError;

/// What closed a market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Closing {
    /// The product was withdrawn from it.
    Withdrawn,
    /// The lot was recalled in it.
    Recalled,
}

/// A market that takes no more packs of a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClosedMarket {
    /// Which.
    pub market: Market,
    /// What closed it; the withdrawal where both did (emvs.md 2.1).
    pub by: Closing,
}

/// The markets of a lot's version, told apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MarketStanding {
    /// Where packs may be placed.
    pub open: Vec<Market>,
    /// Where not, and why.
    pub closed: Vec<ClosedMarket>,
}

impl ClosedMarket {
    /// Why, as a sentence about the lot: `lot A1 is recalled in DE`.
    pub fn reason(&self, product: &str, batch: &str) -> String {
        let market = self.market;
        match self.by {
            Closing::Withdrawn => format!("product {product} is withdrawn from {market}"),
            Closing::Recalled => format!("lot {batch} is recalled in {market}"),
        }
    }
}

impl MarketStanding {
    /// Whether no market is left in which a pack may be placed.
    pub fn is_shut(&self) -> bool {
        self.open.is_empty() && !self.closed.is_empty()
    }

    /// The open markets as a sentence names them: `AT, FR`.
    pub fn open_words(&self) -> String {
        let names: Vec<&str> = self.open.iter().map(Market::as_str).collect();
        names.join(", ")
    }
}

/// Tells the markets of a version apart for a lot of it; `lot` is `None` while nothing of it is stored.
///
/// # Errors
/// The store failed.
pub fn market_standing(
    reader: &mut Reader<'_>,
    product: ProductNo,
    lot: Option<LotNo>,
    version: &MasterData,
) -> Result<MarketStanding, AppError> {
    let withdrawn = reader.product_withdrawals(product)?;
    let recalled = match lot {
        Some(lot) => reader.lot_recalls(product, lot)?,
        None => Vec::new(),
    };
    let mut standing = MarketStanding::default();
    for market in version.markets.iter().map(|entry| entry.market) {
        let by = if withdrawn.iter().any(|(gone, _, _)| *gone == market) {
            Closing::Withdrawn
        } else if recalled.iter().any(|(gone, _, _)| *gone == market) {
            Closing::Recalled
        } else {
            standing.open.push(market);
            continue;
        };
        standing.closed.push(ClosedMarket { market, by });
    }
    Ok(standing)
}
