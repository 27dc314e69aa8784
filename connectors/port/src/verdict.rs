//! What a far side's answer means. Accepted, waiting, refused or unknown; unknown is never treated as any of the others.

use packtwin_core::code::Code;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;

/// The meaning of a reply or callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The far side holds everything the document said.
    Accepted(Acknowledgement),
    /// Received; the result comes later by callback or on asking.
    Waiting {
        /// What to ask for.
        reference: String,
    },
    /// The far side holds a part: all packs but the named ones.
    Partial {
        /// The acknowledgement of the part it holds.
        acknowledgement: Acknowledgement,
        /// The packs it does not hold.
        refused: Vec<RefusedPack>,
    },
    /// The far side holds nothing of the document.
    Refused {
        /// Why, all reasons.
        faults: Vec<FarFault>,
    },
    /// The far side says that it never received the document: it may be sent (again).
    NotReceived,
    /// The answer cannot be understood, or contradicts what is known. Ask before sending again.
    Unknown {
        /// What was wrong with the answer.
        why: String,
    },
}

/// The far side's confirmation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Its id at the far side.
    pub id: String,
    /// When the far side says it happened.
    pub at: Option<Timestamp>,
    /// How many packs it says it holds of this document.
    pub packs: u64,
    /// Accepted, but someone should look.
    pub warnings: Vec<FarFault>,
}

/// A reason in the far side's words and ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FarFault {
    /// The far side's code, such as `A16` or `I1`.
    pub code: String,
    /// The place it names, in its own notation.
    pub place: String,
    /// Its text.
    pub text: String,
    /// Our code for it.
    pub ours: Code,
    /// What it means and what to do, in our words.
    pub advice: String,
}

/// A pack the far side does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedPack {
    /// Its serial.
    pub serial: Serial,
    /// Why.
    pub fault: FarFault,
}
