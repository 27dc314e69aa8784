//! The filter bar above a list. Filters live in the address (users.md 2.7), so a filtered list can be sent to a
//! colleague; each filter in force is a chip whose link is the same address without it.

use super::{Input, Link};
use crate::pages::filters;
use askama::Template;

/// One filter in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chip {
    /// What is filtered: "State".
    pub label: String,
    /// To what: "failed".
    pub value: String,
    /// The same list without this filter.
    pub remove_href: String,
}

/// A quick choice with its count, such as a state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuickFilter {
    /// Words shown.
    pub label: String,
    /// How many rows it would leave.
    pub count: u64,
    /// The list with this filter.
    pub href: String,
    /// Whether it is in force.
    pub active: bool,
}

/// The filter bar of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "piece/filter.html")]
pub struct FilterBar {
    /// The list's own path; the form is sent there with GET.
    pub action: String,
    /// Quick choices on the left.
    pub quick: Vec<QuickFilter>,
    /// Further fields, folded away until asked for.
    pub inputs: Vec<Input>,
    /// Filters in force.
    pub chips: Vec<Chip>,
    /// The filtered list as a file, if it can be fetched.
    pub export: Option<Link>,
}

super::embeddable!(FilterBar);
