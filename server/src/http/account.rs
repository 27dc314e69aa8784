//! What may be done to an account, the same for the API and the pages: inviting, changing, setting a password.
//!
//! Every fault is told at once. Nobody takes the last administrator away, since nobody could give one back.

use packtwin_app::letter::{Language, write_invitation};
use packtwin_core::code::Code;
use packtwin_core::ids::{SessionId, UserId};
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_core::role::{Role, RoleWord};
use packtwin_core::time::Timestamp;
use packtwin_tenants::audit::{AuditNote, Noted};
use packtwin_tenants::breach_list::BreachList;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::password::{NewPassword, PasswordOwner};
use packtwin_tenants::scope::{TenantScope, Writer};
use packtwin_tenants::site::Tenant;
use packtwin_tenants::store::role::RoleRecord;
use packtwin_tenants::store::user::{NewUser, UserChangeRefused, UserRecord, UserState};

use super::caller::ChangeRefused;
use super::problem::Problem;
use super::request::IfMatch;
use super::shared::Shared;

/// What a person is to do: roles of the release, and roles that the tenant made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct GivenRoles {
    pub(super) of_release: Vec<Role>,
    pub(super) own: Vec<RoleWord>,
}

/// An account to be made; its password is set by the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewAccount {
    pub(super) login: String,
    pub(super) name: String,
    pub(super) language: String,
    pub(super) roles: GivenRoles,
}

impl NewAccount {
    /// Checks what someone typed; `own` are the roles that the tenant made.
    pub(crate) fn check(
        login: &str,
        name: &str,
        language: Option<&str>,
        roles: &[String],
        own: &[RoleRecord],
    ) -> Result<Self, Refusals> {
        let mut faults = Vec::new();
        let login = checked_login(login, &mut faults);
        let name = checked_name(name, &mut faults);
        let language = checked_language(language.unwrap_or("en"), &mut faults);
        let roles = checked_roles(roles, own, &mut faults);
        Refusals::check(faults)?;
        Ok(NewAccount {
            login,
            name,
            language,
            roles,
        })
    }

    /// Makes the account with a password that nobody knows.
    pub(crate) fn create(
        self,
        scope: &TenantScope,
        tenant: &Tenant,
        now: Timestamp,
    ) -> Result<UserRecord, Problem> {
        let owner = PasswordOwner {
            login: &self.login,
            name: &self.name,
            tenant: &tenant.name,
        };
        let unknown = NewPassword::check(&random_password()?, owner, None)??;
        let password = unknown.hash()?;
        let made = scope.change(now, |writer| {
            let made = writer.user_create(NewUser {
                login: &self.login,
                name: &self.name,
                language: &self.language,
                roles: &self.roles.of_release,
                password,
            })?;
            if self.roles.own.is_empty() {
                return Ok(made);
            }
            let id = *made.value();
            let given = writer
                .user_own_roles_set(id, &self.roles.own, 1)
                .map_err(refused)?;
            Ok(made.then(given.map(|()| id)))
        });
        let id = match made {
            Err(ChangeRefused::Store(StoreError::Taken)) => {
                let text =
                    "This sign-in name is or was in use on this site; names are never given twice.";
                return Err(Problem::new(Refusal::at(
                    Code::ProductFieldWrong,
                    "/login",
                    text,
                )));
            }
            other => other?,
        };
        account(scope, id)
    }
}

/// What is to become of an account; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct AccountChange {
    pub(super) name: Option<String>,
    pub(super) language: Option<String>,
    pub(super) roles: Option<GivenRoles>,
    pub(super) state: Option<UserState>,
}

impl AccountChange {
    /// Checks what someone typed; `own` are the roles that the tenant made.
    pub(super) fn check(
        name: Option<&str>,
        language: Option<&str>,
        roles: Option<&[String]>,
        state: Option<&str>,
        own: &[RoleRecord],
    ) -> Result<Self, Refusals> {
        let mut faults = Vec::new();
        let name = name.map(|name| checked_name(name, &mut faults));
        let language = language.map(|language| checked_language(language, &mut faults));
        let roles = roles.map(|roles| checked_roles(roles, own, &mut faults));
        let state = state.and_then(|state| {
            let read = UserState::parse(state);
            if read.is_none() {
                faults.push(wrong("/state", "The state is active or disabled."));
            }
            read
        });
        Refusals::check(faults)?;
        Ok(AccountChange {
            name,
            language,
            roles,
            state,
        })
    }

    /// Changes the account as one change, against the version the caller read.
    pub(super) fn apply(
        self,
        scope: &TenantScope,
        id: UserId,
        version: i32,
        now: Timestamp,
    ) -> Result<UserRecord, Problem> {
        if self == AccountChange::default() {
            let record = account(scope, id)?;
            return if record.row_version == version {
                Ok(record)
            } else {
                Err(IfMatch::failed())
            };
        }
        scope
            .change(now, |writer| {
                let old = writer.user_get(id)?.ok_or_else(Problem::not_found)?;
                let mut version = version;
                let mut noted = None;
                if self.name.is_some() || self.language.is_some() {
                    let name = self.name.as_deref().unwrap_or(&old.name);
                    let language = self.language.as_deref().unwrap_or(&old.language);
                    noted = Some(
                        writer
                            .user_profile_set(id, name, language, version)
                            .map_err(refused)?,
                    );
                    version += 1;
                }
                if let Some(roles) = &self.roles {
                    let next = writer
                        .user_roles_set(id, &roles.of_release, version)
                        .map_err(refused)?;
                    noted = Some(joined(noted, next));
                    version += 1;
                    if !old.own_roles.iter().map(|role| &role.word).eq(&roles.own) {
                        let next = writer
                            .user_own_roles_set(id, &roles.own, version)
                            .map_err(refused)?;
                        noted = Some(joined(noted, next));
                        version += 1;
                    }
                }
                if let Some(state) = self.state {
                    let next = writer
                        .user_state_set(id, state, version)
                        .map_err(refused)?
                        .map(|_ended| ());
                    noted = Some(joined(noted, next));
                }
                still_administered(writer, &old)?;
                noted.ok_or_else(|| ChangeRefused::from(Problem::unavailable()))
            })
            .map_err(|error: ChangeRefused| Problem::from(error))?;
        account(scope, id)
    }
}

/// Sets the password of an account whose present one was set at a known time; another end of the link finds another time.
/// Ends the person's sessions.
pub(super) fn set_password(
    shared: &Shared,
    scope: &TenantScope,
    id: UserId,
    password: &str,
    now: Timestamp,
    still: Option<Timestamp>,
    keep: Option<SessionId>,
) -> Result<(), Problem> {
    let tenant = shared
        .site
        .tenant_list()?
        .into_iter()
        .find(|tenant| tenant.id == scope.actor().tenant());
    let tenant = tenant.ok_or_else(Problem::not_found)?;
    let record = account(scope, id)?;
    let owner = PasswordOwner {
        login: &record.login,
        name: &record.name,
        tenant: &tenant.name,
    };
    let list = shared
        .configuration
        .breach_list
        .as_deref()
        .map(BreachList::open)
        .transpose()?;
    let hash = NewPassword::check(password, owner, list.as_ref())??.hash()?;
    scope
        .change(now, |writer| {
            let present = writer.user_get(id)?.ok_or_else(Problem::not_found)?;
            if still.is_some_and(|still| present.password_set_at != still) {
                return Err(ChangeRefused::from(link_is_over()));
            }
            Ok(writer
                .user_password_set(id, &hash, keep)
                .map_err(refused)?
                .map(|_ended| ()))
        })
        .map_err(Problem::from)?;
    shared.site.throttle_clear(&record.login)?;
    Ok(())
}

/// Notes that a link was made for a person, which lets its holder set the password.
pub(crate) fn note_invitation(
    scope: &TenantScope,
    id: UserId,
    now: Timestamp,
    by_mail: bool,
) -> Result<UserRecord, Problem> {
    let record = account(scope, id)?;
    let note = AuditNote::new("user.invited", format!("user {id}"));
    scope.change(now, |writer| {
        if by_mail {
            write_invitation(writer, &record)?;
        }
        Ok::<_, StoreError>(note.returning(()))
    })?;
    Ok(record)
}

/// What is said of a link that was used, replaced, or has expired.
pub(super) fn link_is_over() -> Problem {
    Problem::of(
        Code::CsrfMissing,
        "This link was used or is too old. Ask your administrator for a new one.",
    )
}

/// One account of the tenant, or the uniform refusal.
pub(super) fn account(scope: &TenantScope, id: UserId) -> Result<UserRecord, Problem> {
    scope
        .read(|reader| reader.user_get(id))?
        .ok_or_else(Problem::not_found)
}

/// A tenant whose last administrator left could never be administered again.
fn still_administered(writer: &mut Writer<'_>, old: &UserRecord) -> Result<(), ChangeRefused> {
    let was = old.state == UserState::Active && old.roles.contains(&Role::Administrator);
    if was && writer.user_count_active(Role::Administrator)? == 0 {
        let text = "This is the last administrator; give someone else the role first.";
        return Err(Problem::new(wrong("/roles", text)).into());
    }
    Ok(())
}

fn refused(refused: UserChangeRefused) -> ChangeRefused {
    match refused {
        UserChangeRefused::NotFound => Problem::not_found().into(),
        UserChangeRefused::ChangedMeanwhile => IfMatch::failed().into(),
        UserChangeRefused::Store(error) => error.into(),
    }
}

fn joined(noted: Option<Noted<()>>, next: Noted<()>) -> Noted<()> {
    match noted {
        Some(noted) => noted.then(next),
        None => next,
    }
}

fn wrong(place: &str, text: &str) -> Refusal {
    Refusal::at(Code::ProductFieldWrong, place, text)
}

/// A mail address or another name without blanks, 3 to 254 characters.
fn checked_login(login: &str, faults: &mut Vec<Refusal>) -> String {
    let login = login.trim();
    let plain = |c: char| !c.is_whitespace() && !c.is_control();
    if !(3..=254).contains(&login.chars().count()) || !login.chars().all(plain) {
        faults.push(wrong(
            "/login",
            "A sign-in name has 3 to 254 characters and no blanks.",
        ));
    }
    login.to_owned()
}

fn checked_name(name: &str, faults: &mut Vec<Refusal>) -> String {
    let name = name.trim();
    if !(1..=100).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        faults.push(wrong(
            "/name",
            "A name has 1 to 100 characters and no control characters.",
        ));
    }
    name.to_owned()
}

fn checked_language(language: &str, faults: &mut Vec<Refusal>) -> String {
    if Language::parse(language).is_none() {
        faults.push(wrong(
            "/language",
            "Letters are written in en and de; the pages speak en so far.",
        ));
    }
    language.to_owned()
}

fn checked_roles(words: &[String], own: &[RoleRecord], faults: &mut Vec<Refusal>) -> GivenRoles {
    let mut roles = GivenRoles::default();
    for (index, word) in words.iter().enumerate() {
        let made = own.iter().find(|role| role.word.as_str() == word);
        match (Role::parse(word), made) {
            (Some(role), _) if !roles.of_release.contains(&role) => roles.of_release.push(role),
            (None, Some(role)) if !roles.own.contains(&role.word) => {
                roles.own.push(role.word.clone());
            }
            (None, None) => {
                faults.push(wrong(&format!("/roles/{index}"), "There is no such role."));
            }
            _ => {}
        }
    }
    roles.own.sort_unstable();
    if words.is_empty() {
        faults.push(wrong("/roles", "At least one role is needed."));
    }
    roles
}

fn random_password() -> Result<String, Problem> {
    let mut bits = [0; 32];
    getrandom::fill(&mut bits).map_err(|_| Problem::unavailable())?;
    Ok(packtwin_tenants::blob::hex(&bits))
}
