//! Captured documents of partners: the list, and one document with all that was found in it (users.md 1.3, 2, 5).

use crate::pages::filters;
use crate::pages::{
    frame::Frame,
    piece::{Code, EmptyState, Fact, FilterBar, Link, Mark, Moment, Pager, Title},
};
use askama::Template;

/// `GET /captures`
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/captures.html")]
pub struct CapturesPage {
    /// The frame.
    pub frame: Frame,
    /// The title line.
    pub title: Title,
    /// What waits in the hierarchy, in one sentence; empty where nothing does.
    pub answer: String,
    /// State.
    pub filter: FilterBar,
    /// The rows of this page.
    pub rows: Vec<CaptureRow>,
    /// Where the page stands in the list.
    pub pager: Pager,
    /// Shown when there is no row.
    pub empty: EmptyState,
}

/// A captured document in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaptureRow {
    /// Its page.
    pub href: String,
    /// Its id.
    pub id: Code,
    /// Who the document says sent it.
    pub sender: String,
    /// Its state.
    pub state: Mark,
    /// Events stored, those that were there already too.
    pub events: u64,
    /// Facts that wait or contradict.
    pub parked: u64,
    /// Errors.
    pub errors: u64,
    /// When it came.
    pub at: Moment,
}

/// `GET /captures/{id}`
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/capture.html")]
pub struct CapturePage {
    /// The frame.
    pub frame: Frame,
    /// The title line with the state.
    pub title: Title,
    /// What became of the document, in one sentence.
    pub answer: String,
    /// Sender, length, hash, sums.
    pub facts: Vec<Fact>,
    /// The job.
    pub links: Vec<Link>,
    /// Findings of this page, in the order of finding.
    pub rows: Vec<CaptureFindingRow>,
    /// Where the page stands among the findings.
    pub pager: Pager,
}

/// Something found in a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaptureFindingRow {
    /// The event, counted from 1; 0 for the document.
    pub event: u64,
    /// The line.
    pub line: u64,
    /// The stable code.
    pub code: String,
    /// How bad it is.
    pub severity: Mark,
    /// What is wrong.
    pub text: String,
    /// What to do.
    pub remedy: String,
    /// The value that would mend it.
    pub proposal: Option<String>,
}
