//! Server paging by cursor: exact count, what is shown, and links forward and back. Works with ten million rows, since
//! nobody counts pages.

use crate::pages::filters;
use askama::Template;

/// Where a list page stands in its list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "piece/pager.html")]
pub struct Pager {
    /// What is counted, in the plural: "lots".
    pub noun: String,
    /// Rows in the whole filtered list, exact; 0 where it was not counted.
    pub total: u64,
    /// Number of the first row shown, from 1; 0 when there is none.
    pub first: u64,
    /// Number of the last row shown.
    pub last: u64,
    /// Link to the page before.
    pub previous_href: Option<String>,
    /// Link to the page after.
    pub next_href: Option<String>,
}

super::embeddable!(Pager);
