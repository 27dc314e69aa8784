//! A refusal as a page (users.md, section 5): the same words as the problem document of the API.

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::{bare, sentence};
use crate::http::problem::Problem;
use crate::http::shared::Shared;
use crate::pages::piece::{Link, Tone};
use crate::pages::view::problem::{Fault, ProblemPage};

/// Whether the refused request came from someone who reads pages.
pub(in crate::http) fn wants_page(request: &HttpRequest) -> bool {
    let accept = request
        .headers()
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let for_programs = ["/v1/", "/health/"]
        .iter()
        .any(|prefix| request.path().starts_with(prefix));
    !for_programs && accept.contains("text/html")
}

/// The page of a refusal. The answer keeps the status and headers of the problem document.
pub(in crate::http) fn respond(
    shared: &Shared,
    request: &HttpRequest,
    problem: &Problem,
    request_id: &str,
) -> HttpResponse {
    let document = problem.respond(request_id);
    let Ok(text) = page(shared, request, problem, request_id).render() else {
        return document;
    };
    let mut answer = HttpResponse::build(problem.status());
    for (name, value) in document.headers() {
        answer.insert_header((name.clone(), value.clone()));
    }
    answer
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .body(text)
}

fn page(
    shared: &Shared,
    request: &HttpRequest,
    problem: &Problem,
    request_id: &str,
) -> ProblemPage {
    let first = problem.refusals().first();
    let faults: Vec<Fault> = problem
        .refusals()
        .iter()
        .map(|refusal| Fault {
            place: refusal.place.clone(),
            code: refusal.code.to_string(),
            text: sentence(&refusal.text),
            what_to_do: refusal.code.remedy().to_owned(),
        })
        .collect();
    ProblemPage {
        frame: bare(shared, request, String::new()),
        status: problem.status().as_u16(),
        tone: match problem.status() {
            StatusCode::NOT_FOUND => Tone::Neutral,
            StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => Tone::Bad,
            _ => Tone::Attention,
        },
        what: sentence(first.code.title()),
        why: sentence(&first.text),
        what_to_do: first.code.remedy().to_owned(),
        code: first.code.to_string(),
        request_id: request_id.to_owned(),
        faults: if faults.len() > 1 { faults } else { Vec::new() },
        next: Some(Link::new("Today", "/")),
    }
}
