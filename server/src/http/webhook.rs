//! `/v1/webhooks`: addresses that want to be told of events, and what was told to each (users.md, Annex B). The signing
//! secret is shown once.

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use packtwin_app::webhook::{EVENTS, SEAL_PURPOSE, redeliver};
use packtwin_core::code::Code;
use packtwin_core::ids::{DeliveryId, WebhookId};
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_core::time::Timestamp;
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::scope::TenantScope;
use packtwin_tenants::seal::Secret;
use packtwin_tenants::store::webhook::{DeliveryRecord, WebhookRecord, WebhookState};

use super::caller::{Caller, ChangeRefused};
use super::list::{Page, Row, time_key, time_key_of};
use super::problem::Problem;
use super::request::{Body, IfMatch, Query, etag, id};
use super::shared::Shared;
use crate::body;

/// A webhook without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct Webhook {
    /// Its id, `whk_…`.
    id: String,
    /// Where it listens.
    url: String,
    /// The events it wants.
    events: Vec<String>,
    /// `active` or `disabled`.
    state: &'static str,
    /// Who added it.
    created_by: String,
    /// When it was added.
    created_at: String,
}

impl From<&WebhookRecord> for Webhook {
    fn from(record: &WebhookRecord) -> Self {
        Webhook {
            id: record.id.to_string(),
            url: record.url.clone(),
            events: record.events.clone(),
            state: record.state.as_str(),
            created_by: record.created_by.clone(),
            created_at: record.created_at.to_string(),
        }
    }
}

/// A new webhook with its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookMade {
    #[serde(flatten)]
    webhook: Webhook,
    /// The signing secret, shown only here.
    secret: String,
}

/// One event on its way.
#[derive(Debug, Serialize, ToSchema)]
pub struct Delivery {
    /// Its id, `dlv_…`.
    id: String,
    /// The event.
    event: String,
    /// What it is about.
    object: String,
    /// `pending`, `delivered` or `failed`.
    state: &'static str,
    /// How often it was told.
    attempts: u32,
    /// The HTTP status of the last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<i32>,
    /// What came of the last attempt.
    detail: String,
    /// When the event happened.
    created_at: String,
    /// When the receiver answered last.
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_at: Option<String>,
}

impl From<&DeliveryRecord> for Delivery {
    fn from(record: &DeliveryRecord) -> Self {
        Delivery {
            id: record.id.to_string(),
            event: record.event.clone(),
            object: record.object.clone(),
            state: record.state.as_str(),
            attempts: record.attempts,
            status: record.status,
            detail: record.detail.clone(),
            created_at: record.created_at.to_string(),
            answered_at: record.answered_at.map(|at| at.to_string()),
        }
    }
}

impl Row for Delivery {
    const HEAD: &'static [&'static str] = &[
        "id",
        "event",
        "object",
        "state",
        "attempts",
        "detail",
        "created_at",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            self.event.clone(),
            self.object.clone(),
            self.state.to_owned(),
            self.attempts.to_string(),
            self.detail.clone(),
            self.created_at.clone(),
        ]
    }
}

body! {
    /// A webhook to be added.
    pub struct WebhookWanted {
        /// Where it listens, `https://…`.
        url: String,
        /// The events it wants, at least one.
        events: Vec<String>,
    }
}

body! {
    /// What is to change; what is absent stays.
    pub struct WebhookChanged {
        /// Where it listens.
        url: Option<String>,
        /// All events it wants.
        events: Option<Vec<String>>,
        /// `active` or `disabled`.
        state: Option<String>,
    }
}

/// Checks address and events by the rules of the site; all faults at once. Answers the address as it is kept.
pub(super) fn check(shared: &Shared, url: &str, events: &[String]) -> Result<String, Refusals> {
    let mut faults = Vec::new();
    let normal = match shared.house.webhooks().check(url) {
        Ok(normal) => normal,
        Err(fault) => {
            faults.push(Refusal::at(Code::WebhookAddress, "/url", fault.to_string()));
            String::new()
        }
    };
    if events.is_empty() {
        faults.push(Refusal::at(
            Code::ProductFieldWrong,
            "/events",
            "At least one event is needed.",
        ));
    }
    for (index, event) in events
        .iter()
        .enumerate()
        .filter(|(_, event)| !EVENTS.contains(&event.as_str()))
    {
        let text = format!(
            "There is no event {event}; there are {}.",
            EVENTS.join(", ")
        );
        faults.push(Refusal::at(
            Code::ProductFieldWrong,
            format!("/events/{index}"),
            text,
        ));
    }
    Refusals::check(faults).map(|()| normal)
}

/// Adds a webhook with a fresh secret. Answers it with the secret's text.
pub(super) fn add(
    scope: &TenantScope,
    url: &str,
    events: &[String],
    now: Timestamp,
) -> Result<(WebhookRecord, String), Problem> {
    let (text, sealed) = fresh_secret(scope)?;
    let id = scope.change(now, |writer| {
        let id = writer.webhook_create(url, events, &sealed)?;
        let told = serde_json::json!({ "url": url, "events": events });
        Ok::<_, packtwin_tenants::error::StoreError>(
            note("webhook.added", id).detail(told).returning(id),
        )
    })?;
    Ok((found(scope, id)?, text))
}

/// A signing secret that nobody has seen: its text and its sealed form.
fn fresh_secret(scope: &TenantScope) -> Result<(String, Vec<u8>), Problem> {
    let mut bits = [0_u8; 32];
    getrandom::fill(&mut bits).map_err(|_| Problem::unavailable())?;
    let text = packtwin_app::webhook::secret_text(&bits);
    let sealed = scope.seal(SEAL_PURPOSE, &Secret::new(text.clone()))?;
    Ok((text, sealed))
}

/// Replaces address, events and state of a webhook that was read at `old`; they have been checked.
pub(super) fn replace(
    scope: &TenantScope,
    old: &WebhookRecord,
    (url, events, state): (&str, &[String], WebhookState),
    version: i32,
    now: Timestamp,
) -> Result<WebhookRecord, Problem> {
    let id = old.id;
    scope.change(now, |writer| {
        if !writer.webhook_change(id, url, events, state, version)? {
            return Err(ChangeRefused::from(IfMatch::failed()));
        }
        let told = serde_json::json!({
            "old": { "url": old.url, "events": old.events, "state": old.state.as_str() },
            "new": { "url": url, "events": events, "state": state.as_str() },
        });
        Ok(note("webhook.changed", id).detail(told).returning(()))
    })?;
    found(scope, id)
}

/// Gives a webhook a fresh signing secret. Answers it with the secret's text.
pub(super) fn rotate(
    scope: &TenantScope,
    id: WebhookId,
    version: i32,
    now: Timestamp,
) -> Result<(WebhookRecord, String), Problem> {
    found(scope, id)?;
    let (text, sealed) = fresh_secret(scope)?;
    scope.change(now, |writer| {
        if !writer.webhook_reseal(id, &sealed, version)? {
            return Err(ChangeRefused::from(IfMatch::failed()));
        }
        Ok(note("webhook.secret_rotated", id).returning(()))
    })?;
    Ok((found(scope, id)?, text))
}

/// Removes a webhook with its deliveries.
pub(super) fn remove(
    scope: &TenantScope,
    id: WebhookId,
    version: i32,
    now: Timestamp,
) -> Result<(), Problem> {
    found(scope, id)?;
    Ok(scope.change(now, |writer| {
        if !writer.webhook_delete(id, version)? {
            return Err(ChangeRefused::from(IfMatch::failed()));
        }
        Ok(note("webhook.removed", id).returning(()))
    })?)
}

/// Every webhook.
///
/// # Errors
/// The store failed.
#[utoipa::path(get, path = "/v1/webhooks", tag = "webhooks", responses((status = 200, body = Page<Webhook>)))]
pub async fn list(caller: Caller) -> Result<HttpResponse, Problem> {
    let records = caller.read(|reader| reader.webhook_list()).await?;
    Ok(HttpResponse::Ok().json(Page {
        items: records.iter().map(Webhook::from).collect(),
        next: None,
    }))
}

/// Adds a webhook. Its secret is in this answer and nowhere else.
///
/// # Errors
/// WHK-001; an event is unknown.
#[utoipa::path(post, path = "/v1/webhooks", tag = "webhooks", request_body = WebhookWanted,
    responses((status = 201, body = WebhookMade)))]
pub async fn create(
    caller: Caller,
    shared: web::Data<Shared>,
    Body(wanted): Body<WebhookWanted>,
) -> Result<HttpResponse, Problem> {
    let url = check(&shared, &wanted.url, &wanted.events)?;
    let now = shared.now();
    let (record, secret) = caller
        .block(move |scope| add(scope, &url, &wanted.events, now))
        .await?;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/v1/webhooks/{}", record.id)))
        .insert_header((ETAG, etag(record.row_version)))
        .json(WebhookMade {
            webhook: Webhook::from(&record),
            secret,
        }))
}

/// One webhook.
///
/// # Errors
/// There is none under this id.
#[utoipa::path(get, path = "/v1/webhooks/{id}", tag = "webhooks", params(("id" = String, Path)),
    responses((status = 200, body = Webhook)))]
pub async fn show(caller: Caller, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let id: WebhookId = id(&path)?;
    Ok(answer(&caller.block(move |scope| found(scope, id)).await?))
}

/// Changes a webhook.
///
/// # Errors
/// WHK-001; an event is unknown; the version is another.
#[utoipa::path(patch, path = "/v1/webhooks/{id}", tag = "webhooks", request_body = WebhookChanged,
    params(("id" = String, Path), ("If-Match" = String, Header)), responses((status = 200, body = Webhook)))]
pub async fn change(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    if_match: IfMatch,
    Body(wanted): Body<WebhookChanged>,
) -> Result<HttpResponse, Problem> {
    let id: WebhookId = id(&path)?;
    let old = caller.block(move |scope| found(scope, id)).await?;
    let url = wanted.url.unwrap_or_else(|| old.url.clone());
    let events = wanted.events.unwrap_or_else(|| old.events.clone());
    let state = match wanted.state.as_deref() {
        None => old.state,
        Some(word) => WebhookState::parse(word).ok_or_else(|| {
            Problem::at(
                Code::ProductFieldWrong,
                "/state",
                "The state is active or disabled.",
            )
        })?,
    };
    let url = check(&shared, &url, &events)?;
    let (version, now) = (if_match.row_version(), shared.now());
    let changed = caller
        .block(move |scope| replace(scope, &old, (&url, &events, state), version, now))
        .await?;
    Ok(answer(&changed))
}

/// Gives a webhook a fresh signing secret, shown in this answer and nowhere else. Whatever leaves from now on is signed
/// with it.
///
/// # Errors
/// There is none under this id; the version is another.
#[utoipa::path(post, path = "/v1/webhooks/{id}:rotate-secret", tag = "webhooks",
    params(("id" = String, Path), ("If-Match" = String, Header)), responses((status = 200, body = WebhookMade)))]
pub async fn rotate_secret(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    if_match: IfMatch,
) -> Result<HttpResponse, Problem> {
    let id: WebhookId = id(&path)?;
    let (version, now) = (if_match.row_version(), shared.now());
    let (record, secret) = caller
        .block(move |scope| rotate(scope, id, version, now))
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, etag(record.row_version)))
        .json(WebhookMade {
            webhook: Webhook::from(&record),
            secret,
        }))
}

/// Removes a webhook with its deliveries.
///
/// # Errors
/// There is none under this id; the version is another.
#[utoipa::path(delete, path = "/v1/webhooks/{id}", tag = "webhooks",
    params(("id" = String, Path), ("If-Match" = String, Header)), responses((status = 204)))]
pub async fn delete(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    if_match: IfMatch,
) -> Result<HttpResponse, Problem> {
    let id: WebhookId = id(&path)?;
    let (version, now) = (if_match.row_version(), shared.now());
    caller
        .block(move |scope| remove(scope, id, version, now))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What was told to a webhook in the last 30 days, newest first.
///
/// # Errors
/// There is none under this id; a parameter is wrong.
#[utoipa::path(get, path = "/v1/webhooks/{id}/deliveries", tag = "webhooks",
    params(("id" = String, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Page<Delivery>)))]
pub async fn deliveries(
    caller: Caller,
    path: web::Path<String>,
    mut query: Query,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let limit = query.limit();
    let before = query.cursor(time_key_of);
    query.close()?;
    let id: WebhookId = id(&path)?;
    let records = caller
        .block(move |scope| {
            found(scope, id)?;
            Ok(scope
                .read(|reader| reader.webhook_delivery_list(id, before, i64::from(limit) + 1))?)
        })
        .await?;
    let keyed = |record: &DeliveryRecord| {
        (
            time_key(record.created_at, record.id),
            Delivery::from(record),
        )
    };
    Page::of_keyed(records.iter().map(keyed).collect(), limit).respond(&request)
}

/// Tells a delivery that ended once more: the same id, the same body.
///
/// # Errors
/// There is none under these ids.
#[utoipa::path(post, path = "/v1/webhooks/{id}/deliveries/{delivery}:redeliver", tag = "webhooks",
    params(("id" = String, Path), ("delivery" = String, Path)), responses((status = 202)))]
pub async fn tell_again(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (webhook, delivery): (WebhookId, DeliveryId) = (id(&path.0)?, id(&path.1)?);
    caller
        .at_desk(&shared, move |desk| redeliver(desk, webhook, delivery))
        .await?;
    Ok(HttpResponse::Accepted().finish())
}

/// One webhook of the tenant, or the uniform refusal.
pub(super) fn found(scope: &TenantScope, id: WebhookId) -> Result<WebhookRecord, Problem> {
    scope
        .read(|reader| reader.webhook_get(id))?
        .ok_or_else(Problem::not_found)
}

fn note(action: &'static str, id: WebhookId) -> AuditNote {
    AuditNote::new(action, format!("webhook {id}"))
}

fn answer(record: &WebhookRecord) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((ETAG, etag(record.row_version)))
        .json(Webhook::from(record))
}
