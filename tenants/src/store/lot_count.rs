//! What is counted of a lot, kept beside it: stored, sent, acknowledged, and how many packs are in which state.
//!
//! The first three lie in the lot's own row, so that a list shows them and an index finds the lots whose numbers differ
//! (URS-SN-009). They are written in the transaction of the change that moves them, by the store method that makes it:
//! no use case has to remember them. Loads and messages of a lot are few and are counted anew each time, so that no
//! arithmetic can drift; packs are millions, so that their states are counted by what moved.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, SmallInt};

use packtwin_core::fact::FactKind;
use packtwin_core::ids::{LoadNo, LotNo, ProductNo};
use packtwin_core::pack::PackState;
use packtwin_core::serial::Serial;

use super::stored::known;
use crate::engine;
use crate::error::StoreError;
use crate::scope::Writer;

/// A message whose outcome is unknown may have arrived, so it counts as sent and never as acknowledged. Packs that only
/// repeat those of an earlier message count as sent once.
const RECOUNT: &str = "UPDATE lot SET
    stored = (SELECT CAST(COALESCE(SUM(x.packs), 0) AS BIGINT) FROM load x
        WHERE x.tenant_id = $1 AND x.product_no = $2 AND x.lot_no = $3 AND x.state = 'visible'),
    sent = (SELECT CAST(COALESCE(SUM(m.packs - c.repeats), 0) AS BIGINT) FROM message m
        JOIN message_content c ON c.tenant_id = m.tenant_id AND c.message_id = m.message_id
        WHERE m.tenant_id = $1 AND m.product_no = $2 AND m.lot_no = $3
          AND m.kind = 'commissioned' AND m.state IN ('waiting', 'accepted', 'partial', 'unknown')),
    acknowledged = (SELECT CAST(COALESCE(SUM(a.acknowledged_packs), 0) AS BIGINT) FROM message m
        JOIN message_answer a ON a.tenant_id = m.tenant_id AND a.message_id = m.message_id
        WHERE m.tenant_id = $1 AND m.product_no = $2 AND m.lot_no = $3
          AND m.kind = 'commissioned' AND m.state IN ('accepted', 'partial'))
WHERE tenant_id = $1 AND product_no = $2 AND lot_no = $3";

/// What a changed message is about: product, lot and kind of fact.
pub(super) type MessageSubject = (i32, Option<i32>, String);

impl Writer<'_> {
    /// Counts a lot's loads and messages anew.
    pub(super) fn lot_recount(&mut self, product: ProductNo, lot: LotNo) -> Result<(), StoreError> {
        let tenant = self.tenant_id();
        // Whoever counts holds the lot first: two who changed two messages of it at once would else each miss the other's.
        engine::hold_lot(self.connection, tenant, product, lot)?;
        diesel::sql_query(RECOUNT)
            .bind::<Integer, _>(tenant)
            .bind::<Integer, _>(product.0)
            .bind::<Integer, _>(lot.0)
            .execute(self.connection)?;
        Ok(())
    }

    /// Counts the lot of a message anew when it carries packs.
    pub(super) fn lot_recount_of(&mut self, subject: &MessageSubject) -> Result<(), StoreError> {
        match subject {
            (product, Some(lot), kind) if kind == FactKind::Commissioned.as_str() => {
                self.lot_recount(ProductNo(*product), LotNo(*lot))
            }
            _ => Ok(()),
        }
    }

    /// Counts visible packs that went from one state to another.
    pub(super) fn lot_states_moved(
        &mut self,
        product: ProductNo,
        serials: &[Serial],
        (from, to): (PackState, PackState),
    ) -> Result<(), StoreError> {
        let mut loads: BTreeMap<LoadNo, i64> = BTreeMap::new();
        for (_, load) in self.pack_existing(product, serials)? {
            *loads.entry(load).or_default() += 1;
        }
        let mut lots: BTreeMap<LotNo, i64> = BTreeMap::new();
        for (load, packs) in loads {
            let record = known(self.load_get(product, load)?, "load of a pack")?;
            *lots.entry(record.lot).or_default() += packs;
        }
        for (lot, packs) in lots {
            self.lot_state_add(product, lot, from, -packs)?;
            self.lot_state_add(product, lot, to, packs)?;
        }
        Ok(())
    }

    /// Counts visible packs of a lot that were removed, by the numbers of their states.
    pub(super) fn lot_states_removed(
        &mut self,
        product: ProductNo,
        lot: LotNo,
        states: &[i16],
    ) -> Result<(), StoreError> {
        for state in PackState::ALL {
            let packs = states.iter().filter(|number| **number == state.number());
            match packs.count() {
                0 => {}
                packs => self.lot_state_add(product, lot, state, -(packs as i64))?,
            }
        }
        Ok(())
    }

    /// Active packs are not counted: they are the rest of what is stored.
    fn lot_state_add(
        &mut self,
        product: ProductNo,
        lot: LotNo,
        state: PackState,
        packs: i64,
    ) -> Result<(), StoreError> {
        if state == PackState::Active {
            return Ok(());
        }
        diesel::sql_query(
            "INSERT INTO lot_state_count (tenant_id, product_no, lot_no, state, packs)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (tenant_id, product_no, lot_no, state)
             DO UPDATE SET packs = lot_state_count.packs + excluded.packs",
        )
        .bind::<Integer, _>(self.tenant_id())
        .bind::<Integer, _>(product.0)
        .bind::<Integer, _>(lot.0)
        .bind::<SmallInt, _>(state.number())
        .bind::<BigInt, _>(packs)
        .execute(self.connection)?;
        Ok(())
    }
}
