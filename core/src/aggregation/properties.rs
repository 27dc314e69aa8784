//! The laws on invented facts: against a slow model that keeps every node by itself, and in any order of arrival.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::time::Timestamp;

use super::*;

/// Units 0 to 5, bundles 6 and 7, cases 8 and 9, a pallet 10, a shipment 11, containers 12 and 13.
const NODES: u64 = 14;
const DEPTH_MAX: usize = 4;

fn rules() -> Rules {
    Rules {
        depth_max: DEPTH_MAX,
        ..Rules::default()
    }
}

fn kind_of(id: u64) -> Kind {
    let level = match id {
        0..=5 => Level::Unit,
        6..=7 => Level::Bundle,
        8..=9 => Level::Case,
        10 => Level::Pallet,
        11 => Level::Shipment,
        _ => Level::Container,
    };
    let goods = match id {
        0..=3 | 8 => Some(Goods { product: 1, lot: 1 }),
        4 => Some(Goods { product: 1, lot: 2 }),
        _ => None,
    };
    Kind {
        level,
        goods,
        capacity: (id == 9).then_some(3),
    }
}

fn some_nodes(most: usize) -> impl Strategy<Value = Vec<NodeId>> {
    proptest::collection::btree_set(0..NODES, 1..=most)
        .prop_map(|nodes| nodes.into_iter().map(NodeId).collect())
}

fn a_container() -> impl Strategy<Value = NodeId> {
    (6..NODES).prop_map(NodeId)
}

fn acts() -> impl Strategy<Value = Act> {
    let steps = prop::sample::select(vec![
        Step::Ship,
        Step::Ship,
        Step::Ship,
        Step::VoidShipping,
        Step::Receive,
        Step::Receive,
        Step::Receive,
        Step::Return,
        Step::Return,
        Step::Observe,
    ]);
    let ends = prop::sample::select(vec![
        Step::Sample,
        Step::Void,
        Step::Decommission,
        Step::Destroy,
    ]);
    prop_oneof![
        1 => (0..NODES).prop_map(|id| Act::Commission { nodes: vec![NodeId(id)], kind: kind_of(id) }),
        12 => (a_container(), some_nodes(3)).prop_map(|(parent, children)| Act::Pack { parent, children }),
        3 => (a_container(), some_nodes(2)).prop_map(|(parent, children)| Act::Unpack {
            parent,
            children: Children::These(children),
        }),
        2 => a_container().prop_map(|parent| Act::Unpack { parent, children: Children::All }),
        4 => (a_container(), a_container(), some_nodes(2))
            .prop_map(|(from, to, children)| Act::Move { from, to, children }),
        3 => (0..NODES, 0..NODES).prop_map(|(old, new)| Act::Replace { old: NodeId(old), new: NodeId(new) }),
        2 => (ends, some_nodes(1)).prop_map(|(step, nodes)| Act::OfNodes { step, nodes }),
        8 => (steps, some_nodes(2)).prop_map(|(step, nodes)| Act::OfNodes { step, nodes }),
    ]
}

/// Facts of a few documents over a few moments, most nodes commissioned at some time. Half of them are aimed, so that they
/// hold more often than chance would have it.
fn facts() -> impl Strategy<Value = Vec<HierarchyFact>> {
    let births = proptest::collection::vec(0i64..12, NODES as usize);
    let later = proptest::collection::vec((0i64..40, 0u64..3, acts(), any::<bool>()), 0..60);
    (births, later).prop_map(|(births, later)| {
        let born = (0..NODES).zip(births).map(|(id, at)| {
            let nodes = vec![NodeId(id)];
            let kind = kind_of(id);
            (at - 10, 9, Act::Commission { nodes, kind }, false)
        });
        let mut told: Vec<_> = born.chain(later).zip(0..).collect();
        told.sort_by_key(|((at, document, ..), position)| (*at, *document, *position));
        let mut so_far = Ledger::default();
        told.into_iter()
            .map(|((at, document, act, is_aimed), position)| {
                let act = if is_aimed { aimed(&so_far, act) } else { act };
                let at = Timestamp::from_micros(at);
                let fact = HierarchyFact::new(at, document, position, act);
                hear(&mut so_far, std::slice::from_ref(&fact));
                fact
            })
            .collect()
    })
}

/// The act about things where they are.
fn aimed(site: &Ledger, act: Act) -> Act {
    let parent = |id: NodeId| site.standing(id, FactKey::LAST)?.parent;
    let outermost = |id: NodeId| std::iter::successors(Some(id), |id| parent(*id)).last();
    match act {
        Act::Move { from, to, children } => Act::Move {
            from: parent(children[0]).unwrap_or(from),
            to,
            children: vec![children[0]],
        },
        Act::Unpack {
            parent: from,
            children: Children::These(children),
        } => Act::Unpack {
            parent: parent(children[0]).unwrap_or(from),
            children: Children::These(vec![children[0]]),
        },
        Act::Pack {
            parent,
            mut children,
        } => {
            children.retain(|id| kind_of(id.0).level < kind_of(parent.0).level);
            Act::Pack { parent, children }
        }
        Act::OfNodes { step, nodes } => {
            let nodes = match step {
                Step::Ship | Step::VoidShipping | Step::Receive => {
                    outermost(nodes[0]).into_iter().collect()
                }
                _ => nodes,
            };
            Act::OfNodes { step, nodes }
        }
        Act::Commission { .. } | Act::Unpack { .. } | Act::Replace { .. } => act,
    }
}

fn hear(ledger: &mut Ledger, facts: &[HierarchyFact]) -> Arrival {
    let Ok(arrival) = arrive(&rules(), ledger, facts.iter().cloned());
    arrival
}

fn in_order(facts: &[HierarchyFact]) -> Ledger {
    let mut ordered = facts.to_vec();
    ordered.sort_by_key(HierarchyFact::key);
    let mut ledger = Ledger::default();
    for fact in &ordered {
        let arrival = hear(&mut ledger, std::slice::from_ref(fact));
        assert!(arrival.released.is_empty() && arrival.revoked.is_empty());
    }
    ledger
}

/// Everything that can be asked of a ledger: who stood how after each fact, what is where, and what is parked for what.
fn all_of(ledger: &Ledger, facts: &[HierarchyFact]) -> String {
    let mut told = Vec::new();
    for id in (0..NODES).map(NodeId) {
        let mut keys: Vec<FactKey> = facts.iter().map(HierarchyFact::key).collect();
        keys.sort_unstable();
        let mut standings: Vec<_> = keys.iter().map(|key| ledger.standing(id, *key)).collect();
        standings.push(ledger.standing(id, FactKey::LAST));
        standings.dedup();
        let Ok(children) = ledger.children(id, FactKey::LAST, None, usize::MAX);
        told.push(format!("{id:?} {children:?} {standings:?}"));
    }
    let parked = ledger.parked();
    told.extend(parked.map(|(fact, faults)| format!("{:?} {faults:?}", fact.key())));
    told.join("\n")
}

/// The slow model: what each node is in, and custody and life of every single node.
#[derive(Default)]
struct Model {
    parents: BTreeMap<NodeId, NodeId>,
    stands: BTreeMap<NodeId, (Custody, Life)>,
}

impl Model {
    fn around(&self, id: NodeId) -> Vec<NodeId> {
        let mut around = Vec::new();
        let mut inner = id;
        while let Some(parent) = self.parents.get(&inner) {
            assert!(
                !around.contains(parent) && *parent != id,
                "{id:?} is inside itself"
            );
            around.push(*parent);
            inner = *parent;
        }
        around
    }

    fn with_content(&self, id: NodeId) -> Vec<NodeId> {
        let inside = |other: &NodeId| *other == id || self.around(*other).contains(&id);
        self.stands.keys().copied().filter(inside).collect()
    }

    fn put(&mut self, child: NodeId, parent: NodeId) {
        assert!(self.stands.contains_key(&child) && self.stands.contains_key(&parent));
        assert_eq!(self.stands[&child].1, Life::Active);
        let around = self.around(parent);
        let outermost = around.last().copied().unwrap_or(parent);
        let custody = self.stands[&outermost].0;
        assert!(matches!(custody, Custody::AtRest(_)), "packed on its way");
        assert!(
            matches!(self.stands[&child].0, Custody::AtRest(_)),
            "packed on its way"
        );
        assert_eq!(self.parents.insert(child, parent), None, "two parents");
        for id in self.with_content(child) {
            self.stands.entry(id).and_modify(|(own, _)| *own = custody);
        }
    }

    fn out(&mut self, child: NodeId, parent: NodeId) {
        assert_eq!(
            self.parents.remove(&child),
            Some(parent),
            "taken out of where it was not"
        );
    }

    /// Whether the laws allow an act, asked of every single node.
    fn allows(&self, act: &Act) -> bool {
        let named: Vec<NodeId> = act.named().collect();
        let distinct: BTreeSet<NodeId> = named.iter().copied().collect();
        if distinct.len() < named.len() {
            return false;
        }
        match act {
            Act::Commission { nodes, .. } => !nodes.iter().any(|id| self.stands.contains_key(id)),
            Act::Pack { parent, children } => {
                !children.is_empty()
                    && self.can_change(*parent)
                    && self.has_room(*parent, children.len())
                    && children.iter().all(|id| {
                        !self.parents.contains_key(id)
                            && self.can_change(*id)
                            && self.fits(*id, *parent)
                    })
            }
            Act::Unpack { parent, children } => {
                let is_in = |id: &NodeId| self.parents.get(id) == Some(parent);
                let has_named = match children {
                    Children::All => self.stands.keys().any(is_in),
                    Children::These(children) => children.iter().all(is_in),
                };
                self.can_change(*parent) && has_named
            }
            Act::Move { from, to, children } => {
                self.can_change(*from)
                    && self.can_change(*to)
                    && self.has_room(*to, children.len())
                    && children.iter().all(|id| {
                        self.parents.get(id) == Some(from)
                            && self.can_change(*id)
                            && self.fits(*id, *to)
                    })
            }
            Act::Replace { old, new } => {
                let parent = self.parents.get(old);
                parent.is_some_and(|parent| {
                    self.can_change(*parent)
                        && self.can_change(*new)
                        && !self.parents.contains_key(new)
                        && kind_of(old.0).level == kind_of(new.0).level
                        && self.fits(*new, *parent)
                })
            }
            Act::OfNodes { step, nodes } => nodes.iter().all(|id| {
                let is_covered = self.around(*id).iter().any(|out| distinct.contains(out));
                self.may_step(*step, *id, is_covered)
            }),
        }
    }

    fn may_step(&self, step: Step, id: NodeId, is_covered: bool) -> bool {
        let Some((custody, life)) = self.stands.get(&id).copied() else {
            return false;
        };
        let is_loose = !self.parents.contains_key(&id);
        let content = self.with_content(id);
        let is_uniform = content.iter().all(|id| self.stands[id].1 == life);
        let can_all = |last: Life| is_uniform && life.may_end_as(last);
        let is_active = life == Life::Active;
        match step {
            Step::Void => {
                is_active && is_loose && content.len() == 1 && kind_of(id.0).level != Level::Unit
            }
            Step::Observe => is_active,
            _ if is_covered => true,
            Step::Sample => can_all(Life::Sampled),
            Step::Decommission => can_all(Life::Decommissioned),
            Step::Destroy => can_all(Life::Destroyed),
            Step::Ship => is_active && is_uniform && is_loose && custody.shipped().is_some(),
            Step::VoidShipping => is_active && is_loose && custody.shipping_voided().is_some(),
            Step::Receive => is_active && is_loose && custody.received().is_some(),
            Step::Return => is_active && custody.returned().is_some(),
        }
    }

    /// In use and at rest.
    fn can_change(&self, id: NodeId) -> bool {
        matches!(
            self.stands.get(&id),
            Some((Custody::AtRest(_), Life::Active))
        )
    }

    fn has_room(&self, parent: NodeId, more: usize) -> bool {
        let held = self.parents.values().filter(|of| **of == parent).count();
        kind_of(parent.0)
            .capacity
            .is_none_or(|most| held + more <= most as usize)
    }

    fn fits(&self, child: NodeId, parent: NodeId) -> bool {
        let mut holders = vec![parent];
        holders.extend(self.around(parent));
        let content = self.with_content(child);
        let height = |inner: &NodeId| {
            let around = self.around(*inner);
            around
                .iter()
                .position(|out| *out == child)
                .map_or(0, |place| place + 1)
        };
        let tallest = content.iter().map(height).max().unwrap_or(0);
        let holds = |holder: &NodeId, inner: &NodeId| {
            let (holder, inner) = (kind_of(holder.0), kind_of(inner.0));
            let is_foreign =
                inner.level == Level::Unit && holder.goods.is_some() && holder.goods != inner.goods;
            holder.level.may_hold(inner.level) && !is_foreign
        };
        !holders.contains(&child)
            && holders.len() + 1 + tallest <= DEPTH_MAX
            && holders
                .iter()
                .all(|holder| content.iter().all(|inner| holds(holder, inner)))
    }

    /// Applies what the ledger applied, and checks that each law allowed it for each single node.
    fn apply(&mut self, act: &Act) {
        match act {
            Act::Commission { nodes, .. } => {
                for id in nodes {
                    let new = (Custody::AtRest(Rest::Held), Life::Active);
                    assert_eq!(self.stands.insert(*id, new), None, "commissioned twice");
                }
            }
            Act::Pack { parent, children } => children.iter().for_each(|id| self.put(*id, *parent)),
            Act::Unpack { parent, children } => {
                let all = || {
                    self.parents
                        .iter()
                        .filter(|(_, of)| *of == parent)
                        .map(|(id, _)| *id)
                };
                let children = match children {
                    Children::All => all().collect(),
                    Children::These(children) => children.clone(),
                };
                children.iter().for_each(|id| self.out(*id, *parent));
            }
            Act::Move { from, to, children } => {
                children.iter().for_each(|id| self.out(*id, *from));
                children.iter().for_each(|id| self.put(*id, *to));
            }
            Act::Replace { old, new } => {
                let parent = self.parents[old];
                self.out(*old, parent);
                self.put(*new, parent);
            }
            Act::OfNodes { step, nodes } => {
                let named: BTreeSet<NodeId> = nodes.iter().copied().collect();
                let is_outer =
                    |id: &NodeId| !self.around(*id).iter().any(|out| named.contains(out));
                let outer: Vec<NodeId> = nodes.iter().copied().filter(is_outer).collect();
                outer.into_iter().for_each(|id| self.step(*step, id));
            }
        }
    }

    fn step(&mut self, step: Step, id: NodeId) {
        match (step, self.parents.get(&id).copied()) {
            (Step::Sample | Step::Return, Some(parent)) => self.out(id, parent),
            (Step::Ship | Step::VoidShipping | Step::Receive | Step::Void, parent) => {
                assert_eq!(parent, None, "handled alone inside a container");
            }
            _ => {}
        }
        let affected = self.with_content(id);
        if step == Step::Void {
            assert_eq!(affected.len(), 1, "voided with content");
        }
        for id in affected {
            let (custody, life) = self.stands[&id];
            let next = match step {
                Step::Ship => (custody.shipped(), Some(life)),
                Step::VoidShipping => (custody.shipping_voided(), Some(life)),
                Step::Receive => (custody.received(), Some(life)),
                Step::Return => (custody.returned(), Some(life)),
                Step::Observe => (Some(custody), Some(life)),
                Step::Sample => (Some(custody), end(life, Life::Sampled)),
                Step::Void => (Some(custody), end(life, Life::Void)),
                Step::Decommission => (Some(custody), end(life, Life::Decommissioned)),
                Step::Destroy => (Some(custody), end(life, Life::Destroyed)),
            };
            let (Some(custody), Some(life)) = next else {
                panic!("{step:?} of {id:?}, which is {custody:?} and {life:?}");
            };
            self.stands.insert(id, (custody, life));
        }
    }

    /// Compares with a ledger as of a key, and checks the laws that hold of every state.
    fn check(&self, ledger: &Ledger, key: FactKey) {
        for id in (0..NODES).map(NodeId) {
            let node = ledger.standing(id, key);
            assert_eq!(node.is_some(), self.stands.contains_key(&id));
            let Some(node) = node else {
                continue;
            };
            assert_eq!(node.parent, self.parents.get(&id).copied());
            let around = self.around(id);
            let level = kind_of(id.0).level;
            let mut contents = Contents::default();
            for inner in self
                .with_content(id)
                .into_iter()
                .filter(|inner| *inner != id)
            {
                let distance = self
                    .around(inner)
                    .iter()
                    .position(|out| *out == id)
                    .unwrap()
                    + 1;
                let bare = Node {
                    contents: Contents::default(),
                    ..ledger.standing(inner, key).unwrap().clone()
                };
                assert!(
                    level.may_hold(bare.level),
                    "{level:?} holds {:?}",
                    bare.level
                );
                if let (Some(goods), Level::Unit) = (kind_of(id.0).goods, bare.level) {
                    assert_eq!(bare.goods, Some(goods), "foreign goods");
                }
                contents.add_node(&bare, distance);
            }
            assert_eq!(node.contents, contents);
            assert!(around.len() < DEPTH_MAX);
            let capacity = kind_of(id.0).capacity.map_or(u64::MAX, u64::from);
            assert!(node.contents.children() <= capacity);
        }
    }
}

fn end(life: Life, end: Life) -> Option<Life> {
    life.may_end_as(end).then_some(end)
}

proptest! {
    /// URS-AG-001 to URS-AG-005: a fact holds exactly when the laws allow it to a model that keeps all nodes one by one, and
    /// after each the ledger is as the model says.
    #[test]
    fn every_state_is_that_of_the_slow_model(facts in facts()) {
        let ledger = in_order(&facts);
        let mut model = Model::default();
        let applied: BTreeSet<FactKey> = ledger.applied().map(HierarchyFact::key).collect();
        let mut ordered: Vec<&HierarchyFact> = facts.iter().collect();
        ordered.sort_by_key(|fact| fact.key());
        for fact in ordered {
            let holds = applied.contains(&fact.key());
            prop_assert_eq!(model.allows(fact.act()), holds, "{:?}", fact);
            if holds {
                model.check(&ledger, fact.key());
                model.apply(fact.act());
            }
        }
        model.check(&ledger, FactKey::LAST);
        for (id, (custody, life)) in &model.stands {
            let Ok(seen) = whereabouts(&ledger, *id, Timestamp::from_micros(1_000));
            let seen = seen.unwrap();
            prop_assert_eq!((seen.custody, seen.life), (*custody, *life), "{:?}", id);
        }
    }

    /// Whatever order the same facts arrive in, and in whatever portions, every state and every reason is the same.
    #[test]
    fn the_order_of_arrival_does_not_matter(
        facts in facts(),
        order in proptest::collection::vec(any::<u32>(), 80),
        portion in 1usize..9,
    ) {
        let expected = all_of(&in_order(&facts), &facts);
        let mut shuffled: Vec<_> = facts.iter().cloned().zip(order).collect();
        shuffled.sort_by_key(|(_, place)| *place);
        let shuffled: Vec<HierarchyFact> = shuffled.into_iter().map(|(fact, _)| fact).collect();
        let mut ledger = Ledger::default();
        for facts in shuffled.chunks(portion) {
            hear(&mut ledger, facts);
        }
        prop_assert_eq!(all_of(&ledger, &facts), expected);
    }

    /// A fact that arrives again changes nothing.
    #[test]
    fn what_is_known_is_not_taken_in_again(facts in facts()) {
        let mut ledger = in_order(&facts);
        let before = all_of(&ledger, &facts);
        let again = hear(&mut ledger, &facts);
        prop_assert_eq!(again.repeated.len(), facts.len());
        prop_assert_eq!(all_of(&ledger, &facts), before);
    }
}
