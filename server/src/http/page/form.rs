//! A form as a browser sends it, with its form token checked (ATK-024).
//!
//! The token belongs to the session, or, before sign-in, to the visit. The origin was checked by the gate for sessions and
//! is checked here for visits, since signing someone in unasked is an attack of its own.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};

use packtwin_core::code::Code;

use crate::http::caller::{Caller, Means};
use crate::http::gate::same_origin;
use crate::http::problem::Problem;
use crate::http::request::{collect, content_type};
use crate::http::session_cookie;
use crate::http::shared::Shared;

/// The fields of a form.
pub(in crate::http) struct Form {
    fields: Vec<(String, String)>,
}

impl Form {
    /// One field, without the blanks around it; empty when it was not sent.
    pub(in crate::http) fn text(&self, name: &str) -> String {
        self.raw(name).trim().to_owned()
    }

    /// One field exactly as it was typed.
    pub(in crate::http) fn raw(&self, name: &str) -> &str {
        self.fields
            .iter()
            .find(|(given, _)| given == name)
            .map_or("", |(_, value)| value)
    }

    /// One field, unless it was left empty.
    pub(in crate::http) fn filled(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// Every value of a field that comes several times.
    pub(in crate::http) fn all(&self, name: &str) -> Vec<String> {
        self.fields
            .iter()
            .filter(|(given, _)| given == name)
            .map(|(_, value)| value.trim().to_owned())
            .collect()
    }

    /// The version that a change was made from.
    ///
    /// # Errors
    /// The form carries none.
    pub(in crate::http) fn version(&self) -> Result<i32, Problem> {
        self.text("if_match")
            .parse()
            .map_err(|_| Problem::of(Code::PreconditionRequired, "The change names no version."))
    }
}

/// Who a form token belongs to: a session, or the mark of a visit.
pub(in crate::http) fn visit_holder(mark: &str) -> String {
    format!("visit {mark}")
}

impl FromRequest for Form {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let shared = Shared::of(&request);
            if content_type(request.headers()) != Some("application/x-www-form-urlencoded") {
                let text = "This address takes application/x-www-form-urlencoded.";
                return Err(Problem::of(Code::ContentTypeWrong, text));
            }
            let bytes = collect(payload, shared.configuration.limits.json_bytes).await?;
            let form = Form {
                fields: fields(&bytes)?,
            };
            check_token(&shared, &request, form.raw("csrf"))?;
            Ok(form)
        })
    }
}

fn fields(bytes: &[u8]) -> Result<Vec<(String, String)>, Problem> {
    let unreadable = || Problem::of(Code::RequestMalformed, "The form cannot be read.");
    let text = std::str::from_utf8(bytes).map_err(|_| unreadable())?;
    let parsed = web::Query::<Vec<(String, String)>>::from_query(text).map_err(|_| unreadable())?;
    Ok(parsed.into_inner())
}

/// Whether a form token belongs to whoever sent the request.
///
/// # Errors
/// SEC-706.
pub(super) fn check_token(
    shared: &Shared,
    request: &HttpRequest,
    token: &str,
) -> Result<(), Problem> {
    let means = request.extensions().get::<Caller>().map(Caller::means);
    let holder = match means {
        Some(Means::Session(session)) => Some(session.to_string()),
        Some(Means::Key) => None,
        None => {
            same_origin(shared, request)?;
            session_cookie::read_visit(request, shared).map(|mark| visit_holder(&mark))
        }
    };
    match holder {
        Some(holder) if shared.tokens.form_token_is_right(&holder, token) => Ok(()),
        _ => Err(Problem::of(
            Code::CsrfMissing,
            "The form is too old, or did not come from this site.",
        )),
    }
}
