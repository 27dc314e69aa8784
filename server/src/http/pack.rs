//! `/v1/packs`: the twin of one pack as far as road 1 knows it, and changes of state for many (users.md 3.7, 6). What told
//! of a pack and what proves it is in [`super::pack_proof`].

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use packtwin_app::lot::{self, lot_of};
use packtwin_app::pack::{self, PackTwin};
use packtwin_core::batch_number::BatchNumber;
use packtwin_core::code::Code;
use packtwin_core::market::Market;
use packtwin_core::pack::{EffectiveState, PackState};
use packtwin_core::product_code::ProductCode;
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_core::role::Permission;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;
use packtwin_tenants::store::fact::FactRecord;
use packtwin_tenants::store::pack::PackRecord;

use super::caller::Caller;
use super::list::{Page, Row};
use super::lot::names;
use super::problem::Problem;
use super::request::{Body, Query};
use super::shared::Shared;
use crate::body;

/// One pack.
#[derive(Debug, Serialize, ToSchema)]
pub struct Pack {
    /// The product code.
    product: String,
    /// The serial.
    serial: String,
    /// The batch number.
    lot: String,
    /// The expiry as printed, YYMMDD.
    expiry: String,
    /// The pack's own state, such as `active` or `free_sample`.
    state: String,
    /// What counts for whoever holds it: `withdrawn` and `recalled` in any of its markets, its own state, `expired`, or
    /// `active`, the worst first.
    effective_state: String,
    /// Markets in which its lot is recalled.
    recalled_in: Vec<String>,
    /// Markets from which its product is withdrawn.
    withdrawn_in: Vec<String>,
    /// The time that is told of; absent when that is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<String>,
}

/// A pack of a lot.
#[derive(Debug, Serialize, ToSchema)]
pub struct PackOfLot {
    /// The serial.
    serial: String,
    /// The pack's own state.
    state: String,
}

impl Row for PackOfLot {
    const HEAD: &'static [&'static str] = &["serial", "state"];

    fn cells(&self) -> Vec<String> {
        vec![self.serial.clone(), self.state.clone()]
    }
}

/// Something that happened to a pack.
#[derive(Debug, Serialize, ToSchema)]
pub struct PackEvent {
    /// What happened.
    kind: &'static str,
    /// When.
    at: String,
    /// When it was recorded.
    recorded_at: String,
    /// Who recorded it.
    actor: String,
    /// What belongs to it.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
}

impl From<&FactRecord> for PackEvent {
    fn from(record: &FactRecord) -> Self {
        PackEvent {
            kind: record.kind.as_str(),
            at: record.at.to_string(),
            recorded_at: record.recorded_at.to_string(),
            actor: record.actor.clone(),
            detail: serde_json::from_str(&record.detail).unwrap_or_default(),
        }
    }
}

body! {
    /// Packs of one lot to be set to a state; all or none.
    pub struct StateChange {
        /// The product code.
        product: String,
        /// The batch number.
        lot: String,
        /// The serials, up to 10,000.
        serials: Vec<String>,
        /// The state, such as `destroyed` or `free_sample`.
        state: String,
    }
}

/// A pack's twin: now, or as of a time.
pub(super) async fn found(
    caller: &Caller,
    shared: &web::Data<Shared>,
    path: &(String, String),
    as_of: Option<Timestamp>,
) -> Result<PackTwin, Problem> {
    let (code, serial) = pack_names(path)?;
    caller
        .at_desk(shared, move |desk| {
            pack::view_pack(desk, &code, &serial, as_of)
        })
        .await
}

/// Product code and serial of an address. What is none of these is not there.
pub(super) fn pack_names(path: &(String, String)) -> Result<(ProductCode, Serial), Problem> {
    let code = ProductCode::parse(&path.0).map_err(|_| Problem::not_found())?;
    let serial = Serial::parse(&path.1).map_err(|_| Problem::not_found())?;
    Ok((code, serial))
}

/// What counts for whoever holds a pack, as a word.
fn effective_word(state: EffectiveState) -> String {
    match state {
        EffectiveState::Withdrawn => "withdrawn".to_owned(),
        EffectiveState::Recalled => "recalled".to_owned(),
        EffectiveState::Expired => "expired".to_owned(),
        EffectiveState::Active => "active".to_owned(),
        EffectiveState::Pack(state) => word(state),
    }
}

impl Pack {
    /// The pack as it counts on a day, or on the day of the time that is told of.
    fn on(twin: &PackTwin, today: NaiveDate) -> Self {
        let today = twin.as_of.map_or(today, |at| at.date());
        let words = |markets: &[Market]| markets.iter().map(Market::to_string).collect();
        Pack {
            product: twin.product.code.to_string(),
            serial: twin.pack.serial.to_string(),
            lot: twin.lot.batch.to_string(),
            expiry: twin.lot.expiry.to_string(),
            state: word(twin.state),
            effective_state: effective_word(twin.effective(today)),
            recalled_in: words(&twin.recalled_in),
            withdrawn_in: words(&twin.withdrawn_in),
            as_of: twin.as_of.map(|at| at.to_string()),
        }
    }
}

/// One pack as it is now, or as it was at `as_of`: by the facts that had happened by then, whenever they were recorded.
///
/// # Errors
/// There is no such pack, or there was none at that time, which is said in words; the time has not come.
#[utoipa::path(get, path = "/v1/packs/{code}/{serial}", tag = "packs",
    params(("code" = String, Path), ("serial" = String, Path), ("as_of" = Option<String>, Query)),
    responses((status = 200, body = Pack)))]
pub async fn show(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<(String, String)>,
    mut query: Query,
) -> Result<HttpResponse, Problem> {
    let as_of = query.take(
        "as_of",
        Timestamp::parse,
        "a point in time with its offset, such as 2026-11-22T14:50:14Z",
    );
    query.close()?;
    let twin = found(&caller, &shared, &path, as_of).await?;
    Ok(HttpResponse::Ok().json(Pack::on(&twin, shared.now().date())))
}

/// What happened to a pack: its lot's facts and its own.
///
/// # Errors
/// There is no such pack.
#[utoipa::path(get, path = "/v1/packs/{code}/{serial}/events", tag = "packs",
    params(("code" = String, Path), ("serial" = String, Path)), responses((status = 200, body = Page<PackEvent>)))]
pub async fn events(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let twin = found(&caller, &shared, &path, None).await?;
    Ok(HttpResponse::Ok().json(Page {
        items: twin.facts.iter().map(PackEvent::from).collect(),
        next: None,
    }))
}

/// The packs of a lot in the order of their serials, also as CSV.
///
/// # Errors
/// There is no such lot; a parameter is wrong.
#[utoipa::path(get, path = "/v1/lots/{product}/{lot}/packs", tag = "lots",
    params(("product" = String, Path), ("lot" = String, Path), ("limit" = Option<u32>, Query),
        ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Page<PackOfLot>)))]
pub async fn list(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<(String, String)>,
    mut query: Query,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let limit = query.limit();
    let after = query.cursor(|key| Serial::parse(key).ok());
    query.close()?;
    let (code, batch) = names(&path)?;
    let packs = caller.at_desk(&shared, move |desk| {
        desk.require(Permission::LotsRead)?;
        desk.scope().read(|reader| {
            let (product, lot) = lot_of(reader, &code, &batch)?;
            Ok(reader.pack_list(product.no, lot.no, after.as_ref(), i64::from(limit) + 1)?)
        })
    });
    let item = |pack: &PackRecord| PackOfLot {
        serial: pack.serial.to_string(),
        state: word(pack.state),
    };
    Page::of(packs.await?.iter().map(item).collect(), limit, |pack| {
        pack.serial.clone()
    })
    .respond(&request)
}

/// Sets packs of one lot to a state and tells the hub.
///
/// # Errors
/// Every pack that is not of this lot or cannot take the state, at once.
#[utoipa::path(post, path = "/v1/packs:change-bulk", tag = "packs", request_body = StateChange,
    responses((status = 202, description = "`Location` is the message")))]
pub async fn change(
    caller: Caller,
    shared: web::Data<Shared>,
    Body(wanted): Body<StateChange>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Vec::new();
    let mut fault =
        |place: String, text: String| faults.push(Refusal::at(Code::RequestMalformed, place, text));
    let code = ProductCode::parse(&wanted.product)
        .map_err(|error| fault("/product".into(), error.to_string()))
        .ok();
    let batch = BatchNumber::parse(&wanted.lot)
        .map_err(|error| fault("/lot".into(), error.to_string()))
        .ok();
    let state = PackState::ALL
        .into_iter()
        .find(|state| word(*state) == wanted.state);
    if state.is_none() {
        let states = PackState::ALL.map(word).join(", ");
        fault("/state".into(), format!("Here belongs one of {states}."));
    }
    let mut serials = Vec::new();
    for (index, text) in wanted.serials.iter().enumerate() {
        match Serial::parse(text) {
            Ok(serial) => serials.push(serial),
            Err(error) => fault(format!("/serials/{index}"), error.to_string()),
        }
    }
    Refusals::check(faults)?;
    let (Some(code), Some(batch), Some(state)) = (code, batch, state) else {
        return Err(Problem::unavailable());
    };
    let message = caller.at_desk(&shared, move |desk| {
        lot::change_states(desk, &code, &batch, &serials, state)
    });
    Ok(super::message::on_its_way(message.await?))
}

/// The word of a state in this API, as the states of all other nouns are written: `FreeSample` is `free_sample`.
pub(super) fn word(state: PackState) -> String {
    let mut word = String::new();
    for letter in state.as_str().chars() {
        if letter.is_ascii_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_written_as_all_others_are() {
        for (state, expected) in [
            (PackState::Active, "active"),
            (PackState::FreeSample, "free_sample"),
            (PackState::CheckedOut, "checked_out"),
        ] {
            assert_eq!(word(state), expected);
        }
    }
}
