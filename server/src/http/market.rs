//! Markets as requests name them: ISO 3166-1 alpha-2 codes.

use packtwin_core::code::Code;
use packtwin_core::market::Market;
use packtwin_core::refusal::{Refusal, Refusals};

/// Reads a list of markets, all wrong ones told at once.
pub(super) fn markets_of(words: &[String]) -> Result<Vec<Market>, Refusals> {
    let mut faults = Vec::new();
    let mut markets = Vec::new();
    for (index, word) in words.iter().enumerate() {
        match word.parse::<Market>() {
            Ok(market) => markets.push(market),
            Err(error) => {
                faults.push(Refusal::at(
                    Code::RequestMalformed,
                    format!("/markets/{index}"),
                    error.to_string(),
                ));
            }
        }
    }
    Refusals::check(faults).map(|()| markets)
}
