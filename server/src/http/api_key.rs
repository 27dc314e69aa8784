//! `/v1/api-keys`: keys of machines (users.md 3.18 and Annex A). The key itself is in the answer that makes it and nowhere
//! else.

use actix_web::http::header::{ETAG, LOCATION};
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
use super::request::{Body, IfMatch, Query, etag, id};
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

body! {
    /// What is to change; what is absent stays.
    pub struct ApiKeyChanged {
        /// What it is for, 1 to 100 characters.
        name: Option<String>,
        /// What it may still do: at least one scope, and none that it does not have.
        scopes: Option<Vec<String>>,
        /// When it ends, not later than it does now.
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

    fn as_new(&self) -> NewApiKey<'_> {
        NewApiKey {
            name: &self.name,
            scopes: &self.scopes,
            expires_at: self.expires_at,
        }
    }

    /// Makes the key. Answers it with its whole text.
    pub(super) fn create(
        &self,
        scope: &TenantScope,
        now: Timestamp,
    ) -> Result<(ApiKeyRecord, String), Problem> {
        let (id, secret) = scope.change(now, |writer| writer.api_key_create(self.as_new()))?;
        let text = secret
            .expose_text()
            .ok_or_else(Problem::unavailable)?
            .to_owned();
        Ok((key(scope, id)?, text))
    }
}

impl ApiKeyChanged {
    /// What the key becomes. Scopes are only taken away and its end only comes nearer: whoever holds its secret must not
    /// gain by a change.
    fn of(&self, old: &ApiKeyRecord, now: Timestamp) -> Result<NewKey, Refusals> {
        let words: Vec<String> = match &self.scopes {
            Some(scopes) => scopes.clone(),
            None => old
                .scopes
                .iter()
                .map(|scope| scope.as_str().to_owned())
                .collect(),
        };
        let name = self.name.as_deref().unwrap_or(&old.name);
        let checked = NewKey::check(name, &words, self.expires_at.as_deref(), now);
        let mut faults: Vec<Refusal> = checked
            .as_ref()
            .err()
            .iter()
            .flat_map(|refusals| refusals.iter())
            .cloned()
            .collect();
        let mut wrong = |place: String, text: &str| {
            faults.push(Refusal::at(Code::ProductFieldWrong, place, text));
        };
        for (index, word) in words.iter().enumerate() {
            if Permission::parse(word).is_some_and(|scope| !old.scopes.contains(&scope)) {
                wrong(
                    format!("/scopes/{index}"),
                    "A key never gains a scope; make another key.",
                );
            }
        }
        let end = self.expires_at.as_deref().and_then(Timestamp::parse);
        if end.is_some_and(|end| old.expires_at.is_some_and(|old| end > old)) {
            wrong(
                "/expires_at".to_owned(),
                "A key never ends later than it was made to; make another key.",
            );
        }
        if old.revoked_at.is_some() {
            wrong(
                String::new(),
                "This key is revoked; nothing of it is changed.",
            );
        }
        Refusals::check(faults)?;
        checked.map(|new| NewKey {
            expires_at: end.or(old.expires_at),
            ..new
        })
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
        .insert_header((ETAG, etag(record.row_version)))
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
    Ok(answer(&record, shared.now()))
}

/// Renames a key, takes scopes from it, or lets it end earlier. A key never gains a scope or time.
///
/// # Errors
/// Every fault of the body; the key is revoked; the version is another.
#[utoipa::path(patch, path = "/v1/api-keys/{id}", tag = "keys", request_body = ApiKeyChanged,
    params(("id" = String, Path), ("If-Match" = String, Header)), responses((status = 200, body = ApiKey)))]
pub async fn change(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    if_match: IfMatch,
    Body(wanted): Body<ApiKeyChanged>,
) -> Result<HttpResponse, Problem> {
    let id: ApiKeyId = id(&path)?;
    let (version, now) = (if_match.row_version(), shared.now());
    caller
        .change(now, move |writer| {
            let old = writer.api_key_get(id)?.ok_or_else(Problem::not_found)?;
            if old.row_version != version {
                return Err(IfMatch::failed().into());
            }
            let new = wanted.of(&old, now).map_err(Problem::from)?;
            let changed = writer.api_key_change(id, new.as_new(), version)?;
            changed.ok_or_else(|| IfMatch::failed().into())
        })
        .await?;
    let record = caller.block(move |scope| key(scope, id)).await?;
    Ok(answer(&record, now))
}

fn answer(record: &ApiKeyRecord, now: Timestamp) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((ETAG, etag(record.row_version)))
        .json(ApiKey::new(record, now))
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
