//! A thing of a hierarchy in its place: the containers around it, what is in it by page with counts, as of any day (users.md
//! 3.7, 3.8).

use crate::pages::filters;
use crate::pages::{
    frame::Frame,
    piece::{Fact, FilterBar, Pager, Title, Tree},
};
use askama::Template;

/// `GET /containers/{sscc}` and `GET /packs/{code}/{serial}/tree`
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/container.html")]
pub struct ContainerPage {
    /// The frame.
    pub frame: Frame,
    /// The title line with the state.
    pub title: Title,
    /// Where it is and what it holds, in one sentence.
    pub answer: String,
    /// As of when.
    pub filter: FilterBar,
    /// Level, life, custody, product, lot, what is inside by level.
    pub facts: Vec<Fact>,
    /// The containers around it from the outermost, itself, and this page of what is in it.
    pub tree: Tree,
    /// Where the page stands among the children.
    pub pager: Pager,
}
