//! Connectors (users.md 3.9): health at a glance, settings, certificate, pause and resume, and the credential check.
//!
//! Credentials are written and never shown again. The switches of a simulator are not here: a site does not know the
//! control address of what it sends to.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use packtwin_app::connector::{
    ConnectorSettings, EU_HUB, Link as FarSide, SetUpConnector, pause_connector, resume_connector,
    set_up_connector,
};
use packtwin_app::credential_check::{CredentialCheck as Found, check_credentials};
use packtwin_app::error::AppError;
use packtwin_app::today::{ConnectorHealth, EXPIRY_NOTICE_DAYS, health};
use packtwin_connector_port::transport::{ClientIdentity, TransportFault};
use packtwin_core::code::Code as Stable;
use packtwin_core::role::Permission;
use packtwin_tenants::store::connector::{ConnectorRecord, ConnectorState};
use packtwin_transport::certificate::CertificateFacts;

use super::history::{self, People};
use super::{Desk, Form, error_at, html, see, sentence, sentences, words};
use crate::http::caller::Caller;
use crate::http::problem::Problem;
use crate::http::shared::Shared;
use crate::pages::frame::Section;
use crate::pages::piece::action::Hidden;
use crate::pages::piece::{
    Action, Check, Code, EmptyState, Fact, Field, FieldGroup, FieldKind, Form as FormPiece, Input,
    Mark, Title, Tone,
};
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

/// The list.
pub(in crate::http) async fn list(
    shared: web::Data<Shared>,
    caller: Caller,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::open(&shared, caller, Section::Connectors, &request).await?;
    let whole = read(&shared, &desk, EU_HUB).await?;
    let rows: Vec<ConnectorRow> = whole
        .record
        .iter()
        .map(|_| row(&desk, &shared, &whole))
        .collect();
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
    shared: web::Data<Shared>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::open(&shared, caller, Section::Connectors, &request).await?;
    connector_page(&shared, desk, &path, None, None, None).await
}

/// Sets a connector up or changes it.
pub(in crate::http) async fn set_up(
    shared: web::Data<Shared>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let name = path.into_inner();
    let desk = Desk::open(&shared, caller, Section::Connectors, &request).await?;
    let done = match order(&form) {
        Ok(change) => {
            let name = name.clone();
            desk.work(&shared, move |desk| set_up_connector(desk, &name, change))
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
            connector_page(&shared, desk, &name, Some(problem), Some(&form), None).await
        }
    }
}

/// Stops messages from leaving.
pub(in crate::http) async fn pause(
    shared: web::Data<Shared>,
    caller: Caller,
    path: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let (name, reason) = (path.into_inner(), form.text("reason"));
    let named = name.clone();
    caller
        .at_desk(&shared, move |desk| pause_connector(desk, &named, &reason))
        .await?;
    Ok(see(format!("/connectors/{name}")))
}

/// Lets messages leave again.
pub(in crate::http) async fn resume(
    shared: web::Data<Shared>,
    caller: Caller,
    path: web::Path<String>,
    _form: Form,
) -> Result<HttpResponse, Problem> {
    let name = path.into_inner();
    let named = name.clone();
    caller
        .at_desk(&shared, move |desk| resume_connector(desk, &named))
        .await?;
    Ok(see(format!("/connectors/{name}")))
}

/// Asks the far side one harmless question and shows what came of it.
pub(in crate::http) async fn check(
    shared: web::Data<Shared>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<String>,
    _form: Form,
) -> Result<HttpResponse, Problem> {
    let name = path.into_inner();
    let desk = Desk::open(&shared, caller, Section::Connectors, &request).await?;
    let named = name.clone();
    let found = desk
        .work(&shared, move |desk| check_credentials(desk, &named))
        .await?;
    connector_page(&shared, desk, &name, None, None, Some(found)).await
}

async fn read(shared: &web::Data<Shared>, desk: &Desk, name: &str) -> Result<Whole, Problem> {
    if name != EU_HUB {
        return Err(Problem::not_found());
    }
    let name = name.to_owned();
    desk.work(shared, move |desk| {
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

/// The settings that were typed.
fn order(form: &Form) -> Result<SetUpConnector, Problem> {
    let number = |name: &str, what: &str| {
        let typed = form.text(name).replace([',', ' '], "").parse::<u32>();
        typed.map_err(|_| {
            Problem::at(
                Stable::RequestMalformed,
                format!("/{name}"),
                format!("Write {what} in digits."),
            )
        })
    };
    let (certificates_pem, key_pem) = (form.text("certificate"), form.text("key"));
    let has_identity = !certificates_pem.is_empty() || !key_pem.is_empty();
    let expected = match form.filled("if_match") {
        Some(_) => Some(form.version()?),
        None => None,
    };
    Ok(SetUpConnector {
        settings: ConnectorSettings {
            url: form.text("url"),
            trusted_pem: form.text("trusted"),
            sender: form.text("sender"),
            release: form.text("release"),
            packs_per_message: u64::from(number(
                "packs_per_message",
                "the most packs of one message",
            )?),
            parallel_distributor: form.text("parallel_distributor") == "yes",
            loopback: form.text("loopback") == "yes",
            ask_after_seconds: i64::from(number("ask_after_seconds", "the seconds")?),
            callback_handle: String::new(),
        },
        identity: has_identity.then_some(ClientIdentity {
            certificates_pem,
            key_pem,
        }),
        expected,
    })
}

async fn connector_page(
    shared: &web::Data<Shared>,
    desk: Desk,
    name: &str,
    problem: Option<Problem>,
    form: Option<&Form>,
    found: Option<Found>,
) -> Result<HttpResponse, Problem> {
    let whole = read(shared, &desk, name).await?;
    let people = People::read(&desk).await?;
    let timeline = history::of(&desk, &people, Some(format!("connector {name}"))).await?;
    let may_write = desk.caller.may(Permission::ConnectorsWrite);
    if whole.record.is_none() && !may_write {
        return Err(Problem::not_found());
    }
    let settings = &whole.settings;
    let page = ConnectorPage {
        title: title(&desk, &whole, may_write),
        answer: answer(shared, &whole),
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
                Fact::code("Endpoint", Code::plain("address", &settings.url)),
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
        check: found.map(|found| credential_check(&desk, &found)),
        simulator: None,
        actions: actions(&desk, &whole, may_write),
        form: may_write.then(|| settings_form(&desk, shared, &whole, problem.as_ref(), form)),
        timeline,
        frame: desk.frame,
    };
    html(
        problem.as_ref().map_or(StatusCode::OK, Problem::status),
        &page,
    )
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
        (Some(_), _) if whole.health.open == 0 => "Active; nothing waits.".into(),
        (Some(_), _) => format!("Active; {} under way.", words::counted(whole.health.open, "message")),
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

fn settings_form(
    desk: &Desk,
    shared: &Shared,
    whole: &Whole,
    problem: Option<&Problem>,
    form: Option<&Form>,
) -> FormPiece {
    let settings = &whole.settings;
    let field = |name: &str, label: &str, value: String| {
        let mut field = Field::new(
            name,
            label,
            form.map_or(value, |form| form.raw(name).to_owned()),
        );
        field.error = error_at(problem, &format!("/{name}"));
        field
    };
    let ticked = |name: &str, value: bool| form.map_or(value, |form| form.text(name) == "yes");
    let check = |name: &str, label: &str, value: bool| {
        Input::Check(Check {
            name: name.into(),
            value: "yes".into(),
            label: label.into(),
            checked: ticked(name, value),
            ..Check::default()
        })
    };
    let mut trusted = field(
        "trusted",
        "Authorities trusted for the far side, PEM",
        settings.trusted_pem.clone(),
    )
    .kind(FieldKind::Lines);
    trusted.error = error_at(problem, "/trusted_pem");
    // A key is never written back into a page, not even the one that was just refused.
    let mut key = Field::new("key", "Private key, PEM", "")
        .kind(FieldKind::Lines)
        .hint("Written only; it is never shown again.");
    key.error = error_at(problem, "/key");
    let mut endpoint = vec![
        Input::Field(
            field("url", "Address", settings.url.clone())
                .kind(FieldKind::Url)
                .required(),
        ),
        Input::Field(
            field(
                "sender",
                "Known to the far side as",
                settings.sender.clone(),
            )
            .required(),
        ),
        Input::Field(
            field(
                "release",
                "Release of its interface",
                settings.release.clone(),
            )
            .required(),
        ),
        Input::Field(
            field(
                "packs_per_message",
                "Most packs in one message",
                settings.packs_per_message.to_string(),
            )
            .kind(FieldKind::Number)
            .required(),
        ),
        Input::Field(
            field(
                "ask_after_seconds",
                "Ask what became of a message after, in seconds",
                settings.ask_after_seconds.to_string(),
            )
            .kind(FieldKind::Number)
            .required(),
        ),
        check(
            "parallel_distributor",
            "We send as a parallel distributor",
            settings.parallel_distributor,
        ),
    ];
    if shared.configuration.environment.allows_simulators() {
        endpoint.push(check(
            "loopback",
            "A simulator on this machine is meant",
            settings.loopback,
        ));
    }
    let hint = if whole.certificate.is_some() {
        "Leave both empty to keep the present ones."
    } else {
        ""
    };
    let identity = vec![
        Input::Field(
            field("certificate", "Certificate chain, PEM", String::new()).kind(FieldKind::Lines),
        ),
        Input::Field(key),
        Input::Field(trusted),
    ];
    FormPiece {
        action: format!("/connectors/{}", whole.name),
        csrf: desk.csrf().to_owned(),
        hidden: whole
            .record
            .iter()
            .map(|record| Hidden {
                name: "if_match".into(),
                value: record.row_version.to_string(),
            })
            .collect(),
        groups: vec![
            FieldGroup {
                legend: "Endpoint".into(),
                hint: String::new(),
                inputs: endpoint,
            },
            FieldGroup {
                legend: "Certificate and trust".into(),
                hint: hint.into(),
                inputs: identity,
            },
        ],
        submit: "Save the settings".into(),
        cancel_href: "/connectors".into(),
        refusals: problem.map(sentences).unwrap_or_default(),
    }
}

fn row(desk: &Desk, shared: &Shared, whole: &Whole) -> ConnectorRow {
    let age = whole
        .health
        .oldest_at
        .map(|at| u64::try_from(shared.now().micros_since(at) / 1_000_000).unwrap_or(0));
    ConnectorRow {
        href: format!("/connectors/{}", whole.name),
        name: words::far_side(&whole.name),
        country: "European Union".into(),
        environment: desk.frame.environment.word().into(),
        state: state(shared, whole),
        queue: whole.health.open,
        oldest_seconds: age,
        refused: whole.health.refused,
    }
}
