//! How the simulated hub judges a document: its frame, master data, recall and withdrawal (emvs.md 2, 5.1, 5.2).

use packtwin_core::time::Timestamp;

use super::answer::HubFault;
use super::hub::Hub;
use super::incoming::{Element, Incoming};
use super::journal::Effect;
use super::product_rules::{check_version, markets, product_key, version};
use super::switches::Fault;

/// A decision that is not yet made known.
pub(crate) struct Decision {
    pub packs: u64,
    pub warnings: Vec<HubFault>,
    pub refused: Vec<(String, HubFault)>,
    pub effect: Option<Effect>,
}

/// Everything wrong with a document.
pub(crate) type Faults = Vec<HubFault>;

impl Hub {
    /// The decision about a document that was not seen before.
    pub(crate) fn judge(
        &mut self,
        document: Incoming,
        fault: Option<&Fault>,
    ) -> Result<Decision, Faults> {
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
            "BatchRecall" => self.judge_recall(content),
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

    fn judge_recall(&self, content: &Element) -> Result<Decision, Faults> {
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
