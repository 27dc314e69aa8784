//! What a caller can ask about itself and the site: `/v1/me`, `/v1/limits`, `/v1/status`, `/v1/version` (users.md,
//! Annex A).

use std::sync::OnceLock;

use actix_web::{HttpResponse, web};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use packtwin_tenants::blob::hex;
use packtwin_tenants::scope::Who;

use super::caller::Caller;
use super::envelope::API_VERSION;
use super::problem::Problem;
use super::shared::Shared;

/// Who is asking.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// `person` or `key`.
    kind: &'static str,
    /// `usr_…` or `key_…`.
    id: String,
    /// The name of the person or key.
    name: String,
    /// The roles of a person.
    roles: Vec<String>,
    /// What may be done.
    permissions: Vec<&'static str>,
    /// For whom.
    tenant: MyTenant,
    /// `test`, `validation` or `production`.
    environment: &'static str,
}

/// The tenant of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct MyTenant {
    /// Its name.
    name: String,
    /// The short form in file names.
    short_name: String,
    /// The IANA time zone in which its people read times.
    time_zone: String,
}

/// Who is asking, for whom, with which rights.
///
/// # Errors
/// The store failed.
#[utoipa::path(get, path = "/v1/me", tag = "me", responses((status = 200, body = Me)))]
pub async fn show(caller: Caller, shared: web::Data<Shared>) -> Result<HttpResponse, Problem> {
    let tenant = shared.tenant_of(&caller).await?;
    let kind = match caller.who() {
        Who::Key(_) => "key",
        Who::Person(_) | Who::System(_) => "person",
    };
    Ok(HttpResponse::Ok().json(Me {
        kind,
        id: caller.who().to_string(),
        name: caller.name().to_owned(),
        roles: caller.role_words().to_vec(),
        permissions: caller
            .permissions()
            .iter()
            .map(|permission| permission.as_str())
            .collect(),
        tenant: MyTenant {
            name: tenant.name,
            short_name: tenant.short_name,
            time_zone: tenant.time_zone,
        },
        environment: shared.configuration.environment.as_str(),
    }))
}

/// What one caller may ask for.
#[derive(Debug, Serialize, ToSchema)]
pub struct LimitsBody {
    /// Bytes of one uploaded file.
    upload_bytes: u64,
    /// Bytes of one request that is no file.
    json_bytes: usize,
    /// Calls in a minute of one API key.
    calls_per_minute_key: u32,
    /// Calls in a minute of one person.
    calls_per_minute_person: u32,
    /// Calls in a minute from one address.
    calls_per_minute_address: u32,
    /// Items of one page of a list.
    page_items: u32,
}

/// The limits of this site.
#[utoipa::path(get, path = "/v1/limits", tag = "me", responses((status = 200, body = LimitsBody)))]
pub async fn limits(shared: web::Data<Shared>) -> HttpResponse {
    let limits = &shared.configuration.limits;
    HttpResponse::Ok().json(LimitsBody {
        upload_bytes: limits.upload_bytes,
        json_bytes: limits.json_bytes,
        calls_per_minute_key: limits.calls_per_minute_key.get(),
        calls_per_minute_person: limits.calls_per_minute_person.get(),
        calls_per_minute_address: limits.calls_per_minute_address.get(),
        page_items: 1000,
    })
}

/// How the site is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Status {
    /// `up`; a site that is not answers SYS-002 instead.
    state: &'static str,
    /// `test`, `validation` or `production`.
    environment: &'static str,
    /// Which engine keeps the data.
    engine: &'static str,
    /// The site's clock, RFC 3339 in UTC.
    now: String,
}

/// How the site is, asked of its database.
///
/// # Errors
/// SYS-002 when the database does not answer.
#[utoipa::path(get, path = "/v1/status", tag = "me", responses((status = 200, body = Status)))]
pub async fn status(shared: web::Data<Shared>) -> Result<HttpResponse, Problem> {
    shared
        .block(|shared| shared.site.tenant_list().map_err(Problem::from))
        .await?;
    Ok(HttpResponse::Ok().json(Status {
        state: "up",
        environment: shared.configuration.environment.as_str(),
        engine: shared.site.engine_name(),
        now: shared.now().to_string(),
    }))
}

/// Which build this is (URS-RL-003).
#[derive(Debug, Serialize, ToSchema)]
pub struct Version {
    /// The release of the product.
    version: &'static str,
    /// The dated version of the API.
    api_version: &'static str,
    /// SHA-256 of the running program file; absent where it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    artefact_sha256: Option<String>,
    /// `test`, `validation` or `production`.
    environment: &'static str,
}

/// Which build this is.
///
/// # Errors
/// SYS-002 when the site cannot answer now.
#[utoipa::path(get, path = "/v1/version", tag = "me", responses((status = 200, body = Version)))]
pub async fn version(shared: web::Data<Shared>) -> Result<HttpResponse, Problem> {
    let artefact_sha256 = shared.block(|_| Ok(artefact_sha256())).await?;
    Ok(HttpResponse::Ok().json(Version {
        version: env!("CARGO_PKG_VERSION"),
        api_version: API_VERSION,
        artefact_sha256,
        environment: shared.configuration.environment.as_str(),
    }))
}

/// The hash of the running program, read once.
fn artefact_sha256() -> Option<String> {
    static HASH: OnceLock<Option<String>> = OnceLock::new();
    HASH.get_or_init(|| {
        let mut file = std::fs::File::open(std::env::current_exe().ok()?).ok()?;
        let mut digest = Sha256::new();
        let mut buffer = vec![0; 1 << 20];
        loop {
            match std::io::Read::read(&mut file, &mut buffer).ok()? {
                0 => return Some(hex(&digest.finalize())),
                read => digest.update(&buffer[..read]),
            }
        }
    })
    .clone()
}
