//! A pack's twin with what proves it, and what a scan or search found. A scanner is a keyboard that types fast: any page takes a scan
//! and comes here. The page never calls a code certain that is not.

use crate::pages::filters;
use crate::pages::{
    frame::Frame,
    piece::{Code, Download, EmptyState, Fact, FilterBar, Mark, Moment, Timeline, Title},
};
use askama::Template;

/// `GET /packs/{code}/{serial}`
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/pack.html")]
pub struct PackPage {
    /// The frame.
    pub frame: Frame,
    /// The title line with the pack's state.
    pub title: Title,
    /// The answer in one sentence: "Active at the hub since …".
    pub answer: String,
    /// Product, code, serial, lot, expiry, market, source.
    pub facts: Vec<Fact>,
    /// The day at whose end the pack is shown.
    pub as_of: FilterBar,
    /// Facts about the pack, newest first.
    pub timeline: Timeline,
    /// Messages that told of the pack, newest first.
    pub messages: Vec<PackMessageRow>,
    /// File, serial list, and the pack's line in it.
    pub proof: Vec<Fact>,
    /// Why neither messages nor proof can be shown; empty when they can.
    pub proof_fault: String,
    /// Whether the person may read the audit trail.
    pub may_read_audit: bool,
    /// The acts that concern the pack, oldest first.
    pub entries: Vec<ProofEntryRow>,
    /// The proof as a file.
    pub downloads: Vec<Download>,
}

/// A message that told of a pack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackMessageRow {
    /// Its page.
    pub href: String,
    /// Message id.
    pub id: Code,
    /// Through which connector.
    pub connector: String,
    /// "pack data", "recall of the lot".
    pub kind: String,
    /// What became of this pack in it.
    pub verdict: Mark,
    /// Why it was refused; may be empty.
    pub reason: String,
    /// When it left.
    pub sent_at: Option<Moment>,
    /// When it was answered.
    pub answered_at: Option<Moment>,
}

/// An entry of the audit trail that concerns a pack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProofEntryRow {
    /// Its place in the chain.
    pub number: u64,
    /// When.
    pub at: Moment,
    /// What was done.
    pub what: String,
    /// Its hash.
    pub hash: Code,
}

/// `GET /search?q=…`
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/search.html")]
pub struct SearchPage {
    /// The frame, with the search field filled.
    pub frame: Frame,
    /// The title line.
    pub title: Title,
    /// What was typed or scanned, unprintable characters made visible: `{GS}`.
    pub raw: String,
    /// What it was taken for: "GS1 Data Matrix", "lot number".
    pub recognised: String,
    /// How sure: "certain", "probable", "cannot tell".
    pub verdict: Mark,
    /// What the code says.
    pub elements: Vec<ScanElement>,
    /// What is wrong with the scan and what to do, one sentence each.
    pub faults: Vec<String>,
    /// What it may have been meant to say.
    pub candidates: Vec<ScanCandidate>,
    /// Packs, lots, products, messages that match.
    pub hits: Vec<SearchHit>,
    /// Shown when nothing matches.
    pub empty: EmptyState,
}

/// One element of a scanned code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanElement {
    /// Application identifier, "01".
    pub identifier: String,
    /// "GTIN".
    pub label: String,
    /// The value.
    pub value: Code,
    /// "check digit right", or what is wrong.
    pub mark: Mark,
}

/// What a faulty scan may have meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanCandidate {
    /// The corrected code.
    pub code: Code,
    /// What would have had to go wrong.
    pub reason: String,
    /// "low", "medium", "high".
    pub confidence: String,
    /// Search for it.
    pub href: String,
}

/// Something that matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchHit {
    /// "Pack", "Lot", "Product", "Message".
    pub kind: String,
    /// Its code.
    pub code: Code,
    /// A second line.
    pub note: String,
    /// Its state.
    pub state: Mark,
    /// Its page.
    pub href: String,
}
