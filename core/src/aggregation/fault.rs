//! What keeps a hierarchy fact from being applied: code, place, sentence, what to do (users.md, section 5).
//!
//! Nodes are numbers here; whoever prints a fault hands in the names that the reader may see. A fault either waits for
//! ground that may still arrive, or contradicts what is known.

use crate::code::Code;
use crate::refusal::Refusal;
use crate::time::Timestamp;

use super::fact::Step;
use super::level::Level;
use super::node::{Life, NodeId};

/// One breach of the law, with its place in the fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The place among the nodes that the fact names ([`super::Act::named`]), counted from 1; 0 for the whole fact.
    pub item: usize,
    /// The node it is about; `None` for the whole fact.
    pub node: Option<NodeId>,
    /// What is wrong.
    pub breach: Breach,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breach {
    /// The node does not exist.
    NotCommissioned,
    /// The node did not exist yet.
    BeforeCommissioning {
        /// When it came into being.
        commissioned_at: Timestamp,
    },
    /// The node exists already.
    CommissionedTwice,
    /// Its identity, or that of a container around it, is at an end.
    AfterEnd {
        /// How it ended.
        life: Life,
        /// The container that ended, if it is not the node itself.
        container: Option<NodeId>,
    },
    /// It is in a container already.
    TwoParents {
        /// Where it is.
        parent: NodeId,
        /// Where it was to go.
        wanted: NodeId,
    },
    /// It is not in the container that it is taken out of.
    NotInParent {
        /// Where it was thought to be; `None` for any container.
        claimed: Option<NodeId>,
    },
    /// There is nothing to take out.
    NothingInside,
    /// A level cannot contain another.
    Level {
        /// The container's.
        parent: Level,
        /// What it was to hold.
        child: Level,
    },
    /// The container would be inside itself.
    Cycle {
        /// The container that it was to go into.
        parent: NodeId,
    },
    /// Too many containers inside each other.
    Depth {
        /// As many as there would be.
        depth: usize,
        /// As many as are allowed.
        max: usize,
    },
    /// A container that bears one product and lot would hold others.
    ForeignGoods {
        /// That container.
        container: NodeId,
    },
    /// More children than the container is made for.
    Overfull {
        /// As many as there would be.
        children: u64,
        /// As many as it is made for.
        capacity: u32,
    },
    /// The change is inside goods that are on their way.
    Shipped {
        /// Units on their way.
        units: u64,
    },
    /// It is on its way already.
    ShippedTwice,
    /// It is not on its way, or never left.
    NotShipped {
        /// What was to be done.
        step: Step,
    },
    /// It is inside a container that is not part of the same fact.
    Inside {
        /// The container.
        container: NodeId,
    },
    /// Only an empty container can be voided.
    NotEmpty {
        /// Direct children.
        children: u64,
    },
    /// Only a container can be voided.
    NoContainer,
    /// What is done to a container cannot be done to this node in it, whose identity is at an end.
    ContentEnded {
        /// The container.
        container: NodeId,
    },
    /// The replacement is of another level.
    ReplacementLevel {
        /// The level of the one replaced.
        old: Level,
        /// The level of the other.
        new: Level,
    },
    /// It stands in the fact twice.
    NamedTwice,
    /// The fact names nothing.
    NothingNamed,
    /// The fact names more than one may.
    TooMany {
        /// As many as it names.
        count: usize,
        /// As many as it may.
        max: usize,
    },
}

/// Whether time can heal a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outlook {
    /// An earlier fact is missing that may still arrive.
    Waiting,
    /// It contradicts facts that are there; only a correction helps.
    Contradiction,
    /// The fact itself can never be applied.
    Hopeless,
}

impl Fault {
    /// The stable code.
    pub const fn code(&self) -> Code {
        match self.breach {
            Breach::NotCommissioned => Code::EpcisNotCommissioned,
            Breach::BeforeCommissioning { .. } => Code::EpcisBeforeCommissioning,
            Breach::CommissionedTwice => Code::EpcisCommissionedTwice,
            Breach::AfterEnd { .. } => Code::EpcisAfterEnd,
            Breach::TwoParents { .. } => Code::EpcisTwoParents,
            Breach::NotInParent { .. } | Breach::NothingInside => Code::EpcisNotInParent,
            Breach::Level { .. } => Code::EpcisLevelWrong,
            Breach::Cycle { .. } => Code::HierarchyCycle,
            Breach::Depth { .. } => Code::HierarchyTooDeep,
            Breach::ForeignGoods { .. } => Code::HierarchyForeignGoods,
            Breach::Overfull { .. } => Code::HierarchyOverfull,
            Breach::Shipped { .. } => Code::HierarchyShipped,
            Breach::ShippedTwice => Code::HierarchyShippedTwice,
            Breach::NotShipped { .. } => Code::HierarchyNotShipped,
            Breach::Inside { .. } => Code::HierarchyInside,
            Breach::NotEmpty { .. } => Code::HierarchyNotEmpty,
            Breach::NoContainer => Code::HierarchyNoContainer,
            Breach::ContentEnded { .. } => Code::HierarchyContentEnded,
            Breach::ReplacementLevel { .. } => Code::HierarchyReplacementLevel,
            Breach::NamedTwice => Code::HierarchyNamedTwice,
            Breach::NothingNamed => Code::HierarchyNothingNamed,
            Breach::TooMany { .. } => Code::HierarchyTooMany,
        }
    }

    /// Whether time can heal it.
    pub const fn outlook(&self) -> Outlook {
        match self.breach {
            Breach::NotCommissioned
            | Breach::NotInParent { .. }
            | Breach::NothingInside
            | Breach::NotShipped { .. } => Outlook::Waiting,
            Breach::BeforeCommissioning { .. }
            | Breach::CommissionedTwice
            | Breach::AfterEnd { .. }
            | Breach::TwoParents { .. }
            | Breach::Level { .. }
            | Breach::Cycle { .. }
            | Breach::Depth { .. }
            | Breach::ForeignGoods { .. }
            | Breach::Overfull { .. }
            | Breach::Shipped { .. }
            | Breach::ShippedTwice
            | Breach::Inside { .. }
            | Breach::NotEmpty { .. }
            | Breach::NoContainer
            | Breach::ContentEnded { .. }
            | Breach::ReplacementLevel { .. } => Outlook::Contradiction,
            Breach::NamedTwice | Breach::NothingNamed | Breach::TooMany { .. } => Outlook::Hopeless,
        }
    }

    /// As the reader gets it, with the names of nodes that the reader may see.
    pub fn refusal(&self, name: impl Fn(NodeId) -> String) -> Refusal {
        let place = match self.item {
            0 => String::new(),
            item => format!("item {item}"),
        };
        let what = self.node.map_or_else(String::new, &name);
        Refusal::at(self.code(), place, self.breach.sentence(&what, name))
    }
}

impl Breach {
    fn sentence(self, what: &str, name: impl Fn(NodeId) -> String) -> String {
        match self {
            Breach::NotCommissioned => format!("{what} is not commissioned"),
            Breach::BeforeCommissioning { commissioned_at } => {
                format!("this is dated before the commissioning of {what} at {commissioned_at}")
            }
            Breach::CommissionedTwice => format!("{what} is commissioned already"),
            Breach::AfterEnd {
                life,
                container: None,
            } => format!("{what} is {}", life.as_str()),
            Breach::AfterEnd {
                life,
                container: Some(container),
            } => format!(
                "{what} is in {}, which is {}",
                name(container),
                life.as_str()
            ),
            Breach::TwoParents { parent, wanted } if parent == wanted => {
                format!("{what} already is in {}", name(parent))
            }
            Breach::TwoParents { parent, wanted } => format!(
                "{what} already has parent {}; this adds it to {}",
                name(parent),
                name(wanted)
            ),
            Breach::NotInParent {
                claimed: Some(claimed),
            } => format!("{what} is not in {}", name(claimed)),
            Breach::NotInParent { claimed: None } => format!("{what} is in no container"),
            Breach::NothingInside => format!("{what} is empty"),
            Breach::Level { parent, child } => format!(
                "level error: a {} cannot contain a {}",
                parent.as_str(),
                child.as_str()
            ),
            Breach::Cycle { parent } => format!(
                "{what} cannot go into {}, which is {what} itself or inside it",
                name(parent)
            ),
            Breach::Depth { depth, max } => {
                format!("{depth} levels would be inside each other, at most {max} are allowed")
            }
            Breach::ForeignGoods { container } => format!(
                "{} bears one product and lot, and {what} is or holds another",
                name(container)
            ),
            Breach::Overfull { children, capacity } => {
                format!("{what} would hold {children}, it is made for {capacity}")
            }
            Breach::Shipped { units } => format!("{what}: {units} units have been shipped"),
            Breach::ShippedTwice => format!("{what} has been shipped and not been received"),
            Breach::NotShipped { step: Step::Return } => format!("{what} never left"),
            Breach::NotShipped { .. } => format!("{what} is not on its way"),
            Breach::Inside { container } => format!("{what} is inside {}", name(container)),
            Breach::NotEmpty { children } => format!("{what} still holds {children}"),
            Breach::NoContainer => format!("{what} is no container"),
            Breach::ContentEnded { container } => {
                format!("{what} in {} is at its end already", name(container))
            }
            Breach::ReplacementLevel { old, new } => format!(
                "{what} is a {}, it cannot replace a {}",
                new.as_str(),
                old.as_str()
            ),
            Breach::NamedTwice => format!("{what} is named twice"),
            Breach::NothingNamed => "nothing is named".to_owned(),
            Breach::TooMany { count, max } => {
                format!("{count} are named, at most {max} are allowed in one fact")
            }
        }
    }
}
