//! `/v1/audit`: the audit trail of the tenant, and whether its chain holds (users.md 3.17; URS-AT).

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use packtwin_tenants::audit::StoredEntry;
use packtwin_tenants::blob::hex;

use super::caller::Caller;
use super::list::{Page, Row};
use super::problem::Problem;
use super::request::Query;

/// One entry.
#[derive(Debug, Serialize, ToSchema)]
pub struct Entry {
    /// Its place in the chain, from 1 without gaps.
    seq: i64,
    /// When.
    at: String,
    /// Who: `usr_…`, `key_…` or `system:…`.
    actor: String,
    /// What was done.
    action: String,
    /// To what.
    object: String,
    /// Old and new values.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
    /// Why.
    reason: String,
    /// The request or job.
    correlation: String,
    /// SHA-256 over this entry and the hash of the one before it.
    hash: String,
}

impl From<StoredEntry> for Entry {
    fn from(stored: StoredEntry) -> Self {
        let entry = stored.entry;
        Entry {
            seq: entry.seq,
            at: entry.at.to_string(),
            actor: entry.actor,
            action: entry.action,
            object: entry.object,
            detail: serde_json::from_str(&entry.detail)
                .unwrap_or(serde_json::Value::String(entry.detail)),
            reason: entry.reason,
            correlation: entry.correlation,
            hash: hex(&stored.hash),
        }
    }
}

impl Row for Entry {
    const HEAD: &'static [&'static str] = &[
        "seq",
        "at",
        "actor",
        "action",
        "object",
        "detail",
        "reason",
        "correlation",
        "hash",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.seq.to_string(),
            self.at.clone(),
            self.actor.clone(),
            self.action.clone(),
            self.object.clone(),
            self.detail.to_string(),
            self.reason.clone(),
            self.correlation.clone(),
            self.hash.clone(),
        ]
    }
}

/// Whether the chain holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct Proof {
    /// Whether every entry follows the one before it, up to the recorded head.
    holds: bool,
    /// Entries of the chain; absent when it does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<i64>,
    /// The hash of the last entry, to be kept outside.
    #[serde(skip_serializing_if = "Option::is_none")]
    head_hash: Option<String>,
    /// The first place where it does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
}

/// Entries, newest first; of one object, when it is named.
///
/// # Errors
/// A parameter is wrong.
#[utoipa::path(get, path = "/v1/audit", tag = "audit",
    params(("object" = Option<String>, Query), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Page<Entry>)))]
pub async fn list(
    caller: Caller,
    mut query: Query,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let limit = query.limit();
    let before = query
        .cursor(|key| key.parse::<i64>().ok())
        .unwrap_or(i64::MAX);
    let object = query.text("object");
    query.close()?;
    let stored = caller
        .read(move |reader| {
            reader.audit_list_before(before, object.as_deref(), i64::from(limit) + 1)
        })
        .await?;
    Page::of(
        stored.into_iter().map(Entry::from).collect(),
        limit,
        |entry| entry.seq.to_string(),
    )
    .respond(&request)
}

/// Follows the whole chain of the tenant.
///
/// # Errors
/// The store failed.
#[utoipa::path(get, path = "/v1/audit/proof", tag = "audit", responses((status = 200, body = Proof)))]
pub async fn proof(caller: Caller) -> Result<HttpResponse, Problem> {
    let (outcome, head) = caller
        .read(|reader| {
            let outcome = reader.audit_verify()?;
            let head = reader.audit_list_before(i64::MAX, None, 1)?;
            Ok((outcome, head))
        })
        .await?;
    let head_hash = head.first().map(|stored| hex(&stored.hash));
    let proof = match outcome {
        Ok(entries) => Proof {
            holds: true,
            entries: Some(entries),
            head_hash,
            fault: None,
        },
        Err(fault) => Proof {
            holds: false,
            entries: None,
            head_hash: None,
            fault: Some(fault.to_string()),
        },
    };
    Ok(HttpResponse::Ok().json(proof))
}
