//! `/v1/packs:verify`, `:change`, `:undo` and `:verify-bulk`: how the software of premises asks (users.md, Annex A).
//!
//! One question, one answer that is durable before it is sent. What the pack is, is never a refusal: a known pack that may not
//! be supplied is answered as such, with a light, a plain sentence and the alert that was raised. Refused is only what cannot
//! be a question. The same `Idempotency-Key` gets the same answer, also across a restart (URS-VF-013).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;
use utoipa::ToSchema;

use packtwin_app::verification::{Ask, Reply};
use packtwin_core::code::Code;
use packtwin_core::product_code::{CodingScheme, ProductCode};
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_core::time::Timestamp;
use packtwin_core::verification::input::{Element, RawElements, read_elements};
use packtwin_core::verification::market_profile::Presence;
use packtwin_core::verification::{
    Delivery, EntryMode, Operation, Outcome, Removal, Scale, Submitted, Undo,
};
use packtwin_emvs::wording::sentence;
use packtwin_tenants::verifier::Answer;
use packtwin_tenants::verifier::request_record::{Again, Asking, Handle};

use super::idempotency::{self, readable};
use super::json::{self, FromJson};
use super::pack::word;
use super::premises::{self, Premises};
use super::problem::Problem;
use super::request::{collect, content_type};
use super::shared::Shared;
use crate::body;

/// Bytes of one question.
const QUESTION_BYTES_MAX: usize = 8 * 1024;
/// Bytes of many.
const BULK_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long a queue may have held a change.
const QUEUE_DAYS_MAX: i64 = 30;
/// Packs of one bulk.
const BULK_PACKS_MAX: usize = 10_000;

body! {
    /// A pack as it was scanned or typed.
    pub struct PackQuestion {
        /// The product code.
        product: String,
        /// The serial.
        serial: String,
        /// The batch number; may be left out.
        lot: Option<String>,
        /// The expiry as printed, YYMMDD; may be left out.
        expiry: Option<String>,
        /// `scan` or `manual`; `scan` where it is left out.
        entry: Option<String>,
    }
}

body! {
    /// A pack that is to leave circulation, or come back.
    pub struct PackChange {
        /// The product code.
        product: String,
        /// The serial.
        serial: String,
        /// The batch number; may be left out.
        lot: Option<String>,
        /// The expiry as printed, YYMMDD; may be left out.
        expiry: Option<String>,
        /// `scan` or `manual`; `scan` where it is left out.
        entry: Option<String>,
        /// When it was done, where a change comes later from a queue; an undo counts when it arrives.
        done_at: Option<String>,
        /// `supply`, `destroy`, `export`, `sample`, `free_sample`, `lock` or `stolen`; for an undo, what is undone, or nothing.
        operation: Option<String>,
    }
}

body! {
    /// Many questions at once, of one kind or mixed.
    pub struct ManyPacks {
        /// Up to 10,000. Each may name `verify`, `undo` or a change as its operation; `verify` where it names none.
        packs: Vec<PackChange>,
    }
}

/// What a pack is, and what to do with the box now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Judgement {
    /// What came of it, as a stable word.
    outcome: &'static str,
    /// `green`, `amber` or `red`.
    light: &'static str,
    /// One plain sentence.
    sentence: &'static str,
    /// The pack's own state, where it is known.
    state: Option<String>,
    /// The alert that was raised.
    alert: Option<RaisedAlert>,
    /// Whether this place may undo it now.
    can_undo: bool,
    /// Until when, the last instant included; nothing where it has no end.
    undo_until: Option<String>,
    /// The market whose rules counted.
    market: String,
}

/// An alert that was raised.
#[derive(Debug, Serialize, ToSchema)]
pub struct RaisedAlert {
    /// Its id.
    id: String,
    /// Which alert.
    code: &'static str,
}

/// The answers to many questions, in their order.
#[derive(Debug, Serialize, ToSchema)]
pub struct ManyJudgements {
    /// One for each pack.
    packs: Vec<Judgement>,
}

/// Is the pack genuine, and what state is it in?
///
/// # Errors
/// The body is no question; the key does not count; the site cannot judge now.
#[utoipa::path(post, path = "/v1/packs:verify", tag = "verification", request_body = PackQuestion,
    responses((status = 200, body = Judgement)))]
pub async fn verify(
    premises: Premises,
    shared: web::Data<Shared>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (question, pack): (_, PackQuestion) =
        Question::receive(&request, payload, QUESTION_BYTES_MAX).await?;
    let pack = PackChange {
        product: pack.product,
        serial: pack.serial,
        lot: pack.lot,
        expiry: pack.expiry,
        entry: pack.entry,
        done_at: None,
        operation: None,
    };
    question
        .ask(&shared, &premises, &pack, |_| Some(Operation::Verify))
        .await
}

/// Takes a pack out of circulation.
///
/// # Errors
/// The body is no change; the key does not count or allow it; the site cannot judge now.
#[utoipa::path(post, path = "/v1/packs:change", tag = "verification", request_body = PackChange,
    responses((status = 200, body = Judgement)))]
pub async fn change(
    premises: Premises,
    shared: web::Data<Shared>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (question, pack): (_, PackChange) =
        Question::receive(&request, payload, QUESTION_BYTES_MAX).await?;
    let read = |operation: Option<&str>| removal(operation?).map(Operation::Remove);
    question.ask(&shared, &premises, &pack, read).await
}

/// Puts a pack back that this place took out, within ten days.
///
/// # Errors
/// The body is no undo; the key does not count or allow it; the site cannot judge now.
#[utoipa::path(post, path = "/v1/packs:undo", tag = "verification", request_body = PackChange,
    responses((status = 200, body = Judgement)))]
pub async fn undo(
    premises: Premises,
    shared: web::Data<Shared>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (question, pack): (_, PackChange) =
        Question::receive(&request, payload, QUESTION_BYTES_MAX).await?;
    let read = |operation: Option<&str>| match operation {
        None => Some(Operation::Undo(Undo::Whatever)),
        Some(word) => Some(Operation::Undo(Undo::Of(removal(word)?))),
    };
    question.ask(&shared, &premises, &pack, read).await
}

/// Many packs in one call, of one operation or mixed; each is judged for itself.
///
/// # Errors
/// Every pack that is no question; a pack that comes twice; the key does not count or allow it; the site cannot judge now.
#[utoipa::path(post, path = "/v1/packs:verify-bulk", tag = "verification", request_body = ManyPacks,
    responses((status = 200, body = ManyJudgements)))]
pub async fn bulk(
    premises: Premises,
    shared: web::Data<Shared>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (question, many): (_, ManyPacks) =
        Question::receive(&request, payload, BULK_BYTES_MAX).await?;
    if many.packs.is_empty() || many.packs.len() > BULK_PACKS_MAX {
        let text = format!("Here belong 1 to {BULK_PACKS_MAX} packs.");
        return Err(Problem::at(Code::RequestMalformed, "/packs", text));
    }
    let mut faults = Vec::new();
    let mut asking = Vec::with_capacity(many.packs.len());
    let mut seen = std::collections::HashSet::new();
    for (index, pack) in many.packs.iter().enumerate() {
        let place = format!("/packs/{index}");
        let read = question.asking(&shared, &premises, pack, any_operation, (&place, index));
        match read {
            Ok(one) if seen.insert((one.submitted.pack.clone(), one.operation)) => asking.push(one),
            Ok(_) => faults.push(Refusal::at(
                Code::RequestMalformed,
                place,
                "This pack stands in the list twice with the same operation; nothing was done.",
            )),
            Err(refusals) => faults.extend(refusals),
        }
    }
    Refusals::check(faults)?;
    let operations: Vec<Operation> = asking.iter().map(|asking| asking.operation).collect();
    let replies = ask_all(&shared, asking, Scale::Bulk).await?;
    let judged = operations.into_iter().zip(replies);
    let packs = judged
        .map(|(operation, reply)| judgement(operation, reply))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(HttpResponse::Ok().json(ManyJudgements { packs }))
}

/// The name that its asker gave a body, and the hash of what was asked under it.
struct Question {
    name: Option<String>,
    hash: [u8; 32],
}

impl Question {
    /// Reads the body strictly into what is asked.
    async fn receive<T: FromJson>(
        request: &HttpRequest,
        payload: web::Payload,
        bytes_max: usize,
    ) -> Result<(Self, T), Problem> {
        if content_type(request.headers()) != Some("application/json") {
            return Err(Problem::of(
                Code::ContentTypeWrong,
                "This address takes application/json.",
            ));
        }
        let name = request.headers().get(idempotency::KEY);
        let name = name.map(readable).transpose()?;
        let body = collect(payload.into_inner(), bytes_max).await?;
        let hash = match &name {
            None => [0; 32],
            Some(_) => {
                let mut digest = Sha256::new();
                digest.update(request.path().as_bytes());
                digest.update([0]);
                digest.update(&body);
                digest.finalize().into()
            }
        };
        let asked = json::read(&body)?;
        Ok((Question { name, hash }, asked))
    }

    async fn ask(
        &self,
        shared: &Shared,
        premises: &Premises,
        pack: &PackChange,
        operation: impl Fn(Option<&str>) -> Option<Operation>,
    ) -> Result<HttpResponse, Problem> {
        let asking = self.asking(shared, premises, pack, operation, ("", 0));
        let asking = asking.map_err(|refusals| match Refusals::check(refusals) {
            Err(refusals) => Problem::from(refusals),
            Ok(()) => Problem::unavailable(),
        })?;
        let operation = asking.operation;
        let (send, receive) = oneshot::channel();
        let verifying = shared.verifying.as_ref().ok_or_else(Problem::unavailable)?;
        verifying.ask(
            Ask {
                asking,
                dialect: None,
                scale: Scale::Single,
            },
            Box::new(move |reply| {
                // Someone who hung up hears nothing; the same Idempotency-Key tells them later.
                let _gone = send.send(reply);
            }),
        );
        let reply = receive.await.unwrap_or(Reply::Unavailable);
        Ok(HttpResponse::Ok().json(judgement(operation, reply)?))
    }

    /// One pack of the body, with every fault.
    fn asking(
        &self,
        shared: &Shared,
        premises: &Premises,
        pack: &PackChange,
        operation: impl Fn(Option<&str>) -> Option<Operation>,
        (place, index): (&str, usize),
    ) -> Result<Asking, Vec<Refusal>> {
        let now = shared.now();
        let mut faults = Vec::new();
        let mut fault = |member: &str, text: String| {
            let place = format!("{place}/{member}");
            faults.push(Refusal::at(Code::RequestMalformed, place, text));
        };
        let operation = operation(pack.operation.as_deref());
        if operation.is_none() {
            fault("operation", OPERATIONS.to_owned());
        }
        let entry = match pack.entry.as_deref() {
            None | Some("scan") => Some(EntryMode::Scan),
            Some("manual") => Some(EntryMode::Manual),
            Some(_) => None,
        };
        if entry.is_none() {
            fault("entry", "Here belongs scan or manual.".to_owned());
        }
        let at = done_at(pack, operation, now);
        if at.is_none() {
            fault("done_at", DONE_AT.to_owned());
        }
        let submitted = submitted(pack, now.year());
        if let Err(wrong) = &submitted {
            for (member, text) in wrong {
                fault(member, text.clone());
            }
        }
        match (operation, entry, at, submitted) {
            (Some(operation), Some(entry), Some((at, delivery)), Ok(submitted)) => Ok(Asking {
                key: premises.key(),
                handle: self.name.as_ref().map(|name| Handle {
                    name: format!("key {index} {name}"),
                    hash: self.hash,
                    again: Again::SameAnswer,
                }),
                operation,
                submitted,
                entry,
                delivery,
                at,
            }),
            _ => Err(faults),
        }
    }
}

const OPERATIONS: &str = "Here belongs supply, destroy, export, sample, free_sample, lock or stolen; in a bulk also verify and undo.";

const DONE_AT: &str = "Here belongs, with a change that leaves a queue, a time of the last 30 days such as 2026-11-22T14:50:14Z.";

/// A decommissioning that an outage held up keeps its time (Art. 29). An undo has none of its own: with one, the ten days
/// could be stretched.
fn done_at(
    pack: &PackChange,
    operation: Option<Operation>,
    now: Timestamp,
) -> Option<(Timestamp, Delivery)> {
    match (&pack.done_at, operation) {
        (None, _) => Some((now, Delivery::Immediate)),
        (Some(text), Some(Operation::Remove(_)) | None) => {
            let in_reach = now.plus_days(-QUEUE_DAYS_MAX)..=now;
            let at = Timestamp::parse(text).filter(|at| in_reach.contains(at))?;
            Some((at, Delivery::Deferred))
        }
        (Some(_), Some(_)) => None,
    }
}

fn submitted(pack: &PackChange, year: i32) -> Result<Submitted, Vec<(&'static str, String)>> {
    let scheme = ProductCode::parse(&pack.product).map_or(CodingScheme::Gtin, |code| code.scheme());
    let raw = RawElements {
        scheme: Some(scheme),
        code: Some(&pack.product),
        serial: Some(&pack.serial),
        batch: pack.lot.as_deref(),
        expiry: pack.expiry.as_deref(),
    };
    read_elements(&raw, Presence::Optional, year).map_err(|faults| {
        let member = |element| match element {
            Element::Code | Element::Scheme => "product",
            Element::Serial => "serial",
            Element::Batch => "lot",
            Element::Expiry => "expiry",
        };
        faults
            .into_iter()
            .map(|fault| (member(fault.element), fault.sentence))
            .collect()
    })
}

/// The ways out that software of premises may ask for; checking out is the repackagers' side's.
fn removal(text: &str) -> Option<Removal> {
    Removal::ALL
        .into_iter()
        .find(|removal| removal.as_str() == text && *removal != Removal::CheckOut)
}

fn any_operation(text: Option<&str>) -> Option<Operation> {
    match text {
        None | Some("verify") => Some(Operation::Verify),
        Some("undo") => Some(Operation::Undo(Undo::Whatever)),
        Some(text) => removal(text).map(Operation::Remove),
    }
}

/// Asks everything at once and waits for the last reply.
async fn ask_all(
    shared: &Shared,
    asking: Vec<Asking>,
    scale: Scale,
) -> Result<Vec<Reply>, Problem> {
    let verifying = shared.verifying.as_ref().ok_or_else(Problem::unavailable)?;
    let replies: Arc<Mutex<Vec<Option<Reply>>>> =
        Arc::new(Mutex::new(asking.iter().map(|_| None).collect()));
    let missing = Arc::new(AtomicUsize::new(asking.len()));
    let (send, receive) = oneshot::channel();
    let send = Arc::new(Mutex::new(Some(send)));
    for (index, asking) in asking.into_iter().enumerate() {
        let (replies, missing, send) = (
            Arc::clone(&replies),
            Arc::clone(&missing),
            Arc::clone(&send),
        );
        let ask = Ask {
            asking,
            dialect: None,
            scale,
        };
        verifying.ask(
            ask,
            Box::new(move |reply| {
                replies.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(reply);
                if missing.fetch_sub(1, Ordering::AcqRel) == 1
                    && let Some(send) = send.lock().unwrap_or_else(PoisonError::into_inner).take()
                {
                    let _gone = send.send(());
                }
            }),
        );
    }
    receive.await.map_err(|_| Problem::unavailable())?;
    let mut replies = replies.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(std::mem::take(&mut *replies)
        .into_iter()
        .map(|reply| reply.unwrap_or(Reply::Unavailable))
        .collect())
}

fn judgement(operation: Operation, reply: Reply) -> Result<Judgement, Problem> {
    let (answer, market) = match reply {
        Reply::Answered { answer, market } => (answer, market),
        Reply::Refused(refusal) => return Err(premises::refused(refusal)),
        Reply::Running => {
            let text = "The first request with this key is still being worked on.";
            return Err(Problem::of(Code::IdempotencyMismatch, text).retry_after(1));
        }
        Reply::OtherRequest | Reply::UsedBefore => {
            let text = "This Idempotency-Key came before with another request.";
            return Err(Problem::of(Code::IdempotencyMismatch, text));
        }
        Reply::Unavailable => {
            let text = "No answer in time. The pack is not judged, or its answer is not known yet.";
            return Err(Problem::of(Code::VerificationUnavailable, text).retry_after(5));
        }
    };
    let Answer { decision, alert } = *answer;
    let code = decision.alarm.code();
    Ok(Judgement {
        outcome: decision.outcome.as_str(),
        light: light(decision.outcome, code.is_some()),
        sentence: sentence(operation, decision.outcome),
        state: decision.state.map(word),
        alert: alert.zip(code).map(|(id, code)| RaisedAlert {
            id: id.to_string(),
            code: code.as_str(),
        }),
        can_undo: decision.undo.is_some(),
        undo_until: decision
            .undo
            .and_then(|undo| undo.until)
            .map(|until| until.to_string()),
        market: market.to_string(),
    })
}

/// Green: go on. Amber: nothing is known against the pack, but look again. Red: do not supply.
fn light(outcome: Outcome, alarmed: bool) -> &'static str {
    match outcome {
        Outcome::Ok => "green",
        _ if alarmed => "red",
        Outcome::InactiveReported
        | Outcome::BatchRecalled
        | Outcome::ProductWithdrawn
        | Outcome::Expired
        | Outcome::AlreadyInactive
        | Outcome::RepeatLimitExceeded
        | Outcome::UndoBlockedLayer
        | Outcome::UndoIrreversible => "red",
        _ => "amber",
    }
}
