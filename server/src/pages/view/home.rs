//! Home, "today" (users.md 3.1): what waits, with number and link, and the last fifty events.

use crate::pages::filters;
use crate::pages::{
    frame::Frame,
    piece::{EmptyState, Timeline, Title, Tone},
};
use askama::Template;

/// `GET /`
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/home.html")]
pub struct HomePage {
    /// The frame.
    pub frame: Frame,
    /// The title line; its note is the date.
    pub title: Title,
    /// The answer in one sentence: "3 lots wait to be sent. 1 upload needs your decision."
    pub answer: String,
    /// What the answer feels like.
    pub answer_tone: Tone,
    /// What waits, in order of urgency.
    pub tiles: Vec<Tile>,
    /// The last fifty events.
    pub timeline: Timeline,
    /// Shown instead of the tiles on a fresh tenant.
    pub empty: Option<EmptyState>,
}

/// One number with its link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tile {
    /// What is counted: "Lots to send".
    pub label: String,
    /// How many, exact.
    pub count: u64,
    /// A short second line: "oldest 3 h", "next in 12 days". May be empty.
    pub note: String,
    /// Neutral when the count is nothing to worry about.
    pub tone: Tone,
    /// The rows behind the number.
    pub href: String,
}
