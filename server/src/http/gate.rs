//! The gate around every handler: who is asking, whether a browser sent it of its own will, how often they asked, whether
//! they may, whether the query says more than is read, how much of the answer they want, whether they asked the same before.
//! Also catches a panicking handler.
//!
//! Order matters: nobody learns whether something exists before they are recognised, and a caller without the permission
//! is refused before their body is read.

use std::panic::AssertUnwindSafe;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::ORIGIN;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse};
use futures_util::FutureExt;

use packtwin_core::code::Code;
use packtwin_core::ids::SessionId;

use super::caller::{Caller, Means};
use super::envelope::RequestId;
use super::idempotency;
use super::premises::Premises;
use super::problem::Problem;
use super::rate_limit::Budget;
use super::request::refuse_unread;
use super::route::{Access, Audience, RouteRow};
use super::selection::{Selection, Taken};
use super::shared::Shared;

/// Lets a request through to its handler, or answers in its place.
///
/// # Errors
/// None of ours: every refusal is an answer.
pub(super) async fn gate<B: MessageBody + 'static>(
    row: RouteRow,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match recognise(&row, &request).await {
        Ok(None) => Ok(run(request, next).await),
        Ok(Some(caller)) => {
            let selection = match Selection::read(&row, request.request(), &caller) {
                Ok(selection) => selection,
                Err(problem) => return Ok(request.error_response(problem)),
            };
            if Selection::is_of(&row) {
                request.extensions_mut().insert(Taken);
            }
            if let Err(problem) = refuse_unread(&row, request.request()) {
                return Ok(request.error_response(problem));
            }
            request.extensions_mut().insert(caller.clone());
            if row.audience == Audience::Programs && row.method == Method::POST {
                return Ok(match idempotency::before(&caller, &mut request).await {
                    Ok(idempotency::Before::Unasked) => run(request, next).await,
                    Ok(idempotency::Before::Fresh(claim)) => {
                        claim.finish(run(request, next).await).await
                    }
                    Ok(idempotency::Before::Replay(answer)) => request.into_response(answer),
                    Err(problem) => request.error_response(problem),
                });
            }
            let response = run(request, next).await;
            Ok(match selection {
                Some(selection) => selection.finish(&caller, response).await,
                None => response,
            })
        }
        Err(problem) if asks_to_sign_in(&row, &problem) => {
            let answer = to_sign_in(&request);
            Ok(request.into_response(answer))
        }
        Err(problem) => Ok(request.error_response(problem)),
    }
}

/// Who is asking, and whether they may. `None` where anyone may.
async fn recognise(row: &RouteRow, request: &ServiceRequest) -> Result<Option<Caller>, Problem> {
    if row.access == Access::Open {
        return Ok(None);
    }
    let shared = Shared::of(request.request());
    if row.access == Access::Premises {
        let premises = Premises::read(&shared, request.request())?;
        refuse_unread(row, request.request())?;
        request.extensions_mut().remove::<Budget>();
        let budget = shared.rate_limits.take_premises_key(premises.key_id())?;
        request.extensions_mut().insert(budget);
        request.extensions_mut().insert(premises);
        return Ok(None);
    }
    let caller = Caller::recognise(&shared, request.request()).await?;
    // From here on the caller's own budget is told, not that of the address.
    request.extensions_mut().remove::<Budget>();
    let budget = shared.rate_limits.take_caller(caller.who())?;
    request.extensions_mut().insert(budget);
    if let (false, Means::Session(session)) = (row.method.is_safe(), caller.means()) {
        same_origin(&shared, request.request())?;
        if row.audience == Audience::Programs {
            script_token(&shared, request, session)?;
        }
    }
    match row.access {
        Access::Needs(permission) if !caller.may(permission) => {
            tracing::info!(
                request = RequestId::of(request.request()),
                who = %caller.who(),
                route = row.path,
                permission = permission.as_str(),
                "a call was refused for want of a permission"
            );
            Err(Problem::of(
                Code::Forbidden,
                format!("This needs the permission {}.", permission.as_str()),
            ))
        }
        Access::Needs(_) | Access::Known | Access::Open | Access::Premises => Ok(Some(caller)),
    }
}

/// A browser tells where a request began; a change must begin on our own pages (ATK-024). Form tokens are checked besides,
/// where forms are read.
pub(super) fn same_origin(shared: &Shared, request: &HttpRequest) -> Result<(), Problem> {
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let ours = match header("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => header(ORIGIN.as_str()) == Some(shared.configuration.public_url.as_str()),
    };
    if ours {
        return Ok(());
    }
    tracing::warn!(
        request = RequestId::of(request),
        "a change from a foreign page was refused"
    );
    Err(Problem::of(
        Code::CsrfMissing,
        "The request did not begin on a page of this site.",
    ))
}

/// A script of ours sends the form token in a header; a form sends it in a field, which is checked where it is read.
fn script_token(
    shared: &Shared,
    request: &ServiceRequest,
    session: SessionId,
) -> Result<(), Problem> {
    let token = request
        .headers()
        .get("x-csrf-token")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if shared
        .tokens
        .form_token_is_right(&session.to_string(), token)
    {
        return Ok(());
    }
    Err(Problem::of(
        Code::CsrfMissing,
        "A call with a session needs X-CSRF-Token; programs send a key instead.",
    ))
}

/// Runs the handler. A panic is a defect; its caller learns only that nothing can be answered now.
async fn run<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> ServiceResponse<BoxBody> {
    let kept = request.request().clone();
    match AssertUnwindSafe(next.call(request)).catch_unwind().await {
        Ok(Ok(response)) => response.map_into_boxed_body(),
        Ok(Err(error)) => ServiceResponse::from_err(error, kept),
        Err(_panic) => ServiceResponse::from_err(Problem::unavailable(), kept),
    }
}

fn asks_to_sign_in(row: &RouteRow, problem: &Problem) -> bool {
    row.audience == Audience::People
        && row.method == Method::GET
        && problem.code() == Code::Unauthenticated
}

/// To the sign-in page, and back afterwards.
fn to_sign_in(request: &ServiceRequest) -> HttpResponse {
    let back = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let sign_in = format!("/sign-in?next={}", escaped(back));
    HttpResponse::SeeOther()
        .insert_header(("Location", sign_in))
        .finish()
}

/// A value as it stands in a query.
pub(super) fn escaped(value: &str) -> String {
    let mut text = String::new();
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                text.push(char::from(byte))
            }
            other => text.push_str(&format!("%{other:02X}")),
        }
    }
    text
}
