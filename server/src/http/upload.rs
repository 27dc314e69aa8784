//! `/v1/uploads`: a file lands in parts, is checked without consequences, decided about, and committed (users.md 3.5 and
//! Annex A; URS-SN-005, URS-SN-006). The findings of the check are in [`super::finding`].

use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, HeaderName, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use packtwin_app::upload::{
    self, BeginUpload, Begun, CheckSummary, Completed, Decision, MappingChoice, UploadDetail,
};
use packtwin_core::audit::Hash;
use packtwin_core::code::Code;
use packtwin_core::ids::{JobId, UploadId};
use packtwin_tenants::blob::hex;
use packtwin_tenants::store::upload::{UploadFilter, UploadPurpose, UploadRecord, UploadState};

use super::caller::Caller;
use super::list::{Page, Row, time_key, time_key_of};
use super::problem::Problem;
use super::request::{Body, OptionalBody, Query, content_type, etag, id};
use super::shared::Shared;
use super::stream::{self, Download};
use crate::body;

/// Where a part begins, and after it, where the next one begins.
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");

/// A received file.
#[derive(Debug, Serialize, ToSchema)]
pub struct Upload {
    /// Its id, `upl_…`.
    id: String,
    /// Its name at the sender.
    name: String,
    /// Its length in bytes.
    size: u64,
    /// Where the next part begins.
    offset: u64,
    /// The partner it comes from.
    partner: String,
    /// How far it has come.
    state: &'static str,
    /// What the content turned out to be.
    kind: String,
    /// The same in words.
    description: String,
    /// The SHA-256 of the original.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    /// Why it cannot be read at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<Refused>,
    /// Sums of the last check.
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<Summary>,
    /// Codes whose proposals are accepted.
    accepted: Vec<String>,
    /// Codes whose values someone said to be right as they are.
    kept: Vec<String>,
    /// The upload that brought the same content first, when this one only repeated it (UPL-001).
    #[serde(skip_serializing_if = "Option::is_none")]
    same_as: Option<String>,
    /// The job that works on it, or worked last.
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<String>,
    /// Who sent it.
    created_by: String,
    /// When it began.
    created_at: String,
    /// Whether the same content had come before: then this is that upload (UPL-001).
    same: bool,
    /// Whether it is checked and never stored.
    dry_run: bool,
}

/// Why a file cannot be read.
#[derive(Debug, Serialize, ToSchema)]
pub struct Refused {
    /// The stable code.
    code: String,
    /// One sentence.
    text: String,
}

/// Sums of a check.
#[derive(Debug, Serialize, ToSchema)]
pub struct Summary {
    /// Rows of the file, without its heading.
    rows: u64,
    /// Rows that can be stored, as they are or thanks to an accepted proposal.
    rows_right: u64,
    /// Rows to which an accepted proposal was applied; among them repeated rows, which are left out.
    rows_fixed: u64,
    /// Rows that could be stored if the proposals were accepted.
    rows_fixable: u64,
    /// Rows that cannot be stored.
    rows_wrong: u64,
    /// Lots of which every row can be stored.
    lots_right: u64,
    /// All lots.
    lots: u64,
}

impl From<CheckSummary> for Summary {
    fn from(sums: CheckSummary) -> Self {
        Summary {
            rows: sums.rows,
            rows_right: sums.rows_right,
            rows_fixed: sums.rows_fixed,
            rows_fixable: sums.rows_fixable,
            rows_wrong: sums.rows_wrong,
            lots_right: sums.lots_right,
            lots: sums.lots,
        }
    }
}

impl From<&UploadRecord> for Upload {
    fn from(record: &UploadRecord) -> Self {
        let detail = UploadDetail::from_record(record);
        Upload {
            id: record.id.to_string(),
            name: record.file_name.clone(),
            size: record.bytes_declared,
            offset: record.bytes_received,
            partner: record.partner.clone(),
            state: record.state.as_str(),
            kind: record.kind.clone(),
            description: detail.description,
            sha256: record.sha256.as_ref().map(|hash| hex(hash)),
            refused: detail.refused.map(|(code, text)| Refused { code, text }),
            summary: detail.summary.map(Summary::from),
            accepted: detail.accepted,
            kept: detail.kept,
            same_as: detail.same_as,
            job: record.job_id.map(|job| job.to_string()),
            created_by: record.created_by.clone(),
            created_at: record.created_at.to_string(),
            same: false,
            dry_run: record.purpose == UploadPurpose::DryRun,
        }
    }
}

impl Row for Upload {
    const HEAD: &'static [&'static str] = &[
        "id",
        "name",
        "size",
        "partner",
        "state",
        "kind",
        "sha256",
        "created_by",
        "created_at",
        "dry_run",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            self.name.clone(),
            self.size.to_string(),
            self.partner.clone(),
            self.state.to_owned(),
            self.kind.clone(),
            self.sha256.clone().unwrap_or_default(),
            self.created_by.clone(),
            self.created_at.clone(),
            self.dry_run.to_string(),
        ]
    }
}

body! {
    /// What the sender says of a file before sending it.
    pub struct UploadBegun {
        /// Its name; shown, never used as a path.
        name: String,
        /// Its length in bytes.
        size: u64,
        /// The partner it comes from; chooses the column mapping.
        partner: Option<String>,
        /// Its SHA-256 in hexadecimal, when known beforehand: the same content is then not sent again.
        sha256: Option<String>,
    }
}

body! {
    /// The end of the sending.
    pub struct UploadEnded {
        /// The SHA-256 of the file in hexadecimal, compared with what came.
        sha256: Option<String>,
    }
}

body! {
    /// How to read a file from now on. One of the two.
    pub struct MappingChosen {
        /// A mapping in its text form.
        mapping: Option<String>,
        /// A stored mapping, `map_…`.
        mapping_id: Option<String>,
    }
}

body! {
    /// What to commit.
    pub struct CommitWanted {
        /// Lots by their index; every correct lot when absent or empty.
        lots: Option<Vec<u32>>,
    }
}

/// Uploads, newest first.
///
/// # Errors
/// A parameter is wrong.
#[utoipa::path(get, path = "/v1/uploads", tag = "uploads",
    params(("state" = Option<String>, Query), ("partner" = Option<String>, Query), ("text" = Option<String>, Query),
        ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Page<Upload>)))]
pub async fn list(
    caller: Caller,
    mut query: Query,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let filter = UploadFilter {
        state: query.take("state", UploadState::parse, "a state of uploads"),
        partner: query.text("partner"),
        text: query.text("text"),
    };
    let limit = query.limit();
    let before = query.cursor(time_key_of);
    query.close()?;
    let records = caller
        .read(move |reader| reader.upload_list(&filter, before, i64::from(limit) + 1))
        .await?;
    let keyed =
        |record: &UploadRecord| (time_key(record.created_at, record.id), Upload::from(record));
    Page::of_keyed(records.iter().map(keyed).collect(), limit).respond(&request)
}

/// Begins an upload. The same content is the same upload: then 200 and that one. A dry run is checked like any other and
/// can never be committed; the same file sent without `dry_run` is another upload.
///
/// # Errors
/// UPL-002, UPL-003; every fault of the body.
#[utoipa::path(post, path = "/v1/uploads", tag = "uploads", request_body = UploadBegun,
    params(("dry_run" = Option<bool>, Query)),
    responses((status = 201, body = Upload), (status = 200, body = Upload)))]
pub async fn begin(
    caller: Caller,
    shared: web::Data<Shared>,
    mut query: Query,
    body: Result<Body<UploadBegun>, Problem>,
) -> Result<HttpResponse, Problem> {
    let is_dry_run = query
        .take("dry_run", |text| text.parse().ok(), "true or false")
        .unwrap_or(false);
    // Whoever believed that a parameter counts learns of it before the body is looked at, as everywhere else.
    query.close()?;
    let Body(wanted) = body?;
    let begin = BeginUpload {
        file_name: wanted.name,
        partner: wanted.partner.unwrap_or_default(),
        bytes: wanted.size,
        sha256: wanted.sha256.as_deref().map(read_hash).transpose()?,
    };
    let begun = caller
        .at_desk(&shared, move |desk| match is_dry_run {
            true => upload::begin_dry_run(desk, begin),
            false => upload::begin_upload(desk, begin),
        })
        .await?;
    Ok(match begun {
        Begun::New(record) => answer(StatusCode::CREATED, &record, false),
        Begun::Same(record) => answer(StatusCode::OK, &record, true),
    })
}

/// One upload, with the offset at which to go on.
///
/// # Errors
/// There is none under this id.
#[utoipa::path(get, path = "/v1/uploads/{id}", tag = "uploads", params(("id" = String, Path)),
    responses((status = 200, body = Upload)))]
pub async fn show(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = id(&path)?;
    let record = caller
        .at_desk(&shared, move |desk| upload::find_upload(desk, id))
        .await?;
    Ok(answer(StatusCode::OK, &record, false))
}

/// Takes a part of any length at `Upload-Offset`. What was answered is on the disk.
///
/// # Errors
/// UPL-041 with the offset at which to go on.
#[utoipa::path(patch, path = "/v1/uploads/{id}", tag = "uploads",
    params(("id" = String, Path), ("Upload-Offset" = u64, Header)),
    request_body(content = String, content_type = "application/offset+octet-stream"),
    responses((status = 204, description = "`Upload-Offset` says where the next part begins")))]
pub async fn append(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let id: UploadId = id(&path)?;
    let kinds = [
        "application/offset+octet-stream",
        "application/octet-stream",
    ];
    if !content_type(request.headers()).is_some_and(|kind| kinds.contains(&kind)) {
        return Err(Problem::of(
            Code::ContentTypeWrong,
            format!("This address takes {}.", kinds[0]),
        ));
    }
    let offset = request
        .headers()
        .get(UPLOAD_OFFSET)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let offset = offset.ok_or_else(|| {
        Problem::at(
            Code::RequestMalformed,
            "header Upload-Offset",
            "The part does not say where it begins.",
        )
    })?;
    let taker = caller.desk(&shared);
    let taken = stream::read_with(payload.into_inner(), move |part| {
        taker.work(|desk| upload::append_part(desk, id, offset, part))
    });
    match taken.await {
        Ok(next) => Ok(HttpResponse::NoContent()
            .insert_header((UPLOAD_OFFSET, next.to_string()))
            .finish()),
        Err(problem) if problem.code() == Code::UploadOffset => {
            let here = found(&caller, id).await?.bytes_received;
            Err(problem.with_header(UPLOAD_OFFSET, here.to_string()))
        }
        Err(problem) => Err(problem),
    }
}

/// Ends the sending: the original is kept, recognised, and its check begins. The same content twice is the first upload.
///
/// # Errors
/// UPL-041 when bytes are missing, UPL-042 when the hash is another.
#[utoipa::path(post, path = "/v1/uploads/{id}:complete", tag = "uploads", params(("id" = String, Path)),
    request_body = Option<UploadEnded>, responses((status = 200, body = Upload)))]
pub async fn complete(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    OptionalBody(ended): OptionalBody<UploadEnded>,
) -> Result<HttpResponse, Problem> {
    let id: UploadId = id(&path)?;
    let announced = ended
        .and_then(|ended| ended.sha256)
        .as_deref()
        .map(read_hash)
        .transpose()?;
    let completed = caller
        .at_desk(&shared, move |desk| {
            upload::complete_upload(desk, id, announced)
        })
        .await?;
    Ok(match completed {
        Completed::Kept(record) => answer(StatusCode::OK, &record, false),
        Completed::Same(record) => answer(StatusCode::OK, &record, true),
    })
}

/// Says how to read the file; it is checked again.
///
/// # Errors
/// UPL-007 when the mapping lacks a field, UPL-043 while the file is being worked on.
#[utoipa::path(put, path = "/v1/uploads/{id}/mapping", tag = "uploads", params(("id" = String, Path)),
    request_body = MappingChosen, responses((status = 200, body = Upload)))]
pub async fn choose_mapping(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    Body(chosen): Body<MappingChosen>,
) -> Result<HttpResponse, Problem> {
    let id: UploadId = id(&path)?;
    let mapping = match (chosen.mapping, chosen.mapping_id) {
        (Some(text), None) => MappingChoice::Text(text),
        (None, Some(stored)) => MappingChoice::Stored(super::request::id(&stored)?),
        _ => {
            return Err(Problem::of(
                Code::RequestMalformed,
                "Give either mapping or mapping_id.",
            ));
        }
    };
    let decision = Decision {
        mapping,
        accepted: None,
        kept: None,
    };
    caller
        .at_desk(&shared, move |desk| {
            upload::change_decision(desk, id, decision)
        })
        .await?;
    Ok(answer(StatusCode::OK, &found(&caller, id).await?, false))
}

/// Commits correct lots; all packs of a lot become visible at once.
///
/// # Errors
/// UPL-043, UPL-045; a chosen lot is not correct; UPL-050: it is a dry run.
#[utoipa::path(post, path = "/v1/uploads/{id}:commit", tag = "uploads", params(("id" = String, Path)),
    request_body = Option<CommitWanted>, responses((status = 202, description = "`Location` is the job")))]
pub async fn commit(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    OptionalBody(wanted): OptionalBody<CommitWanted>,
) -> Result<HttpResponse, Problem> {
    let id: UploadId = id(&path)?;
    let lots = wanted.and_then(|wanted| wanted.lots).unwrap_or_default();
    let job = caller
        .at_desk(&shared, move |desk| upload::request_commit(desk, id, lots))
        .await?;
    Ok(accepted(job))
}

/// Withdraws an upload of which nothing is committed.
///
/// # Errors
/// UPL-043; there is none under this id.
#[utoipa::path(delete, path = "/v1/uploads/{id}", tag = "uploads",
    params(("id" = String, Path), ("reason" = Option<String>, Query)), responses((status = 204)))]
pub async fn withdraw(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    mut query: Query,
) -> Result<HttpResponse, Problem> {
    let reason = query.text("reason").unwrap_or_default();
    query.close()?;
    let id: UploadId = id(&path)?;
    caller
        .at_desk(&shared, move |desk| upload::withdraw(desk, id, &reason))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The original, byte for byte.
///
/// # Errors
/// There is none under this id, or it has not arrived whole.
#[utoipa::path(get, path = "/v1/uploads/{id}/original", tag = "uploads", params(("id" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = String)))]
pub async fn original(caller: Caller, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let record = found(&caller, id(&path)?).await?;
    let sha256 = record.sha256.ok_or_else(Problem::not_found)?;
    let blobs = caller.scope().blobs();
    let mut file = caller
        .block(move |_| {
            Ok(blobs
                .open(&sha256)
                .map_err(packtwin_tenants::error::StoreError::from)?)
        })
        .await?;
    let download = Download {
        file_name: record.file_name,
        content_type: "application/octet-stream",
    };
    Ok(stream::write_with(&download, move |out| {
        std::io::copy(&mut file, out)
            .map(drop)
            .map_err(|_| Problem::unavailable())
    }))
}

/// One upload of the tenant, or the uniform refusal.
pub(super) async fn found(caller: &Caller, id: UploadId) -> Result<UploadRecord, Problem> {
    caller
        .read(move |reader| reader.upload_get(id))
        .await?
        .ok_or_else(Problem::not_found)
}

/// The answer to long work: where its progress is.
pub(super) fn accepted(job: JobId) -> HttpResponse {
    HttpResponse::Accepted()
        .insert_header((LOCATION, format!("/v1/jobs/{job}")))
        .json(serde_json::json!({ "job": job.to_string() }))
}

fn answer(status: StatusCode, record: &UploadRecord, same: bool) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((LOCATION, format!("/v1/uploads/{}", record.id)))
        .insert_header((ETAG, etag(record.row_version)))
        .insert_header((UPLOAD_OFFSET, record.bytes_received.to_string()))
        .json(Upload {
            same,
            ..Upload::from(record)
        })
}

fn read_hash(text: &str) -> Result<Hash, Problem> {
    let wrong = || {
        Problem::at(
            Code::RequestMalformed,
            "/sha256",
            "A SHA-256 has 64 hexadecimal digits.",
        )
    };
    if text.len() != 64 || !text.is_ascii() {
        return Err(wrong());
    }
    let mut hash = [0; 32];
    for (index, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).map_err(|_| wrong())?;
    }
    Ok(hash)
}
