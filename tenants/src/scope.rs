//! The only way to a tenant's data.
//!
//! A [`TenantScope`] knows the tenant and who acts. Reading hands out a [`Reader`], changing a [`Writer`], and a change
//! only commits together with the [`AuditNote`] that tells what it was. The few writes that are no business of an
//! auditor (a lease, a heartbeat, the progress of a job) go through [`TenantScope::housekeep`], which names why.
//! Serves the isolation of security.md section 4; the database enforces the same again on PostgreSQL.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use packtwin_core::environment::Environment;
use packtwin_core::ids::{ApiKeyId, TenantId, UserId};
use packtwin_core::time::Timestamp;

use crate::audit::{AuditNote, Noted};
use crate::blob::Blobs;
use crate::engine::{self, Access, AnyConnection};
use crate::error::StoreError;
use crate::site::SiteInner;

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// A person who signed in.
    Person(UserId),
    /// A machine with an API key.
    Key(ApiKeyId),
    /// The house itself: a pass or job, by name.
    System(&'static str),
}

impl std::fmt::Display for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Who::Person(user) => std::fmt::Display::fmt(user, f),
            Who::Key(key) => std::fmt::Display::fmt(key, f),
            Who::System(pass) => write!(f, "system:{pass}"),
        }
    }
}

/// Someone acting for one tenant. Only this crate makes one, from a session, a key, or for the house itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub(crate) tenant: TenantId,
    pub(crate) who: Who,
    pub(crate) correlation: String,
}

impl Actor {
    /// For whom.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Who.
    pub fn who(&self) -> &Who {
        &self.who
    }

    /// The same actor within one request or job, whose id goes into every audit entry.
    pub fn within(mut self, correlation: impl Into<String>) -> Self {
        self.correlation = correlation.into();
        self
    }
}

/// Why a write needs no audit entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Housekeeping {
    /// Claiming or giving back work.
    Lease,
    /// How far a job or transfer has come.
    Progress,
    /// When a key, session or account was last used.
    LastUse,
    /// Rows that nobody sees before the audited change that makes them visible, or that it left behind.
    Invisible,
    /// Remembering an answer for a repeated request.
    Answer,
    /// Removing what its time limit has passed for.
    Sweep,
}

/// A tenant's data in someone's hands.
#[derive(Clone)]
pub struct TenantScope {
    pub(crate) site: Arc<SiteInner>,
    pub(crate) actor: Actor,
}

impl TenantScope {
    /// Who acts for whom.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The environment of the site.
    pub fn environment(&self) -> Environment {
        self.site.environment
    }

    /// The files of this tenant.
    pub fn blobs(&self) -> Blobs {
        Blobs::new(&self.site.folder, self.actor.tenant)
    }

    /// Reads a consistent state.
    ///
    /// # Errors
    /// What `work` answers, or that the database failed.
    pub fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Reader<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.site.connection()?;
        engine::begin(&mut connection, Access::Read, Some(self.actor.tenant))?;
        let outcome = work(&mut Reader {
            connection: &mut connection,
            scope: self,
        });
        engine::roll_back(&mut connection);
        outcome
    }

    /// Changes data together with the audit entries that tell of it: all or nothing.
    ///
    /// # Errors
    /// What `work` answers, or that the database failed; then nothing was changed.
    pub fn change<T, E: From<StoreError>>(
        &self,
        at: Timestamp,
        work: impl FnOnce(&mut Writer<'_>) -> Result<Noted<T>, E>,
    ) -> Result<T, E> {
        self.write(at, |writer| {
            let (value, notes) = work(writer)?.into_parts();
            for note in notes {
                writer.audit_append(at, note)?;
            }
            Ok(value)
        })
    }

    /// Writes what no auditor asks for.
    ///
    /// # Errors
    /// What `work` answers, or that the database failed; then nothing was changed.
    pub fn housekeep<T, E: From<StoreError>>(
        &self,
        at: Timestamp,
        _why: Housekeeping,
        work: impl FnOnce(&mut Writer<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.write(at, work)
    }

    fn write<T, E: From<StoreError>>(
        &self,
        at: Timestamp,
        work: impl FnOnce(&mut Writer<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let _turn = self.site.writer_turn();
        let mut connection = self.site.connection()?;
        engine::begin(&mut connection, Access::Write, Some(self.actor.tenant))?;
        let reader = Reader {
            connection: &mut connection,
            scope: self,
        };
        match work(&mut Writer { reader, at }) {
            Ok(value) => {
                if let Err(error) = engine::commit(&mut connection) {
                    engine::roll_back(&mut connection);
                    return Err(error.into());
                }
                Ok(value)
            }
            Err(refused) => {
                engine::roll_back(&mut connection);
                Err(refused)
            }
        }
    }
}

/// A consistent view of one tenant. Store files add what can be read.
pub struct Reader<'a> {
    pub(crate) connection: &'a mut AnyConnection,
    scope: &'a TenantScope,
}

impl Reader<'_> {
    /// The tenant's number, for the `WHERE` of every query.
    pub(crate) fn tenant_id(&self) -> i32 {
        self.scope.actor.tenant.0
    }

    /// The environment of the site.
    pub(crate) fn environment(&self) -> Environment {
        self.scope.site.environment
    }

    /// Who reads.
    pub fn actor(&self) -> &Actor {
        &self.scope.actor
    }
}

/// An open change of one tenant. Store files add what can be changed.
pub struct Writer<'a> {
    reader: Reader<'a>,
    at: Timestamp,
}

impl Writer<'_> {
    /// The time of this change.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    fn audit_append(&mut self, at: Timestamp, note: AuditNote) -> Result<(), StoreError> {
        let actor = self.reader.scope.actor.clone();
        self.audit_write(at, &actor, note)
    }
}

impl<'a> Deref for Writer<'a> {
    type Target = Reader<'a>;

    fn deref(&self) -> &Reader<'a> {
        &self.reader
    }
}

impl<'a> DerefMut for Writer<'a> {
    fn deref_mut(&mut self) -> &mut Reader<'a> {
        &mut self.reader
    }
}
