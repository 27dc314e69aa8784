//! The people of a tenant as pages (users.md 3.18): list, invitation, account with its history.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use packtwin_core::ids::UserId;
use packtwin_core::role::Role;
use packtwin_tenants::store::role::RoleRecord;
use packtwin_tenants::store::user::{UserRecord, UserState};

use super::history::{self, People};
use super::{Desk, Form, error_at, html, see, sentences};
use crate::http::account::{self, AccountChange, NewAccount};
use crate::http::problem::Problem;
use crate::http::request::id;
use crate::pages::piece::action::Hidden;
use crate::pages::piece::{
    Action, Check, EmptyState, Field, FieldGroup, FieldKind, FilterBar, Form as FormPiece, Input,
    Mark, Pager, Title, Tone,
};
use crate::pages::view::AdministrationTab;
use crate::pages::view::user::{UserPage, UserRow, UsersPage};
use packtwin_app::invitation::Invitation;

const LIST: &str = "/administration/users";
/// People of one tenant that one page shows; a tenant with more has its list through the API.
const PEOPLE_MAX: i64 = 1000;

/// The people of the tenant.
pub(in crate::http) async fn list(desk: Desk) -> Result<HttpResponse, Problem> {
    let people = desk
        .caller
        .read(|reader| reader.user_list(None, PEOPLE_MAX))
        .await?;
    let count = people.len() as u64;
    let rows = people.iter().map(|record| row(&desk, record)).collect();
    let invite = Action::link("Invite a person", "/administration/users/invite").primary();
    html(
        StatusCode::OK,
        &UsersPage {
            title: Title {
                primary: Some(invite),
                ..Title::page("Administration")
            },
            tab: AdministrationTab::Users,
            filter: FilterBar::default(),
            rows,
            pager: Pager {
                noun: "people".into(),
                total: count,
                first: 1,
                last: count,
                ..Pager::default()
            },
            empty: EmptyState::default(),
            frame: desk.frame,
        },
    )
}

/// The form that invites a person.
pub(in crate::http) async fn invite(desk: Desk) -> Result<HttpResponse, Problem> {
    let own = desk.caller.read(|reader| reader.role_list()).await?;
    html(
        StatusCode::OK,
        &invitation_page(desk, "", "", role_checks(&own, &[]), None),
    )
}

/// Makes the account and shows the link once.
pub(in crate::http) async fn create(desk: Desk, form: Form) -> Result<HttpResponse, Problem> {
    let (login, name, roles) = (form.text("login"), form.text("name"), form.all("role"));
    let (tenant, now) = (
        desk.shared.tenant_of(&desk.caller).await?,
        desk.shared.now(),
    );
    let own = desk.caller.read(|reader| reader.role_list()).await?;
    let by_mail = desk.shared.house.post().is_some();
    let made = match NewAccount::check(&login, &name, None, &roles, &own) {
        Ok(account) => {
            desk.caller
                .block(move |scope| {
                    let record = account.create(scope, &tenant, now)?;
                    account::note_invitation(scope, record.id, now, by_mail)
                })
                .await
        }
        Err(refusals) => Err(refusals.into()),
    };
    match made {
        Ok(record) => with_link(desk, record).await,
        Err(problem) if problem.status().is_server_error() => Err(problem),
        Err(problem) => html(
            problem.status(),
            &invitation_page(
                desk,
                &login,
                &name,
                role_checks(&own, &roles),
                Some(&problem),
            ),
        ),
    }
}

/// One account.
pub(in crate::http) async fn show(
    desk: Desk,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: UserId = id(&path)?;
    account_page(desk, id, None, None).await
}

/// Changes name and roles.
pub(in crate::http) async fn change(
    desk: Desk,
    path: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let id: UserId = id(&path)?;
    let (version, now) = (form.version()?, desk.shared.now());
    let own = desk.caller.read(|reader| reader.role_list()).await?;
    let changed = match AccountChange::check(
        Some(&form.text("name")),
        None,
        Some(&form.all("role")),
        None,
        &own,
    ) {
        Ok(change) => {
            desk.caller
                .block(move |scope| change.apply(scope, id, version, now))
                .await
        }
        Err(refusals) => Err(refusals.into()),
    };
    answer(desk, id, changed).await
}

/// Disables an account, or lets its owner in again.
pub(in crate::http) async fn state(
    desk: Desk,
    path: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let id: UserId = id(&path)?;
    let (version, now) = (form.version()?, desk.shared.now());
    let changed = match AccountChange::check(None, None, None, Some(&form.text("state")), &[]) {
        Ok(change) => {
            desk.caller
                .block(move |scope| change.apply(scope, id, version, now))
                .await
        }
        Err(refusals) => Err(refusals.into()),
    };
    answer(desk, id, changed).await
}

/// Ends every session of a person.
pub(in crate::http) async fn end_sessions(
    desk: Desk,
    path: web::Path<String>,
    _form: Form,
) -> Result<HttpResponse, Problem> {
    let id: UserId = id(&path)?;
    let now = desk.shared.now();
    desk.caller
        .block(move |scope| {
            account::account(scope, id)?;
            scope.change(now, |writer| writer.session_revoke_all(id, None))?;
            Ok(())
        })
        .await?;
    Ok(see(format!("{LIST}/{id}")))
}

/// Makes a new link by which the person sets a password, and shows it once.
pub(in crate::http) async fn link(
    desk: Desk,
    path: web::Path<String>,
    _form: Form,
) -> Result<HttpResponse, Problem> {
    let id: UserId = id(&path)?;
    let (now, by_mail) = (desk.shared.now(), desk.shared.house.post().is_some());
    let record = desk
        .caller
        .block(move |scope| account::note_invitation(scope, id, now, by_mail))
        .await?;
    with_link(desk, record).await
}

async fn answer(
    desk: Desk,
    id: UserId,
    changed: Result<UserRecord, Problem>,
) -> Result<HttpResponse, Problem> {
    match changed {
        Ok(_) => Ok(see(format!("{LIST}/{id}"))),
        Err(problem)
            if problem.status().is_server_error() || problem.status() == StatusCode::NOT_FOUND =>
        {
            Err(problem)
        }
        Err(problem) => account_page(desk, id, Some(problem), None).await,
    }
}

async fn with_link(desk: Desk, record: UserRecord) -> Result<HttpResponse, Problem> {
    let invitation = Invitation {
        tenant: desk.caller.scope().actor().tenant(),
        user: record.id,
        password_set_at: record.password_set_at,
    };
    let link = invitation
        .link(
            &desk.shared.site,
            desk.shared.configuration.public_url.as_str(),
            desk.shared.now(),
        )
        .ok_or_else(Problem::unavailable)?;
    account_page(desk, record.id, None, Some(link)).await
}

fn invitation_page(
    desk: Desk,
    login: &str,
    name: &str,
    roles: Vec<Input>,
    problem: Option<&Problem>,
) -> UserPage {
    let mut login_field = Field::new("login", "Sign-in name", login)
        .kind(FieldKind::Email)
        .hint("Usually the mail address. It is never given to anyone else.")
        .required();
    login_field.error = error_at(problem, "/login");
    let mut person = vec![Input::Field(login_field)];
    person.insert(0, Input::Field(name_field(name, problem)));
    UserPage {
        title: Title::page("Invite a person").back("Users", LIST),
        tab: AdministrationTab::Users,
        form: FormPiece {
            action: LIST.into(),
            csrf: desk.csrf().to_owned(),
            groups: vec![group("Person", person), group("Roles", roles)],
            submit: "Invite this person".into(),
            cancel_href: LIST.into(),
            refusals: problem.map(sentences).unwrap_or_default(),
            ..FormPiece::default()
        },
        frame: desk.frame,
        ..UserPage::default()
    }
}

async fn account_page(
    desk: Desk,
    id: UserId,
    problem: Option<Problem>,
    link: Option<String>,
) -> Result<HttpResponse, Problem> {
    let record = desk
        .caller
        .block(move |scope| account::account(scope, id))
        .await?;
    let own = desk.caller.read(|reader| reader.role_list()).await?;
    let people = People::read(&desk).await?;
    let timeline = history::of(&desk, &people, Some(format!("user {id}"))).await?;
    let csrf = desk.csrf().to_owned();
    let address = format!("{LIST}/{id}");
    let version = Hidden {
        name: "if_match".into(),
        value: record.row_version.to_string(),
    };
    let roles = role_checks(&own, &record.role_words());
    let (label, state) = match record.state {
        UserState::Active => ("Disable this account", "disabled"),
        UserState::Disabled => ("Let this person in again", "active"),
    };
    let actions = vec![
        Action::post(
            "Make a link to set a password",
            format!("{address}/link"),
            &csrf,
        ),
        Action::post("End all sessions", format!("{address}/end-sessions"), &csrf),
        Action::post(label, format!("{address}/state"), &csrf)
            .with("state", state)
            .with("if_match", record.row_version.to_string()),
    ];
    let status = problem.as_ref().map_or(StatusCode::OK, Problem::status);
    let page = UserPage {
        title: Title {
            state: Some(mark(record.state)),
            note: record.login.clone(),
            ..Title::named("User", &record.name)
        }
        .back("Users", LIST),
        tab: AdministrationTab::Users,
        form: FormPiece {
            action: address,
            csrf,
            hidden: vec![version],
            groups: vec![
                group(
                    "Person",
                    vec![Input::Field(name_field(&record.name, problem.as_ref()))],
                ),
                group("Roles", roles),
            ],
            submit: "Save".into(),
            cancel_href: LIST.into(),
            refusals: problem.as_ref().map(sentences).unwrap_or_default(),
            ..FormPiece::default()
        },
        actions,
        invitation_link: link,
        timeline,
        frame: desk.frame,
    };
    html(status, &page)
}

fn row(desk: &Desk, record: &UserRecord) -> UserRow {
    UserRow {
        href: format!("{LIST}/{}", record.id),
        name: record.name.clone(),
        account: record.login.clone(),
        roles: record.role_titles().join(", "),
        state: mark(record.state),
        signed_in_at: record.last_sign_in_at.map(|at| desk.moment(at)),
        // Passwords do not end by themselves (ASVS 6.2.10).
        password_ends_at: None,
    }
}

fn mark(state: UserState) -> Mark {
    match state {
        UserState::Active => Mark::new(Tone::Good, "active"),
        UserState::Disabled => Mark::new(Tone::Neutral, "disabled"),
    }
}

fn name_field(name: &str, problem: Option<&Problem>) -> Field {
    let mut field = Field::new("name", "Name", name).required();
    field.error = error_at(problem, "/name");
    field
}

fn group(legend: &str, inputs: Vec<Input>) -> FieldGroup {
    FieldGroup {
        legend: legend.into(),
        hint: String::new(),
        inputs,
    }
}

fn role_checks(own: &[RoleRecord], chosen: &[String]) -> Vec<Input> {
    let check = |word: &str, title: &str| {
        Input::Check(Check {
            name: "role".into(),
            value: word.into(),
            label: title.into(),
            checked: chosen.iter().any(|chosen| chosen == word),
            ..Check::default()
        })
    };
    let of_release = Role::ALL.map(|role| check(role.as_str(), role.title()));
    let own = own
        .iter()
        .map(|role| check(role.word.as_str(), &role.title));
    of_release.into_iter().chain(own).collect()
}
