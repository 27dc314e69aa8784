//! The role matrix (users.md 3.18, URS-UR-003): who may do what, in plain words, and which roles must not meet in one
//! person; and the form of a role that the tenant makes for itself.

use crate::pages::filters;
use crate::pages::{
    frame::Frame,
    piece::{Action, Form, Timeline, Title},
    view::AdministrationTab,
};
use askama::Template;

/// `GET /administration/roles`
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/roles.html")]
pub struct RolesPage {
    /// The frame.
    pub frame: Frame,
    /// The title line.
    pub title: Title,
    /// The tab this is.
    pub tab: AdministrationTab,
    /// The roles, one column each.
    pub roles: Vec<RoleColumn>,
    /// What can be done, one row each, in groups.
    pub groups: Vec<RightGroup>,
    /// Roles that must not meet in one person, one sentence each.
    pub forbidden: Vec<String>,
}

/// `GET /administration/roles/new` and `/administration/roles/{role}`, and again after a refusal.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/role.html")]
pub struct RolePage {
    /// The frame.
    pub frame: Frame,
    /// The title line.
    pub title: Title,
    /// The tab this belongs to.
    pub tab: AdministrationTab,
    /// Title and permissions.
    pub form: Form,
    /// Remove it.
    pub actions: Vec<Action>,
    /// What happened to it.
    pub timeline: Timeline,
}

/// A role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleColumn {
    /// Plain name: "Serialization manager".
    pub name: String,
    /// People who have it.
    pub people: u64,
    /// Where it is changed; only a role of the tenant is.
    pub href: Option<String>,
}

/// Rights about one noun.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RightGroup {
    /// "Lots".
    pub noun: String,
    /// The rights.
    pub rights: Vec<RightRow>,
}

/// A right and who has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RightRow {
    /// In plain words: "Send packs to the hub".
    pub words: String,
    /// One entry per role, in the order of the columns.
    pub granted: Vec<bool>,
}
