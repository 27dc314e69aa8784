//! `/v1/packs/…/messages` and `/proof`: which messages told of a pack, and what an outsider can compute again (users.md 3.7;
//! URS-SN-009). What the proof shows and what it does not is said at `packtwin_app::pack::proof`.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use packtwin_app::pack::{self, AuditProof, ListProof, PackMessage, PackProof, PackVerdict};
use packtwin_core::audit::Hash;
use packtwin_tenants::audit::{ChainedEntry, StoredEntry};
use packtwin_tenants::blob::hex;

use super::caller::Caller;
use super::list::{Page, Row};
use super::pack::pack_names;
use super::problem::Problem;
use super::shared::Shared;

/// A message that told of a pack.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageOfPack {
    /// Its id, `msg_…`.
    id: String,
    /// Through which connector.
    connector: String,
    /// The fact it carries.
    kind: &'static str,
    /// `pack` when its document names the pack, `lot` or `product` when it names that.
    tells_of: &'static str,
    /// How far the message has come.
    state: &'static str,
    /// What became of this pack in it: `not_sent`, `waiting`, `unknown`, `accepted`, `refused`, `refused_whole` or
    /// `cancelled`.
    verdict: &'static str,
    /// The far side's code, when it refused this pack.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal_code: Option<String>,
    /// The far side's words, when it refused this pack.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal_text: Option<String>,
    /// When the event happened.
    event_at: String,
    /// When the message was made.
    created_at: String,
    /// When it left.
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_at: Option<String>,
    /// When it was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_at: Option<String>,
    /// The document's SHA-256.
    #[serde(skip_serializing_if = "Option::is_none")]
    document_sha256: Option<String>,
    /// The far side's acknowledgement id; empty when it gave none.
    acknowledgement: String,
    /// When the far side says it acknowledged.
    #[serde(skip_serializing_if = "Option::is_none")]
    acknowledged_at: Option<String>,
    /// Its address.
    link: String,
}

impl From<&PackMessage> for MessageOfPack {
    fn from(told: &PackMessage) -> Self {
        let message = &told.message;
        let answer = message.answer.as_ref();
        let (refusal_code, refusal_text) = match &told.verdict {
            PackVerdict::Refused { code, text } => (Some(code.clone()), Some(text.clone())),
            _ => (None, None),
        };
        MessageOfPack {
            id: message.id.to_string(),
            connector: message.connector.clone(),
            kind: message.kind.as_str(),
            tells_of: told.tells.as_str(),
            state: message.state.as_str(),
            verdict: told.verdict.as_str(),
            refusal_code,
            refusal_text,
            event_at: message.event_at.to_string(),
            created_at: message.created_at.to_string(),
            sent_at: message.sent_at.map(|at| at.to_string()),
            answered_at: message.answered_at.map(|at| at.to_string()),
            document_sha256: message.document.map(|document| hex(&document.sha256)),
            acknowledgement: answer
                .map_or_else(String::new, |answer| answer.acknowledgement.clone()),
            acknowledged_at: answer
                .and_then(|answer| answer.acknowledged_at)
                .map(|at| at.to_string()),
            link: format!("/v1/messages/{}", message.id),
        }
    }
}

impl Row for MessageOfPack {
    const HEAD: &'static [&'static str] = &[
        "id",
        "connector",
        "kind",
        "tells_of",
        "state",
        "verdict",
        "event_at",
        "sent_at",
        "answered_at",
        "document_sha256",
        "acknowledgement",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            self.connector.clone(),
            self.kind.to_owned(),
            self.tells_of.to_owned(),
            self.state.to_owned(),
            self.verdict.to_owned(),
            self.event_at.clone(),
            self.sent_at.clone().unwrap_or_default(),
            self.answered_at.clone().unwrap_or_default(),
            self.document_sha256.clone().unwrap_or_default(),
            self.acknowledgement.clone(),
        ]
    }
}

/// What proves a pack.
#[derive(Debug, Serialize, ToSchema)]
pub struct PackProofBody {
    /// When it was made.
    made_at: String,
    /// The product code.
    product: String,
    /// The serial.
    serial: String,
    /// The batch number.
    lot: String,
    /// Where the pack stands in what was stored.
    list: ListProofBody,
    /// The messages that told of it, newest first.
    messages: Vec<MessageOfPack>,
    /// The acts that concern it; absent for whoever may not read the audit trail.
    #[serde(skip_serializing_if = "Option::is_none")]
    audit: Option<AuditProofBody>,
}

/// A pack's place in a serial list: one serial a line, each ended by a line feed, sorted by bytes.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListProofBody {
    /// The upload that brought it.
    upload: String,
    /// The file's name at the sender.
    name: String,
    /// The original's SHA-256.
    original_sha256: String,
    /// The list's SHA-256.
    sha256: String,
    /// How many serials the list has.
    packs: u64,
    /// The line of this pack, counted from 1.
    line: u64,
    /// When the list became visible.
    #[serde(skip_serializing_if = "Option::is_none")]
    stored_at: Option<String>,
}

/// The acts that concern a pack, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditProofBody {
    /// The entries.
    entries: Vec<ChainedEntryBody>,
    /// Whether these are all; otherwise the oldest thousand.
    whole: bool,
    /// The last entry of the whole chain when this was made, and its hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<ChainHead>,
}

/// The end of a chain.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChainHead {
    /// The number of its last entry.
    seq: i64,
    /// The hash of its last entry.
    hash: String,
}

/// An entry with every byte that its hash is made of: SHA-256 over the text `packtwin audit entry v1` and a zero byte, `seq`
/// (8 bytes, big-endian), `previous_hash`, `at_micros` (8 bytes, big-endian), and then actor, action, object, detail,
/// reason and correlation, each as UTF-8 with its length in bytes before it (8 bytes, big-endian).
#[derive(Debug, Serialize, ToSchema)]
pub struct ChainedEntryBody {
    /// Its place in the chain.
    seq: i64,
    /// The hash of the entry before it.
    previous_hash: String,
    /// When, to the millisecond.
    at: String,
    /// When, in microseconds since 1970 UTC.
    at_micros: i64,
    /// Who.
    actor: String,
    /// What was done.
    action: String,
    /// To what.
    object: String,
    /// Old and new values, the text that was hashed.
    detail: String,
    /// Why.
    reason: String,
    /// The request or job.
    correlation: String,
    /// Its hash.
    hash: String,
}

impl From<&ListProof> for ListProofBody {
    fn from(list: &ListProof) -> Self {
        let written = |hash: &Option<Hash>| hash.as_ref().map_or(String::new(), |hash| hex(hash));
        ListProofBody {
            upload: list.upload.clone(),
            name: list.file_name.clone(),
            original_sha256: written(&list.original_sha256),
            sha256: written(&list.sha256),
            packs: list.packs,
            line: list.line,
            stored_at: list.stored_at.map(|at| at.to_string()),
        }
    }
}

impl From<&AuditProof> for AuditProofBody {
    fn from(audit: &AuditProof) -> Self {
        let head = |head: &StoredEntry| ChainHead {
            seq: head.entry.seq,
            hash: hex(&head.hash),
        };
        AuditProofBody {
            entries: audit.entries.iter().map(ChainedEntryBody::from).collect(),
            whole: audit.is_whole,
            head: audit.head.as_ref().map(head),
        }
    }
}

impl From<&ChainedEntry> for ChainedEntryBody {
    fn from(chained: &ChainedEntry) -> Self {
        let entry = chained.stored.entry.clone();
        ChainedEntryBody {
            seq: entry.seq,
            previous_hash: hex(&chained.previous),
            at: entry.at.to_string(),
            at_micros: entry.at.micros(),
            actor: entry.actor,
            action: entry.action,
            object: entry.object,
            detail: entry.detail,
            reason: entry.reason,
            correlation: entry.correlation,
            hash: hex(&chained.stored.hash),
        }
    }
}

impl From<&PackProof> for PackProofBody {
    fn from(proof: &PackProof) -> Self {
        PackProofBody {
            made_at: proof.made_at.to_string(),
            product: proof.twin.product.code.to_string(),
            serial: proof.twin.pack.serial.to_string(),
            lot: proof.twin.lot.batch.to_string(),
            list: ListProofBody::from(&proof.list),
            messages: proof.messages.iter().map(MessageOfPack::from).collect(),
            audit: proof.audit.as_ref().map(AuditProofBody::from),
        }
    }
}

/// The messages that told of a pack, newest first, also as CSV.
///
/// # Errors
/// There is no such pack.
#[utoipa::path(get, path = "/v1/packs/{code}/{serial}/messages", tag = "packs",
    params(("code" = String, Path), ("serial" = String, Path)),
    responses((status = 200, body = Page<MessageOfPack>)))]
pub async fn messages(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (code, serial) = pack_names(&path)?;
    let told = caller
        .at_desk(&shared, move |desk| {
            pack::messages_of_pack(desk, &code, &serial)
        })
        .await?;
    Page {
        items: told.iter().map(MessageOfPack::from).collect(),
        next: None,
    }
    .respond(&request)
}

/// What proves a pack: the serial list it stands in, with its line; the documents it went out with and the far side's
/// acknowledgement; and, for whoever may read the audit trail, the acts that concern it. Each hash can be computed again
/// by anyone who has the list, the document or the entry. It does not prove that no entry was left out: for that, the
/// chain is followed from checkpoint to checkpoint; nor that a far side still holds what it acknowledged.
///
/// # Errors
/// There is no such pack.
#[utoipa::path(get, path = "/v1/packs/{code}/{serial}/proof", tag = "packs",
    params(("code" = String, Path), ("serial" = String, Path)), responses((status = 200, body = PackProofBody)))]
pub async fn proof(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (code, serial) = pack_names(&path)?;
    let proof = caller
        .at_desk(&shared, move |desk| {
            pack::proof_of_pack(desk, &code, &serial)
        })
        .await?;
    Ok(HttpResponse::Ok().json(PackProofBody::from(&proof)))
}
