//! Product Withdrawal: per market and irreversible (emvs.md 5.1; DR 40(a)).
//!
//! To stop selling in a market is not a withdrawal: that is a new product version without the market (EMVO-HC).

use packtwin_core::market::Market;
use packtwin_core::product_code::ProductCode;

use crate::batch_recall::{market_nodes, reason};
use crate::document_tree::Node;
use crate::product_master_data::product_code;

/// The document's element.
pub(crate) const NAME: &str = "ProductWithdrawal";

/// The withdrawal as a tree.
pub(crate) fn tree(product: &ProductCode, markets: &[Market], reason_text: &str) -> Node {
    let mut children = vec![product_code(product), reason(reason_text)];
    children.extend(market_nodes(markets));
    Node::group(NAME, children)
}
