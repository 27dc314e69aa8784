//! The neighbourhood of one fact while it is judged: what was asked of the ground, and what would be written.
//!
//! Knows no law. Each change keeps the sums of all containers around it right.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::contents::Contents;
use super::fact::{FactKey, Step};
use super::ground::Ground;
use super::node::{Life, Node, NodeId};

/// What is known around a fact.
pub(super) struct Scene<'g, G> {
    ground: &'g G,
    key: FactKey,
    known: HashMap<NodeId, Option<Node>>,
    changed: BTreeSet<NodeId>,
}

impl<'g, G: Ground> Scene<'g, G> {
    pub(super) fn new(ground: &'g G, key: FactKey) -> Self {
        Scene {
            ground,
            key,
            known: HashMap::new(),
            changed: BTreeSet::new(),
        }
    }

    pub(super) fn key(&self) -> FactKey {
        self.key
    }

    /// Asks for nodes and all containers around them, one question for each step outwards.
    pub(super) fn load(&mut self, ids: impl Iterator<Item = NodeId>) -> Result<(), G::Error> {
        let mut asked = HashSet::new();
        let mut wave: Vec<NodeId> = ids
            .filter(|id| !self.known.contains_key(id) && asked.insert(*id))
            .collect();
        while !wave.is_empty() {
            let nodes = self.ground.nodes(&wave, self.key)?;
            let parents: BTreeSet<NodeId> = nodes
                .iter()
                .flatten()
                .filter_map(|node| node.parent)
                .collect();
            self.known.extend(wave.into_iter().zip(nodes));
            wave = parents
                .into_iter()
                .filter(|parent| !self.known.contains_key(parent))
                .collect();
        }
        Ok(())
    }

    pub(super) fn load_children(&mut self, parent: NodeId) -> Result<Vec<NodeId>, G::Error> {
        let children = self.ground.children(parent, self.key, None, usize::MAX)?;
        self.load(children.iter().copied())?;
        Ok(children)
    }

    pub(super) fn ended_below(&self, id: NodeId, limit: usize) -> Result<Vec<NodeId>, G::Error> {
        self.ground.ended_below(id, self.key, limit)
    }

    pub(super) fn node(&self, id: NodeId) -> Option<&Node> {
        self.known.get(&id)?.as_ref()
    }

    /// The containers around a node, the nearest first.
    pub(super) fn around(&self, id: NodeId) -> Vec<NodeId> {
        let mut around = Vec::new();
        let mut inner = self.node(id);
        while let Some(parent) = inner.and_then(|node| node.parent) {
            if around.contains(&parent) {
                break;
            }
            around.push(parent);
            inner = self.node(parent);
        }
        around
    }

    /// The outermost container around a node, or the node itself.
    pub(super) fn outermost(&self, id: NodeId) -> NodeId {
        self.around(id).last().copied().unwrap_or(id)
    }

    /// How a node, or else the nearest container around it that is not active, ended.
    pub(super) fn end_of(&self, id: NodeId) -> Option<(NodeId, Life)> {
        std::iter::once(id).chain(self.around(id)).find_map(|id| {
            let life = self.node(id)?.life;
            life.is_end().then_some((id, life))
        })
    }

    pub(super) fn create(&mut self, id: NodeId, node: Node) {
        self.known.insert(id, Some(node));
        self.changed.insert(id);
    }

    /// Changes a node that exists.
    pub(super) fn change(&mut self, id: NodeId, change: impl FnOnce(&mut Node)) {
        if let Some(Some(node)) = self.known.get_mut(&id) {
            change(node);
            self.changed.insert(id);
        }
    }

    /// Notes that the fact named the node itself.
    pub(super) fn observe(&mut self, id: NodeId) {
        let key = self.key;
        self.change(id, |node| node.observed = key);
    }

    /// Puts nodes that are in nothing into a container.
    pub(super) fn attach(&mut self, parent: NodeId, children: &[NodeId]) {
        let load = self.load_of(children);
        for (distance, container) in self.outwards(parent) {
            self.change(container, |node| node.contents.add(&load, distance));
        }
        for child in children {
            self.change(*child, |node| node.parent = Some(parent));
        }
    }

    /// Takes nodes out of the container that they are directly in; they rest, or travel, where the outermost one did.
    pub(super) fn detach(&mut self, parent: NodeId, children: &[NodeId]) {
        let load = self.load_of(children);
        for (distance, container) in self.outwards(parent) {
            self.change(container, |node| node.contents.subtract(&load, distance));
        }
        let stood = self
            .node(self.outermost(parent))
            .map(|node| (node.custody, node.custody_since));
        for child in children {
            self.change(*child, |node| {
                node.parent = None;
                if let Some((custody, since)) = stood {
                    (node.custody, node.custody_since) = (custody, since);
                }
            });
        }
    }

    /// Gives a node an end. The containers around it count it once, however often its end is refined.
    pub(super) fn end(&mut self, id: NodeId, life: Life) {
        let was_active = self.node(id).is_some_and(|node| !node.life.is_end());
        self.change(id, |node| node.life = life);
        if was_active {
            for container in self.around(id) {
                self.change(container, |node| node.contents.ended += 1);
            }
        }
    }

    /// Does to one node what the law has allowed. What is taken or comes back out of a container leaves it.
    pub(super) fn take(&mut self, step: Step, id: NodeId) {
        let parent = self.node(id).and_then(|node| node.parent);
        if let (Step::Sample | Step::Return, Some(parent)) = (step, parent) {
            self.detach(parent, &[id]);
        }
        let key = self.key;
        self.change(id, |node| {
            if let Some(custody) = node.custody.after(step) {
                (node.custody, node.custody_since) = (custody, key);
            }
        });
        match step {
            Step::Sample => self.end(id, Life::Sampled),
            Step::Void => self.end(id, Life::Void),
            Step::Decommission => self.end(id, Life::Decommissioned),
            Step::Destroy => self.end(id, Life::Destroyed),
            Step::Ship | Step::VoidShipping | Step::Receive | Step::Return | Step::Observe => {}
        }
    }

    /// What was read, ascending, and what is to be written.
    pub(super) fn close(mut self) -> (Vec<NodeId>, Vec<(NodeId, Node)>) {
        let mut read: Vec<NodeId> = self.known.keys().copied().collect();
        read.sort_unstable();
        let write = |id: NodeId| Some((id, self.known.remove(&id)??));
        (read, self.changed.into_iter().filter_map(write).collect())
    }

    fn load_of(&self, children: &[NodeId]) -> Contents {
        let mut load = Contents::default();
        for child in children.iter().filter_map(|child| self.node(*child)) {
            load.add_node(child, 1);
        }
        load
    }

    fn outwards(&self, parent: NodeId) -> impl Iterator<Item = (usize, NodeId)> + use<G> {
        let mut containers = vec![parent];
        containers.extend(self.around(parent));
        containers.into_iter().enumerate()
    }
}
