//! The audit chain: each entry of a tenant carries the hash of the one before it.
//!
//! `hash = SHA-256(domain || seq || previous hash || canonical bytes)`. The canonical form is fixed and versioned by the
//! domain string: every field with its length before it, so that no two different entries have the same bytes. Changing,
//! removing, inserting or reordering an entry breaks the chain at that entry (EU GMP Annex 11 cl. 9, 21 CFR 11.10(e)).
//! Storing and sequencing is the store's; here is only the law of the chain.

use sha2::{Digest, Sha256};

use crate::ids::TenantId;
use crate::time::Timestamp;

/// Names the canonical form. A new form gets a new domain and old entries keep theirs.
const DOMAIN: &[u8] = b"packtwin audit entry v1\0";

/// A SHA-256 value.
pub type Hash = [u8; 32];

/// Names the beginning of a chain.
const GENESIS_DOMAIN: &[u8] = b"packtwin audit chain v1\0";

/// The hash before the first entry of a tenant: another one for each, so that no chain can stand for another's.
pub fn genesis(tenant: TenantId) -> Hash {
    let mut digest = Sha256::new();
    digest.update(GENESIS_DOMAIN);
    digest.update(tenant.0.to_be_bytes());
    digest.finalize().into()
}

/// The content of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Position in the tenant's chain, counted from 1 without gaps.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who: `usr_…`, `key_…` or `system:<pass>`.
    pub actor: String,
    /// What was done, as noun and verb: `lot.committed`.
    pub action: String,
    /// To what: kind and name, `lot 04150123456782 A1234`.
    pub object: String,
    /// Old and new values and what else belongs to it, canonical JSON.
    pub detail: String,
    /// Why, where a reason is demanded.
    pub reason: String,
    /// Ties the entry to a request or job.
    pub correlation: String,
}

impl AuditEntry {
    /// The hash of this entry after `previous`.
    pub fn hash(&self, previous: &Hash) -> Hash {
        let mut digest = Sha256::new();
        digest.update(DOMAIN);
        digest.update(self.seq.to_be_bytes());
        digest.update(previous);
        digest.update(self.at.micros().to_be_bytes());
        for text in [
            &self.actor,
            &self.action,
            &self.object,
            &self.detail,
            &self.reason,
            &self.correlation,
        ] {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text.as_bytes());
        }
        digest.finalize().into()
    }
}

/// Where a chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainBroken {
    /// An entry is missing or out of order.
    #[error("entry {expected} is missing: found {found}")]
    Gap {
        /// The number that should come.
        expected: i64,
        /// The number that came.
        found: i64,
    },
    /// An entry does not have the bytes it was hashed with, or does not follow its predecessor.
    #[error("entry {seq} was changed or does not follow the one before it")]
    Changed {
        /// Its number.
        seq: i64,
    },
    /// The chain holds in itself, but is another than the one that was sealed outside the database.
    #[error(
        "the chain was written anew at or before entry {seq}: its hash there is not the one sealed outside"
    )]
    Rewritten {
        /// The entry whose hash was sealed.
        seq: i64,
    },
    /// The chain ends before the head that was recorded.
    #[error("the chain ends at {found}, the recorded head is {expected}")]
    Cut {
        /// The recorded head.
        expected: i64,
        /// The last entry found.
        found: i64,
    },
}

/// The end of a chain at a moment, as it is kept outside the database: only such a mark shows that a chain was cut or
/// written anew to its end by someone who may write everything inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// Number of the last entry.
    pub seq: i64,
    /// Its hash.
    pub hash: Hash,
    /// When it was taken.
    pub at: Timestamp,
}

/// Follows a chain from its beginning, one entry at a time.
#[derive(Debug, Clone)]
pub struct ChainWalk {
    seq: i64,
    hash: Hash,
}

impl ChainWalk {
    /// Begins before the first entry of a tenant.
    pub fn of(tenant: TenantId) -> Self {
        ChainWalk {
            seq: 0,
            hash: genesis(tenant),
        }
    }

    /// Begins after an entry that was sealed.
    pub fn after(checkpoint: &Checkpoint) -> Self {
        ChainWalk {
            seq: checkpoint.seq,
            hash: checkpoint.hash,
        }
    }

    /// Compares the entry taken last with a checkpoint of the same number.
    ///
    /// # Errors
    /// [`ChainBroken::Rewritten`] when it has another hash, [`ChainBroken::Cut`] when the walk did not come so far.
    pub fn meet(&self, checkpoint: &Checkpoint) -> Result<(), ChainBroken> {
        if self.seq < checkpoint.seq {
            return Err(ChainBroken::Cut {
                expected: checkpoint.seq,
                found: self.seq,
            });
        }
        if self.seq == checkpoint.seq && self.hash != checkpoint.hash {
            return Err(ChainBroken::Rewritten {
                seq: checkpoint.seq,
            });
        }
        Ok(())
    }

    /// Takes the next entry with the hash stored beside it.
    ///
    /// # Errors
    /// The first place where the chain does not hold.
    pub fn follow(&mut self, entry: &AuditEntry, stored: &Hash) -> Result<(), ChainBroken> {
        let expected = self.seq + 1;
        if entry.seq != expected {
            return Err(ChainBroken::Gap {
                expected,
                found: entry.seq,
            });
        }
        if entry.hash(&self.hash) != *stored {
            return Err(ChainBroken::Changed { seq: entry.seq });
        }
        self.seq = expected;
        self.hash = *stored;
        Ok(())
    }

    /// Compares the end of the walk with a recorded head.
    ///
    /// # Errors
    /// [`ChainBroken::Cut`] when entries are missing at the end, [`ChainBroken::Changed`] when the head is another.
    pub fn finish(&self, head_seq: i64, head_hash: &Hash) -> Result<(), ChainBroken> {
        if self.seq != head_seq {
            return Err(ChainBroken::Cut {
                expected: head_seq,
                found: self.seq,
            });
        }
        if self.hash != *head_hash {
            return Err(ChainBroken::Changed { seq: self.seq });
        }
        Ok(())
    }

    /// Number of the last entry taken.
    pub fn seq(&self) -> i64 {
        self.seq
    }

    /// Hash of the last entry taken.
    pub fn hash(&self) -> &Hash {
        &self.hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(length: i64) -> Vec<(AuditEntry, Hash)> {
        let mut previous = genesis(TenantId(1));
        (1..=length)
            .map(|seq| {
                let entry = AuditEntry {
                    seq,
                    at: Timestamp::from_micros(seq * 1000),
                    actor: "system:test".into(),
                    action: "lot.committed".into(),
                    object: format!("lot {seq}"),
                    detail: "{}".into(),
                    reason: String::new(),
                    correlation: String::new(),
                };
                previous = entry.hash(&previous);
                (entry, previous)
            })
            .collect()
    }

    fn walk(chain: &[(AuditEntry, Hash)], head: (i64, Hash)) -> Result<(), ChainBroken> {
        let mut walk = ChainWalk::of(TenantId(1));
        for (entry, hash) in chain {
            walk.follow(entry, hash)?;
        }
        walk.finish(head.0, &head.1)
    }

    #[test]
    fn an_untouched_chain_holds_and_every_touch_is_found() {
        let whole = chain(5);
        let head = (5, whole[4].1);
        assert_eq!(walk(&whole, head), Ok(()));

        let mut changed = whole.clone();
        changed[2].0.actor = "usr_other".into();
        assert_eq!(walk(&changed, head), Err(ChainBroken::Changed { seq: 3 }));

        let mut removed = whole.clone();
        removed.remove(1);
        assert_eq!(
            walk(&removed, head),
            Err(ChainBroken::Gap {
                expected: 2,
                found: 3
            })
        );

        assert_eq!(
            walk(&whole[..4], head),
            Err(ChainBroken::Cut {
                expected: 5,
                found: 4
            })
        );

        let mut swapped = whole.clone();
        swapped.swap(3, 4);
        assert_eq!(
            walk(&swapped, head),
            Err(ChainBroken::Gap {
                expected: 4,
                found: 5
            })
        );
    }

    #[test]
    fn moving_a_border_between_fields_changes_the_hash() {
        let entry = chain(1)[0].0.clone();
        let moved = AuditEntry {
            actor: "system:testl".into(),
            action: "ot.committed".into(),
            ..entry.clone()
        };
        assert_ne!(
            entry.hash(&genesis(TenantId(1))),
            moved.hash(&genesis(TenantId(1)))
        );
    }
}
