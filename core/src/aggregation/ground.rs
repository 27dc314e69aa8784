//! What the laws ask of whoever keeps a hierarchy: the neighbourhood of a fact, never the whole tree.
//!
//! A fact is judged from the nodes it names and the containers around them. [`Ground::nodes`] is asked in waves: first for
//! all named nodes, then for their parents, and so on up to the outermost containers. So a fact about 10,000 packs of one
//! case costs as many questions as the hierarchy is deep, each over one set (`unnest` on PostgreSQL, `json_each` on SQLite),
//! or none at all where the store fetched the chain with one recursive query beforehand.
//!
//! Everything is asked as of a key: the answer is what held before that key, so that a fact that arrives late is judged
//! by what was true then. A store keeps one row for each (node, key) that a fact wrote and answers with the last row before
//! the key; the row of greatest key is the present.

use super::fact::{FactKey, HierarchyFact};
use super::law::Judgement;
use super::node::{Node, NodeId};

/// How nodes stood before a fact.
pub trait Ground {
    /// What keeps it from answering.
    type Error;

    /// The nodes as they stood before `before`, in the order asked for; `None` for one that did not exist.
    ///
    /// # Errors
    /// What keeps the ground from answering.
    fn nodes(&self, ids: &[NodeId], before: FactKey) -> Result<Vec<Option<Node>>, Self::Error>;

    /// The direct children of a container before `before`, ascending, the first `limit` of those greater than `after`.
    ///
    /// # Errors
    /// What keeps the ground from answering.
    fn children(
        &self,
        parent: NodeId,
        before: FactKey,
        after: Option<NodeId>,
        limit: usize,
    ) -> Result<Vec<NodeId>, Self::Error>;

    /// Nodes at any depth of a container that bear an end of their own, ascending, the first `limit`. Asked only where
    /// [`super::Contents::ended`] says that there are some; branches where it is zero need not be entered.
    ///
    /// # Errors
    /// What keeps the ground from answering.
    fn ended_below(
        &self,
        container: NodeId,
        before: FactKey,
        limit: usize,
    ) -> Result<Vec<NodeId>, Self::Error>;
}

/// A ground that also keeps facts and judgements, and so can take in facts in any order: see [`super::arrival::arrive`].
pub trait Chronicle: Ground {
    /// The fact of a key, if it was taken in.
    ///
    /// # Errors
    /// What keeps the chronicle from answering.
    fn fact(&self, key: FactKey) -> Result<Option<HierarchyFact>, Self::Error>;

    /// The nodes that the fact of a key wrote when it was judged last; none for a parked or unknown one.
    ///
    /// # Errors
    /// What keeps the chronicle from answering.
    fn written(&self, key: FactKey) -> Result<Vec<NodeId>, Self::Error>;

    /// The keys after `after` of all facts, parked ones too, whose last judgement read one of `nodes`. In the usual order of
    /// arrival the answer is empty, and an index on (node, key) says so at once.
    ///
    /// # Errors
    /// What keeps the chronicle from answering.
    fn readers_after(&self, nodes: &[NodeId], after: FactKey) -> Result<Vec<FactKey>, Self::Error>;

    /// Keeps a fact with its judgement in place of an earlier judgement of the same key and of all that that one wrote.
    ///
    /// # Errors
    /// What keeps the chronicle from writing.
    fn put(&mut self, fact: &HierarchyFact, judgement: Judgement) -> Result<(), Self::Error>;

    /// Takes a fact out of the judgement with all that it read and wrote; its text stays. From now on it is told by
    /// [`Chronicle::fact`] and neither holds nor is parked.
    ///
    /// # Errors
    /// What keeps the chronicle from writing.
    fn withdraw(&mut self, key: FactKey) -> Result<(), Self::Error>;
}
