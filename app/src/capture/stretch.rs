//! A stretch of events on its way into the store: one change, all or nothing.
//!
//! Which events are new; their names and numbers; the ground that road 1 gives; their facts, judged with all that depends
//! on them; the events themselves with what they can be asked for by.

use std::collections::{HashMap, HashSet};

use packtwin_core::aggregation::{Act, Arrival, FactKey, Goods, HierarchyFact, NodeId};
use packtwin_core::code::Code;
use packtwin_core::finding::{Finding, Severity};
use packtwin_core::ids::CaptureId;
use packtwin_tenants::scope::Writer;
use packtwin_tenants::store::capture::CaptureSums;
use packtwin_tenants::store::epcis_event::{Compare, EventFilter, EventTest, NewEvent};

use super::REASONS_TOLD_MAX;
use super::check::{Found, id_taken};
use super::taken::{PlainAct, Taken};
use crate::aggregation::{RoadOne, named_faults, packs_of_road_one, rules};
use crate::error::AppError;

/// What became of a stretch.
pub(super) struct Stored {
    /// The sums after it.
    pub(super) sums: CaptureSums,
    /// What was found.
    pub(super) findings: Vec<Found>,
    /// Facts that were parked and hold now.
    pub(super) released: u64,
}

/// What became of one event of a stretch.
enum Verdict {
    New,
    Repeated,
    Contested,
}

/// Stores the events of a stretch. `document` names the document in the keys of facts.
pub(super) fn store(
    writer: &mut Writer<'_>,
    capture: Option<CaptureId>,
    document: u64,
    mut sums: CaptureSums,
    events: &[Taken],
) -> Result<Stored, AppError> {
    writer.aggregation_hold()?;
    let mut findings = Vec::new();
    let mut fresh = Vec::new();
    for (event, verdict) in events.iter().zip(verdicts(writer, events)?) {
        match verdict {
            Verdict::New => fresh.push(event),
            Verdict::Repeated => sums.repeated += 1,
            Verdict::Contested => findings.push((event.number, id_taken(event))),
        }
    }
    let names = Names::number(writer, &fresh)?;
    let withdrawn = declared_wrong(writer, &fresh)?;
    let mut facts = names.ground(writer)?;
    let mut told: HashMap<FactKey, &Taken> = HashMap::new();
    let mut kept = Vec::with_capacity(fresh.len());
    let mut position = writer.aggregation_position(document)?;
    for event in &fresh {
        let first = position;
        if !event.declares && !withdrawn.wrong.contains(&event.hash) {
            for act in &event.acts {
                let Some(act) = names.act(writer, act)? else {
                    continue;
                };
                let fact = HierarchyFact::new(event.at, document, position, act);
                told.insert(fact.key(), event);
                facts.push(fact);
                position += 1;
            }
        }
        let count = position - first;
        sums.facts += u64::from(count);
        kept.push(new_event(event, capture, (document, first, count), &names));
    }
    let mut arrival = writer.aggregation_arrive(&rules(), facts)?;
    if !withdrawn.keys.is_empty() {
        let after = writer.aggregation_withdraw(&rules(), withdrawn.keys)?;
        arrival.released.extend(after.released);
    }
    let parked = parked_findings(writer, &arrival, &told)?;
    sums.parked += parked.len() as u64;
    findings.extend(parked.into_iter().flatten());
    writer.epcis_event_store(&kept)?;
    sums.stored += kept.len() as u64;
    Ok(Stored {
        sums,
        findings,
        released: arrival.released.len() as u64,
    })
}

/// An event came before if its identifier did, or, where it has none, its hash. A declaration that an event is wrong says
/// what the event says, and has its identifier.
fn verdicts(writer: &mut Writer<'_>, events: &[Taken]) -> Result<Vec<Verdict>, AppError> {
    let ids: Vec<&str> = events
        .iter()
        .filter_map(|event| event.id.as_deref())
        .collect();
    let hashes: Vec<&str> = events.iter().map(|event| event.hash.as_str()).collect();
    let mut by_id: HashMap<String, Vec<(String, bool)>> = HashMap::new();
    let mut by_hash: HashSet<(String, bool)> = HashSet::new();
    for (id, hash, declares) in writer.epcis_event_known(&ids, &hashes)? {
        let told = (hash, declares);
        by_id.entry(id).or_default().push(told.clone());
        by_hash.insert(told);
    }
    let mut verdicts = Vec::with_capacity(events.len());
    for event in events {
        let told = (event.hash.clone(), event.declares);
        let verdict = match &event.id {
            None if by_hash.contains(&told) => Verdict::Repeated,
            None => Verdict::New,
            Some(id) => match by_id.get(id) {
                None => Verdict::New,
                Some(known) if known.contains(&told) => Verdict::Repeated,
                Some(known) if known.iter().all(|(hash, _)| *hash == event.hash) => Verdict::New,
                Some(_) => Verdict::Contested,
            },
        };
        if let Verdict::New = verdict {
            let of_id = by_id.entry(event.kept_id()).or_default();
            of_id.push(told.clone());
            by_hash.insert(told);
        }
        verdicts.push(verdict);
    }
    Ok(verdicts)
}

/// The facts of events that are declared wrong, and the hashes of all events of which that is known.
struct Withdrawn {
    keys: Vec<FactKey>,
    wrong: HashSet<String>,
}

fn declared_wrong(writer: &mut Writer<'_>, fresh: &[&Taken]) -> Result<Withdrawn, AppError> {
    let hashes: Vec<&str> = fresh.iter().map(|event| event.hash.as_str()).collect();
    let known = match hashes.is_empty() {
        true => Vec::new(),
        false => writer.epcis_event_known(&[], &hashes)?,
    };
    let mut wrong: HashSet<String> = known
        .into_iter()
        .filter(|(_, _, declares)| *declares)
        .map(|(_, hash, _)| hash)
        .collect();
    let declared = fresh.iter().filter(|event| event.declares);
    wrong.extend(declared.clone().map(|event| event.hash.clone()));
    let mut keys = Vec::new();
    for event in declared {
        keys.extend(writer.epcis_event_facts(&event.hash)?);
    }
    Ok(Withdrawn { keys, wrong })
}

/// The names of a stretch with their numbers, and what road 1 knows of the packs among them.
struct Names<'t> {
    numbers: HashMap<&'t str, NodeId>,
    road_one: HashMap<&'t str, RoadOne>,
}

impl<'t> Names<'t> {
    fn number(writer: &mut Writer<'_>, fresh: &[&'t Taken]) -> Result<Self, AppError> {
        let mut seen = HashSet::new();
        let all = fresh.iter().flat_map(|event| event.places());
        let names: Vec<&str> = all
            .map(|(name, _)| name)
            .filter(|name| seen.insert(*name))
            .collect();
        let numbers = writer.epc_number(&names)?;
        let road_one = packs_of_road_one(writer, names.iter().copied())?;
        Ok(Names {
            numbers: names.into_iter().zip(numbers).collect(),
            road_one,
        })
    }

    fn of(&self, name: &str) -> NodeId {
        // Every name of the stretch was numbered above.
        self.numbers.get(name).copied().unwrap_or(NodeId(0))
    }

    /// The commissioning facts of packs that road 1 stored and no event named before.
    fn ground(&self, writer: &mut Writer<'_>) -> Result<Vec<HierarchyFact>, AppError> {
        let packs: Vec<(NodeId, RoadOne)> = self
            .road_one
            .iter()
            .map(|(name, pack)| (self.of(name), *pack))
            .collect();
        crate::aggregation::ground_facts(writer, &packs)
    }

    /// An act in numbers. A commissioning leaves out the packs that road 1 has in the same lot; `None` for one of which
    /// nothing is left.
    fn act(&self, writer: &mut Writer<'_>, act: &PlainAct) -> Result<Option<Act>, AppError> {
        let number = |name: &str| self.of(name);
        let PlainAct::Commission(kind, goods, names) = act else {
            return Ok(Some(act.numbered(&number, None)));
        };
        let goods: Option<Goods> = match goods {
            Some((product, batch)) => Some(writer.goods_number(product, batch)?),
            None => None,
        };
        let is_known = |name: &String| {
            let pack = self.road_one.get(name.as_str());
            pack.is_some_and(|pack| goods.is_none_or(|goods| goods == pack.goods))
        };
        let left: Vec<String> = names
            .iter()
            .filter(|name| !is_known(name))
            .cloned()
            .collect();
        if left.is_empty() {
            return Ok(None);
        }
        let act = PlainAct::Commission(*kind, None, left);
        Ok(Some(act.numbered(&number, goods)))
    }
}

fn new_event(
    event: &Taken,
    capture: Option<CaptureId>,
    facts: (u64, u32, u32),
    names: &Names<'_>,
) -> NewEvent {
    let values = event.values.iter();
    NewEvent {
        id: event.kept_id(),
        hash: event.hash.clone(),
        declares: event.declares,
        capture,
        number: event.number,
        line: event.line,
        at: event.at,
        kind: event.kind.clone(),
        body: event.body.clone(),
        facts,
        named: event
            .places()
            .map(|(name, place)| (names.of(name), place))
            .collect(),
        values: values
            .map(|value| (value.name.clone(), value.value.clone(), value.order))
            .collect(),
    }
}

/// Why facts of this document are parked, in the words of its events.
fn parked_findings(
    writer: &mut Writer<'_>,
    arrival: &Arrival,
    told: &HashMap<FactKey, &Taken>,
) -> Result<Vec<Vec<Found>>, AppError> {
    let mut all = Vec::new();
    for key in &arrival.parked {
        let Some(event) = told.get(key) else {
            continue;
        };
        let faults = writer.aggregation_reasons(&rules(), *key)?;
        let shown = &faults[..faults.len().min(REASONS_TOLD_MAX)];
        let mut findings: Vec<Found> = named_faults(writer, shown)?
            .into_iter()
            .map(|fault| {
                let text = format!(
                    "Event {} (line {}): {}.",
                    event.number, event.line, fault.text
                );
                (event.number, warning(fault.code, event, &fault.place, text))
            })
            .collect();
        if let (Some(fault), more @ 1..) = (faults.last(), faults.len() - shown.len()) {
            let text = format!("Event {} (line {}): {more} more.", event.number, event.line);
            findings.push((event.number, warning(fault.code(), event, "", text)));
        }
        all.push(findings);
    }
    Ok(all)
}

/// A parked fact is no fault of the document, whose event is kept.
fn warning(code: Code, event: &Taken, place: &str, text: String) -> Finding {
    Finding {
        severity: Severity::Warning,
        ..Finding::error(code, event.line, place, text)
    }
}

/// Events that are already kept under an identifier.
pub(super) fn events_of_id(
    writer: &mut Writer<'_>,
    id: &str,
) -> Result<Vec<packtwin_tenants::store::epcis_event::EventRecord>, AppError> {
    let filter = EventFilter {
        tests: vec![
            EventTest::Id(vec![id.to_owned()]),
            EventTest::No(Compare::Greater, 0),
        ],
        ..EventFilter::default()
    };
    Ok(writer.epcis_event_list(&filter, 100)?)
}
