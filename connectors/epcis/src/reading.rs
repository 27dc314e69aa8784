//! What every reader of events gives back, whatever the form: the head, event after event, and what stands behind them.
//!
//! Memory stays flat: one event at a time. A deviation is a finding with its line; only a document that cannot be read on
//! is refused.

use std::io;

use packtwin_core::code::Code;
use packtwin_core::finding::Finding;

use crate::document::{DocumentHead, Vocabulary};
use crate::event::Event;
use crate::extension::Element;

/// Bytes of text one event may hold.
pub const EVENT_BYTES_MAX: usize = 24 << 20;
/// Bytes of text that may stand outside of events: header, master data, messages.
pub const HEAD_BYTES_MAX: usize = 24 << 20;
/// Elements or values that may stand in each other.
pub const DEPTH_MAX: usize = 64;

/// What was read last.
#[derive(Debug)]
pub enum Step {
    /// All that stands before the first event.
    Head(Box<DocumentHead>),
    /// An event, which lies in the buffer that was handed in.
    Event,
    /// Master data in the body: a master data document, or the answer to a query for master data.
    MasterData(Vec<Vocabulary>),
    /// A message of the query interface.
    Message(Element),
    /// Foreign elements of the document behind the body.
    Tail(Vec<Element>),
    /// The document is complete.
    Complete,
}

/// Reads one document.
pub trait EventReader {
    /// The next part; findings about it are added to `findings`. `event` is overwritten where the part is an event.
    ///
    /// # Errors
    /// The document cannot be read on.
    fn next(
        &mut self,
        event: &mut Event,
        findings: &mut Vec<Finding>,
    ) -> Result<Step, ReadingError>;

    /// Bytes of the document read so far.
    fn bytes_read(&self) -> u64;
}

impl<R: EventReader + ?Sized> EventReader for Box<R> {
    fn next(
        &mut self,
        event: &mut Event,
        findings: &mut Vec<Finding>,
    ) -> Result<Step, ReadingError> {
        (**self).next(event, findings)
    }

    fn bytes_read(&self) -> u64 {
        (**self).bytes_read()
    }
}

/// Why a document cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum ReadingError {
    /// A fault of the document.
    #[error("{}", .0.text)]
    Refused(Finding),
    /// The bytes could not be fetched.
    #[error("the document could not be read")]
    Io(#[from] io::Error),
}

impl ReadingError {
    /// A refusal at a line.
    pub fn refused(code: Code, line: u64, text: impl Into<String>) -> Self {
        ReadingError::Refused(Finding::error(code, line, "", text))
    }
}
