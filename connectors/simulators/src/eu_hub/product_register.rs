//! What the simulated hub holds of one product: versions, batches, withdrawals and packs, and what may follow on them.

use std::collections::BTreeMap;

use packtwin_core::pack::PackState;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;
use serde::Serialize;

use super::answer::HubFault;
use super::journal::Effect;
use super::pack_register::PackRegister;

/// An undo is taken for 240 hours (emvs.md 2.3; DR 13).
const UNDO_MICROS: i64 = 240 * 3600 * 1_000_000;

/// One product.
#[derive(Default)]
pub(crate) struct Product {
    pub versions: BTreeMap<u32, Version>,
    pub withdrawn: BTreeMap<String, String>,
    pub batches: BTreeMap<String, Batch>,
    pub packs: PackRegister,
}

/// One version of a product, with its fields as they came.
pub(crate) struct Version {
    pub markets: Vec<String>,
    pub fragment: String,
}

/// One batch.
pub(crate) struct Batch {
    pub version: u32,
    pub expiry: String,
    pub markets: Vec<String>,
    pub recalled: BTreeMap<String, String>,
}

/// What the simulated hub holds, in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct HubCounts {
    /// Always `simulator`.
    pub label: &'static str,
    /// Messages decided, refused ones included.
    pub messages: u64,
    /// Messages that came again and were answered with the first answer.
    pub repeats: u64,
    /// Packs refused because the hub already held them.
    pub duplicates_refused: u64,
    /// Products by scheme and code.
    pub products: BTreeMap<String, ProductCounts>,
}

/// What the simulated hub holds of one product.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ProductCounts {
    /// Versions held.
    pub versions: Vec<u32>,
    /// Packs held, each once.
    pub packs: u64,
    /// Packs by batch.
    pub batches: BTreeMap<String, u64>,
    /// Markets in which a batch is recalled, by batch.
    pub recalled: BTreeMap<String, Vec<String>>,
    /// Markets from which the product is withdrawn.
    pub withdrawn: Vec<String>,
    /// Packs by state, active ones left out.
    pub states: BTreeMap<String, u64>,
}

impl Product {
    /// Whether a pack can take a state, by the law of the pack and the ten days.
    pub(crate) fn change(
        &self,
        batch: &str,
        serial: &Serial,
        target: PackState,
        at: Timestamp,
        expired: bool,
    ) -> Result<(), (&'static str, String)> {
        match self.packs.batch_of(serial) {
            None => return Err(("A3", "the pack is unknown".to_owned())),
            Some(held) if held != batch => {
                return Err(("A68", "the pack belongs to another batch".to_owned()));
            }
            Some(_) => {}
        }
        let now = self.packs.state_of(serial);
        if now.state == target {
            return Err(("A7", format!("the pack already is {}", target.as_str())));
        }
        now.state
            .change_to(target)
            .map_err(|refused| ("A24", refused.to_string()))?;
        let undo = target == PackState::Active;
        if undo && expired {
            return Err(("A24", "the batch has expired".to_owned()));
        }
        if undo && now.state != PackState::Locked && at.micros() - now.at > UNDO_MICROS {
            return Err(("A24", "more than 240 hours have passed".to_owned()));
        }
        Ok(())
    }

    /// Why a market takes no packs of a batch: product and batch states belong to one market (emvs.md 2.1; DR 40(a)).
    pub(crate) fn closed(&self, batch: &str, market: &str) -> Option<HubFault> {
        let recalled = |batch: &Batch| batch.recalled.contains_key(market);
        let (code, why) = if self.withdrawn.contains_key(market) {
            ("PT-WITHDRAWN", "the product is withdrawn")
        } else if self.batches.get(batch).is_some_and(recalled) {
            ("PT-RECALLED", "the batch is recalled")
        } else {
            return None;
        };
        let text = format!("{why} in {market}; nothing is taken there");
        Some(HubFault::new(code, "Market", text))
    }

    /// The product in numbers.
    pub(crate) fn counts(&self) -> ProductCounts {
        let states = self.packs.changed_counts();
        ProductCounts {
            versions: self.versions.keys().copied().collect(),
            packs: self.packs.count(),
            batches: self
                .batches
                .keys()
                .map(|batch| (batch.clone(), self.packs.count_of(batch)))
                .collect(),
            recalled: self
                .batches
                .iter()
                .filter(|(_, batch)| !batch.recalled.is_empty())
                .map(|(name, batch)| (name.clone(), batch.recalled.keys().cloned().collect()))
                .collect(),
            withdrawn: self.withdrawn.keys().cloned().collect(),
            states: states
                .into_iter()
                .map(|(state, count)| (state.as_str().to_owned(), count))
                .collect(),
        }
    }
}

impl Batch {
    /// What stands against more packs for this batch.
    pub(crate) fn check_upload(&self, version: u32, expiry: &str, faults: &mut Vec<HubFault>) {
        if self.expiry != expiry {
            faults.push(HubFault::new(
                "PT-EXPIRY",
                "Expiry",
                format!("the batch is held with expiry {}", self.expiry),
            ));
        }
        if self.version != version {
            let why = format!("the batch belongs to version {} for ever", self.version);
            faults.push(HubFault::new("PT-VERSION", "Version", why));
        }
    }
}

/// Every product of the hub by scheme and code.
pub(crate) type Products = BTreeMap<String, Product>;

/// Makes an effect known; the same for a new message and for one from the journal.
pub(crate) fn apply(products: &mut Products, effect: Effect) {
    match effect {
        Effect::Product {
            key,
            version,
            markets,
            fragment,
        } => {
            products
                .entry(key)
                .or_default()
                .versions
                .insert(version, Version { markets, fragment });
        }
        Effect::Packs {
            key,
            version,
            batch,
            expiry,
            markets,
            serials,
        } => {
            let product = products.entry(key).or_default();
            product.packs.add(&batch, split(&serials));
            let known = product.batches.entry(batch).or_insert(Batch {
                version,
                expiry,
                markets: Vec::new(),
                recalled: BTreeMap::new(),
            });
            for market in markets {
                if !known.markets.contains(&market) {
                    known.markets.push(market);
                }
            }
        }
        Effect::States {
            key,
            state,
            at,
            serials,
        } => {
            let state = PackState::parse(&state).unwrap_or(PackState::Active);
            let product = products.entry(key).or_default();
            for serial in split(&serials) {
                product.packs.set(serial, state, at);
            }
        }
        Effect::Recall {
            key,
            batch,
            markets,
            reason,
        } => {
            if let Some(known) = products.entry(key).or_default().batches.get_mut(&batch) {
                known
                    .recalled
                    .extend(markets.into_iter().map(|market| (market, reason.clone())));
            }
        }
        Effect::Withdrawal {
            key,
            markets,
            reason,
        } => {
            let product = products.entry(key).or_default();
            product
                .withdrawn
                .extend(markets.into_iter().map(|market| (market, reason.clone())));
        }
    }
}

/// Serials as the journal keeps them.
pub(crate) fn join(serials: &[Serial]) -> String {
    let mut text = String::with_capacity(serials.len() * 13);
    for serial in serials {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(serial.as_str());
    }
    text
}

fn split(serials: &str) -> Vec<Serial> {
    serials
        .split(' ')
        .filter_map(|text| Serial::parse(text).ok())
        .collect()
}
