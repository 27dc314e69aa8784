//! The laws of hierarchies, all of them, in this one place.
//!
//! | law | refused as |
//! |---|---|
//! | nothing is used before it is commissioned, or commissioned twice | EPC-111, EPC-113 |
//! | nothing is used after its end, its own or that of a container around it; what was sampled or decommissioned can still be destroyed | EPC-115 |
//! | one parent: what is in a container is packed elsewhere only after it was taken out (URS-AG-002) | EPC-110 |
//! | only what is in a container comes out of it | EPC-114 |
//! | level order, through all containers around and inside | EPC-112 |
//! | no container is inside itself (URS-AG-004), and no more than [`Rules::depth_max`] are inside each other | AGG-403, AGG-404 |
//! | a container that bears one product and lot holds nothing else; none holds more than it is made for | AGG-410, AGG-411 |
//! | what is on its way is not repacked | AGG-402 |
//! | nothing is shipped twice, received without shipment, or returned before it left | AGG-405, AGG-406 |
//! | custody is of the outermost container: what is inside is shipped and received with it | AGG-407 |
//! | only an empty container is voided | AGG-408, AGG-412 |
//! | what is done to a container is done to all in it, or refused with those that prevent it (URS-AG-005) | AGG-409 |
//!
//! A fact is judged to the end: all faults are told together, and it is applied whole or not at all. What a fact reads is
//! told too, so that it can be judged anew when something earlier becomes known. Four acts open a container silently,
//! since they show that it was opened: a sample, a return, a move and a replacement take a thing out of where it was.

use std::collections::HashSet;

use super::fact::{Act, Children, HierarchyFact, Step};
use super::fault::{Breach, Fault};
use super::ground::Ground;
use super::level::Level;
use super::node::{Custody, Goods, Kind, Life, Node, NodeId};
use super::scene::Scene;

/// What a site allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Nodes inside each other, the outermost and the innermost counted.
    pub depth_max: usize,
    /// Nodes that one fact may name.
    pub named_max: usize,
    /// Ended nodes that are named when they keep a container from something.
    pub listed_max: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Rules {
            depth_max: 16,
            named_max: 1_000_000,
            listed_max: 1_000,
        }
    }
}

/// What became of a fact, and what it was judged by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Every node that was read, ascending, those that do not exist too.
    pub read: Vec<NodeId>,
    /// What became of it.
    pub verdict: Verdict,
}

/// What became of a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It holds: how the nodes that it changes stand from now on, ascending.
    Applied(Vec<(NodeId, Node)>),
    /// It is kept and changes nothing, for all these reasons; never empty.
    Parked(Vec<Fault>),
}

/// Judges a fact by what held before it.
///
/// # Errors
/// What keeps the ground from answering.
pub fn judge<G: Ground>(
    rules: &Rules,
    fact: &HierarchyFact,
    ground: &G,
) -> Result<Judgement, G::Error> {
    let mut court = Court {
        rules,
        fact,
        scene: Scene::new(ground, fact.key()),
        faults: Vec::new(),
    };
    if court.names_properly() {
        court.scene.load(fact.act().named())?;
        court.hear()?;
    }
    let (read, changes) = court.scene.close();
    let verdict = match court.faults.is_empty() {
        true => Verdict::Applied(changes),
        false => Verdict::Parked(court.faults),
    };
    Ok(Judgement { read, verdict })
}

struct Court<'a, G> {
    rules: &'a Rules,
    fact: &'a HierarchyFact,
    scene: Scene<'a, G>,
    faults: Vec<Fault>,
}

impl<G: Ground> Court<'_, G> {
    fn hear(&mut self) -> Result<(), G::Error> {
        match self.fact.act() {
            Act::Commission { nodes, kind } => self.commission(nodes, *kind),
            Act::Pack { parent, children } => self.pack(*parent, children),
            Act::Unpack { parent, children } => return self.unpack(*parent, children),
            Act::Move { from, to, children } => self.move_over(*from, *to, children),
            Act::Replace { old, new } => self.replace(*old, *new),
            Act::OfNodes { step, nodes } => return self.step(*step, nodes),
        }
        Ok(())
    }

    fn commission(&mut self, nodes: &[NodeId], kind: Kind) {
        for (item, id) in (1..).zip(nodes) {
            match self.scene.node(*id).map(|node| node.life) {
                None => {}
                Some(Life::Active) => self.fault(item, *id, Breach::CommissionedTwice),
                Some(life) => self.fault(
                    item,
                    *id,
                    Breach::AfterEnd {
                        life,
                        container: None,
                    },
                ),
            }
        }
        self.apply(|scene| {
            for id in nodes {
                scene.create(*id, Node::commissioned(kind, scene.key()));
            }
        });
    }

    fn pack(&mut self, parent: NodeId, children: &[NodeId]) {
        self.usable(1, parent);
        self.not_in_transit(1, parent);
        self.has_room(1, parent, children.len());
        for (item, child) in (2..).zip(children) {
            self.usable(item, *child);
            if self.is_loose(item, *child, parent) {
                self.not_in_transit(item, *child);
            }
            self.fits(item, *child, parent);
        }
        self.apply(|scene| scene.attach(parent, children));
        self.observe_named();
    }

    fn unpack(&mut self, parent: NodeId, children: &Children) -> Result<(), G::Error> {
        let all = match children {
            Children::All => Some(self.scene.load_children(parent)?),
            Children::These(_) => None,
        };
        let children = match (&all, children) {
            (Some(all), _) => all.as_slice(),
            (None, Children::These(these)) => these,
            (None, Children::All) => &[],
        };
        self.usable(1, parent);
        self.not_in_transit(1, parent);
        if self.scene.node(parent).is_some() && all.as_ref().is_some_and(Vec::is_empty) {
            self.fault(1, parent, Breach::NothingInside);
        }
        for (item, child) in (2..).zip(children) {
            self.is_in(item, *child, parent);
        }
        self.apply(|scene| scene.detach(parent, children));
        self.observe_named();
        Ok(())
    }

    fn move_over(&mut self, from: NodeId, to: NodeId, children: &[NodeId]) {
        for (item, container) in [(1, from), (2, to)] {
            self.usable(item, container);
            self.not_in_transit(item, container);
        }
        self.has_room(2, to, children.len());
        for (item, child) in (3..).zip(children) {
            if self.is_in(item, *child, from) {
                self.alive(item, *child);
            }
            self.fits(item, *child, to);
        }
        self.apply(|scene| {
            scene.detach(from, children);
            scene.attach(to, children);
        });
        self.observe_named();
    }

    fn replace(&mut self, old: NodeId, new: NodeId) {
        self.usable(2, new);
        let Some(before) = self.existing(1, old).cloned() else {
            return;
        };
        let Some(parent) = before.parent else {
            self.fault(1, old, Breach::NotInParent { claimed: None });
            return;
        };
        self.usable(1, parent);
        self.not_in_transit(1, old);
        if self.is_loose(2, new, parent) {
            self.not_in_transit(2, new);
        }
        self.fits(2, new, parent);
        if let Some(level) = self.scene.node(new).map(|node| node.level)
            && level != before.level
        {
            let breach = Breach::ReplacementLevel {
                old: before.level,
                new: level,
            };
            self.fault(2, new, breach);
        }
        self.apply(|scene| {
            scene.detach(parent, &[old]);
            scene.attach(parent, &[new]);
        });
        self.observe_named();
    }

    /// What is inside another named node goes with that one and is only noted as seen.
    fn step(&mut self, step: Step, nodes: &[NodeId]) -> Result<(), G::Error> {
        let named: HashSet<NodeId> = nodes.iter().copied().collect();
        let mut outer = Vec::with_capacity(nodes.len());
        for (item, id) in (1..).zip(nodes) {
            if self.existing(item, *id).is_none() {
                continue;
            }
            let around = self.scene.around(*id);
            let is_covered = around.iter().any(|container| named.contains(container));
            match step {
                Step::Void => self.voidable(item, *id),
                Step::Observe => self.alive(item, *id),
                _ if is_covered => {}
                Step::Sample => {
                    self.may_end_as(item, *id, Life::Sampled);
                    self.nothing_ended_inside(item, *id)?;
                }
                Step::Decommission => {
                    self.may_end_as(item, *id, Life::Decommissioned);
                    self.nothing_ended_inside(item, *id)?;
                }
                Step::Destroy => {
                    self.may_end_as(item, *id, Life::Destroyed);
                    self.nothing_ended_inside(item, *id)?;
                }
                Step::Ship => {
                    self.alive(item, *id);
                    self.goes_on(item, *id, step);
                    self.nothing_ended_inside(item, *id)?;
                }
                Step::VoidShipping | Step::Receive | Step::Return => {
                    self.alive(item, *id);
                    self.goes_on(item, *id, step);
                }
            }
            if !is_covered {
                outer.push(*id);
            }
        }
        self.apply(|scene| {
            for id in &outer {
                scene.take(step, *id);
            }
        });
        self.observe_named();
        Ok(())
    }

    /// A list that names nothing, too much, or one node twice can never be applied.
    fn names_properly(&mut self) -> bool {
        let act = self.fact.act();
        let (count, max) = (act.named().count(), self.rules.named_max);
        let least = match act {
            Act::Commission { .. } | Act::OfNodes { .. } => 1,
            Act::Unpack {
                children: Children::All,
                ..
            } => 1,
            Act::Pack { .. } | Act::Unpack { .. } | Act::Replace { .. } => 2,
            Act::Move { .. } => 3,
        };
        if count < least {
            self.fault_of_all(Breach::NothingNamed);
        }
        if count > max {
            self.fault_of_all(Breach::TooMany { count, max });
            return false;
        }
        let mut seen = HashSet::with_capacity(count);
        for (item, id) in (1..).zip(act.named()) {
            // A container that is packed into itself is a cycle and told as such.
            let is_own_parent = matches!(act, Act::Pack { parent, .. } if *parent == id);
            if !seen.insert(id) && !is_own_parent {
                self.fault(item, id, Breach::NamedTwice);
            }
        }
        true
    }

    fn existing(&mut self, item: usize, id: NodeId) -> Option<&Node> {
        if self.scene.node(id).is_none() {
            self.fault(item, id, Breach::NotCommissioned);
        }
        self.scene.node(id)
    }

    /// Exists, and is not at its end.
    fn usable(&mut self, item: usize, id: NodeId) {
        if self.existing(item, id).is_some() {
            self.alive(item, id);
        }
    }

    /// Neither the node nor a container around it is at its end.
    fn alive(&mut self, item: usize, id: NodeId) {
        if let Some((ended, life)) = self.scene.end_of(id) {
            let container = (ended != id).then_some(ended);
            self.fault(item, id, Breach::AfterEnd { life, container });
        }
    }

    fn may_end_as(&mut self, item: usize, id: NodeId, end: Life) {
        let ended = self.scene.end_of(id);
        if ended.is_some_and(|(_, life)| !life.may_end_as(end)) {
            self.alive(item, id);
        }
    }

    fn is_loose(&mut self, item: usize, id: NodeId, wanted: NodeId) -> bool {
        let parent = self.scene.node(id).and_then(|node| node.parent);
        if let Some(parent) = parent {
            self.fault(item, id, Breach::TwoParents { parent, wanted });
        }
        parent.is_none()
    }

    fn is_in(&mut self, item: usize, id: NodeId, parent: NodeId) -> bool {
        let Some(node) = self.existing(item, id) else {
            return false;
        };
        let is_in = node.parent == Some(parent);
        if !is_in {
            let claimed = Some(parent);
            self.fault(item, id, Breach::NotInParent { claimed });
        }
        is_in
    }

    fn not_in_transit(&mut self, item: usize, id: NodeId) {
        let outermost = self.scene.outermost(id);
        let Some(Custody::InTransit(_)) = self.scene.node(outermost).map(|node| node.custody)
        else {
            return;
        };
        let units = self.scene.node(id).map_or(0, |node| {
            node.contents.on(Level::Unit) + u64::from(node.level == Level::Unit)
        });
        self.fault(item, id, Breach::Shipped { units });
    }

    fn has_room(&mut self, item: usize, parent: NodeId, more: usize) {
        let Some(node) = self.scene.node(parent) else {
            return;
        };
        let children = node.contents.children() + more as u64;
        if let Some(capacity) = node.capacity.filter(|most| u64::from(*most) < children) {
            self.fault(item, parent, Breach::Overfull { children, capacity });
        }
    }

    /// Cycle, level order, depth, and goods: what holds of a child in a container and in all containers around that.
    fn fits(&mut self, item: usize, child: NodeId, parent: NodeId) {
        let mut holders = vec![parent];
        holders.extend(self.scene.around(parent));
        if holders.contains(&child) {
            self.fault(item, child, Breach::Cycle { parent });
            return;
        }
        let Some(node) = self.scene.node(child).cloned() else {
            return;
        };
        let held: Vec<(NodeId, &Node)> = holders
            .iter()
            .filter_map(|id| Some((*id, self.scene.node(*id)?)))
            .collect();
        let mut breaches: Vec<Breach> = held
            .iter()
            .find_map(|(_, holder)| level_breach(holder.level, &node))
            .into_iter()
            .collect();
        let foreign = held
            .iter()
            .filter(|(_, holder)| holder.level != Level::Unit && is_foreign(holder, &node))
            .map(|(container, _)| Breach::ForeignGoods {
                container: *container,
            });
        breaches.extend(foreign);
        let (depth, max) = (
            holders.len() + 1 + node.contents.height(),
            self.rules.depth_max,
        );
        if depth > max {
            breaches.push(Breach::Depth { depth, max });
        }
        for breach in breaches {
            self.fault(item, child, breach);
        }
    }

    /// Whether custody can go on as the step wants it; only a return opens containers.
    fn goes_on(&mut self, item: usize, id: NodeId, step: Step) {
        let parent = self.scene.node(id).and_then(|node| node.parent);
        if let (Some(container), false) = (parent, matches!(step, Step::Return)) {
            self.fault(item, id, Breach::Inside { container });
            return;
        }
        let stands = self.scene.node(self.scene.outermost(id));
        let goes_on = stands.and_then(|node| node.custody.after(step));
        match (goes_on, step) {
            (Some(_), _) => {}
            (None, Step::Ship) => self.fault(item, id, Breach::ShippedTwice),
            (None, _) => self.fault(item, id, Breach::NotShipped { step }),
        }
    }

    fn voidable(&mut self, item: usize, id: NodeId) {
        self.alive(item, id);
        let Some(node) = self.scene.node(id) else {
            return;
        };
        let children = node.contents.children();
        let breaches = [
            (node.level == Level::Unit).then_some(Breach::NoContainer),
            (children > 0).then_some(Breach::NotEmpty { children }),
            node.parent.map(|container| Breach::Inside { container }),
        ];
        for breach in breaches.into_iter().flatten() {
            self.fault(item, id, breach);
        }
    }

    fn nothing_ended_inside(&mut self, item: usize, container: NodeId) -> Result<(), G::Error> {
        if self
            .scene
            .node(container)
            .is_none_or(|node| node.contents.ended == 0)
        {
            return Ok(());
        }
        for id in self.scene.ended_below(container, self.rules.listed_max)? {
            self.fault(item, id, Breach::ContentEnded { container });
        }
        Ok(())
    }

    fn apply(&mut self, change: impl FnOnce(&mut Scene<'_, G>)) {
        if self.faults.is_empty() {
            change(&mut self.scene);
        }
    }

    fn observe_named(&mut self) {
        if self.faults.is_empty() {
            for id in self.fact.act().named() {
                self.scene.observe(id);
            }
        }
    }

    fn fault(&mut self, item: usize, id: NodeId, breach: Breach) {
        let node = Some(id);
        self.faults.push(Fault { item, node, breach });
    }

    fn fault_of_all(&mut self, breach: Breach) {
        self.faults.push(Fault {
            item: 0,
            node: None,
            breach,
        });
    }
}

/// The first level of a child, or of what is in it, that a container may not hold.
fn level_breach(parent: Level, child: &Node) -> Option<Breach> {
    std::iter::once(child.level)
        .chain(child.contents.levels_inside())
        .find(|level| !parent.may_hold(*level))
        .map(|child| Breach::Level { parent, child })
}

/// Whether units that come in with `child` are of other goods than the container bears.
fn is_foreign(holder: &Node, child: &Node) -> bool {
    let Some(goods) = holder.goods else {
        return false;
    };
    let inside = child.contents.on(Level::Unit);
    let same = |known: &[(Goods, u64)]| known.iter().all(|(own, _)| *own == goods);
    let named: u64 = child.contents.goods.iter().map(|(_, count)| count).sum();
    (child.level == Level::Unit && child.goods != Some(goods))
        || named < inside
        || !same(&child.contents.goods)
}
