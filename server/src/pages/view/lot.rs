//! Lots (users.md 3.6): list, one lot with its completeness, and the receipt for the Qualified Person. Confirming a send,
//! recall or withdrawal is a page of its own; see `confirm`.

use crate::pages::filters;
use crate::pages::{
    frame::Frame,
    piece::{
        Action, Code, Completeness, Download, EmptyState, Fact, FilterBar, Form, Mark, Moment,
        Pager, Progress, Timeline, Title,
    },
};
use askama::Template;

use super::FarRefusalLine;

/// `GET /lots`
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/lots.html")]
pub struct LotsPage {
    /// The frame.
    pub frame: Frame,
    /// The title line.
    pub title: Title,
    /// Product, lot, expiry, market, state, difference not zero.
    pub filter: FilterBar,
    /// The rows of this page.
    pub rows: Vec<LotRow>,
    /// Where the page stands in the list.
    pub pager: Pager,
    /// Shown when there is no row.
    pub empty: EmptyState,
}

/// A lot in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LotRow {
    /// Its page.
    pub href: String,
    /// Product name.
    pub product: String,
    /// Product code.
    pub code: Code,
    /// Lot number.
    pub lot: Code,
    /// Expiry, `YYYY-MM` or `YYYY-MM-DD`.
    pub expiry: String,
    /// Produced according to the batch record; `None` until someone says.
    pub produced: Option<u64>,
    /// Stored here.
    pub stored: u64,
    /// Sent to the hub.
    pub sent: u64,
    /// Acknowledged by the hub.
    pub acknowledged: u64,
    /// Its state.
    pub state: Mark,
}

impl LotRow {
    /// Whether the stored count is known to differ from the produced one.
    pub fn stored_differs(&self) -> bool {
        self.produced
            .is_some_and(|produced| produced != self.stored)
    }
}

/// `GET /lots/{product}/{lot}`
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/lot.html")]
pub struct LotPage {
    /// The frame.
    pub frame: Frame,
    /// The title line; the primary action sends, and says how many packs.
    pub title: Title,
    /// The answer in one sentence: "All 24,000 packs are acknowledged." or what is missing.
    pub answer: String,
    /// What the hub refused of it and what did not leave anew.
    pub far_refusals: Vec<FarRefusalLine>,
    /// The four numbers.
    pub completeness: Completeness,
    /// Progress while packs are on their way.
    pub progress: Option<Progress>,
    /// Product, code, lot, expiry, markets, version, source file.
    pub facts: Vec<Fact>,
    /// Why it cannot be sent, in words; empty when nothing blocks.
    pub blocked: Vec<String>,
    /// Packs that make up the differences; the first hundred.
    pub differences: Vec<LotDifference>,
    /// How many there are in all.
    pub differences_total: u64,
    /// All of them.
    pub differences_href: String,
    /// Send difference only, state the produced count, recall, withdraw.
    pub actions: Vec<Action>,
    /// The count of the batch record, for those who may enter it.
    pub produced: Option<Form>,
    /// Messages about this lot.
    pub messages: Vec<LotMessage>,
    /// Receipt, reconciliation CSV and JSON, hub documents.
    pub downloads: Vec<Download>,
    /// History, newest first.
    pub timeline: Timeline,
}

/// A pack that is at one step and not at the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LotDifference {
    /// Serial number.
    pub serial: Code,
    /// "stored, not sent", "sent, not acknowledged", "refused".
    pub mark: Mark,
    /// Why, as far as known.
    pub reason: String,
    /// The message that answers it.
    pub message_href: Option<String>,
}

/// A message about a lot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LotMessage {
    /// Its page.
    pub href: String,
    /// Message id.
    pub id: Code,
    /// Connector's name.
    pub connector: String,
    /// What it carries: "pack data, part 2 of 3".
    pub kind: String,
    /// Packs in it.
    pub packs: u64,
    /// Its state.
    pub state: Mark,
    /// When it was sent.
    pub sent_at: Option<Moment>,
    /// When it was answered.
    pub answered_at: Option<Moment>,
}

/// `GET /lots/{product}/{lot}/receipt`: one printable sheet for the Qualified Person.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/lot_receipt.html")]
pub struct LotReceiptPage {
    /// The frame; not printed.
    pub frame: Frame,
    /// The title line; not printed.
    pub title: Title,
    /// The finding in one sentence, true at `written_at`.
    pub statement: String,
    /// "complete" or what is open.
    pub state: Mark,
    /// When the receipt was written.
    pub written_at: Moment,
    /// Receipt number.
    pub number: String,
    /// Product, code, lot, expiry, markets, holder.
    pub facts: Vec<Fact>,
    /// The four numbers.
    pub completeness: Completeness,
    /// Sampled, destroyed and other counts.
    pub counts: Vec<Fact>,
    /// Source files with hash.
    pub sources: Vec<ReceiptSource>,
    /// What the hub acknowledged.
    pub acknowledgements: Vec<ReceiptAcknowledgement>,
    /// SHA-256 over the receipt's JSON form.
    pub sha256: String,
    /// JSON form.
    pub downloads: Vec<Download>,
}

/// A file a lot came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceiptSource {
    /// File name.
    pub file: String,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    /// Packs taken from it.
    pub packs: u64,
    /// When it was received.
    pub received_at: Moment,
    /// SHA-256 of its sorted serial list, in hexadecimal.
    pub list_sha256: String,
}

/// What the hub acknowledged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceiptAcknowledgement {
    /// Our message id.
    pub message_id: String,
    /// The hub's id.
    pub hub_id: String,
    /// Packs acknowledged.
    pub packs: u64,
    /// When it was sent.
    pub sent_at: Moment,
    /// When it was acknowledged.
    pub acknowledged_at: Moment,
    /// SHA-256 of the document sent.
    pub sha256: String,
}
