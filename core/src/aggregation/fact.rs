//! The facts of hierarchies: what was done to which packs and containers, and in which order facts stand.
//!
//! Facts are never changed or taken back. Their order is their own, never that of arrival: by the time at which it
//! happened, commissionings first within one moment, then by document and place in it. Whoever holds the same facts
//! therefore has the same hierarchy. Reading and writing them in a partner's words is the connectors' business.

use crate::time::Timestamp;

use super::node::{Kind, NodeId};

/// Where a fact stands among all others; no two facts share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FactKey {
    /// When it happened.
    pub at: Timestamp,
    phase: Phase,
    /// The document that told it: the leading 64 bits of its SHA-256, which do not depend on when it arrived.
    pub document: u64,
    /// Its place in that document.
    pub position: u32,
}

/// Documents write one moment for a whole run. Nothing can have been done to a thing before it existed, so that within one
/// moment commissionings stand first whatever document they are in; everything else keeps its document's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Phase {
    Commissioning,
    Handling,
    End,
}

impl FactKey {
    /// Before every fact.
    pub const FIRST: FactKey = FactKey {
        at: Timestamp::from_micros(i64::MIN),
        phase: Phase::Commissioning,
        document: 0,
        position: 0,
    };

    /// After every fact.
    pub const LAST: FactKey = FactKey::end_of(Timestamp::from_micros(i64::MAX));

    /// The key as four numbers that are ordered as keys are: time, phase, document, position. For stores.
    pub const fn numbers(self) -> (Timestamp, u8, u64, u32) {
        let phase = match self.phase {
            Phase::Commissioning => 0,
            Phase::Handling => 1,
            Phase::End => 2,
        };
        (self.at, phase, self.document, self.position)
    }

    /// The key of [`FactKey::numbers`]; `None` for a phase that does not exist.
    pub const fn of_numbers(
        at: Timestamp,
        phase: u8,
        document: u64,
        position: u32,
    ) -> Option<Self> {
        let phase = match phase {
            0 => Phase::Commissioning,
            1 => Phase::Handling,
            2 => Phase::End,
            _ => return None,
        };
        Some(FactKey {
            at,
            phase,
            document,
            position,
        })
    }

    /// After everything that happened at `at` or before: the key of a view as of that moment.
    pub const fn end_of(at: Timestamp) -> Self {
        FactKey {
            at,
            phase: Phase::End,
            document: u64::MAX,
            position: u32::MAX,
        }
    }
}

/// Something that was done to packs and containers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HierarchyFact {
    key: FactKey,
    act: Act,
}

impl HierarchyFact {
    /// An act at a moment, told at a place of a document.
    pub fn new(at: Timestamp, document: u64, position: u32, act: Act) -> Self {
        let phase = match act {
            Act::Commission { .. } => Phase::Commissioning,
            Act::Pack { .. }
            | Act::Unpack { .. }
            | Act::Move { .. }
            | Act::Replace { .. }
            | Act::OfNodes { .. } => Phase::Handling,
        };
        let key = FactKey {
            at,
            phase,
            document,
            position,
        };
        HierarchyFact { key, act }
    }

    /// Where it stands among the others.
    pub fn key(&self) -> FactKey {
        self.key
    }

    /// What was done.
    pub fn act(&self) -> &Act {
        &self.act
    }
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Identities came into being.
    Commission {
        /// Which.
        nodes: Vec<NodeId>,
        /// What each of them is.
        kind: Kind,
    },
    /// Things were put into a container.
    Pack {
        /// Into which.
        parent: NodeId,
        /// What; each in nothing before.
        children: Vec<NodeId>,
    },
    /// Things were taken out of a container.
    Unpack {
        /// Out of which.
        parent: NodeId,
        /// What.
        children: Children,
    },
    /// Things went from one container into another in one act.
    Move {
        /// Out of which.
        from: NodeId,
        /// Into which.
        to: NodeId,
        /// What, with all that is in it.
        children: Vec<NodeId>,
    },
    /// One thing took the place of another, as when a unit is damaged. The old one is in nothing afterwards; what becomes of
    /// it is a fact of its own. A container is replaced with what is in it: to change a label only, move the children into
    /// the new container and void the old one.
    Replace {
        /// Which left its place.
        old: NodeId,
        /// Which has it now.
        new: NodeId,
    },
    /// One thing was done to each of several nodes and all that is in them.
    OfNodes {
        /// What.
        step: Step,
        /// To which.
        nodes: Vec<NodeId>,
    },
}

/// Which children an unpacking means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Children {
    /// All there are (EPCIS: action DELETE without children).
    All,
    /// These.
    These(Vec<NodeId>),
}

/// What can be done to single nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Taken out of their containers as samples.
    Sample,
    /// The labels of empty containers are not used any more.
    Void,
    /// Sent off.
    Ship,
    /// The shipment did not happen (CBV `void_shipping`).
    VoidShipping,
    /// Arrived.
    Receive,
    /// Came back, alone or with what they are in.
    Return,
    /// Identities are at an end.
    Decommission,
    /// Do not exist any more.
    Destroy,
    /// Were seen: what was inferred from a container is now observed (URS-AG-006).
    Observe,
}

impl Act {
    /// What was done in one word, as timeline, database and messages show it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Act::Commission { .. } => "commission",
            Act::Pack { .. } => "pack",
            Act::Unpack { .. } => "unpack",
            Act::Move { .. } => "move",
            Act::Replace { .. } => "replace",
            Act::OfNodes { step, .. } => step.as_str(),
        }
    }

    /// Every node the fact names, in its order; a container that is unpacked, packed or moved to comes first.
    pub fn named(&self) -> impl Iterator<Item = NodeId> + '_ {
        let (heads, list): ([Option<NodeId>; 2], &[NodeId]) = match self {
            Act::Commission { nodes, .. } | Act::OfNodes { nodes, .. } => ([None; 2], nodes),
            Act::Pack { parent, children } => ([Some(*parent), None], children),
            Act::Unpack { parent, children } => match children {
                Children::All => ([Some(*parent), None], &[]),
                Children::These(children) => ([Some(*parent), None], children),
            },
            Act::Move { from, to, children } => ([Some(*from), Some(*to)], children),
            Act::Replace { old, new } => ([Some(*old), Some(*new)], &[]),
        };
        heads.into_iter().flatten().chain(list.iter().copied())
    }
}

impl Step {
    /// The word of [`Act::as_str`].
    pub const fn as_str(self) -> &'static str {
        match self {
            Step::Sample => "sample",
            Step::Void => "void",
            Step::Ship => "ship",
            Step::VoidShipping => "void_shipping",
            Step::Receive => "receive",
            Step::Return => "return",
            Step::Decommission => "decommission",
            Step::Destroy => "destroy",
            Step::Observe => "observe",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::level::Level;
    use super::*;

    #[test]
    fn the_order_is_of_time_then_existence_then_document() {
        let at = |micros| Timestamp::from_micros(micros);
        let commission = || Act::Commission {
            nodes: vec![NodeId(1)],
            kind: Kind::of(Level::Unit),
        };
        let ship = || Act::OfNodes {
            step: Step::Ship,
            nodes: vec![NodeId(1)],
        };
        let ordered = [
            HierarchyFact::new(at(1), 9, 9, ship()),
            HierarchyFact::new(at(2), 7, 3, commission()),
            HierarchyFact::new(at(2), 5, 1, ship()),
            HierarchyFact::new(at(2), 5, 2, ship()),
            HierarchyFact::new(at(2), 6, 0, ship()),
        ];
        assert!(ordered.is_sorted_by_key(HierarchyFact::key));
        assert!(ordered[4].key() < FactKey::end_of(at(2)));
        assert!(FactKey::end_of(at(2)) < HierarchyFact::new(at(3), 0, 0, commission()).key());
        assert!(FactKey::FIRST < ordered[0].key());
        for key in ordered.iter().map(HierarchyFact::key) {
            let (at, phase, document, position) = key.numbers();
            assert_eq!(
                FactKey::of_numbers(at, phase, document, position),
                Some(key)
            );
        }
        assert_eq!(FactKey::of_numbers(at(1), 3, 0, 0), None);
    }
}
