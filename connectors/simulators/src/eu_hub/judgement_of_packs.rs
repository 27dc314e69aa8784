//! How the simulated hub judges packs: what is uploaded and what changes its state (emvs.md 2.2, 2.3, 5.1; DR 35(3)).

use packtwin_core::batch_number::BatchNumber;
use packtwin_core::expiry::Expiry;
use packtwin_core::pack::PackState;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;

use super::answer::HubFault;
use super::hub::Hub;
use super::incoming::Element;
use super::journal::Effect;
use super::judgement::{Decision, Faults};
use super::product_register::join;
use super::product_rules::{markets, product_key, version};
use super::switches::Fault;

impl Hub {
    /// An upload of packs.
    pub(crate) fn judge_packs(
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
            let asked = markets.len();
            let closed: Vec<HubFault> = markets
                .iter()
                .filter_map(|market| product.closed(&batch, market))
                .collect();
            markets.retain(|market| product.closed(&batch, market).is_none());
            if closed.len() == asked {
                faults.extend(closed);
            } else {
                warnings.extend(closed);
            }
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

    /// A change of state of one pack or several.
    pub(crate) fn judge_states(
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
