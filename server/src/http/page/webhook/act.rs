//! What can be done about a webhook: add, change, pause, resume, a new secret, remove, tell again. The signing secret
//! stands on the page that answers the form and nowhere else.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use packtwin_app::webhook::{EVENTS, redeliver};
use packtwin_core::code::Code as Stable;
use packtwin_core::ids::{DeliveryId, WebhookId};
use packtwin_tenants::store::webhook::{WebhookRecord, WebhookState};

use super::super::{Desk, Form, error_at, html, see, sentences, words};
use super::{LIST, host_of};
use crate::http::problem::Problem;
use crate::http::request::id;
use crate::http::webhook::{add, check, found, remove, replace, rotate};
use crate::pages::piece::action::Hidden;
use crate::pages::piece::{
    Action, Check, Code, Confirm, Fact, Field, FieldGroup, FieldKind, Form as FormPiece, Input,
    Link, Title,
};
use crate::pages::view::AdministrationTab;
use crate::pages::view::api_key::SecretOncePage;
use crate::pages::view::confirm::ConfirmPage;
use crate::pages::view::webhook::WebhookFormPage;

/// The form that adds a webhook.
pub(in crate::http) async fn new(desk: Desk) -> Result<HttpResponse, Problem> {
    html(StatusCode::OK, &form_page(desk, None, "", &[], None))
}

/// Adds a webhook and shows its secret once.
pub(in crate::http) async fn create(desk: Desk, form: Form) -> Result<HttpResponse, Problem> {
    let (url, events, now) = (form.text("url"), form.all("event"), desk.shared.now());
    let made = match check(&desk.shared, &url, &events) {
        Ok(url) => {
            let events = events.clone();
            desk.caller
                .block(move |scope| add(scope, &url, &events, now))
                .await
        }
        Err(refusals) => Err(refusals.into()),
    };
    match made {
        Ok((record, secret)) => secret_once(desk, "Webhook added", &record, secret),
        Err(problem) if problem.status().is_server_error() => Err(problem),
        Err(problem) => html(
            problem.status(),
            &form_page(desk, None, &url, &events, Some(&problem)),
        ),
    }
}

/// The form that changes address and events.
pub(in crate::http) async fn edit(
    desk: Desk,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let record = read(&desk, &path).await?;
    let (url, events) = (record.url.clone(), record.events.clone());
    html(
        StatusCode::OK,
        &form_page(desk, Some(&record), &url, &events, None),
    )
}

/// Changes address and events.
pub(in crate::http) async fn change(
    desk: Desk,
    path: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let (version, now) = (form.version()?, desk.shared.now());
    let record = read(&desk, &path).await?;
    let (url, events) = (form.text("url"), form.all("event"));
    let changed = match check(&desk.shared, &url, &events) {
        Ok(url) => {
            let (old, events) = (record.clone(), events.clone());
            desk.caller
                .block(move |scope| replace(scope, &old, (&url, &events, old.state), version, now))
                .await
        }
        Err(refusals) => Err(refusals.into()),
    };
    match changed {
        Ok(record) => Ok(see(format!("{LIST}/{}", record.id))),
        Err(problem) if problem.status().is_server_error() => Err(problem),
        Err(problem) => html(
            problem.status(),
            &form_page(desk, Some(&record), &url, &events, Some(&problem)),
        ),
    }
}

/// Pauses or resumes a webhook.
pub(in crate::http) async fn state(
    desk: Desk,
    path: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let id: WebhookId = id(&path)?;
    let (version, now) = (form.version()?, desk.shared.now());
    let state = WebhookState::parse(&form.text("state")).ok_or_else(|| {
        Problem::at(
            Stable::RequestMalformed,
            "/state",
            "The state is active or disabled.",
        )
    })?;
    desk.caller
        .block(move |scope| {
            let old = found(scope, id)?;
            replace(scope, &old, (&old.url, &old.events, state), version, now)
        })
        .await?;
    Ok(see(format!("{LIST}/{id}")))
}

/// The question before a new signing secret.
pub(in crate::http) async fn ask_secret(
    desk: Desk,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let record = read(&desk, &path).await?;
    let confirm = Confirm {
        question: "Whatever leaves from now on is signed with the new secret.".into(),
        consequences: vec![
            "The old secret is void at once: tell the receiver the new one, or it will refuse what comes.".into(),
            "What it refuses meanwhile is tried again for 72 hours, signed with the new secret.".into(),
        ],
        submit: "Make a new secret".into(),
        ..question(&desk, &record, "secret")
    };
    confirm_page(desk, "New signing secret", &record, confirm)
}

/// Makes a new signing secret and shows it once.
pub(in crate::http) async fn secret(
    desk: Desk,
    path: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let id: WebhookId = id(&path)?;
    let (version, now) = (form.version()?, desk.shared.now());
    let (record, secret) = desk
        .caller
        .block(move |scope| rotate(scope, id, version, now))
        .await?;
    secret_once(desk, "New signing secret", &record, secret)
}

/// The question before a webhook is removed.
pub(in crate::http) async fn ask_remove(
    desk: Desk,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let record = read(&desk, &path).await?;
    let confirm = Confirm {
        question: "It is told nothing from now on.".into(),
        consequences: vec![
            "What was told to it is removed as well; the audit trail keeps that it existed.".into(),
            "To stop it for a while only, pause it.".into(),
        ],
        submit: "Remove this webhook".into(),
        is_danger: true,
        ..question(&desk, &record, "remove")
    };
    confirm_page(desk, "Remove webhook", &record, confirm)
}

/// Removes a webhook with its deliveries.
pub(in crate::http) async fn do_remove(
    desk: Desk,
    path: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let id: WebhookId = id(&path)?;
    let (version, now) = (form.version()?, desk.shared.now());
    desk.caller
        .block(move |scope| remove(scope, id, version, now))
        .await?;
    Ok(see(LIST))
}

/// Tells a delivery that ended once more.
pub(in crate::http) async fn tell_again(
    desk: Desk,
    path: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let webhook: WebhookId = id(&path)?;
    let delivery: DeliveryId = id(&form.text("delivery"))?;
    desk.work(move |desk| redeliver(desk, webhook, delivery))
        .await?;
    Ok(see(format!("{LIST}/{webhook}")))
}

async fn read(desk: &Desk, path: &str) -> Result<WebhookRecord, Problem> {
    let id: WebhookId = id(path)?;
    desk.caller.block(move |scope| found(scope, id)).await
}

/// The parts that every question about a webhook shares.
fn question(desk: &Desk, record: &WebhookRecord, last: &str) -> Confirm {
    let own = format!("{LIST}/{}", record.id);
    Confirm {
        action: format!("{own}/{last}"),
        csrf: desk.csrf().to_owned(),
        hidden: vec![version_of(record)],
        cancel: Link::new("Leave it as it is", own),
        ..Confirm::default()
    }
}

fn confirm_page(
    desk: Desk,
    kind: &str,
    record: &WebhookRecord,
    confirm: Confirm,
) -> Result<HttpResponse, Problem> {
    let own = format!("{LIST}/{}", record.id);
    let page = ConfirmPage {
        title: Title::named(kind, host_of(&record.url)).back("Webhook", &own),
        facts: vec![
            Fact::text("Address", &record.url),
            Fact::text("Events", record.events.join(", ")),
        ],
        confirm,
        frame: desk.frame,
    };
    html(StatusCode::OK, &page)
}

fn secret_once(
    desk: Desk,
    title: &str,
    record: &WebhookRecord,
    secret: String,
) -> Result<HttpResponse, Problem> {
    let own = format!("{LIST}/{}", record.id);
    html(
        StatusCode::OK,
        &SecretOncePage {
            title: Title::page(title).back("Webhook", &own),
            tab: AdministrationTab::Webhooks,
            noun: "signing secret".into(),
            secret: Code::plain("signing secret", secret),
            example: String::new(),
            next: Action::link("I have copied it", own).primary(),
            frame: desk.frame,
        },
    )
}

fn version_of(record: &WebhookRecord) -> Hidden {
    Hidden {
        name: "if_match".into(),
        value: record.row_version.to_string(),
    }
}

fn form_page(
    desk: Desk,
    record: Option<&WebhookRecord>,
    url: &str,
    events: &[String],
    problem: Option<&Problem>,
) -> WebhookFormPage {
    let mut address = Field::new("url", "Address", url)
        .kind(FieldKind::Url)
        .hint("HTTPS. Every delivery is signed with HMAC-SHA-256 over id, time and body.")
        .required();
    address.error = error_at(problem, "/url");
    let event = |event: &&str| {
        Input::Check(Check {
            name: "event".into(),
            value: (*event).into(),
            label: words::event(event).into(),
            hint: (*event).into(),
            checked: events.iter().any(|wanted| wanted == event),
            ..Check::default()
        })
    };
    let (title, action, submit, cancel_href) = match record {
        None => (
            Title::page("Add a webhook").back("Webhooks", LIST),
            LIST.to_owned(),
            "Add webhook",
            LIST.to_owned(),
        ),
        Some(record) => {
            let own = format!("{LIST}/{}", record.id);
            (
                Title::named("Change webhook", host_of(&record.url)).back("Webhook", &own),
                format!("{own}/edit"),
                "Save webhook",
                own,
            )
        }
    };
    WebhookFormPage {
        title,
        tab: AdministrationTab::Webhooks,
        form: FormPiece {
            action,
            csrf: desk.csrf().to_owned(),
            hidden: record.map(version_of).into_iter().collect(),
            groups: vec![
                FieldGroup {
                    legend: "Receiver".into(),
                    hint: String::new(),
                    inputs: vec![Input::Field(address)],
                },
                FieldGroup {
                    legend: "Events it is told".into(),
                    hint: error_at(problem, "/events").unwrap_or_default(),
                    inputs: EVENTS.iter().map(event).collect(),
                },
            ],
            submit: submit.into(),
            cancel_href,
            refusals: problem.map(sentences).unwrap_or_default(),
            ..FormPiece::default()
        },
        frame: desk.frame,
    }
}
