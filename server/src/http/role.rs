//! `/v1/roles`: what each role allows (URS-UR-003). The roles of the release are the same for every tenant and never change;
//! beside them a tenant makes roles of its own, which allow no more than their maker may.

use std::collections::BTreeSet;

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use packtwin_core::code::Code;
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_core::role::{Permission, Role, RoleWord};
use packtwin_core::time::Timestamp;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::store::role::{RoleContent, RoleRecord};

use super::caller::{Caller, ChangeRefused};
use super::list::{Page, Row};
use super::problem::Problem;
use super::request::{Body, IfMatch, etag};
use super::shared::Shared;
use crate::body;

/// A role.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoleBody {
    /// The word used in requests.
    name: String,
    /// The name as people read it.
    title: String,
    /// Whether the tenant made it; the others are part of the release.
    own: bool,
    /// What it allows.
    permissions: Vec<PermissionBody>,
}

/// A permission.
#[derive(Debug, Serialize, ToSchema)]
pub struct PermissionBody {
    /// The scope name.
    name: &'static str,
    /// What it means.
    sentence: &'static str,
}

impl Row for RoleBody {
    const HEAD: &'static [&'static str] = &["name", "title", "own", "permissions"];

    fn cells(&self) -> Vec<String> {
        let permissions: Vec<&str> = self
            .permissions
            .iter()
            .map(|permission| permission.name)
            .collect();
        vec![
            self.name.clone(),
            self.title.clone(),
            self.own.to_string(),
            permissions.join(" "),
        ]
    }
}

impl From<Role> for RoleBody {
    fn from(role: Role) -> Self {
        RoleBody {
            name: role.as_str().to_owned(),
            title: role.title().to_owned(),
            own: false,
            permissions: bodies(role.permissions()),
        }
    }
}

impl From<&RoleRecord> for RoleBody {
    fn from(record: &RoleRecord) -> Self {
        RoleBody {
            name: record.word.as_str().to_owned(),
            title: record.title.clone(),
            own: true,
            permissions: bodies(&record.permissions),
        }
    }
}

fn bodies(permissions: &[Permission]) -> Vec<PermissionBody> {
    permissions
        .iter()
        .map(|permission| PermissionBody {
            name: permission.as_str(),
            sentence: permission.sentence(),
        })
        .collect()
}

body! {
    /// A role to be made.
    pub struct RoleWanted {
        /// The word used in requests: 2 to 40 small letters, digits and underscores. It never changes.
        name: String,
        /// The name as people read it, 1 to 100 characters.
        title: String,
        /// What it allows: at least one scope, and none that its maker does not have.
        permissions: Vec<String>,
    }
}

body! {
    /// What is to change; what is absent stays.
    pub struct RoleChanged {
        /// The name as people read it.
        title: Option<String>,
        /// Everything it is to allow; what it did not allow before, its changer must have.
        permissions: Option<Vec<String>>,
    }
}

/// A checked role to be made or changed.
pub(super) struct CheckedRole {
    title: String,
    permissions: Vec<Permission>,
}

impl CheckedRole {
    /// Checks what someone typed. `had` are the permissions that the role has already, which anyone may leave in it.
    pub(super) fn check(
        title: &str,
        scopes: &[String],
        had: &[Permission],
        caller: &Caller,
    ) -> Result<Self, Refusals> {
        let mut faults = Vec::new();
        let mut wrong = |place: String, text: &str| {
            faults.push(Refusal::at(Code::ProductFieldWrong, place, text));
        };
        let title = title.trim();
        if !(1..=100).contains(&title.chars().count()) || title.chars().any(char::is_control) {
            let text = "A title has 1 to 100 characters and no control characters.";
            wrong("/title".to_owned(), text);
        }
        if scopes.is_empty() {
            let text = "A role allows at least one thing.";
            wrong("/permissions".to_owned(), text);
        }
        let mut permissions = BTreeSet::new();
        for (index, scope) in scopes.iter().enumerate() {
            let place = format!("/permissions/{index}");
            match Permission::parse(scope) {
                Some(permission) if caller.may(permission) || had.contains(&permission) => {
                    permissions.insert(permission);
                }
                Some(_) => wrong(place, "You do not have this permission yourself."),
                None => wrong(place, "There is no such permission."),
            }
        }
        Refusals::check(faults)?;
        Ok(CheckedRole {
            title: title.to_owned(),
            permissions: permissions.into_iter().collect(),
        })
    }

    fn content(&self) -> RoleContent<'_> {
        RoleContent {
            title: &self.title,
            permissions: &self.permissions,
        }
    }

    /// Makes a role.
    pub(super) async fn create(
        self,
        caller: &Caller,
        word: RoleWord,
        now: Timestamp,
    ) -> Result<RoleRecord, Problem> {
        let new = word.clone();
        let made = caller
            .block(move |scope| {
                let made = scope.change(now, |writer| writer.role_create(&new, self.content()));
                match made {
                    Err(StoreError::Taken) => Err(taken(&new)),
                    other => Ok(other?),
                }
            })
            .await;
        made?;
        found(caller, word.as_str()).await
    }

    /// Changes a role that was read at a version.
    pub(super) async fn apply(
        self,
        caller: &Caller,
        word: RoleWord,
        version: i32,
        now: Timestamp,
    ) -> Result<RoleRecord, Problem> {
        let changed = word.clone();
        caller
            .change(now, move |writer| {
                let noted = writer.role_change(&changed, self.content(), version)?;
                noted.ok_or_else(|| IfMatch::failed().into())
            })
            .await?;
        found(caller, word.as_str()).await
    }
}

/// Removes a role that nobody has.
pub(super) async fn remove(
    caller: &Caller,
    word: RoleWord,
    version: i32,
    now: Timestamp,
) -> Result<(), Problem> {
    caller
        .change(now, move |writer| {
            let holders = writer.role_holder_count(&word)?;
            if holders > 0 {
                let text = match holders {
                    1 => "One person has this role.".to_owned(),
                    holders => format!("{holders} people have this role."),
                };
                return Err(ChangeRefused::from(Problem::of(Code::RoleInUse, text)));
            }
            let noted = writer.role_delete(&word, version)?;
            noted.ok_or_else(|| IfMatch::failed().into())
        })
        .await
}

/// One of the tenant's own roles, or the uniform refusal; a role of the release is told as such.
pub(super) async fn found(caller: &Caller, text: &str) -> Result<RoleRecord, Problem> {
    if let Some(role) = Role::parse(text) {
        let text = format!(
            "{} is a role of the release and never changes.",
            role.title()
        );
        return Err(Problem::of(Code::RoleOfRelease, text));
    }
    let word = RoleWord::parse(text).map_err(|_| Problem::not_found())?;
    caller
        .read(move |reader| reader.role_get(&word))
        .await?
        .ok_or_else(Problem::not_found)
}

/// Reads the word of a new role.
pub(super) fn new_word(text: &str) -> Result<RoleWord, Refusals> {
    RoleWord::parse(text.trim())
        .map_err(|error| Refusal::at(Code::ProductFieldWrong, "/name", error.to_string()).into())
}

fn taken(word: &RoleWord) -> Problem {
    let text = format!("There is a role {} already.", word.as_str());
    Problem::at(Code::ProductFieldWrong, "/name", text)
}

/// The roles there are: those of the release, then those that the tenant made; also as CSV.
///
/// # Errors
/// The store failed.
#[utoipa::path(get, path = "/v1/roles", tag = "users", responses((status = 200, body = Page<RoleBody>)))]
pub async fn list(caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let own = caller.read(|reader| reader.role_list()).await?;
    let of_release = Role::ALL.map(RoleBody::from);
    Page {
        items: of_release
            .into_iter()
            .chain(own.iter().map(RoleBody::from))
            .collect(),
        next: None,
    }
    .respond(&request)
}

/// One role. Only those that the tenant made have a version to be changed from.
///
/// # Errors
/// There is no such role.
#[utoipa::path(get, path = "/v1/roles/{name}", tag = "users", params(("name" = String, Path)),
    responses((status = 200, body = RoleBody)))]
pub async fn show(caller: Caller, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    match Role::parse(&path) {
        Some(role) => Ok(HttpResponse::Ok().json(RoleBody::from(role))),
        None => Ok(answer(&found(&caller, &path).await?)),
    }
}

/// Makes a role of the tenant.
///
/// # Errors
/// Every fault of the body; the word is taken; a permission that the caller does not have.
#[utoipa::path(post, path = "/v1/roles", tag = "users", request_body = RoleWanted,
    responses((status = 201, body = RoleBody)))]
pub async fn create(
    caller: Caller,
    shared: web::Data<Shared>,
    Body(wanted): Body<RoleWanted>,
) -> Result<HttpResponse, Problem> {
    let word = new_word(&wanted.name);
    let checked = CheckedRole::check(&wanted.title, &wanted.permissions, &[], &caller);
    let (word, checked) = both(word, checked)?;
    let record = checked.create(&caller, word, shared.now()).await?;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/v1/roles/{}", record.word.as_str())))
        .insert_header((ETAG, etag(record.row_version)))
        .json(RoleBody::from(&record)))
}

/// Changes title or permissions of a role of the tenant; acts with the next request of everyone who has it.
///
/// # Errors
/// Every fault of the body; USR-002: a role of the release; the version is another.
#[utoipa::path(patch, path = "/v1/roles/{name}", tag = "users", request_body = RoleChanged,
    params(("name" = String, Path), ("If-Match" = String, Header)), responses((status = 200, body = RoleBody)))]
pub async fn change(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    if_match: IfMatch,
    Body(wanted): Body<RoleChanged>,
) -> Result<HttpResponse, Problem> {
    let old = found(&caller, &path).await?;
    let present: Vec<String> = old
        .permissions
        .iter()
        .map(|permission| permission.as_str().to_owned())
        .collect();
    let checked = CheckedRole::check(
        wanted.title.as_deref().unwrap_or(&old.title),
        wanted.permissions.as_deref().unwrap_or(&present),
        &old.permissions,
        &caller,
    )?;
    let version = if_match.row_version();
    let record = checked
        .apply(&caller, old.word, version, shared.now())
        .await?;
    Ok(answer(&record))
}

/// Removes a role of the tenant that nobody has.
///
/// # Errors
/// USR-001: somebody has it; USR-002: a role of the release; the version is another.
#[utoipa::path(delete, path = "/v1/roles/{name}", tag = "users",
    params(("name" = String, Path), ("If-Match" = String, Header)), responses((status = 204)))]
pub async fn delete(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    if_match: IfMatch,
) -> Result<HttpResponse, Problem> {
    let old = found(&caller, &path).await?;
    remove(&caller, old.word, if_match.row_version(), shared.now()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Both values, or the faults of both.
pub(super) fn both<A, B>(
    a: Result<A, Refusals>,
    b: Result<B, Refusals>,
) -> Result<(A, B), Refusals> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(a), Err(b)) => {
            let all = a.iter().chain(b.iter()).cloned().collect();
            Err(Refusals::all(all).unwrap_or(a))
        }
        (Err(faults), _) | (_, Err(faults)) => Err(faults),
    }
}

fn answer(record: &RoleRecord) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((ETAG, etag(record.row_version)))
        .json(RoleBody::from(record))
}
