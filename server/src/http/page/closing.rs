//! The form that closes markets for good: the recall of a lot, the withdrawal of a product (users.md 2, rule 5: what
//! cannot be undone asks twice). Which markets can be closed is the use cases' to say.

use packtwin_core::code::Code as Stable;
use packtwin_core::market::Market;
use packtwin_core::refusal::{Refusal, Refusals};

use super::Form;

/// The markets and the reason, when the name that has to be typed is exactly `expected`; else every fault at once, the
/// name's in the words of `not_typed`.
pub(super) fn closing_order(
    form: &Form,
    expected: &str,
    not_typed: &str,
) -> Result<(Vec<Market>, String), Refusals> {
    let mut faults = Vec::new();
    let mut markets = Vec::new();
    let mut fault = |code, place, text: String| faults.push(Refusal::at(code, place, text));
    let named = form.text("markets");
    for text in named.split([' ', ',', ';']).filter(|text| !text.is_empty()) {
        match text.parse() {
            Ok(market) => markets.push(market),
            Err(_) => fault(
                Stable::RequestMalformed,
                "/markets",
                format!("{text} is no market"),
            ),
        }
    }
    if named.split([' ', ',', ';']).all(str::is_empty) {
        fault(
            Stable::RequestMalformed,
            "/markets",
            "no market is named".to_owned(),
        );
    }
    let reason = form.text("reason");
    if reason.is_empty() {
        fault(
            Stable::RequestMalformed,
            "/reason",
            "the reason is missing".to_owned(),
        );
    }
    if form.text("typed") != expected {
        fault(Stable::HubIrreversible, "/typed", not_typed.to_owned());
    }
    Refusals::check(faults)?;
    Ok((markets, reason))
}
