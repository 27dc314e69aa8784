//! The hierarchy as a reader looks at it, now or as of a moment: a page of children with their counts, and where one node is.
//!
//! Counts per level stand in each node ([`super::Contents`]), so that a page asks for its own rows and nothing below them.

use crate::time::Timestamp;

use super::fact::FactKey;
use super::ground::Ground;
use super::node::{Custody, Life, Node, NodeId};

/// A page of the children of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Children with all that is known of them, ascending.
    pub children: Vec<(NodeId, Node)>,
    /// Ask for the next page after this one; `None` on the last page.
    pub next_after: Option<NodeId>,
}

/// Where a node is and how it stands, all containers around it considered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    /// The node itself.
    pub node: Node,
    /// The containers around it, the nearest first.
    pub around: Vec<(NodeId, Node)>,
    /// Its life, or the end of the nearest container around it that ended.
    pub life: Life,
    /// Where the outermost container is on its way.
    pub custody: Custody,
    /// Whether that is known of the node itself.
    pub evidence: Evidence,
}

/// How it is known that a node is where it is said to be (URS-AG-006).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// The node itself was named since its custody changed last.
    Observed,
    /// Only a container around it was.
    Inferred {
        /// The outermost container.
        from: NodeId,
    },
}

/// The children of a container as of a moment, at most `limit` of them after `after`.
///
/// # Errors
/// What keeps the ground from answering.
pub fn page<G: Ground>(
    ground: &G,
    parent: NodeId,
    as_of: Timestamp,
    after: Option<NodeId>,
    limit: usize,
) -> Result<Page, G::Error> {
    let before = FactKey::end_of(as_of);
    let mut ids = ground.children(parent, before, after, limit.saturating_add(1))?;
    let is_last = ids.len() <= limit;
    ids.truncate(limit);
    let next_after = ids.last().copied().filter(|_| !is_last);
    let nodes = ground.nodes(&ids, before)?;
    let children = ids
        .into_iter()
        .zip(nodes)
        .filter_map(|(id, node)| Some((id, node?)))
        .collect();
    Ok(Page {
        children,
        next_after,
    })
}

/// Where a node was as of a moment; `None` for one that did not exist.
///
/// # Errors
/// What keeps the ground from answering.
pub fn whereabouts<G: Ground>(
    ground: &G,
    id: NodeId,
    as_of: Timestamp,
) -> Result<Option<Whereabouts>, G::Error> {
    let before = FactKey::end_of(as_of);
    let one = |id: NodeId| Ok(ground.nodes(&[id], before)?.pop().flatten());
    let Some(node) = one(id)? else {
        return Ok(None);
    };
    let mut around: Vec<(NodeId, Node)> = Vec::new();
    let mut parent = node.parent;
    while let Some(id) = parent {
        let Some(container) = one(id)? else {
            break;
        };
        parent = container.parent;
        around.push((id, container));
    }
    let outermost = around.last().map_or(&node, |(_, outermost)| outermost);
    let evidence = match around.last() {
        Some((from, outermost)) if node.observed < outermost.custody_since => {
            Evidence::Inferred { from: *from }
        }
        Some(_) | None => Evidence::Observed,
    };
    let mut lives = std::iter::once(&node).chain(around.iter().map(|(_, container)| container));
    let life = lives
        .find(|node| node.life.is_end())
        .map_or(Life::Active, |node| node.life);
    let custody = outermost.custody;
    Ok(Some(Whereabouts {
        life,
        custody,
        evidence,
        node,
        around,
    }))
}
