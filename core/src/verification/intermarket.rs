//! Product and batch state when another market's repository answers (Art. 34; emvs.md 3.7).
//!
//! Recalled or withdrawn counts when it holds in **every** market that could answer or in the one that asks; a recall in
//! some of them is a warning that names them. The rule is inferred: no public text settles it.

use crate::lot::BatchState;
use crate::market::Market;
use crate::product::ProductState;

use super::found::MarketLayers;

/// The state over all markets that could answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EuropeWide {
    /// The product.
    pub product: ProductState,
    /// The batch.
    pub batch: BatchState,
    /// Markets in which the product is withdrawn or the batch recalled although it counts as active, in order.
    pub warned: Vec<Market>,
}

/// What counts for the market that asks.
pub fn europe_wide(markets: &[MarketLayers], asking: Market) -> EuropeWide {
    let counts = |bad: fn(&MarketLayers) -> bool| {
        !markets.is_empty()
            && (markets.iter().all(bad)
                || markets
                    .iter()
                    .any(|layers| layers.market == asking && bad(layers)))
    };
    let withdrawn = counts(|layers| layers.product == ProductState::Withdrawn);
    let recalled = counts(|layers| layers.batch == BatchState::Recalled);
    let mut warned: Vec<Market> = markets
        .iter()
        .filter(|layers| {
            (layers.product == ProductState::Withdrawn && !withdrawn)
                || (layers.batch == BatchState::Recalled && !recalled)
        })
        .map(|layers| layers.market)
        .collect();
    warned.sort();
    EuropeWide {
        product: match withdrawn {
            true => ProductState::Withdrawn,
            false => ProductState::Active,
        },
        batch: match recalled {
            true => BatchState::Recalled,
            false => BatchState::Active,
        },
        warned,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(recalled: &str, others: &str, asking: &str, expected: BatchState, warned: &str) {
        let layers = |codes: &str, batch| -> Vec<MarketLayers> {
            let codes = codes.split_whitespace();
            codes
                .map(|code| MarketLayers {
                    market: code.parse().unwrap(),
                    product: ProductState::Active,
                    batch,
                })
                .collect()
        };
        let mut markets = layers(recalled, BatchState::Recalled);
        markets.extend(layers(others, BatchState::Active));
        let wide = europe_wide(&markets, asking.parse().unwrap());
        let names: Vec<&str> = wide.warned.iter().map(Market::as_str).collect();
        assert_eq!((wide.batch, names.join(" ").as_str()), (expected, warned));
    }

    /// URS-VF-008.
    #[test]
    fn a_recall_counts_everywhere_or_where_it_is_asked() {
        check("ES", "", "DE", BatchState::Recalled, "");
        check("ES", "FR", "DE", BatchState::Active, "ES");
        check("ES", "FR", "ES", BatchState::Recalled, "");
        check("ES FR", "IT", "DE", BatchState::Active, "ES FR");
        check("", "", "DE", BatchState::Active, "");
    }
}
