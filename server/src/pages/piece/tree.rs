//! A tree with counts: containers and what is in them. The rows come flat, in order of reading, with their depth.

use super::{Code, Mark};
use crate::pages::filters;
use askama::Template;

/// One row of a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TreeRow {
    /// 0 for the root.
    pub depth: u8,
    /// "pallet", "case", "bundle", "unit".
    pub level: String,
    /// SSCC, or product code and serial.
    pub code: Code,
    /// Units beneath, exact.
    pub count: u64,
    /// State or conflict.
    pub mark: Option<Mark>,
}

/// A tree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "piece/tree.html")]
pub struct Tree {
    /// What the tree shows, for screen readers.
    pub label: String,
    /// Rows in order of reading.
    pub rows: Vec<TreeRow>,
}

super::embeddable!(Tree);
