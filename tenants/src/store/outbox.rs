//! The outbox: work that leaves the house, written in the transaction that causes it, claimed by lease.
//!
//! A claim is one compare-and-set; no transaction is held while sending. Two workers never hold the same row:
//! 1. a worker claims a row that is due and free: it gets a token and a lease;
//! 2. it sends, with no database in hand;
//! 3. with its token it ends the row or gives it back with a later due time;
//! 4. a worker that dies keeps its row until the lease runs out; then another claims it, and asks before it resends.
//!
//! Work put again while someone holds it is not lost: the holder's token no longer ends the row. Serves URS-DR-003.

use diesel::prelude::*;

use packtwin_core::time::Timestamp;

use super::stored::{column_number, count, fresh_token, number};
use crate::error::StoreError;
use crate::schema::outbox;
use crate::scope::{Reader, Writer};

/// A row in a worker's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The kind of work.
    pub topic: String,
    /// What it is about: a public id.
    pub object_id: String,
    /// Proves that this claim still holds the row.
    pub token: String,
    /// How often the row was claimed since it was put, this time included.
    pub attempts: u32,
}

/// How much work waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Depth {
    /// Rows of the topic.
    pub rows: u64,
    /// When the one that waits longest was put.
    pub oldest_at: Option<Timestamp>,
}

impl Reader<'_> {
    /// How much work of a topic waits, claimed or not.
    ///
    /// # Errors
    /// The database failed.
    pub fn outbox_depth(&mut self, topic: &str) -> Result<Depth, StoreError> {
        let (rows, oldest): (i64, Option<i64>) = outbox::table
            .filter(outbox::tenant_id.eq(self.tenant_id()))
            .filter(outbox::topic.eq(topic))
            .select((
                diesel::dsl::count_star(),
                diesel::dsl::min(outbox::created_at),
            ))
            .get_result(self.connection)?;
        Ok(Depth {
            rows: count(rows, "outbox depth")?,
            oldest_at: oldest.map(Timestamp::from_micros),
        })
    }

    /// When a piece of work is due next; `None` when none of this name waits.
    ///
    /// # Errors
    /// The database failed.
    pub fn outbox_due_at(
        &mut self,
        topic: &str,
        object_id: &str,
    ) -> Result<Option<Timestamp>, StoreError> {
        let due: Option<i64> = outbox::table
            .find((self.tenant_id(), topic, object_id))
            .select(outbox::due_at)
            .first(self.connection)
            .optional()?;
        Ok(due.map(Timestamp::from_micros))
    }
}

impl Writer<'_> {
    /// Puts work, or puts it again: then it is due at the new time, and whoever holds it cannot end it.
    ///
    /// # Errors
    /// The database failed; [`StoreError::Taken`] when the same work was put at the same moment.
    pub fn outbox_put(
        &mut self,
        topic: &str,
        object_id: &str,
        due_at: Timestamp,
    ) -> Result<(), StoreError> {
        let (tenant, at) = (self.tenant_id(), self.at().micros());
        let again = diesel::update(outbox::table.find((tenant, topic, object_id)))
            .set((
                outbox::due_at.eq(due_at.micros()),
                outbox::attempts.eq(0),
                outbox::lease_token.eq(""),
            ))
            .execute(self.connection)?;
        if again == 0 {
            diesel::insert_into(outbox::table)
                .values((
                    outbox::tenant_id.eq(tenant),
                    outbox::topic.eq(topic),
                    outbox::object_id.eq(object_id),
                    outbox::due_at.eq(due_at.micros()),
                    outbox::attempts.eq(0),
                    outbox::lease_until.eq(0),
                    outbox::lease_token.eq(""),
                    outbox::created_at.eq(at),
                ))
                .execute(self.connection)?;
        }
        Ok(())
    }

    /// Claims rows that are due and free at `now`, those due longest first, at most `limit`, each for `lease_seconds`.
    ///
    /// # Errors
    /// The database failed.
    pub fn outbox_claim(
        &mut self,
        now: Timestamp,
        lease_seconds: i64,
        limit: i64,
    ) -> Result<Vec<Claim>, StoreError> {
        let tenant = self.tenant_id();
        let candidates: Vec<(String, String)> = outbox::table
            .filter(outbox::tenant_id.eq(tenant))
            .filter(outbox::due_at.le(now.micros()))
            .filter(outbox::lease_until.le(now.micros()))
            .order((outbox::due_at, outbox::topic, outbox::object_id))
            .limit(limit)
            .select((outbox::topic, outbox::object_id))
            .load(self.connection)?;
        let mut claims = Vec::with_capacity(candidates.len());
        for (topic, object_id) in candidates {
            let token = fresh_token()?;
            // On PostgreSQL two workers can read the same candidate; the second finds it leased and leaves it.
            let attempts: Option<i32> = diesel::update(outbox::table)
                .filter(outbox::tenant_id.eq(tenant))
                .filter(outbox::topic.eq(&topic))
                .filter(outbox::object_id.eq(&object_id))
                .filter(outbox::due_at.le(now.micros()))
                .filter(outbox::lease_until.le(now.micros()))
                .set((
                    outbox::lease_until.eq(now.plus_seconds(lease_seconds).micros()),
                    outbox::lease_token.eq(&token),
                    outbox::attempts.eq(outbox::attempts + 1),
                ))
                .returning(outbox::attempts)
                .get_result(self.connection)
                .optional()?;
            if let Some(attempts) = attempts {
                claims.push(Claim {
                    topic,
                    object_id,
                    token,
                    attempts: number(attempts)?,
                });
            }
        }
        Ok(claims)
    }

    /// Makes work that waits due at the time of this change. `false`: someone holds it, or it is due already, or there is none.
    ///
    /// # Errors
    /// The database failed.
    pub fn outbox_hasten(&mut self, topic: &str, object_id: &str) -> Result<bool, StoreError> {
        let now = self.at().micros();
        let hastened = diesel::update(outbox::table.find((self.tenant_id(), topic, object_id)))
            .filter(outbox::lease_until.le(now))
            .filter(outbox::due_at.gt(now))
            .set(outbox::due_at.eq(now))
            .execute(self.connection)?;
        Ok(hastened == 1)
    }

    /// Ends every lease: whoever held one is known to be dead. Answers how many rows were freed.
    ///
    /// # Errors
    /// The database failed.
    pub fn outbox_release_all(&mut self) -> Result<u64, StoreError> {
        let freed = diesel::update(outbox::table)
            .filter(outbox::tenant_id.eq(self.tenant_id()))
            .filter(outbox::lease_until.gt(0))
            .set((outbox::lease_until.eq(0), outbox::lease_token.eq("")))
            .execute(self.connection)?;
        Ok(freed as u64)
    }

    /// Ends a row. `false`: the claim no longer holds it; the work is another's, or was put again.
    ///
    /// # Errors
    /// The database failed.
    pub fn outbox_done(&mut self, claim: &Claim) -> Result<bool, StoreError> {
        let ended = diesel::delete(outbox::table)
            .filter(outbox::tenant_id.eq(self.tenant_id()))
            .filter(outbox::topic.eq(&claim.topic))
            .filter(outbox::object_id.eq(&claim.object_id))
            .filter(outbox::lease_token.eq(&claim.token))
            .execute(self.connection)?;
        Ok(ended == 1)
    }

    /// Gives a row back, due at a later time. `false`: the claim no longer holds it.
    ///
    /// # Errors
    /// The database failed.
    pub fn outbox_again(&mut self, claim: &Claim, due_at: Timestamp) -> Result<bool, StoreError> {
        let given_back = diesel::update(outbox::table)
            .filter(outbox::tenant_id.eq(self.tenant_id()))
            .filter(outbox::topic.eq(&claim.topic))
            .filter(outbox::object_id.eq(&claim.object_id))
            .filter(outbox::lease_token.eq(&claim.token))
            .set((
                outbox::due_at.eq(due_at.micros()),
                outbox::attempts.eq(column_number(claim.attempts)),
                outbox::lease_until.eq(0),
                outbox::lease_token.eq(""),
            ))
            .execute(self.connection)?;
        Ok(given_back == 1)
    }
}
