//! Markets by their ISO 3166-1 alpha-2 code, and which of them the European hub serves.

use std::fmt;
use std::str::FromStr;

/// A country in which packs are placed on the market.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Market([u8; 2]);

/// The text is not two capital letters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no market; write the two capital letters of ISO 3166-1, such as DE")]
pub struct MarketError(String);

/// Members of the European Medicines Verification System: the EU's 27, the EEA's three, Switzerland and, for Northern
/// Ireland, the United Kingdom (`XI` in customs, `GB` at the hub until its exit; kept as data for old lots).
const HUB_MARKETS: [&str; 32] = [
    "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU",
    "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
];

impl Market {
    /// The two letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("??")
    }

    /// Whether the EU hub has a national system for this market.
    pub fn served_by_eu_hub(self) -> bool {
        HUB_MARKETS.contains(&self.as_str())
    }
}

impl FromStr for Market {
    type Err = MarketError;

    fn from_str(text: &str) -> Result<Self, MarketError> {
        match text.as_bytes() {
            &[first, second] if first.is_ascii_uppercase() && second.is_ascii_uppercase() => {
                Ok(Market([first, second]))
            }
            _ => Err(MarketError(text.to_owned())),
        }
    }
}

impl fmt::Display for Market {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Market {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
