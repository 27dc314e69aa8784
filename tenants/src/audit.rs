//! The note that every change carries, and how it becomes an entry of the tenant's chain.
//!
//! The entry is written in the transaction of the change. A tenant's head row orders the entries: it is taken last, so
//! that it is held for the shortest time. The law of the chain is `packtwin_core::audit`.

use std::collections::HashMap;

use diesel::prelude::*;

use packtwin_core::audit::{AuditEntry, ChainBroken, ChainWalk, Checkpoint, Hash, genesis};
use packtwin_core::time::Timestamp;

use crate::error::StoreError;
use crate::schema::{audit_entry, tenant_head};
use crate::scope::{Actor, Reader, Writer};

/// Entries read at once when following a chain.
const WALK_ROWS: i64 = 1_000;

/// What an auditor is told of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditNote {
    action: &'static str,
    object: String,
    detail: serde_json::Value,
    reason: String,
}

impl AuditNote {
    /// A change, named noun first (`lot.committed`), of an object (`lot 04150123456782 A1234`).
    pub fn new(action: &'static str, object: impl Into<String>) -> Self {
        AuditNote {
            action,
            object: object.into(),
            detail: serde_json::json!({}),
            reason: String::new(),
        }
    }

    /// Old and new values and counts. Never a secret.
    pub fn detail(mut self, detail: serde_json::Value) -> Self {
        self.detail = detail;
        self
    }

    /// Why, in the words of the person who did it.
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }

    /// The note with the value that the change answers.
    pub fn returning<T>(self, value: T) -> Noted<T> {
        Noted {
            value,
            notes: vec![self],
        }
    }
}

/// A value that a change answers, with at least one note of what was done.
#[derive(Debug)]
pub struct Noted<T> {
    value: T,
    notes: Vec<AuditNote>,
}

impl<T> Noted<T> {
    /// Adds a further note.
    pub fn and(mut self, note: AuditNote) -> Self {
        self.notes.push(note);
        self
    }

    /// Gives every note the reason, in the words of the person who did it.
    pub fn because(mut self, reason: &str) -> Self {
        for note in &mut self.notes {
            reason.clone_into(&mut note.reason);
        }
        self
    }

    /// The same notes with what is made of the value.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Noted<U> {
        Noted {
            value: make(self.value),
            notes: self.notes,
        }
    }

    /// This and a later step of the same change: the notes of both, the value of the later.
    pub fn then<U>(mut self, later: Noted<U>) -> Noted<U> {
        self.notes.extend(later.notes);
        Noted {
            value: later.value,
            notes: self.notes,
        }
    }

    /// The value that the change answers.
    pub fn value(&self) -> &T {
        &self.value
    }

    pub(crate) fn into_parts(self) -> (T, Vec<AuditNote>) {
        (self.value, self.notes)
    }
}

/// An entry as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its content.
    pub entry: AuditEntry,
    /// Its hash.
    pub hash: Hash,
}

/// An entry with the hash before it: everything that its own hash is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainedEntry {
    /// The hash of the entry before it, or the beginning of the tenant's chain.
    pub previous: Hash,
    /// The entry with its hash.
    pub stored: StoredEntry,
}

impl Writer<'_> {
    pub(crate) fn audit_write(
        &mut self,
        at: Timestamp,
        actor: &Actor,
        note: AuditNote,
    ) -> Result<(), StoreError> {
        let tenant = self.tenant_id();
        let (seq, head): (i64, Vec<u8>) = diesel::update(tenant_head::table.find(tenant))
            .set(tenant_head::audit_seq.eq(tenant_head::audit_seq + 1))
            .returning((tenant_head::audit_seq, tenant_head::audit_hash))
            .get_result(self.connection)?;
        let entry = AuditEntry {
            seq,
            at,
            actor: actor.who().to_string(),
            action: note.action.to_owned(),
            object: note.object,
            detail: note.detail.to_string(),
            reason: note.reason,
            correlation: actor.correlation.clone(),
        };
        let hash = entry.hash(&hash_from(head)?);
        diesel::insert_into(audit_entry::table)
            .values((
                audit_entry::tenant_id.eq(tenant),
                audit_entry::seq.eq(seq),
                audit_entry::at.eq(at.micros()),
                audit_entry::actor.eq(&entry.actor),
                audit_entry::action.eq(&entry.action),
                audit_entry::object.eq(&entry.object),
                audit_entry::detail.eq(&entry.detail),
                audit_entry::reason.eq(&entry.reason),
                audit_entry::correlation.eq(&entry.correlation),
                audit_entry::hash.eq(hash.to_vec()),
            ))
            .execute(self.connection)?;
        diesel::update(tenant_head::table.find(tenant))
            .set(tenant_head::audit_hash.eq(hash.to_vec()))
            .execute(self.connection)?;
        Ok(())
    }
}

/// A row of `audit_entry` without its tenant.
type EntryRow = (
    i64,
    i64,
    String,
    String,
    String,
    String,
    String,
    String,
    Vec<u8>,
);

fn entry_from(row: EntryRow) -> Result<StoredEntry, StoreError> {
    let (seq, at, actor, action, object, detail, reason, correlation, hash) = row;
    let at = Timestamp::from_micros(at);
    let entry = AuditEntry {
        seq,
        at,
        actor,
        action,
        object,
        detail,
        reason,
        correlation,
    };
    Ok(StoredEntry {
        entry,
        hash: hash_from(hash)?,
    })
}

impl Reader<'_> {
    /// Entries with a number above `after`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub fn audit_list_after(
        &mut self,
        after: i64,
        limit: i64,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let rows: Vec<EntryRow> = audit_entry::table
            .filter(audit_entry::tenant_id.eq(self.tenant_id()))
            .filter(audit_entry::seq.gt(after))
            .order(audit_entry::seq)
            .limit(limit)
            .select(ENTRY_COLUMNS)
            .load(self.connection)?;
        rows.into_iter().map(entry_from).collect()
    }

    /// Entries with a number below `before`, newest first, at most `limit`; of one object, when it is named.
    ///
    /// # Errors
    /// The database failed.
    pub fn audit_list_before(
        &mut self,
        before: i64,
        object: Option<&str>,
        limit: i64,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let mut query = audit_entry::table
            .filter(audit_entry::tenant_id.eq(self.tenant_id()))
            .filter(audit_entry::seq.lt(before))
            .order(audit_entry::seq.desc())
            .limit(limit)
            .select(ENTRY_COLUMNS)
            .into_boxed();
        if let Some(object) = object {
            query = query.filter(audit_entry::object.eq(object));
        }
        let rows: Vec<EntryRow> = query.load(self.connection)?;
        rows.into_iter().map(entry_from).collect()
    }

    /// Entries of these objects, oldest first, at most `limit`, each with the hash before it.
    ///
    /// # Errors
    /// The database failed.
    pub fn audit_list_of_objects(
        &mut self,
        objects: &[String],
        limit: i64,
    ) -> Result<Vec<ChainedEntry>, StoreError> {
        let tenant = self.tenant_id();
        let rows: Vec<EntryRow> = audit_entry::table
            .filter(audit_entry::tenant_id.eq(tenant))
            .filter(audit_entry::object.eq_any(objects))
            .order(audit_entry::seq)
            .limit(limit)
            .select(ENTRY_COLUMNS)
            .load(self.connection)?;
        let before: Vec<i64> = rows.iter().map(|row| row.0 - 1).collect();
        let hashes: Vec<(i64, Vec<u8>)> = audit_entry::table
            .filter(audit_entry::tenant_id.eq(tenant))
            .filter(audit_entry::seq.eq_any(before))
            .select((audit_entry::seq, audit_entry::hash))
            .load(self.connection)?;
        let hashes: HashMap<i64, Vec<u8>> = hashes.into_iter().collect();
        rows.into_iter()
            .map(|row| {
                let previous = match hashes.get(&(row.0 - 1)) {
                    Some(hash) => hash_from(hash.clone())?,
                    None if row.0 == 1 => genesis(self.actor().tenant()),
                    None => {
                        let what = "audit chain";
                        return Err(StoreError::Damaged { what });
                    }
                };
                let stored = entry_from(row)?;
                Ok(ChainedEntry { previous, stored })
            })
            .collect()
    }

    /// Follows the whole chain of the tenant and compares it with the recorded head. Answers the number of entries.
    ///
    /// # Errors
    /// The database failed. A chain that does not hold is the inner error.
    pub fn audit_verify(&mut self) -> Result<Result<i64, ChainBroken>, StoreError> {
        self.audit_verify_against(&[])
    }

    /// As [`Reader::audit_verify`], and compares the chain with what was sealed outside, in any order.
    ///
    /// # Errors
    /// The database failed. A chain that does not hold is the inner error.
    pub fn audit_verify_against(
        &mut self,
        checkpoints: &[Checkpoint],
    ) -> Result<Result<i64, ChainBroken>, StoreError> {
        let walk = ChainWalk::of(self.actor().tenant());
        Ok(self.audit_follow(walk, checkpoints)?.map(|walk| walk.seq()))
    }

    /// Follows the chain from where a walk stands to the recorded head, past all checkpoints.
    pub(crate) fn audit_follow(
        &mut self,
        mut walk: ChainWalk,
        checkpoints: &[Checkpoint],
    ) -> Result<Result<ChainWalk, ChainBroken>, StoreError> {
        let (head_seq, head_hash): (i64, Vec<u8>) = tenant_head::table
            .find(self.tenant_id())
            .select((tenant_head::audit_seq, tenant_head::audit_hash))
            .first(self.connection)?;
        let head_hash = hash_from(head_hash)?;
        let mut checkpoints = checkpoints.to_vec();
        checkpoints.sort_unstable_by_key(|checkpoint| checkpoint.seq);
        let mut to_meet = checkpoints.iter().peekable();
        loop {
            let entries = self.audit_list_after(walk.seq(), WALK_ROWS)?;
            if entries.is_empty() {
                let ended = walk.finish(head_seq, &head_hash);
                let met = to_meet.try_for_each(|checkpoint| walk.meet(checkpoint));
                return Ok(ended.and(met).map(|()| walk));
            }
            for stored in entries {
                let mut step = walk.follow(&stored.entry, &stored.hash);
                while let Some(checkpoint) =
                    to_meet.next_if(|checkpoint| checkpoint.seq <= walk.seq())
                {
                    step = step.and(walk.meet(checkpoint));
                }
                if let Err(broken) = step {
                    return Ok(Err(broken));
                }
            }
        }
    }
}

type EntryColumns = (
    audit_entry::seq,
    audit_entry::at,
    audit_entry::actor,
    audit_entry::action,
    audit_entry::object,
    audit_entry::detail,
    audit_entry::reason,
    audit_entry::correlation,
    audit_entry::hash,
);

const ENTRY_COLUMNS: EntryColumns = (
    audit_entry::seq,
    audit_entry::at,
    audit_entry::actor,
    audit_entry::action,
    audit_entry::object,
    audit_entry::detail,
    audit_entry::reason,
    audit_entry::correlation,
    audit_entry::hash,
);

fn hash_from(bytes: Vec<u8>) -> Result<Hash, StoreError> {
    bytes
        .try_into()
        .map_err(|_| StoreError::Damaged { what: "audit hash" })
}
