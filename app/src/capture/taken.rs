//! One event taken from a document: what is kept of it, what it can be asked for by, and what it tells of the hierarchy.

use packtwin_core::aggregation::{Act, Children, Goods, Kind, NodeId};
use packtwin_core::finding::{Finding, Severity};
use packtwin_core::time::Timestamp;
use packtwin_epcis::document::DocumentHead;
use packtwin_epcis::event::Event;
use packtwin_epcis::event_index::{Indexed, index};
use packtwin_epcis::hash::EventHasher;
use packtwin_epcis::hierarchy::{EventNames, NamedAct, acts};
use packtwin_epcis::json::single_event;
use packtwin_epcis::query::Place;
use packtwin_epcis::validate::check_event;

use crate::error::AppError;

/// An event with all that is derived from it.
pub(super) struct Taken {
    pub(super) number: u64,
    pub(super) line: u64,
    pub(super) at: Timestamp,
    /// The identifier that the document gives it.
    pub(super) id: Option<String>,
    pub(super) hash: String,
    pub(super) declares: bool,
    pub(super) kind: String,
    pub(super) body: String,
    pub(super) names: EventNames,
    pub(super) acts: Vec<PlainAct>,
    pub(super) values: Vec<Indexed>,
}

/// An act whose names are places in the list of all names of the event.
pub(super) enum PlainAct {
    Commission(Kind, Option<(String, String)>, Vec<String>),
    Pack(String, Vec<String>),
    Unpack(String, Option<Vec<String>>),
    Of(packtwin_core::aggregation::Step, Vec<String>),
}

/// Checks an event and takes it apart. `None`: what was found keeps it from being stored.
pub(super) fn take(
    event: &Event,
    head: &DocumentHead,
    hasher: &EventHasher,
    findings: &mut Vec<Finding>,
) -> Result<Option<Taken>, AppError> {
    check_event(event, head.version, head.is_json, findings);
    let at = event.event_time.as_deref().and_then(Timestamp::parse);
    if at.is_none() {
        // Some schemas take a time without zone; it names no point in time, and none is guessed.
        let of_time = |finding: &&mut Finding| finding.column == "eventTime";
        for finding in findings.iter_mut().filter(of_time) {
            finding.severity = Severity::Error;
        }
    }
    let is_wrong = findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    let Some(at) = at.filter(|_| !is_wrong) else {
        return Ok(None);
    };
    let names = EventNames::of(event);
    let acts = acts(event, &names).into_iter().map(plain).collect();
    Ok(Some(Taken {
        number: event.number,
        line: event.line,
        at,
        id: event
            .event_id
            .as_deref()
            .map(str::trim)
            .filter(|id| !id.is_empty())
            .map(str::to_owned),
        hash: hash_digits(&hasher.hash(event)),
        declares: event.error_declaration.is_some(),
        kind: event.kind.name().to_owned(),
        body: single_event(event, head)?,
        values: index(event),
        acts,
        names,
    }))
}

impl Taken {
    /// The identifier under which it is kept: its own, or the hash of what it says (CBV 2.0, section 8.9).
    pub(super) fn kept_id(&self) -> String {
        match &self.id {
            Some(id) => id.clone(),
            None => format!("ni:///sha-256;{}?ver=CBV2.0", self.hash),
        }
    }

    /// Every name with the place it stands in.
    pub(super) fn places(&self) -> impl Iterator<Item = (&str, i16)> {
        const EPCS: [Place; 4] = [Place::Epc, Place::Child, Place::Input, Place::Output];
        const CLASSES: [Place; 4] = [
            Place::Class,
            Place::ChildClass,
            Place::InputClass,
            Place::OutputClass,
        ];
        let lists = EPCS.into_iter().zip(&self.names.epcs);
        let lists = lists.chain(CLASSES.into_iter().zip(&self.names.classes));
        let listed = lists
            .flat_map(|(place, names)| names.iter().map(move |name| (name.as_str(), place as i16)));
        let parent = self.names.parent.iter();
        listed.chain(parent.map(|name| (name.as_str(), Place::Parent as i16)))
    }

    /// How many EPCs it names.
    pub(super) fn epcs(&self) -> usize {
        self.names.epcs.iter().map(Vec::len).sum()
    }
}

impl PlainAct {
    /// The act with numbers in place of names.
    pub(super) fn numbered(&self, number: &impl Fn(&str) -> NodeId, goods: Option<Goods>) -> Act {
        let all = |names: &[String]| names.iter().map(|name| number(name)).collect::<Vec<_>>();
        match self {
            PlainAct::Commission(kind, _, names) => Act::Commission {
                nodes: all(names),
                kind: Kind { goods, ..*kind },
            },
            PlainAct::Pack(parent, children) => Act::Pack {
                parent: number(parent),
                children: all(children),
            },
            PlainAct::Unpack(parent, children) => Act::Unpack {
                parent: number(parent),
                children: match children {
                    Some(children) => Children::These(all(children)),
                    None => Children::All,
                },
            },
            PlainAct::Of(step, names) => Act::OfNodes {
                step: *step,
                nodes: all(names),
            },
        }
    }
}

fn plain(act: NamedAct<'_>) -> PlainAct {
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<Vec<_>>();
    match act {
        NamedAct::Commission {
            level,
            goods,
            names,
        } => PlainAct::Commission(Kind::of(level), goods, owned(names)),
        NamedAct::Pack { parent, children } => PlainAct::Pack(parent.to_owned(), owned(children)),
        NamedAct::Unpack { parent, children } => {
            PlainAct::Unpack(parent.to_owned(), children.map(owned))
        }
        NamedAct::Of { step, names } => PlainAct::Of(step, owned(names)),
    }
}

/// The digits of `ni:///sha-256;…?ver=CBV2.0`.
fn hash_digits(hash: &str) -> String {
    let digits = hash.rsplit(';').next().unwrap_or(hash);
    digits.split('?').next().unwrap_or(digits).to_owned()
}
