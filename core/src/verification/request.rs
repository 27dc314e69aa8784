//! What is asked of a repository: operation, elements as sent, who asks in blinded form, and when.
//!
//! Serves URS-VF-001, URS-VF-002, URS-VF-016. The site is never named here: a [`SiteToken`] only tells whether two
//! requests about one pack came from the same place. How a request looked on the wire is `packtwin-emvs`'s business.

use std::fmt;

use crate::batch_number::BatchNumber;
use crate::expiry::Expiry;
use crate::pack::{PackKey, PackState};
use crate::time::Timestamp;

/// A way out of circulation: each inactive state that a pack can be given by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Removal {
    /// To a patient, or under Art. 23.
    Supply,
    /// Art. 22(c), 25(4).
    Destroy,
    /// Out of the Union, Art. 22(a).
    Export,
    /// For an authority, Art. 22(d), 25(4)(b).
    Sample,
    /// Free sample, Art. 41.
    FreeSample,
    /// Held back.
    Lock,
    /// Art. 40.
    Stolen,
    /// Taken out to be repacked, Art. 16.
    CheckOut,
}

impl Removal {
    /// Every way out.
    pub const ALL: [Removal; 8] = [
        Removal::Supply,
        Removal::Destroy,
        Removal::Export,
        Removal::Sample,
        Removal::FreeSample,
        Removal::Lock,
        Removal::Stolen,
        Removal::CheckOut,
    ];

    /// The state it leads to.
    pub const fn state(self) -> PackState {
        match self {
            Removal::Supply => PackState::Supplied,
            Removal::Destroy => PackState::Destroyed,
            Removal::Export => PackState::Exported,
            Removal::Sample => PackState::Sample,
            Removal::FreeSample => PackState::FreeSample,
            Removal::Lock => PackState::Locked,
            Removal::Stolen => PackState::Stolen,
            Removal::CheckOut => PackState::CheckedOut,
        }
    }

    /// The way that leads to `state`; `None` for an active pack.
    pub fn to(state: PackState) -> Option<Self> {
        Removal::ALL
            .into_iter()
            .find(|removal| removal.state() == state)
    }

    /// The operation in one word, as alerts and statistics name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Removal::Supply => "supply",
            Removal::Destroy => "destroy",
            Removal::Export => "export",
            Removal::Sample => "sample",
            Removal::FreeSample => "free_sample",
            Removal::Lock => "lock",
            Removal::Stolen => "stolen",
            Removal::CheckOut => "check_out",
        }
    }
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Is the pack genuine, and what state is it in? May raise an alert, never changes anything (Art. 11, 36(a)).
    Verify,
    /// The same question without ever raising an alert (Art. 36(f)).
    Status,
    /// Take the pack out of circulation.
    Remove(Removal),
    /// Put it back (Art. 13).
    Undo(Undo),
}

/// What an undo claims to undo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Undo {
    /// Exactly this operation; the SOAP dialect has a process number for each.
    Of(Removal),
    /// Whatever it was; the REST dialect only asks for the state Active.
    Whatever,
}

impl Operation {
    /// The operation in one word, as alerts and statistics name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Operation::Verify => "verify",
            Operation::Status => "status",
            Operation::Remove(removal) => removal.as_str(),
            Operation::Undo(_) => "undo",
        }
    }
}

/// How the elements came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryMode {
    /// From a scanned code.
    Scan,
    /// Typed by a person; a few errors are tolerated.
    Manual,
}

/// Whose conventions the asker's interface follows. The answers differ in a few alerts and in nothing else (emvs.md 3.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Process numbers and `NMVS_` codes.
    Soap,
    /// JSON and operation codes of eight digits.
    Rest,
}

/// In which role somebody asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// The marketing authorisation holder, through the on-boarding partner.
    Manufacturer,
    /// Repacks medicines of other markets.
    ParallelDistributor,
    /// Wholesaler.
    Wholesaler,
    /// Public pharmacy.
    Pharmacy,
    /// Healthcare institution.
    Hospital,
}

impl Actor {
    /// Every role that asks.
    pub const ALL: [Actor; 5] = [
        Actor::Manufacturer,
        Actor::ParallelDistributor,
        Actor::Wholesaler,
        Actor::Pharmacy,
        Actor::Hospital,
    ];

    /// The word in files, database and API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Actor::Manufacturer => "manufacturer",
            Actor::ParallelDistributor => "parallel_distributor",
            Actor::Wholesaler => "wholesaler",
            Actor::Pharmacy => "pharmacy",
            Actor::Hospital => "hospital",
        }
    }

    /// Reads the word of [`Actor::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Actor::ALL.into_iter().find(|actor| actor.as_str() == text)
    }
}

/// Tells whether two requests **about one pack** came from the same site, and nothing else: 128 bits keyed by site and pack
/// on the verifiers' side. Tokens of one site about two packs have nothing in common (URS-VF-016).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SiteToken(pub [u8; 16]);

/// Prints nothing of itself: a token in a log would tie log lines together.
impl fmt::Debug for SiteToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SiteToken(..)")
    }
}

/// The elements as sent. Batch and expiry are missing in a question with two elements (Art. 11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// Product code and serial.
    pub pack: PackKey,
    /// Batch number.
    pub batch: Option<BatchNumber>,
    /// Expiry.
    pub expiry: Option<Expiry>,
}

/// Whether a request came alone. Only single ones are asked in other markets (UK-BULK).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scale {
    /// One pack.
    Single,
    /// One of many in a homogeneous or mixed bulk.
    Bulk,
}

/// Whether a request comes when it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// At once.
    Immediate,
    /// Later, from a queue that an outage filled, with its original time (Art. 29).
    Deferred,
}

/// One request about one pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is to be done.
    pub operation: Operation,
    /// The elements as sent.
    pub submitted: Submitted,
    /// How they came in.
    pub entry: EntryMode,
    /// Whose conventions the answer follows.
    pub dialect: Dialect,
    /// In which role.
    pub actor: Actor,
    /// From which site, blinded.
    pub site: SiteToken,
    /// When it was made.
    pub at: Timestamp,
    /// Alone or one of many.
    pub scale: Scale,
    /// At once or from a queue.
    pub delivery: Delivery,
}
