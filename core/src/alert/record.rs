//! What is kept of an alert (emvs.md 4.1; URS-AL-001): the pack as sent and as stored, what was asked, and no site.

use std::fmt;

use crate::batch_number::BatchNumber;
use crate::expiry::Expiry;
use crate::market::Market;
use crate::pack::PackState;
use crate::serial::Serial;
use crate::time::Timestamp;
use crate::verification::{AlertCode, Delivery, EntryMode, Operation, Submitted};

use super::id::AlertId;

/// Stands for a site in one alert: keyed by site **and alert**, so that two alerts of one site cannot be linked by it. Only
/// the verifiers' side can resolve it, for an authority (URS-VF-016, URS-AT-008).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pseudonym(pub [u8; 16]);

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Its own id.
    pub id: AlertId,
    /// Which alert.
    pub code: AlertCode,
    /// When the request was made that raised it; a replay keeps it.
    pub raised_at: Timestamp,
    /// The market in which was asked.
    pub market: Market,
    /// The market that answered, where it was another one.
    pub fulfilled_by: Option<Market>,
    /// The elements as sent.
    pub sent: Submitted,
    /// Their stored counterparts.
    pub known: Known,
    /// The pack's state when it was asked.
    pub state_before: Option<PackState>,
    /// Who asked for what.
    pub source: Source,
    /// How the elements came in.
    pub entry: EntryMode,
    /// At once or from a queue.
    pub delivery: Delivery,
    /// The site, blinded for this alert alone.
    pub pseudonym: Pseudonym,
    /// The change that brought the pack into the state it had.
    pub previous: Option<Previous>,
}

/// What is stored beside what was sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Known {
    /// A stored serial that the one sent can be explained by; the same one where the pack was found.
    pub serial: Option<Serial>,
    /// The batch the pack belongs to, or one that the one sent can be explained by.
    pub batch: Option<BatchNumber>,
    /// The stored expiry.
    pub expiry: Option<Expiry>,
}

/// From which process an alert comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// A site that verifies or books out.
    Site(Operation),
    /// The manufacturer's own change of pack states.
    ManufacturerStateUpdate,
    /// The manufacturer's own verification of packs.
    ManufacturerVerification,
}

/// The change before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Previous {
    /// When.
    pub at: Timestamp,
    /// To which state.
    pub state: PackState,
    /// Whether the same site did it. This is said of one pack and links no others.
    pub by: PreviousBy,
}

/// Who made the change before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PreviousBy {
    /// The site that raised the alert.
    SameSite,
    /// Another one.
    OtherSite,
}
