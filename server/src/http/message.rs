//! `/v1/messages`: documents to far sides, what each field became, and what came back (users.md 3.9).

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use packtwin_app::message::{self, FarReason, FarRefusal, MessageView, Unconfirmed};
use packtwin_core::fact::FactKind;
use packtwin_core::ids::MessageId;
use packtwin_tenants::blob::hex;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::store::message::{MessageFilter, MessageRecord, MessageState};

use super::caller::Caller;
use super::list::{Page, Row, time_key, time_key_of};
use super::problem::Problem;
use super::request::{Query, id};
use super::shared::Shared;
use super::stream::{self, Download};

/// A message.
#[derive(Debug, Serialize, ToSchema)]
pub struct Message {
    /// Its id, `msg_…`.
    id: String,
    /// Through which connector.
    connector: String,
    /// The fact it carries.
    kind: &'static str,
    /// How far it has come.
    state: &'static str,
    /// Packs it carries.
    packs: u64,
    /// The release of the far side's interface.
    release: String,
    /// The document's SHA-256.
    #[serde(skip_serializing_if = "Option::is_none")]
    document_sha256: Option<String>,
    /// When the event happened; a repeat keeps it.
    event_at: String,
    /// When it was made.
    created_at: String,
    /// When it left.
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_at: Option<String>,
    /// When it was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_at: Option<String>,
    /// The far side's acknowledgement id.
    acknowledgement: String,
    /// Packs that were acknowledged.
    acknowledged_packs: u64,
}

impl From<&MessageRecord> for Message {
    fn from(record: &MessageRecord) -> Self {
        let answer = record.answer.as_ref();
        Message {
            id: record.id.to_string(),
            connector: record.connector.clone(),
            kind: record.kind.as_str(),
            state: record.state.as_str(),
            packs: record.content.packs(),
            release: record.release.clone(),
            document_sha256: record
                .document
                .as_ref()
                .map(|document| hex(&document.sha256)),
            event_at: record.event_at.to_string(),
            created_at: record.created_at.to_string(),
            sent_at: record.sent_at.map(|at| at.to_string()),
            answered_at: record.answered_at.map(|at| at.to_string()),
            acknowledgement: answer
                .map_or_else(String::new, |answer| answer.acknowledgement.clone()),
            acknowledged_packs: answer.map_or(0, |answer| answer.acknowledged_packs),
        }
    }
}

impl Row for Message {
    const HEAD: &'static [&'static str] = &[
        "id",
        "connector",
        "kind",
        "state",
        "packs",
        "release",
        "event_at",
        "created_at",
        "sent_at",
        "answered_at",
        "acknowledgement",
        "acknowledged_packs",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            self.connector.clone(),
            self.kind.to_owned(),
            self.state.to_owned(),
            self.packs.to_string(),
            self.release.clone(),
            self.event_at.clone(),
            self.created_at.clone(),
            self.sent_at.clone().unwrap_or_default(),
            self.answered_at.clone().unwrap_or_default(),
            self.acknowledgement.clone(),
            self.acknowledged_packs.to_string(),
        ]
    }
}

/// What the hub refused and what did not leave anew; `:retry` of the message sends it anew.
#[derive(Debug, Serialize, ToSchema)]
pub struct FarRefusalBody {
    /// The message that was refused.
    message: String,
    /// What it carried.
    kind: &'static str,
    /// The same in words: `recall in DE`.
    what: String,
    /// How many packs, where it was about packs.
    packs: u64,
    /// Every reason of the hub.
    reasons: Vec<FarReasonBody>,
}

/// A reason of the hub.
#[derive(Debug, Serialize, ToSchema)]
pub struct FarReasonBody {
    /// The hub's code.
    code: String,
    /// Its text.
    text: String,
    /// What it means and what to do.
    advice: String,
}

impl From<&FarRefusal> for FarRefusalBody {
    fn from(refusal: &FarRefusal) -> Self {
        let reason = |fault: &FarReason| FarReasonBody {
            code: fault.code.clone(),
            text: fault.text.clone(),
            advice: fault.advice.clone(),
        };
        FarRefusalBody {
            message: refusal.message.to_string(),
            kind: refusal.kind.as_str(),
            what: refusal.what.clone(),
            packs: refusal.packs,
            reasons: refusal.faults.iter().map(reason).collect(),
        }
    }
}

/// A message without a final answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnconfirmedBody {
    /// The stable code, HUB-202.
    code: &'static str,
    /// The message.
    message: String,
    /// Since when it waits.
    since: String,
    /// When it is tried next.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_try_at: Option<String>,
    /// The same in words.
    text: String,
}

impl From<&Unconfirmed> for UnconfirmedBody {
    fn from(unconfirmed: &Unconfirmed) -> Self {
        let told = unconfirmed.told();
        UnconfirmedBody {
            code: told.code.as_str(),
            message: unconfirmed.message.to_string(),
            since: unconfirmed.since.to_string(),
            next_try_at: unconfirmed.next_try_at.map(|at| at.to_string()),
            text: told.text,
        }
    }
}

/// A message with what each field became.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageDetailBody {
    #[serde(flatten)]
    message: Message,
    /// What is told while it has no final answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    unconfirmed: Option<UnconfirmedBody>,
    /// Canonical beside outgoing, with the rule; a dropped field says why.
    fields: Vec<FieldBody>,
    /// Every attempt, oldest first.
    attempts: Vec<AttemptBody>,
    /// The first refused packs.
    refused: Vec<RefusedPackBody>,
    /// The far side's faults.
    #[schema(value_type = Object)]
    faults: serde_json::Value,
}

/// One field on its way.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldBody {
    /// The canonical place.
    canonical: String,
    /// The canonical value.
    value: String,
    /// The place in the document; null when the field is dropped.
    outgoing: Option<String>,
    /// The outgoing value; null when the field is dropped.
    outgoing_value: Option<String>,
    /// The rule, or why it is dropped.
    rule: String,
}

/// One attempt.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttemptBody {
    /// Counted from 1.
    attempt: u32,
    /// When.
    at: String,
    /// What was done.
    action: String,
    /// What came of it.
    outcome: String,
    /// More words.
    detail: String,
}

/// A refused pack.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusedPackBody {
    /// Its serial.
    serial: String,
    /// The far side's code.
    code: String,
    /// The far side's words.
    text: String,
}

impl From<&MessageView> for MessageDetailBody {
    fn from(view: &MessageView) -> Self {
        let faults = view
            .message
            .answer
            .as_ref()
            .map_or("[]", |answer| answer.faults.as_str());
        MessageDetailBody {
            message: Message::from(&view.message),
            unconfirmed: view.unconfirmed.as_ref().map(UnconfirmedBody::from),
            fields: view
                .fields
                .iter()
                .map(|field| FieldBody {
                    canonical: field.canonical.clone(),
                    value: field.value.clone(),
                    outgoing: field.outgoing.clone(),
                    outgoing_value: field.outgoing_value.clone(),
                    rule: field.rule.clone(),
                })
                .collect(),
            attempts: view
                .attempts
                .iter()
                .map(|attempt| AttemptBody {
                    attempt: attempt.attempt,
                    at: attempt.at.to_string(),
                    action: attempt.action.clone(),
                    outcome: attempt.outcome.clone(),
                    detail: attempt.detail.clone(),
                })
                .collect(),
            refused: view
                .refused
                .iter()
                .map(|pack| RefusedPackBody {
                    serial: pack.serial.to_string(),
                    code: pack.code.clone(),
                    text: pack.text.clone(),
                })
                .collect(),
            faults: serde_json::from_str(faults).unwrap_or_default(),
        }
    }
}

/// Messages, newest first.
///
/// # Errors
/// A parameter is wrong.
#[utoipa::path(get, path = "/v1/messages", tag = "messages",
    params(("connector" = Option<String>, Query), ("state" = Option<String>, Query), ("kind" = Option<String>, Query),
        ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Page<Message>)))]
pub async fn list(
    caller: Caller,
    mut query: Query,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let filter = MessageFilter {
        connector: query.text("connector"),
        state: query.take("state", MessageState::parse, "a state of messages"),
        kind: query.take("kind", FactKind::parse, "a kind of fact"),
        product: None,
        lot: None,
    };
    let limit = query.limit();
    let before = query.cursor(time_key_of);
    query.close()?;
    let records = caller
        .read(move |reader| reader.message_list(&filter, before, i64::from(limit) + 1))
        .await?;
    let keyed = |record: &MessageRecord| {
        (
            time_key(record.created_at, record.id),
            Message::from(record),
        )
    };
    Page::of_keyed(records.iter().map(keyed).collect(), limit).respond(&request)
}

/// One message.
///
/// # Errors
/// There is none under this id.
#[utoipa::path(get, path = "/v1/messages/{id}", tag = "messages", params(("id" = String, Path)),
    responses((status = 200, body = MessageDetailBody)))]
pub async fn show(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: MessageId = id(&path)?;
    let view = caller
        .at_desk(&shared, move |desk| message::view_message(desk, id))
        .await?;
    Ok(HttpResponse::Ok().json(MessageDetailBody::from(&view)))
}

/// The document as it was sent. It holds the callback address, a secret, so that reading messages is not enough for it.
///
/// # Errors
/// There is none under this id, or it is not written yet.
#[utoipa::path(get, path = "/v1/messages/{id}/document", tag = "messages", params(("id" = String, Path)),
    responses((status = 200, content_type = "application/xml", body = String)))]
pub async fn document(caller: Caller, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let id: MessageId = id(&path)?;
    let record = caller
        .read(move |reader| reader.message_get(id))
        .await?
        .ok_or_else(Problem::not_found)?;
    let stored = record.document.ok_or_else(Problem::not_found)?;
    let blobs = caller.scope().blobs();
    let mut file = caller
        .block(move |_| Ok(blobs.open(&stored.sha256).map_err(StoreError::from)?))
        .await?;
    let download = Download {
        file_name: format!("{id}.xml"),
        content_type: "application/xml",
    };
    Ok(stream::write_with(&download, move |out| {
        std::io::copy(&mut file, out)
            .map(drop)
            .map_err(|_| Problem::unavailable())
    }))
}

/// Tries a message that waits at once: the same bytes under the same id, and not before the far side was asked. What was
/// refused of a recall, a withdrawal or a change of states leaves anew, as the message that is answered.
///
/// # Errors
/// There is none under this id; it has its final answer and nothing of it can leave anew.
#[utoipa::path(post, path = "/v1/messages/{id}:retry", tag = "messages", params(("id" = String, Path)),
    responses((status = 202, description = "`Location` is the message")))]
pub async fn retry(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: MessageId = id(&path)?;
    let message = caller.at_desk(&shared, move |desk| message::retry_message(desk, id));
    Ok(on_its_way(message.await?))
}

/// The answer to something that leaves by a message.
pub(super) fn on_its_way(message: MessageId) -> HttpResponse {
    HttpResponse::Accepted()
        .insert_header((LOCATION, format!("/v1/messages/{message}")))
        .json(serde_json::json!({ "message": message.to_string() }))
}
