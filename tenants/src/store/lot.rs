//! Lots: batch number, expiry, version, produced count, recalls and retention.
//!
//! A lot belongs to one product version for ever. Its four numbers are in [`super::lot_list`]. The retention is Regulation
//! (EU) 2016/161 Art. 4(d) and 33(4), computed in `packtwin_core::lot`. Serves URS-SN-004, URS-SN-009.

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;

use packtwin_core::batch_number::BatchNumber;
use packtwin_core::expiry::Expiry;
use packtwin_core::ids::{LotNo, MessageId, ProductNo};
use packtwin_core::market::Market;
use packtwin_core::time::Timestamp;

use super::load::LoadState;
use super::stored::{
    self, column_count, column_number, count, day, day_if, day_number, known, parsed,
};
use crate::error::StoreError;
use crate::schema::{load, lot, lot_recall, product};
use crate::scope::{Reader, Writer};

/// A lot as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LotRecord {
    /// Its product.
    pub product: ProductNo,
    /// Its number within the product.
    pub no: LotNo,
    /// Its batch number.
    pub batch: BatchNumber,
    /// Its expiry as printed.
    pub expiry: Expiry,
    /// The manufacturing date, if known.
    pub manufactured: Option<NaiveDate>,
    /// The product version it belongs to.
    pub version: u32,
    /// What the batch record says was produced, when someone entered it.
    pub produced: Option<u64>,
    /// The day of release for sale or distribution, if known.
    pub released_on: Option<NaiveDate>,
    /// The last day on which its serials stay stored and unique.
    pub retention_until: NaiveDate,
    /// When it was added.
    pub created_at: Timestamp,
    /// Packs of its visible loads.
    pub stored: u64,
    /// Counts the changes; a change names the one it was read at.
    pub row_version: i32,
}

/// A lot to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLot {
    /// Its product.
    pub product: ProductNo,
    /// Its batch number.
    pub batch: BatchNumber,
    /// Its expiry as printed.
    pub expiry: Expiry,
    /// The manufacturing date, if known.
    pub manufactured: Option<NaiveDate>,
    /// The product version it belongs to.
    pub version: u32,
    /// What the batch record says was produced.
    pub produced: Option<u64>,
    /// The day of release, if known.
    pub released_on: Option<NaiveDate>,
    /// The last day on which its serials stay stored and unique.
    pub retention_until: NaiveDate,
}

impl LotRecord {
    /// Whether anyone sees the lot: it comes with its first visible load and goes with its last.
    pub fn is_visible(&self) -> bool {
        self.stored > 0
    }
}

impl Reader<'_> {
    /// The lot with this batch number, visible or not.
    ///
    /// # Errors
    /// The database failed.
    pub fn lot_find(
        &mut self,
        product: ProductNo,
        batch: &BatchNumber,
    ) -> Result<Option<LotRecord>, StoreError> {
        let row: Option<LotRow> = lot::table
            .filter(lot::tenant_id.eq(self.tenant_id()))
            .filter(lot::product_no.eq(product.0))
            .filter(lot::batch.eq(batch.as_str()))
            .select(LotRow::as_select())
            .first(self.connection)
            .optional()?;
        row.map(LotRecord::try_from).transpose()
    }

    /// The lot with this number.
    ///
    /// # Errors
    /// The database failed.
    pub fn lot_get(
        &mut self,
        product: ProductNo,
        no: LotNo,
    ) -> Result<Option<LotRecord>, StoreError> {
        let row: Option<LotRow> = lot::table
            .filter(lot::tenant_id.eq(self.tenant_id()))
            .filter(lot::product_no.eq(product.0))
            .filter(lot::lot_no.eq(no.0))
            .select(LotRow::as_select())
            .first(self.connection)
            .optional()?;
        row.map(LotRecord::try_from).transpose()
    }

    /// Where the lot was recalled, when and why, by market.
    ///
    /// # Errors
    /// The database failed.
    pub fn lot_recalls(
        &mut self,
        product: ProductNo,
        no: LotNo,
    ) -> Result<Vec<(Market, Timestamp, String)>, StoreError> {
        let rows: Vec<(String, i64, String)> = lot_recall::table
            .filter(lot_recall::tenant_id.eq(self.tenant_id()))
            .filter(lot_recall::product_no.eq(product.0))
            .filter(lot_recall::lot_no.eq(no.0))
            .order(lot_recall::market)
            .select((lot_recall::market, lot_recall::at, lot_recall::reason))
            .load(self.connection)?;
        rows.into_iter()
            .map(|(market, at, reason)| {
                let market = parsed(&market, "market")?;
                Ok((market, Timestamp::from_micros(at), reason))
            })
            .collect()
    }

    /// Lots whose retention ended before `today` and that still have packs, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub fn lot_past_retention(
        &mut self,
        today: NaiveDate,
        limit: i64,
    ) -> Result<Vec<(ProductNo, LotNo)>, StoreError> {
        let with_packs = load::table
            .filter(load::tenant_id.eq(lot::tenant_id))
            .filter(load::product_no.eq(lot::product_no))
            .filter(load::lot_no.eq(lot::lot_no))
            .filter(load::state.eq(LoadState::Visible.as_str()));
        let rows: Vec<(i32, i32)> = lot::table
            .filter(lot::tenant_id.eq(self.tenant_id()))
            .filter(lot::retention_until.lt(day_number(today)))
            .filter(diesel::dsl::exists(with_packs))
            .order((lot::product_no, lot::lot_no))
            .limit(limit)
            .select((lot::product_no, lot::lot_no))
            .load(self.connection)?;
        Ok(rows
            .into_iter()
            .map(|(product, no)| (ProductNo(product), LotNo(no)))
            .collect())
    }
}

impl Writer<'_> {
    /// Adds a lot.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the product has a lot with this batch number, [`StoreError::NotFound`] when there is no
    /// such product.
    pub fn lot_create(&mut self, new: &NewLot) -> Result<LotNo, StoreError> {
        let tenant = self.tenant_id();
        let no: i32 = diesel::update(product::table.find((tenant, new.product.0)))
            .set(product::last_lot.eq(product::last_lot + 1))
            .returning(product::last_lot)
            .get_result(self.connection)?;
        diesel::insert_into(lot::table)
            .values((
                lot::tenant_id.eq(tenant),
                lot::product_no.eq(new.product.0),
                lot::lot_no.eq(no),
                lot::batch.eq(new.batch.as_str()),
                lot::expiry.eq(new.expiry.raw()),
                lot::expires_on.eq(day_number(new.expiry.last_day())),
                lot::manufactured_on.eq(new.manufactured.map(day_number)),
                lot::version.eq(column_number(new.version)),
                lot::produced.eq(new.produced.map(column_count)),
                lot::released_on.eq(new.released_on.map(day_number)),
                lot::retention_until.eq(day_number(new.retention_until)),
                lot::created_at.eq(self.at().micros()),
                lot::row_version.eq(1),
            ))
            .execute(self.connection)?;
        Ok(LotNo(no))
    }

    /// Enters what the batch record says was produced. `false`: the row version is another.
    ///
    /// # Errors
    /// The database failed.
    pub fn lot_produced(
        &mut self,
        product: ProductNo,
        no: LotNo,
        produced: Option<u64>,
        expected_row_version: i32,
    ) -> Result<bool, StoreError> {
        let changed = diesel::update(lot::table)
            .filter(lot::tenant_id.eq(self.tenant_id()))
            .filter(lot::product_no.eq(product.0))
            .filter(lot::lot_no.eq(no.0))
            .filter(lot::row_version.eq(expected_row_version))
            .set((
                lot::produced.eq(produced.map(column_count)),
                lot::row_version.eq(lot::row_version + 1),
            ))
            .execute(self.connection)?;
        Ok(changed == 1)
    }

    /// Enters the day of release and the retention that follows from it. `false`: the row version is another.
    ///
    /// # Errors
    /// The database failed.
    pub fn lot_released(
        &mut self,
        product: ProductNo,
        no: LotNo,
        released_on: NaiveDate,
        retention_until: NaiveDate,
        expected_row_version: i32,
    ) -> Result<bool, StoreError> {
        let changed = diesel::update(lot::table)
            .filter(lot::tenant_id.eq(self.tenant_id()))
            .filter(lot::product_no.eq(product.0))
            .filter(lot::lot_no.eq(no.0))
            .filter(lot::row_version.eq(expected_row_version))
            .set((
                lot::released_on.eq(day_number(released_on)),
                lot::retention_until.eq(day_number(retention_until)),
                lot::row_version.eq(lot::row_version + 1),
            ))
            .execute(self.connection)?;
        Ok(changed == 1)
    }

    /// Recalls a lot in a market. `false`: it already is; the first reason stays.
    ///
    /// # Errors
    /// The database failed; [`StoreError::Taken`] when someone else recalled it at the same moment.
    pub fn lot_recall(
        &mut self,
        product: ProductNo,
        no: LotNo,
        market: Market,
        reason: &str,
        message_id: Option<MessageId>,
    ) -> Result<bool, StoreError> {
        let recalls = self.lot_recalls(product, no)?;
        if recalls.iter().any(|(known, _, _)| *known == market) {
            return Ok(false);
        }
        diesel::insert_into(lot_recall::table)
            .values((
                lot_recall::tenant_id.eq(self.tenant_id()),
                lot_recall::product_no.eq(product.0),
                lot_recall::lot_no.eq(no.0),
                lot_recall::market.eq(market.as_str()),
                lot_recall::at.eq(self.at().micros()),
                lot_recall::reason.eq(reason),
                lot_recall::message_id.eq(message_id.map(|id| id.to_string())),
            ))
            .execute(self.connection)?;
        Ok(true)
    }
}

/// A row of `lot` without its tenant.
#[derive(Queryable, Selectable, QueryableByName)]
#[diesel(table_name = lot)]
pub(super) struct LotRow {
    product_no: i32,
    lot_no: i32,
    batch: String,
    expiry: String,
    expires_on: i32,
    manufactured_on: Option<i32>,
    version: i32,
    produced: Option<i64>,
    released_on: Option<i32>,
    retention_until: i32,
    created_at: i64,
    row_version: i32,
    stored: i64,
}

impl TryFrom<LotRow> for LotRecord {
    type Error = StoreError;

    fn try_from(row: LotRow) -> Result<Self, StoreError> {
        let produced = row.produced.map(|packs| count(packs, "produced count"));
        Ok(LotRecord {
            product: ProductNo(row.product_no),
            no: LotNo(row.lot_no),
            batch: parsed(&row.batch, "batch number")?,
            expiry: expiry(&row.expiry, row.expires_on)?,
            manufactured: day_if(row.manufactured_on, "manufacturing date")?,
            version: stored::number(row.version)?,
            produced: produced.transpose()?,
            released_on: day_if(row.released_on, "release date")?,
            retention_until: day(row.retention_until, "retention date")?,
            created_at: Timestamp::from_micros(row.created_at),
            stored: count(row.stored, "stored count")?,
            row_version: row.row_version,
        })
    }
}

/// The six digits name their century only together with the day they mean.
fn expiry(raw: &str, expires_on: i32) -> Result<Expiry, StoreError> {
    let last_day = day(expires_on, "expiry")?;
    let expiry = known(Expiry::parse(raw, last_day.year()).ok(), "expiry")?;
    known((expiry.last_day() == last_day).then_some(expiry), "expiry")
}
