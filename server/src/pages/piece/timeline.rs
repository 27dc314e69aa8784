//! A vertical line of what happened, newest first: an object's history, a pack's life, the last events of the site.

use super::{Moment, Tone};
use askama::Template;

/// One thing that happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimelineEntry {
    /// When.
    pub at: Moment,
    /// The tone of its dot.
    pub tone: Tone,
    /// What happened, a plain sentence.
    pub what: String,
    /// Who or which part did it.
    pub who: String,
    /// Old and new value, reason, source; may be empty.
    pub detail: String,
    /// Where to read on.
    pub href: Option<String>,
}

/// A timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "piece/timeline.html")]
pub struct Timeline {
    /// Newest first.
    pub entries: Vec<TimelineEntry>,
    /// Said when there is no entry.
    pub when_empty: String,
}

super::embeddable!(Timeline);
