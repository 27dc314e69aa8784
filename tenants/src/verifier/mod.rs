//! The verifiers' side: one database that knows who asks, and nothing of what the repository holds (design, idea 8).
//!
//! Organisations with premises, their keys, every request with its answer, and whose alert is whose. It is another database
//! than the repository's, with another credential and a key of its own (`verifier.key`), from which the tokens and pseudonyms
//! are made by which the repository tells "the same site again" without ever learning which ([`blind`]). Regulation (EU)
//! 2016/161 Art. 35(1), 37, 38; serves URS-VF-016. What the repository does for a request is [`crate::verifier_scope`]'s.

mod answer;
mod blind;
mod key_text;
pub mod premises;
pub mod premises_key;
pub mod request_record;
mod request_statement;
#[allow(missing_docs, reason = "columns are described in the migrations")]
mod schema;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel::prelude::*;

use packtwin_core::environment::Environment;
use packtwin_core::time::Timestamp;

pub use self::answer::{Answer, AnswerDamaged};
pub use self::blind::{Blind, RequestId};
pub use self::key_text::{KeyNotReadable, PremisesKeyText};

use self::blind::Blinding;
use self::schema::verifier_site;
use crate::engine::{self, Access, AnyConnection, DatabaseRole, Engine, Pool};
use crate::error::StoreError;
use crate::seal::SiteKey;

/// How the verifiers' side is opened.
#[derive(Debug, Clone)]
pub struct VerifierSettings {
    /// Its database; never the repository's.
    pub engine: Engine,
    /// The file of its key; made where none is when the database is founded.
    pub key: PathBuf,
    /// What the site is.
    pub environment: Environment,
    /// At most so many connections.
    pub connections: u32,
}

/// The open verifiers' side.
#[derive(Clone)]
pub struct VerifierStore {
    inner: Arc<Inner>,
}

struct Inner {
    pool: Pool,
    engine: Engine,
    environment: Environment,
    blinding: Blinding,
    /// SQLite has one writer; see [`crate::site::Site`].
    writer: Mutex<()>,
}

impl VerifierStore {
    /// Opens the verifiers' side, or founds it where the database is empty.
    ///
    /// # Errors
    /// [`StoreError::WrongSite`] when environment or key are another's.
    pub fn open(settings: &VerifierSettings, now: Timestamp) -> Result<Self, StoreError> {
        let pool = settings
            .engine
            .pool_as(settings.connections, DatabaseRole::VerifierStore)?;
        let store = |key: &SiteKey| VerifierStore {
            inner: Arc::new(Inner {
                pool: pool.clone(),
                engine: settings.engine.clone(),
                environment: settings.environment,
                blinding: Blinding::new(key),
                writer: Mutex::new(()),
            }),
        };
        let mut connection = pool
            .get()
            .map_err(|error| StoreError::Unreachable(error.to_string()))?;
        engine::begin(&mut connection, Access::Write, None)?;
        let key = found_or_compare(&mut connection, settings, now)
            .and_then(|key| engine::commit(&mut connection).map(|()| key));
        if key.is_err() {
            engine::roll_back(&mut connection);
        }
        Ok(store(&key?))
    }

    /// What the site is.
    pub fn environment(&self) -> Environment {
        self.inner.environment
    }

    /// Which engine keeps it, for reports.
    pub fn engine_name(&self) -> &'static str {
        self.inner.engine.name()
    }

    /// Writes the log of an SQLite database back when it is long enough; answers whether it was.
    ///
    /// # Errors
    /// The database failed; it is tried again.
    pub fn write_back(&self) -> Result<bool, StoreError> {
        let due = engine::write_back::is_due(&self.inner.engine);
        if due {
            engine::write_back::write_back(&self.inner.engine, || self.writer_turn())?;
        }
        Ok(due)
    }

    fn writer_turn(&self) -> Option<MutexGuard<'_, ()>> {
        match self.inner.engine {
            Engine::Sqlite { .. } => Some(
                self.inner
                    .writer
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner),
            ),
            Engine::Postgres { .. } => None,
        }
    }

    /// One transaction.
    fn transact<T>(
        &self,
        access: Access,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let _turn = match access {
            Access::Read => None,
            Access::Write => self.writer_turn(),
        };
        let mut connection = self
            .inner
            .pool
            .get()
            .map_err(|error| StoreError::Unreachable(error.to_string()))?;
        engine::begin(&mut connection, access, None)?;
        let outcome =
            work(&mut connection).and_then(|value| engine::commit(&mut connection).map(|()| value));
        if outcome.is_err() {
            engine::roll_back(&mut connection);
        }
        outcome
    }
}

/// Founds the verifiers' side where its database is empty, otherwise compares. A founded one never gets a new key: with
/// another, no site could undo what it did, and no authority could resolve an alert.
fn found_or_compare(
    connection: &mut AnyConnection,
    settings: &VerifierSettings,
    now: Timestamp,
) -> Result<SiteKey, StoreError> {
    let path = &settings.key;
    let written: Option<(String, String)> = verifier_site::table
        .select((verifier_site::environment, verifier_site::key_fingerprint))
        .first(connection)
        .optional()?;
    let Some((environment, fingerprint)) = written else {
        let key = match SiteKey::load_file(path)? {
            Some(key) => key,
            None => SiteKey::make_file(path)?,
        };
        diesel::insert_into(verifier_site::table)
            .values((
                verifier_site::site_id.eq(1),
                verifier_site::environment.eq(settings.environment.as_str()),
                verifier_site::key_fingerprint.eq(key.fingerprint()),
                verifier_site::created_at.eq(now.micros()),
            ))
            .execute(connection)?;
        return Ok(key);
    };
    if environment != settings.environment.as_str() {
        return Err(StoreError::WrongSite(format!(
            "the verifiers' database belongs to the {environment} environment, the configuration says {}",
            settings.environment
        )));
    }
    match SiteKey::load_file(path)? {
        Some(key) if key.fingerprint() == fingerprint => Ok(key),
        Some(_) => Err(StoreError::WrongSite(format!(
            "{} is not the key of the verifiers' database",
            path.display()
        ))),
        None => Err(StoreError::WrongSite(format!(
            "{} is missing; put back the key with which the verifiers' database was founded",
            path.display()
        ))),
    }
}
