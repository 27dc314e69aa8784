//! Product Pack Data (PPD): the packs of a batch, uploaded before release (emvs.md 5.1; DR 33(1), 33(2)(a)).
//!
//! Serials are streamed at the document's place for packs. A lot larger than one message is split by the caller at
//! [`crate::HubSettings::packs_per_message`]; each message is whole in itself and refused when it holds more. The variant
//! that links the source batches of repackaged goods is not built.

use packtwin_core::code::Code;
use packtwin_core::fact::LotHead;
use packtwin_core::market::Market;
use packtwin_core::refusal::Refusal;
use packtwin_core::time::Timestamp;

use crate::document_tree::{Node, Traced};
use crate::product_master_data::product_code;
use crate::rules::{FIRST_DAY, MARKET_DATES};

/// The document's element.
pub(crate) const NAME: &str = "ProductPackData";

/// The head of the lot as a tree with a place for the packs.
pub(crate) fn tree(lot: &LotHead, version: u32, markets: &[Market]) -> Node {
    let mut children = vec![
        product_code(&lot.product),
        Node::text(
            "Version",
            Traced::copied(
                "version",
                version.to_string(),
                "a lot binds to one version for ever (EMVO-HC)",
            ),
        ),
        batch(lot),
        expiry(lot),
    ];
    if let Some(day) = lot.manufactured {
        children.push(Node::dropped(
            "lot/manufactured",
            day.to_string(),
            "not sent: the manufacturing date is no element of the unique identifier (DR 4(b), 33(2)(a))",
        ));
    }
    children.extend(markets.iter().map(|market| {
        Node::text(
            "Market",
            Traced::copied(
                format!("markets/{market}"),
                market.as_str(),
                "only markets that are supplied (EMVO notices)",
            ),
        )
    }));
    children.push(Node::group("Packs", vec![Node::Packs]));
    children.push(Node::Total);
    Node::group(NAME, children)
}

/// The batch number as every document names it.
pub(crate) fn batch(lot: &LotHead) -> Node {
    Node::text(
        "Batch",
        Traced::copied(
            "lot/batch",
            lot.batch.as_str(),
            "as printed, up to 20 characters (DR 4(b)(iv))",
        ),
    )
}

/// The expiry as every document names it.
pub(crate) fn expiry(lot: &LotHead) -> Node {
    Node::text(
        "Expiry",
        Traced::copied(
            "lot/expiry",
            lot.expiry.raw(),
            "six digits YYMMDD as printed; day 00 is kept, since a changed digit is alert A52",
        ),
    )
}

/// Everything for which the hub would refuse the lot.
pub(crate) fn faults(version: u32, markets: &[Market], event_at: Timestamp) -> Vec<Refusal> {
    let mut faults = Vec::new();
    if version == 0 {
        faults.push(Refusal::at(
            Code::ProductFieldWrong,
            "/version",
            "product versions are counted from 1",
        ));
    }
    check_markets(markets, &mut faults);
    for (index, market) in markets.iter().enumerate() {
        let (year, month, day) = MARKET_DATES
            .iter()
            .find(|(code, _)| *code == market.as_str())
            .map_or(FIRST_DAY, |(_, day)| *day);
        let since =
            chrono::NaiveDate::from_ymd_opt(year, month, day).unwrap_or(chrono::NaiveDate::MAX);
        if event_at.date() < since {
            faults.push(Refusal::at(
                Code::UploadMarketNotReleased,
                format!("/markets/{index}"),
                format!("the hub takes packs for {market} from {since} on"),
            ));
        }
    }
    faults
}

/// Markets are named, each once, and the hub serves them.
pub(crate) fn check_markets(markets: &[Market], faults: &mut Vec<Refusal>) {
    if markets.is_empty() {
        faults.push(Refusal::at(
            Code::HubFieldEmpty,
            "/markets",
            "no market is named; the hub needs at least one",
        ));
    }
    for (index, market) in markets.iter().enumerate() {
        let place = format!("/markets/{index}");
        if !market.served_by_eu_hub() {
            let text = format!("the EU hub has no national system for {market}");
            faults.push(Refusal::at(Code::ProductFieldWrong, place, text));
        } else if markets[..index].contains(market) {
            faults.push(Refusal::at(
                Code::ProductFieldWrong,
                place,
                format!("market {market} is named twice"),
            ));
        }
    }
}
