//! Sessions: one sign-in of one person, revocable at any time (OWASP ASVS 5.0 7.2.4, 7.4.1; URS-UR-005).
//!
//! A session ends after an absolute time, after an idle time, or when it is ended. The signed token that a browser holds is
//! the server's; it names the row here, and without an open row it is worth nothing.

use diesel::prelude::*;
use serde_json::json;

use packtwin_core::ids::{SessionId, UserId};
use packtwin_core::time::Timestamp;

use crate::audit::{AuditNote, Noted};
use crate::error::StoreError;
use crate::random;
use crate::schema::session;
use crate::scope::{Reader, Writer};

/// How long an ended session stays in the list of a person's sessions.
const KEPT_DAYS: i64 = 90;

/// How long a session lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// From sign-in, whatever happens.
    pub absolute_seconds: i64,
    /// From the last request.
    pub idle_seconds: i64,
}

/// Twelve hours in all, half an hour of rest.
impl Default for SessionLimits {
    fn default() -> Self {
        SessionLimits {
            absolute_seconds: 12 * 3600,
            idle_seconds: 30 * 60,
        }
    }
}

/// A session as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// When the person signed in.
    pub created_at: Timestamp,
    /// When the last request came, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// When it was ended, if it was.
    pub revoked_at: Option<Timestamp>,
    /// The browser, in its own words.
    pub client: String,
}

impl SessionRecord {
    /// Whether the session is good for a request.
    pub fn is_open(&self, limits: SessionLimits, now: Timestamp) -> bool {
        self.revoked_at.is_none()
            && now < self.expires_at
            && now < self.last_seen_at.plus_seconds(limits.idle_seconds)
    }
}

impl Reader<'_> {
    /// One session, open or not.
    ///
    /// # Errors
    /// The database failed.
    pub fn session_get(&mut self, id: SessionId) -> Result<Option<SessionRecord>, StoreError> {
        let row: Option<Row> = session::table
            .find((self.tenant_id(), id.to_string()))
            .select(COLUMNS)
            .first(self.connection)
            .optional()?;
        row.map(record_from).transpose()
    }

    /// The sessions of a person, newest first, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub fn session_list_of(
        &mut self,
        user: UserId,
        limit: i64,
    ) -> Result<Vec<SessionRecord>, StoreError> {
        let rows: Vec<Row> = session::table
            .filter(session::tenant_id.eq(self.tenant_id()))
            .filter(session::user_id.eq(user.to_string()))
            .order((session::created_at.desc(), session::session_id))
            .limit(limit)
            .select(COLUMNS)
            .load(self.connection)?;
        rows.into_iter().map(record_from).collect()
    }
}

impl Writer<'_> {
    /// Opens a session for a person who has just been recognised.
    pub(crate) fn session_open(
        &mut self,
        user: UserId,
        client: &str,
        limits: SessionLimits,
    ) -> Result<SessionId, StoreError> {
        let id = SessionId::from_random(random::bits()?);
        let (tenant, at) = (self.tenant_id(), self.at());
        diesel::insert_into(session::table)
            .values((
                session::tenant_id.eq(tenant),
                session::session_id.eq(id.to_string()),
                session::user_id.eq(user.to_string()),
                session::created_at.eq(at.micros()),
                session::last_seen_at.eq(at.micros()),
                session::expires_at.eq(at.plus_seconds(limits.absolute_seconds).micros()),
                session::client.eq(client),
            ))
            .execute(self.connection)?;
        Ok(id)
    }

    /// Notes that a request came. Never moves the time back, and never wakes an ended session.
    ///
    /// # Errors
    /// The database failed.
    pub fn session_touch(&mut self, id: SessionId) -> Result<bool, StoreError> {
        let at = self.at().micros();
        let changed = diesel::update(session::table.find((self.tenant_id(), id.to_string())))
            .filter(session::revoked_at.is_null())
            .filter(session::last_seen_at.lt(at))
            .set(session::last_seen_at.eq(at))
            .execute(self.connection)?;
        Ok(changed == 1)
    }

    /// Ends a session. Ending it twice is one end.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when this tenant has no such session.
    pub fn session_revoke(&mut self, id: SessionId) -> Result<Noted<()>, StoreError> {
        let record = self.session_get(id)?.ok_or(StoreError::NotFound)?;
        let at = self.at().micros();
        diesel::update(session::table.find((self.tenant_id(), id.to_string())))
            .filter(session::revoked_at.is_null())
            .set(session::revoked_at.eq(at))
            .execute(self.connection)?;
        let detail = json!({"session": id.to_string()});
        Ok(ended(record.user).detail(detail).returning(()))
    }

    /// Ends every open session of a person, but for `keep`. Answers how many.
    ///
    /// # Errors
    /// The database failed.
    pub fn session_revoke_all(
        &mut self,
        user: UserId,
        keep: Option<SessionId>,
    ) -> Result<Noted<usize>, StoreError> {
        let count = self.session_end_all_of(user, keep)?;
        let detail = json!({"sessions_ended": count});
        Ok(ended(user).detail(detail).returning(count))
    }

    pub(crate) fn session_end_all_of(
        &mut self,
        user: UserId,
        keep: Option<SessionId>,
    ) -> Result<usize, StoreError> {
        let at = self.at().micros();
        let kept = keep.map_or(String::new(), |id| id.to_string());
        Ok(diesel::update(session::table)
            .filter(session::tenant_id.eq(self.tenant_id()))
            .filter(session::user_id.eq(user.to_string()))
            .filter(session::session_id.ne(kept))
            .filter(session::revoked_at.is_null())
            .set(session::revoked_at.eq(at))
            .execute(self.connection)?)
    }

    /// Removes sessions that ended long ago. Answers how many.
    ///
    /// # Errors
    /// The database failed.
    pub fn session_sweep(&mut self) -> Result<usize, StoreError> {
        let before = self.at().plus_days(-KEPT_DAYS).micros();
        Ok(diesel::delete(session::table)
            .filter(session::tenant_id.eq(self.tenant_id()))
            .filter(session::expires_at.lt(before))
            .execute(self.connection)?)
    }
}

fn ended(user: UserId) -> AuditNote {
    AuditNote::new("session.ended", format!("user {user}"))
}

type Row = (String, String, i64, i64, i64, Option<i64>, String);

type Columns = (
    session::session_id,
    session::user_id,
    session::created_at,
    session::last_seen_at,
    session::expires_at,
    session::revoked_at,
    session::client,
);

const COLUMNS: Columns = (
    session::session_id,
    session::user_id,
    session::created_at,
    session::last_seen_at,
    session::expires_at,
    session::revoked_at,
    session::client,
);

fn record_from(row: Row) -> Result<SessionRecord, StoreError> {
    let (id, user, created, last_seen, expires, revoked, client) = row;
    let damaged = || StoreError::Damaged { what: "session" };
    Ok(SessionRecord {
        id: id.parse().map_err(|_| damaged())?,
        user: user.parse().map_err(|_| damaged())?,
        created_at: Timestamp::from_micros(created),
        last_seen_at: Timestamp::from_micros(last_seen),
        expires_at: Timestamp::from_micros(expires),
        revoked_at: revoked.map(Timestamp::from_micros),
        client,
    })
}
