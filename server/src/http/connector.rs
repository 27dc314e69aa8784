//! `/v1/connectors`: how far sides are reached (users.md 3.9). Keys go in and never come out again.

use actix_web::http::header::ETAG;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use packtwin_app::connector::{self, ConnectorSettings, Link, SetUpConnector};
use packtwin_app::credential_check::{CredentialCheck, check_credentials};
use packtwin_app::today::{self, ConnectorHealth};
use packtwin_connector_port::transport::ClientIdentity;
use packtwin_core::time::Timestamp;
use packtwin_tenants::scope::TenantScope;
use packtwin_tenants::store::connector::ConnectorRecord;

use super::caller::Caller;
use super::list::Page;
use super::merge_patch::MergePatch;
use super::problem::Problem;
use super::request::{Body, IfMatch, OptionalBody, etag};
use super::shared::Shared;
use crate::body;

/// A connector.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConnectorBody {
    /// Its name.
    name: String,
    /// `active` or `paused`.
    state: &'static str,
    /// Where documents go.
    url: String,
    /// Under which name the far side knows us.
    sender: String,
    /// The release of the far side's interface.
    release: String,
    /// Most packs in one message.
    packs_per_message: u64,
    /// Whether a simulator on this machine is meant.
    loopback: bool,
    /// What our certificate says of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<CertificateBody>,
}

/// A certificate.
#[derive(Debug, Serialize, ToSchema)]
pub struct CertificateBody {
    /// Whose.
    subject: String,
    /// Who issued it.
    issuer: String,
    /// Its serial number.
    serial: String,
    /// Until when it is valid.
    not_after: String,
    /// Whole days until then.
    days_left: i64,
}

impl ConnectorBody {
    fn new(record: &ConnectorRecord, scope: &TenantScope, now: Timestamp) -> Option<Self> {
        let link = Link::from_record(record)?;
        let certificate = link.certificate(scope).map(|facts| CertificateBody {
            days_left: facts.days_left(now),
            subject: facts.subject,
            issuer: facts.issuer,
            serial: facts.serial,
            not_after: facts.not_after.to_string(),
        });
        Some(ConnectorBody {
            name: record.name.clone(),
            state: record.state.as_str(),
            url: link.settings.url,
            sender: link.settings.sender,
            release: link.settings.release,
            packs_per_message: link.settings.packs_per_message,
            loopback: link.settings.loopback,
            certificate,
        })
    }
}

/// What a check of the credentials found.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckBody {
    /// When it was made.
    at: String,
    /// `let_through`, `not_let_through`, `out_of_order` when the far side answered with 5xx, or `not_reached`.
    outcome: &'static str,
    /// The HTTP status of the answer; absent when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Why there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl From<CredentialCheck> for CheckBody {
    fn from(check: CredentialCheck) -> Self {
        CheckBody {
            at: check.at.to_string(),
            outcome: match &check.outcome {
                Ok(401 | 403) => "not_let_through",
                Ok(200..=499) => "let_through",
                Ok(_) => "out_of_order",
                Err(_) => "not_reached",
            },
            status: check.outcome.as_ref().ok().copied(),
            why: check.outcome.err().map(|fault| fault.to_string()),
        }
    }
}

/// How a connector is doing.
#[derive(Debug, Serialize, ToSchema)]
pub struct HealthBody {
    /// Its name.
    name: String,
    /// `active` or `paused`.
    state: &'static str,
    /// Messages without a final answer.
    open: u64,
    /// When the oldest of them was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest_at: Option<String>,
    /// Messages that were refused, whole or in part.
    refused: u64,
    /// Whole days until our certificate ends; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_days: Option<i64>,
}

impl From<ConnectorHealth> for HealthBody {
    fn from(health: ConnectorHealth) -> Self {
        HealthBody {
            name: health.name,
            state: health.state.as_str(),
            open: health.open,
            oldest_at: health.oldest_at.map(|at| at.to_string()),
            refused: health.refused,
            certificate_days: health.certificate_days,
        }
    }
}

body! {
    /// How a connector is set up.
    pub struct ConnectorWanted {
        /// Where documents go, `https://…`.
        url: String,
        /// The authorities trusted for the far side, PEM.
        trusted_pem: String,
        /// Under which name the far side knows us.
        sender: String,
        /// The release of the far side's interface.
        release: String,
        /// Most packs in one message; the connector's default when absent.
        packs_per_message: Option<u64>,
        /// Whether we speak as a parallel distributor.
        parallel_distributor: Option<bool>,
        /// Whether a simulator on this machine is meant; test sites only.
        loopback: Option<bool>,
        /// A new certificate chain, PEM; absent keeps the present one.
        certificate_pem: Option<String>,
        /// Its private key, PEM; sealed at once and never shown.
        key_pem: Option<String>,
    }
}

impl From<&ConnectorSettings> for ConnectorWanted {
    /// What was set up, without the certificate and its key.
    fn from(settings: &ConnectorSettings) -> Self {
        ConnectorWanted {
            url: settings.url.clone(),
            trusted_pem: settings.trusted_pem.clone(),
            sender: settings.sender.clone(),
            release: settings.release.clone(),
            packs_per_message: Some(settings.packs_per_message),
            parallel_distributor: Some(settings.parallel_distributor),
            loopback: Some(settings.loopback),
            certificate_pem: None,
            key_pem: None,
        }
    }
}

impl ConnectorWanted {
    /// The change that sets it up over settings of which it does not speak.
    fn onto(
        self,
        usual: ConnectorSettings,
        expected: Option<i32>,
    ) -> Result<SetUpConnector, Problem> {
        let identity = match (self.certificate_pem, self.key_pem) {
            (Some(certificates_pem), Some(key_pem)) => Some(ClientIdentity {
                certificates_pem,
                key_pem,
            }),
            (None, None) => None,
            (Some(_), None) => return Err(missing_beside("/key_pem")),
            (None, Some(_)) => return Err(missing_beside("/certificate_pem")),
        };
        let hub = ConnectorSettings::default();
        let settings = ConnectorSettings {
            url: self.url,
            trusted_pem: self.trusted_pem,
            sender: self.sender,
            release: self.release,
            packs_per_message: self.packs_per_message.unwrap_or(hub.packs_per_message),
            parallel_distributor: self.parallel_distributor.unwrap_or(false),
            loopback: self.loopback.unwrap_or(false),
            ..usual
        };
        Ok(SetUpConnector {
            settings,
            identity,
            expected,
        })
    }
}

body! {
    /// Why.
    pub struct PauseWanted {
        /// The reason, for the audit trail.
        reason: Option<String>,
    }
}

/// Every connector that is set up.
///
/// # Errors
/// The store failed.
#[utoipa::path(get, path = "/v1/connectors", tag = "connectors",
    responses((status = 200, body = Page<ConnectorBody>)))]
pub async fn list(caller: Caller, shared: web::Data<Shared>) -> Result<HttpResponse, Problem> {
    let now = shared.now();
    let items = caller
        .block(move |scope| {
            let records = scope.read(|reader| reader.connector_list())?;
            Ok(records
                .iter()
                .filter_map(|record| ConnectorBody::new(record, scope, now))
                .collect())
        })
        .await?;
    Ok(HttpResponse::Ok().json(Page::<ConnectorBody> { items, next: None }))
}

/// One connector.
///
/// # Errors
/// It is not set up.
#[utoipa::path(get, path = "/v1/connectors/{name}", tag = "connectors", params(("name" = String, Path)),
    responses((status = 200, body = ConnectorBody)))]
pub async fn show(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    answer(&caller, &shared, path.into_inner()).await
}

/// Sets a connector up, or changes it. A change names the version it was made from; the first set-up names none.
///
/// # Errors
/// Every fault of settings and certificate at once; the version is another.
#[utoipa::path(put, path = "/v1/connectors/{name}", tag = "connectors", request_body = ConnectorWanted,
    params(("name" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = ConnectorBody)))]
pub async fn set_up(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    if_match: Result<IfMatch, Problem>,
    Body(wanted): Body<ConnectorWanted>,
) -> Result<HttpResponse, Problem> {
    let expected = if_match.ok().map(|if_match| if_match.row_version());
    let change = wanted.onto(ConnectorSettings::default(), expected)?;
    put(&caller, &shared, path.into_inner(), change).await
}

/// Changes some of a connector, as a JSON merge patch (RFC 7396) over what was set up. Certificate and key are no part of what
/// can be read: named together they are replaced, not named they stay.
///
/// # Errors
/// Every fault of settings and certificate at once; it is not set up; the version is another.
#[utoipa::path(patch, path = "/v1/connectors/{name}", tag = "connectors",
    request_body(content = ConnectorWanted, content_type = "application/merge-patch+json"),
    params(("name" = String, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = ConnectorBody)))]
pub async fn patch(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    if_match: IfMatch,
    patch: MergePatch,
) -> Result<HttpResponse, Problem> {
    let name = path.into_inner();
    let read = name.clone();
    let present = caller
        .read(move |reader| reader.connector_get(&read))
        .await?
        .and_then(|record| Link::from_record(&record))
        .ok_or_else(Problem::not_found)?;
    let wanted = patch.onto(&ConnectorWanted::from(&present.settings))?;
    let change = wanted.onto(present.settings, Some(if_match.row_version()))?;
    put(&caller, &shared, name, change).await
}

async fn put(
    caller: &Caller,
    shared: &web::Data<Shared>,
    name: String,
    change: SetUpConnector,
) -> Result<HttpResponse, Problem> {
    let wanted = name.clone();
    caller
        .at_desk(shared, move |desk| {
            connector::set_up_connector(desk, &wanted, change)
        })
        .await?;
    answer(caller, shared, name).await
}

/// Keeps messages back; they wait in order.
///
/// # Errors
/// It is not set up.
#[utoipa::path(post, path = "/v1/connectors/{name}:pause", tag = "connectors", params(("name" = String, Path)),
    request_body = Option<PauseWanted>, responses((status = 200, body = ConnectorBody)))]
pub async fn pause(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    OptionalBody(wanted): OptionalBody<PauseWanted>,
) -> Result<HttpResponse, Problem> {
    let name = path.into_inner();
    let reason = wanted.and_then(|wanted| wanted.reason).unwrap_or_default();
    let paused = name.clone();
    caller
        .at_desk(&shared, move |desk| {
            connector::pause_connector(desk, &paused, &reason)
        })
        .await?;
    answer(&caller, &shared, name).await
}

/// Lets messages leave again.
///
/// # Errors
/// It is not set up.
#[utoipa::path(post, path = "/v1/connectors/{name}:resume", tag = "connectors", params(("name" = String, Path)),
    responses((status = 200, body = ConnectorBody)))]
pub async fn resume(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let name = path.into_inner();
    let resumed = name.clone();
    caller
        .at_desk(&shared, move |desk| {
            connector::resume_connector(desk, &resumed)
        })
        .await?;
    answer(&caller, &shared, name).await
}

/// Asks the far side one harmless question, to learn whether it lets us through. That it was not reached is an answer of
/// this call and no refusal.
///
/// # Errors
/// It is not set up; it has no certificate (HUB-203).
#[utoipa::path(post, path = "/v1/connectors/{name}:check", tag = "connectors", params(("name" = String, Path)),
    responses((status = 200, body = CheckBody)))]
pub async fn check(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let name = path.into_inner();
    let found = caller
        .at_desk(&shared, move |desk| check_credentials(desk, &name))
        .await?;
    Ok(HttpResponse::Ok().json(CheckBody::from(found)))
}

/// How a connector is doing: what is under way, since when, what was refused, how long its certificate lasts.
///
/// # Errors
/// It is not set up.
#[utoipa::path(get, path = "/v1/connectors/{name}/health", tag = "connectors", params(("name" = String, Path)),
    responses((status = 200, body = HealthBody)))]
pub async fn health(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let name = path.into_inner();
    let health = caller
        .at_desk(&shared, move |desk| today::connector_health(desk, &name))
        .await?;
    Ok(HttpResponse::Ok().json(HealthBody::from(health)))
}

async fn answer(
    caller: &Caller,
    shared: &web::Data<Shared>,
    name: String,
) -> Result<HttpResponse, Problem> {
    let now = shared.now();
    let (body, version) = caller
        .block(move |scope| {
            let record = scope
                .read(|reader| reader.connector_get(&name))?
                .ok_or_else(Problem::not_found)?;
            let body = ConnectorBody::new(&record, scope, now).ok_or_else(Problem::not_found)?;
            Ok((body, record.row_version))
        })
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, etag(version)))
        .json(body))
}

fn missing_beside(place: &str) -> Problem {
    Problem::at(
        packtwin_core::code::Code::RequestMalformed,
        place,
        "Certificate and key come together.",
    )
}
