//! Recognising machines by their API key, with every request (security.md section 6; ATK-081).
//!
//! A key of another environment is refused as such before anything is looked up, since its beginning says so. That a key is
//! revoked or has expired is told only to who holds its secret; everything else is one answer.

use serde_json::json;

use packtwin_core::environment::Environment;
use packtwin_core::ids::ApiKeyId;
use packtwin_core::time::Timestamp;

use crate::engine::Access;
use crate::error::StoreError;
use crate::founding::PLATFORM;
use crate::scope::{Actor, Housekeeping, TenantScope, Who};
use crate::sign_in::{LAST_USE_SECONDS, Signed, SignedBy};
use crate::site::Site;
use crate::store::api_key::{self, ApiKeyRecord, KeyText};
use crate::throttle;

/// A refused key is an audit entry at most so often; a forgotten machine asks every second.
const REFUSAL_ENTRY_SECONDS: i64 = 3600;

/// Why a key was refused.
#[derive(Debug, thiserror::Error)]
pub enum KeyRefused {
    /// No key of ours, or one with another secret.
    #[error("the key is not known")]
    Unknown,
    /// A key of another environment (SEC-701).
    #[error("this key belongs to the {environment} environment")]
    OtherEnvironment {
        /// Which one.
        environment: Environment,
    },
    /// The key was revoked.
    #[error("the key was revoked")]
    Revoked,
    /// The key's time is over.
    #[error("the key has expired")]
    Expired,
    /// The store failed; nobody is recognised.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Site {
    /// Recognises a machine by its key.
    ///
    /// # Errors
    /// [`KeyRefused`].
    pub fn authenticate_key(&self, text: &str, now: Timestamp) -> Result<Signed, KeyRefused> {
        let key: KeyText = text.parse().map_err(|_| KeyRefused::Unknown)?;
        if key.environment != self.environment() {
            return Err(KeyRefused::OtherEnvironment {
                environment: key.environment,
            });
        }
        let hash = key.secret_hash();
        let found = self.directory_find(api_key::API_KEY, &key.id.to_string())?;
        let tenant = found.map_or(PLATFORM, |(tenant, _)| tenant);
        let scope = self.system_scope(tenant, "api_key");
        let (matches, record) = scope.read(|reader| {
            let matches = reader.api_key_matches(key.id, &hash)?;
            Ok::<_, StoreError>((matches, reader.api_key_get(key.id)?))
        })?;
        let Some(record) = record else {
            return Err(KeyRefused::Unknown);
        };
        let refused = match () {
            () if !matches => Some(("wrong secret", KeyRefused::Unknown)),
            () if record.revoked_at.is_some() => Some(("revoked", KeyRefused::Revoked)),
            () if record.expires_at.is_some_and(|end| now >= end) => {
                Some(("expired", KeyRefused::Expired))
            }
            () => None,
        };
        if let Some((cause, refused)) = refused {
            self.key_refused(&scope, key.id, cause, now)?;
            return Err(refused);
        }
        self.key_note_use(&scope, &record, now)?;
        Ok(Signed {
            actor: Actor {
                tenant,
                who: Who::Key(record.id),
                correlation: String::new(),
            },
            permissions: record.scopes.iter().copied().collect(),
            by: SignedBy::Key(record),
        })
    }

    fn key_note_use(
        &self,
        scope: &TenantScope,
        record: &ApiKeyRecord,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let fresh = |last: Timestamp| now < last.plus_seconds(LAST_USE_SECONDS);
        if record.last_used_at.is_some_and(fresh) {
            return Ok(());
        }
        scope.housekeep(now, Housekeeping::LastUse, |writer| {
            writer.api_key_used(record.id).map(|_| ())
        })
    }

    fn key_refused(
        &self,
        scope: &TenantScope,
        id: ApiKeyId,
        cause: &'static str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        tracing::warn!(key = %id, cause, "an API key was refused");
        let subject = format!("key refused:{id} {cause}");
        let due = self.platform(Access::Write, |connection| {
            throttle::once_in(connection, &subject, REFUSAL_ENTRY_SECONDS, now)
        });
        match due {
            Ok(true) => scope.change(now, |_| {
                let note = api_key::note("api_key.refused", id).detail(json!({"cause": cause}));
                Ok(note.returning(()))
            }),
            // Another request writes the entry at this moment.
            Ok(false) | Err(StoreError::Taken) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
