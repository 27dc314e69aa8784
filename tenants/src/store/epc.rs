//! Identities and classes that events named, each in its one canonical spelling, under a number that is small.
//!
//! A number means the same pack or container for as long as the tenant is there; which it means is said by the name alone.
//! How a name is spelled is `packtwin_epcis::hierarchy`'s to say. Serves URS-AG-001.

use std::collections::HashMap;

use diesel::prelude::*;

use packtwin_core::aggregation::{Goods, NodeId};

use super::stored::{known, number};
use crate::engine::epc::{self, Counts};
use crate::error::StoreError;
use crate::schema::{aggregation_goods, epc as table};
use crate::scope::{Reader, Writer};

impl Reader<'_> {
    /// The numbers of names, in the order asked for; `None` for one that nothing ever bore.
    ///
    /// # Errors
    /// The database failed.
    pub fn epc_find(&mut self, names: &[&str]) -> Result<Vec<Option<NodeId>>, StoreError> {
        let tenant = self.tenant_id();
        let found: HashMap<String, i64> = epc::find(self.connection, tenant, names)?
            .into_iter()
            .map(|named| (named.name, named.epc_no))
            .collect();
        names
            .iter()
            .map(|name| found.get(*name).map(|no| node(*no)).transpose())
            .collect()
    }

    /// The names of numbers.
    ///
    /// # Errors
    /// The database failed.
    pub fn epc_names(&mut self, nodes: &[NodeId]) -> Result<HashMap<NodeId, String>, StoreError> {
        let tenant = self.tenant_id();
        let numbers: Vec<i64> = nodes.iter().map(|id| column(*id)).collect();
        epc::names(self.connection, tenant, &numbers)?
            .into_iter()
            .map(|named| Ok((node(named.epc_no)?, named.name)))
            .collect()
    }

    /// Names that begin with `prefix` and come after `after`, ascending, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub fn epc_list(
        &mut self,
        prefix: &str,
        after: &str,
        limit: i64,
    ) -> Result<Vec<(NodeId, String)>, StoreError> {
        // No name holds this character, so that it ends every stretch of names with one beginning.
        let end = format!("{prefix}\u{10ffff}");
        let rows: Vec<(i64, String)> = table::table
            .filter(table::tenant_id.eq(self.tenant_id()))
            .filter(table::name.ge(prefix))
            .filter(table::name.gt(after))
            .filter(table::name.lt(end))
            .order(table::name)
            .limit(limit)
            .select((table::epc_no, table::name))
            .load(self.connection)?;
        rows.into_iter()
            .map(|(no, name)| Ok((node(no)?, name)))
            .collect()
    }

    /// Product code and batch of goods.
    ///
    /// # Errors
    /// The database failed.
    pub fn goods_name(&mut self, goods: Goods) -> Result<Option<(String, String)>, StoreError> {
        Ok(aggregation_goods::table
            .filter(aggregation_goods::tenant_id.eq(self.tenant_id()))
            .filter(aggregation_goods::goods_no.eq(i32::try_from(goods.lot).unwrap_or(i32::MAX)))
            .select((aggregation_goods::product, aggregation_goods::batch))
            .first(self.connection)
            .optional()?)
    }
}

impl Writer<'_> {
    /// The numbers of names, in the order asked for; names that have none get the next ones.
    ///
    /// # Errors
    /// The database failed.
    pub fn epc_number(&mut self, names: &[&str]) -> Result<Vec<NodeId>, StoreError> {
        let found = self.epc_find(names)?;
        let mut fresh: HashMap<&str, usize> = HashMap::new();
        let mut missing: Vec<&str> = Vec::new();
        for (name, found) in names.iter().zip(&found) {
            if found.is_none() && !fresh.contains_key(name) {
                fresh.insert(name, missing.len());
                missing.push(name);
            }
        }
        let mut first = 0;
        if !missing.is_empty() {
            let count = missing.len() as i64;
            let tenant = self.tenant_id();
            let taken = Counts {
                epcs: count,
                ..Counts::default()
            };
            first = epc::take(self.connection, tenant, taken)?.epcs - count + 1;
            epc::store(self.connection, tenant, &missing, first)?;
        }
        names
            .iter()
            .zip(found)
            .map(|(name, found)| match found {
                Some(id) => Ok(id),
                None => {
                    let place = known(fresh.get(name).copied(), "name of an identity")?;
                    node(first + place as i64)
                }
            })
            .collect()
    }

    /// The number of goods, a new one where they have none.
    ///
    /// # Errors
    /// The database failed.
    pub fn goods_number(&mut self, product: &str, batch: &str) -> Result<Goods, StoreError> {
        Ok(Goods {
            product: self.goods_number_of(product, "")?,
            lot: self.goods_number_of(product, batch)?,
        })
    }

    /// Keeps other changes of the tenant's hierarchy waiting until this one ends, so that facts are judged one after
    /// another.
    ///
    /// # Errors
    /// The database failed.
    pub fn aggregation_hold(&mut self) -> Result<(), StoreError> {
        let tenant = self.tenant_id();
        epc::take(self.connection, tenant, Counts::default())?;
        Ok(())
    }

    fn goods_number_of(&mut self, product: &str, batch: &str) -> Result<u32, StoreError> {
        let tenant = self.tenant_id();
        let found: Option<i32> = aggregation_goods::table
            .filter(aggregation_goods::tenant_id.eq(tenant))
            .filter(aggregation_goods::product.eq(product))
            .filter(aggregation_goods::batch.eq(batch))
            .select(aggregation_goods::goods_no)
            .first(self.connection)
            .optional()?;
        if let Some(no) = found {
            return number(no);
        }
        let taken = Counts {
            goods: 1,
            ..Counts::default()
        };
        let no = epc::take(self.connection, tenant, taken)?.goods;
        diesel::insert_into(aggregation_goods::table)
            .values((
                aggregation_goods::tenant_id.eq(tenant),
                aggregation_goods::goods_no.eq(no),
                aggregation_goods::product.eq(product),
                aggregation_goods::batch.eq(batch),
            ))
            .execute(self.connection)?;
        number(no)
    }
}

/// A node's number as a column holds it.
pub(super) fn column(id: NodeId) -> i64 {
    i64::try_from(id.0).unwrap_or(i64::MAX)
}

/// Reads a node's number.
pub(super) fn node(number: i64) -> Result<NodeId, StoreError> {
    u64::try_from(number)
        .map(NodeId)
        .map_err(|_| StoreError::Damaged { what: "node" })
}
