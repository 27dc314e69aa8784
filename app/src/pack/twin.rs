//! What a pack is now, and what it was at a time that has passed.
//!
//! Now is read from the tables of states; then is told from the facts that had happened by then (design.md section 2.4),
//! whenever they were recorded. A pack exists from its commissioning on: before it there is nothing to answer.

use chrono::NaiveDate;

use packtwin_core::code::Code;
use packtwin_core::fact::FactKind;
use packtwin_core::lot::BatchState;
use packtwin_core::market::Market;
use packtwin_core::pack::{EffectiveState, PackState, effective_state};
use packtwin_core::product::{MasterData, ProductState};
use packtwin_core::product_code::ProductCode;
use packtwin_core::role::Permission;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::scope::Reader;
use packtwin_tenants::store::fact::FactRecord;
use packtwin_tenants::store::lot::LotRecord;
use packtwin_tenants::store::pack::PackRecord;
use packtwin_tenants::store::product::ProductRecord;
use serde::Deserialize;

use crate::desk::Desk;
use crate::error::AppError;
use crate::product::product_of;

/// A pack at a time.
#[derive(Debug, Clone)]
pub struct PackTwin {
    /// The time that is told of; `None` is now.
    pub as_of: Option<Timestamp>,
    /// Its product.
    pub product: ProductRecord,
    /// The master data of its lot's version.
    pub data: MasterData,
    /// Its lot.
    pub lot: LotRecord,
    /// The pack as it is found now.
    pub pack: PackRecord,
    /// Its own state at that time.
    pub state: PackState,
    /// Where its lot was recalled by then.
    pub recalled_in: Vec<Market>,
    /// Where its product was withdrawn by then.
    pub withdrawn_in: Vec<Market>,
    /// What had happened to it by then, in the order of recording.
    pub facts: Vec<FactRecord>,
}

impl PackTwin {
    /// What counts for whoever holds the pack on a day. The worst market counts: in which one it stands is not known.
    pub fn effective(&self, today: NaiveDate) -> EffectiveState {
        let is_withdrawn = self
            .data
            .markets
            .iter()
            .any(|entry| self.withdrawn_in.contains(&entry.market));
        let product = match is_withdrawn {
            true => ProductState::Withdrawn,
            false => ProductState::Active,
        };
        let lot = match self.recalled_in.is_empty() {
            true => BatchState::Active,
            false => BatchState::Recalled,
        };
        effective_state(product, lot, self.lot.expiry, self.state, today)
    }
}

/// A pack as it is now, or as it was at a time.
///
/// # Errors
/// There is no such pack; it was not commissioned yet at that time; the time has not come; the caller may not.
pub fn view_pack(
    desk: &Desk<'_>,
    code: &ProductCode,
    serial: &Serial,
    as_of: Option<Timestamp>,
) -> Result<PackTwin, AppError> {
    desk.require(Permission::LotsRead)?;
    let twin = desk.scope().read(|reader| twin_now(reader, code, serial))?;
    match as_of {
        None => Ok(twin),
        Some(at) if at > desk.now() => {
            let text = "this time has not come yet; nothing is known of it";
            Err(AppError::refuse_at(Code::RequestMalformed, "?as_of", text))
        }
        Some(at) => twin_then(twin, at),
    }
}

/// The pack as the tables of states have it.
pub(super) fn twin_now(
    reader: &mut Reader<'_>,
    code: &ProductCode,
    serial: &Serial,
) -> Result<PackTwin, AppError> {
    let product = product_of(reader, code)?;
    let pack = reader
        .pack_find(product.no, serial)?
        .ok_or(AppError::NotFound)?;
    let lot = reader
        .lot_get(product.no, pack.lot)?
        .ok_or(AppError::NotFound)?;
    let version = reader
        .product_version_get(product.no, lot.version)?
        .ok_or(AppError::NotFound)?;
    let markets = |closed: Vec<(Market, Timestamp, String)>| {
        closed.into_iter().map(|(market, _, _)| market).collect()
    };
    Ok(PackTwin {
        as_of: None,
        data: version.data,
        state: pack.state,
        recalled_in: markets(reader.lot_recalls(product.no, lot.no)?),
        withdrawn_in: markets(reader.product_withdrawals(product.no)?),
        facts: reader.fact_list_of_pack(product.no, serial)?,
        pack,
        product,
        lot,
    })
}

/// What the facts say of a time.
fn twin_then(now: PackTwin, at: Timestamp) -> Result<PackTwin, AppError> {
    let begun = now
        .facts
        .iter()
        .find(|fact| fact.kind == FactKind::Commissioned)
        .map(|fact| fact.at);
    if begun.is_none_or(|begun| begun > at) {
        let text = match begun {
            Some(begun) => {
                format!("this pack was commissioned at {begun}; at {at} there was no such pack")
            }
            None => format!("nothing is recorded of how this pack began, so nothing of {at}"),
        };
        return Err(AppError::refuse(Code::NotFound, text));
    }
    let mut facts: Vec<FactRecord> = now
        .facts
        .iter()
        .filter(|fact| fact.at <= at)
        .cloned()
        .collect();
    facts.sort_by_key(|fact| (fact.at, fact.no));
    let mut then = PackTwin {
        as_of: Some(at),
        state: PackState::Active,
        recalled_in: Vec::new(),
        withdrawn_in: Vec::new(),
        facts: Vec::new(),
        ..now
    };
    for fact in &facts {
        let told: Told = serde_json::from_str(&fact.detail).unwrap_or_default();
        match fact.kind {
            FactKind::Commissioned | FactKind::ProductVersioned => {}
            FactKind::StateChanged => then.state = told.pack_state()?,
            FactKind::Recalled => add_markets(&mut then.recalled_in, &told),
            FactKind::Withdrawn => add_markets(&mut then.withdrawn_in, &told),
        }
    }
    facts.sort_by_key(|fact| fact.no);
    then.facts = facts;
    Ok(then)
}

/// What a fact keeps beside its kind and time.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    state: String,
    markets: Vec<String>,
}

impl Told {
    fn pack_state(&self) -> Result<PackState, AppError> {
        let damaged = AppError::Store(StoreError::Damaged { what: "fact" });
        PackState::parse(&self.state).ok_or(damaged)
    }
}

fn add_markets(markets: &mut Vec<Market>, told: &Told) {
    let named = told.markets.iter().filter_map(|text| text.parse().ok());
    for market in named {
        if !markets.contains(&market) {
            markets.push(market);
        }
    }
}
