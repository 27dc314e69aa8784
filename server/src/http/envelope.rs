//! What goes around every answer: a request id, the budget of the address, security headers, one shape for all refusals,
//! one log record.
//!
//! Headers follow ASVS 3.4 and ATK-010, ATK-026; the id is the caller's when it is harmless, else ours, and comes back in
//! `Request-Id` (users.md, Annex A).

use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest};

use packtwin_core::code::Code;

use super::page::problem as problem_page;
use super::problem::Problem;
use super::rate_limit::Budget;
use super::request::client_address;
use super::shared::Shared;

/// The dated version of the API that this build speaks.
pub const API_VERSION: &str = "2026-11-01";

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const VERSION: HeaderName = HeaderName::from_static("packtwin-version");

/// The id of a request, as audit entries, refusals and logs carry it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// The id of the request at hand.
    pub fn of(request: &HttpRequest) -> String {
        request
            .extensions()
            .get::<RequestId>()
            .map_or_else(String::new, |id| id.0.clone())
    }

    fn choose(given: Option<&HeaderValue>) -> Self {
        let harmless = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let given = given.and_then(|value| value.to_str().ok());
        match given.filter(|text| (1..=64).contains(&text.len()) && text.chars().all(harmless)) {
            Some(text) => RequestId(text.to_owned()),
            None => RequestId::draw(),
        }
    }

    fn draw() -> Self {
        let mut bits = [0; 12];
        // An id need not be secret; without random bits it is merely not unique, which beats not answering.
        let _none_is_fine = getrandom::fill(&mut bits);
        RequestId(format!("req_{}", packtwin_tenants::blob::hex(&bits)))
    }
}

/// The middleware around everything.
///
/// # Errors
/// None of ours: every refusal is an answer.
pub async fn envelope<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let began = Instant::now();
    let shared = Shared::of(request.request());
    let id = RequestId::choose(request.headers().get(REQUEST_ID));
    request.extensions_mut().insert(id.clone());
    let response = match admit(&shared, &request) {
        Ok(()) => next.call(request).await?.map_into_boxed_body(),
        Err(problem) => request.error_response(problem),
    };
    let mut response = with_one_shape(&shared, response, &id);
    let budget = response.request().extensions().get::<Budget>().copied();
    if let Some(budget) = budget {
        budget.write(response.headers_mut());
    }
    write_headers(
        response.headers_mut(),
        &id,
        shared.configuration.public_url.is_tls(),
    );
    tell(&response, &id, began);
    Ok(response)
}

/// What is checked before anyone is recognised.
fn admit(shared: &Shared, request: &ServiceRequest) -> Result<(), Problem> {
    // A balancer asks for health as often as it likes.
    if !request.path().starts_with("/health/")
        && let Some(address) =
            client_address(request.request(), &shared.configuration.trusted_proxies)
    {
        let budget = shared.rate_limits.take_address(address)?;
        request.extensions_mut().insert(budget);
    }
    match request.headers().get(VERSION) {
        None => Ok(()),
        Some(version) if version.as_bytes() == API_VERSION.as_bytes() => Ok(()),
        Some(_) => {
            let text = format!("This site speaks version {API_VERSION}.");
            Err(Problem::at(
                Code::RequestMalformed,
                "header Packtwin-Version",
                text,
            ))
        }
    }
}

/// Every refusal leaves as a problem with the request's id, also those that the framework made by itself.
fn with_one_shape(
    shared: &Shared,
    response: ServiceResponse<BoxBody>,
    id: &RequestId,
) -> ServiceResponse<BoxBody> {
    let status = response.status();
    let problem = match response.response().error() {
        Some(error) => error
            .as_error::<Problem>()
            .cloned()
            .unwrap_or_else(|| Problem::of_status(status)),
        None => return response,
    };
    let problem = match response.request().path().starts_with("/v1/epcis/") {
        true => problem.of_epcis(),
        false => problem,
    };
    if problem.status().is_server_error() {
        tracing::error!(request = id.0, code = %problem.code(), "a request could not be served");
    }
    let (request, _) = response.into_parts();
    let answer = if problem_page::wants_page(&request) {
        problem_page::respond(shared, &request, &problem, &id.0)
    } else {
        problem.respond(&id.0)
    };
    ServiceResponse::new(request, answer)
}

fn write_headers(headers: &mut HeaderMap, id: &RequestId, tls: bool) {
    if let Ok(id) = HeaderValue::from_str(&id.0) {
        headers.insert(REQUEST_ID, id);
    }
    for (name, value) in [
        ("packtwin-version", API_VERSION),
        ("x-content-type-options", "nosniff"),
        (
            "content-security-policy",
            "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'",
        ),
        // Not no-referrer: a form would then send `Origin: null`, and forms are known by their origin.
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    if tls {
        let two_years = HeaderValue::from_static("max-age=63072000; includeSubDomains");
        headers.insert(
            HeaderName::from_static("strict-transport-security"),
            two_years,
        );
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// One record for each answer: the pattern of the address, never the address itself, which may hold a serial.
fn tell(response: &ServiceResponse<BoxBody>, id: &RequestId, began: Instant) {
    let request = response.request();
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::debug!(
        request = id.0,
        method = request.method().as_str(),
        route = request.match_pattern().unwrap_or_default(),
        status = response.status().as_u16(),
        milliseconds,
        "a request was answered"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ATK-071: an id that could end a header or a log record is replaced.
    #[test]
    fn only_a_harmless_request_id_is_kept() {
        let choose =
            |bytes: &[u8]| RequestId::choose(HeaderValue::from_bytes(bytes).ok().as_ref()).0;
        assert_eq!(choose(b"order-17.a_b"), "order-17.a_b");
        for bad in [&b""[..], b"a b", b"a\"b", b"\xff\xfe", &[b'a'; 65]] {
            assert!(choose(bad).starts_with("req_"));
        }
        assert_ne!(RequestId::draw(), RequestId::draw());
    }
}
