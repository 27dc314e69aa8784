//! Packs: one short row each, under product and case-sensitive serial (Regulation (EU) 2016/161 Art. 4).
//!
//! Everything here works on sets: a file brings millions. A pack counts from the moment its load is visible; until then its
//! serial is taken, but nobody finds it. Batch, expiry and version are one step away through the load. Serves URS-SN-001,
//! URS-SN-005, URS-SN-007. Which state may follow which is `packtwin_core::pack`'s to say.

use diesel::prelude::*;

use packtwin_core::ids::{LoadNo, LotNo, ProductNo};
use packtwin_core::pack::PackState;
use packtwin_core::serial::Serial;

use super::load::LoadState;
use super::stored::{count, known, parsed};
use crate::engine::bulk;
use crate::error::StoreError;
use crate::schema::{load, pack, pack_change};
use crate::scope::{Reader, Writer};

/// The load a pack belongs to.
macro_rules! load_of_pack {
    () => {
        load::tenant_id
            .eq(pack::tenant_id)
            .and(load::product_no.eq(pack::product_no))
            .and(load::load_no.eq(pack::load_no))
    };
}

/// A pack as it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackRecord {
    /// Its serial.
    pub serial: Serial,
    /// The load that brought it.
    pub load: LoadNo,
    /// Its lot.
    pub lot: LotNo,
    /// Its own state.
    pub state: PackState,
}

/// How far a chunk-wise removal has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removal {
    /// Packs removed by this chunk.
    pub removed: u64,
    /// Where the next chunk begins; `None` when the product's packs are through.
    pub next: Option<Serial>,
}

impl Reader<'_> {
    /// A visible pack.
    ///
    /// # Errors
    /// The database failed.
    pub fn pack_find(
        &mut self,
        product: ProductNo,
        serial: &Serial,
    ) -> Result<Option<PackRecord>, StoreError> {
        let row: Option<Row> = pack::table
            .inner_join(load::table.on(load_of_pack!()))
            .filter(pack::tenant_id.eq(self.tenant_id()))
            .filter(pack::product_no.eq(product.0))
            .filter(pack::serial.eq(serial.as_str()))
            .filter(load::state.eq(LoadState::Visible.as_str()))
            .select(COLUMNS)
            .first(self.connection)
            .optional()?;
        row.map(pack_record).transpose()
    }

    /// Visible packs of a lot with a serial above `after`, at most `limit`.
    ///
    /// There is no index by lot (it would double the bytes of a pack), so a small lot of a large product is looked for
    /// among all packs of the product. To hand over a whole lot, read the serial lists of its loads instead.
    ///
    /// # Errors
    /// The database failed.
    pub fn pack_list(
        &mut self,
        product: ProductNo,
        lot: LotNo,
        after: Option<&Serial>,
        limit: i64,
    ) -> Result<Vec<PackRecord>, StoreError> {
        let mut query = pack::table
            .inner_join(load::table.on(load_of_pack!()))
            .filter(pack::tenant_id.eq(self.tenant_id()))
            .filter(pack::product_no.eq(product.0))
            .filter(load::lot_no.eq(lot.0))
            .filter(load::state.eq(LoadState::Visible.as_str()))
            .order(pack::serial)
            .limit(limit)
            .select(COLUMNS)
            .into_boxed();
        if let Some(after) = after {
            query = query.filter(pack::serial.gt(after.as_str().to_owned()));
        }
        let rows: Vec<Row> = query.load(self.connection)?;
        rows.into_iter().map(pack_record).collect()
    }

    /// Which of these serials the product has, visible or not, with the load of each, in the order of serials.
    ///
    /// # Errors
    /// The database failed.
    pub fn pack_existing(
        &mut self,
        product: ProductNo,
        serials: &[Serial],
    ) -> Result<Vec<(Serial, LoadNo)>, StoreError> {
        let tenant = self.tenant_id();
        bulk::pack_existing(self.connection, tenant, product, serials)
    }

    /// Whether the product has any pack, visible or not. A product's first upload needs no other look.
    ///
    /// # Errors
    /// The database failed.
    pub fn pack_any(&mut self, product: ProductNo) -> Result<bool, StoreError> {
        let packs = pack::table
            .filter(pack::tenant_id.eq(self.tenant_id()))
            .filter(pack::product_no.eq(product.0));
        Ok(diesel::select(diesel::dsl::exists(packs)).get_result(self.connection)?)
    }

    /// Whether the product has any pack, visible or not, from one serial to another, both included.
    ///
    /// # Errors
    /// The database failed.
    pub fn pack_any_in_range(
        &mut self,
        product: ProductNo,
        first: &Serial,
        last: &Serial,
    ) -> Result<bool, StoreError> {
        let packs = pack::table
            .filter(pack::tenant_id.eq(self.tenant_id()))
            .filter(pack::product_no.eq(product.0))
            .filter(pack::serial.ge(first.as_str()))
            .filter(pack::serial.le(last.as_str()));
        Ok(diesel::select(diesel::dsl::exists(packs)).get_result(self.connection)?)
    }

    /// How many packs, visible or not, the product has from one serial to another, both included.
    ///
    /// # Errors
    /// The database failed.
    pub fn pack_count_in_range(
        &mut self,
        product: ProductNo,
        first: &Serial,
        last: &Serial,
    ) -> Result<u64, StoreError> {
        let packs: i64 = pack::table
            .filter(pack::tenant_id.eq(self.tenant_id()))
            .filter(pack::product_no.eq(product.0))
            .filter(pack::serial.ge(first.as_str()))
            .filter(pack::serial.le(last.as_str()))
            .count()
            .get_result(self.connection)?;
        count(packs, "pack count")
    }
}

impl Writer<'_> {
    /// Stores packs, all active, for loads that are storing. Sorted by serial it is several times faster.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the product has one of the serials; nothing of the whole change is kept.
    pub fn pack_store_chunk(
        &mut self,
        product: ProductNo,
        packs: &[(Serial, LoadNo)],
    ) -> Result<(), StoreError> {
        let tenant = self.tenant_id();
        bulk::pack_store(self.connection, tenant, product, packs)
    }

    /// Moves those of these packs that are visible and in state `from` to `to`, and answers which they were, in the order
    /// of serials.
    ///
    /// # Errors
    /// The database failed.
    pub fn pack_state_set(
        &mut self,
        product: ProductNo,
        serials: &[Serial],
        from: PackState,
        to: PackState,
    ) -> Result<Vec<Serial>, StoreError> {
        let tenant = self.tenant_id();
        let changed = bulk::pack_state_set(self.connection, tenant, product, serials, (from, to))?;
        self.lot_states_moved(product, &changed, (from, to))?;
        self.pack_change_add(product, &changed, to)?;
        Ok(changed)
    }

    /// Looks at the next `limit` packs of the product after `after` and removes those of a load that never became
    /// visible. Of any other load, nothing is removed.
    ///
    /// # Errors
    /// The database failed.
    pub fn pack_discard_chunk(
        &mut self,
        product: ProductNo,
        load: LoadNo,
        after: Option<&Serial>,
        limit: i64,
    ) -> Result<Removal, StoreError> {
        match self.load_get(product, load)? {
            Some(record) if record.state == LoadState::Storing => {
                let (removal, _) = self.pack_remove_chunk(product, load, after, limit)?;
                Ok(removal)
            }
            _ => Ok(NOTHING_LEFT),
        }
    }

    /// As [`Writer::pack_discard_chunk`], for a visible load whose lot's retention ended before the day of this change
    /// (Art. 4(d), 33(4)). Of any other load, nothing is removed.
    ///
    /// # Errors
    /// The database failed.
    pub fn pack_purge(
        &mut self,
        product: ProductNo,
        load: LoadNo,
        after: Option<&Serial>,
        limit: i64,
    ) -> Result<Removal, StoreError> {
        let Some(record) = self.load_get(product, load)? else {
            return Ok(NOTHING_LEFT);
        };
        let lot = self.lot_get(product, record.lot)?;
        let is_over = lot.is_some_and(|lot| lot.retention_until < self.at().date());
        match record.state {
            LoadState::Visible if is_over => {
                let (removal, states) = self.pack_remove_chunk(product, load, after, limit)?;
                self.lot_states_removed(product, record.lot, &states)?;
                Ok(removal)
            }
            _ => Ok(NOTHING_LEFT),
        }
    }

    /// Answers the numbers of the states that the removed packs were in, too.
    fn pack_remove_chunk(
        &mut self,
        product: ProductNo,
        load: LoadNo,
        after: Option<&Serial>,
        limit: i64,
    ) -> Result<(Removal, Vec<i16>), StoreError> {
        let tenant = self.tenant_id();
        let after = after.map_or("", |serial| serial.as_str());
        // The chunk is a stretch of the key, so that its work is bounded even where other loads' packs lie between.
        let last: Option<String> = pack::table
            .filter(pack::tenant_id.eq(tenant))
            .filter(pack::product_no.eq(product.0))
            .filter(pack::serial.gt(after))
            .order(pack::serial)
            .offset(limit.max(1) - 1)
            .limit(1)
            .select(pack::serial)
            .first(self.connection)
            .optional()?;
        let mut stretch = diesel::delete(pack::table)
            .filter(pack::tenant_id.eq(tenant))
            .filter(pack::product_no.eq(product.0))
            .filter(pack::serial.gt(after))
            .filter(pack::load_no.eq(load.0))
            .into_boxed();
        if let Some(last) = &last {
            stretch = stretch.filter(pack::serial.le(last));
        }
        let states: Vec<i16> = stretch
            .returning(pack::state)
            .get_results(self.connection)?;
        // Of a pack that is gone, its history is not kept either.
        let mut history = diesel::delete(pack_change::table)
            .filter(pack_change::tenant_id.eq(tenant))
            .filter(pack_change::product_no.eq(product.0))
            .filter(pack_change::serial.gt(after))
            .filter(diesel::dsl::not(diesel::dsl::exists(
                pack::table
                    .filter(pack::tenant_id.eq(pack_change::tenant_id))
                    .filter(pack::product_no.eq(pack_change::product_no))
                    .filter(pack::serial.eq(pack_change::serial)),
            )))
            .into_boxed();
        if let Some(last) = &last {
            history = history.filter(pack_change::serial.le(last));
        }
        history.execute(self.connection)?;
        let next = last.as_deref().map(|last| parsed(last, "serial"));
        let removal = Removal {
            removed: states.len() as u64,
            next: next.transpose()?,
        };
        Ok((removal, states))
    }
}

const NOTHING_LEFT: Removal = Removal {
    removed: 0,
    next: None,
};

type Row = (String, i32, i32, i16);

const COLUMNS: (pack::serial, pack::load_no, load::lot_no, pack::state) =
    (pack::serial, pack::load_no, load::lot_no, pack::state);

fn pack_record(row: Row) -> Result<PackRecord, StoreError> {
    let (serial, load, lot, state) = row;
    Ok(PackRecord {
        serial: parsed(&serial, "serial")?,
        load: LoadNo(load),
        lot: LotNo(lot),
        state: known(PackState::from_number(state), "pack state")?,
    })
}
