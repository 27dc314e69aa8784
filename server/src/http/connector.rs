//! `/v1/connectors`: how far sides are reached (users.md 3.9). Keys go in and never come out again.

use actix_web::http::header::ETAG;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use packtwin_app::connector::{self, ConnectorSettings, Link, SetUpConnector};
use packtwin_connector_port::transport::ClientIdentity;
use packtwin_core::time::Timestamp;
use packtwin_tenants::scope::TenantScope;
use packtwin_tenants::store::connector::ConnectorRecord;

use super::caller::Caller;
use super::list::Page;
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
    let name = path.into_inner();
    let usual = ConnectorSettings::default();
    let settings = ConnectorSettings {
        url: wanted.url,
        trusted_pem: wanted.trusted_pem,
        sender: wanted.sender,
        release: wanted.release,
        packs_per_message: wanted.packs_per_message.unwrap_or(usual.packs_per_message),
        parallel_distributor: wanted.parallel_distributor.unwrap_or(false),
        loopback: wanted.loopback.unwrap_or(false),
        ..usual
    };
    let identity = match (wanted.certificate_pem, wanted.key_pem) {
        (Some(certificates_pem), Some(key_pem)) => Some(ClientIdentity {
            certificates_pem,
            key_pem,
        }),
        (None, None) => None,
        (Some(_), None) => return Err(missing_beside("/key_pem")),
        (None, Some(_)) => return Err(missing_beside("/certificate_pem")),
    };
    let expected = if_match.ok().map(|if_match| if_match.row_version());
    let change = SetUpConnector {
        settings,
        identity,
        expected,
    };
    let wanted = name.clone();
    caller
        .at_desk(&shared, move |desk| {
            connector::set_up_connector(desk, &wanted, change)
        })
        .await?;
    answer(&caller, &shared, name).await
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
