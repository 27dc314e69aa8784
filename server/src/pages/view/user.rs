//! Users (users.md 3.18): the list with last sign-in, and the form that invites or changes one.

use crate::pages::filters;
use crate::pages::{
    frame::Frame,
    piece::{Action, EmptyState, FilterBar, Form, Mark, Moment, Pager, Timeline, Title},
    view::AdministrationTab,
};
use askama::Template;

/// `GET /administration/users`
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/users.html")]
pub struct UsersPage {
    /// The frame.
    pub frame: Frame,
    /// The title line; the primary action invites.
    pub title: Title,
    /// The tab this is.
    pub tab: AdministrationTab,
    /// Name, role, state.
    pub filter: FilterBar,
    /// The rows of this page.
    pub rows: Vec<UserRow>,
    /// Where the page stands in the list.
    pub pager: Pager,
    /// Shown when no row matches.
    pub empty: EmptyState,
}

/// A user in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserRow {
    /// The user's page.
    pub href: String,
    /// Shown name.
    pub name: String,
    /// Account name or e-mail.
    pub account: String,
    /// Roles in plain words, separated by a comma.
    pub roles: String,
    /// "active", "invited", "locked", "ended".
    pub state: Mark,
    /// Last sign-in.
    pub signed_in_at: Option<Moment>,
    /// When the password ends.
    pub password_ends_at: Option<Moment>,
}

/// `GET /administration/users/invite`, `GET /administration/users/{id}`, and again after a refusal.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/user.html")]
pub struct UserPage {
    /// The frame.
    pub frame: Frame,
    /// The title line.
    pub title: Title,
    /// The tab this belongs to.
    pub tab: AdministrationTab,
    /// Name, account, roles.
    pub form: Form,
    /// End sessions, lock, end account; empty on an invitation.
    pub actions: Vec<Action>,
    /// An invitation's link, shown once; `None` otherwise.
    pub invitation_link: Option<String>,
    /// History, newest first.
    pub timeline: Timeline,
}
