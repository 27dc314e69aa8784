//! Jobs (users.md 2.4): every long task with progress, cancel, result and log. Leaving the page never stops it.

use crate::pages::filters;
use crate::pages::{
    frame::Frame,
    piece::{
        Action, Code, Download, EmptyState, Fact, FilterBar, Link, Mark, Moment, Pager, Progress,
        Title, Tone,
    },
};
use askama::Template;

/// `GET /jobs`
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/jobs.html")]
pub struct JobsPage {
    /// The frame.
    pub frame: Frame,
    /// The title line.
    pub title: Title,
    /// Kind, state, by, time.
    pub filter: FilterBar,
    /// The rows of this page.
    pub rows: Vec<JobRow>,
    /// Where the page stands in the list.
    pub pager: Pager,
    /// Shown when there is no row.
    pub empty: EmptyState,
}

/// A job in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobRow {
    /// Its page.
    pub href: String,
    /// Job id.
    pub id: Code,
    /// "Check upload", "Send lot".
    pub kind: String,
    /// What it works on.
    pub object: String,
    /// Its state.
    pub state: Mark,
    /// Whole per cent done; 100 once ended well.
    pub percent: u64,
    /// Who started it.
    pub by: String,
    /// When it started.
    pub started_at: Option<Moment>,
    /// When it ended.
    pub ended_at: Option<Moment>,
}

/// `GET /jobs/{id}`
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/job.html")]
pub struct JobPage {
    /// The frame.
    pub frame: Frame,
    /// The title line; the primary action opens the result.
    pub title: Title,
    /// Progress while it runs.
    pub progress: Option<Progress>,
    /// The result in one sentence; empty while it runs.
    pub result: String,
    /// What the job made.
    pub links: Vec<Link>,
    /// Kind, object, by, started, ended, attempts.
    pub facts: Vec<Fact>,
    /// Pause, cancel; refused with reason after commit.
    pub actions: Vec<Action>,
    /// The last lines of its log, newest first.
    pub log: Vec<LogLine>,
    /// The whole log.
    pub downloads: Vec<Download>,
}

/// A line of a job's log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogLine {
    /// When.
    pub at: Moment,
    /// How grave.
    pub tone: Tone,
    /// What.
    pub text: String,
}
