//! What ends within ninety days (users.md 3.1): certificates, API keys and invitations in one list, the soonest first, so
//! that the number on the home page leads to its rows.

use crate::pages::filters;
use crate::pages::{
    frame::Frame,
    piece::{EmptyState, Mark, Moment, Title},
    view::AdministrationTab,
};
use askama::Template;

/// `GET /administration/expiring`
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/expiring.html")]
pub struct ExpiringPage {
    /// The frame.
    pub frame: Frame,
    /// The title line.
    pub title: Title,
    /// The tab shown as open.
    pub tab: AdministrationTab,
    /// The soonest first.
    pub rows: Vec<ExpiringRow>,
    /// Shown when nothing ends.
    pub empty: EmptyState,
}

/// Something that ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpiringRow {
    /// Where it is renewed.
    pub href: String,
    /// "Client certificate", "API key", "Invitation".
    pub kind: String,
    /// Whose or of what.
    pub name: String,
    /// "41 days left", "ended".
    pub state: Mark,
    /// When it ends.
    pub ends_at: Moment,
    /// What stops working then, one sentence.
    pub consequence: String,
    /// What to do, one sentence.
    pub remedy: String,
}
