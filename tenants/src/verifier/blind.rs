//! How a site becomes unrecognisable: tokens and pseudonyms keyed on the verifiers' side (security.md section 5).
//!
//! A [`SiteToken`] says of one pack whether the same site asks again; it is keyed by premises **and pack**. A [`Pseudonym`]
//! stands for a site in one alert; it is keyed by premises **and alert**, with a key of its own for each month. Both are
//! HMAC-SHA-256 cut to 128 bits, so that neither the list of all premises nor a copy of the repository finds one out.

use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use packtwin_core::alert::{AlertId, Pseudonym};
use packtwin_core::ids::PremisesId;
use packtwin_core::market::Market;
use packtwin_core::pack::PackKey;
use packtwin_core::time::Timestamp;
use packtwin_core::verification::SiteToken;

use crate::error::StoreError;
use crate::random;
use crate::seal::{Secret, SiteKey};

/// The id of one request on both sides: 48 bits of milliseconds, so that rows are appended, then 80 random bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId([u8; 16]);

impl RequestId {
    /// Draws an id.
    ///
    /// # Errors
    /// The operating system gave no random bits.
    pub fn draw(now: Timestamp) -> Result<Self, StoreError> {
        let mut bytes = [0; 16];
        random::fill(&mut bytes)?;
        let milliseconds = now.micros().unsigned_abs() / 1000;
        bytes[..6].copy_from_slice(&milliseconds.to_be_bytes()[2..]);
        Ok(RequestId(bytes))
    }

    /// The id as it is stored.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Reads a stored id.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        let what = "request id";
        Ok(RequestId(
            bytes.try_into().map_err(|_| StoreError::Damaged { what })?,
        ))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The keys of the verifiers' side.
#[derive(Clone)]
pub(super) struct Blinding(Arc<Keys>);

struct Keys {
    /// Ready to be copied for each digest: keying costs as much as digesting.
    token: Hmac<Sha256>,
    alert: Hmac<Sha256>,
    epochs: Secret,
}

impl Blinding {
    pub(super) fn new(key: &SiteKey) -> Self {
        Blinding(Arc::new(Keys {
            token: keyed(&key.derive("site token")),
            alert: keyed(&key.derive("alert id")),
            epochs: key.derive("alert pseudonym"),
        }))
    }

    /// What stands for premises from here on.
    pub(super) fn of(&self, premises: PremisesId) -> Blind {
        Blind {
            keys: self.clone(),
            premises,
        }
    }
}

/// Premises that nobody can name any more, but that still give their tokens. Only the verifiers' side makes one.
#[derive(Clone)]
pub struct Blind {
    keys: Blinding,
    premises: PremisesId,
}

impl Blind {
    /// The token of these premises for one pack. The NTIN and the PPN of one PZN are one product, so its identity counts.
    pub fn token(&self, pack: &PackKey) -> SiteToken {
        let mut mac = self.keys.0.token.clone();
        part(&mut mac, self.premises.to_string().as_bytes());
        part(&mut mac, pack.product.identity().as_bytes());
        part(&mut mac, pack.serial.as_bytes());
        SiteToken(cut(mac))
    }

    /// The id of the alert that a request raises, should it raise one, and the pseudonym of these premises in it. The same
    /// request gives the same, so that a commit that is done again raises no second alert.
    pub fn alert(&self, request: RequestId, market: Market, at: Timestamp) -> (AlertId, Pseudonym) {
        let mut mac = self.keys.0.alert.clone();
        part(&mut mac, request.bytes());
        let id = AlertId::from_random(market, u128::from_be_bytes(cut(mac)));
        let mut epoch = keyed(&self.keys.0.epochs);
        let month = at.date().format("%Y-%m").to_string();
        part(&mut epoch, month.as_bytes());
        let month_key = Secret::new(epoch.finalize().into_bytes().to_vec());
        let mut mac = keyed(&month_key);
        part(&mut mac, self.premises.to_string().as_bytes());
        part(&mut mac, id.to_string().as_bytes());
        (id, Pseudonym(cut(mac)))
    }
}

/// Prints nothing of itself.
impl fmt::Debug for Blind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Blind(..)")
    }
}

fn keyed(key: &Secret) -> Hmac<Sha256> {
    Hmac::new_from_slice(key.expose()).expect("HMAC takes a key of any length")
}

/// Each part with its length before it, so that no two lists of parts are one text.
fn part(mac: &mut Hmac<Sha256>, bytes: &[u8]) {
    mac.update(&(bytes.len() as u64).to_be_bytes());
    mac.update(bytes);
}

fn cut(mac: Hmac<Sha256>) -> [u8; 16] {
    let whole: [u8; 32] = mac.finalize().into_bytes().into();
    let mut half = [0; 16];
    half.copy_from_slice(&whole[..16]);
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(fill: u8) -> Blinding {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("verifier.key");
        std::fs::write(&path, format!("{fill:02x}").repeat(32)).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .unwrap();
        Blinding::new(&SiteKey::load_file(&path).unwrap().unwrap())
    }

    /// URS-VF-016: a token tells one site at one pack and links nothing else; a pseudonym links no two alerts.
    #[test]
    fn nothing_is_linked_but_one_site_at_one_pack() {
        let pack = |serial: &str| PackKey {
            product: "04006381333931".parse().unwrap(),
            serial: serial.parse().unwrap(),
        };
        let (keys, others) = (key(1), key(2));
        let (one, two) = (PremisesId::from_random(1), PremisesId::from_random(2));
        let here = keys.of(one).token(&pack("A"));
        assert_eq!(here, keys.of(one).token(&pack("A")));
        for other in [
            keys.of(two).token(&pack("A")),
            keys.of(one).token(&pack("a")),
            others.of(one).token(&pack("A")),
        ] {
            assert!(here != other);
        }
        let at = Timestamp::parse("2027-01-31T23:59:59Z").unwrap();
        let market = "DE".parse().unwrap();
        let (first, second) = (RequestId::draw(at).unwrap(), RequestId::draw(at).unwrap());
        assert_eq!(
            keys.of(one).alert(first, market, at),
            keys.of(one).alert(first, market, at)
        );
        let (id, name) = keys.of(one).alert(first, market, at);
        let (other_id, other_name) = keys.of(one).alert(second, market, at);
        assert!(id != other_id && name != other_name);
        let next_month = at.plus_seconds(1);
        assert!(name != keys.of(one).alert(first, market, next_month).1);
    }

    #[test]
    fn a_later_id_is_a_greater_one() {
        let at = Timestamp::parse("2027-01-31T23:59:59Z").unwrap();
        let early = RequestId::draw(at).unwrap();
        assert!(early < RequestId::draw(at.plus_seconds(1)).unwrap());
    }
}
