//! The switches of the simulated hub: how it answers, and which faults it shows next or always.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// Everything that can be switched while it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// When the result of a document is told.
    pub answers: Answers,
    /// Faults of the coming documents, one each, in this order. Questions are not counted.
    pub next: VecDeque<Fault>,
    /// A fault of every document for which `next` holds none.
    pub always: Option<Fault>,
    /// How often each callback is delivered: 1, or more for duplicate delivery (F11).
    pub callback_copies: u32,
    /// Callbacks wait until so many are due and then leave in reverse order: 1 for at once (F12).
    pub callback_group: u32,
    /// Changes one field in the copies the hub gives of a product, for the drift panel.
    pub drift: Option<Drift>,
}

impl Default for Switches {
    fn default() -> Self {
        Switches {
            answers: Answers::Direct,
            next: VecDeque::new(),
            always: None,
            callback_copies: 1,
            callback_group: 1,
            drift: None,
        }
    }
}

/// When the result of a document is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answers {
    /// In the answer itself.
    Direct,
    /// A receipt first; the result by callback when the document names a callback address, and on asking.
    Late {
        /// How many questions are answered with a receipt again before the result is told.
        after_polls: u32,
        /// Milliseconds until the callback leaves.
        callback_ms: u64,
    },
    /// A receipt, and never a result (F15).
    Never,
}

/// One thing that goes wrong with one document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// None: a place in the queue that lets a document pass.
    Pass,
    /// The connection is cut before the TLS handshake.
    CutHandshake,
    /// Cut after the headers, before any byte of the body was taken.
    CutHeaders,
    /// Cut while the body arrives.
    CutBody,
    /// Cut after the whole document arrived; it is not processed.
    CutBeforeProcessing,
    /// The document is processed, then the connection is cut.
    LoseReply,
    /// The document is processed, half of the answer is sent, then the connection is cut.
    HalfReply,
    /// The document is processed, the answer comes late.
    Slow {
        /// Milliseconds until the answer.
        ms: u64,
    },
    /// The document is processed, the answer is right, the HTTP status is not.
    WrongStatus {
        /// The status instead.
        status: u16,
    },
    /// The document is processed, the answer is padded.
    Oversize {
        /// By so many bytes.
        bytes: usize,
    },
    /// Not processed; a redirect to another place.
    Redirect,
    /// Not processed; HTTP 503.
    Unavailable,
    /// Not processed; something that is no answer of the hub.
    Garbage,
    /// Refused with this code.
    Refuse {
        /// The hub's code, such as `A16`.
        code: String,
        /// The place it names.
        place: String,
    },
    /// Every nth pack of the message is refused, the others are taken: a partial acknowledgement.
    RefuseEvery {
        /// 1 refuses all.
        nth: u32,
    },
    /// Packs that are already held are refused one by one instead of with the whole message.
    PartialDuplicates,
}

/// A field that the hub's copy of a product has differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// The element, such as `Name`.
    pub element: String,
    /// Its value in the copy.
    pub value: String,
}

impl Switches {
    /// The fault of the document that arrives now.
    pub(crate) fn take(&mut self) -> Option<Fault> {
        self.next
            .pop_front()
            .or_else(|| self.always.clone())
            .filter(|fault| *fault != Fault::Pass)
    }

    /// Whether the connection that arrives now is cut before the handshake; takes that fault.
    pub(crate) fn take_handshake(&mut self) -> bool {
        if self.next.front() == Some(&Fault::CutHandshake) {
            self.next.pop_front();
            return true;
        }
        self.next.is_empty() && self.always == Some(Fault::CutHandshake)
    }
}
