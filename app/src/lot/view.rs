//! The lot page: four numbers, what parts them, what can be done and why not.

use packtwin_core::batch_number::BatchNumber;
use packtwin_core::lot::Completeness;
use packtwin_core::market::Market;
use packtwin_core::product::MasterData;
use packtwin_core::product_code::ProductCode;
use packtwin_core::refusal::Refusal;
use packtwin_core::role::Permission;
use packtwin_core::time::Timestamp;
use packtwin_tenants::store::fact::FactRecord;
use packtwin_tenants::store::load::{LoadRecord, LoadState};
use packtwin_tenants::store::lot::LotRecord;
use packtwin_tenants::store::message::MessageRecord;
use packtwin_tenants::store::product::ProductRecord;

use super::difference::standing_refusals;
use super::lot_of;
use super::send::{SendWhat, blocked_by, messages_of_lot, plan};
use crate::desk::Desk;
use crate::error::AppError;
use crate::market::{MarketStanding, market_standing};
use crate::message::{FarRefusal, Unconfirmed, unconfirmed};

/// Facts shown on the page.
const FACTS_SHOWN: i64 = 200;

/// Everything about one lot.
pub struct LotView {
    /// Its product.
    pub product: ProductRecord,
    /// The master data of its version.
    pub data: MasterData,
    /// The lot.
    pub lot: LotRecord,
    /// The four numbers.
    pub numbers: Completeness,
    /// Packs that "send" would carry, and what stands against it.
    pub unsent: (u64, Vec<Refusal>),
    /// Packs that "send difference only" would carry, and what stands against it.
    pub difference: (u64, Vec<Refusal>),
    /// In which markets its packs may be placed, and which are closed to them.
    pub standing: MarketStanding,
    /// Where it is recalled.
    pub recalls: Vec<(Market, Timestamp, String)>,
    /// Its loads.
    pub loads: Vec<LoadRecord>,
    /// Its messages, newest first.
    pub messages: Vec<MessageRecord>,
    /// What of them the far side refused and that did not leave anew.
    pub refusals: Vec<FarRefusal>,
    /// Which of them have no final answer.
    pub unconfirmed: Vec<Unconfirmed>,
    /// Its facts, newest first.
    pub facts: Vec<FactRecord>,
}

/// Everything about one lot.
///
/// # Errors
/// There is no such lot; the caller may not.
pub fn view_lot(
    desk: &Desk<'_>,
    code: &ProductCode,
    batch: &BatchNumber,
) -> Result<LotView, AppError> {
    desk.require(Permission::LotsRead)?;
    desk.scope().read(|reader| {
        let (product, lot) = lot_of(reader, code, batch)?;
        let version = reader
            .product_version_get(product.no, lot.version)?
            .ok_or(AppError::NotFound)?;
        let unsent = plan(reader, product.no, lot.no, SendWhat::Unsent)?.packs();
        let difference = plan(reader, product.no, lot.no, SendWhat::Difference)?.packs();
        let mut facts = reader.fact_list_of_lot(product.no, lot.no, 0, FACTS_SHOWN)?;
        facts.reverse();
        let mut messages = messages_of_lot(reader, product.no, lot.no)?;
        messages.sort_by_key(|message| std::cmp::Reverse((message.created_at, message.id)));
        let mut open = Vec::new();
        for message in &messages {
            open.extend(unconfirmed(reader, message)?);
        }
        Ok(LotView {
            refusals: standing_refusals(reader, product.no, lot.no, &messages)?,
            unconfirmed: open,
            numbers: reader.lot_completeness(product.no, lot.no)?,
            unsent: (
                unsent,
                blocked_by(reader, &product, &lot, SendWhat::Unsent)?,
            ),
            difference: (
                difference,
                blocked_by(reader, &product, &lot, SendWhat::Difference)?,
            ),
            standing: market_standing(reader, product.no, Some(lot.no), &version.data)?,
            recalls: reader.lot_recalls(product.no, lot.no)?,
            loads: reader.load_list_of_lot(product.no, lot.no)?,
            messages,
            facts,
            data: version.data,
            product,
            lot,
        })
    })
}

impl LotView {
    /// Packs of visible loads, by load.
    pub fn visible_loads(&self) -> impl Iterator<Item = &LoadRecord> {
        self.loads
            .iter()
            .filter(|load| load.state == LoadState::Visible)
    }
}
