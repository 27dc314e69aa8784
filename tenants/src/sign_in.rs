//! Recognising people: signing in, and the session that each further request shows.
//!
//! A wrong name and a wrong password get one answer in one time: the same look-ups, the same hash and the same writes are
//! made for both (ATK-015). A failure is an entry in the audit chain of the person's tenant, or, for a name nobody has, in
//! the platform's (URS-AT-009). Rights are read with every request, so that a role taken away, an account disabled or a
//! session ended acts with the next one (ATK-021, ATK-022, ATK-029; URS-UR-005). Keys of machines are in
//! [`crate::key_sign_in`]. The signed token that carries a session's id is the server's.

use std::collections::BTreeSet;
use std::net::IpAddr;

use diesel::prelude::*;
use serde_json::json;

use packtwin_core::ids::{SessionId, TenantId, UserId};
use packtwin_core::role::Permission;
use packtwin_core::time::Timestamp;

use crate::audit::AuditNote;
use crate::engine::Access;
use crate::error::StoreError;
use crate::founding::PLATFORM;
use crate::password;
use crate::schema::{directory, tenant};
use crate::scope::{Actor, Housekeeping, TenantScope, Who};
use crate::site::Site;
use crate::store::api_key::ApiKeyRecord;
use crate::store::session::SessionLimits;
use crate::store::user::{self, UserRecord, UserState};
use crate::throttle::{Subjects, Wait};

/// How exactly the last request of a session or key is known.
pub(crate) const LAST_USE_SECONDS: i64 = 60;

/// What someone hands over to sign in.
#[derive(Clone, Copy)]
pub struct SignIn<'a> {
    /// The sign-in name as typed.
    pub login: &'a str,
    /// The password as typed.
    pub password: &'a str,
    /// Where the request came from.
    pub address: IpAddr,
    /// The browser in its own words.
    pub client: &'a str,
    /// The request's id, for the audit entries.
    pub correlation: &'a str,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInRefused {
    /// Name or password is wrong, or the account is disabled: not told apart.
    #[error("name or password is wrong")]
    Wrong,
    /// Too many failures; the password was not looked at.
    #[error("too many failed attempts, try again at {until}")]
    Throttled {
        /// When to try again.
        until: Timestamp,
    },
    /// The store failed; nobody is signed in.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Someone recognised, with what they may do at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Who acts for whom; opens the tenant's scope.
    pub actor: Actor,
    /// What they may do.
    pub permissions: BTreeSet<Permission>,
    /// By what they were recognised.
    pub by: SignedBy,
}

/// By what someone was recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignedBy {
    /// A person by a session.
    Session {
        /// The session.
        session: SessionId,
        /// The person.
        user: UserRecord,
    },
    /// A machine by a key.
    Key(ApiKeyRecord),
}

impl Signed {
    /// Whether they may do this.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }
}

/// Where a name leads: to an account, or to nobody.
struct Candidate {
    tenant: TenantId,
    user: Option<UserId>,
    stored: Option<(UserState, String)>,
}

impl Site {
    /// Recognises a person by name and password and opens a session.
    ///
    /// # Errors
    /// [`SignInRefused`].
    pub fn sign_in(
        &self,
        attempt: &SignIn<'_>,
        limits: SessionLimits,
        now: Timestamp,
    ) -> Result<Signed, SignInRefused> {
        let handle = user::login_handle(attempt.login);
        let subjects = Subjects::of(&self.inner.key, &handle, attempt.address);
        if let Err(Wait { until }) = self.sign_in_reserve(&subjects, now)? {
            tracing::warn!(%until, "a sign-in was throttled");
            return Err(SignInRefused::Throttled { until });
        }
        let candidate = self.sign_in_candidate(&handle)?;
        let hash = candidate.stored.as_ref().map(|(_, hash)| hash.as_str());
        let right = password::verify(attempt.password, hash);
        match (&candidate.stored, candidate.user) {
            (Some((UserState::Active, hash)), Some(user)) if right => {
                let session =
                    self.sign_in_open(&candidate, user, hash, &subjects, attempt, limits, now)?;
                self.authenticate_session(candidate.tenant, session, limits, now)?
                    .ok_or(SignInRefused::Wrong)
            }
            _ => {
                self.sign_in_failed(&candidate, right, &handle, attempt, now)?;
                Err(SignInRefused::Wrong)
            }
        }
    }

    /// Recognises a person by the session that a request shows. `None` when it is not open, whatever the reason.
    ///
    /// # Errors
    /// The database failed; then nobody is recognised.
    pub fn authenticate_session(
        &self,
        tenant: TenantId,
        session: SessionId,
        limits: SessionLimits,
        now: Timestamp,
    ) -> Result<Option<Signed>, StoreError> {
        let scope = self.system_scope(tenant, "session");
        let found = scope.read(|reader| {
            if !reader.tenant_is_active()? {
                return Ok(None);
            }
            let Some(record) = reader.session_get(session)? else {
                return Ok(None);
            };
            let user = reader.user_get(record.user)?;
            Ok::<_, StoreError>(user.map(|user| (record, user)))
        })?;
        let Some((record, user)) = found else {
            return Ok(None);
        };
        if !record.is_open(limits, now) || user.state != UserState::Active {
            return Ok(None);
        }
        if now >= record.last_seen_at.plus_seconds(LAST_USE_SECONDS) {
            scope.housekeep(now, Housekeeping::LastUse, |writer| {
                writer.session_touch(session)
            })?;
        }
        Ok(Some(Signed {
            actor: Actor {
                tenant,
                who: Who::Person(user.id),
                correlation: String::new(),
            },
            permissions: user.permissions().collect(),
            by: SignedBy::Session { session, user },
        }))
    }

    fn sign_in_reserve(
        &self,
        subjects: &Subjects,
        now: Timestamp,
    ) -> Result<Result<(), Wait>, StoreError> {
        let reserve = || {
            self.platform(Access::Write, |connection| {
                subjects.reserve(connection, now)
            })
        };
        match reserve() {
            // Another attempt made the first counter at the same moment; it is there now.
            Err(StoreError::Taken) => reserve(),
            other => other,
        }
    }

    /// Looks a name up; for a name nobody has, the same questions are asked of the platform, which has no people.
    fn sign_in_candidate(&self, handle: &str) -> Result<Candidate, StoreError> {
        let found = self.directory_find(user::LOGIN, handle)?;
        let (tenant, object) = found.unwrap_or((PLATFORM, "usr_nobody".to_owned()));
        let stored = self
            .system_scope(tenant, "sign_in")
            .read(|reader| reader.user_password(&object))?;
        Ok(Candidate {
            tenant,
            user: object.parse().ok(),
            stored,
        })
    }

    fn sign_in_failed(
        &self,
        candidate: &Candidate,
        right: bool,
        handle: &str,
        attempt: &SignIn<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (object, cause) = match candidate.user {
            Some(user) if right => (format!("user {user}"), "account disabled"),
            Some(user) => (format!("user {user}"), "wrong password"),
            // What was typed may be a password; its keyed digest tells whether it was typed before.
            None => {
                let digest = self.inner.key.pseudonym("unknown login", handle);
                (format!("unknown login {digest}"), "unknown login")
            }
        };
        let note = AuditNote::new("sign_in.failed", object).detail(json!({
            "cause": cause,
            "address": attempt.address.to_string(),
            "client": attempt.client,
        }));
        self.sign_in_scope(candidate.tenant, Who::System("sign_in"), attempt)
            .change(now, |_| Ok::<_, StoreError>(note.returning(())))
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "one step of one caller, named for reading aloud"
    )]
    fn sign_in_open(
        &self,
        candidate: &Candidate,
        user: UserId,
        hash: &str,
        subjects: &Subjects,
        attempt: &SignIn<'_>,
        limits: SessionLimits,
        now: Timestamp,
    ) -> Result<SessionId, SignInRefused> {
        self.sign_in_scope(candidate.tenant, Who::Person(user), attempt)
            .change(now, |writer| {
                // The account may have been disabled, or the password changed, while the hash was computed.
                if !writer.user_signed_in(user, hash)? {
                    return Err(SignInRefused::Wrong);
                }
                subjects.right(writer.connection, now)?;
                let session = writer.session_open(user, attempt.client, limits)?;
                let detail = json!({
                    "session": session.to_string(),
                    "address": attempt.address.to_string(),
                    "client": attempt.client,
                });
                Ok(AuditNote::new("session.opened", format!("user {user}"))
                    .detail(detail)
                    .returning(session))
            })
    }

    fn sign_in_scope(&self, tenant: TenantId, who: Who, attempt: &SignIn<'_>) -> TenantScope {
        self.scope(Actor {
            tenant,
            who,
            correlation: attempt.correlation.to_owned(),
        })
    }

    /// To whom a handle of the directory belongs.
    pub(crate) fn directory_find(
        &self,
        kind: &str,
        handle: &str,
    ) -> Result<Option<(TenantId, String)>, StoreError> {
        let row: Option<(i32, String)> = self.platform(Access::Read, |connection| {
            Ok(directory::table
                .inner_join(tenant::table)
                .filter(directory::kind.eq(kind))
                .filter(directory::handle.eq(handle))
                .filter(tenant::state.eq("active"))
                .select((directory::tenant_id, directory::object_id))
                .first(connection)
                .optional()?)
        })?;
        Ok(row.map(|(tenant, object)| (TenantId(tenant), object)))
    }
}
