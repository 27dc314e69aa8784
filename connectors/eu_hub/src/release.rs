//! The releases of the hub's interface for which a public source states a difference (emvs.md 5.1, 5.2).
//!
//! 1.14: the markets of a version are fixed. 1.16: common name and wholesalers' addresses became mandatory. Two tenants on
//! two releases write two forms side by side (URS-CN-010).

use std::fmt;

/// What the namespace of every mirror document begins with; the release follows.
pub const NAMESPACE_PREFIX: &str = "urn:packtwin:eu-hub-mirror:";

/// A release of the hub's interface, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Release {
    /// Markets of a product version cannot be changed afterwards.
    R1_14,
    /// Common name and wholesalers' addresses are mandatory.
    R1_16,
}

impl Release {
    /// Every release, newest last.
    pub const ALL: [Release; 2] = [Release::R1_14, Release::R1_16];
    /// [`Release::ALL`] as the hub writes them.
    pub const NAMES: [&str; 2] = [Release::R1_14.as_str(), Release::R1_16.as_str()];

    /// As the hub writes it, such as `1.16`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Release::R1_14 => "1.14",
            Release::R1_16 => "1.16",
        }
    }

    /// Reads [`Release::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Release::ALL
            .into_iter()
            .find(|release| release.as_str() == text)
    }

    /// The namespace of documents of this release.
    pub fn namespace(self) -> String {
        format!("{NAMESPACE_PREFIX}{self}")
    }

    /// The release a namespace stands for.
    pub fn of_namespace(namespace: &str) -> Option<Self> {
        Release::parse(namespace.strip_prefix(NAMESPACE_PREFIX)?)
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
