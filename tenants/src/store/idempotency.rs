//! Remembered answers: the same request under the same `Idempotency-Key` is done once (users.md Annex A; URS-SN-006).
//!
//! A request begins by taking its key and ends by leaving its answer there; the same key with the same request gets that
//! answer again for seven days, with another request it is refused. A key belongs to the one who sent it. When the process
//! dies between beginning and answer, the key is free again after a minute-long wait, so the work behind it must itself be
//! safe to repeat.

use diesel::prelude::*;

use packtwin_core::audit::Hash;
use packtwin_core::time::Timestamp;

use crate::error::StoreError;
use crate::schema::idempotency;
use crate::scope::{Housekeeping, TenantScope, Writer};

/// How long an answer is kept, users.md Annex A.
const KEPT_DAYS: i64 = 7;
/// After this time without an answer nobody is working on it any more.
const ABANDONED_SECONDS: i64 = 60;
/// The status of a request without an answer yet.
const RUNNING: i32 = 0;

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers that belong to the answer, in the form the server chose.
    pub headers: String,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

/// What is known of a key when a request comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Nothing: do the work.
    Fresh,
    /// The same request was answered.
    Replay(Answer),
    /// The same request is being worked on.
    Running {
        /// When the key is free again at the latest, should nobody be working on it any more.
        free_in_seconds: u64,
    },
    /// The key was used for another request.
    Mismatch,
}

impl TenantScope {
    /// Takes a key for a request with this hash, or tells what became of the request that took it.
    ///
    /// # Errors
    /// The database failed.
    pub fn idempotency_begin(
        &self,
        now: Timestamp,
        handle: &str,
        request_hash: &Hash,
    ) -> Result<Begun, StoreError> {
        let begin = || {
            self.housekeep(now, Housekeeping::Answer, |writer| {
                writer.idempotency_begin(handle, request_hash)
            })
        };
        match begin() {
            // Someone took the key between our look and our insert; look again.
            Err(StoreError::Taken) => begin(),
            other => other,
        }
    }
}

/// Request hash, status, headers, body, and when the key was taken.
type KeptRow = (Vec<u8>, i32, String, Vec<u8>, i64);

impl Writer<'_> {
    /// Takes a key within a change; see [`TenantScope::idempotency_begin`].
    ///
    /// # Errors
    /// [`StoreError::Taken`] when another request took the key at the same moment.
    pub fn idempotency_begin(
        &mut self,
        handle: &str,
        request_hash: &Hash,
    ) -> Result<Begun, StoreError> {
        self.idempotency_forget(handle)?;
        let (tenant, actor, at) = (
            self.tenant_id(),
            self.actor().who().to_string(),
            self.at().micros(),
        );
        let row: Option<KeptRow> = idempotency::table
            .find((tenant, &actor, handle))
            .select((
                idempotency::request_hash,
                idempotency::status,
                idempotency::headers,
                idempotency::body,
                idempotency::created_at,
            ))
            .first(self.connection)
            .optional()?;
        let Some((hash, status, headers, body, taken_at)) = row else {
            diesel::insert_into(idempotency::table)
                .values((
                    idempotency::tenant_id.eq(tenant),
                    idempotency::actor.eq(actor),
                    idempotency::handle.eq(handle),
                    idempotency::request_hash.eq(request_hash.to_vec()),
                    idempotency::status.eq(RUNNING),
                    idempotency::headers.eq(""),
                    idempotency::body.eq(Vec::new()),
                    idempotency::created_at.eq(at),
                ))
                .execute(self.connection)?;
            return Ok(Begun::Fresh);
        };
        if hash != request_hash {
            return Ok(Begun::Mismatch);
        }
        if status == RUNNING {
            let freed_at = Timestamp::from_micros(taken_at).plus_seconds(ABANDONED_SECONDS);
            let left = freed_at.micros_since(self.at()).max(0);
            // The key is free after its last moment, not at it.
            let free_in_seconds = left.unsigned_abs() / 1_000_000 + 1;
            return Ok(Begun::Running { free_in_seconds });
        }
        let status = u16::try_from(status).map_err(|_| StoreError::Damaged {
            what: "remembered status",
        })?;
        Ok(Begun::Replay(Answer {
            status,
            headers,
            body,
        }))
    }

    /// Leaves the answer under the key that this request took. Answers whether the key was still this request's.
    ///
    /// # Errors
    /// The database failed.
    pub fn idempotency_finish(
        &mut self,
        handle: &str,
        request_hash: &Hash,
        answer: &Answer,
    ) -> Result<bool, StoreError> {
        let changed = diesel::update(self.idempotency_row(handle))
            .filter(idempotency::request_hash.eq(request_hash.to_vec()))
            .filter(idempotency::status.eq(RUNNING))
            .set((
                idempotency::status.eq(i32::from(answer.status)),
                idempotency::headers.eq(&answer.headers),
                idempotency::body.eq(&answer.body),
            ))
            .execute(self.connection)?;
        Ok(changed == 1)
    }

    /// Gives a key back whose request changed nothing, so that it can be tried again at once.
    ///
    /// # Errors
    /// The database failed.
    pub fn idempotency_abandon(&mut self, handle: &str) -> Result<bool, StoreError> {
        let removed = diesel::delete(self.idempotency_row(handle))
            .filter(idempotency::status.eq(RUNNING))
            .execute(self.connection)?;
        Ok(removed == 1)
    }

    /// Frees every key whose request has no answer: whoever worked on them is known to be dead. Answers how many.
    ///
    /// # Errors
    /// The database failed.
    pub fn idempotency_release_all(&mut self) -> Result<u64, StoreError> {
        let freed = diesel::delete(idempotency::table)
            .filter(idempotency::tenant_id.eq(self.tenant_id()))
            .filter(idempotency::status.eq(RUNNING))
            .execute(self.connection)?;
        Ok(freed as u64)
    }

    /// Removes answers whose time has passed. Answers how many.
    ///
    /// # Errors
    /// The database failed.
    pub fn idempotency_sweep(&mut self) -> Result<usize, StoreError> {
        let before = self.at().plus_days(-KEPT_DAYS).micros();
        Ok(diesel::delete(idempotency::table)
            .filter(idempotency::tenant_id.eq(self.tenant_id()))
            .filter(idempotency::created_at.lt(before))
            .execute(self.connection)?)
    }

    /// Frees a key whose answer is old or never came.
    fn idempotency_forget(&mut self, handle: &str) -> Result<(), StoreError> {
        let old = idempotency::created_at.lt(self.at().plus_days(-KEPT_DAYS).micros());
        let abandoned = idempotency::created_at
            .lt(self.at().plus_seconds(-ABANDONED_SECONDS).micros())
            .and(idempotency::status.eq(RUNNING));
        diesel::delete(self.idempotency_row(handle))
            .filter(old.or(abandoned))
            .execute(self.connection)?;
        Ok(())
    }

    fn idempotency_row(
        &self,
        handle: &str,
    ) -> diesel::dsl::Find<idempotency::table, (i32, String, String)> {
        let actor = self.actor().who().to_string();
        idempotency::table.find((self.tenant_id(), actor, handle.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{for_each_engine, now};

    /// Proves URS-SN-006 for one key: the answer of a request is given again and never made twice.
    #[test]
    fn a_request_is_done_once_and_its_answer_given_again() {
        for_each_engine(|site| {
            let scope = site.scope_of(site.tenant("alder"));
            let begin = |at, hash| scope.idempotency_begin(at, "k1", &[hash; 32]).unwrap();
            let answer = Answer {
                status: 201,
                headers: "Location: /v1/x".into(),
                body: b"{}\0".to_vec(),
            };
            let finish = |at| {
                scope.housekeep(at, Housekeeping::Answer, |writer| {
                    writer.idempotency_finish("k1", &[1; 32], &answer)
                })
            };
            assert_eq!(begin(now(), 1), Begun::Fresh);
            let running = |free_in_seconds| Begun::Running { free_in_seconds };
            assert_eq!(begin(now(), 1), running(61));
            assert_eq!(begin(now().plus_seconds(41), 1), running(20));
            assert_eq!(begin(now(), 2), Begun::Mismatch);
            assert!(finish(now()).unwrap());
            assert!(!finish(now()).unwrap());
            assert_eq!(begin(now(), 1), Begun::Replay(answer.clone()));
            assert_eq!(begin(now(), 2), Begun::Mismatch);

            let last_moment = now().plus_days(KEPT_DAYS);
            assert_eq!(begin(last_moment, 1), Begun::Replay(answer.clone()));
            let later = last_moment.plus_seconds(1);
            assert_eq!(begin(later, 2), Begun::Fresh);

            let abandoned = later.plus_seconds(ABANDONED_SECONDS);
            assert_eq!(begin(abandoned, 2), running(1));
            assert_eq!(begin(abandoned.plus_seconds(1), 2), Begun::Fresh);
            let release = || {
                scope.housekeep(abandoned, Housekeeping::Lease, |w| {
                    w.idempotency_release_all()
                })
            };
            assert_eq!((release().unwrap(), release().unwrap()), (1, 0));
            assert_eq!(begin(abandoned, 3), Begun::Fresh);
            scope
                .housekeep(abandoned, Housekeeping::Answer, |w| {
                    w.idempotency_abandon("k1")
                })
                .unwrap();
            assert_eq!(begin(abandoned, 2), Begun::Fresh);

            let sweep = |at| scope.housekeep(at, Housekeeping::Sweep, |w| w.idempotency_sweep());
            assert_eq!(sweep(abandoned.plus_days(KEPT_DAYS)).unwrap(), 0);
            assert_eq!(sweep(abandoned.plus_days(KEPT_DAYS + 1)).unwrap(), 1);
        });
    }

    #[test]
    fn of_many_at_once_one_does_the_work() {
        for_each_engine(|site| {
            let scope = site.scope_of(site.tenant("alder"));
            let fresh: usize = std::thread::scope(|threads| {
                let begin = || scope.idempotency_begin(now(), "k", &[1; 32]).unwrap();
                let running: Vec<_> = (0..8).map(|_| threads.spawn(begin)).collect();
                let begun = running.into_iter().map(|thread| thread.join().unwrap());
                begun.filter(|begun| *begun == Begun::Fresh).count()
            });
            assert_eq!(fresh, 1);
        });
    }
}
