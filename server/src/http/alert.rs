//! `/v1/alerts`: the alerts of the caller's products, as the holder may see them, and deciding them (URS-AL-001 to 004).
//!
//! No alert says where it came from: a pseudonym stands for the place, in this alert alone (Art. 38).

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use packtwin_app::alert::{DecideAlert, decide_alert, view_alert};
use packtwin_core::alert::{AlertId, AlertState, Cause};
use packtwin_core::code::Code;
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_core::scan::Confidence;
use packtwin_core::verification::AlertCode;
use packtwin_tenants::store::alert::{AlertDecision, AlertFilter, AlertRecord};

use super::caller::Caller;
use super::list::{Page, Row, time_key, time_key_of};
use super::problem::Problem;
use super::request::{Body, Query};
use super::shared::Shared;
use crate::body;

/// An alert.
#[derive(Debug, Serialize, ToSchema)]
pub struct Alert {
    /// Its id.
    id: String,
    /// Which alert, such as `A24`.
    code: &'static str,
    /// What it says.
    text: &'static str,
    /// What came of the request that raised it.
    outcome: String,
    /// When the request was made.
    raised_at: String,
    /// The market.
    market: String,
    /// The product code as sent.
    product: String,
    /// The serial as sent.
    serial: String,
    /// The batch as sent.
    lot: Option<String>,
    /// The expiry as sent.
    expiry: Option<String>,
    /// The batch as stored.
    known_lot: Option<String>,
    /// The expiry as stored.
    known_expiry: Option<String>,
    /// The state of the pack when it was asked for.
    state_before: Option<String>,
    /// What was asked.
    operation: String,
    /// `scan` or `manual`.
    entry: String,
    /// `immediate`, or `deferred` where it came from a queue.
    delivery: String,
    /// Stands for the place in this alert alone.
    pseudonym: String,
    /// When the pack got the state it had.
    previous_at: Option<String>,
    /// Whether the same place did that: `same_site` or `other_site`.
    previous_by: Option<String>,
    /// Where it stands.
    state: &'static str,
    /// Since when.
    since: String,
    /// When it escalates by itself.
    deadline: Option<String>,
    /// Its place in the list.
    #[serde(skip)]
    place: String,
}

/// One step in the life of an alert.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertStep {
    /// When.
    at: String,
    /// Who.
    actor: String,
    /// The state after.
    state: &'static str,
    /// The cause from the list.
    cause: Option<&'static str>,
    /// The reason in words.
    comment: String,
}

/// What an alert most likely is.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertCause {
    /// The cause, such as `KEYBOARD_LAYOUT`.
    cause: &'static str,
    /// `high`, `medium` or `low`.
    confidence: &'static str,
    /// What happened, in one sentence.
    text: &'static str,
}

/// A stored serial that the sent one can be explained by.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertNear {
    /// As stored.
    serial: String,
    /// The batch of that pack.
    lot: String,
    /// Differing characters of the sent serial, counted from 0.
    sent_places: Vec<usize>,
    /// Differing characters of the stored one, counted from 0.
    known_places: Vec<usize>,
}

/// An alert with its life.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertWithSteps {
    /// The alert.
    #[serde(flatten)]
    alert: Alert,
    /// Its likely cause; it explains and closes nothing.
    likely_cause: Option<AlertCause>,
    /// The pack that was probably meant.
    near: Option<AlertNear>,
    /// What happened to it, the first first.
    steps: Vec<AlertStep>,
}

body! {
    /// A decision on an alert.
    pub struct AlertMove {
        /// `under_review`, `resolved` or `escalated`.
        to: String,
        /// The cause, such as `UPLOAD_MISSING`; needed to resolve.
        cause: Option<String>,
        /// The reason, up to 500 characters.
        comment: String,
    }
}

impl From<&AlertRecord> for Alert {
    fn from(record: &AlertRecord) -> Self {
        let detail = &record.detail;
        let previous = detail.previous.as_ref();
        Alert {
            id: record.id.to_string(),
            code: record.code.as_str(),
            text: record.code.sentence(),
            outcome: record.outcome.clone(),
            raised_at: record.raised_at.to_string(),
            market: record.market.to_string(),
            product: record.product_code.clone(),
            serial: record.serial.to_string(),
            lot: record.batch.clone(),
            expiry: detail.expiry.clone(),
            known_lot: detail.known_batch.clone(),
            known_expiry: detail.known_expiry.clone(),
            state_before: detail.state_before.clone(),
            operation: record.operation.clone(),
            entry: detail.entry.clone(),
            delivery: detail.delivery.clone(),
            pseudonym: record.pseudonym.to_string(),
            previous_at: previous.map(|previous| previous.at.clone()),
            previous_by: previous.map(|previous| previous.by.clone()),
            state: record.standing.state.as_str(),
            since: record.standing.since.to_string(),
            deadline: record.standing.deadline.map(|at| at.to_string()),
            place: time_key(record.raised_at, record.id),
        }
    }
}

impl From<&AlertDecision> for AlertStep {
    fn from(step: &AlertDecision) -> Self {
        AlertStep {
            at: step.at.to_string(),
            actor: step.actor.clone(),
            state: step.state.as_str(),
            cause: step.cause.map(Cause::as_str),
            comment: step.comment.clone(),
        }
    }
}

impl Row for Alert {
    const HEAD: &'static [&'static str] = &[
        "id",
        "code",
        "raised_at",
        "market",
        "product",
        "serial",
        "lot",
        "state",
        "deadline",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            self.code.to_owned(),
            self.raised_at.clone(),
            self.market.clone(),
            self.product.clone(),
            self.serial.clone(),
            self.lot.clone().unwrap_or_default(),
            self.state.to_owned(),
            self.deadline.clone().unwrap_or_default(),
        ]
    }
}

/// Alerts, the newest first, also as CSV.
///
/// # Errors
/// A parameter is wrong.
#[utoipa::path(get, path = "/v1/alerts", tag = "alerts",
    params(("state" = Option<String>, Query), ("code" = Option<String>, Query), ("lot" = Option<String>, Query),
        ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Page<Alert>)))]
pub async fn list(
    caller: Caller,
    mut query: Query,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let filter = AlertFilter {
        state: query.take(
            "state",
            AlertState::parse,
            "a state such as new or escalated",
        ),
        code: query.take("code", AlertCode::parse, "an alert code such as A24"),
        batch: query.text("lot"),
        product: None,
    };
    let limit = query.limit();
    let before = query.cursor(time_key_of);
    query.close()?;
    let records = caller
        .read(move |reader| reader.alert_list(&filter, before, i64::from(limit) + 1))
        .await?;
    let items = records.iter().map(Alert::from).collect();
    Page::of(items, limit, |alert: &Alert| alert.place.clone()).respond(&request)
}

/// One alert with its life.
///
/// # Errors
/// There is no such alert.
#[utoipa::path(get, path = "/v1/alerts/{id}", tag = "alerts", params(("id" = String, Path)),
    responses((status = 200, body = AlertWithSteps)))]
pub async fn show(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: AlertId = super::request::id(&path)?;
    let view = caller
        .at_desk(&shared, move |desk| view_alert(desk, id))
        .await?;
    Ok(HttpResponse::Ok().json(AlertWithSteps {
        alert: Alert::from(&view.record),
        likely_cause: view.cause.map(|likely| AlertCause {
            cause: likely.cause.as_str(),
            confidence: match likely.confidence {
                Confidence::High => "high",
                Confidence::Medium => "medium",
                Confidence::Low => "low",
            },
            text: likely.cause.sentence(),
        }),
        near: view.near.map(|near| AlertNear {
            serial: near.serial.to_string(),
            lot: near.batch,
            sent_places: near.sent_places,
            known_places: near.known_places,
        }),
        steps: view.decisions.iter().map(AlertStep::from).collect(),
    }))
}

/// Decides an alert.
///
/// # Errors
/// Everything that stands against it; there is no such alert; someone else moved it meanwhile.
#[utoipa::path(post, path = "/v1/alerts/{id}:decide", tag = "alerts", params(("id" = String, Path)),
    request_body = AlertMove, responses((status = 200, body = Alert)))]
pub async fn decide(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    Body(wanted): Body<AlertMove>,
) -> Result<HttpResponse, Problem> {
    let id: AlertId = super::request::id(&path)?;
    let mut faults = Vec::new();
    let to = AlertState::parse(&wanted.to);
    if to.is_none() {
        let text = "Here belongs under_review, resolved or escalated.";
        faults.push(Refusal::at(Code::RequestMalformed, "/to", text));
    }
    let cause = match &wanted.cause {
        None => None,
        Some(word) => {
            let cause = Cause::parse(word);
            if cause.is_none() {
                let words: Vec<&str> = Cause::ALL.iter().map(|cause| cause.as_str()).collect();
                let text = format!("Here belongs one of {}.", words.join(", "));
                faults.push(Refusal::at(Code::RequestMalformed, "/cause", text));
            }
            cause
        }
    };
    Refusals::check(faults)?;
    let Some(to) = to else {
        return Err(Problem::unavailable());
    };
    let wish = DecideAlert {
        to,
        cause,
        comment: wanted.comment,
    };
    let record = caller.at_desk(&shared, move |desk| decide_alert(desk, id, &wish));
    Ok(HttpResponse::Ok().json(Alert::from(&record.await?)))
}
