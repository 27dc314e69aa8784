//! What the simulated hub knows and how it decides: products, batches, packs, and the answers it gave.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::Path;

use packtwin_core::batch_number::BatchNumber;
use packtwin_core::environment::Environment;
use packtwin_core::expiry::Expiry;
use packtwin_core::pack::PackState;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::answer::{Answer, HubFault, Outcome};
use super::incoming::{Element, Incoming};
use super::journal::{Effect, Journal, Record};
use super::pack_register::PackRegister;
use super::product_rules::{check_version, markets, product_key, version};
use super::switches::{Drift, Fault};

/// An undo is taken for 240 hours (emvs.md 2.3; DR 13).
const UNDO_MICROS: i64 = 240 * 3600 * 1_000_000;
/// No more faults of one message are told than this; the rest would say the same.
const FAULTS_TOLD_MAX: usize = 100;

/// The hub's knowledge.
pub(crate) struct Hub {
    environment: Environment,
    packs_per_message: u64,
    products: BTreeMap<String, Product>,
    messages: HashMap<String, Told>,
    acknowledgements: u64,
    repeats: u64,
    duplicates_refused: u64,
    journal: Option<Journal>,
}

/// What was told about a message.
struct Told {
    digest: String,
    outcome: Outcome,
}

#[derive(Default)]
struct Product {
    versions: BTreeMap<u32, Version>,
    withdrawn: BTreeMap<String, String>,
    batches: BTreeMap<String, Batch>,
    packs: PackRegister,
}

struct Version {
    markets: Vec<String>,
    fragment: String,
}

struct Batch {
    version: u32,
    expiry: String,
    markets: Vec<String>,
    recalled: BTreeMap<String, String>,
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

/// A decision that is not yet made known.
struct Decision {
    packs: u64,
    warnings: Vec<HubFault>,
    refused: Vec<(String, HubFault)>,
    effect: Option<Effect>,
}

type Faults = Vec<HubFault>;

impl Hub {
    /// A hub with what its journal says, or an empty one.
    pub fn open(
        environment: Environment,
        packs_per_message: u64,
        folder: Option<&Path>,
    ) -> io::Result<Self> {
        let mut hub = Hub {
            environment,
            packs_per_message,
            products: BTreeMap::new(),
            messages: HashMap::new(),
            acknowledgements: 0,
            repeats: 0,
            duplicates_refused: 0,
            journal: None,
        };
        if let Some(folder) = folder {
            let journal = Journal::open(folder, |record| hub.take(record))?;
            hub.journal = Some(journal);
        }
        Ok(hub)
    }

    /// Decides about a document; the same message id gets the first answer.
    pub fn decide(
        &mut self,
        document: Incoming,
        bytes: &[u8],
        fault: Option<&Fault>,
        now: Timestamp,
    ) -> io::Result<(String, Outcome)> {
        let message_id = message_id(&document).unwrap_or_default();
        let digest: String = Sha256::digest(bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        if let Some(told) = self.messages.get(&message_id) {
            self.repeats += 1;
            let outcome = if told.digest == digest {
                told.outcome.clone()
            } else {
                let why = "the message id was used for another document";
                Outcome::Refused {
                    faults: vec![HubFault::new("PT-ID", "Header/MessageId", why)],
                }
            };
            return Ok((message_id, outcome));
        }
        let decided = match fault {
            Some(Fault::Refuse { code, place }) => Err(vec![HubFault::new(
                code,
                place.as_str(),
                "refused by a switch of the simulator",
            )]),
            _ => self.judge(document, fault),
        };
        let (outcome, effect) = match decided {
            Ok(decision) if decision.packs == 0 && !decision.refused.is_empty() => {
                let faults = decision
                    .refused
                    .into_iter()
                    .map(|(_, fault)| fault)
                    .take(FAULTS_TOLD_MAX)
                    .collect();
                (Outcome::Refused { faults }, None)
            }
            Ok(decision) => {
                let id = format!("SIM-ACK-{:08}", self.acknowledgements + 1);
                let Decision {
                    packs,
                    warnings,
                    refused,
                    effect,
                } = decision;
                (
                    Outcome::Taken {
                        id,
                        at: now.micros(),
                        packs,
                        warnings,
                        refused,
                    },
                    effect,
                )
            }
            Err(mut faults) => {
                faults.truncate(FAULTS_TOLD_MAX);
                (Outcome::Refused { faults }, None)
            }
        };
        if message_id.is_empty() {
            return Ok((message_id, outcome));
        }
        let record = Record {
            message_id: message_id.clone(),
            digest,
            outcome: outcome.clone(),
            effect,
        };
        if let Some(journal) = &mut self.journal {
            journal.append(&record)?;
        }
        self.take(record);
        Ok((message_id, outcome))
    }

    /// What became of a message, `None` when it never arrived.
    pub fn told(&self, message_id: &str) -> Option<&Outcome> {
        self.messages.get(message_id).map(|told| &told.outcome)
    }

    /// The hub's copy of a product version.
    pub fn product_copy(&self, content: &Element, drift: Option<&Drift>) -> Answer {
        let held = product_key(content).ok().and_then(|key| {
            let wanted = version(content).ok()?;
            self.products.get(&key)?.versions.get(&wanted)
        });
        let Some(held) = held else {
            return Answer::NotReceived;
        };
        Answer::ProductCopy {
            fragment: drifted(&held.fragment, drift),
        }
    }

    /// What it holds, in numbers.
    pub fn counts(&self) -> HubCounts {
        HubCounts {
            label: "simulator",
            messages: self.messages.len() as u64,
            repeats: self.repeats,
            duplicates_refused: self.duplicates_refused,
            products: self
                .products
                .iter()
                .map(|(key, product)| (key.clone(), product.counts()))
                .collect(),
        }
    }

    /// The serials of a product by scheme and code, ascending.
    pub fn serials(&self, key: &str) -> Vec<Serial> {
        self.products
            .get(key)
            .map(|product| product.packs.serials())
            .unwrap_or_default()
    }

    fn judge(&mut self, document: Incoming, fault: Option<&Fault>) -> Result<Decision, Faults> {
        let mut faults = self.header_faults(&document.root);
        let content = document
            .root
            .children
            .iter()
            .find(|child| child.name != "Header");
        let Some(content) = content else {
            faults.push(HubFault::new(
                "I1",
                "HubMessage",
                "the message holds no document",
            ));
            return Err(faults);
        };
        if !faults.is_empty() {
            return Err(faults);
        }
        let event_at = document
            .root
            .child("Header")
            .and_then(|header| Timestamp::parse(header.text_of("EventTime")?));
        let event_at = event_at.unwrap_or(Timestamp::from_micros(0));
        match content.name.as_str() {
            "ProductMasterData" => self.judge_version(content, document.release),
            "ProductPackData" => self.judge_packs(content, document.packs, event_at, fault),
            "PackStateUpdate" | "PackStateUpdateMultiple" => {
                self.judge_states(content, document.packs, event_at)
            }
            "BatchRecall" => self.judge_recall(content, event_at),
            "ProductWithdrawal" => self.judge_withdrawal(content),
            other => Err(vec![HubFault::new(
                "I1",
                other,
                "the hub knows no such document",
            )]),
        }
    }

    fn header_faults(&self, root: &Element) -> Faults {
        let mut faults = Vec::new();
        let nothing = Element::default();
        let header = root.child("Header").unwrap_or(&nothing);
        for name in ["MessageId", "Sender", "Environment", "EventTime"] {
            if header
                .text_of(name)
                .is_none_or(|text| text.trim().is_empty())
            {
                faults.push(HubFault::new(
                    "I1",
                    format!("Header/{name}"),
                    "the element is missing or empty",
                ));
            }
        }
        if let Some(text) = header.text_of("EventTime")
            && Timestamp::parse(text).is_none()
        {
            faults.push(HubFault::new(
                "I1",
                "Header/EventTime",
                "this is no point in time",
            ));
        }
        if let Some(named) = header.text_of("Environment")
            && named != self.environment.as_str()
        {
            let why = format!("this hub is {}, the message is {named}", self.environment);
            faults.push(HubFault::new("PT-ENV", "Header/Environment", why));
        }
        faults
    }

    fn judge_version(&self, content: &Element, release: &str) -> Result<Decision, Faults> {
        let mut faults = Vec::new();
        let key = product_key(content).map_err(|fault| faults.push(fault));
        let number = version(content).map_err(|fault| faults.push(fault));
        let markets = markets(content, &mut faults);
        check_version(content, release, &mut faults);
        let (Ok(key), Ok(number), true) = (key, number, faults.is_empty()) else {
            return Err(faults);
        };
        let product = self.products.get(&key);
        if let Some(held) = product.and_then(|product| product.versions.get(&number))
            && !same_markets(&held.markets, &markets)
            && product.is_some_and(|product| {
                product
                    .batches
                    .values()
                    .any(|batch| batch.version == number)
            })
        {
            let why = format!(
                "version {number} has batches; its markets are {}",
                held.markets.join(", ")
            );
            return Err(vec![HubFault::new(
                "PT-MARKETS",
                "ProductMasterData/Market",
                why,
            )]);
        }
        let mut fragment = String::new();
        content.write(&mut fragment);
        Ok(Decision::whole(
            0,
            Effect::Product {
                key,
                version: number,
                markets,
                fragment,
            },
        ))
    }

    fn judge_packs(
        &mut self,
        content: &Element,
        mut packs: Vec<Serial>,
        event_at: Timestamp,
        fault: Option<&Fault>,
    ) -> Result<Decision, Faults> {
        let mut faults = Vec::new();
        let key = product_key(content)
            .map_err(|fault| faults.push(fault))
            .unwrap_or_default();
        let number = version(content)
            .map_err(|fault| faults.push(fault))
            .unwrap_or_default();
        let (batch, expiry) = batch_and_expiry(content, event_at, &mut faults);
        let mut markets = markets(content, &mut faults);
        check_total(content, packs.len(), &mut faults);
        if packs.is_empty() || packs.len() as u64 > self.packs_per_message {
            let why = format!(
                "a message holds 1 to {} packs, this one {}",
                self.packs_per_message,
                packs.len()
            );
            faults.push(HubFault::new("I1", "Packs", why));
        }
        let product = self.products.get(&key);
        let Some(held) = product.and_then(|product| product.versions.get(&number)) else {
            faults.push(HubFault::new(
                "PT-PRODUCT",
                "ProductCode",
                format!("version {number} of the product is unknown"),
            ));
            return Err(faults);
        };
        let mut warnings = Vec::new();
        if let Some(product) = product {
            for market in markets
                .iter()
                .filter(|market| !held.markets.contains(market))
            {
                faults.push(HubFault::new(
                    "PT-MARKET",
                    "Market",
                    format!("version {number} is not for {market}"),
                ));
            }
            let gone: Vec<String> = markets
                .iter()
                .filter(|market| product.withdrawn.contains_key(*market))
                .cloned()
                .collect();
            let told = if gone.len() == markets.len() {
                &mut faults
            } else {
                &mut warnings
            };
            told.extend(gone.iter().map(|market| {
                HubFault::new(
                    "PT-WITHDRAWN",
                    "Market",
                    format!("the product is withdrawn in {market}; nothing is taken there"),
                )
            }));
            markets.retain(|market| !gone.contains(market));
            if let Some(known) = product.batches.get(&batch) {
                known.check_upload(number, &expiry, &mut faults);
            }
        }
        packs.sort_unstable();
        let mut refused = Vec::new();
        let mut before: Option<Serial> = None;
        let mut counted = 0u32;
        packs.retain(|serial| {
            let twice = before.replace(*serial) == Some(*serial);
            let stored = product.is_some_and(|product| product.packs.batch_of(serial).is_some());
            counted += 1;
            let switched = matches!(fault, Some(Fault::RefuseEvery { nth }) if counted.is_multiple_of((*nth).max(1)));
            if twice || stored {
                let place = format!("Packs/Pack[@sn=\"{serial}\"]");
                let why = if twice { "the serial stands twice in the message" } else { "the serial is already stored for the product code" };
                refused.push((serial.to_string(), HubFault::new("PT-DUPLICATE", place, why)));
            } else if switched {
                let why = "refused by a switch of the simulator";
                refused.push((serial.to_string(), HubFault::new("PT-SWITCH", format!("Packs/Pack[@sn=\"{serial}\"]"), why)));
            }
            !(twice || stored || switched)
        });
        let duplicates = refused
            .iter()
            .filter(|(_, fault)| fault.code == "PT-DUPLICATE")
            .count();
        self.duplicates_refused += duplicates as u64;
        if duplicates > 0 && fault != Some(&Fault::PartialDuplicates) {
            faults.extend(
                refused
                    .iter()
                    .filter(|(_, fault)| fault.code == "PT-DUPLICATE")
                    .map(|(_, fault)| fault.clone()),
            );
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let serials = join(&packs);
        let count = packs.len() as u64;
        let effect = Effect::Packs {
            key,
            version: number,
            batch,
            expiry,
            markets,
            serials,
        };
        Ok(Decision {
            packs: count,
            warnings,
            refused,
            effect: Some(effect),
        })
    }

    fn judge_states(
        &self,
        content: &Element,
        packs: Vec<Serial>,
        event_at: Timestamp,
    ) -> Result<Decision, Faults> {
        let mut faults = Vec::new();
        let key = product_key(content)
            .map_err(|fault| faults.push(fault))
            .unwrap_or_default();
        let (batch, expiry) = batch_and_expiry(content, event_at, &mut faults);
        let state = content.text_of("State").and_then(PackState::parse);
        let Some(state) = state else {
            faults.push(HubFault::new("I1", "State", "this is no state of a pack"));
            return Err(faults);
        };
        if content.name == "PackStateUpdateMultiple" {
            check_total(content, packs.len(), &mut faults);
        } else if packs.len() != 1 {
            faults.push(HubFault::new(
                "I1",
                "Pack",
                "a single update names one pack",
            ));
        }
        if packs.is_empty() || packs.len() as u64 > self.packs_per_message {
            let why = format!(
                "a message holds 1 to {} packs, this one {}",
                self.packs_per_message,
                packs.len()
            );
            faults.push(HubFault::new("I1", "Packs", why));
        }
        let Some(product) = self.products.get(&key) else {
            faults.push(HubFault::new(
                "PT-PRODUCT",
                "ProductCode",
                "the product is unknown",
            ));
            return Err(faults);
        };
        let Some(known) = product.batches.get(&batch) else {
            faults.push(HubFault::new("A2", "Batch", "the batch is unknown"));
            return Err(faults);
        };
        if known.expiry != expiry {
            faults.push(HubFault::new(
                "A52",
                "Expiry",
                format!("the batch expires {}", known.expiry),
            ));
        }
        if !known.recalled.is_empty() {
            faults.push(HubFault::new(
                "PT-RECALLED",
                "Batch",
                "no pack of a recalled batch changes its state",
            ));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let expired = Expiry::parse(&known.expiry, event_at.year())
            .is_ok_and(|day| day.is_expired_on(event_at.date()));
        let mut taken = Vec::with_capacity(packs.len());
        let mut refused = Vec::new();
        for serial in packs {
            match product.change(&batch, &serial, state, event_at, expired) {
                Ok(()) => taken.push(serial),
                Err((code, why)) => {
                    let place = format!("Pack[@sn=\"{serial}\"]");
                    refused.push((serial.to_string(), HubFault::new(code, place, why)));
                }
            }
        }
        let effect = Effect::States {
            key,
            state: state.as_str().to_owned(),
            at: event_at.micros(),
            serials: join(&taken),
        };
        Ok(Decision {
            packs: taken.len() as u64,
            warnings: Vec::new(),
            refused,
            effect: Some(effect),
        })
    }

    fn judge_recall(&self, content: &Element, event_at: Timestamp) -> Result<Decision, Faults> {
        let mut faults = Vec::new();
        let key = product_key(content)
            .map_err(|fault| faults.push(fault))
            .unwrap_or_default();
        let batch = content
            .text_of("Batch")
            .unwrap_or_default()
            .trim()
            .to_owned();
        let reason = reason(content, &mut faults);
        let markets = markets(content, &mut faults);
        let Some(product) = self.products.get(&key) else {
            faults.push(HubFault::new(
                "PT-PRODUCT",
                "ProductCode",
                "the product is unknown",
            ));
            return Err(faults);
        };
        let Some(known) = product.batches.get(&batch) else {
            faults.push(HubFault::new("A2", "Batch", "the batch is unknown"));
            return Err(faults);
        };
        for market in &markets {
            if known.recalled.contains_key(market) {
                faults.push(HubFault::new(
                    "PT-RECALLED",
                    "Market",
                    format!("the batch is already recalled in {market}"),
                ));
            } else if !known.markets.contains(market) {
                faults.push(HubFault::new(
                    "PT-MARKET",
                    "Market",
                    format!("the batch was never placed in {market}"),
                ));
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let _ = event_at;
        Ok(Decision::whole(
            0,
            Effect::Recall {
                key,
                batch,
                markets,
                reason,
            },
        ))
    }

    fn judge_withdrawal(&self, content: &Element) -> Result<Decision, Faults> {
        let mut faults = Vec::new();
        let key = product_key(content)
            .map_err(|fault| faults.push(fault))
            .unwrap_or_default();
        let reason = reason(content, &mut faults);
        let markets = markets(content, &mut faults);
        let Some(product) = self.products.get(&key) else {
            faults.push(HubFault::new(
                "PT-PRODUCT",
                "ProductCode",
                "the product is unknown",
            ));
            return Err(faults);
        };
        for market in &markets {
            if product.withdrawn.contains_key(market) {
                let why = format!("the product is already withdrawn in {market}");
                faults.push(HubFault::new("PT-WITHDRAWN", "Market", why));
            } else if !product
                .versions
                .values()
                .any(|version| version.markets.contains(market))
            {
                faults.push(HubFault::new(
                    "PT-MARKET",
                    "Market",
                    format!("no version is for {market}"),
                ));
            }
        }
        if faults.is_empty() {
            Ok(Decision::whole(
                0,
                Effect::Withdrawal {
                    key,
                    markets,
                    reason,
                },
            ))
        } else {
            Err(faults)
        }
    }

    /// Makes a decision known; the same for a new message and for one from the journal.
    fn take(&mut self, record: Record) {
        if let Outcome::Taken { .. } = record.outcome {
            self.acknowledgements += 1;
        }
        self.messages.insert(
            record.message_id,
            Told {
                digest: record.digest,
                outcome: record.outcome,
            },
        );
        let Some(effect) = record.effect else { return };
        match effect {
            Effect::Product {
                key,
                version,
                markets,
                fragment,
            } => {
                self.products
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
                let product = self.products.entry(key).or_default();
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
                let product = self.products.entry(key).or_default();
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
                if let Some(known) = self
                    .products
                    .entry(key)
                    .or_default()
                    .batches
                    .get_mut(&batch)
                {
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
                let product = self.products.entry(key).or_default();
                product
                    .withdrawn
                    .extend(markets.into_iter().map(|market| (market, reason.clone())));
            }
        }
    }
}

impl Decision {
    fn whole(packs: u64, effect: Effect) -> Self {
        Decision {
            packs,
            warnings: Vec::new(),
            refused: Vec::new(),
            effect: Some(effect),
        }
    }
}

impl Product {
    fn change(
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

    fn counts(&self) -> ProductCounts {
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
    fn check_upload(&self, version: u32, expiry: &str, faults: &mut Faults) {
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
        if !self.recalled.is_empty() {
            faults.push(HubFault::new(
                "PT-RECALLED",
                "Batch",
                "the batch is recalled",
            ));
        }
    }
}

/// The id a document names.
pub(crate) fn message_id(document: &Incoming) -> Option<String> {
    let id = document.root.child("Header")?.text_of("MessageId")?.trim();
    (!id.is_empty()).then(|| id.to_owned())
}

fn batch_and_expiry(
    content: &Element,
    event_at: Timestamp,
    faults: &mut Faults,
) -> (String, String) {
    let batch = content.text_of("Batch").unwrap_or_default().trim();
    if let Err(error) = BatchNumber::parse(batch) {
        faults.push(HubFault::new("I1", "Batch", error.to_string()));
    }
    let expiry = content.text_of("Expiry").unwrap_or_default().trim();
    if let Err(error) = Expiry::parse(expiry, event_at.year()) {
        faults.push(HubFault::new("I1", "Expiry", error.to_string()));
    }
    (batch.to_owned(), expiry.to_owned())
}

fn check_total(content: &Element, found: usize, faults: &mut Faults) {
    let announced = content
        .text_of("Total")
        .and_then(|text| text.trim().parse::<usize>().ok());
    if announced != Some(found) {
        faults.push(HubFault::new(
            "PT-TOTAL",
            "Total",
            format!("{found} packs stand in the message"),
        ));
    }
}

fn reason(content: &Element, faults: &mut Faults) -> String {
    let reason = content.text_of("Reason").unwrap_or_default().trim();
    if reason.is_empty() {
        faults.push(HubFault::new("A16", "Reason", "the reason is missing"));
    }
    reason.to_owned()
}

fn same_markets(left: &[String], right: &[String]) -> bool {
    left.len() == right.len() && left.iter().all(|market| right.contains(market))
}

fn join(serials: &[Serial]) -> String {
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

/// The fragment with one element changed.
fn drifted(fragment: &str, drift: Option<&Drift>) -> String {
    let Some(drift) = drift else {
        return fragment.to_owned();
    };
    let (open, close) = (
        format!("<{}>", drift.element),
        format!("</{}>", drift.element),
    );
    match (fragment.find(&open), fragment.find(&close)) {
        (Some(start), Some(end)) if start < end => {
            let value = quick_xml::escape::escape(&drift.value);
            format!("{}{open}{value}{}", &fragment[..start], &fragment[end..])
        }
        _ => fragment.to_owned(),
    }
}
