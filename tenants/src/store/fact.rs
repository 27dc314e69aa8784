//! Facts: what happened, in order, never changed or taken back.
//!
//! A fact of a whole load names the load; a fact of single packs is also found by serial. State tables answer quickly,
//! facts answer why. Serves URS-SN-010; the words are `packtwin_core::fact`'s.

use diesel::prelude::*;

use packtwin_core::fact::FactKind;
use packtwin_core::ids::{LoadNo, LotNo, ProductNo};
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;

use super::stored::known;
use crate::engine::bulk;
use crate::error::StoreError;
use crate::schema::{fact, pack_fact, tenant_head};
use crate::scope::{Reader, Writer};

/// A fact as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactRecord {
    /// Its number within the tenant, in the order of recording.
    pub no: i64,
    /// What happened.
    pub kind: FactKind,
    /// To which product.
    pub product: ProductNo,
    /// To which lot.
    pub lot: Option<LotNo>,
    /// To which load.
    pub load: Option<LoadNo>,
    /// When it happened.
    pub at: Timestamp,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Who recorded it: a public id.
    pub actor: String,
    /// JSON of the use case.
    pub detail: String,
}

/// A fact to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFact<'a> {
    /// What happened.
    pub kind: FactKind,
    /// To which product.
    pub product: ProductNo,
    /// To which lot.
    pub lot: Option<LotNo>,
    /// To which load, when it happened to all its packs.
    pub load: Option<LoadNo>,
    /// To which packs, when it happened to single ones.
    pub packs: &'a [Serial],
    /// When it happened.
    pub at: Timestamp,
    /// JSON of the use case.
    pub detail: &'a str,
}

impl Reader<'_> {
    /// Facts of a lot with a number above `after`, in the order of recording, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub fn fact_list_of_lot(
        &mut self,
        product: ProductNo,
        lot: LotNo,
        after: i64,
        limit: i64,
    ) -> Result<Vec<FactRecord>, StoreError> {
        let rows: Vec<Row> = fact::table
            .filter(fact::tenant_id.eq(self.tenant_id()))
            .filter(fact::product_no.eq(product.0))
            .filter(fact::lot_no.eq(lot.0))
            .filter(fact::fact_no.gt(after))
            .order(fact::fact_no)
            .limit(limit)
            .select(Row::as_select())
            .load(self.connection)?;
        rows.into_iter().map(FactRecord::try_from).collect()
    }

    /// Everything that happened to one pack, in the order of recording: its load's facts, its lot's recalls, its product's
    /// withdrawals and its own.
    ///
    /// # Errors
    /// The database failed.
    pub fn fact_list_of_pack(
        &mut self,
        product: ProductNo,
        serial: &Serial,
    ) -> Result<Vec<FactRecord>, StoreError> {
        let Some(found) = self.pack_find(product, serial)? else {
            return Ok(Vec::new());
        };
        let tenant = self.tenant_id();
        let of_load = fact::load_no.eq(found.load.0);
        let of_lot = fact::lot_no
            .eq(found.lot.0)
            .and(fact::kind.eq(FactKind::Recalled.as_str()));
        let of_product = fact::lot_no
            .is_null()
            .and(fact::kind.eq(FactKind::Withdrawn.as_str()));
        let of_pack = fact::fact_no.eq_any(
            pack_fact::table
                .filter(pack_fact::tenant_id.eq(tenant))
                .filter(pack_fact::product_no.eq(product.0))
                .filter(pack_fact::serial.eq(serial.as_str()))
                .select(pack_fact::fact_no),
        );
        let rows: Vec<Row> = fact::table
            .filter(fact::tenant_id.eq(tenant))
            .filter(fact::product_no.eq(product.0))
            .filter(
                of_load
                    .assume_not_null()
                    .or(of_lot.assume_not_null())
                    .or(of_product)
                    .or(of_pack),
            )
            .order(fact::fact_no)
            .select(Row::as_select())
            .load(self.connection)?;
        rows.into_iter().map(FactRecord::try_from).collect()
    }
}

impl Writer<'_> {
    /// Records a fact and answers its number. It takes the tenant's head row, which orders a tenant's changes, so it comes
    /// last in a change.
    ///
    /// # Errors
    /// The database failed.
    pub fn fact_record(&mut self, new: &NewFact<'_>) -> Result<i64, StoreError> {
        let tenant = self.tenant_id();
        let no: i64 = diesel::update(tenant_head::table.find(tenant))
            .set(tenant_head::last_fact.eq(tenant_head::last_fact + 1))
            .returning(tenant_head::last_fact)
            .get_result(self.connection)?;
        let actor = self.actor().who().to_string();
        diesel::insert_into(fact::table)
            .values((
                fact::tenant_id.eq(tenant),
                fact::fact_no.eq(no),
                fact::kind.eq(new.kind.as_str()),
                fact::product_no.eq(new.product.0),
                fact::lot_no.eq(new.lot.map(|lot| lot.0)),
                fact::load_no.eq(new.load.map(|load| load.0)),
                fact::at.eq(new.at.micros()),
                fact::recorded_at.eq(self.at().micros()),
                fact::actor.eq(actor),
                fact::detail.eq(new.detail),
            ))
            .execute(self.connection)?;
        if !new.packs.is_empty() {
            bulk::pack_fact_store(self.connection, tenant, new.product, no, new.packs)?;
        }
        Ok(no)
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = fact)]
struct Row {
    fact_no: i64,
    kind: String,
    product_no: i32,
    lot_no: Option<i32>,
    load_no: Option<i32>,
    at: i64,
    recorded_at: i64,
    actor: String,
    detail: String,
}

impl TryFrom<Row> for FactRecord {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(FactRecord {
            no: row.fact_no,
            kind: known(FactKind::parse(&row.kind), "fact kind")?,
            product: ProductNo(row.product_no),
            lot: row.lot_no.map(LotNo),
            load: row.load_no.map(LoadNo),
            at: Timestamp::from_micros(row.at),
            recorded_at: Timestamp::from_micros(row.recorded_at),
            actor: row.actor,
            detail: row.detail,
        })
    }
}
