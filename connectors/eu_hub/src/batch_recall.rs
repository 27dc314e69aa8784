//! Batch Recall: once, irreversible, per market; no pack of the batch may be touched afterwards (emvs.md 5.1; DR 40(a)).

use packtwin_core::code::Code;
use packtwin_core::fact::LotHead;
use packtwin_core::market::Market;
use packtwin_core::refusal::Refusal;

use crate::document_tree::{Node, Traced};
use crate::product_master_data::product_code;
use crate::product_pack_data::{batch, check_markets};

/// The document's element.
pub(crate) const NAME: &str = "BatchRecall";

/// The recall as a tree.
pub(crate) fn tree(lot: &LotHead, markets: &[Market], reason_text: &str) -> Node {
    let mut children = vec![
        product_code(&lot.product),
        batch(lot),
        Node::dropped(
            "lot/expiry",
            lot.expiry.raw(),
            "not sent: a recall names product code and batch alone (EMVO notice on recall)",
        ),
        reason(reason_text),
    ];
    children.extend(market_nodes(markets));
    Node::group(NAME, children)
}

/// The reason as recall and withdrawal name it.
pub(crate) fn reason(text: &str) -> Node {
    Node::text(
        "Reason",
        Traced::copied(
            "reason",
            text,
            "shown with the batch or product at every query (emvs.md 2.1)",
        ),
    )
}

/// The markets as recall and withdrawal name them.
pub(crate) fn market_nodes(markets: &[Market]) -> impl Iterator<Item = Node> {
    markets.iter().map(|market| {
        let rule =
            "batch and product states belong to one market; this cannot be undone (EMVO-LoA)";
        Node::text(
            "Market",
            Traced::copied(format!("markets/{market}"), market.as_str(), rule),
        )
    })
}

/// Everything for which the hub would refuse a recall or a withdrawal.
pub(crate) fn faults(
    markets: &[Market],
    reason: &str,
    reason_characters_max: usize,
) -> Vec<Refusal> {
    let mut faults = Vec::new();
    check_markets(markets, &mut faults);
    if reason.trim().is_empty() {
        faults.push(Refusal::at(
            Code::HubFieldEmpty,
            "/reason",
            "the reason is empty; the hub needs one",
        ));
    } else if reason.chars().count() > reason_characters_max {
        let text = format!("the reason has more than {reason_characters_max} characters");
        faults.push(Refusal::at(Code::ProductFieldWrong, "/reason", text));
    } else if !reason.chars().all(crate::xml_text::is_xml_char) {
        faults.push(Refusal::at(
            Code::ProductFieldWrong,
            "/reason",
            "the reason holds a control character",
        ));
    }
    faults
}
