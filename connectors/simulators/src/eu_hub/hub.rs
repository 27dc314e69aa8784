//! What the simulated hub knows, and the answers it gave: the same message gets the first answer, also after a restart.
//!
//! How a new document is judged stands in `judgement` and `judgement_of_packs`.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use packtwin_core::environment::Environment;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;
use sha2::{Digest, Sha256};

use super::answer::{Answer, HubFault, Outcome};
use super::incoming::{Element, Incoming};
use super::journal::{Journal, Record};
use super::judgement::Decision;
use super::product_register::{HubCounts, Products, apply};
use super::product_rules::{product_key, version};
use super::switches::{Drift, Fault};

/// No more faults of one message are told than this; the rest would say the same.
const FAULTS_TOLD_MAX: usize = 100;

/// The hub's knowledge.
pub(crate) struct Hub {
    pub(crate) environment: Environment,
    pub(crate) packs_per_message: u64,
    pub(crate) products: Products,
    messages: HashMap<String, Told>,
    acknowledgements: u64,
    repeats: u64,
    pub(crate) duplicates_refused: u64,
    journal: Option<Journal>,
}

/// What was told about a message.
struct Told {
    digest: String,
    outcome: Outcome,
}

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
            products: Products::new(),
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
        if let Some(effect) = record.effect {
            apply(&mut self.products, effect);
        }
    }
}

/// The id a document names.
pub(crate) fn message_id(document: &Incoming) -> Option<String> {
    let id = document.root.child("Header")?.text_of("MessageId")?.trim();
    (!id.is_empty()).then(|| id.to_owned())
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
