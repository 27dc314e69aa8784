//! `/v1/lots`: the four numbers of a lot, what parts them, sending and recalling (users.md 3.6 and Annex A). The proof for
//! the Qualified Person is in [`super::receipt`].

use actix_web::http::header::ETAG;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use packtwin_app::lot::{self, LotView, SendWhat};
use packtwin_core::batch_number::BatchNumber;
use packtwin_core::ids::{LotNo, ProductNo};
use packtwin_core::lot::Completeness;
use packtwin_core::market::Market;
use packtwin_core::product_code::ProductCode;
use packtwin_core::time::Timestamp;
use packtwin_tenants::store::lot_list::{LotCursor, LotFilter, LotSummary};

use super::caller::Caller;
use super::list::{Page, Row};
use super::market::markets_of;
use super::message::{FarRefusalBody, UnconfirmedBody};
use super::problem::Problem;
use super::request::{Body, IfMatch, Query, etag};
use super::shared::Shared;
use super::upload::accepted;
use crate::body;

/// A lot with its numbers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Lot {
    /// The product code.
    product: String,
    /// The product's name.
    name: String,
    /// The batch number.
    lot: String,
    /// The expiry as printed, YYMMDD.
    expiry: String,
    /// The last day on which the packs are not expired.
    expires_on: String,
    /// The version of the product it belongs to.
    version: u32,
    /// The four numbers.
    numbers: Numbers,
    /// Whether it is recalled somewhere.
    recalled: bool,
}

/// Produced = stored = sent = acknowledged, exact to the unit.
#[derive(Debug, Serialize, ToSchema)]
pub struct Numbers {
    /// As the batch record says.
    produced: Option<u64>,
    /// Packs stored.
    stored: u64,
    /// Packs sent to the hub.
    sent: u64,
    /// Packs that the hub acknowledged.
    acknowledged: u64,
    /// Whether all four are stated and agree.
    complete: bool,
    /// Numbers that nobody has stated yet, such as `produced`; `PATCH` of the lot states it.
    missing: &'static [&'static str],
}

impl From<Completeness> for Numbers {
    fn from(numbers: Completeness) -> Self {
        Numbers {
            produced: numbers.produced,
            stored: numbers.stored,
            sent: numbers.sent,
            acknowledged: numbers.acknowledged,
            complete: numbers.is_complete(),
            missing: numbers.missing(),
        }
    }
}

impl From<&LotSummary> for Lot {
    fn from(summary: &LotSummary) -> Self {
        Lot {
            product: summary.product_code.to_string(),
            name: summary.product_name.clone(),
            lot: summary.lot.batch.to_string(),
            expiry: summary.lot.expiry.to_string(),
            expires_on: summary.lot.expiry.last_day().to_string(),
            version: summary.lot.version,
            numbers: Numbers::from(summary.completeness),
            recalled: summary.recalled,
        }
    }
}

impl From<&LotView> for Lot {
    fn from(view: &LotView) -> Self {
        Lot {
            product: view.product.code.to_string(),
            name: view.data.name.clone(),
            lot: view.lot.batch.to_string(),
            expiry: view.lot.expiry.to_string(),
            expires_on: view.lot.expiry.last_day().to_string(),
            version: view.lot.version,
            numbers: Numbers::from(view.numbers),
            recalled: !view.recalls.is_empty(),
        }
    }
}

impl Row for Lot {
    const HEAD: &'static [&'static str] = &[
        "product",
        "name",
        "lot",
        "expiry",
        "version",
        "produced",
        "stored",
        "sent",
        "acknowledged",
        "complete",
        "recalled",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.product.clone(),
            self.name.clone(),
            self.lot.clone(),
            self.expiry.clone(),
            self.version.to_string(),
            self.numbers
                .produced
                .map_or_else(String::new, |produced| produced.to_string()),
            self.numbers.stored.to_string(),
            self.numbers.sent.to_string(),
            self.numbers.acknowledged.to_string(),
            self.numbers.complete.to_string(),
            self.recalled.to_string(),
        ]
    }
}

/// A lot with what can be done and why not.
#[derive(Debug, Serialize, ToSchema)]
pub struct LotDetail {
    #[serde(flatten)]
    lot: Lot,
    /// Packs that `:send` would carry.
    unsent: u64,
    /// Packs that `:send` with `difference` would carry.
    difference: u64,
    /// What stands against sending, one sentence each.
    blocked_by: Vec<String>,
    /// Where it is recalled.
    recalls: Vec<Recalled>,
    /// What the hub refused of it and what did not leave anew.
    refusals: Vec<FarRefusalBody>,
    /// The messages it went out with, newest first.
    messages: Vec<String>,
    /// Those of them that have no final answer.
    unconfirmed: Vec<UnconfirmedBody>,
}

/// A recall in one market.
#[derive(Debug, Serialize, ToSchema)]
pub struct Recalled {
    /// The market.
    market: String,
    /// Since when.
    at: String,
    /// Why.
    reason: String,
}

body! {
    /// What the batch record says.
    pub struct ProducedEntered {
        /// Packs produced; null when not known.
        produced: Option<u64>,
    }
}

body! {
    /// What to send.
    pub struct SendWanted {
        /// `unsent`: what was not sent yet; `difference`: everything the hub does not hold.
        what: String,
    }
}

body! {
    /// A recall: final.
    pub struct RecallWanted {
        /// Markets by ISO 3166-1 alpha-2 code.
        markets: Vec<String>,
        /// Why, as the authority is told.
        reason: String,
    }
}

/// Lots, newest first.
///
/// # Errors
/// A parameter is wrong.
#[utoipa::path(get, path = "/v1/lots", tag = "lots",
    params(("product" = Option<String>, Query), ("lot" = Option<String>, Query), ("market" = Option<String>, Query),
        ("expiry_from" = Option<String>, Query), ("expiry_to" = Option<String>, Query),
        ("difference" = Option<bool>, Query), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Page<Lot>)))]
pub async fn list(
    caller: Caller,
    mut query: Query,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let product = query.take(
        "product",
        |text| ProductCode::parse(text).ok(),
        "a product code",
    );
    let mut filter = LotFilter {
        product: None,
        batch_text: query.text("lot"),
        expiry_from: query.take("expiry_from", |text| text.parse().ok(), "a day, YYYY-MM-DD"),
        expiry_to: query.take("expiry_to", |text| text.parse().ok(), "a day, YYYY-MM-DD"),
        market: query.take("market", |text| text.parse().ok(), "a market such as DE"),
        difference_only: query
            .take("difference", |text| text.parse().ok(), "true or false")
            .unwrap_or(false),
    };
    let limit = query.limit();
    let after = query.cursor(read_cursor);
    query.close()?;
    let lots = caller
        .read(move |reader| {
            if let Some(code) = product {
                match reader.product_find(&code)? {
                    Some(found) => filter.product = Some(found.no),
                    None => return Ok(Vec::new()),
                }
            }
            reader.lot_list(&filter, after, i64::from(limit) + 1)
        })
        .await?;
    let keyed = |summary: &LotSummary| (written_cursor(&summary.cursor()), Lot::from(summary));
    Page::of_keyed(lots.iter().map(keyed).collect(), limit).respond(&request)
}

/// One lot.
///
/// # Errors
/// There is no such lot.
#[utoipa::path(get, path = "/v1/lots/{product}/{lot}", tag = "lots",
    params(("product" = String, Path), ("lot" = String, Path)), responses((status = 200, body = LotDetail)))]
pub async fn show(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (code, batch) = names(&path)?;
    let view = caller
        .at_desk(&shared, move |desk| lot::view_lot(desk, &code, &batch))
        .await?;
    Ok(answer(&view))
}

/// Enters the produced count of the batch record.
///
/// # Errors
/// There is no such lot; the version is another.
#[utoipa::path(patch, path = "/v1/lots/{product}/{lot}", tag = "lots", request_body = ProducedEntered,
    params(("product" = String, Path), ("lot" = String, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = LotDetail)))]
pub async fn enter_produced(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<(String, String)>,
    if_match: IfMatch,
    Body(entered): Body<ProducedEntered>,
) -> Result<HttpResponse, Problem> {
    let (code, batch) = names(&path)?;
    let version = if_match.row_version();
    let view = caller
        .at_desk(&shared, move |desk| {
            lot::enter_produced(desk, &code, &batch, entered.produced, version)?;
            lot::view_lot(desk, &code, &batch)
        })
        .await?;
    Ok(answer(&view))
}

/// Sends a lot to the hub.
///
/// # Errors
/// Everything that stands against it, at once.
#[utoipa::path(post, path = "/v1/lots/{product}/{lot}:send", tag = "lots", request_body = SendWanted,
    params(("product" = String, Path), ("lot" = String, Path)),
    responses((status = 202, description = "`Location` is the job")))]
pub async fn send(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<(String, String)>,
    Body(wanted): Body<SendWanted>,
) -> Result<HttpResponse, Problem> {
    let (code, batch) = names(&path)?;
    let what = match wanted.what.as_str() {
        "unsent" => SendWhat::Unsent,
        "difference" => SendWhat::Difference,
        _ => {
            let text = "Here belongs unsent or difference.";
            return Err(Problem::at(
                packtwin_core::code::Code::RequestMalformed,
                "/what",
                text,
            ));
        }
    };
    let job = caller
        .at_desk(&shared, move |desk| {
            lot::request_send(desk, &code, &batch, what)
        })
        .await?;
    Ok(accepted(job))
}

/// Recalls a lot in markets: final.
///
/// # Errors
/// LOT-003; a market is none of its version's; the reason is missing.
#[utoipa::path(post, path = "/v1/lots/{product}/{lot}:recall", tag = "lots", request_body = RecallWanted,
    params(("product" = String, Path), ("lot" = String, Path)),
    responses((status = 202, description = "`Location` is the message")))]
pub async fn recall(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<(String, String)>,
    Body(wanted): Body<RecallWanted>,
) -> Result<HttpResponse, Problem> {
    let (code, batch) = names(&path)?;
    let markets: Vec<Market> = markets_of(&wanted.markets)?;
    let reason = wanted.reason;
    let message = caller
        .at_desk(&shared, move |desk| {
            lot::recall_lot(desk, &code, &batch, &markets, &reason)
        })
        .await?;
    Ok(super::message::on_its_way(message))
}

/// Product code and batch number of an address. What is none of these is not there.
pub(super) fn names(path: &(String, String)) -> Result<(ProductCode, BatchNumber), Problem> {
    let code = ProductCode::parse(&path.0).map_err(|_| Problem::not_found())?;
    let batch = BatchNumber::parse(&path.1).map_err(|_| Problem::not_found())?;
    Ok((code, batch))
}

fn answer(view: &LotView) -> HttpResponse {
    let detail = LotDetail {
        lot: Lot::from(view),
        unsent: view.unsent.0,
        difference: view.difference.0,
        blocked_by: view
            .unsent
            .1
            .iter()
            .map(|refusal| refusal.text.clone())
            .collect(),
        recalls: view
            .recalls
            .iter()
            .map(|(market, at, reason)| Recalled {
                market: market.to_string(),
                at: at.to_string(),
                reason: reason.clone(),
            })
            .collect(),
        refusals: view.refusals.iter().map(FarRefusalBody::from).collect(),
        messages: view
            .messages
            .iter()
            .map(|message| message.id.to_string())
            .collect(),
        unconfirmed: view.unconfirmed.iter().map(UnconfirmedBody::from).collect(),
    };
    HttpResponse::Ok()
        .insert_header((ETAG, etag(view.lot.row_version)))
        .json(detail)
}

pub(super) fn written_cursor(cursor: &LotCursor) -> String {
    format!(
        "{}/{}/{}",
        cursor.created_at.micros(),
        cursor.product.0,
        cursor.lot.0
    )
}

pub(super) fn read_cursor(key: &str) -> Option<LotCursor> {
    let mut parts = key.split('/');
    let cursor = LotCursor {
        created_at: Timestamp::from_micros(parts.next()?.parse().ok()?),
        product: ProductNo(parts.next()?.parse().ok()?),
        lot: LotNo(parts.next()?.parse().ok()?),
    };
    parts.next().is_none().then_some(cursor)
}
