//! `/v1/epcis/capture`: documents handed over and captured by a job, with all that was found in them (EPCIS 2.0, section
//! 12.8), and `/v1/epcis/validate`, which only looks.

use actix_web::http::header::{LINK, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use packtwin_app::capture::{
    FINDINGS_LISTED_MAX, begin_capture, find_capture, list_findings, validate_document,
};
use packtwin_app::upload::severity_word;
use packtwin_core::code::Code;
use packtwin_core::finding::Severity;
use packtwin_core::ids::CaptureId;
use packtwin_epcis::validate::{Checks, Layer};
use packtwin_tenants::store::capture::{
    CaptureFinding, CaptureRecord, CaptureState, ErrorBehaviour,
};

use super::caller::Caller;
use super::epcis_event::{require_epcis, with_token};
use super::epcis_form::vendor_headers;
use super::list::{Page, Row, cursor, cursor_key, time_key, time_key_of};
use super::problem::Problem;
use super::request::{Query, id};
use super::shared::Shared;
use super::stream;

/// Findings told with a capture itself; all of them have an address of their own.
const ERRORS_TOLD: i64 = 100;

/// A capture as the standard has it, and how far it has come.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CaptureBody {
    /// Its id, `cap_…`.
    #[serde(rename = "captureID")]
    capture_id: String,
    /// When it was handed over.
    created_at: String,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<String>,
    /// Whether it is being worked on.
    running: bool,
    /// Whether nothing has gone wrong so far.
    success: bool,
    /// `rollback` or `proceed`.
    capture_error_behaviour: &'static str,
    /// The first errors.
    errors: Vec<CaptureErrorBody>,
    /// How far it has come: `running`, `stored`, `partly_stored` or `rejected`.
    state: &'static str,
    /// Who the document says sent it.
    sender: String,
    /// The sender's key of the exchange.
    instance_identifier: String,
    /// The length of the document in bytes.
    size: u64,
    /// Events read.
    events: u64,
    /// Events stored.
    stored: u64,
    /// Events that were there already.
    repeated: u64,
    /// Facts of the hierarchy that wait for others, or contradict them.
    parked: u64,
    /// All findings.
    findings: u64,
    /// Errors among them.
    error_count: u64,
    /// The job that works on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<String>,
}

/// An error of a capture, in the standard's own type.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaptureErrorBody {
    /// `epcisException:ValidationException`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// What it means.
    title: &'static str,
    /// One sentence.
    detail: String,
    /// The stable code.
    code: &'static str,
    /// The event, counted from 1; 0 for the document.
    event: u64,
    /// The line.
    line: u64,
}

/// Something found in a document.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaptureFindingBody {
    /// Its number.
    number: u64,
    /// The event, counted from 1; 0 for the document.
    event: u64,
    /// The line; 0 where there is none.
    line: u64,
    /// The stable code.
    code: &'static str,
    /// `error` or `warning`.
    severity: &'static str,
    /// The field or item.
    place: String,
    /// One sentence.
    text: String,
    /// What to do.
    remedy: &'static str,
    /// The value that would mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    proposal: Option<String>,
}

impl From<&CaptureFinding> for CaptureFindingBody {
    fn from(finding: &CaptureFinding) -> Self {
        CaptureFindingBody {
            number: finding.no,
            event: finding.event,
            line: finding.line,
            code: finding.code.as_str(),
            severity: severity_word(finding.severity),
            place: finding.place.clone(),
            text: finding.text.clone(),
            remedy: finding.code.remedy(),
            proposal: finding.proposal.clone(),
        }
    }
}

impl Row for CaptureFindingBody {
    const HEAD: &'static [&'static str] = &[
        "number", "event", "line", "code", "severity", "place", "text", "proposal",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.number.to_string(),
            self.event.to_string(),
            self.line.to_string(),
            self.code.to_owned(),
            self.severity.to_owned(),
            self.place.clone(),
            self.text.clone(),
            self.proposal.clone().unwrap_or_default(),
        ]
    }
}

impl CaptureBody {
    fn new(record: &CaptureRecord, findings: &[CaptureFinding]) -> Self {
        let sums = record.sums;
        let is_error = |finding: &&CaptureFinding| finding.severity == Severity::Error;
        let error = |finding: &CaptureFinding| CaptureErrorBody {
            kind: "epcisException:ValidationException",
            title: finding.code.title(),
            detail: finding.text.clone(),
            code: finding.code.as_str(),
            event: finding.event,
            line: finding.line,
        };
        CaptureBody {
            capture_id: record.id.to_string(),
            created_at: record.created_at.to_string(),
            finished_at: record.finished_at.map(|at| at.to_string()),
            running: record.state == CaptureState::Running,
            success: sums.errors == 0
                && !matches!(
                    record.state,
                    CaptureState::PartlyStored | CaptureState::Rejected
                ),
            capture_error_behaviour: record.behaviour.as_str(),
            errors: findings.iter().filter(is_error).map(error).collect(),
            state: record.state.as_str(),
            sender: record.sender.clone(),
            instance_identifier: record.instance.clone(),
            size: record.bytes,
            events: sums.events,
            stored: sums.stored,
            repeated: sums.repeated,
            parked: sums.parked,
            findings: sums.findings,
            error_count: sums.errors,
            job: record.job.map(|job| job.to_string()),
        }
    }
}

/// Hands a document over. 202 promises no more than that it lies here; what becomes of it is told at `Location`.
///
/// # Errors
/// EPC-155 when it is longer than this site takes; a content type that is no EPCIS.
#[utoipa::path(post, path = "/v1/epcis/capture", tag = "epcis",
    params(("GS1-Capture-Error-Behaviour" = Option<String>, Header)),
    request_body(content = String, content_type = "application/xml"),
    responses((status = 202, description = "`Location` is the capture")))]
pub async fn begin(
    caller: Caller,
    shared: web::Data<Shared>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    require_epcis(&request)?;
    let said = request.headers().get("gs1-capture-error-behaviour");
    let behaviour = match said.map(|value| value.to_str().unwrap_or_default()) {
        None => ErrorBehaviour::Rollback,
        Some(word) => ErrorBehaviour::parse(word).ok_or_else(|| {
            Problem::at(
                Code::RequestMalformed,
                "header GS1-Capture-Error-Behaviour",
                "Here belongs rollback or proceed.",
            )
        })?,
    };
    let most = shared.configuration.limits.upload_bytes;
    let desk = caller.desk(&shared);
    let begun = stream::read_with(payload.into_inner(), move |document| {
        desk.work(|desk| begin_capture(desk, document, behaviour))
    })
    .await?;
    let mut response = HttpResponse::Accepted();
    vendor_headers(&mut response);
    response.insert_header(("GS1-EPCIS-Capture-File-Size-Limit", most.to_string()));
    response.insert_header(("GS1-Capture-Error-Behaviour", behaviour.as_str()));
    Ok(response
        .insert_header((LOCATION, format!("/v1/epcis/capture/{}", begun.id)))
        .finish())
}

/// Captures, newest first.
///
/// # Errors
/// A parameter is wrong.
#[utoipa::path(get, path = "/v1/epcis/capture", tag = "epcis",
    params(("perPage" = Option<u32>, Query), ("nextPageToken" = Option<String>, Query)),
    responses((status = 200, body = Vec<CaptureBody>)))]
pub async fn list(
    caller: Caller,
    mut query: Query,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let read = |text: &str| text.parse().ok().filter(|count| (1..=1000).contains(count));
    let per_page: usize = query
        .take("perPage", read, "a number from 1 to 1000")
        .unwrap_or(30);
    let read = |text: &str| cursor_key(text).and_then(|key| time_key_of(&key));
    let before = query.take("nextPageToken", read, "one of our tokens");
    query.close()?;
    let limit = per_page as i64 + 1;
    let mut records = caller
        .read(move |reader| reader.capture_list(None, before, limit))
        .await?;
    let more = records.len() > per_page;
    records.truncate(per_page);
    let mut response = HttpResponse::Ok();
    vendor_headers(&mut response);
    if let (true, Some(last)) = (more, records.last()) {
        let token = cursor(&time_key(last.created_at, last.id));
        let link = format!("<{}>; rel=\"next\"", with_token(&request, &token));
        response.insert_header((LINK, link));
    }
    let bodies: Vec<CaptureBody> = records
        .iter()
        .map(|record| CaptureBody::new(record, &[]))
        .collect();
    Ok(response.json(bodies))
}

/// One capture with its first errors.
///
/// # Errors
/// There is none under this id.
#[utoipa::path(get, path = "/v1/epcis/capture/{id}", tag = "epcis", params(("id" = String, Path)),
    responses((status = 200, body = CaptureBody)))]
pub async fn show(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: CaptureId = id(&path)?;
    let (record, findings) = caller
        .at_desk(&shared, move |desk| {
            let record = find_capture(desk, id)?;
            Ok((record, list_findings(desk, id, 0, ERRORS_TOLD)?))
        })
        .await?;
    let mut response = HttpResponse::Ok();
    vendor_headers(&mut response);
    Ok(response.json(CaptureBody::new(&record, &findings)))
}

/// What was found in a document, in the order of finding, also as CSV.
///
/// # Errors
/// There is no such capture; a parameter is wrong.
#[utoipa::path(get, path = "/v1/epcis/capture/{id}/findings", tag = "epcis",
    params(("id" = String, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Page<CaptureFindingBody>)))]
pub async fn findings(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    mut query: Query,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let limit = query.limit();
    let after = query.cursor(|key| key.parse::<u64>().ok()).unwrap_or(0);
    query.close()?;
    let id: CaptureId = id(&path)?;
    let found = caller
        .at_desk(&shared, move |desk| {
            list_findings(desk, id, after, i64::from(limit) + 1)
        })
        .await?;
    let items = found.iter().map(CaptureFindingBody::from).collect();
    Page::of(items, limit, |finding: &CaptureFindingBody| {
        finding.number.to_string()
    })
    .respond(&request)
}

/// What a document is worth.
#[derive(Debug, Serialize, ToSchema)]
pub struct ValidationBody {
    /// Events read.
    events: u64,
    /// EPCs in them.
    epcs: u64,
    /// Errors found; 0 for a valid document.
    errors: u64,
    /// All findings.
    findings_count: u64,
    /// The first 10,000 of them.
    findings: Vec<ValidationFindingBody>,
}

/// One finding of a validation.
#[derive(Debug, Serialize, ToSchema)]
pub struct ValidationFindingBody {
    /// `schema`, `vocabulary`, `choreography` or `profile`.
    layer: &'static str,
    /// The stable code.
    code: &'static str,
    /// `error` or `warning`.
    severity: &'static str,
    /// The line.
    line: u64,
    /// The field.
    place: String,
    /// One sentence.
    text: String,
    /// The value that would mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    proposal: Option<String>,
}

/// Looks at a document: schema, vocabulary, choreography, profile. Nothing is stored.
///
/// # Errors
/// The profile is unknown; a content type that is no EPCIS.
#[utoipa::path(post, path = "/v1/epcis/validate", tag = "epcis", params(("profile" = Option<String>, Query)),
    request_body(content = String, content_type = "application/xml"),
    responses((status = 200, body = ValidationBody)))]
pub async fn validate(
    caller: Caller,
    shared: web::Data<Shared>,
    mut query: Query,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let read = |text: &str| match text {
        "gs1" => Some(false),
        "dscsa" => Some(true),
        _ => None,
    };
    let dscsa = query.take("profile", read, "gs1 or dscsa").unwrap_or(false);
    query.close()?;
    require_epcis(&request)?;
    let checks = Checks {
        choreography: true,
        dscsa,
    };
    let desk = caller.desk(&shared);
    let body = stream::read_with(payload.into_inner(), move |document| {
        let mut findings = Vec::new();
        let mut count = 0;
        let verdict = desk.work(|desk| {
            validate_document(desk, document, checks, &mut |finding| {
                count += 1;
                if count <= FINDINGS_LISTED_MAX {
                    findings.push(ValidationFindingBody {
                        layer: Layer::of(finding.code).as_str(),
                        code: finding.code.as_str(),
                        severity: severity_word(finding.severity),
                        line: finding.row,
                        place: finding.column,
                        text: finding.text,
                        proposal: finding.proposal,
                    });
                }
            })
        })?;
        Ok(ValidationBody {
            events: verdict.events,
            epcs: verdict.epcs,
            errors: verdict.errors,
            findings_count: count,
            findings,
        })
    })
    .await?;
    let mut response = HttpResponse::Ok();
    vendor_headers(&mut response);
    Ok(response.json(body))
}
