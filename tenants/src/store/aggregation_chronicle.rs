//! What the laws of hierarchies ask of a store, answered from its tables: the ground of a reading, and the chronicle of a
//! change (`packtwin_core::aggregation::ground`). Decides nothing; the rows are [`super::aggregation`]'s.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;

use packtwin_core::aggregation::{
    Chronicle, FactKey, Ground, HierarchyFact, Judgement, Node, NodeId,
};

use super::aggregation_row::{key_columns, key_of, runs_of};
use super::epc::{column, node};
use crate::engine::aggregation;
use crate::error::StoreError;
use crate::scope::{Reader, Writer};

/// The hierarchy of a tenant within one reading.
pub struct StoredGround<'r, 'a>(RefCell<&'r mut Reader<'a>>);

impl<'r, 'a> StoredGround<'r, 'a> {
    pub(super) fn new(reader: &'r mut Reader<'a>) -> Self {
        StoredGround(RefCell::new(reader))
    }
}

impl Ground for StoredGround<'_, '_> {
    type Error = StoreError;

    fn nodes(&self, ids: &[NodeId], before: FactKey) -> Result<Vec<Option<Node>>, StoreError> {
        self.0.borrow_mut().node_list(ids, before)
    }

    fn children(
        &self,
        parent: NodeId,
        before: FactKey,
        after: Option<NodeId>,
        limit: usize,
    ) -> Result<Vec<NodeId>, StoreError> {
        self.0.borrow_mut().child_list(parent, before, after, limit)
    }

    fn ended_below(
        &self,
        container: NodeId,
        before: FactKey,
        limit: usize,
    ) -> Result<Vec<NodeId>, StoreError> {
        self.0.borrow_mut().ended_list(container, before, limit)
    }
}

/// The hierarchy of a tenant within one change.
pub(super) struct StoredChronicle<'w, 'a> {
    writer: RefCell<&'w mut Writer<'a>>,
    /// The greatest key so far. Nothing later can have read what a fact beyond it writes.
    latest: Cell<Option<FactKey>>,
    /// Keys that were asked for and are not there.
    absent: RefCell<HashSet<FactKey>>,
}

impl<'w, 'a> StoredChronicle<'w, 'a> {
    pub(super) fn new(writer: &'w mut Writer<'a>, latest: Option<FactKey>) -> Self {
        StoredChronicle {
            writer: RefCell::new(writer),
            latest: Cell::new(latest),
            absent: RefCell::default(),
        }
    }
}

impl Ground for StoredChronicle<'_, '_> {
    type Error = StoreError;

    fn nodes(&self, ids: &[NodeId], before: FactKey) -> Result<Vec<Option<Node>>, StoreError> {
        self.writer.borrow_mut().node_list(ids, before)
    }

    fn children(
        &self,
        parent: NodeId,
        before: FactKey,
        after: Option<NodeId>,
        limit: usize,
    ) -> Result<Vec<NodeId>, StoreError> {
        self.writer
            .borrow_mut()
            .child_list(parent, before, after, limit)
    }

    fn ended_below(
        &self,
        container: NodeId,
        before: FactKey,
        limit: usize,
    ) -> Result<Vec<NodeId>, StoreError> {
        self.writer
            .borrow_mut()
            .ended_list(container, before, limit)
    }
}

impl Chronicle for StoredChronicle<'_, '_> {
    fn fact(&self, key: FactKey) -> Result<Option<HierarchyFact>, StoreError> {
        let kept = match self.latest.get() {
            Some(latest) if key <= latest => self.writer.borrow_mut().aggregation_fact_get(key)?,
            Some(_) | None => None,
        };
        if kept.is_none() {
            self.absent.borrow_mut().insert(key);
        }
        Ok(kept.map(|kept| kept.fact))
    }

    fn written(&self, key: FactKey) -> Result<Vec<NodeId>, StoreError> {
        if self.absent.borrow().contains(&key) {
            return Ok(Vec::new());
        }
        match self.writer.borrow_mut().fact_row(key)? {
            Some(row) => runs_of(&row.written)?.into_iter().map(node).collect(),
            None => Ok(Vec::new()),
        }
    }

    fn readers_after(&self, nodes: &[NodeId], after: FactKey) -> Result<Vec<FactKey>, StoreError> {
        if nodes.is_empty() || self.latest.get().is_none_or(|latest| latest <= after) {
            return Ok(Vec::new());
        }
        let mut writer = self.writer.borrow_mut();
        let tenant = writer.tenant_id();
        let numbers: Vec<i64> = nodes.iter().map(|id| column(*id)).collect();
        let keys =
            aggregation::readers_after(writer.connection, tenant, &numbers, key_columns(after))?;
        keys.into_iter().map(key_of).collect()
    }

    fn put(&mut self, fact: &HierarchyFact, judgement: Judgement) -> Result<(), StoreError> {
        let is_new = self.absent.borrow_mut().remove(&fact.key());
        self.latest.set(self.latest.get().max(Some(fact.key())));
        self.writer.borrow_mut().fact_put(fact, judgement, is_new)
    }

    fn withdraw(&mut self, key: FactKey) -> Result<(), StoreError> {
        self.writer.borrow_mut().fact_withdraw(key)
    }
}
