//! A chronicle in memory: every fact, every judgement, and every node as each fact left it.
//!
//! For drafts and previews, command line and tests. What a site keeps for good is kept by a store, which answers the same
//! questions from tables: facts, (node, key) for what was read, (node, key, standing) for what was written.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;
use std::ops::Bound;

use super::fact::{FactKey, HierarchyFact};
use super::fault::Fault;
use super::ground::{Chronicle, Ground};
use super::law::{Judgement, Verdict};
use super::node::{Node, NodeId};

/// Facts and what became of them, in memory.
#[derive(Debug, Default)]
pub struct Ledger {
    kept: BTreeMap<FactKey, Kept>,
    /// Each node as the facts left it, by key.
    standings: HashMap<NodeId, Vec<(FactKey, Node)>>,
    readers: BTreeSet<(NodeId, FactKey)>,
    /// Every parent with every child that it ever had; which of them it has is said by the child's standing.
    placements: BTreeSet<(NodeId, NodeId)>,
}

#[derive(Debug)]
struct Kept {
    fact: HierarchyFact,
    read: Vec<NodeId>,
    outcome: Outcome,
}

#[derive(Debug)]
enum Outcome {
    Applied(Vec<NodeId>),
    Parked(Vec<Fault>),
    Withdrawn,
}

impl Ledger {
    /// Parked facts with their faults as judged, ascending; see [`super::arrival::reasons`].
    pub fn parked(&self) -> impl Iterator<Item = (&HierarchyFact, &[Fault])> {
        self.kept.values().filter_map(|kept| match &kept.outcome {
            Outcome::Applied(_) | Outcome::Withdrawn => None,
            Outcome::Parked(faults) => Some((&kept.fact, faults.as_slice())),
        })
    }

    /// Facts that hold, ascending.
    pub fn applied(&self) -> impl Iterator<Item = &HierarchyFact> {
        let holds = |kept: &&Kept| matches!(kept.outcome, Outcome::Applied(_));
        self.kept.values().filter(holds).map(|kept| &kept.fact)
    }

    /// Every node that exists now, in no order.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> {
        self.standings.keys().copied()
    }

    /// How a node stood before a key.
    pub fn standing(&self, id: NodeId, before: FactKey) -> Option<&Node> {
        let standings = self.standings.get(&id)?;
        let later = standings.partition_point(|(key, _)| *key < before);
        later.checked_sub(1).map(|last| &standings[last].1)
    }

    fn forget(&mut self, key: FactKey) {
        let Some(kept) = self.kept.remove(&key) else {
            return;
        };
        for id in kept.read {
            self.readers.remove(&(id, key));
        }
        let Outcome::Applied(written) = kept.outcome else {
            return;
        };
        for id in written {
            if let Some(standings) = self.standings.get_mut(&id) {
                standings.retain(|(written_by, _)| *written_by != key);
                if standings.is_empty() {
                    self.standings.remove(&id);
                }
            }
        }
    }

    fn keep(&mut self, id: NodeId, key: FactKey, node: Node) {
        if let Some(parent) = node.parent {
            self.placements.insert((parent, id));
        }
        let standings = self.standings.entry(id).or_default();
        let place = standings.partition_point(|(known, _)| *known < key);
        standings.insert(place, (key, node));
    }
}

impl Ground for Ledger {
    type Error = Infallible;

    fn nodes(&self, ids: &[NodeId], before: FactKey) -> Result<Vec<Option<Node>>, Infallible> {
        let standing = |id: &NodeId| self.standing(*id, before).cloned();
        Ok(ids.iter().map(standing).collect())
    }

    fn children(
        &self,
        parent: NodeId,
        before: FactKey,
        after: Option<NodeId>,
        limit: usize,
    ) -> Result<Vec<NodeId>, Infallible> {
        let from = match after {
            Some(after) => Bound::Excluded((parent, after)),
            None => Bound::Included((parent, NodeId(0))),
        };
        let to = Bound::Included((parent, NodeId(u64::MAX)));
        let is_child = |id: &NodeId| {
            let node = self.standing(*id, before);
            node.is_some_and(|node| node.parent == Some(parent))
        };
        let placed = self.placements.range((from, to)).map(|(_, child)| *child);
        Ok(placed.filter(is_child).take(limit).collect())
    }

    fn ended_below(
        &self,
        container: NodeId,
        before: FactKey,
        limit: usize,
    ) -> Result<Vec<NodeId>, Infallible> {
        let mut ended = Vec::new();
        let mut open = vec![container];
        while let Some(id) = open.pop() {
            for child in self.children(id, before, None, usize::MAX)? {
                let Some(node) = self.standing(child, before) else {
                    continue;
                };
                if node.life.is_end() {
                    ended.push(child);
                }
                if node.contents.ended > 0 {
                    open.push(child);
                }
            }
        }
        ended.sort_unstable();
        ended.truncate(limit);
        Ok(ended)
    }
}

impl Chronicle for Ledger {
    fn fact(&self, key: FactKey) -> Result<Option<HierarchyFact>, Infallible> {
        Ok(self.kept.get(&key).map(|kept| kept.fact.clone()))
    }

    fn written(&self, key: FactKey) -> Result<Vec<NodeId>, Infallible> {
        Ok(match self.kept.get(&key).map(|kept| &kept.outcome) {
            Some(Outcome::Applied(written)) => written.clone(),
            Some(Outcome::Parked(_) | Outcome::Withdrawn) | None => Vec::new(),
        })
    }

    fn readers_after(&self, nodes: &[NodeId], after: FactKey) -> Result<Vec<FactKey>, Infallible> {
        let of_node = |id: &NodeId| {
            let range = (
                Bound::Excluded((*id, after)),
                Bound::Included((*id, FactKey::LAST)),
            );
            self.readers.range(range).map(|(_, key)| *key)
        };
        Ok(nodes.iter().flat_map(of_node).collect())
    }

    fn put(&mut self, fact: &HierarchyFact, judgement: Judgement) -> Result<(), Infallible> {
        let key = fact.key();
        self.forget(key);
        let Judgement { read, verdict } = judgement;
        self.readers.extend(read.iter().map(|id| (*id, key)));
        let outcome = match verdict {
            Verdict::Parked(faults) => Outcome::Parked(faults),
            Verdict::Applied(changes) => {
                let written = changes.iter().map(|(id, _)| *id).collect();
                for (id, node) in changes {
                    self.keep(id, key, node);
                }
                Outcome::Applied(written)
            }
        };
        let fact = fact.clone();
        self.kept.insert(
            key,
            Kept {
                fact,
                read,
                outcome,
            },
        );
        Ok(())
    }

    fn withdraw(&mut self, key: FactKey) -> Result<(), Infallible> {
        let Some(fact) = self.fact(key)? else {
            return Ok(());
        };
        self.forget(key);
        let kept = Kept {
            fact,
            read: Vec::new(),
            outcome: Outcome::Withdrawn,
        };
        self.kept.insert(key, kept);
        Ok(())
    }
}
