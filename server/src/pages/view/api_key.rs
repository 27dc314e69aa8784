//! API keys (users.md 3.18): prefix, scopes, last use, end. The secret is shown once, on the page that follows its
//! creation, and never again.

use crate::pages::filters;
use crate::pages::{
    frame::Frame,
    piece::{Action, Code, EmptyState, Form, Mark, Moment, Title},
    view::AdministrationTab,
};
use askama::Template;

/// `GET /administration/api-keys`
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/api_keys.html")]
pub struct ApiKeysPage {
    /// The frame.
    pub frame: Frame,
    /// The title line; the primary action creates a key.
    pub title: Title,
    /// The tab this is.
    pub tab: AdministrationTab,
    /// The keys.
    pub rows: Vec<ApiKeyRow>,
    /// Shown when there is none.
    pub empty: EmptyState,
}

/// An API key in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiKeyRow {
    /// What it is for.
    pub name: String,
    /// Its beginning: `pt_test_7Kq2`.
    pub prefix: Code,
    /// Scopes, one each.
    pub scopes: Vec<String>,
    /// "active", "ends in 12 days", "revoked".
    pub state: Mark,
    /// Who made it.
    pub by: String,
    /// Last use.
    pub used_at: Option<Moment>,
    /// When it ends.
    pub ends_at: Option<Moment>,
    /// Revoke; none once revoked.
    pub revoke: Option<Action>,
}

/// `GET /administration/api-keys/new`, and again after a refusal.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/api_key_form.html")]
pub struct ApiKeyFormPage {
    /// The frame.
    pub frame: Frame,
    /// The title line.
    pub title: Title,
    /// The tab this belongs to.
    pub tab: AdministrationTab,
    /// Name, scopes, end.
    pub form: Form,
}

/// The answer to `POST /administration/api-keys`: the only page that shows the secret.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/secret_once.html")]
pub struct SecretOncePage {
    /// The frame.
    pub frame: Frame,
    /// The title line.
    pub title: Title,
    /// The tab this belongs to.
    pub tab: AdministrationTab,
    /// What the secret is: "API key", "signing secret".
    pub noun: String,
    /// The secret.
    pub secret: Code,
    /// A command that works when pasted; may be empty.
    pub example: String,
    /// Back to the list.
    pub next: Action,
}
