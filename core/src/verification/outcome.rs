//! The canonical answer: outcome, state, alert or the reason why there is none, and what the stores are to write.
//!
//! Outcome and alert are two things (design, idea 3): one return code can come with or without an alert, and two dialects
//! write one outcome. The words of [`Outcome::as_str`] are ours and never change their meaning.

use std::fmt;

use crate::fact::Fact;
use crate::market::Market;
use crate::pack::{EffectiveState, PackState};
use crate::time::Timestamp;

use super::found::LastChange;

/// Declares outcomes with their words, so that none is forgotten in either direction.
macro_rules! outcomes {
    ($($(#[$doc:meta])* $variant:ident $word:literal,)*) => {
        /// What came of a request.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Outcome { $($(#[$doc])* $variant,)* }

        impl Outcome {
            /// Every outcome.
            pub const ALL: &[Outcome] = &[$(Outcome::$variant,)*];

            /// The stable word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Outcome::$variant => $word,)* }
            }
        }
    };
}

outcomes! {
    /// Done, or verified as active.
    Ok "OK",
    /// No market knows the product.
    ProductUnknown "PRODUCT_UNKNOWN",
    /// Neither batch nor serial is known for the product.
    BatchUnknown "BATCH_UNKNOWN",
    /// The batch is known, the serial is not.
    SerialUnknown "SERIAL_UNKNOWN",
    /// The serial belongs to another batch.
    BatchMismatch "BATCH_MISMATCH",
    /// The expiry differs.
    ExpiryMismatch "EXPIRY_MISMATCH",
    /// As BATCH_UNKNOWN, taken for a typing error.
    BatchUnknownTolerated "BATCH_UNKNOWN_TOLERATED",
    /// As SERIAL_UNKNOWN, taken for a typing error.
    SerialUnknownTolerated "SERIAL_UNKNOWN_TOLERATED",
    /// As BATCH_MISMATCH, taken for a typing error.
    BatchMismatchTolerated "BATCH_MISMATCH_TOLERATED",
    /// As EXPIRY_MISMATCH, taken for a typing error.
    ExpiryMismatchTolerated "EXPIRY_MISMATCH_TOLERATED",
    /// Verified: the pack is known and no longer active.
    InactiveReported "INACTIVE_REPORTED",
    /// The batch is recalled here.
    BatchRecalled "BATCH_RECALLED",
    /// The product is withdrawn here.
    ProductWithdrawn "PRODUCT_WITHDRAWN",
    /// The expiry has passed.
    Expired "EXPIRED",
    /// The pack was taken out of circulation before.
    AlreadyInactive "ALREADY_INACTIVE",
    /// The same removal from the same site again, tolerated.
    RepeatTolerated "REPEAT_TOLERATED",
    /// The last one that is tolerated.
    RepeatToleratedLast "REPEAT_TOLERATED_LAST",
    /// One too many.
    RepeatLimitExceeded "REPEAT_LIMIT_EXCEEDED",
    /// The ten days are over.
    UndoTooLate "UNDO_TOO_LATE",
    /// Another site took the pack out.
    UndoOtherSite "UNDO_OTHER_SITE",
    /// The pack is active.
    UndoNotNeeded "UNDO_NOT_NEEDED",
    /// Destroyed and stolen stay.
    UndoIrreversible "UNDO_IRREVERSIBLE",
    /// The undo names another operation than the one that took the pack out.
    UndoMismatch "UNDO_MISMATCH",
    /// Recalled, withdrawn or expired packs stay as they are.
    UndoBlockedLayer "UNDO_BLOCKED_LAYER",
    /// This role may not do this here.
    Forbidden "FORBIDDEN",
    /// The elements cannot be those of a pack; nothing was looked up.
    InvalidInput "INVALID_INPUT",
    /// The client's transaction id was used before.
    DuplicateTransaction "DUPLICATE_TRANSACTION",
    /// The same serial twice in one bulk request.
    DuplicateSerials "DUPLICATE_SERIALS",
    /// Another number of packs than stated.
    CountMismatch "COUNT_MISMATCH",
    /// More packs than one request may hold.
    TooManyPacks "TOO_MANY_PACKS",
    /// A bulk request without content.
    InvalidBody "INVALID_BODY",
    /// A bulk request was taken; its answers are picked up later.
    Accepted "ACCEPTED",
    /// Its answers are not there yet.
    NotReady "NOT_READY",
    /// The repository could not be asked; the pack was not judged.
    SystemUnavailable "SYSTEM_UNAVAILABLE",
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The alerts of the highest level, as the hub forwards them (emvs.md 3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AlertCode {
    /// Batch not found.
    A2,
    /// Pack not found.
    A3,
    /// Pack already in the requested state.
    A7,
    /// Status change could not be performed.
    A24,
    /// Expiry mismatch.
    A52,
    /// Batch mismatch.
    A68,
}

impl AlertCode {
    /// Every alert.
    pub const ALL: [AlertCode; 6] = [
        AlertCode::A2,
        AlertCode::A3,
        AlertCode::A7,
        AlertCode::A24,
        AlertCode::A52,
        AlertCode::A68,
    ];

    /// The code as forwarded.
    pub const fn as_str(self) -> &'static str {
        match self {
            AlertCode::A2 => "A2",
            AlertCode::A3 => "A3",
            AlertCode::A7 => "A7",
            AlertCode::A24 => "A24",
            AlertCode::A52 => "A52",
            AlertCode::A68 => "A68",
        }
    }

    /// Reads the code.
    pub fn parse(text: &str) -> Option<Self> {
        AlertCode::ALL
            .into_iter()
            .find(|code| code.as_str() == text)
    }

    /// What it says, in words a person at a counter understands.
    pub const fn sentence(self) -> &'static str {
        match self {
            AlertCode::A2 => "The batch is not known for this product.",
            AlertCode::A3 => "The serial number is not known for this product.",
            AlertCode::A7 => "The pack already is in the requested state.",
            AlertCode::A24 => "The state of the pack does not allow this change.",
            AlertCode::A52 => "The expiry date differs from the one stored.",
            AlertCode::A68 => "The serial number belongs to another batch.",
        }
    }
}

/// Whether somebody is alarmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Alarm {
    /// An alert is raised.
    Raise(AlertCode),
    /// None, for this reason.
    Silent(Silence),
}

impl Alarm {
    /// The alert raised.
    pub const fn code(self) -> Option<AlertCode> {
        match self {
            Alarm::Raise(code) => Some(code),
            Alarm::Silent(_) => None,
        }
    }
}

/// Why nobody is alarmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Silence {
    /// Nothing is wrong.
    NothingWrong,
    /// Looking at a known pack never alarms (R7).
    KnownPackVerified,
    /// The question was asked in the form that never alarms (Art. 36(f)).
    StatusQuery,
    /// A product that no market knows is out of scope (R1).
    OutOfScope,
    /// A repeat within the limit (R9).
    ToleratedRepeat,
    /// A typing error within the limit (R6).
    ToleratedTyping,
    /// Recalled, withdrawn and expired are shown as such (Art. 36(b), R12, R14).
    LayerShown,
    /// There was nothing to undo (R13).
    NothingToUndo,
    /// The market's profile says so (R16, R17).
    Profile,
    /// The request itself is at fault, or the system: the pack was not judged (R20).
    NotJudged,
}

/// What stands over a pack and cannot be changed from below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layer {
    /// The product is withdrawn from the market.
    Withdrawn,
    /// The batch is recalled in the market.
    Recalled,
    /// The expiry has passed.
    Expired,
}

impl Layer {
    /// The outcome that names it.
    pub const fn outcome(self) -> Outcome {
        match self {
            Layer::Withdrawn => Outcome::ProductWithdrawn,
            Layer::Recalled => Outcome::BatchRecalled,
            Layer::Expired => Outcome::Expired,
        }
    }
}

/// What is to be written about the pack, together with the record of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// Nothing.
    Nothing,
    /// A new state, with the change that brought it about. Compare-and-set from `from`.
    State {
        /// The state before.
        from: PackState,
        /// The state after.
        to: PackState,
        /// The change.
        last: LastChange,
    },
    /// Another repeat was counted.
    Repeat {
        /// How many there are now.
        repeats: u32,
    },
}

/// What is to be remembered of the asker's typing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typing {
    /// Nothing new.
    Unchanged,
    /// Another error: so many now.
    Errors(u32),
    /// Typed right: the count begins again.
    Cleared,
}

/// Until when the asker may undo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UndoOffer {
    /// The last instant; `None` without limit.
    pub until: Option<Timestamp>,
}

/// The answer to one request.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// What came of it.
    pub outcome: Outcome,
    /// The pack's own state afterwards; `None` where no pack was found or judged.
    pub state: Option<PackState>,
    /// What counts for whoever holds the pack, afterwards.
    pub effective: Option<EffectiveState>,
    /// What stands over the pack.
    pub layer: Option<Layer>,
    /// Whether the pack's last change came from the site that asks.
    pub same_site: bool,
    /// Whether another market answered.
    pub intermarket: bool,
    /// Markets in which the batch is recalled or the product withdrawn although it counts as active here.
    pub warned: Vec<Market>,
    /// Who is alarmed.
    pub alarm: Alarm,
    /// What is to be written about the pack.
    pub write: Write,
    /// What is to be remembered of the typing.
    pub typing: Typing,
    /// What happened, for whoever has to be told.
    pub fact: Option<Fact>,
    /// Whether and until when the asker may undo now.
    pub undo: Option<UndoOffer>,
}

impl Decision {
    /// A decision about the request alone: no pack was looked at.
    pub fn of_request(outcome: Outcome, alarm: Alarm) -> Self {
        Decision {
            outcome,
            state: None,
            effective: None,
            layer: None,
            same_site: false,
            intermarket: false,
            warned: Vec::new(),
            alarm,
            write: Write::Nothing,
            typing: Typing::Unchanged,
            fact: None,
            undo: None,
        }
    }

    /// The word of the outcome; an answer of another market says so.
    pub const fn word(&self) -> &'static str {
        match (self.outcome, self.intermarket) {
            (Outcome::Ok, true) => "OK_IMT",
            (outcome, _) => outcome.as_str(),
        }
    }

    /// Whether the pack may be handed over: active, of an active batch and product, not expired, and asked without fault.
    pub fn may_be_supplied(&self) -> bool {
        self.outcome == Outcome::Ok && self.effective == Some(EffectiveState::Active)
    }
}
