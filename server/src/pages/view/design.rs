//! `/design` of the demo site: every shared piece in every state on one page, to look at and to compare.

use crate::pages::filters;
use crate::pages::{
    frame::Frame,
    piece::{
        Action, Check, Code, Completeness, Confirm, Difference, Download, DropZone, EmptyState,
        Fact, Field, FilterBar, Form, Mark, Moment, Pager, Progress, Select, Timeline, Title,
        Toast, Tree,
    },
};
use askama::Template;

/// `GET /design`
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/design.html")]
pub struct DesignPage {
    /// The frame.
    pub frame: Frame,
    /// The title line.
    pub title: Title,
    /// Tokens of colour by name.
    pub colours: Vec<String>,
    /// Tokens of type by name.
    pub type_sizes: Vec<String>,
    /// Buttons.
    pub actions: Vec<Action>,
    /// Fields in every kind and with an error.
    pub fields: Vec<Field>,
    /// A select.
    pub select: Select,
    /// Tick boxes.
    pub checks: Vec<Check>,
    /// A form with refusals.
    pub form: Form,
    /// All marks.
    pub marks: Vec<Mark>,
    /// Codes.
    pub codes: Vec<Code>,
    /// A point in time.
    pub moment: Moment,
    /// Facts.
    pub facts: Vec<Fact>,
    /// Completeness, whole and with differences.
    pub completeness: Vec<Completeness>,
    /// Progress: unknown, running, done.
    pub progress: Vec<Progress>,
    /// A filter bar.
    pub filter: FilterBar,
    /// A pager.
    pub pager: Pager,
    /// A timeline.
    pub timeline: Timeline,
    /// A tree.
    pub tree: Tree,
    /// A difference.
    pub difference: Difference,
    /// A drop zone.
    pub drop: DropZone,
    /// An empty state.
    pub empty: EmptyState,
    /// A confirmation.
    pub confirm: Confirm,
    /// Notices.
    pub toasts: Vec<Toast>,
    /// Downloads.
    pub downloads: Vec<Download>,
}
