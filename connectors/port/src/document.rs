//! The translating half of a connector: facts become documents, and documents can be explained field by field.

use std::io;

use packtwin_core::environment::Environment;
use packtwin_core::fact::{Fact, SerialSource};
use packtwin_core::refusal::Refusals;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;

use crate::verdict::Verdict;

/// What surrounds a document and is not part of the fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Our id of the message. The far side correlates by it, and a repeat carries the same.
    pub message_id: String,
    /// When it happened: a replay keeps it.
    pub event_at: Timestamp,
    /// Under which name the far side knows the sender.
    pub sender: String,
    /// The release of the far side's interface to write for, such as `1.16`.
    pub release: String,
    /// The environment of this site: every document says it, so that test data cannot pass for real (URS-CN-009).
    pub environment: Environment,
    /// Where the far side shall send its late answers, if it calls back.
    pub callback_url: Option<String>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Packs in the document.
    pub packs: u64,
    /// First and last serial, when there are packs.
    pub range: Option<(Serial, Serial)>,
    /// Bytes of the document.
    pub bytes: u64,
}

/// Why no document was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The fact lacks what the far side demands. All faults at once, each with its JSON pointer.
    #[error("the document cannot be written: {0}")]
    Refused(Refusals),
    /// The connector has no document for this kind of fact.
    #[error("{connector} has no document for {kind}")]
    NotCarried {
        /// The connector.
        connector: &'static str,
        /// The kind of fact.
        kind: &'static str,
    },
    /// Reading serials or writing bytes failed.
    #[error("the document could not be written")]
    Io(#[from] io::Error),
}

/// How one field of a fact went into the document: the middle column of the message page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldTrace {
    /// The canonical place, e.g. `markets/DE/holder/name`.
    pub canonical: String,
    /// The canonical value.
    pub value: String,
    /// The place in the outgoing document, `None` when the field is dropped.
    pub outgoing: Option<String>,
    /// The outgoing value, `None` when the field is dropped.
    pub outgoing_value: Option<String>,
    /// The rule that was applied, or why the field is dropped, in one sentence.
    pub rule: String,
}

/// A translator for one far side.
pub trait Connector: Send + Sync {
    /// The name in register, database and API, e.g. `eu_hub`.
    fn name(&self) -> &'static str;

    /// The releases of the far side's interface it can write for, newest last.
    fn releases(&self) -> &'static [&'static str];

    /// Everything that keeps this fact from being sent, without writing anything.
    ///
    /// # Errors
    /// All faults at once.
    fn check(&self, fact: &Fact, envelope: &Envelope) -> Result<(), Refusals>;

    /// Writes the document of a fact, streaming.
    ///
    /// # Errors
    /// See [`WriteError`]; what was written so far is to be thrown away.
    fn write(
        &self,
        fact: &Fact,
        serials: &mut dyn SerialSource,
        envelope: &Envelope,
        out: &mut dyn io::Write,
    ) -> Result<Written, WriteError>;

    /// Writes the question "what became of this message?".
    ///
    /// # Errors
    /// Writing bytes failed.
    fn write_query(
        &self,
        message_id: &str,
        envelope: &Envelope,
        out: &mut dyn io::Write,
    ) -> io::Result<()>;

    /// Reads the answer to a document or a question, or a callback. Never fails: what cannot be read is
    /// [`Verdict::Unknown`].
    fn read_reply(&self, status: u16, body: &[u8]) -> Reply;

    /// How each field of the fact goes into the document.
    fn trace(&self, fact: &Fact, envelope: &Envelope) -> Vec<FieldTrace>;
}

/// A reply with the message it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The message id the reply names, when it names one.
    pub message_id: Option<String>,
    /// What it means.
    pub verdict: Verdict,
}
