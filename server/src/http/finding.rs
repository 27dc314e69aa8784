//! What the check of an upload found: sums by code with the first rows of each, every finding of a code, the error file,
//! and the acceptance of proposals (users.md 3.5).

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use packtwin_app::upload::{self, Decision, MappingChoice, severity_word};
use packtwin_core::code::Code;
use packtwin_core::finding::Finding;
use packtwin_core::ids::UploadId;
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_tenants::store::upload_result::{FindingSum, UploadLot};

use super::caller::Caller;
use super::list::{Page, Row};
use super::problem::Problem;
use super::request::{Body, Query, id};
use super::shared::Shared;
use super::stream::{self, Download};
use super::upload::found;
use crate::body;

/// Findings of one code.
#[derive(Debug, Serialize, ToSchema)]
pub struct FindingSumBody {
    /// The stable code.
    code: &'static str,
    /// What it means.
    title: &'static str,
    /// What to do.
    remedy: &'static str,
    /// `error`, `warning` or `fixed`.
    severity: &'static str,
    /// How many.
    count: u64,
    /// How many have a proposal.
    proposals: u64,
    /// The first of them.
    examples: Vec<FindingBody>,
}

/// One finding.
#[derive(Debug, Serialize, ToSchema)]
pub struct FindingBody {
    /// The stable code.
    code: &'static str,
    /// `error`, `warning` or `fixed`.
    severity: &'static str,
    /// The row of a table or line of a document; 0 for the whole file.
    row: u64,
    /// The column.
    column: String,
    /// What is wrong.
    text: String,
    /// The value that would mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    proposal: Option<String>,
}

impl From<&Finding> for FindingBody {
    fn from(finding: &Finding) -> Self {
        FindingBody {
            code: finding.code.as_str(),
            severity: severity_word(finding.severity),
            row: finding.row,
            column: finding.column.clone(),
            text: finding.text.clone(),
            proposal: finding.proposal.clone(),
        }
    }
}

impl From<&FindingSum> for FindingSumBody {
    fn from(sum: &FindingSum) -> Self {
        FindingSumBody {
            code: sum.code.as_str(),
            title: sum.code.title(),
            remedy: sum.code.remedy(),
            severity: severity_word(sum.severity),
            count: sum.count,
            proposals: sum.proposals,
            examples: sum.examples.iter().map(FindingBody::from).collect(),
        }
    }
}

impl Row for FindingSumBody {
    const HEAD: &'static [&'static str] =
        &["code", "severity", "count", "proposals", "title", "remedy"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.code.to_owned(),
            self.severity.to_owned(),
            self.count.to_string(),
            self.proposals.to_string(),
            self.title.to_owned(),
            self.remedy.to_owned(),
        ]
    }
}

impl Row for FindingBody {
    const HEAD: &'static [&'static str] =
        &["row", "column", "code", "severity", "text", "proposal"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.row.to_string(),
            self.column.clone(),
            self.code.to_owned(),
            self.severity.to_owned(),
            self.text.clone(),
            self.proposal.clone().unwrap_or_default(),
        ]
    }
}

/// A lot that the file names.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadLotBody {
    /// Its index, by which it is committed.
    pub(super) index: u32,
    /// The product code as the file writes it.
    product: String,
    /// The batch number as the file writes it.
    batch: String,
    /// The expiry as the file writes it.
    expiry: String,
    /// Rows that can be stored.
    rows_right: u64,
    /// Rows that cannot.
    rows_wrong: u64,
    /// What stands against it besides its rows, one sentence each.
    blocked_by: Vec<String>,
    /// Whether its packs are stored.
    committed: bool,
}

impl From<UploadLot> for UploadLotBody {
    fn from(lot: UploadLot) -> Self {
        UploadLotBody {
            index: lot.index,
            product: lot.product_text,
            batch: lot.batch_text,
            expiry: lot.expiry_text,
            rows_right: lot.rows_right,
            rows_wrong: lot.rows_wrong,
            blocked_by: lot.blocked_by,
            committed: lot.load.is_some(),
        }
    }
}

impl Row for UploadLotBody {
    const HEAD: &'static [&'static str] = &[
        "index",
        "product",
        "batch",
        "expiry",
        "rows_right",
        "rows_wrong",
        "blocked_by",
        "committed",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.index.to_string(),
            self.product.clone(),
            self.batch.clone(),
            self.expiry.clone(),
            self.rows_right.to_string(),
            self.rows_wrong.to_string(),
            self.blocked_by.join("; "),
            self.committed.to_string(),
        ]
    }
}

body! {
    /// The codes whose proposals are accepted from now on, all of them.
    pub struct FixesAccepted {
        /// Codes such as `UPL-017`.
        codes: Vec<String>,
        /// The codes whose values are right as they are from now on, all of them: `UPL-017`. Without it they stay.
        keep: Option<Vec<String>>,
    }
}

/// Findings summed by code, also as CSV.
///
/// # Errors
/// There is no such upload.
#[utoipa::path(get, path = "/v1/uploads/{id}/findings", tag = "uploads", params(("id" = String, Path)),
    responses((status = 200, body = Page<FindingSumBody>)))]
pub async fn sums(
    caller: Caller,
    path: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let upload = found(&caller, id(&path)?).await?;
    let sums = caller
        .read(move |reader| reader.upload_findings(upload.id))
        .await?;
    Page {
        items: sums.iter().map(FindingSumBody::from).collect(),
        next: None,
    }
    .respond(&request)
}

/// Every finding of one code in row order, also as CSV.
///
/// # Errors
/// There is no such upload or code; a parameter is wrong.
#[utoipa::path(get, path = "/v1/uploads/{id}/findings/{code}", tag = "uploads",
    params(("id" = String, Path), ("code" = String, Path), ("limit" = Option<u32>, Query),
        ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Page<FindingBody>)))]
pub async fn list(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<(String, String)>,
    mut query: Query,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let limit = query.limit();
    let skip = query.cursor(|key| key.parse::<u64>().ok()).unwrap_or(0);
    query.close()?;
    let upload: UploadId = id(&path.0)?;
    let code = code_of(&path.1).ok_or_else(Problem::not_found)?;
    let wanted = limit as usize + 1;
    let findings = caller
        .at_desk(&shared, move |desk| {
            upload::findings_page(desk, upload, Some(code), skip, wanted)
        })
        .await?;
    let keyed = findings
        .iter()
        .zip(skip + 1..)
        .map(|(finding, at)| (at.to_string(), FindingBody::from(finding)));
    Page::of_keyed(keyed.collect(), limit).respond(&request)
}

/// The lots that the file names.
///
/// # Errors
/// There is no such upload; a parameter is wrong.
#[utoipa::path(get, path = "/v1/uploads/{id}/lots", tag = "uploads",
    params(("id" = String, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Page<UploadLotBody>)))]
pub async fn lots(
    caller: Caller,
    path: web::Path<String>,
    mut query: Query,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let limit = query.limit();
    let after = query.cursor(|key| key.parse::<u32>().ok());
    query.close()?;
    let upload = found(&caller, id(&path)?).await?;
    let lots = caller
        .read(move |reader| reader.upload_lots(upload.id, after, i64::from(limit) + 1))
        .await?;
    Page::of(
        lots.into_iter().map(UploadLotBody::from).collect(),
        limit,
        |lot| lot.index.to_string(),
    )
    .respond(&request)
}

/// Accepts the proposals of codes; the file is checked again with them.
///
/// # Errors
/// A code is unknown; UPL-043 while the file is being worked on.
#[utoipa::path(post, path = "/v1/uploads/{id}/findings:apply-fixes", tag = "uploads", params(("id" = String, Path)),
    request_body = FixesAccepted, responses((status = 204)))]
pub async fn apply_fixes(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    Body(wanted): Body<FixesAccepted>,
) -> Result<HttpResponse, Problem> {
    let upload: UploadId = id(&path)?;
    let decision = Decision {
        mapping: MappingChoice::Keep,
        accepted: Some(codes_of(&wanted.codes)?),
        kept: wanted.keep.as_deref().map(codes_of).transpose()?,
    };
    caller
        .at_desk(&shared, move |desk| {
            upload::change_decision(desk, upload, decision)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The rows with findings as the file had them, with row, code, message and proposal behind.
///
/// # Errors
/// There is no such upload; it was not checked.
#[utoipa::path(get, path = "/v1/uploads/{id}/error-file", tag = "uploads", params(("id" = String, Path)),
    responses((status = 200, content_type = "text/csv", body = String)))]
pub async fn error_file(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let record = found(&caller, id(&path)?).await?;
    let upload = record.id;
    // Asked for one finding first, so that a refusal is still a refusal and no broken download.
    caller
        .at_desk(&shared, move |desk| {
            upload::findings_page(desk, upload, None, 0, 1)
        })
        .await?;
    let desk = caller.desk(&shared);
    let download = Download {
        file_name: format!("errors of {}", record.file_name),
        content_type: "text/csv",
    };
    Ok(stream::write_with(&download, move |out| {
        desk.work(|desk| upload::write_error_file(desk, upload, out))
    }))
}

/// Reads codes, all wrong ones told at once.
pub(super) fn codes_of(words: &[String]) -> Result<BTreeSet<Code>, Refusals> {
    let mut faults = Vec::new();
    let mut codes = BTreeSet::new();
    for (index, word) in words.iter().enumerate() {
        match code_of(word) {
            Some(code) => {
                codes.insert(code);
            }
            None => {
                let place = format!("/codes/{index}");
                faults.push(Refusal::at(
                    Code::RequestMalformed,
                    place,
                    "There is no such code.",
                ));
            }
        }
    }
    Refusals::check(faults).map(|()| codes)
}

fn code_of(word: &str) -> Option<Code> {
    Code::ALL.iter().copied().find(|code| code.as_str() == word)
}
