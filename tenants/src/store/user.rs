//! People of a tenant: their accounts, roles and passwords.
//!
//! An account is disabled and never removed, so that a sign-in name is never given again (21 CFR 11.100(a), URS-UR-002). A
//! sign-in name is unique for the whole site, in lower case; the directory finds its tenant. Whatever changes what a person
//! may do acts at once: rights are read with every request, and disabling or a new password ends the open sessions in the
//! same transaction (ATK-022, ATK-029). Every change brings its own audit note. An entry names a person by id; sign-in names
//! and names stay in the account, where they can be erased.

use diesel::prelude::*;
use serde_json::json;

use packtwin_core::ids::{SessionId, UserId};
use packtwin_core::role::{Permission, Role};
use packtwin_core::time::Timestamp;

use super::role::RoleRecord;
use crate::audit::{AuditNote, Noted};
use crate::error::StoreError;
use crate::password::PasswordHash;
use crate::random;
use crate::schema::{directory, user_account, user_role};
use crate::scope::{Reader, Writer};

/// The kind of sign-in names in the directory.
pub(crate) const LOGIN: &str = "login";

/// Whether a person may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserState {
    /// May sign in.
    Active,
    /// May not sign in any more.
    Disabled,
}

impl UserState {
    /// The word in database and API.
    pub const fn as_str(self) -> &'static str {
        match self {
            UserState::Active => "active",
            UserState::Disabled => "disabled",
        }
    }

    /// Reads the word of [`UserState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [UserState::Active, UserState::Disabled]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// An account without its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRecord {
    /// Its id.
    pub id: UserId,
    /// The sign-in name, as it was written.
    pub login: String,
    /// The person's name.
    pub name: String,
    /// Language tag of pages and mails.
    pub language: String,
    /// Whether the person may sign in.
    pub state: UserState,
    /// What the person does, in the order of the register.
    pub roles: Vec<Role>,
    /// The tenant's own roles that the person has, in the order of their words.
    pub own_roles: Vec<RoleRecord>,
    /// Since when the account exists.
    pub created_at: Timestamp,
    /// When the password was set.
    pub password_set_at: Timestamp,
    /// The last sign-in, if there was one.
    pub last_sign_in_at: Option<Timestamp>,
    /// Counts changes; a change names the version it was made from.
    pub row_version: i32,
}

/// An account to be made.
#[derive(Debug)]
pub struct NewUser<'a> {
    /// The sign-in name, usually a mail address.
    pub login: &'a str,
    /// The person's name.
    pub name: &'a str,
    /// Language tag.
    pub language: &'a str,
    /// What the person does.
    pub roles: &'a [Role],
    /// The first password.
    pub password: PasswordHash,
}

/// Why an account was not changed.
#[derive(Debug, thiserror::Error)]
pub enum UserChangeRefused {
    /// There is no such account in this tenant.
    #[error("there is no such person")]
    NotFound,
    /// Someone changed it since it was read.
    #[error("the account was changed meanwhile")]
    ChangedMeanwhile,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<diesel::result::Error> for UserChangeRefused {
    fn from(error: diesel::result::Error) -> Self {
        UserChangeRefused::Store(error.into())
    }
}

/// The form in which a sign-in name is looked up.
pub(crate) fn login_handle(login: &str) -> String {
    login.trim().to_lowercase()
}

impl UserRecord {
    /// Everything that the person's roles allow, each once or more.
    pub fn permissions(&self) -> impl Iterator<Item = Permission> {
        let of_release = self.roles.iter().flat_map(|role| role.permissions());
        let own = self.own_roles.iter().flat_map(|role| &role.permissions);
        of_release.chain(own).copied()
    }

    /// The words of the person's roles, those of the release first.
    pub fn role_words(&self) -> Vec<String> {
        let of_release = self.roles.iter().map(|role| role.as_str().to_owned());
        let own = self
            .own_roles
            .iter()
            .map(|role| role.word.as_str().to_owned());
        of_release.chain(own).collect()
    }

    /// The titles of the person's roles, those of the release first.
    pub fn role_titles(&self) -> Vec<String> {
        let of_release = self.roles.iter().map(|role| role.title().to_owned());
        let own = self.own_roles.iter().map(|role| role.title.clone());
        of_release.chain(own).collect()
    }
}

impl Reader<'_> {
    /// One account.
    ///
    /// # Errors
    /// The database failed.
    pub fn user_get(&mut self, id: UserId) -> Result<Option<UserRecord>, StoreError> {
        let row: Option<Row> = user_account::table
            .find((self.tenant_id(), id.to_string()))
            .select(COLUMNS)
            .first(self.connection)
            .optional()?;
        let Some(row) = row else { return Ok(None) };
        let ids = [id.to_string()];
        let (roles, own_roles) = (self.user_roles(&ids)?, self.roles_of_users(&ids)?);
        record_from(row, &roles, &own_roles).map(Some)
    }

    /// Accounts in the order of their sign-in names, from behind `after`, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub fn user_list(
        &mut self,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<UserRecord>, StoreError> {
        let rows: Vec<Row> = user_account::table
            .filter(user_account::tenant_id.eq(self.tenant_id()))
            .filter(user_account::login.gt(after.unwrap_or_default()))
            .order(user_account::login)
            .limit(limit)
            .select(COLUMNS)
            .load(self.connection)?;
        let ids: Vec<String> = rows.iter().map(|row| row.0.clone()).collect();
        let (roles, own_roles) = (self.user_roles(&ids)?, self.roles_of_users(&ids)?);
        rows.into_iter()
            .map(|row| record_from(row, &roles, &own_roles))
            .collect()
    }

    /// How many people who may sign in have a role. A tenant needs someone who administers it.
    ///
    /// # Errors
    /// The database failed.
    pub fn user_count_active(&mut self, role: Role) -> Result<i64, StoreError> {
        let holders = user_role::table
            .filter(user_role::tenant_id.eq(self.tenant_id()))
            .filter(user_role::role.eq(role.as_str()))
            .select(user_role::user_id);
        Ok(user_account::table
            .filter(user_account::tenant_id.eq(self.tenant_id()))
            .filter(user_account::state.eq(UserState::Active.as_str()))
            .filter(user_account::user_id.eq_any(holders))
            .count()
            .get_result(self.connection)?)
    }

    /// What a sign-in compares: the state and the hash of the password.
    pub(crate) fn user_password(
        &mut self,
        id: &str,
    ) -> Result<Option<(UserState, String)>, StoreError> {
        let row: Option<(String, String)> = user_account::table
            .find((self.tenant_id(), id))
            .select((user_account::state, user_account::password_hash))
            .first(self.connection)
            .optional()?;
        row.map(|(state, hash)| Ok((state_from(&state)?, hash)))
            .transpose()
    }

    fn user_roles(&mut self, ids: &[String]) -> Result<Vec<(String, String)>, StoreError> {
        Ok(user_role::table
            .filter(user_role::tenant_id.eq(self.tenant_id()))
            .filter(user_role::user_id.eq_any(ids))
            .select((user_role::user_id, user_role::role))
            .load(self.connection)?)
    }
}

impl Writer<'_> {
    /// Makes an account.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the sign-in name is or was in use on this site.
    pub fn user_create(&mut self, new: NewUser<'_>) -> Result<Noted<UserId>, StoreError> {
        let id = UserId::from_random(random::bits()?);
        let (tenant, at) = (self.tenant_id(), self.at().micros());
        diesel::insert_into(directory::table)
            .values((
                directory::kind.eq(LOGIN),
                directory::handle.eq(login_handle(new.login)),
                directory::tenant_id.eq(tenant),
                directory::object_id.eq(id.to_string()),
            ))
            .execute(self.connection)?;
        diesel::insert_into(user_account::table)
            .values((
                user_account::tenant_id.eq(tenant),
                user_account::user_id.eq(id.to_string()),
                user_account::login.eq(new.login.trim()),
                user_account::name.eq(new.name),
                user_account::password_hash.eq(new.password.as_str()),
                user_account::password_set_at.eq(at),
                user_account::state.eq(UserState::Active.as_str()),
                user_account::language.eq(new.language),
                user_account::created_at.eq(at),
                user_account::row_version.eq(1),
            ))
            .execute(self.connection)?;
        self.user_roles_insert(id, new.roles)?;
        let detail = json!({"new": {"roles": words(new.roles), "language": new.language}});
        Ok(note("user.created", id).detail(detail).returning(id))
    }

    /// Replaces the roles of a person; acts with the next request of every open session.
    ///
    /// # Errors
    /// [`UserChangeRefused`].
    pub fn user_roles_set(
        &mut self,
        id: UserId,
        roles: &[Role],
        expected_row_version: i32,
    ) -> Result<Noted<()>, UserChangeRefused> {
        let old = self.user_for_change(id, expected_row_version)?;
        let mine = user_role::table
            .filter(user_role::tenant_id.eq(self.tenant_id()))
            .filter(user_role::user_id.eq(id.to_string()));
        diesel::delete(mine).execute(self.connection)?;
        self.user_roles_insert(id, roles)?;
        let detail = json!({
            "old": {"roles": words(&old.roles)},
            "new": {"roles": words(roles)},
            "row_version": expected_row_version + 1,
        });
        Ok(note("user.roles_changed", id).detail(detail).returning(()))
    }

    /// Lets a person sign in, or no longer; disabling ends the person's sessions. Answers how many ended.
    ///
    /// # Errors
    /// [`UserChangeRefused`].
    pub fn user_state_set(
        &mut self,
        id: UserId,
        state: UserState,
        expected_row_version: i32,
    ) -> Result<Noted<usize>, UserChangeRefused> {
        let old = self.user_for_change(id, expected_row_version)?;
        diesel::update(user_account::table.find((self.tenant_id(), id.to_string())))
            .set(user_account::state.eq(state.as_str()))
            .execute(self.connection)?;
        let (action, ended) = match state {
            UserState::Active => ("user.enabled", 0),
            UserState::Disabled => ("user.disabled", self.session_end_all_of(id, None)?),
        };
        let detail = json!({
            "old": {"state": old.state.as_str()},
            "new": {"state": state.as_str()},
            "row_version": expected_row_version + 1,
            "sessions_ended": ended,
        });
        Ok(note(action, id).detail(detail).returning(ended))
    }

    /// Changes name and language.
    ///
    /// # Errors
    /// [`UserChangeRefused`].
    pub fn user_profile_set(
        &mut self,
        id: UserId,
        name: &str,
        language: &str,
        expected_row_version: i32,
    ) -> Result<Noted<()>, UserChangeRefused> {
        let old = self.user_for_change(id, expected_row_version)?;
        diesel::update(user_account::table.find((self.tenant_id(), id.to_string())))
            .set((
                user_account::name.eq(name),
                user_account::language.eq(language),
            ))
            .execute(self.connection)?;
        let detail = json!({
            "old": {"language": old.language},
            "new": {"language": language},
            "name_changed": old.name != name,
            "row_version": expected_row_version + 1,
        });
        Ok(note("user.profile_changed", id)
            .detail(detail)
            .returning(()))
    }

    /// Sets a new password and ends the person's sessions, but for the one in which it was done. Answers how many ended.
    ///
    /// # Errors
    /// [`UserChangeRefused`].
    pub fn user_password_set(
        &mut self,
        id: UserId,
        password: &PasswordHash,
        keep: Option<SessionId>,
    ) -> Result<Noted<usize>, UserChangeRefused> {
        let changed = diesel::update(user_account::table.find((self.tenant_id(), id.to_string())))
            .set((
                user_account::password_hash.eq(password.as_str()),
                user_account::password_set_at.eq(self.at().micros()),
                user_account::row_version.eq(user_account::row_version + 1),
            ))
            .execute(self.connection)?;
        if changed == 0 {
            return Err(UserChangeRefused::NotFound);
        }
        let ended = self.session_end_all_of(id, keep)?;
        let detail = json!({"sessions_ended": ended});
        Ok(note("user.password_changed", id)
            .detail(detail)
            .returning(ended))
    }

    /// Notes the time of a sign-in, if the person may still sign in with the password that was compared.
    pub(crate) fn user_signed_in(
        &mut self,
        id: UserId,
        password_hash: &str,
    ) -> Result<bool, StoreError> {
        let changed = diesel::update(user_account::table.find((self.tenant_id(), id.to_string())))
            .filter(user_account::state.eq(UserState::Active.as_str()))
            .filter(user_account::password_hash.eq(password_hash))
            .set(user_account::last_sign_in_at.eq(self.at().micros()))
            .execute(self.connection)?;
        Ok(changed == 1)
    }

    /// Takes the next version of an account, which holds it until the end of the change, and answers what it was.
    pub(super) fn user_for_change(
        &mut self,
        id: UserId,
        expected_row_version: i32,
    ) -> Result<UserRecord, UserChangeRefused> {
        let changed = diesel::update(user_account::table.find((self.tenant_id(), id.to_string())))
            .filter(user_account::row_version.eq(expected_row_version))
            .set(user_account::row_version.eq(expected_row_version + 1))
            .execute(self.connection)?;
        match (self.user_get(id)?, changed) {
            (None, _) => Err(UserChangeRefused::NotFound),
            (Some(_), 0) => Err(UserChangeRefused::ChangedMeanwhile),
            (Some(old), _) => Ok(old),
        }
    }

    fn user_roles_insert(&mut self, id: UserId, roles: &[Role]) -> Result<(), StoreError> {
        let tenant = self.tenant_id();
        for word in words(roles) {
            diesel::insert_into(user_role::table)
                .values((
                    user_role::tenant_id.eq(tenant),
                    user_role::user_id.eq(id.to_string()),
                    user_role::role.eq(word),
                ))
                .execute(self.connection)?;
        }
        Ok(())
    }
}

fn note(action: &'static str, id: UserId) -> AuditNote {
    AuditNote::new(action, format!("user {id}"))
}

/// The words of roles, each once, in the order of the register.
fn words(roles: &[Role]) -> Vec<&'static str> {
    let mut roles = roles.to_vec();
    roles.sort_unstable();
    roles.dedup();
    roles.into_iter().map(Role::as_str).collect()
}

type Row = (
    String,
    String,
    String,
    String,
    String,
    i64,
    i64,
    Option<i64>,
    i32,
);

type Columns = (
    user_account::user_id,
    user_account::login,
    user_account::name,
    user_account::language,
    user_account::state,
    user_account::created_at,
    user_account::password_set_at,
    user_account::last_sign_in_at,
    user_account::row_version,
);

const COLUMNS: Columns = (
    user_account::user_id,
    user_account::login,
    user_account::name,
    user_account::language,
    user_account::state,
    user_account::created_at,
    user_account::password_set_at,
    user_account::last_sign_in_at,
    user_account::row_version,
);

fn record_from(
    row: Row,
    roles: &[(String, String)],
    own_roles: &[(String, RoleRecord)],
) -> Result<UserRecord, StoreError> {
    let (id, login, name, language, state, created, password_set, last_sign_in, row_version) = row;
    let mut own: Vec<Role> = roles
        .iter()
        .filter(|(user, _)| *user == id)
        .map(|(_, role)| Role::parse(role).ok_or(StoreError::Damaged { what: "role" }))
        .collect::<Result<_, _>>()?;
    own.sort_unstable();
    let own_roles = own_roles
        .iter()
        .filter(|(user, _)| *user == id)
        .map(|(_, role)| role.clone())
        .collect();
    Ok(UserRecord {
        own_roles,
        id: id
            .parse()
            .map_err(|_| StoreError::Damaged { what: "user id" })?,
        login,
        name,
        language,
        state: state_from(&state)?,
        roles: own,
        created_at: Timestamp::from_micros(created),
        password_set_at: Timestamp::from_micros(password_set),
        last_sign_in_at: last_sign_in.map(Timestamp::from_micros),
        row_version,
    })
}

fn state_from(text: &str) -> Result<UserState, StoreError> {
    UserState::parse(text).ok_or(StoreError::Damaged {
        what: "state of a person",
    })
}
