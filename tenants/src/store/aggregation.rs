//! The hierarchy of a tenant: every fact, how each node stood after it, and the present as the last of these (URS-AG-001 to
//! URS-AG-007).
//!
//! Decides nothing: `packtwin_core::aggregation` judges, and asks here for the neighbourhood of a fact as it was before the
//! fact's key. A fact is one row; every node that it changed is one row; a container of 10,000 packs moves as one row, and
//! the sums of the containers around it. A fact that arrives late finds by node the later ones that read what it wrote.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use diesel::prelude::*;

use packtwin_core::aggregation::{
    Arrival, FactKey, Fault, HierarchyFact, Judgement, Node, NodeId, Rules, Verdict, arrive, judge,
    reasons, withdraw,
};

use super::aggregation_chronicle::StoredChronicle;
pub use super::aggregation_chronicle::StoredGround;
use super::aggregation_row::{
    act_of, act_text, body_of, document_column, key_columns, key_of, node_of, run_text, runs_of,
};
use super::epc::{column, node};
use crate::engine::aggregation::{self, Alike, Touch};
use crate::error::StoreError;
use crate::schema::aggregation_fact as fact;
use crate::scope::{Reader, Writer};

/// What became of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FactState {
    /// It waits for others, or contradicts them.
    Parked,
    /// It holds.
    Holds,
    /// It was declared wrong.
    Withdrawn,
}

/// A fact as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFact {
    /// The fact.
    pub fact: HierarchyFact,
    /// What became of it.
    pub state: FactState,
}

/// The numbers of [`FactState`] in the database.
const PARKED: i16 = 0;
const HOLDS: i16 = 1;
const WITHDRAWN: i16 = 2;

impl<'a> Reader<'a> {
    /// The hierarchy to be asked, as of any moment.
    pub fn aggregation_ground<'r>(&'r mut self) -> StoredGround<'r, 'a> {
        StoredGround::new(self)
    }

    /// A fact of the hierarchy.
    ///
    /// # Errors
    /// The database failed.
    pub fn aggregation_fact_get(&mut self, key: FactKey) -> Result<Option<KeptFact>, StoreError> {
        let row = self.fact_row(key)?;
        row.map(|row| row.kept()).transpose()
    }

    /// The place of the next fact of a document.
    ///
    /// # Errors
    /// The database failed.
    pub fn aggregation_position(&mut self, document: u64) -> Result<u32, StoreError> {
        let last: Option<i64> = fact::table
            .filter(fact::tenant_id.eq(self.tenant_id()))
            .filter(fact::document.eq(document_column(document)))
            .order(fact::position.desc())
            .select(fact::position)
            .first(self.connection)
            .optional()?;
        let next = last.map_or(0, |last| last + 1);
        u32::try_from(next).map_err(|_| StoreError::Damaged {
            what: "place of a fact",
        })
    }

    /// Parked facts with a key above `after`, ascending, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub fn aggregation_parked_list(
        &mut self,
        after: FactKey,
        limit: i64,
    ) -> Result<Vec<HierarchyFact>, StoreError> {
        let (at, phase, document, position) = key_columns(after);
        let later = fact::at.gt(at).or(fact::at.eq(at).and(
            fact::phase.gt(phase).or(fact::phase.eq(phase).and(
                fact::document
                    .gt(document)
                    .or(fact::document.eq(document).and(fact::position.gt(position))),
            )),
        ));
        let rows: Vec<Row> = fact::table
            .filter(fact::tenant_id.eq(self.tenant_id()))
            .filter(fact::holds.eq(PARKED))
            .filter(later)
            .order((fact::at, fact::phase, fact::document, fact::position))
            .limit(limit)
            .select(Row::as_select())
            .load(self.connection)?;
        rows.into_iter().map(|row| Ok(row.kept()?.fact)).collect()
    }

    /// How many facts are parked, counted up to `most`.
    ///
    /// # Errors
    /// The database failed.
    pub fn aggregation_parked_count(&mut self, most: i64) -> Result<u64, StoreError> {
        let rows: Vec<i64> = fact::table
            .filter(fact::tenant_id.eq(self.tenant_id()))
            .filter(fact::holds.eq(PARKED))
            .limit(most)
            .select(fact::position)
            .load(self.connection)?;
        Ok(rows.len() as u64)
    }

    /// Why a fact is parked, by what is known now; none for one that holds or is not there.
    ///
    /// # Errors
    /// The database failed.
    pub fn aggregation_reasons(
        &mut self,
        rules: &Rules,
        key: FactKey,
    ) -> Result<Vec<Fault>, StoreError> {
        let Some(kept) = self
            .aggregation_fact_get(key)?
            .filter(|kept| kept.state == FactState::Parked)
        else {
            return Ok(Vec::new());
        };
        let ground = self.aggregation_ground();
        match judge(rules, &kept.fact, &ground)?.verdict {
            Verdict::Applied(_) => Ok(Vec::new()),
            Verdict::Parked(faults) => reasons(&ground, &faults),
        }
    }

    /// The facts that touched a node, in their own order, those above `after`, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub fn aggregation_fact_list_of_node(
        &mut self,
        id: NodeId,
        after: FactKey,
        limit: usize,
    ) -> Result<Vec<KeptFact>, StoreError> {
        let tenant = self.tenant_id();
        let (connection, nodes) = (&mut *self.connection, [column(id)]);
        let mut keys = aggregation::readers_after(connection, tenant, &nodes, key_columns(after))?;
        keys.sort_unstable();
        keys.truncate(limit);
        let mut facts = Vec::with_capacity(keys.len());
        for key in keys {
            facts.extend(self.aggregation_fact_get(key_of(key)?)?);
        }
        Ok(facts)
    }

    /// The keys of the facts of a document from one place to before another.
    pub(super) fn aggregation_fact_keys(
        &mut self,
        document: u64,
        from: i64,
        before: i64,
    ) -> Result<Vec<FactKey>, StoreError> {
        let rows: Vec<(i64, i16, i64, i64)> = fact::table
            .filter(fact::tenant_id.eq(self.tenant_id()))
            .filter(fact::document.eq(document_column(document)))
            .filter(fact::position.ge(from))
            .filter(fact::position.lt(before))
            .order((fact::at, fact::phase, fact::document, fact::position))
            .select((fact::at, fact::phase, fact::document, fact::position))
            .load(self.connection)?;
        rows.into_iter().map(key_of).collect()
    }

    pub(super) fn fact_row(&mut self, key: FactKey) -> Result<Option<Row>, StoreError> {
        let (at, phase, document, position) = key_columns(key);
        Ok(fact::table
            .filter(fact::tenant_id.eq(self.tenant_id()))
            .filter(fact::at.eq(at))
            .filter(fact::phase.eq(phase))
            .filter(fact::document.eq(document))
            .filter(fact::position.eq(position))
            .select(Row::as_select())
            .first(self.connection)
            .optional()?)
    }

    fn fact_key_last(&mut self) -> Result<Option<FactKey>, StoreError> {
        let last: Option<(i64, i16, i64, i64)> = fact::table
            .filter(fact::tenant_id.eq(self.tenant_id()))
            .order((
                fact::at.desc(),
                fact::phase.desc(),
                fact::document.desc(),
                fact::position.desc(),
            ))
            .select((fact::at, fact::phase, fact::document, fact::position))
            .first(self.connection)
            .optional()?;
        last.map(key_of).transpose()
    }

    pub(super) fn node_list(
        &mut self,
        ids: &[NodeId],
        before: FactKey,
    ) -> Result<Vec<Option<Node>>, StoreError> {
        let tenant = self.tenant_id();
        let numbers: Vec<i64> = ids.iter().map(|id| column(*id)).collect();
        let rows = aggregation::standings(self.connection, tenant, &numbers, key_columns(before))?;
        let mut found = HashMap::with_capacity(rows.len());
        for row in rows {
            found.insert(row.epc_no, node_of(&row)?);
        }
        Ok(numbers.iter().map(|no| found.get(no).cloned()).collect())
    }

    pub(super) fn child_list(
        &mut self,
        parent: NodeId,
        before: FactKey,
        after: Option<NodeId>,
        limit: usize,
    ) -> Result<Vec<NodeId>, StoreError> {
        let tenant = self.tenant_id();
        let after = after.map_or(-1, column);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let asked = (column(parent), after, limit);
        let children = aggregation::children(self.connection, tenant, asked, key_columns(before))?;
        children.into_iter().map(node).collect()
    }

    /// Asks level by level, and enters only branches in which something ended.
    pub(super) fn ended_list(
        &mut self,
        container: NodeId,
        before: FactKey,
        limit: usize,
    ) -> Result<Vec<NodeId>, StoreError> {
        let tenant = self.tenant_id();
        let mut ended = BTreeSet::new();
        let mut wave = vec![column(container)];
        while !wave.is_empty() {
            let rows =
                aggregation::ended_children(self.connection, tenant, &wave, key_columns(before))?;
            wave.clear();
            for row in rows {
                if row.life != 0 {
                    ended.insert(node(row.child)?);
                }
                if row.ended > 0 {
                    wave.push(row.child);
                }
            }
        }
        Ok(ended.into_iter().take(limit).collect())
    }
}

impl Writer<'_> {
    /// Takes in facts in any order and judges them, and all that depend on them. Hold the hierarchy first
    /// ([`Writer::aggregation_hold`]).
    ///
    /// # Errors
    /// The database failed.
    pub fn aggregation_arrive(
        &mut self,
        rules: &Rules,
        facts: Vec<HierarchyFact>,
    ) -> Result<Arrival, StoreError> {
        let latest = self.fact_key_last()?;
        let mut chronicle = StoredChronicle::new(self, latest);
        arrive(rules, &mut chronicle, facts)
    }

    /// Takes facts out of the judgement, and judges anew all that depends on them. Hold the hierarchy first.
    ///
    /// # Errors
    /// The database failed.
    pub fn aggregation_withdraw(
        &mut self,
        rules: &Rules,
        keys: Vec<FactKey>,
    ) -> Result<Arrival, StoreError> {
        let latest = self.fact_key_last()?;
        let mut chronicle = StoredChronicle::new(self, latest);
        withdraw(rules, &mut chronicle, keys)
    }

    /// Writes a fact with its judgement; `is_new`: no judgement of this key was written before.
    pub(super) fn fact_put(
        &mut self,
        fact: &HierarchyFact,
        judgement: Judgement,
        is_new: bool,
    ) -> Result<(), StoreError> {
        let tenant = self.tenant_id();
        let key = key_columns(fact.key());
        if !is_new {
            self.fact_forget(fact.key())?;
        }
        let Judgement { read, verdict } = judgement;
        let changes = match verdict {
            Verdict::Applied(changes) => Some(changes),
            Verdict::Parked(_) => None,
        };
        let written: HashSet<NodeId> = changes.iter().flatten().map(|(id, _)| *id).collect();
        let seen: Vec<i64> = read
            .iter()
            .filter(|id| !written.contains(id))
            .map(|id| column(*id))
            .collect();
        let mut all: Vec<i64> = written.iter().map(|id| column(*id)).collect();
        all.sort_unstable();
        diesel::insert_into(fact::table)
            .values((
                fact::tenant_id.eq(tenant),
                fact::at.eq(key.0),
                fact::phase.eq(key.1),
                fact::document.eq(key.2),
                fact::position.eq(key.3),
                fact::act.eq(act_text(fact.act())),
                fact::holds.eq(if changes.is_some() { HOLDS } else { PARKED }),
                fact::written.eq(run_text(&all)),
                fact::seen.eq(run_text(&seen)),
            ))
            .execute(self.connection)?;
        aggregation::reader_store(self.connection, tenant, key, &seen)?;
        self.standings_put(fact.key(), changes.unwrap_or_default())
    }

    /// Nodes that stand alike after a fact, as the packs of one case do, are written together.
    fn standings_put(
        &mut self,
        key: FactKey,
        changes: Vec<(NodeId, Node)>,
    ) -> Result<(), StoreError> {
        type Group = (Option<i64>, i16, i64, String);
        let tenant = self.tenant_id();
        let mut groups: BTreeMap<Group, Vec<i64>> = BTreeMap::new();
        for (id, node) in changes {
            let (life, ended) = (node.life as i16, node.contents.ended as i64);
            let group = (node.parent.map(column), life, ended, body_of(&node, key));
            groups.entry(group).or_default().push(column(id));
        }
        let mut placements: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for ((parent, life, ended, body), nodes) in &groups {
            let alike = Alike {
                parent: *parent,
                life: *life,
                ended: *ended,
                body,
            };
            let columns = key_columns(key);
            aggregation::standing_store(self.connection, tenant, columns, &alike, nodes)?;
            if let Some(parent) = parent {
                placements.entry(*parent).or_default().extend(nodes);
            }
        }
        for (parent, children) in placements {
            aggregation::placement_store(self.connection, tenant, parent, &children)?;
        }
        Ok(())
    }

    pub(super) fn fact_withdraw(&mut self, key: FactKey) -> Result<(), StoreError> {
        let Some(row) = self.fact_row(key)? else {
            return Ok(());
        };
        self.fact_untouch(key, &row)?;
        let columns = key_columns(key);
        diesel::update(fact::table)
            .filter(fact::tenant_id.eq(self.tenant_id()))
            .filter(fact::at.eq(columns.0))
            .filter(fact::phase.eq(columns.1))
            .filter(fact::document.eq(columns.2))
            .filter(fact::position.eq(columns.3))
            .set((
                fact::holds.eq(WITHDRAWN),
                fact::written.eq(""),
                fact::seen.eq(""),
            ))
            .execute(self.connection)?;
        Ok(())
    }

    fn fact_untouch(&mut self, key: FactKey, row: &Row) -> Result<(), StoreError> {
        let tenant = self.tenant_id();
        let columns = key_columns(key);
        for (touch, runs) in [(Touch::Standing, &row.written), (Touch::Reader, &row.seen)] {
            let nodes = runs_of(runs)?;
            aggregation::touch_remove(self.connection, tenant, touch, columns, &nodes)?;
        }
        Ok(())
    }

    fn fact_forget(&mut self, key: FactKey) -> Result<(), StoreError> {
        let Some(row) = self.fact_row(key)? else {
            return Ok(());
        };
        self.fact_untouch(key, &row)?;
        let tenant = self.tenant_id();
        let columns = key_columns(key);
        diesel::delete(fact::table)
            .filter(fact::tenant_id.eq(tenant))
            .filter(fact::at.eq(columns.0))
            .filter(fact::phase.eq(columns.1))
            .filter(fact::document.eq(columns.2))
            .filter(fact::position.eq(columns.3))
            .execute(self.connection)?;
        Ok(())
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = fact)]
pub(super) struct Row {
    at: i64,
    phase: i16,
    document: i64,
    position: i64,
    act: String,
    holds: i16,
    pub(super) written: String,
    seen: String,
}

impl Row {
    fn kept(&self) -> Result<KeptFact, StoreError> {
        let key = key_of((self.at, self.phase, self.document, self.position))?;
        let (at, _, document, position) = key.numbers();
        let fact = HierarchyFact::new(at, document, position, act_of(&self.act)?);
        match fact.key() == key {
            true => Ok(KeptFact {
                fact,
                state: match self.holds {
                    PARKED => FactState::Parked,
                    WITHDRAWN => FactState::Withdrawn,
                    _ => FactState::Holds,
                },
            }),
            false => Err(StoreError::Damaged {
                what: "hierarchy fact",
            }),
        }
    }
}
