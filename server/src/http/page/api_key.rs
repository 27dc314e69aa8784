//! API keys as pages (users.md 3.18). The secret stands on the page that answers the form and nowhere else.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use packtwin_core::ids::ApiKeyId;
use packtwin_core::role::Permission;
use packtwin_tenants::store::api_key::ApiKeyRecord;

use super::history::People;
use super::{Desk, Form, error_at, html, see, sentences};
use crate::http::api_key::{NewKey, key, state_word};
use crate::http::problem::Problem;
use crate::http::request::id;
use crate::pages::piece::{
    Action, Check, Code, Confirm, EmptyState, Fact, Field, FieldGroup, Form as FormPiece, Input,
    Link, Mark, Select, Title, Tone,
};
use crate::pages::view::AdministrationTab;
use crate::pages::view::api_key::{ApiKeyFormPage, ApiKeyRow, ApiKeysPage, SecretOncePage};
use crate::pages::view::confirm::ConfirmPage;

const LIST: &str = "/administration/api-keys";
/// Keys that one page shows; a tenant with more has its list through the API.
const KEYS_MAX: i64 = 1000;
/// How long a key may last, in days; empty means until it is revoked.
const ENDS: [(&str, &str); 4] = [
    ("90", "90 days"),
    ("365", "one year"),
    ("730", "two years"),
    ("", "until it is revoked"),
];

/// The keys of the tenant.
pub(in crate::http) async fn list(desk: Desk) -> Result<HttpResponse, Problem> {
    let keys = desk
        .caller
        .read(|reader| reader.api_key_list(None, KEYS_MAX))
        .await?;
    let people = People::read(&desk).await?;
    let rows = keys
        .iter()
        .map(|record| row(&desk, &people, record))
        .collect();
    let create = Action::link("Create an API key", "/administration/api-keys/new");
    html(
        StatusCode::OK,
        &ApiKeysPage {
            title: Title {
                primary: Some(create.clone().primary()),
                ..Title::page("Administration")
            },
            tab: AdministrationTab::ApiKeys,
            rows,
            empty: EmptyState {
                heading: "No API keys yet".into(),
                sentence: "A key lets another program call the API with the scopes you choose."
                    .into(),
                next: Some(create),
                sample: None,
            },
            frame: desk.frame,
        },
    )
}

/// The form that makes a key.
pub(in crate::http) async fn form(desk: Desk) -> Result<HttpResponse, Problem> {
    html(StatusCode::OK, &form_page(desk, "", "365", &[], None))
}

/// Makes the key and shows it once.
pub(in crate::http) async fn create(desk: Desk, form: Form) -> Result<HttpResponse, Problem> {
    let (name, scopes, ends, now) = (
        form.text("name"),
        form.all("scope"),
        form.text("ends"),
        desk.shared.now(),
    );
    let expires_at = ends
        .parse()
        .ok()
        .filter(|days| (1..=3650).contains(days))
        .map(|days| now.plus_days(days));
    let made = match NewKey::check(
        &name,
        &scopes,
        expires_at.map(|at| at.to_string()).as_deref(),
        now,
    ) {
        Ok(new) => desk.caller.block(move |scope| new.create(scope, now)).await,
        Err(refusals) => Err(refusals.into()),
    };
    match made {
        Ok((_, secret)) => {
            let me = format!("{}/v1/me", desk.shared.configuration.public_url.as_str());
            html(
                StatusCode::OK,
                &SecretOncePage {
                    title: Title::page("API key created").back("API keys", LIST),
                    tab: AdministrationTab::ApiKeys,
                    noun: "API key".into(),
                    example: format!("curl -H \"Authorization: Bearer {secret}\" {me}"),
                    secret: Code::plain("API key", secret),
                    next: Action::link("I have copied it", LIST).primary(),
                    frame: desk.frame,
                },
            )
        }
        Err(problem) if problem.status().is_server_error() => Err(problem),
        Err(problem) => html(
            problem.status(),
            &form_page(desk, &name, &ends, &scopes, Some(&problem)),
        ),
    }
}

/// The question before a key is ended.
pub(in crate::http) async fn ask_revoke(
    desk: Desk,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: ApiKeyId = id(&path)?;
    let record = desk.caller.block(move |scope| key(scope, id)).await?;
    html(
        StatusCode::OK,
        &ConfirmPage {
            title: Title::named("Revoke API key", &record.name).back("API keys", LIST),
            facts: vec![
                Fact::code("Key", Code::plain("beginning of the key", &record.prefix)),
                match record.last_used_at {
                    Some(at) => Fact::moment("Last use", desk.moment(at)),
                    None => Fact::absent("Last use", "never used"),
                },
            ],
            confirm: Confirm {
                question: "Whatever uses this key is refused from now on.".into(),
                consequences: vec!["A revoked key cannot be brought back.".into()],
                action: format!("{LIST}/{id}/revoke"),
                csrf: desk.csrf().to_owned(),
                submit: "Revoke this key".into(),
                is_danger: true,
                cancel: Link::new("Keep it", LIST),
                ..Confirm::default()
            },
            frame: desk.frame,
        },
    )
}

/// Ends a key.
pub(in crate::http) async fn revoke(
    desk: Desk,
    path: web::Path<String>,
    _form: Form,
) -> Result<HttpResponse, Problem> {
    let id: ApiKeyId = id(&path)?;
    let now = desk.shared.now();
    desk.caller
        .block(move |scope| Ok(scope.change(now, |writer| writer.api_key_revoke(id))?))
        .await?;
    Ok(see(LIST))
}

fn row(desk: &Desk, people: &People, record: &ApiKeyRecord) -> ApiKeyRow {
    let (tone, word) = match state_word(record, desk.shared.now()) {
        "active" => (Tone::Good, "active"),
        other => (Tone::Neutral, other),
    };
    let revoke = Action::link("Revoke", format!("{LIST}/{}/revoke", record.id)).danger();
    ApiKeyRow {
        name: record.name.clone(),
        prefix: Code::plain("beginning of the key", &record.prefix),
        scopes: record
            .scopes
            .iter()
            .map(|scope| scope.as_str().to_owned())
            .collect(),
        state: Mark::new(tone, word),
        by: people.name(&record.created_by),
        used_at: record.last_used_at.map(|at| desk.moment(at)),
        ends_at: record.expires_at.map(|at| desk.moment(at)),
        revoke: record.revoked_at.is_none().then_some(revoke),
    }
}

fn form_page(
    desk: Desk,
    name: &str,
    ends: &str,
    scopes: &[String],
    problem: Option<&Problem>,
) -> ApiKeyFormPage {
    let mut name = Field::new("name", "What it is for", name).required();
    name.error = error_at(problem, "/name");
    let check = |permission: Permission| {
        Input::Check(Check {
            name: "scope".into(),
            value: permission.as_str().into(),
            label: permission.as_str().into(),
            hint: permission.sentence().into(),
            checked: scopes.iter().any(|scope| scope == permission.as_str()),
            ..Check::default()
        })
    };
    ApiKeyFormPage {
        title: Title::page("Create an API key").back("API keys", LIST),
        tab: AdministrationTab::ApiKeys,
        form: FormPiece {
            action: LIST.into(),
            csrf: desk.csrf().to_owned(),
            groups: vec![
                FieldGroup {
                    legend: "Key".into(),
                    hint: String::new(),
                    inputs: vec![
                        Input::Field(name),
                        Input::Select(Select::new("ends", "Ends after", &ENDS, ends)),
                    ],
                },
                FieldGroup {
                    legend: "Scopes".into(),
                    hint: "Give only what the program needs.".into(),
                    inputs: Permission::ALL.map(check).to_vec(),
                },
            ],
            submit: "Create key".into(),
            cancel_href: LIST.into(),
            refusals: problem.map(sentences).unwrap_or_default(),
            ..FormPiece::default()
        },
        frame: desk.frame,
    }
}
