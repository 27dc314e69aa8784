//! The identifier of an alert, as people read it out on the telephone: market and four groups of unambiguous characters.
//!
//! The format of the national systems is not public; this one is ours (emvs.md 4.1). 80 random bits, so that it can be neither
//! guessed nor counted.

use std::fmt;
use std::str::FromStr;

use crate::market::Market;

/// Crockford's base 32: no I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHARACTERS: usize = 16;
const BITS: u32 = 80;

/// `DE-7K2M-0Q9X-V4TB-1C8D`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AlertId {
    market: Market,
    bits: u128,
}

/// The text is no alert id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "an alert id is a market and four groups of four letters and digits, such as DE-7K2M-0Q9X-V4TB-1C8D"
)]
pub struct AlertIdError;

impl AlertId {
    /// An id of a market from bits that the caller drew from a secure generator; the lowest 80 count.
    pub const fn from_random(market: Market, bits: u128) -> Self {
        AlertId {
            market,
            bits: bits & ((1 << BITS) - 1),
        }
    }

    /// The market in which it was raised.
    pub const fn market(&self) -> Market {
        self.market
    }
}

impl fmt::Display for AlertId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.market)?;
        for place in 0..CHARACTERS {
            if place % 4 == 0 {
                f.write_str("-")?;
            }
            let index = (self.bits >> ((CHARACTERS - 1 - place) * 5)) & 31;
            fmt::Write::write_char(f, char::from(ALPHABET[index as usize]))?;
        }
        Ok(())
    }
}

impl fmt::Debug for AlertId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads small letters too, and O, I and L as people type them for 0 and 1.
impl FromStr for AlertId {
    type Err = AlertIdError;

    fn from_str(text: &str) -> Result<Self, AlertIdError> {
        let text = text.trim().to_ascii_uppercase();
        let (market, rest) = text.split_once('-').ok_or(AlertIdError)?;
        let market = market.parse().map_err(|_| AlertIdError)?;
        let groups: Vec<&str> = rest.split('-').collect();
        if groups.len() != 4 || groups.iter().any(|group| group.len() != 4) {
            return Err(AlertIdError);
        }
        let mut bits = 0u128;
        for byte in groups.concat().bytes() {
            let byte = match byte {
                b'O' => b'0',
                b'I' | b'L' => b'1',
                byte => byte,
            };
            let index = ALPHABET.iter().position(|&known| known == byte);
            bits = (bits << 5) | index.ok_or(AlertIdError)? as u128;
        }
        Ok(AlertId { market, bits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_out_is_what_was_written() {
        let market: Market = "DE".parse().unwrap();
        for bits in [0, 1, (1 << 80) - 1, 0x1234_5678_9abc_def0_1234] {
            let id = AlertId::from_random(market, bits);
            assert_eq!(id.to_string().parse(), Ok(id));
            assert_eq!(id.to_string().to_lowercase().parse(), Ok(id));
        }
        let typed = "de-ooil-0000-0000-0000".parse::<AlertId>().unwrap();
        assert_eq!(typed.to_string(), "DE-0011-0000-0000-0000");
        for wrong in [
            "",
            "DE",
            "DE-0000-0000-0000",
            "D-0000-0000-0000-0000",
            "DE-000U-0000-0000-0000",
        ] {
            assert_eq!(wrong.parse::<AlertId>(), Err(AlertIdError), "{wrong}");
        }
    }
}
