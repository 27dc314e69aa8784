//! The title line: what kind of thing, which one, in what state, and the one primary action.

use super::{Action, Link, Mark};
use askama::Template;

/// The title line of a page, also the object's name in the browser's title.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "piece/title.html")]
pub struct Title {
    /// The kind of page or object: "Lot", "Upload centre".
    pub kind: String,
    /// Which one, when the page shows one object: the lot number. Empty on a list.
    pub object: String,
    /// Whether the object is a code (monospaced) or a name.
    pub is_code: bool,
    /// A second, quieter line: the product's name. May be empty.
    pub note: String,
    /// The object's state.
    pub state: Option<Mark>,
    /// The one primary action.
    pub primary: Option<Action>,
    /// The list or object above; `Esc` goes there.
    pub back: Option<Link>,
}

super::embeddable!(Title);

impl Title {
    /// The title of a list or a page without an object.
    pub fn page(kind: &str) -> Self {
        Title {
            kind: kind.to_owned(),
            ..Title::default()
        }
    }

    /// The title of an object with a code as its name.
    pub fn code(kind: &str, object: impl Into<String>) -> Self {
        Title {
            object: object.into(),
            is_code: true,
            ..Self::page(kind)
        }
    }

    /// The title of an object with a name.
    pub fn named(kind: &str, object: impl Into<String>) -> Self {
        Title {
            object: object.into(),
            ..Self::page(kind)
        }
    }

    /// The same title with a way back.
    pub fn back(self, label: &str, href: &str) -> Self {
        Title {
            back: Some(Link::new(label, href)),
            ..self
        }
    }

    /// Kind and object in one line, for the browser's title.
    pub fn whole(&self) -> String {
        if self.object.is_empty() {
            self.kind.clone()
        } else {
            format!("{} {}", self.kind, self.object)
        }
    }
}
