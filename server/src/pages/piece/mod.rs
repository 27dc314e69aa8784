//! The pieces every page shares. Each is a plain struct, one template under `templates/piece/` and one style block in
//! `static/css/piece_*.css`; a page prints it with `{{ piece }}`. All of them stand together on `/design`.
//!
//! Pieces escape what they are given: a product name with markup in it is shown, never obeyed.

pub mod action;
pub mod code;
pub mod completeness;
pub mod confirm;
pub mod difference;
pub mod drop_zone;
pub mod empty;
pub mod fact;
pub mod field;
pub mod filter;
pub mod form;
pub mod mark;
pub mod moment;
pub mod pager;
pub mod progress;
pub mod timeline;
pub mod title;
pub mod toast;
pub mod tree;

pub use action::{Action, Download, Link, Method, Weight};
pub use code::Code;
pub use completeness::Completeness;
pub use confirm::Confirm;
pub use difference::{Difference, DifferenceRow};
pub use drop_zone::DropZone;
pub use empty::EmptyState;
pub use fact::{Fact, FactValue};
pub use field::{Check, Choice, Field, FieldKind, Input, Select};
pub use filter::{Chip, FilterBar};
pub use form::{FieldGroup, Form};
pub use mark::{Mark, Tone};
pub use moment::Moment;
pub use pager::Pager;
pub use progress::Progress;
pub use timeline::{Timeline, TimelineEntry};
pub use title::Title;
pub use toast::Toast;
pub use tree::{Tree, TreeRow};

/// Declares that a piece's own template has already escaped what it prints, so a page may embed it as it is.
macro_rules! embeddable {
    ($($piece:ty),+ $(,)?) => {
        $(impl askama::filters::HtmlSafe for $piece {})+
    };
}
pub(crate) use embeddable;
