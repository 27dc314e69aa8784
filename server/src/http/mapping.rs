//! `/v1/mappings`: column templates, kept for each partner, and tried on a file before they are used (users.md 3.5).

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use packtwin_app::upload::{self, MappingTrial};
use packtwin_core::code::Code;
use packtwin_core::ids::{MappingId, UploadId};
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_partner::mapping::Mapping;
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::scope::TenantScope;
use packtwin_tenants::store::mapping::MappingRecord;

use super::caller::{Caller, ChangeRefused};
use super::finding::FindingBody;
use super::list::Page;
use super::problem::Problem;
use super::request::{Body, IfMatch, etag, id};
use super::shared::Shared;
use crate::body;

/// A column template.
#[derive(Debug, Serialize, ToSchema)]
pub struct MappingBody {
    /// Its id, `map_…`.
    id: String,
    /// The partner whose files it reads.
    partner: String,
    /// Its name.
    name: String,
    /// The mapping in its text form.
    mapping: String,
    /// When it was made.
    created_at: String,
    /// When it was last changed.
    changed_at: String,
}

impl From<&MappingRecord> for MappingBody {
    fn from(record: &MappingRecord) -> Self {
        MappingBody {
            id: record.id.to_string(),
            partner: record.partner.clone(),
            name: record.name.clone(),
            mapping: record.data.clone(),
            created_at: record.created_at.to_string(),
            changed_at: record.changed_at.to_string(),
        }
    }
}

body! {
    /// A template to be kept.
    pub struct MappingWanted {
        /// The partner whose files it reads.
        partner: String,
        /// Its name.
        name: String,
        /// The mapping in its text form.
        mapping: String,
    }
}

body! {
    /// What is to change of a template.
    pub struct MappingChanged {
        /// Its name.
        name: String,
        /// The mapping in its text form.
        mapping: String,
    }
}

body! {
    /// What to try a mapping on.
    pub struct MappingTried {
        /// The upload whose first rows are read, `upl_…`.
        upload: String,
        /// The mapping in its text form.
        mapping: String,
    }
}

/// What a trial came to.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrialBody {
    /// Rows that were read.
    rows: u64,
    /// Rows that could be stored, as far as the row itself tells.
    rows_right: u64,
    /// Lots that were seen.
    lots: usize,
    /// What was found, at most a hundred.
    findings: Vec<FindingBody>,
}

impl From<&MappingTrial> for TrialBody {
    fn from(trial: &MappingTrial) -> Self {
        TrialBody {
            rows: trial.rows,
            rows_right: trial.rows_right,
            lots: trial.lots.len(),
            findings: trial.findings.iter().map(FindingBody::from).collect(),
        }
    }
}

/// Checks what someone typed. Answers partner, name and the mapping in its one written form.
pub(super) fn checked(
    partner: &str,
    name: &str,
    mapping: &str,
) -> Result<(String, String, String), Refusals> {
    let mut faults = Vec::new();
    for (place, text) in [("/partner", partner), ("/name", name)] {
        if !(1..=100).contains(&text.trim().chars().count()) || text.chars().any(char::is_control) {
            faults.push(Refusal::at(
                Code::ProductFieldWrong,
                place,
                "Write 1 to 100 characters.",
            ));
        }
    }
    let read = Mapping::parse(mapping);
    match &read {
        Ok(read) if read.missing().is_empty() => {}
        Ok(_) => faults.push(Refusal::at(
            Code::UploadMappingNeeded,
            "/mapping",
            "The mapping lacks a needed field.",
        )),
        Err(error) => faults.push(Refusal::at(
            Code::RequestMalformed,
            "/mapping",
            error.to_string(),
        )),
    }
    Refusals::check(faults)?;
    let written = read.map_or_else(|_| String::new(), |read| read.to_string());
    Ok((partner.trim().to_owned(), name.trim().to_owned(), written))
}

/// Every template, by partner and name.
///
/// # Errors
/// The store failed.
#[utoipa::path(get, path = "/v1/mappings", tag = "mappings", responses((status = 200, body = Page<MappingBody>)))]
pub async fn list(caller: Caller) -> Result<HttpResponse, Problem> {
    let records = caller.read(|reader| reader.mapping_list()).await?;
    Ok(HttpResponse::Ok().json(Page {
        items: records.iter().map(MappingBody::from).collect(),
        next: None,
    }))
}

/// Keeps a template.
///
/// # Errors
/// Every fault of the body.
#[utoipa::path(post, path = "/v1/mappings", tag = "mappings", request_body = MappingWanted,
    responses((status = 201, body = MappingBody)))]
pub async fn create(
    caller: Caller,
    shared: web::Data<Shared>,
    Body(wanted): Body<MappingWanted>,
) -> Result<HttpResponse, Problem> {
    let (partner, name, data) = checked(&wanted.partner, &wanted.name, &wanted.mapping)?;
    let now = shared.now();
    let id = caller
        .change(now, move |writer| {
            let id = writer.mapping_create(&partner, &name, &data)?;
            let told = serde_json::json!({ "partner": partner, "name": name, "mapping": data });
            Ok(AuditNote::new("mapping.created", format!("mapping {id}"))
                .detail(told)
                .returning(id))
        })
        .await?;
    let record = caller.block(move |scope| found(scope, id)).await?;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/v1/mappings/{id}")))
        .insert_header((ETAG, etag(record.row_version)))
        .json(MappingBody::from(&record)))
}

/// One template.
///
/// # Errors
/// There is none under this id.
#[utoipa::path(get, path = "/v1/mappings/{id}", tag = "mappings", params(("id" = String, Path)),
    responses((status = 200, body = MappingBody)))]
pub async fn show(caller: Caller, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let id: MappingId = id(&path)?;
    Ok(answer(&caller.block(move |scope| found(scope, id)).await?))
}

/// Replaces name and mapping of a template.
///
/// # Errors
/// Every fault of the body; the version is another.
#[utoipa::path(put, path = "/v1/mappings/{id}", tag = "mappings", request_body = MappingChanged,
    params(("id" = String, Path), ("If-Match" = String, Header)), responses((status = 200, body = MappingBody)))]
pub async fn change(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    if_match: IfMatch,
    Body(wanted): Body<MappingChanged>,
) -> Result<HttpResponse, Problem> {
    let id: MappingId = id(&path)?;
    let (_, name, data) = checked("-", &wanted.name, &wanted.mapping)?;
    let (version, now) = (if_match.row_version(), shared.now());
    caller
        .change(now, move |writer| {
            let old = writer.mapping_get(id)?.ok_or_else(Problem::not_found)?;
            if !writer.mapping_change(id, &name, &data, version)? {
                return Err(ChangeRefused::from(IfMatch::failed()));
            }
            let told = serde_json::json!({
                "old": { "name": old.name, "mapping": old.data }, "new": { "name": name, "mapping": data },
            });
            Ok(AuditNote::new("mapping.changed", format!("mapping {id}")).detail(told).returning(()))
        })
        .await?;
    Ok(answer(&caller.block(move |scope| found(scope, id)).await?))
}

/// Removes a template; uploads keep the mapping they were read with.
///
/// # Errors
/// There is none under this id; the version is another.
#[utoipa::path(delete, path = "/v1/mappings/{id}", tag = "mappings",
    params(("id" = String, Path), ("If-Match" = String, Header)), responses((status = 204)))]
pub async fn delete(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    if_match: IfMatch,
) -> Result<HttpResponse, Problem> {
    let id: MappingId = id(&path)?;
    let (version, now) = (if_match.row_version(), shared.now());
    caller
        .change(now, move |writer| {
            writer.mapping_get(id)?.ok_or_else(Problem::not_found)?;
            if !writer.mapping_delete(id, version)? {
                return Err(ChangeRefused::from(IfMatch::failed()));
            }
            Ok(AuditNote::new("mapping.removed", format!("mapping {id}")).returning(()))
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Tries a mapping on the first rows of an upload; nothing is kept.
///
/// # Errors
/// There is no such upload; the mapping lacks a field.
#[utoipa::path(post, path = "/v1/mappings:test", tag = "mappings", request_body = MappingTried,
    responses((status = 200, body = TrialBody)))]
pub async fn try_out(
    caller: Caller,
    shared: web::Data<Shared>,
    Body(wanted): Body<MappingTried>,
) -> Result<HttpResponse, Problem> {
    let upload: UploadId = id(&wanted.upload)?;
    let trial = caller
        .at_desk(&shared, move |desk| {
            upload::try_mapping(desk, upload, &wanted.mapping)
        })
        .await?;
    Ok(HttpResponse::Ok().json(TrialBody::from(&trial)))
}

fn found(scope: &TenantScope, id: MappingId) -> Result<MappingRecord, Problem> {
    scope
        .read(|reader| reader.mapping_get(id))?
        .ok_or_else(Problem::not_found)
}

fn answer(record: &MappingRecord) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((ETAG, etag(record.row_version)))
        .json(MappingBody::from(record))
}
