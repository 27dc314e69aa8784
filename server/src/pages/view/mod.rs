//! One file per noun, one struct per page. A handler fills the struct, `render()` writes the page. Fields are words,
//! numbers and pieces; nothing is decided here.

pub mod api_key;
pub mod audit;
pub mod capture;
pub mod confirm;
pub mod connector;
pub mod container;
pub mod design;
pub mod expiring;
pub mod home;
pub mod job;
pub mod lot;
pub mod mapping;
pub mod message;
pub mod pack;
pub mod problem;
pub mod product;
pub mod role;
pub mod samples;
pub mod sign_in;
pub mod upload;
pub mod user;
pub mod webhook;

use crate::pages::piece::Action;

/// What the hub refused of a lot or product and what did not leave anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FarRefusalLine {
    /// What was refused and why: "Recall in DE: A16: unknown batch."
    pub sentence: String,
    /// The page of its message.
    pub href: String,
    /// The button that sends it anew, where that is the way.
    pub again: Option<Action>,
}

/// A tab of the administration pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AdministrationTab {
    /// Accounts and invitations.
    #[default]
    Users,
    /// The role matrix.
    Roles,
    /// API keys.
    ApiKeys,
    /// Webhooks and deliveries.
    Webhooks,
    /// What ends soon.
    Expiring,
    /// The audit trail.
    Audit,
}

impl AdministrationTab {
    /// The tabs in order with their address and words.
    pub const ALL: [(AdministrationTab, &'static str, &'static str); 6] = [
        (AdministrationTab::Users, "/administration/users", "Users"),
        (AdministrationTab::Roles, "/administration/roles", "Roles"),
        (
            AdministrationTab::ApiKeys,
            "/administration/api-keys",
            "API keys",
        ),
        (
            AdministrationTab::Webhooks,
            "/administration/webhooks",
            "Webhooks",
        ),
        (
            AdministrationTab::Expiring,
            "/administration/expiring",
            "Ending soon",
        ),
        (
            AdministrationTab::Audit,
            "/administration/audit",
            "Audit trail",
        ),
    ];
}
