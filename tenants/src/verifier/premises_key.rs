//! The keys with which the software of premises asks. What they may do is the key's scope; whether a key still counts is
//! looked at with every request, in the transaction that records it ([`super::request_record`]), so that revoking works at once.

use diesel::prelude::*;

use packtwin_core::ids::{PremisesId, PremisesKeyId};
use packtwin_core::time::Timestamp;
use packtwin_core::verification::Operation;

use super::schema::premises_key;
use super::{VerifierStore, key_text};
use crate::engine::Access;
use crate::error::StoreError;
use crate::seal::Secret;

/// What a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyScope {
    /// Looking at packs.
    Verify,
    /// Looking at packs, taking them out of circulation, and undoing that.
    Change,
}

impl KeyScope {
    /// The word in database and API.
    pub const fn as_str(self) -> &'static str {
        match self {
            KeyScope::Verify => "packs:verify",
            KeyScope::Change => "packs:change",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        [KeyScope::Verify, KeyScope::Change]
            .into_iter()
            .find(|scope| scope.as_str() == text)
    }

    /// Whether the operation is within the scope.
    pub const fn allows(self, operation: Operation) -> bool {
        match (self, operation) {
            (KeyScope::Change, _) | (KeyScope::Verify, Operation::Verify | Operation::Status) => {
                true
            }
            (KeyScope::Verify, Operation::Remove(_) | Operation::Undo(_)) => false,
        }
    }
}

impl VerifierStore {
    /// Makes a key. The answer holds the whole key, which is nowhere kept.
    ///
    /// # Errors
    /// There are no such premises, or the database failed.
    pub fn premises_key_create(
        &self,
        premises: PremisesId,
        name: &str,
        scope: KeyScope,
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(PremisesKeyId, Secret), StoreError> {
        let (key, whole) = key_text::draw(self.environment())?;
        self.transact(Access::Write, |connection| {
            diesel::insert_into(premises_key::table)
                .values((
                    premises_key::key_id.eq(key.id.to_string()),
                    premises_key::premises_id.eq(premises.to_string()),
                    premises_key::name.eq(name),
                    premises_key::secret_hash.eq(key.secret_hash.to_vec()),
                    premises_key::scope.eq(scope.as_str()),
                    premises_key::created_at.eq(now.micros()),
                    premises_key::expires_at.eq(expires_at.map(Timestamp::micros)),
                ))
                .execute(connection)?;
            Ok((key.id, whole))
        })
    }

    /// Ends a key at once. Ending it twice is one end.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such key.
    pub fn premises_key_revoke(&self, id: PremisesKeyId, now: Timestamp) -> Result<(), StoreError> {
        self.transact(Access::Write, |connection| {
            let revoked_at: Option<i64> = premises_key::table
                .find(id.to_string())
                .select(premises_key::revoked_at)
                .first(connection)?;
            if revoked_at.is_none() {
                diesel::update(premises_key::table.find(id.to_string()))
                    .set(premises_key::revoked_at.eq(now.micros()))
                    .execute(connection)?;
            }
            Ok(())
        })
    }
}
