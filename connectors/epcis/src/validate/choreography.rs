//! Events in their order: what is used must have come into being, has one parent, and ends once.
//!
//! The document is taken to be self-contained, as the GS1 US guideline asks of shipments. An event that is declared wrong by
//! an error declaration changes nothing. Per EPC a few bytes are kept; beyond a limit the check says that it stopped.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use packtwin_connector_port::serial_check::quoted;
use packtwin_core::code::Code;
use packtwin_core::finding::{Finding, Severity};
use packtwin_core::time::Timestamp;

use super::about;
use crate::cbv::Standard;
use crate::epc_format::canonical_link;
use crate::event::{EpcRole, Event, EventKind};

/// EPCs that are followed, some 50 bytes each.
const EPCS_MAX: usize = 500_000;

#[derive(Debug, Clone, Copy, Default)]
struct Followed {
    /// Key of the parent, and how often that had been emptied; zero for none.
    parent: u64,
    parent_round: u32,
    /// How often this one was emptied at a stroke.
    round: u32,
    /// How many were packed into this one since it was emptied, and not taken out.
    children: u64,
    commissioned_at: Option<i64>,
    is_commissioned: bool,
    has_ended: bool,
}

/// What is known of the EPCs of a document.
#[derive(Default)]
pub(super) struct Chain {
    followed: HashMap<u64, Followed>,
    is_full: bool,
}

/// What an event got wrong, by code: the first EPC and how many.
#[derive(Default)]
struct Faults<'e> {
    found: Vec<(Code, &'e str, u64)>,
}

impl<'e> Faults<'e> {
    fn add(&mut self, code: Code, epc: &'e str) {
        match self.found.iter_mut().find(|(known, ..)| *known == code) {
            Some((_, _, count)) => *count += 1,
            None => self.found.push((code, epc, 1)),
        }
    }
}

impl Chain {
    pub(super) fn check(&mut self, event: &Event, findings: &mut Vec<Finding>) {
        if event.error_declaration.is_some() || self.is_full {
            return;
        }
        if let Some(step) = unfitting_step(event) {
            let text = format!(
                "the business step {step} does not fit a {} with action {}",
                event.kind.name(),
                event.action.as_deref().unwrap_or("none")
            );
            findings.push(about(
                event,
                Code::EpcisStepDoesNotFit,
                Severity::Warning,
                "bizStep",
                text,
            ));
        }
        let mut faults = Faults::default();
        let at = event
            .event_time
            .as_deref()
            .and_then(Timestamp::parse)
            .map(Timestamp::micros);
        let action = event.action.as_deref().unwrap_or_default();
        match (&event.kind, action) {
            (EventKind::Object, "ADD") => self.commission(event, EpcRole::Epcs, at, &mut faults),
            (EventKind::Object, "DELETE") => self.end(event, EpcRole::Epcs, at, &mut faults),
            (EventKind::Object | EventKind::Transaction, _) => {
                self.observe(event, EpcRole::Epcs, at, &mut faults)
            }
            (EventKind::Aggregation | EventKind::Association, "ADD") => {
                self.pack(event, at, &mut faults)
            }
            (EventKind::Aggregation | EventKind::Association, "DELETE") => {
                self.unpack(event, at, &mut faults)
            }
            (EventKind::Aggregation | EventKind::Association, _) => {
                self.observe(event, EpcRole::Children, at, &mut faults)
            }
            (EventKind::Transformation, _) => {
                self.end(event, EpcRole::Inputs, at, &mut faults);
                self.commission(event, EpcRole::Outputs, at, &mut faults);
            }
            _ => {}
        }
        for (code, epc, count) in faults.found {
            let severity = match code {
                // The ground may lie in a document that was sent before.
                Code::EpcisNotCommissioned
                | Code::EpcisBeforeCommissioning
                | Code::EpcisNotInParent => Severity::Warning,
                _ => Severity::Error,
            };
            let others = match count {
                1 => String::new(),
                count => format!(" and {} more", count - 1),
            };
            let text = format!(
                "{}: {}{others}. {}",
                code.title(),
                quoted(epc),
                code.remedy().trim_end_matches('.')
            );
            findings.push(about(event, code, severity, "epc", text));
        }
        if self.followed.len() > EPCS_MAX {
            self.is_full = true;
            self.followed = HashMap::new();
            let text = format!(
                "the order of events is not checked beyond this one: more than {EPCS_MAX} EPCs would have to be followed"
            );
            findings.push(about(
                event,
                Code::EpcisEventTooLarge,
                Severity::Warning,
                "",
                text,
            ));
        }
    }

    fn commission<'e>(
        &mut self,
        event: &'e Event,
        role: EpcRole,
        at: Option<i64>,
        faults: &mut Faults<'e>,
    ) {
        for epc in event.epc_list(role).iter() {
            let known = self.followed.entry(key(epc)).or_default();
            if known.is_commissioned {
                faults.add(Code::EpcisCommissionedTwice, epc);
            } else if known.has_ended {
                faults.add(Code::EpcisAfterEnd, epc);
            }
            known.is_commissioned = true;
            known.commissioned_at = at;
        }
    }

    fn end<'e>(
        &mut self,
        event: &'e Event,
        role: EpcRole,
        at: Option<i64>,
        faults: &mut Faults<'e>,
    ) {
        for epc in event.epc_list(role).iter() {
            self.use_of(epc, at, faults);
            let known = self.followed.entry(key(epc)).or_default();
            known.has_ended = true;
        }
    }

    fn observe<'e>(
        &mut self,
        event: &'e Event,
        role: EpcRole,
        at: Option<i64>,
        faults: &mut Faults<'e>,
    ) {
        let epcs = event
            .parent_id
            .as_deref()
            .into_iter()
            .chain(event.epc_list(role).iter());
        for epc in epcs {
            self.use_of(epc, at, faults);
        }
    }

    fn pack<'e>(&mut self, event: &'e Event, at: Option<i64>, faults: &mut Faults<'e>) {
        let Some(parent) = event.parent_id.as_deref() else {
            return;
        };
        self.use_of(parent, at, faults);
        let parent_key = key(parent);
        let round = self.followed.entry(parent_key).or_default().round;
        for child in event.epc_list(EpcRole::Children).iter() {
            self.use_of(child, at, faults);
            let known = self.followed.get(&key(child)).copied().unwrap_or_default();
            if known.parent != 0 && known.parent != parent_key && self.is_in(&known) {
                faults.add(Code::EpcisTwoParents, child);
            }
            let known = self.followed.entry(key(child)).or_default();
            known.parent = parent_key;
            known.parent_round = round;
            self.followed.entry(parent_key).or_default().children += 1;
        }
    }

    fn unpack<'e>(&mut self, event: &'e Event, at: Option<i64>, faults: &mut Faults<'e>) {
        let Some(parent) = event.parent_id.as_deref() else {
            return;
        };
        self.use_of(parent, at, faults);
        let parent_key = key(parent);
        let children = event.epc_list(EpcRole::Children);
        if children.is_empty() {
            let emptied = self.followed.entry(parent_key).or_default();
            if emptied.children == 0 {
                faults.add(Code::EpcisNotInParent, parent);
            }
            emptied.round += 1;
            emptied.children = 0;
        }
        for child in children.iter() {
            self.use_of(child, at, faults);
            let known = self.followed.get(&key(child)).copied().unwrap_or_default();
            if known.parent != parent_key || !self.is_in(&known) {
                faults.add(Code::EpcisNotInParent, child);
            }
            self.followed.entry(key(child)).or_default().parent = 0;
            let parent = self.followed.entry(parent_key).or_default();
            parent.children = parent.children.saturating_sub(1);
        }
    }

    /// Whether the parent was not emptied since.
    fn is_in(&self, child: &Followed) -> bool {
        let parent = self.followed.get(&child.parent);
        parent.is_some_and(|parent| parent.round == child.parent_round)
    }

    fn use_of<'e>(&mut self, epc: &'e str, at: Option<i64>, faults: &mut Faults<'e>) {
        let known = self.followed.entry(key(epc)).or_default();
        if known.has_ended {
            faults.add(Code::EpcisAfterEnd, epc);
        } else if !known.is_commissioned {
            faults.add(Code::EpcisNotCommissioned, epc);
        } else if known.commissioned_at > at && at.is_some() {
            faults.add(Code::EpcisBeforeCommissioning, epc);
        }
    }
}

/// A step that says what this type and action cannot mean (CBV 2.0, section 7.1): identities begin and end in object events
/// and transformations, packing adds and unpacking deletes.
fn unfitting_step(event: &Event) -> Option<&'static str> {
    let step = Standard::BizStep.value(event.biz_step.as_deref()?)?;
    let is_of_identity = matches!(event.kind, EventKind::Object | EventKind::Transformation);
    let action = event.action.as_deref().unwrap_or_default();
    let is_unfitting = match step {
        "commissioning" => !is_of_identity || action == "DELETE",
        "decommissioning" | "destroying" => !is_of_identity || action == "ADD",
        "packing" => action == "DELETE",
        "unpacking" => action == "ADD",
        _ => false,
    };
    is_unfitting.then_some(step)
}

/// One key for all spellings of an EPC; never zero.
fn key(epc: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    match epc.starts_with("http") {
        true => canonical_link(epc)
            .as_deref()
            .unwrap_or(epc)
            .hash(&mut hasher),
        false => match canonical_link(epc) {
            Some(link) => link.hash(&mut hasher),
            None => epc.hash(&mut hasher),
        },
    }
    hasher.finish() | 1
}
