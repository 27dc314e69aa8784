//! The audit trail (users.md 3.17, the part road 1 needs): who, when, what, old, new, why, and whether the chain holds.

use crate::pages::filters;
use crate::pages::{
    frame::Frame,
    piece::{Code, EmptyState, FilterBar, Mark, Moment, Pager, Title},
    view::AdministrationTab,
};
use askama::Template;

/// `GET /administration/audit`
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/audit.html")]
pub struct AuditPage {
    /// The frame.
    pub frame: Frame,
    /// The title line.
    pub title: Title,
    /// The tab this is.
    pub tab: AdministrationTab,
    /// Whether the hash chain holds: "unbroken, 4,812 entries".
    pub chain: Mark,
    /// Person, object, action, time.
    pub filter: FilterBar,
    /// The rows of this page.
    pub rows: Vec<AuditRow>,
    /// Where the page stands in the list.
    pub pager: Pager,
    /// Shown when no row matches.
    pub empty: EmptyState,
}

/// An audit entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditRow {
    /// When.
    pub at: Moment,
    /// Who, by name.
    pub who: String,
    /// Who, as the trail has it.
    pub actor: String,
    /// What was done, in words.
    pub what: String,
    /// What was done, as the trail has it.
    pub action: String,
    /// To what, as people call it.
    pub object: String,
    /// The object's page.
    pub object_href: Option<String>,
    /// Field, where one changed.
    pub field: String,
    /// Old value.
    pub old: String,
    /// New value.
    pub new: String,
    /// Why.
    pub reason: String,
    /// Request id.
    pub request_id: Code,
}
