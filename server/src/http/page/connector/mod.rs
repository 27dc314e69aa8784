//! Connectors (users.md 3.9): health at a glance, settings, certificate, pause and resume, and the credential check.
//!
//! Credentials are written and never shown again. The settings' form and the switches of a simulator are the rooms beside
//! this one.

mod form;
pub(in crate::http) mod simulator;
mod switches;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use packtwin_app::connector::{
    ConnectorSettings, EU_HUB, Link as FarSide, pause_connector, resume_connector, set_up_connector,
};
use packtwin_app::credential_check::{CredentialCheck as Found, check_credentials};
use packtwin_app::error::AppError;
use packtwin_app::today::{ConnectorHealth, EXPIRY_NOTICE_DAYS, health};
use packtwin_connector_port::transport::TransportFault;
use packtwin_core::role::Permission;
use packtwin_tenants::store::connector::{ConnectorRecord, ConnectorState};
use packtwin_transport::certificate::CertificateFacts;

use self::form::{order, settings_form};
use super::history::{self, People};
use super::{Desk, Form, html, see, sentence, words};
use crate::http::problem::Problem;
use crate::http::shared::Shared;
use crate::pages::piece::{Action, Code, EmptyState, Fact, Mark, Title, Tone};
use crate::pages::view::connector::{
    Certificate, CheckStep, ConnectorPage, ConnectorRow, ConnectorsPage, CredentialCheck,
};

/// A connector as the store has it; not set up yet when it has no record.
struct Whole {
    name: String,
    record: Option<ConnectorRecord>,
    settings: ConnectorSettings,
    health: ConnectorHealth,
    certificate: Option<CertificateFacts>,
    days: Option<i64>,
}

/// What was done just before the page is shown.
enum Said {
    /// Nothing.
    Nothing,
    /// The settings were refused; what was typed.
    SettingsRefused(Problem, Form),
    /// The credentials were checked.
    Checked(Found),
    /// The simulator's switches were refused; what was chosen.
    SwitchesRefused(Problem, Form),
}

/// The list.
pub(in crate::http) async fn list(desk: Desk) -> Result<HttpResponse, Problem> {
    let whole = read(&desk, EU_HUB).await?;
    let rows: Vec<ConnectorRow> = whole.record.iter().map(|_| row(&desk, &whole)).collect();
    let set_up = Action::link("Set up the EU hub", format!("/connectors/{EU_HUB}")).primary();
    let page = ConnectorsPage {
        title: Title::page("Connectors"),
        rows,
        empty: EmptyState {
            heading: "No connectors yet".into(),
            sentence: "A connector sends your lots to a hub. The EU hub can be set up here.".into(),
            next: desk
                .caller
                .may(Permission::ConnectorsWrite)
                .then_some(set_up),
            sample: None,
        },
        frame: desk.frame,
    };
    html(StatusCode::OK, &page)
}

/// One connector.
pub(in crate::http) async fn show(
    desk: Desk,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    connector_page(desk, &path, Said::Nothing).await
}

/// Sets a connector up or changes it.
pub(in crate::http) async fn set_up(
    desk: Desk,
    path: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let name = path.into_inner();
    let done = match order(&form) {
        Ok(change) => {
            let name = name.clone();
            desk.work(move |desk| set_up_connector(desk, &name, change))
                .await
        }
        Err(problem) => Err(problem),
    };
    match done {
        Ok(()) => Ok(see(format!("/connectors/{name}"))),
        Err(problem)
            if problem.status().is_server_error() || problem.status() == StatusCode::NOT_FOUND =>
        {
            Err(problem)
        }
        Err(problem) => {
            let said = Said::SettingsRefused(problem, form);
            connector_page(desk, &name, said).await
        }
    }
}

/// Stops messages from leaving.
pub(in crate::http) async fn pause(
    desk: Desk,
    path: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let (name, reason) = (path.into_inner(), form.text("reason"));
    let named = name.clone();
    desk.work(move |desk| pause_connector(desk, &named, &reason))
        .await?;
    Ok(see(format!("/connectors/{name}")))
}

/// Lets messages leave again.
pub(in crate::http) async fn resume(
    desk: Desk,
    path: web::Path<String>,
    _form: Form,
) -> Result<HttpResponse, Problem> {
    let name = path.into_inner();
    let named = name.clone();
    desk.work(move |desk| resume_connector(desk, &named))
        .await?;
    Ok(see(format!("/connectors/{name}")))
}

/// Asks the far side one harmless question and shows what came of it.
pub(in crate::http) async fn check(
    desk: Desk,
    path: web::Path<String>,
    _form: Form,
) -> Result<HttpResponse, Problem> {
    let name = path.into_inner();
    let named = name.clone();
    let found = desk
        .work(move |desk| check_credentials(desk, &named))
        .await?;
    connector_page(desk, &name, Said::Checked(found)).await
}

async fn read(desk: &Desk, name: &str) -> Result<Whole, Problem> {
    if name != EU_HUB {
        return Err(Problem::not_found());
    }
    let name = name.to_owned();
    desk.work(move |desk| {
        desk.require(Permission::ConnectorsRead)?;
        let (record, counts) = desk.scope().read(|reader| {
            Ok::<_, AppError>((reader.connector_get(&name)?, reader.message_counts()?))
        })?;
        let far_side = record.as_ref().and_then(FarSide::from_record);
        let certificate = far_side
            .as_ref()
            .and_then(|link| link.certificate(desk.scope()));
        let days = certificate
            .as_ref()
            .map(|facts| facts.days_left(desk.now()));
        let state = record
            .as_ref()
            .map_or(ConnectorState::Paused, |record| record.state);
        Ok(Whole {
            health: health(&name, state, &counts, days),
            settings: far_side.map(|link| link.settings).unwrap_or_default(),
            name,
            record,
            certificate,
            days,
        })
    })
    .await
}

async fn connector_page(desk: Desk, name: &str, said: Said) -> Result<HttpResponse, Problem> {
    let whole = read(&desk, name).await?;
    let simulator = simulator::section(&desk, &whole, &said).await;
    let (problem, form, found) = match &said {
        Said::Nothing | Said::SwitchesRefused(..) => (None, None, None),
        Said::SettingsRefused(problem, form) => (Some(problem), Some(form), None),
        Said::Checked(found) => (None, None, Some(found)),
    };
    let people = People::read(&desk).await?;
    let timeline = history::of(&desk, &people, Some(format!("connector {name}"))).await?;
    let may_write = desk.caller.may(Permission::ConnectorsWrite);
    if whole.record.is_none() && !may_write {
        return Err(Problem::not_found());
    }
    let settings = &whole.settings;
    let page = ConnectorPage {
        title: title(&desk, &whole, may_write),
        answer: answer(&desk.shared, &whole),
        health: vec![
            Fact::count("Under way", whole.health.open),
            whole.health.oldest_at.map_or_else(
                || Fact::absent("Oldest", "none"),
                |at| Fact::moment("Oldest since", desk.moment(at)),
            ),
            Fact::count("Refused or in part", whole.health.refused),
        ],
        settings: match whole.record {
            None => vec![Fact::absent("Endpoint", "not set up yet")],
            Some(_) => vec![
                Fact::text("Endpoint", &settings.url),
                Fact::text("Known to the far side as", &settings.sender),
                Fact::text("Release", &settings.release),
                Fact::text(
                    "Role",
                    if settings.parallel_distributor {
                        "parallel distributor"
                    } else {
                        "manufacturer"
                    },
                ),
            ],
        },
        certificate: whole
            .certificate
            .as_ref()
            .map(|facts| certificate(&desk, facts, whole.days.unwrap_or(0))),
        limits: vec![
            Fact::count("Packs in one message", settings.packs_per_message),
            Fact::text("Asks after", format!("{} s", settings.ask_after_seconds)),
        ],
        check: found.map(|found| credential_check(&desk, found)),
        simulator,
        actions: actions(&desk, &whole, may_write),
        form: may_write.then(|| settings_form(&desk, &whole, problem, form)),
        timeline,
        frame: desk.frame,
    };
    let status = match &said {
        Said::SettingsRefused(problem, _) | Said::SwitchesRefused(problem, _) => problem.status(),
        Said::Nothing | Said::Checked(_) => StatusCode::OK,
    };
    html(status, &page)
}

fn state(shared: &Shared, whole: &Whole) -> Mark {
    let has_ended = whole
        .certificate
        .as_ref()
        .is_some_and(|facts| !facts.is_valid_at(shared.now()));
    match (&whole.record, has_ended) {
        (None, _) => Mark::new(Tone::Neutral, "not set up"),
        (Some(_), true) => Mark::new(Tone::Bad, "blocked by certificate"),
        (Some(record), false) => words::connector(record.state),
    }
}

fn title(desk: &Desk, whole: &Whole, may_write: bool) -> Title {
    let check = Action::post(
        "Check credentials",
        format!("/connectors/{}/check", whole.name),
        desk.csrf(),
    )
    .primary();
    let primary = match (&whole.record, may_write) {
        (Some(_), true) => Some(check),
        (None, true) | (_, false) => None,
    };
    Title {
        state: whole
            .record
            .as_ref()
            .map(|record| words::connector(record.state)),
        primary,
        ..Title::named("Connector", words::far_side(&whole.name))
    }
    .back("Connectors", "/connectors")
}

fn answer(shared: &Shared, whole: &Whole) -> String {
    let mark = state(shared, whole);
    match (&whole.record, mark.tone) {
        (None, _) => "Not set up yet. Enter the address, our name and the certificate below.".into(),
        (Some(_), Tone::Bad) => "Our certificate is not valid now; messages wait and keep their event time. Renew it below.".into(),
        (Some(record), _) if record.state == ConnectorState::Paused => {
            format!("Paused. {} wait in order.", words::counted(whole.health.open, "message"))
        }
        (Some(_), _) => {
            let open = match whole.health.open {
                0 => "nothing waits".to_owned(),
                open => format!("{} under way", words::counted(open, "message")),
            };
            match whole.health.refused {
                0 => format!("Active; {open}."),
                refused => format!(
                    "Active; {} refused, whole or in part, and {open}.",
                    words::counted(refused, "message")
                ),
            }
        }
    }
}

fn certificate(desk: &Desk, facts: &CertificateFacts, days: i64) -> Certificate {
    let mark = match days {
        ..0 => Mark::new(Tone::Bad, "ended"),
        0..=EXPIRY_NOTICE_DAYS => Mark::new(
            Tone::Attention,
            format!("{} left", words::counted(days.unsigned_abs(), "day")),
        ),
        _ => Mark::new(
            Tone::Good,
            format!("{} left", words::counted(days.unsigned_abs(), "day")),
        ),
    };
    Certificate {
        mark,
        facts: vec![
            Fact::text("Subject", &facts.subject),
            Fact::text("Issuer", &facts.issuer),
            Fact::code("Serial", Code::plain("certificate serial", &facts.serial)),
            Fact::moment("Begins", desk.moment(facts.not_before)),
            Fact::moment("Ends", desk.moment(facts.not_after)),
        ],
        renewal_steps: vec![
            "Make a key and a request, and send the request to the hub's portal.".into(),
            "Paste the certificate that comes back, and its key, into the form below.".into(),
            "Check the credentials.".into(),
        ],
    }
}

fn credential_check(desk: &Desk, found: &Found) -> CredentialCheck {
    let (mark, text) = match &found.outcome {
        Ok(status) if (200..500).contains(status) && *status != 401 && *status != 403 => (
            Mark::new(Tone::Good, "answered"),
            format!("The far side let us through and answered our question with status {status}."),
        ),
        Ok(status @ (401 | 403)) => (
            Mark::new(Tone::Bad, "not let through"),
            format!("The far side answered {status}: it does not accept our credentials."),
        ),
        Ok(status) => (
            Mark::new(Tone::Attention, "out of order"),
            format!("The far side was reached and answered {status}."),
        ),
        Err(fault @ TransportFault::Certificate { .. }) => (
            Mark::new(Tone::Bad, "certificate"),
            sentence(&fault.to_string()),
        ),
        Err(fault) => (
            Mark::new(Tone::Bad, "no answer"),
            sentence(&fault.to_string()),
        ),
    };
    CredentialCheck {
        at: desk.moment(found.at),
        steps: vec![CheckStep {
            mark,
            sentence: text,
        }],
    }
}

fn actions(desk: &Desk, whole: &Whole, may_write: bool) -> Vec<Action> {
    let mut actions = vec![Action::link(
        "Messages",
        format!("/messages?connector={}", whole.name),
    )];
    if let Some(record) = whole.record.as_ref().filter(|_| may_write) {
        let (label, last) = match record.state {
            ConnectorState::Active => ("Pause", "pause"),
            ConnectorState::Paused => ("Resume", "resume"),
        };
        actions.push(Action::post(
            label,
            format!("/connectors/{}/{last}", whole.name),
            desk.csrf(),
        ));
    }
    actions
}

fn row(desk: &Desk, whole: &Whole) -> ConnectorRow {
    let age = whole
        .health
        .oldest_at
        .map(|at| u64::try_from(desk.shared.now().micros_since(at) / 1_000_000).unwrap_or(0));
    ConnectorRow {
        href: format!("/connectors/{}", whole.name),
        name: words::far_side(&whole.name),
        country: "European Union".into(),
        environment: desk.frame.environment.word().into(),
        state: state(&desk.shared, whole),
        queue: whole.health.open,
        oldest_seconds: age,
        refused: whole.health.refused,
    }
}
