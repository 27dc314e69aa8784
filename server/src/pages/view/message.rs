//! Messages (users.md 3.9): the list, and one message with the canonical fact on the left, the outgoing form on the
//! right, the rule per field, what was dropped and why, the answer and every attempt. The original event time is kept
//! through every retry.

use crate::pages::filters;
use crate::pages::{
    frame::Frame,
    piece::{Action, Code, Download, EmptyState, Fact, FilterBar, Mark, Moment, Pager, Title},
};
use askama::Template;

/// `GET /messages`
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/messages.html")]
pub struct MessagesPage {
    /// The frame.
    pub frame: Frame,
    /// The title line.
    pub title: Title,
    /// Connector, kind, state, object, time.
    pub filter: FilterBar,
    /// The rows of this page.
    pub rows: Vec<MessageRow>,
    /// Where the page stands in the list.
    pub pager: Pager,
    /// Shown when there is no row.
    pub empty: EmptyState,
}

/// A message in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageRow {
    /// Its page.
    pub href: String,
    /// Message id.
    pub id: Code,
    /// Connector's name.
    pub connector: String,
    /// What it carries: "pack data", "recall".
    pub kind: String,
    /// What it is about: "lot L-2291-07, part 2 of 3".
    pub object: String,
    /// Packs in it.
    pub packs: u64,
    /// Its state.
    pub state: Mark,
    /// Times it was tried.
    pub attempts: u64,
    /// When it was written to the outbox.
    pub created_at: Moment,
    /// When it was answered.
    pub answered_at: Option<Moment>,
}

/// `GET /messages/{id}`
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/message.html")]
pub struct MessagePage {
    /// The frame.
    pub frame: Frame,
    /// The title line; the primary action retries with the same idempotency key.
    pub title: Title,
    /// The answer in one sentence: "The hub acknowledged 24,000 packs."
    pub answer: String,
    /// Connector, kind, object, event time, idempotency key, schema release, size, SHA-256.
    pub facts: Vec<Fact>,
    /// Field by field: canonical, rule, outgoing.
    pub fields: Vec<MessageField>,
    /// What the outgoing form does not carry.
    pub dropped: Vec<DroppedField>,
    /// The outgoing document, or its beginning.
    pub document: String,
    /// Whether `document` is only the beginning.
    pub is_document_cut: bool,
    /// What came back; `None` while nothing did.
    pub response: Option<MessageResponse>,
    /// Attempts, newest first.
    pub attempts: Vec<Attempt>,
    /// Ask the hub, export.
    pub actions: Vec<Action>,
    /// Outgoing document, response, canonical JSON.
    pub downloads: Vec<Download>,
}

/// A field on its way from the canonical fact to the outgoing document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageField {
    /// Canonical field: "lot.expiry".
    pub canonical: String,
    /// Canonical value.
    pub canonical_value: String,
    /// The rule that writes it, in words: "day 00 becomes the last day of the month".
    pub rule: String,
    /// Outgoing field: "Batch/ExpiryDate".
    pub outgoing: String,
    /// Outgoing value.
    pub outgoing_value: String,
}

/// A field the outgoing form does not carry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DroppedField {
    /// Canonical field.
    pub canonical: String,
    /// Canonical value.
    pub value: String,
    /// Why it is not carried.
    pub reason: String,
}

/// What came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageResponse {
    /// "acknowledged", "refused", "waiting", "unknown".
    pub mark: Mark,
    /// When.
    pub at: Moment,
    /// What it says in plain words, with the hub's own code.
    pub sentence: String,
    /// The answer as it came.
    pub document: String,
}

/// One attempt to send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// Number, from 1.
    pub number: u64,
    /// When.
    pub at: Moment,
    /// Its outcome.
    pub mark: Mark,
    /// What happened.
    pub sentence: String,
    /// Time to the answer in milliseconds.
    pub milliseconds: Option<u64>,
}
