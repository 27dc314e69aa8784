//! A premises key as text: `pv_<env>_<id>_<secret>`.
//!
//! As with the keys of tenants, the beginning lets scanners find leaked keys and production refuse those of a test site, the
//! id finds the row, and of the secret's 160 random bits only the SHA-256 is kept. The two kinds begin differently, so that a
//! manufacturer's key is never looked up among the verifiers' or the other way round.

use std::str::FromStr;

use sha2::{Digest, Sha256};

use packtwin_core::environment::Environment;
use packtwin_core::ids::PremisesKeyId;

use crate::blob::hex;
use crate::error::StoreError;
use crate::random;
use crate::seal::Secret;

/// 160 bits.
const SECRET_BYTES: usize = 20;

const ENVIRONMENTS: [(Environment, &str); 3] = [
    (Environment::Test, "pv_test_"),
    (Environment::Validation, "pv_val_"),
    (Environment::Production, "pv_live_"),
];

/// A premises key, taken apart; of its secret only the digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PremisesKeyText {
    /// For which environment it was made.
    pub environment: Environment,
    pub(super) id: PremisesKeyId,
    pub(super) secret_hash: [u8; 32],
}

impl PremisesKeyText {
    /// Which key it says to be; whether it is, the store tells.
    pub const fn id(&self) -> PremisesKeyId {
        self.id
    }
}

/// The text is no premises key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is no premises key")]
pub struct KeyNotReadable;

impl FromStr for PremisesKeyText {
    type Err = KeyNotReadable;

    fn from_str(text: &str) -> Result<Self, KeyNotReadable> {
        let (environment, rest) = ENVIRONMENTS
            .into_iter()
            .find_map(|(environment, prefix)| Some((environment, text.strip_prefix(prefix)?)))
            .ok_or(KeyNotReadable)?;
        let (id, secret) = rest.split_once('_').ok_or(KeyNotReadable)?;
        if secret.len() != 2 * SECRET_BYTES || !secret.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(KeyNotReadable);
        }
        Ok(PremisesKeyText {
            environment,
            id: format!("{}_{id}", PremisesKeyId::PREFIX)
                .parse()
                .map_err(|_| KeyNotReadable)?,
            secret_hash: Sha256::digest(secret).into(),
        })
    }
}

/// Draws a key: its parts, and the whole text, which is nowhere kept.
pub(super) fn draw(environment: Environment) -> Result<(PremisesKeyText, Secret), StoreError> {
    let mut bytes = [0; SECRET_BYTES];
    random::fill(&mut bytes)?;
    let secret = hex(&bytes);
    let id = PremisesKeyId::from_random(random::bits()?);
    let prefix = ENVIRONMENTS
        .into_iter()
        .find_map(|(known, prefix)| (known == environment).then_some(prefix))
        .unwrap_or_default();
    let id_text = id.to_string();
    let shown = &id_text[PremisesKeyId::PREFIX.len() + 1..];
    let whole = Secret::new(format!("{prefix}{shown}_{secret}"));
    let key = PremisesKeyText {
        environment,
        id,
        secret_hash: Sha256::digest(&secret).into(),
    };
    Ok((key, whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_drawn_and_no_other_is() {
        let (key, whole) = draw(Environment::Test).unwrap();
        let text = whole.expose_text().unwrap();
        assert!(text.starts_with("pv_test_"));
        assert_eq!(text.parse(), Ok(key));
        for wrong in [
            "",
            "pv_test_",
            &text[1..],
            &text[..text.len() - 1],
            &text.replace("pv_test", "pt_test"),
        ] {
            assert_eq!(wrong.parse::<PremisesKeyText>(), Err(KeyNotReadable));
        }
    }
}
