//! The same POST under the same `Idempotency-Key` is done once and answered alike (users.md, Annex A; URS-SN-006).
//!
//! What identifies a request is its method, its path with query, and its body. An answer that changed something is kept for
//! seven days, sealed, since it may hold a secret that is shown once; an answer that says "not now" or "not you" is not
//! kept, so that the caller may try again. The remembering itself is `tenants::store::idempotency`.

use actix_web::body::{BoxBody, to_bytes_limited};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION};
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpResponse};
use sha2::{Digest, Sha256};

use packtwin_core::audit::Hash;
use packtwin_core::code::Code;
use packtwin_tenants::scope::Housekeeping;
use packtwin_tenants::seal::Secret;
use packtwin_tenants::store::idempotency::{Answer, Begun};

use super::caller::Caller;
use super::problem::Problem;
use super::request::collect;
use super::shared::Shared;

pub(super) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// What the kept bodies are sealed for.
const SEAL_PURPOSE: &str = "idempotent answer";
/// A larger answer is not kept; nothing under POST answers that much.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// Headers that belong to an answer.
const KEPT: [HeaderName; 3] = [CONTENT_TYPE, LOCATION, ETAG];

/// What is known before the handler runs.
pub(super) enum Before {
    /// The caller named no key.
    Unasked,
    /// Do the work, then finish the claim.
    Fresh(Claim),
    /// The work was done; this was its answer.
    Replay(HttpResponse),
}

/// A key taken for one request.
pub(super) struct Claim {
    caller: Caller,
    handle: String,
    hash: Hash,
}

/// Looks the key of a request up, and takes it when it is new. The body is read for its hash and put back.
pub(super) async fn before(
    caller: &Caller,
    request: &mut ServiceRequest,
) -> Result<Before, Problem> {
    let Some(value) = request.headers().get(KEY) else {
        return Ok(Before::Unasked);
    };
    let handle = readable(value)?;
    let shared = Shared::of(request.request());
    let body = collect(
        request.take_payload(),
        shared.configuration.limits.json_bytes,
    )
    .await?;
    let hash = hash_of(request, &body);
    request.set_payload(Payload::from(body));
    let now = shared.now();
    let taken = handle.clone();
    let begun = caller.block(move |scope| {
        Ok(match scope.idempotency_begin(now, &taken, &hash)? {
            Begun::Replay(answer) => {
                let body = scope.unseal(SEAL_PURPOSE, &answer.body)?.expose().to_vec();
                Begun::Replay(Answer { body, ..answer })
            }
            other => other,
        })
    });
    match begun.await? {
        Begun::Fresh => Ok(Before::Fresh(Claim {
            caller: caller.clone(),
            handle,
            hash,
        })),
        Begun::Replay(answer) => Ok(Before::Replay(replay(answer))),
        Begun::Running { free_in_seconds } => {
            let text = "The first request with this key is still being worked on, or its process has died; then the key \
                        is free again after that time.";
            Err(Problem::of(Code::IdempotencyBusy, text).retry_after(free_in_seconds))
        }
        Begun::Mismatch => Err(Problem::of(
            Code::IdempotencyMismatch,
            "This Idempotency-Key came before with another request.",
        )),
    }
}

impl Claim {
    /// Keeps the answer under the key, or gives the key back when nothing was done.
    pub(super) async fn finish(
        self,
        response: ServiceResponse<BoxBody>,
    ) -> ServiceResponse<BoxBody> {
        let shared = Shared::of(response.request());
        let now = shared.now();
        if !response.status().is_success() {
            let handle = self.handle;
            let given_back = self.caller.block(move |scope| {
                Ok(scope.housekeep(now, Housekeeping::Answer, |writer| {
                    writer.idempotency_abandon(&handle)
                })?)
            });
            if let Err(problem) = given_back.await {
                tracing::warn!(%problem, "an idempotency key could not be given back; it frees itself");
            }
            return response;
        }
        let (request, response) = response.into_parts();
        let (head, body) = response.into_parts();
        let Ok(Ok(body)) = to_bytes_limited(body, ANSWER_BYTES_MAX).await else {
            return ServiceResponse::from_err(Problem::unavailable(), request);
        };
        let mut headers = String::new();
        for name in KEPT {
            if let Some(value) = head
                .headers()
                .get(&name)
                .and_then(|value| value.to_str().ok())
            {
                headers.push_str(&format!("{name}: {value}\n"));
            }
        }
        let (status, kept) = (head.status().as_u16(), body.clone());
        let remembered = self.caller.block(move |scope| {
            let body = scope.seal(SEAL_PURPOSE, &Secret::new(kept.to_vec()))?;
            let answer = Answer {
                status,
                headers,
                body,
            };
            Ok(scope.housekeep(now, Housekeeping::Answer, |writer| {
                writer.idempotency_finish(&self.handle, &self.hash, &answer)
            })?)
        });
        if let Err(problem) = remembered.await {
            // The work is done and told; only a repetition of the request would not know it.
            tracing::warn!(%problem, "an answer could not be remembered");
        }
        ServiceResponse::new(request, head.set_body(BoxBody::new(body)))
    }
}

pub(super) fn readable(value: &HeaderValue) -> Result<String, Problem> {
    let text = value
        .to_str()
        .ok()
        .filter(|text| (1..=255).contains(&text.len()));
    text.map(str::to_owned).ok_or_else(|| {
        Problem::at(
            Code::RequestMalformed,
            "header Idempotency-Key",
            "A key has 1 to 255 visible characters.",
        )
    })
}

fn hash_of(request: &ServiceRequest, body: &Bytes) -> Hash {
    let mut digest = Sha256::new();
    let target = request
        .uri()
        .path_and_query()
        .map_or("", |target| target.as_str());
    for part in [
        request.method().as_str().as_bytes(),
        target.as_bytes(),
        body,
    ] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

fn replay(answer: Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    for line in answer.headers.lines() {
        if let Some(header) = line.split_once(": ") {
            response.insert_header(header);
        }
    }
    response
        .insert_header(("idempotent-replay", "true"))
        .body(answer.body)
}
