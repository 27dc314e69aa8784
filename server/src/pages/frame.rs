//! The frame around every page: environment band, left rail, top bar, theme. It serves URS-CN-009 on the screen: test
//! and production cannot be mistaken, in words, colour, title and print.

use super::piece::{Moment, Toast};

/// The environment of the site, written across every page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Environment {
    /// Test data only; amber.
    #[default]
    Test,
    /// A release under validation; violet.
    Validation,
    /// Real packs; plain.
    Production,
}

impl Environment {
    /// The word in the band and in the browser's title.
    pub fn word(self) -> &'static str {
        match self {
            Environment::Test => "TEST",
            Environment::Validation => "VALIDATION",
            Environment::Production => "PRODUCTION",
        }
    }

    /// The class name in the stylesheet.
    pub fn class(self) -> &'static str {
        match self {
            Environment::Test => "test",
            Environment::Validation => "validation",
            Environment::Production => "production",
        }
    }

    /// The sentence beside the word.
    pub fn sentence(self) -> &'static str {
        match self {
            Environment::Test => {
                "Nothing here reaches a real hub. Packs on this site do not exist."
            }
            Environment::Validation => {
                "A release under validation. Nothing here reaches a real hub."
            }
            Environment::Production => "Real packs. What is sent from here counts.",
        }
    }
}

/// The reader's choice of theme, from the cookie `pt_theme`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// What the reader's system says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// Reads the cookie's value; anything unknown follows the system.
    pub fn from_cookie(value: &str) -> Self {
        match value {
            "light" => Theme::Light,
            "dark" => Theme::Dark,
            _ => Theme::System,
        }
    }

    /// The value of `data-theme` and of the cookie.
    pub fn name(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }
}

/// The sections of the left rail: only what is built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Section {
    /// Home, "today".
    #[default]
    Today,
    /// Lots and their completeness.
    Lots,
    /// Upload centre.
    Uploads,
    /// Captured documents and what they say of packs and containers.
    Hierarchies,
    /// Products and versions.
    Products,
    /// Connectors.
    Connectors,
    /// Message monitor.
    Messages,
    /// Long work.
    Jobs,
    /// Users, roles, keys, webhooks, audit trail.
    Administration,
}

impl Section {
    /// Every section in the order of the rail.
    pub const ALL: [Section; 9] = [
        Section::Today,
        Section::Lots,
        Section::Uploads,
        Section::Hierarchies,
        Section::Products,
        Section::Connectors,
        Section::Messages,
        Section::Jobs,
        Section::Administration,
    ];

    /// The word in the rail.
    pub fn label(self) -> &'static str {
        match self {
            Section::Today => "Today",
            Section::Lots => "Lots",
            Section::Uploads => "Uploads",
            Section::Hierarchies => "Hierarchies",
            Section::Products => "Products",
            Section::Connectors => "Connectors",
            Section::Messages => "Messages",
            Section::Jobs => "Jobs",
            Section::Administration => "Administration",
        }
    }

    /// Where it leads.
    pub fn href(self) -> &'static str {
        match self {
            Section::Today => "/",
            Section::Lots => "/lots",
            Section::Uploads => "/uploads",
            Section::Hierarchies => "/captures",
            Section::Products => "/products",
            Section::Connectors => "/connectors",
            Section::Messages => "/messages",
            Section::Jobs => "/jobs",
            Section::Administration => "/administration",
        }
    }

    /// The section that a page belongs to, by its address. Packs are shown under their lots.
    pub fn of_path(path: &str) -> Section {
        let first = path.split('/').nth(1).unwrap_or_default();
        match first {
            "packs" => Section::Lots,
            "containers" => Section::Hierarchies,
            first => Section::ALL
                .into_iter()
                .find(|section| section.href().trim_start_matches('/') == first)
                .unwrap_or_default(),
        }
    }

    /// The icon's name in `static/icons.svg`.
    pub fn icon(self) -> &'static str {
        match self {
            Section::Today => "today",
            Section::Lots => "lots",
            Section::Uploads => "uploads",
            Section::Hierarchies => "level-pallet",
            Section::Products => "products",
            Section::Connectors => "connectors",
            Section::Messages => "messages",
            Section::Jobs => "jobs",
            Section::Administration => "administration",
        }
    }
}

/// One entry of the rail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RailEntry {
    /// Which section.
    pub section: Section,
    /// How many things wait there for this person; 0 shows nothing.
    pub waiting: u64,
}

/// What every page of a signed-in person carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The site's environment.
    pub environment: Environment,
    /// Theme from the cookie.
    pub theme: Theme,
    /// The form token of this session; every form that posts carries it.
    pub csrf: String,
    /// The tenant's name.
    pub tenant: String,
    /// The person's name as others see it.
    pub person: String,
    /// The person's role in plain words.
    pub role: String,
    /// Now, in the person's zone.
    pub now: Moment,
    /// The section the page belongs to.
    pub section: Section,
    /// The sections this person may see.
    pub rail: Vec<RailEntry>,
    /// Whether the person administers, and so sees all tabs of administration.
    pub administers: bool,
    /// What stands in the search field.
    pub search: String,
    /// Notices about finished background work.
    pub toasts: Vec<Toast>,
    /// Release of the running build, shown at the foot of the rail.
    pub release: String,
}

impl Frame {
    /// The rail with every section and nothing waiting.
    pub fn whole_rail() -> Vec<RailEntry> {
        Section::ALL
            .into_iter()
            .map(|section| RailEntry {
                section,
                waiting: 0,
            })
            .collect()
    }

    /// The letters in the person's badge: the first of the first two words.
    pub fn initials(&self) -> String {
        self.person
            .split_whitespace()
            .take(2)
            .filter_map(|word| word.chars().next())
            .collect()
    }
}

/// What a page outside a session carries: sign-in, a set-password link, a problem before sign-in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bare {
    /// The site's environment.
    pub environment: Environment,
    /// Theme from the cookie.
    pub theme: Theme,
    /// The form token bound to this browser's visit.
    pub csrf: String,
}

#[cfg(test)]
mod tests {
    use super::{Frame, Theme};

    #[test]
    fn an_unknown_cookie_follows_the_system() {
        for (cookie, theme) in [
            ("light", Theme::Light),
            ("dark", Theme::Dark),
            ("\"><b>", Theme::System),
        ] {
            assert_eq!(Theme::from_cookie(cookie), theme);
        }
    }

    #[test]
    fn initials_survive_any_script() {
        for (person, initials) in [("Demo Manager", "DM"), ("مدير", "م"), ("", "")] {
            assert_eq!(
                Frame {
                    person: person.into(),
                    ..Frame::default()
                }
                .initials(),
                initials
            );
        }
    }
}
