//! The empty state: says what to do next and offers a sample file (users.md 2.6).

use super::{Action, Download};
use askama::Template;

/// Shown where a list has no rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "piece/empty.html")]
pub struct EmptyState {
    /// "No lots yet", or "No lot matches these filters".
    pub heading: String,
    /// One sentence: what comes here and how.
    pub sentence: String,
    /// The next step.
    pub next: Option<Action>,
    /// A file to try with.
    pub sample: Option<Download>,
}

super::embeddable!(EmptyState);
