//! `/v1/api-keys`: keys of machines (users.md 3.18 and Annex A). The key itself is in the answer that makes it and nowhere
//! else.

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use packtwin_core::code::Code;
use packtwin_core::ids::ApiKeyId;
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_core::role::Permission;
use packtwin_core::time::Timestamp;
use packtwin_tenants::scope::TenantScope;
use packtwin_tenants::store::api_key::{ApiKeyRecord, NewApiKey};

use super::caller::Caller;
use super::list::{Page, Row, time_key, time_key_of};
use super::problem::Problem;
use super::request::{Body, Query, id};
use super::shared::Shared;
use crate::body;

/// A key without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKey {
    /// Its id, `key_…`.
    id: String,
    /// What it is for.
    name: String,
    /// The beginning of the key, by which its owner knows it.
    prefix: String,
    /// What it may do.
    scopes: Vec<&'static str>,
    /// `active`, `expired` or `revoked`.
    state: &'static str,
    /// Who made it.
    created_by: String,
    /// When it was made.
    created_at: String,
    /// When it ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    /// When it was last used, to the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<String>,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<String>,
}

impl ApiKey {
    fn new(record: &ApiKeyRecord, now: Timestamp) -> Self {
        ApiKey {
            id: record.id.to_string(),
            name: record.name.clone(),
            prefix: record.prefix.clone(),
            scopes: record.scopes.iter().map(|scope| scope.as_str()).collect(),
            state: state_word(record, now),
            created_by: record.created_by.clone(),
            created_at: record.created_at.to_string(),
            expires_at: record.expires_at.map(|at| at.to_string()),
            last_used_at: record.last_used_at.map(|at| at.to_string()),
            revoked_at: record.revoked_at.map(|at| at.to_string()),
        }
    }
}

impl Row for ApiKey {
    const HEAD: &'static [&'static str] = &[
        "id",
        "name",
        "prefix",
        "scopes",
        "state",
        "created_by",
        "created_at",
        "expires_at",
        "last_used_at",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            self.name.clone(),
            self.prefix.clone(),
            self.scopes.join(" "),
            self.state.to_owned(),
            self.created_by.clone(),
            self.created_at.clone(),
            self.expires_at.clone().unwrap_or_default(),
            self.last_used_at.clone().unwrap_or_default(),
        ]
    }
}

/// Whether a key works now.
pub(super) fn state_word(record: &ApiKeyRecord, now: Timestamp) -> &'static str {
    match (record.revoked_at, record.expires_at) {
        (Some(_), _) => "revoked",
        (None, Some(end)) if now >= end => "expired",
        (None, _) => "active",
    }
}

body! {
    /// A key to be made.
    pub struct ApiKeyWanted {
        /// What it is for, 1 to 100 characters.
        name: String,
        /// What it may do, at least one scope.
        scopes: Vec<String>,
        /// When it ends, RFC 3339 with an offset; without it the key works until it is revoked.
        expires_at: Option<String>,
    }
}

/// A new key with its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKeyMade {
    #[serde(flatten)]
    api_key: ApiKey,
    /// The whole key, shown only here.
    key: String,
}

/// A checked wish for a key.
pub(super) struct NewKey {
    name: String,
    scopes: Vec<Permission>,
    expires_at: Option<Timestamp>,
}

impl NewKey {
    /// Checks what someone typed.
    pub(super) fn check(
        name: &str,
        scopes: &[String],
        expires_at: Option<&str>,
        now: Timestamp,
    ) -> Result<Self, Refusals> {
        let mut faults = Vec::new();
        let mut wrong = |place: &str, text: &str| {
            faults.push(Refusal::at(Code::ProductFieldWrong, place, text))
        };
        let name = name.trim();
        if !(1..=100).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            wrong(
                "/name",
                "A name has 1 to 100 characters and no control characters.",
            );
        }
        if scopes.is_empty() {
            wrong("/scopes", "At least one scope is needed.");
        }
        let mut permissions = Vec::new();
        for (index, scope) in scopes.iter().enumerate() {
            match Permission::parse(scope) {
                Some(permission) => permissions.push(permission),
                None => wrong(&format!("/scopes/{index}"), "There is no such scope."),
            }
        }
        let expires_at = expires_at.and_then(|text| {
            let end = Timestamp::parse(text).filter(|&end| end > now);
            if end.is_none() {
                wrong(
                    "/expires_at",
                    "Write a point in time to come, such as 2027-01-31T00:00:00Z.",
                );
            }
            end
        });
        Refusals::check(faults)?;
        Ok(NewKey {
            name: name.to_owned(),
            scopes: permissions,
            expires_at,
        })
    }

    /// Makes the key. Answers it with its whole text.
    pub(super) fn create(
        &self,
        scope: &TenantScope,
        now: Timestamp,
    ) -> Result<(ApiKeyRecord, String), Problem> {
        let new = NewApiKey {
            name: &self.name,
            scopes: &self.scopes,
            expires_at: self.expires_at,
        };
        let (id, secret) = scope.change(now, |writer| writer.api_key_create(new))?;
        let text = secret
            .expose_text()
            .ok_or_else(Problem::unavailable)?
            .to_owned();
        Ok((key(scope, id)?, text))
    }
}

/// One key of the tenant, or the uniform refusal.
pub(super) fn key(scope: &TenantScope, id: ApiKeyId) -> Result<ApiKeyRecord, Problem> {
    scope
        .read(|reader| reader.api_key_get(id))?
        .ok_or_else(Problem::not_found)
}

/// Keys in the order in which they were made.
///
/// # Errors
/// A parameter is wrong.
#[utoipa::path(get, path = "/v1/api-keys", tag = "keys",
    params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Page<ApiKey>)))]
pub async fn list(
    caller: Caller,
    shared: web::Data<Shared>,
    mut query: Query,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let limit = query.limit();
    let after = query.cursor(time_key_of);
    query.close()?;
    let records = caller
        .read(move |reader| reader.api_key_list(after, i64::from(limit) + 1))
        .await?;
    let now = shared.now();
    let keyed = |record: &ApiKeyRecord| {
        (
            time_key(record.created_at, record.id),
            ApiKey::new(record, now),
        )
    };
    Page::of_keyed(records.iter().map(keyed).collect(), limit).respond(&request)
}

/// Makes a key. Its secret is in this answer and nowhere else.
///
/// # Errors
/// Every fault of the body.
#[utoipa::path(post, path = "/v1/api-keys", tag = "keys", request_body = ApiKeyWanted,
    responses((status = 201, body = ApiKeyMade)))]
pub async fn create(
    caller: Caller,
    shared: web::Data<Shared>,
    Body(wanted): Body<ApiKeyWanted>,
) -> Result<HttpResponse, Problem> {
    let now = shared.now();
    let new = NewKey::check(
        &wanted.name,
        &wanted.scopes,
        wanted.expires_at.as_deref(),
        now,
    )?;
    let (record, key) = caller.block(move |scope| new.create(scope, now)).await?;
    let location = format!("/v1/api-keys/{}", record.id);
    let made = ApiKeyMade {
        api_key: ApiKey::new(&record, now),
        key,
    };
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, location))
        .json(made))
}

/// One key, without its secret.
///
/// # Errors
/// There is none under this id.
#[utoipa::path(get, path = "/v1/api-keys/{id}", tag = "keys", params(("id" = String, Path)),
    responses((status = 200, body = ApiKey)))]
pub async fn show(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: ApiKeyId = id(&path)?;
    let record = caller.block(move |scope| key(scope, id)).await?;
    Ok(HttpResponse::Ok().json(ApiKey::new(&record, shared.now())))
}

/// Ends a key at once. Ending it twice is one end.
///
/// # Errors
/// There is none under this id.
#[utoipa::path(delete, path = "/v1/api-keys/{id}", tag = "keys", params(("id" = String, Path)),
    responses((status = 204)))]
pub async fn revoke(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: ApiKeyId = id(&path)?;
    let now = shared.now();
    caller
        .block(move |scope| Ok(scope.change(now, |writer| writer.api_key_revoke(id))?))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
