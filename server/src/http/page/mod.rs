//! What every page handler needs: the frame around the page, the form a browser sends, and the answer in HTML.
//!
//! Handlers fill the view structs of [`crate::pages`] and decide nothing that the API handlers do not decide as well.

mod address;
pub(super) mod administration;
pub(super) mod api_key;
pub(super) mod asset;
pub(super) mod audit;
pub(super) mod capture;
mod closing;
pub(super) mod connector;
pub(super) mod container;
pub(super) mod download;
pub(super) mod expiring;
pub(super) mod form;
mod happening;
mod history;
pub(super) mod home;
pub(super) mod job;
pub(super) mod lot;
pub(super) mod message;
pub(super) mod pack;
pub(super) mod password;
pub(super) mod problem;
pub(super) mod product;
pub(super) mod role;
pub(super) mod search;
pub(super) mod sign_in;
mod table;
pub(super) mod theme;
pub(super) mod upload;
pub(super) mod user;
pub(super) mod webhook;
mod words;

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, LOCATION};
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::DateTime;
use chrono_tz::Tz;

use packtwin_app::error::AppError;
use packtwin_core::environment::Environment;
use packtwin_core::role::Permission;
use packtwin_core::time::Timestamp;

pub(super) use self::form::Form;
pub use self::table::rows;
use super::caller::{Caller, Means};
use super::problem::Problem;
use super::shared::Shared;
use crate::pages::frame::{self, Bare, Frame, RailEntry, Section, Theme};
use crate::pages::piece::Moment;

/// Everything a page of a signed-in person begins with. A handler asks for it like for any part of the request.
pub(super) struct Desk {
    /// What all requests share.
    pub(super) shared: web::Data<Shared>,
    /// Who.
    pub(super) caller: Caller,
    /// The frame of the page.
    pub(super) frame: Frame,
    zone: Tz,
}

impl FromRequest for Desk {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    /// Builds the frame around the caller whom the gate recognised.
    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = Caller::from_request(request, payload);
        let shared = request.app_data::<web::Data<Shared>>().cloned();
        let (theme, section) = (theme(request), Section::of_path(request.path()));
        Box::pin(async move {
            Desk::open(
                shared.ok_or_else(Problem::unavailable)?,
                caller.await?,
                theme,
                section,
            )
            .await
        })
    }
}

impl Desk {
    async fn open(
        shared: web::Data<Shared>,
        caller: Caller,
        theme: Theme,
        section: Section,
    ) -> Result<Self, Problem> {
        let tenant = shared.tenant_of(&caller).await?;
        let zone: Tz = tenant.time_zone.parse().unwrap_or(Tz::UTC);
        let frame = Frame {
            environment: environment(&shared),
            theme,
            csrf: csrf(&shared, &caller),
            tenant: tenant.name,
            person: caller.name().to_owned(),
            role: caller.role_titles().join(", "),
            now: moment(shared.now(), zone),
            section,
            rail: rail(&caller),
            administers: caller.may(Permission::Administer),
            search: String::new(),
            toasts: Vec::new(),
            release: format!("Packtwin {}", env!("CARGO_PKG_VERSION")),
        };
        Ok(Desk {
            shared,
            caller,
            frame,
            zone,
        })
    }

    /// Carries out a use case for the person.
    ///
    /// # Errors
    /// What the use case answers.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&packtwin_app::desk::Desk<'_>) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, Problem> {
        self.caller.at_desk(&self.shared, work).await
    }

    /// The day in the zone of the tenant, `YYYY-MM-DD`.
    pub(super) fn today(&self) -> &str {
        &self.frame.now.date
    }

    /// A point in time in the zone of the tenant.
    pub(super) fn moment(&self, at: Timestamp) -> Moment {
        moment(at, self.zone)
    }

    /// The form token of this session.
    pub(super) fn csrf(&self) -> &str {
        &self.frame.csrf
    }
}

/// The frame of a page outside a session.
pub(super) fn bare(shared: &Shared, request: &HttpRequest, csrf: String) -> Bare {
    Bare {
        environment: environment(shared),
        theme: theme(request),
        csrf,
    }
}

/// Answers a page.
///
/// # Errors
/// The page could not be written.
pub(super) fn html(status: StatusCode, page: &impl Template) -> Result<HttpResponse, Problem> {
    let text = page.render().map_err(|error| {
        tracing::error!(%error, "a page could not be written");
        Problem::unavailable()
    })?;
    Ok(HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .body(text))
}

/// After a form: to the page that shows what became of it, by GET.
pub(super) fn see(address: impl Into<String>) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, address.into()))
        .finish()
}

/// Every fault as a sentence with its code for a form.
pub(super) fn sentences(problem: &Problem) -> Vec<String> {
    problem
        .refusals()
        .iter()
        .map(|refusal| {
            format!(
                "{} {} ({})",
                sentence(&refusal.text),
                refusal.code.remedy(),
                refusal.code
            )
        })
        .collect()
}

/// What is said at one place of a form.
pub(super) fn error_at(problem: Option<&Problem>, place: &str) -> Option<String> {
    let below = format!("{place}/");
    let here = |at: &str| at == place || at.starts_with(&below);
    problem?
        .refusals()
        .iter()
        .find(|refusal| here(&refusal.place))
        .map(|refusal| sentence(&refusal.text))
}

/// With a capital and a full stop.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters
        .next()
        .map(|letter| letter.to_uppercase().collect())
        .unwrap_or_default();
    let end = if text.ends_with(['.', '?', '!']) {
        ""
    } else {
        "."
    };
    format!("{first}{}{end}", letters.as_str())
}

fn csrf(shared: &Shared, caller: &Caller) -> String {
    match caller.means() {
        Means::Session(session) => shared.tokens.form_token(&session.to_string()),
        // A key has no browser whose forms could be forged; pages asked for with one cannot post.
        Means::Key => String::new(),
    }
}

fn environment(shared: &Shared) -> frame::Environment {
    match shared.configuration.environment {
        Environment::Test => frame::Environment::Test,
        Environment::Validation => frame::Environment::Validation,
        Environment::Production => frame::Environment::Production,
    }
}

fn theme(request: &HttpRequest) -> Theme {
    request
        .cookie("pt_theme")
        .map_or(Theme::System, |cookie| Theme::from_cookie(cookie.value()))
}

fn moment(at: Timestamp, zone: Tz) -> Moment {
    Moment::new(
        DateTime::from_timestamp_micros(at.micros()).unwrap_or(DateTime::UNIX_EPOCH),
        zone,
    )
}

/// The sections a person may see.
fn rail(caller: &Caller) -> Vec<RailEntry> {
    let may_see = |section: &Section| match section {
        Section::Today => true,
        Section::Lots | Section::Hierarchies => caller.may(Permission::LotsRead),
        Section::Uploads => caller.may(Permission::UploadsRead),
        Section::Products => caller.may(Permission::ProductsRead),
        Section::Connectors | Section::Messages => caller.may(Permission::ConnectorsRead),
        Section::Jobs => caller.may(Permission::JobsRead),
        Section::Administration => {
            caller.may(Permission::Administer) || caller.may(Permission::AuditRead)
        }
    };
    let sections = Section::ALL.into_iter().filter(may_see);
    sections
        .map(|section| RailEntry {
            section,
            waiting: 0,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_begins_and_ends_as_one() {
        for (text, written) in [
            ("the password is short", "The password is short."),
            ("Go on?", "Go on?"),
            ("", "."),
        ] {
            assert_eq!(sentence(text), written);
        }
    }
}
