//! Facts arrive in any order and are judged in their own (reference: facts out of order are normal, not an error).
//!
//! A fact whose ground is missing, or that contradicts what is known, is kept parked with its reasons. When an earlier fact
//! arrives, every later one that read what it wrote is judged anew, and then those that read what these write, in the order
//! of their keys. So the result is that of judging all facts in order once, whatever order they came in: what a fact
//! becomes follows from the set of facts alone. In the usual order nothing is judged twice.

use std::collections::{BTreeMap, HashSet};

use super::fact::{FactKey, HierarchyFact};
use super::fault::{Breach, Fault};
use super::ground::{Chronicle, Ground};
use super::law::{Rules, Verdict, judge};
use super::node::NodeId;

/// What an arrival brought about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Arrival {
    /// New facts that hold, ascending.
    pub applied: Vec<FactKey>,
    /// New facts that are parked, ascending.
    pub parked: Vec<FactKey>,
    /// Facts that were parked and now hold.
    pub released: Vec<FactKey>,
    /// Facts that held and are now parked, since something earlier contradicts them.
    pub revoked: Vec<FactKey>,
    /// Facts that were there already, word for word.
    pub repeated: Vec<FactKey>,
    /// Facts that say something else at the place of a document that was read before. They are not taken in.
    pub contested: Vec<FactKey>,
}

/// Takes in facts in any order, and judges them and all that depend on them.
///
/// # Errors
/// What keeps the chronicle from answering or writing.
pub fn arrive<C: Chronicle>(
    rules: &Rules,
    chronicle: &mut C,
    facts: impl IntoIterator<Item = HierarchyFact>,
) -> Result<Arrival, C::Error> {
    let mut arrival = Arrival::default();
    let mut agenda: BTreeMap<FactKey, Option<HierarchyFact>> = BTreeMap::new();
    for fact in facts {
        let key = fact.key();
        let known = match agenda.get(&key) {
            Some(known) => known.clone(),
            None => chronicle.fact(key)?,
        };
        match known {
            None => drop(agenda.insert(key, Some(fact))),
            Some(known) if known == fact => arrival.repeated.push(key),
            Some(_) => arrival.contested.push(key),
        }
    }
    settle(rules, chronicle, agenda, &mut arrival)?;
    Ok(arrival)
}

/// Takes facts out of the judgement, as if they had never been told, and judges anew all that depends on them: an error
/// declaration says that they are wrong. Their text stays kept.
///
/// # Errors
/// What keeps the chronicle from answering or writing.
pub fn withdraw<C: Chronicle>(
    rules: &Rules,
    chronicle: &mut C,
    keys: impl IntoIterator<Item = FactKey>,
) -> Result<Arrival, C::Error> {
    let mut arrival = Arrival::default();
    let mut agenda: BTreeMap<FactKey, Option<HierarchyFact>> = BTreeMap::new();
    for key in keys {
        let written = chronicle.written(key)?;
        chronicle.withdraw(key)?;
        for reader in chronicle.readers_after(&written, key)? {
            agenda.entry(reader).or_insert(None);
        }
    }
    settle(rules, chronicle, agenda, &mut arrival)?;
    Ok(arrival)
}

/// Judges what is on the agenda in the order of keys, and whatever read what thereby changed.
fn settle<C: Chronicle>(
    rules: &Rules,
    chronicle: &mut C,
    mut agenda: BTreeMap<FactKey, Option<HierarchyFact>>,
    arrival: &mut Arrival,
) -> Result<(), C::Error> {
    let mut rewritten: HashSet<NodeId> = HashSet::new();
    while let Some((key, new)) = agenda.pop_first() {
        let is_new = new.is_some();
        let Some(fact) = new.map_or_else(|| chronicle.fact(key), |fact| Ok(Some(fact)))? else {
            continue;
        };
        let mut written = chronicle.written(key)?;
        let held_before = !written.is_empty();
        let judgement = judge(rules, &fact, chronicle)?;
        let holds = match &judgement.verdict {
            Verdict::Applied(changes) => {
                written.extend(changes.iter().map(|(id, _)| *id));
                true
            }
            Verdict::Parked(_) => false,
        };
        chronicle.put(&fact, judgement)?;
        match (is_new, held_before, holds) {
            (true, _, true) => arrival.applied.push(key),
            (true, _, false) => arrival.parked.push(key),
            (false, false, true) => arrival.released.push(key),
            (false, true, false) => arrival.revoked.push(key),
            (false, true, true) | (false, false, false) => {}
        }
        written.retain(|id| rewritten.insert(*id));
        for reader in chronicle.readers_after(&written, key)? {
            agenda.entry(reader).or_insert(None);
        }
    }
    Ok(())
}

/// The reasons of a parked fact as of all that is known by now: what is missing for good, and what only came into being
/// later than the fact is dated (EPC-103).
///
/// # Errors
/// What keeps the ground from answering.
pub fn reasons<G: Ground>(ground: &G, faults: &[Fault]) -> Result<Vec<Fault>, G::Error> {
    let missing: Vec<NodeId> = faults
        .iter()
        .filter(|fault| fault.breach == Breach::NotCommissioned)
        .filter_map(|fault| fault.node)
        .collect();
    let nodes = ground.nodes(&missing, FactKey::LAST)?;
    let born: BTreeMap<NodeId, _> = missing
        .into_iter()
        .zip(nodes)
        .filter_map(|(id, node)| Some((id, node?.commissioned_at)))
        .collect();
    let told = |fault: &Fault| {
        let commissioned_at = fault.node.and_then(|id| born.get(&id).copied());
        match (fault.breach, commissioned_at) {
            (Breach::NotCommissioned, Some(commissioned_at)) => Fault {
                breach: Breach::BeforeCommissioning { commissioned_at },
                ..fault.clone()
            },
            _ => fault.clone(),
        }
    };
    Ok(faults.iter().map(told).collect())
}
