//! Loads: the packs that one upload brought into one lot, which become visible all at once or not at all.
//!
//! While a load is storing, its packs take their serials but nobody finds them. Publishing several loads in one change
//! makes a whole upload visible in one moment (URS-SN-007). A load left behind by a crash is discarded with its packs.

use diesel::prelude::*;

use packtwin_core::audit::Hash;
use packtwin_core::ids::{LoadNo, LotNo, ProductNo, UploadId};
use packtwin_core::time::Timestamp;

use super::stored::{at_if, column_count, count, hash_if, known, parsed};
use crate::engine;
use crate::error::StoreError;
use crate::schema::{load, lot, product, upload_lot};
use crate::scope::{Reader, Writer};

/// How far a load has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LoadState {
    /// Packs are being written; none is found yet.
    Storing,
    /// Every pack is there and found.
    Visible,
    /// Its packs were removed after the retention had ended.
    Purged,
}

impl LoadState {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            LoadState::Storing => "storing",
            LoadState::Visible => "visible",
            LoadState::Purged => "purged",
        }
    }

    /// Reads the word of [`LoadState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [LoadState::Storing, LoadState::Visible, LoadState::Purged]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// A load as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadRecord {
    /// Its product.
    pub product: ProductNo,
    /// Its number within the product.
    pub no: LoadNo,
    /// Its lot.
    pub lot: LotNo,
    /// The upload that brought it.
    pub upload: UploadId,
    /// How far it has come.
    pub state: LoadState,
    /// How many packs it holds; 0 while it is storing.
    pub packs: u64,
    /// The hash of its serial list, once it is visible.
    pub list_sha256: Option<Hash>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it became visible.
    pub visible_at: Option<Timestamp>,
}

impl Reader<'_> {
    /// One load.
    ///
    /// # Errors
    /// The database failed.
    pub fn load_get(
        &mut self,
        product: ProductNo,
        no: LoadNo,
    ) -> Result<Option<LoadRecord>, StoreError> {
        let row: Option<Row> = load::table
            .filter(load::tenant_id.eq(self.tenant_id()))
            .filter(load::product_no.eq(product.0))
            .filter(load::load_no.eq(no.0))
            .select(Row::as_select())
            .first(self.connection)
            .optional()?;
        row.map(LoadRecord::try_from).transpose()
    }

    /// The loads of a lot, the oldest first.
    ///
    /// # Errors
    /// The database failed.
    pub fn load_list_of_lot(
        &mut self,
        product: ProductNo,
        lot: LotNo,
    ) -> Result<Vec<LoadRecord>, StoreError> {
        let rows: Vec<Row> = load::table
            .filter(load::tenant_id.eq(self.tenant_id()))
            .filter(load::product_no.eq(product.0))
            .filter(load::lot_no.eq(lot.0))
            .order(load::load_no)
            .select(Row::as_select())
            .load(self.connection)?;
        rows.into_iter().map(LoadRecord::try_from).collect()
    }

    /// The loads of an upload, by product and number.
    ///
    /// # Errors
    /// The database failed.
    pub fn load_list_of_upload(&mut self, upload: UploadId) -> Result<Vec<LoadRecord>, StoreError> {
        let rows: Vec<Row> = load::table
            .filter(load::tenant_id.eq(self.tenant_id()))
            .filter(load::upload_id.eq(upload.to_string()))
            .order((load::product_no, load::load_no))
            .select(Row::as_select())
            .load(self.connection)?;
        rows.into_iter().map(LoadRecord::try_from).collect()
    }

    /// The loads that are storing: at work, or left behind by a crash.
    ///
    /// # Errors
    /// The database failed.
    pub fn load_list_storing(&mut self) -> Result<Vec<LoadRecord>, StoreError> {
        let rows: Vec<Row> = load::table
            .filter(load::tenant_id.eq(self.tenant_id()))
            .filter(load::state.eq(LoadState::Storing.as_str()))
            .order((load::product_no, load::load_no))
            .select(Row::as_select())
            .load(self.connection)?;
        rows.into_iter().map(LoadRecord::try_from).collect()
    }
}

impl Writer<'_> {
    /// Begins a load.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such product. The database refuses a lot or upload that is not there.
    pub fn load_create(
        &mut self,
        product: ProductNo,
        lot: LotNo,
        upload: UploadId,
    ) -> Result<LoadNo, StoreError> {
        let tenant = self.tenant_id();
        let no: i32 = diesel::update(product::table.find((tenant, product.0)))
            .set(product::last_load.eq(product::last_load + 1))
            .returning(product::last_load)
            .get_result(self.connection)?;
        diesel::insert_into(load::table)
            .values((
                load::tenant_id.eq(tenant),
                load::product_no.eq(product.0),
                load::load_no.eq(no),
                load::lot_no.eq(lot.0),
                load::upload_id.eq(upload.to_string()),
                load::state.eq(LoadState::Storing.as_str()),
                load::packs.eq(0),
                load::created_at.eq(self.at().micros()),
            ))
            .execute(self.connection)?;
        Ok(LoadNo(no))
    }

    /// Makes a load visible with its number of packs and the hash of its serial list. `false`: it is not storing.
    ///
    /// # Errors
    /// The database failed.
    pub fn load_publish(
        &mut self,
        product: ProductNo,
        no: LoadNo,
        packs: u64,
        list_sha256: &Hash,
    ) -> Result<bool, StoreError> {
        let lot: Option<i32> = diesel::update(load::table)
            .filter(load::tenant_id.eq(self.tenant_id()))
            .filter(load::product_no.eq(product.0))
            .filter(load::load_no.eq(no.0))
            .filter(load::state.eq(LoadState::Storing.as_str()))
            .set((
                load::state.eq(LoadState::Visible.as_str()),
                load::packs.eq(column_count(packs)),
                load::list_sha256.eq(list_sha256.to_vec()),
                load::visible_at.eq(self.at().micros()),
            ))
            .returning(load::lot_no)
            .get_result(self.connection)
            .optional()?;
        self.lot_recount_if(product, lot)
    }

    /// Removes a load that never became visible, after [`Writer::pack_discard_chunk`] removed its packs, and its lot when
    /// no load is left of that. `false`: it is not storing.
    ///
    /// # Errors
    /// The database failed.
    pub fn load_discard(&mut self, product: ProductNo, no: LoadNo) -> Result<bool, StoreError> {
        let of: Option<i32> = diesel::delete(load::table)
            .filter(load::tenant_id.eq(self.tenant_id()))
            .filter(load::product_no.eq(product.0))
            .filter(load::load_no.eq(no.0))
            .filter(load::state.eq(LoadState::Storing.as_str()))
            .returning(load::lot_no)
            .get_result(self.connection)
            .optional()?;
        let Some(of) = of else { return Ok(false) };
        // The lot of the upload can be committed again.
        diesel::update(upload_lot::table)
            .filter(upload_lot::tenant_id.eq(self.tenant_id()))
            .filter(upload_lot::product_no.eq(product.0))
            .filter(upload_lot::load_no.eq(no.0))
            .set(upload_lot::load_no.eq(None::<i32>))
            .execute(self.connection)?;
        self.lot_discard_empty(product, LotNo(of))?;
        Ok(true)
    }

    /// Removes a lot that no load is left of. Held first, so that whoever brings it a load at this moment is seen.
    fn lot_discard_empty(&mut self, product: ProductNo, no: LotNo) -> Result<(), StoreError> {
        let tenant = self.tenant_id();
        engine::hold_lot(self.connection, tenant, product, no)?;
        let loads = load::table
            .filter(load::tenant_id.eq(tenant))
            .filter(load::product_no.eq(product.0))
            .filter(load::lot_no.eq(no.0));
        diesel::delete(lot::table)
            .filter(lot::tenant_id.eq(tenant))
            .filter(lot::product_no.eq(product.0))
            .filter(lot::lot_no.eq(no.0))
            .filter(diesel::dsl::not(diesel::dsl::exists(loads)))
            .execute(self.connection)?;
        Ok(())
    }

    /// Records that the packs of a load are removed since its lot's retention ended. `false`: it was not visible.
    ///
    /// # Errors
    /// The database failed.
    pub fn load_purged(&mut self, product: ProductNo, no: LoadNo) -> Result<bool, StoreError> {
        let lot: Option<i32> = diesel::update(load::table)
            .filter(load::tenant_id.eq(self.tenant_id()))
            .filter(load::product_no.eq(product.0))
            .filter(load::load_no.eq(no.0))
            .filter(load::state.eq(LoadState::Visible.as_str()))
            .set(load::state.eq(LoadState::Purged.as_str()))
            .returning(load::lot_no)
            .get_result(self.connection)
            .optional()?;
        self.lot_recount_if(product, lot)
    }

    /// Whether a load changed, and its lot counted anew when it did.
    fn lot_recount_if(&mut self, product: ProductNo, lot: Option<i32>) -> Result<bool, StoreError> {
        match lot {
            Some(lot) => self.lot_recount(product, LotNo(lot)).map(|()| true),
            None => Ok(false),
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = load)]
struct Row {
    product_no: i32,
    load_no: i32,
    lot_no: i32,
    upload_id: String,
    state: String,
    packs: i64,
    list_sha256: Option<Vec<u8>>,
    created_at: i64,
    visible_at: Option<i64>,
}

impl TryFrom<Row> for LoadRecord {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(LoadRecord {
            product: ProductNo(row.product_no),
            no: LoadNo(row.load_no),
            lot: LotNo(row.lot_no),
            upload: parsed(&row.upload_id, "upload id")?,
            state: known(LoadState::parse(&row.state), "load state")?,
            packs: count(row.packs, "pack count")?,
            list_sha256: hash_if(row.list_sha256, "list hash")?,
            created_at: Timestamp::from_micros(row.created_at),
            visible_at: at_if(row.visible_at),
        })
    }
}
