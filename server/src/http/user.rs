//! `/v1/users`: the people of a tenant (users.md 3.18). An account is disabled and never removed (URS-UR-002).

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use packtwin_core::ids::UserId;
use packtwin_tenants::store::user::{UserRecord, UserState};

use super::account::{self, AccountChange, NewAccount};
use super::caller::Caller;
use super::list::{Page, Row};
use super::problem::Problem;
use super::request::{Body, IfMatch, Query, etag, id};
use super::shared::Shared;
use crate::body;
use packtwin_app::invitation::Invitation;

/// A person with an account.
#[derive(Debug, Serialize, ToSchema)]
pub struct User {
    /// Its id, `usr_…`.
    id: String,
    /// The sign-in name.
    login: String,
    /// The person's name.
    name: String,
    /// Language tag of pages and mails.
    language: String,
    /// `active` or `disabled`.
    state: &'static str,
    /// What the person does.
    roles: Vec<String>,
    /// Since when the account exists.
    created_at: String,
    /// The last sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_sign_in_at: Option<String>,
}

impl From<&UserRecord> for User {
    fn from(record: &UserRecord) -> Self {
        User {
            id: record.id.to_string(),
            login: record.login.clone(),
            name: record.name.clone(),
            language: record.language.clone(),
            state: record.state.as_str(),
            roles: record.role_words(),
            created_at: record.created_at.to_string(),
            last_sign_in_at: record.last_sign_in_at.map(|at| at.to_string()),
        }
    }
}

impl Row for User {
    const HEAD: &'static [&'static str] = &[
        "id",
        "login",
        "name",
        "language",
        "state",
        "roles",
        "created_at",
        "last_sign_in_at",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            self.login.clone(),
            self.name.clone(),
            self.language.clone(),
            self.state.to_owned(),
            self.roles.join(" "),
            self.created_at.clone(),
            self.last_sign_in_at.clone().unwrap_or_default(),
        ]
    }
}

body! {
    /// A person to be invited.
    pub struct UserInvited {
        /// The sign-in name, usually a mail address; unique on the site and never given twice.
        login: String,
        /// The person's name.
        name: String,
        /// Language tag; `en` when absent.
        language: Option<String>,
        /// What the person does, at least one of `/v1/roles`.
        roles: Vec<String>,
    }
}

body! {
    /// What is to change; what is absent stays.
    pub struct UserChanged {
        /// The person's name.
        name: Option<String>,
        /// Language tag.
        language: Option<String>,
        /// All roles the person is to have.
        roles: Option<Vec<String>>,
        /// `active` or `disabled`.
        state: Option<String>,
    }
}

/// An account and the link by which its owner sets a password.
#[derive(Debug, Serialize, ToSchema)]
pub struct Invited {
    #[serde(flatten)]
    user: User,
    /// To be handed to the person; works once, for three days, and is shown only here.
    invitation_url: String,
}

/// Accounts in the order of their sign-in names.
///
/// # Errors
/// A parameter is wrong.
#[utoipa::path(get, path = "/v1/users", tag = "users",
    params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Page<User>)))]
pub async fn list(
    caller: Caller,
    mut query: Query,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let limit = query.limit();
    let after = query.cursor(|key| Some(key.to_owned()));
    query.close()?;
    let records = caller
        .read(move |reader| reader.user_list(after.as_deref(), i64::from(limit) + 1))
        .await?;
    Page::of(records.iter().map(User::from).collect(), limit, |user| {
        user.login.clone()
    })
    .respond(&request)
}

/// Makes an account and the link by which its owner sets a password.
///
/// # Errors
/// Every fault of the body; the name is taken.
#[utoipa::path(post, path = "/v1/users", tag = "users", request_body = UserInvited,
    responses((status = 201, body = Invited)))]
pub async fn create(
    caller: Caller,
    shared: web::Data<Shared>,
    Body(wanted): Body<UserInvited>,
) -> Result<HttpResponse, Problem> {
    let own = caller.read(|reader| reader.role_list()).await?;
    let account = NewAccount::check(
        &wanted.login,
        &wanted.name,
        wanted.language.as_deref(),
        &wanted.roles,
        &own,
    )?;
    let (tenant, now) = (shared.tenant_of(&caller).await?, shared.now());
    let by_mail = shared.house.post().is_some();
    let record = caller
        .block(move |scope| {
            let record = account.create(scope, &tenant, now)?;
            account::note_invitation(scope, record.id, now, by_mail)
        })
        .await?;
    let location = format!("/v1/users/{}", record.id);
    let invited = invited(&caller, &shared, &record)?;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, location))
        .insert_header((ETAG, etag(record.row_version)))
        .json(invited))
}

/// One account.
///
/// # Errors
/// There is none under this id.
#[utoipa::path(get, path = "/v1/users/{id}", tag = "users", params(("id" = String, Path)),
    responses((status = 200, body = User)))]
pub async fn show(caller: Caller, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let id: UserId = id(&path)?;
    let record = caller
        .block(move |scope| account::account(scope, id))
        .await?;
    Ok(answer(&record))
}

/// Changes an account; acts with the person's next request.
///
/// # Errors
/// Every fault of the body; the version is another; it is the last administrator.
#[utoipa::path(patch, path = "/v1/users/{id}", tag = "users", request_body = UserChanged,
    params(("id" = String, Path), ("If-Match" = String, Header)), responses((status = 200, body = User)))]
pub async fn change(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    if_match: IfMatch,
    Body(wanted): Body<UserChanged>,
) -> Result<HttpResponse, Problem> {
    let id: UserId = id(&path)?;
    let own = caller.read(|reader| reader.role_list()).await?;
    let change = AccountChange::check(
        wanted.name.as_deref(),
        wanted.language.as_deref(),
        wanted.roles.as_deref(),
        wanted.state.as_deref(),
        &own,
    )?;
    let (version, now) = (if_match.row_version(), shared.now());
    let record = caller
        .block(move |scope| change.apply(scope, id, version, now))
        .await?;
    Ok(answer(&record))
}

/// Disables an account and ends its sessions. It is kept, so that its name is never given again.
///
/// # Errors
/// There is none under this id; the version is another; it is the last administrator.
#[utoipa::path(delete, path = "/v1/users/{id}", tag = "users",
    params(("id" = String, Path), ("If-Match" = String, Header)), responses((status = 204)))]
pub async fn disable(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    if_match: IfMatch,
) -> Result<HttpResponse, Problem> {
    let id: UserId = id(&path)?;
    let change = AccountChange {
        state: Some(UserState::Disabled),
        ..AccountChange::default()
    };
    let (version, now) = (if_match.row_version(), shared.now());
    caller
        .block(move |scope| change.apply(scope, id, version, now))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Makes a new link by which a person sets a password; earlier links that were not used stay good until one is.
///
/// # Errors
/// There is no account under this id.
#[utoipa::path(post, path = "/v1/users/{id}:invite", tag = "users", params(("id" = String, Path)),
    responses((status = 200, body = Invited)))]
pub async fn invite(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: UserId = id(&path)?;
    let (now, by_mail) = (shared.now(), shared.house.post().is_some());
    let record = caller
        .block(move |scope| account::note_invitation(scope, id, now, by_mail))
        .await?;
    Ok(HttpResponse::Ok().json(invited(&caller, &shared, &record)?))
}

fn invited(caller: &Caller, shared: &Shared, record: &UserRecord) -> Result<Invited, Problem> {
    let invitation = Invitation {
        tenant: caller.scope().actor().tenant(),
        user: record.id,
        password_set_at: record.password_set_at,
    };
    let invitation_url = invitation
        .link(
            &shared.site,
            shared.configuration.public_url.as_str(),
            shared.now(),
        )
        .ok_or_else(Problem::unavailable)?;
    Ok(Invited {
        user: User::from(record),
        invitation_url,
    })
}

fn answer(record: &UserRecord) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((ETAG, etag(record.row_version)))
        .json(User::from(record))
}
