//! The two wire dialects of the national systems, for software that speaks them already (emvs.md 3).
//!
//! `/emvs/rest/product/…` is JSON with operation codes, `/emvs/soap` has process numbers; `packtwin-emvs` reads and writes
//! both, and here they are only joined to the service. Who asks is told by a premises key in front, as everywhere; what a
//! document says of logins and passwords is read and not judged. A malformed body is answered in the dialect's own shape.
//! Bulks with a later pick-up are not here yet: `/v1/packs:verify-bulk` answers at once.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

use packtwin_app::verification::{Ask, Reply, profile_of};
use packtwin_core::market::Market;
use packtwin_core::time::Timestamp;
use packtwin_core::verification::{
    Alarm, Decision, Delivery, Dialect, EntryMode, MarketProfile, Operation, Outcome, Scale,
    Silence, Submitted, profile, profiles,
};
use packtwin_emvs::rest::{self, RestRequest};
use packtwin_emvs::soap::{Form, Process, Responder, SoapBody, SoapCall, SoapRequest};
use packtwin_emvs::{Answered, Background, soap};
use packtwin_tenants::verifier::Answer;
use packtwin_tenants::verifier::request_record::{Again, Asking, Handle};

use super::envelope::RequestId;
use super::premises::{self, Premises};
use super::problem::Problem;
use super::request::collect;
use super::shared::Shared;

/// Bytes of one document.
const DOCUMENT_BYTES_MAX: usize = 64 * 1024;

/// Verifies a pack in the REST dialect.
///
/// # Errors
/// The key does not count; what is wrong with the question is answered in the dialect.
#[utoipa::path(get, path = "/emvs/rest/product/{scheme}/{code}/pack/{serial}", tag = "verification",
    params(("scheme" = String, Path), ("code" = String, Path), ("serial" = String, Path),
        ("batch" = Option<String>, Query), ("expiry" = Option<String>, Query)),
    responses((status = 200, description = "The dialect's own answer")))]
pub async fn rest_verify(
    premises: Premises,
    shared: web::Data<Shared>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    rest(premises, shared, request, payload).await
}

/// Changes the state of a pack in the REST dialect; `Active` is the undo.
///
/// # Errors
/// The key does not count; what is wrong with the question is answered in the dialect.
#[utoipa::path(patch, path = "/emvs/rest/product/{scheme}/{code}/pack/{serial}", tag = "verification",
    params(("scheme" = String, Path), ("code" = String, Path), ("serial" = String, Path),
        ("batch" = Option<String>, Query), ("expiry" = Option<String>, Query)),
    responses((status = 200, description = "The dialect's own answer")))]
pub async fn rest_change(
    premises: Premises,
    shared: web::Data<Shared>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    rest(premises, shared, request, payload).await
}

async fn rest(
    premises: Premises,
    shared: web::Data<Shared>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let body = collect(payload.into_inner(), DOCUMENT_BYTES_MAX).await?;
    let headers: Vec<(&str, &str)> = request
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
        .collect();
    let wire = rest::HttpRequest {
        method: request.method().as_str(),
        path: request.uri().path(),
        query: request.query_string(),
        headers: &headers,
        body: &body,
    };
    let now = shared.now();
    let pack = match rest::read(&wire, blueprint(), now.year()) {
        Ok(RestRequest::Single(pack)) => pack,
        Ok(RestRequest::Bulk(_) | RestRequest::BulkResult { .. }) => {
            return Err(Problem::not_found());
        }
        Err(refused) => return Ok(rest_answer(&refused)),
    };
    let asking = Asking {
        key: premises.key(),
        handle: None,
        operation: pack.operation,
        submitted: pack.submitted,
        entry: pack.entry,
        delivery: Delivery::Immediate,
        at: now,
    };
    let operation = asking.operation;
    let (answer, _) = ask(&shared, asking, Dialect::Rest).await?;
    Ok(rest_answer(&rest::answer(&answered(operation, &answer))))
}

fn rest_answer(answer: &rest::RestAnswer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status)
        .content_type("application/json")
        .body(answer.body.clone())
}

/// One envelope of the SOAP dialect: single packs and pings.
///
/// # Errors
/// The key does not count; what is wrong with the document is answered in the dialect.
#[utoipa::path(post, path = "/emvs/soap", tag = "verification", request_body(content = String, content_type = "application/soap+xml"),
    responses((status = 200, description = "The dialect's own answer")))]
pub async fn soap(
    premises: Premises,
    shared: web::Data<Shared>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let body = collect(payload.into_inner(), DOCUMENT_BYTES_MAX).await?;
    let (now, transaction) = (shared.now(), RequestId::of(&request));
    let call = match soap::read(body.as_ref(), blueprint(), now.year()) {
        Ok(call) => call,
        Err(refused) => return Ok(xml(refused.answer(&transaction, now))),
    };
    let asked = match call {
        SoapCall::Ping(ping) => return Ok(xml(ping.answer())),
        SoapCall::Request(request) => *request,
    };
    let Some((operation, entry, submitted)) = single(&asked) else {
        // Bulks have services of their own, which this site does not offer.
        let responder = responder(&asked, blueprint(), &transaction, now);
        return Ok(xml(responder.not_ready()));
    };
    let mut digest = Sha256::new();
    digest.update(&body);
    let client_transaction = &asked.header.client_transaction;
    let handle = (!client_transaction.is_empty()).then(|| Handle {
        name: format!("transaction {client_transaction}"),
        hash: digest.finalize().into(),
        again: Again::Refused,
    });
    let asking = Asking {
        key: premises.key(),
        handle,
        operation,
        submitted: submitted.clone(),
        entry,
        delivery: Delivery::Immediate,
        at: now,
    };
    let (answer, market) = ask(&shared, asking, Dialect::Soap).await?;
    let profile = market.map_or_else(blueprint, profile_of);
    let responder = responder(&asked, profile, &transaction, now);
    Ok(xml(
        responder.single(submitted, &answered(operation, &answer))
    ))
}

fn single(request: &SoapRequest) -> Option<(Operation, EntryMode, &Submitted)> {
    match (&request.process, &request.body) {
        (
            Process::Packs {
                operation,
                entry,
                form: Form::Single,
            },
            SoapBody::Single { submitted, .. },
        ) => Some((*operation, *entry, submitted)),
        _ => None,
    }
}

fn responder<'a>(
    asked: &'a SoapRequest,
    profile: &'a MarketProfile,
    transaction: &'a str,
    at: Timestamp,
) -> Responder<'a> {
    Responder {
        profile,
        interface: asked.interface,
        process: asked.process,
        client_transaction: &asked.header.client_transaction,
        transaction,
        at,
    }
}

fn xml(body: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/soap+xml; charset=utf-8")
        .body(body)
}

/// Asks the service. What is no judgement of a pack becomes a decision about the request alone.
async fn ask(
    shared: &Shared,
    asking: Asking,
    dialect: Dialect,
) -> Result<(Answer, Option<Market>), Problem> {
    let verifying = shared.verifying.as_ref().ok_or_else(Problem::unavailable)?;
    let (send, receive) = oneshot::channel();
    let ask = Ask {
        asking,
        dialect: Some(dialect),
        scale: Scale::Single,
    };
    verifying.ask(
        ask,
        Box::new(move |reply| {
            // Someone who hung up hears nothing.
            let _gone = send.send(reply);
        }),
    );
    let of_request = |outcome| {
        let decision = Decision::of_request(outcome, Alarm::Silent(Silence::NotJudged));
        let answer = Answer {
            decision,
            alert: None,
        };
        Ok((answer, None))
    };
    match receive.await.unwrap_or(Reply::Unavailable) {
        Reply::Answered { answer, market } => Ok((*answer, Some(market))),
        Reply::Refused(refusal) => Err(premises::refused(refusal)),
        Reply::Running | Reply::OtherRequest | Reply::UsedBefore => {
            of_request(Outcome::DuplicateTransaction)
        }
        Reply::Unavailable => of_request(Outcome::SystemUnavailable),
    }
}

fn answered(operation: Operation, answer: &Answer) -> Answered<'_> {
    Answered {
        operation,
        decision: &answer.decision,
        background: Background {
            alert: answer.alert,
            ..Background::default()
        },
    }
}

/// The rules by which a document is read before anyone knows whose market counts.
fn blueprint() -> &'static MarketProfile {
    profile("EU").unwrap_or(&profiles()[0])
}
