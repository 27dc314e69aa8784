//! What was done to a pack since it left the manufacturer: the facts of its states, one row each (Art. 35(1), 36(l)).
//!
//! Sites' changes come in through [`crate::verifier_scope`] with a token that says whether the same site asks again, and
//! nothing of where. A change of the manufacturer's own side has no token, so that no site can undo it.

use diesel::prelude::*;

use packtwin_core::ids::ProductNo;
use packtwin_core::pack::PackState;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;

use super::stored::known;
use crate::engine::bulk;
use crate::error::StoreError;
use crate::schema::pack_change;
use crate::scope::{Reader, Writer};

/// A change as the holder may see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackChange {
    /// Its number among the changes of this pack, from 1.
    pub no: i32,
    /// The state after.
    pub state: PackState,
    /// When it happened.
    pub at: Timestamp,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Whether a site did it, or the manufacturer's own side.
    pub by: ChangedBy,
}

/// Who changed a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangedBy {
    /// The manufacturer's own side.
    Holder,
    /// A site that nobody on this side can name.
    Site,
}

impl Reader<'_> {
    /// The changes of a pack, the first first.
    ///
    /// # Errors
    /// The database failed.
    pub fn pack_change_list(
        &mut self,
        product: ProductNo,
        serial: &Serial,
    ) -> Result<Vec<PackChange>, StoreError> {
        type Row = (i32, i16, i64, i64, Option<Vec<u8>>);
        let rows: Vec<Row> = pack_change::table
            .filter(pack_change::tenant_id.eq(self.tenant_id()))
            .filter(pack_change::product_no.eq(product.0))
            .filter(pack_change::serial.eq(serial.as_str()))
            .order(pack_change::change_no)
            .select((
                pack_change::change_no,
                pack_change::state,
                pack_change::at,
                pack_change::recorded_at,
                pack_change::site,
            ))
            .load(self.connection)?;
        rows.into_iter()
            .map(|(no, state, at, recorded_at, site)| {
                Ok(PackChange {
                    no,
                    state: known(PackState::from_number(state), "pack state")?,
                    at: Timestamp::from_micros(at),
                    recorded_at: Timestamp::from_micros(recorded_at),
                    by: match site {
                        Some(_) => ChangedBy::Site,
                        None => ChangedBy::Holder,
                    },
                })
            })
            .collect()
    }
}

impl Writer<'_> {
    /// Notes that the manufacturer's side gave these packs a state.
    pub(super) fn pack_change_add(
        &mut self,
        product: ProductNo,
        serials: &[Serial],
        to: PackState,
    ) -> Result<(), StoreError> {
        let (tenant, at) = (self.tenant_id(), self.at());
        bulk::pack_change_store(self.connection, tenant, product, serials, to, at)
    }
}
