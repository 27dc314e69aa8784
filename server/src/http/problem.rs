//! How a refusal looks on the wire: `application/problem+json` (RFC 9457), the same shape everywhere (users.md, section 5
//! and Annex A).
//!
//! The status follows from the code in one table. What belongs to the operator (a full disk, a broken database, a panic)
//! is answered as SYS-001 or SYS-002 without any detail, and logged with the whole chain. What is not there and what
//! belongs to someone else are the same answer, byte for byte but for the request id (ATK-001, ATK-002).

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use packtwin_app::error::AppError;
use packtwin_core::code::Code;
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_tenants::error::StoreError;

/// The content type of every refusal.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A refusal on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    refusals: Refusals,
    headers: Vec<(HeaderName, String)>,
    /// Whether the address belongs to EPCIS, whose standard has names of its own for refusals.
    is_epcis: bool,
}

impl Problem {
    /// A refusal with the status that its first code has.
    pub fn new(refusals: impl Into<Refusals>) -> Self {
        let refusals = refusals.into();
        Problem {
            status: status_of(refusals.code()),
            refusals,
            headers: Vec::new(),
            is_epcis: false,
        }
    }

    /// The same refusal in the types of the EPCIS standard, whose validation answers 400 (EPCIS 2.0, section 12.5).
    pub(super) fn of_epcis(mut self) -> Self {
        if self.status == StatusCode::UNPROCESSABLE_ENTITY {
            self.status = StatusCode::BAD_REQUEST;
        }
        self.is_epcis = true;
        self
    }

    /// A refusal of the whole request.
    pub fn of(code: Code, text: impl Into<String>) -> Self {
        Problem::new(Refusal::new(code, text))
    }

    /// A refusal with one place.
    pub fn at(code: Code, place: impl Into<String>, text: impl Into<String>) -> Self {
        Problem::new(Refusal::at(code, place, text))
    }

    /// Not there, or not theirs: one text for both.
    pub fn not_found() -> Self {
        Problem::of(Code::NotFound, "There is nothing here under this name.")
    }

    /// Not now, and no word why.
    pub fn unavailable() -> Self {
        Problem::of(
            Code::Unavailable,
            "The site cannot answer now. Nothing was changed.",
        )
        .retry_after(5)
    }

    /// Tells when to come again.
    pub fn retry_after(self, seconds: u64) -> Self {
        self.with_header(RETRY_AFTER, seconds.to_string())
    }

    /// Adds a header to the answer.
    pub fn with_header(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The address takes other methods only.
    pub(super) fn method_not_allowed(methods: &str) -> Self {
        let text = format!("This address takes {methods}.");
        Problem::of(Code::MethodNotAllowed, text).with_header(ALLOW, methods.to_owned())
    }

    /// What a bare status means that the web framework chose by itself.
    pub(super) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Problem::not_found(),
            StatusCode::PAYLOAD_TOO_LARGE => {
                Problem::of(Code::RequestTooLarge, "The request is too large.")
            }
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::of(
                Code::ContentTypeWrong,
                "This address takes another content type.",
            ),
            status if status.is_client_error() => {
                Problem::of(Code::RequestMalformed, "The request cannot be read.")
            }
            _ => Problem::unavailable(),
        }
    }

    /// The code that decides the answer.
    pub fn code(&self) -> Code {
        self.refusals.code()
    }

    /// The status it is sent with.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Every fault.
    pub fn refusals(&self) -> &Refusals {
        &self.refusals
    }

    /// The answer, with the id of the request it answers.
    pub fn respond(&self, request_id: &str) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::build(self.status);
        response.insert_header((CONTENT_TYPE, PROBLEM_JSON));
        for (name, value) in &self.headers {
            response.insert_header((name.clone(), value.as_str()));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.insert_header((WWW_AUTHENTICATE, "Bearer realm=\"packtwin\""));
        }
        let body = ProblemBody::new(self, request_id);
        match serde_json::to_string(&body) {
            Ok(text) => response.body(text),
            Err(_) => response.finish(),
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&self.refusals, f)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    /// Without a request id; the envelope around every answer writes it again with one.
    fn error_response(&self) -> HttpResponse<BoxBody> {
        self.respond("")
    }
}

impl From<Refusals> for Problem {
    fn from(refusals: Refusals) -> Self {
        Problem::new(refusals)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Problem::new(refusal)
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Refused(refusals) => refusals.into(),
            AppError::NotFound => Problem::not_found(),
            AppError::Forbidden(refusal) => refusal.into(),
            AppError::Stale => {
                Problem::of(Code::PreconditionFailed, "Someone changed this meanwhile.")
            }
            AppError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::NotFound => Problem::not_found(),
            StoreError::Full => {
                tracing::error!(error = chain(&error), "the site has no room left");
                Problem::of(
                    Code::StorageFull,
                    "The site has no room left. Nothing was stored.",
                )
            }
            StoreError::Busy => Problem::unavailable().retry_after(1),
            StoreError::Taken
            | StoreError::Unreachable(_)
            | StoreError::WrongSite(_)
            | StoreError::Damaged { .. }
            | StoreError::File(_)
            | StoreError::Database(_) => {
                tracing::error!(error = chain(&error), "the store failed");
                Problem::unavailable()
            }
        }
    }
}

/// An error and all its causes, for the operator's log.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// The exception of EPCIS 2.0 that a code means at an address of that interface.
fn exception_of(refusal: &Refusal) -> &'static str {
    match refusal.code {
        Code::RequestMalformed if refusal.place.starts_with('?') => "QueryParameterException",
        Code::EpcisQueryNotAnswered | Code::Unavailable | Code::StorageFull => {
            "ImplementationException"
        }
        Code::Unauthenticated | Code::OtherEnvironment | Code::Forbidden | Code::CsrfMissing => {
            "SecurityException"
        }
        Code::NotFound => "NoSuchResourceException",
        Code::NotAcceptable => "NotAcceptableException",
        Code::EpcisEventTaken | Code::EpcisEventRepeated | Code::EpcisQueryTaken => {
            "ResourceAlreadyExistsException"
        }
        Code::EpcisCaptureLimit | Code::RequestTooLarge => "CaptureLimitExceededException",
        Code::EpcisQueryTooLarge => "QueryTooLargeException",
        Code::ContentTypeWrong => "UnsupportedMediaTypeException",
        _ => "ValidationException",
    }
}

/// Which status a code is sent with.
fn status_of(code: Code) -> StatusCode {
    match code {
        Code::RequestMalformed => StatusCode::BAD_REQUEST,
        Code::Unauthenticated | Code::OtherEnvironment | Code::SignInFailed => {
            StatusCode::UNAUTHORIZED
        }
        Code::Forbidden | Code::CsrfMissing => StatusCode::FORBIDDEN,
        Code::NotFound | Code::LotNotFound => StatusCode::NOT_FOUND,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
        Code::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        Code::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
        Code::RequestTooLarge
        | Code::UploadTooLarge
        | Code::EpcisCaptureLimit
        | Code::EpcisQueryTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::EpcisQueryNotAnswered => StatusCode::NOT_IMPLEMENTED,
        Code::ContentTypeWrong => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::TooManyCalls | Code::SignInThrottled => StatusCode::TOO_MANY_REQUESTS,
        Code::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
        Code::Unavailable | Code::VerificationUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::IdempotencyMismatch
        | Code::IdempotencyBusy
        | Code::UploadAlreadyReceived
        | Code::UploadOffset
        | Code::UploadState
        | Code::UploadDryRun
        | Code::RoleInUse
        | Code::RoleOfRelease
        | Code::ProductCodeTaken
        | Code::ProductVersionInUse
        | Code::HubMarketsFixed
        | Code::HubProductNotAcknowledged
        | Code::HubPaused
        | Code::EpcisEventTaken
        | Code::EpcisEventRepeated
        | Code::EpcisQueryTaken
        | Code::LotNothingToSend
        | Code::LotRecalled => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// The body of a refusal (RFC 9457, with our members).
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody<'a> {
    /// A name for this kind of refusal: `urn:packtwin:problem:` and the code, or `epcisException:` and the standard's name.
    #[serde(rename = "type")]
    kind: String,
    /// What happened, in a few words; the same for every case of the code.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// What happened here, with its values.
    detail: &'a str,
    /// The stable code of the first fault.
    code: &'a str,
    /// What to do.
    remedy: &'a str,
    /// Every fault with its place.
    errors: Vec<FaultBody<'a>>,
    /// Under which id the operator finds this request.
    request_id: &'a str,
}

/// One fault of a refusal. At most one of `pointer`, `parameter`, `row` and `place` is there.
#[derive(Debug, Serialize, ToSchema)]
pub struct FaultBody<'a> {
    /// The stable code.
    code: &'a str,
    /// What is wrong.
    detail: &'a str,
    /// What to do.
    remedy: &'a str,
    /// A JSON pointer into the body (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<&'a str>,
    /// The name of a query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<&'a str>,
    /// A row of a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<u64>,
    /// Any other place, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<&'a str>,
}

impl<'a> ProblemBody<'a> {
    fn new(problem: &'a Problem, request_id: &'a str) -> Self {
        let first = problem.refusals.first();
        ProblemBody {
            kind: match problem.is_epcis {
                true => format!("epcisException:{}", exception_of(first)),
                false => format!("urn:packtwin:problem:{}", first.code),
            },
            title: first.code.title(),
            status: problem.status.as_u16(),
            detail: &first.text,
            code: first.code.as_str(),
            remedy: first.code.remedy(),
            errors: problem.refusals.iter().map(FaultBody::new).collect(),
            request_id,
        }
    }
}

impl<'a> FaultBody<'a> {
    fn new(refusal: &'a Refusal) -> Self {
        let mut fault = FaultBody {
            code: refusal.code.as_str(),
            detail: &refusal.text,
            remedy: refusal.code.remedy(),
            pointer: None,
            parameter: None,
            row: None,
            place: None,
        };
        let place = refusal.place.as_str();
        if place.is_empty() {
        } else if place.starts_with('/') {
            fault.pointer = Some(place);
        } else if let Some(parameter) = place.strip_prefix('?') {
            fault.parameter = Some(parameter);
        } else if let Some(row) = place.strip_prefix("row ").and_then(|row| row.parse().ok()) {
            fault.row = Some(row);
        } else {
            fault.place = Some(place);
        }
        fault
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(problem: &Problem, status: u16, expected: serde_json::Value) {
        assert_eq!(problem.status().as_u16(), status);
        let body = serde_json::to_value(ProblemBody::new(problem, "req-1")).unwrap();
        for (member, value) in expected.as_object().unwrap() {
            assert_eq!(&body[member], value, "{member}");
        }
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let faults = ["/name", "?limit", "row 17", "element 3", ""]
            .map(|place| Refusal::at(Code::ProductFieldMissing, place, "it is missing"));
        let refusals = Refusals::all(faults.to_vec()).unwrap();
        let remedy = Code::ProductFieldMissing.remedy();
        let fault = |place: serde_json::Value| {
            let mut fault = serde_json::json!({ "code": "PRD-003", "detail": "it is missing", "remedy": remedy });
            for (name, value) in place.as_object().unwrap() {
                fault[name] = value.clone();
            }
            fault
        };
        check(
            &Problem::new(refusals),
            422,
            serde_json::json!({
                "type": "urn:packtwin:problem:PRD-003",
                "request_id": "req-1",
                "errors": [
                    fault(serde_json::json!({ "pointer": "/name" })),
                    fault(serde_json::json!({ "parameter": "limit" })),
                    fault(serde_json::json!({ "row": 17 })),
                    fault(serde_json::json!({ "place": "element 3" })),
                    fault(serde_json::json!({})),
                ],
            }),
        );
    }

    #[test]
    fn a_broken_store_tells_the_caller_nothing() {
        let error = StoreError::Unreachable("postgres://app:hidden@db refused".to_owned());
        let body = serde_json::to_string(&ProblemBody::new(&Problem::from(error), "")).unwrap();
        assert!(
            !body.contains("hidden") && body.contains("SYS-002"),
            "{body}"
        );
    }

    #[test]
    fn request_codes_carry_their_status_in_their_name() {
        for code in Code::ALL {
            if let Some(status) = code.as_str().strip_prefix("REQ-") {
                assert_eq!(status_of(*code).as_str(), status);
            }
        }
    }
}
