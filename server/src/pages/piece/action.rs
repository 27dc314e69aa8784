//! Buttons and links. A button is a verb with its object ("Send 24,000 packs"); when it cannot be pressed it says why
//! in words (users.md 3.6).

use askama::Template;

/// How an action reaches the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// Goes to a page and changes nothing.
    #[default]
    Get,
    /// Changes something; carries the form token.
    Post,
}

/// How much an action weighs on its page. A page has at most one primary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weight {
    /// The one thing this page is for.
    Primary,
    /// Everything else.
    #[default]
    Secondary,
    /// Cannot be undone, or takes something away.
    Danger,
}

impl Weight {
    /// The class name in the stylesheet.
    pub fn name(self) -> &'static str {
        match self {
            Weight::Primary => "primary",
            Weight::Secondary => "secondary",
            Weight::Danger => "danger",
        }
    }
}

/// A hidden name and value sent with a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hidden {
    /// Field name.
    pub name: String,
    /// Field value.
    pub value: String,
}

/// A button: a link, or a form of one button.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "piece/action.html")]
pub struct Action {
    /// Verb with object.
    pub label: String,
    /// Where it goes or posts to.
    pub href: String,
    /// Link or form.
    pub method: Method,
    /// Primary, secondary or danger.
    pub weight: Weight,
    /// The form token; empty for a link.
    pub csrf: String,
    /// Further hidden fields of the form.
    pub hidden: Vec<Hidden>,
    /// Why it cannot be pressed now; `None` when it can.
    pub refused: Option<String>,
}

super::embeddable!(Action);

impl Action {
    /// A button that goes to a page.
    pub fn link(label: impl Into<String>, href: impl Into<String>) -> Self {
        Action {
            label: label.into(),
            href: href.into(),
            ..Action::default()
        }
    }

    /// A button that posts, with the form token of the frame.
    pub fn post(label: impl Into<String>, href: impl Into<String>, csrf: &str) -> Self {
        Action {
            method: Method::Post,
            csrf: csrf.to_owned(),
            ..Self::link(label, href)
        }
    }

    /// The same button as the page's one primary action.
    pub fn primary(self) -> Self {
        Action {
            weight: Weight::Primary,
            ..self
        }
    }

    /// The same button marked as something that cannot be undone.
    pub fn danger(self) -> Self {
        Action {
            weight: Weight::Danger,
            ..self
        }
    }

    /// The same button, not to be pressed, with the reason.
    pub fn refused(self, reason: impl Into<String>) -> Self {
        Action {
            refused: Some(reason.into()),
            ..self
        }
    }

    /// The same button with one more hidden field.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.hidden.push(Hidden {
            name: name.to_owned(),
            value: value.into(),
        });
        self
    }

    /// Whether it posts.
    pub fn posts(&self) -> bool {
        self.method == Method::Post
    }
}

/// A plain link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// What stands in the text.
    pub label: String,
    /// Where it goes.
    pub href: String,
}

impl Link {
    /// A link.
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        Link {
            label: label.into(),
            href: href.into(),
        }
    }
}

/// A file to fetch, named as users.md 2.11 wants it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "piece/download.html")]
pub struct Download {
    /// "Original file", "Error file".
    pub label: String,
    /// Where it is.
    pub href: String,
    /// The name it is saved under: tenant, object, date, environment.
    pub file_name: String,
    /// Size or shape in words; may be empty.
    pub note: String,
}

super::embeddable!(Download);
