//! Who may do what: the roles people know by their work, and the permissions behind them.
//!
//! Roles are those of users.md section 1 as far as their roads are built; a tenant may have further ones of its own, which the
//! store keeps. An API key carries permissions directly, under
//! the scope names of Annex A. A handler asks for a [`Permission`], never for a role.

/// Something that can be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    /// See products and their versions.
    ProductsRead,
    /// Create and change products, send versions.
    ProductsWrite,
    /// See uploads, findings and mappings.
    UploadsRead,
    /// Receive, check, commit and withdraw files; edit mappings.
    UploadsWrite,
    /// See lots, packs, receipts.
    LotsRead,
    /// Send lots, enter produced counts.
    LotsWrite,
    /// Recall a lot or withdraw a product: final.
    LotsRecall,
    /// See connectors and messages.
    ConnectorsRead,
    /// Change, pause and check connectors, retry messages.
    ConnectorsWrite,
    /// See alerts of the tenant's products.
    AlertsRead,
    /// Decide alerts: review, resolve, escalate.
    AlertsDecide,
    /// See jobs.
    JobsRead,
    /// See the audit trail.
    AuditRead,
    /// Users, roles, API keys, webhooks.
    Administer,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Permission; 14] = [
        Permission::ProductsRead,
        Permission::ProductsWrite,
        Permission::UploadsRead,
        Permission::UploadsWrite,
        Permission::LotsRead,
        Permission::LotsWrite,
        Permission::LotsRecall,
        Permission::ConnectorsRead,
        Permission::ConnectorsWrite,
        Permission::AlertsRead,
        Permission::AlertsDecide,
        Permission::JobsRead,
        Permission::AuditRead,
        Permission::Administer,
    ];

    /// The scope name of an API key.
    pub const fn as_str(self) -> &'static str {
        match self {
            Permission::ProductsRead => "products:read",
            Permission::ProductsWrite => "products:write",
            Permission::UploadsRead => "uploads:read",
            Permission::UploadsWrite => "uploads:write",
            Permission::LotsRead => "lots:read",
            Permission::LotsWrite => "lots:write",
            Permission::LotsRecall => "lots:recall",
            Permission::ConnectorsRead => "connectors:read",
            Permission::ConnectorsWrite => "connectors:write",
            Permission::AlertsRead => "alerts:read",
            Permission::AlertsDecide => "alerts:decide",
            Permission::JobsRead => "jobs:read",
            Permission::AuditRead => "audit:read",
            Permission::Administer => "admin",
        }
    }

    /// Reads a scope name.
    pub fn parse(text: &str) -> Option<Self> {
        Permission::ALL
            .into_iter()
            .find(|permission| permission.as_str() == text)
    }

    /// What it means, for the roles matrix.
    pub const fn sentence(self) -> &'static str {
        match self {
            Permission::ProductsRead => "See products and their versions",
            Permission::ProductsWrite => "Create and change products, send versions to the hub",
            Permission::UploadsRead => "See uploads, findings and mappings",
            Permission::UploadsWrite => "Upload, check, commit and withdraw files; edit mappings",
            Permission::LotsRead => "See lots, packs and receipts",
            Permission::LotsWrite => "Send lots, enter produced counts, change pack states",
            Permission::LotsRecall => "Recall a lot, withdraw a product",
            Permission::ConnectorsRead => "See connectors and messages",
            Permission::ConnectorsWrite => "Set up, pause and check connectors, retry messages",
            Permission::AlertsRead => "See alerts of our products",
            Permission::AlertsDecide => "Review, resolve and escalate alerts",
            Permission::JobsRead => "See jobs",
            Permission::AuditRead => "Read the audit trail",
            Permission::Administer => "Manage users, roles, API keys and webhooks",
        }
    }
}

/// A role as people call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Serialization manager at a manufacturer (users.md 1.1).
    SerializationManager,
    /// Qualified Person: reads, never edits (1.2).
    QualifiedPerson,
    /// Packaging data specialist at a contract packager (1.3).
    PackagingSpecialist,
    /// Validation and compliance manager (1.5).
    ComplianceManager,
    /// Release operator (1.6).
    Operator,
    /// Integrator of other software (1.7).
    Integrator,
    /// Tenant administrator (1.12).
    Administrator,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 7] = [
        Role::SerializationManager,
        Role::QualifiedPerson,
        Role::PackagingSpecialist,
        Role::ComplianceManager,
        Role::Operator,
        Role::Integrator,
        Role::Administrator,
    ];

    /// The word in database and API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::SerializationManager => "serialization_manager",
            Role::QualifiedPerson => "qualified_person",
            Role::PackagingSpecialist => "packaging_specialist",
            Role::ComplianceManager => "compliance_manager",
            Role::Operator => "operator",
            Role::Integrator => "integrator",
            Role::Administrator => "administrator",
        }
    }

    /// Reads the word of [`Role::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Role::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// The name as a person reads it.
    pub const fn title(self) -> &'static str {
        match self {
            Role::SerializationManager => "Serialization manager",
            Role::QualifiedPerson => "Qualified Person",
            Role::PackagingSpecialist => "Packaging data specialist",
            Role::ComplianceManager => "Compliance manager",
            Role::Operator => "Operator",
            Role::Integrator => "Integrator",
            Role::Administrator => "Administrator",
        }
    }

    /// What the role allows.
    pub const fn permissions(self) -> &'static [Permission] {
        use Permission::{
            Administer, AlertsDecide, AlertsRead, AuditRead, ConnectorsRead, ConnectorsWrite,
            JobsRead, LotsRead, LotsRecall, LotsWrite, ProductsRead, ProductsWrite, UploadsRead,
            UploadsWrite,
        };
        match self {
            Role::SerializationManager => &[
                ProductsRead,
                ProductsWrite,
                UploadsRead,
                UploadsWrite,
                LotsRead,
                LotsWrite,
                LotsRecall,
                ConnectorsRead,
                ConnectorsWrite,
                AlertsRead,
                AlertsDecide,
                JobsRead,
            ],
            Role::QualifiedPerson => &[
                ProductsRead,
                UploadsRead,
                LotsRead,
                ConnectorsRead,
                AlertsRead,
                JobsRead,
            ],
            Role::PackagingSpecialist => {
                &[ProductsRead, UploadsRead, UploadsWrite, LotsRead, JobsRead]
            }
            Role::ComplianceManager => &[
                ProductsRead,
                UploadsRead,
                LotsRead,
                ConnectorsRead,
                AlertsRead,
                JobsRead,
                AuditRead,
            ],
            Role::Operator => &[
                ProductsRead,
                UploadsRead,
                LotsRead,
                ConnectorsRead,
                ConnectorsWrite,
                JobsRead,
            ],
            Role::Integrator => &[
                ProductsRead,
                UploadsRead,
                LotsRead,
                ConnectorsRead,
                JobsRead,
            ],
            Role::Administrator => &[
                Administer,
                AuditRead,
                ProductsRead,
                UploadsRead,
                LotsRead,
                ConnectorsRead,
                AlertsRead,
                JobsRead,
            ],
        }
    }
}

/// The word of a role that a tenant made for itself: 2 to 40 small letters, digits and underscores, the first a letter, and
/// none of the release's own words.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoleWord(String);

/// Why a text is no word for a role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoleWordError {
    /// It has another form.
    #[error(
        "\"{0}\" is no word for a role: write 2 to 40 small letters, digits and underscores, beginning with a letter"
    )]
    Malformed(String),
    /// It is the word of a role of the release.
    #[error("{0} is a role of the release; choose another word")]
    OfRelease(String),
}

impl RoleWord {
    /// Reads a word.
    ///
    /// # Errors
    /// [`RoleWordError`].
    pub fn parse(text: &str) -> Result<Self, RoleWordError> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let begins = text.starts_with(|c: char| c.is_ascii_lowercase());
        if !(2..=40).contains(&text.len()) || !begins || !text.chars().all(plain) {
            return Err(RoleWordError::Malformed(text.chars().take(40).collect()));
        }
        if Role::parse(text).is_some() {
            return Err(RoleWordError::OfRelease(text.to_owned()));
        }
        Ok(RoleWord(text.to_owned()))
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_a_tenants_role_is_plain_and_its_own() {
        for text in ["ab", "night_shift_2", &"a".repeat(40)] {
            assert_eq!(RoleWord::parse(text).unwrap().as_str(), text);
        }
        for text in [
            "",
            "a",
            "2b",
            "_b",
            "Night",
            "a b",
            "a/b",
            "é1",
            &"a".repeat(41),
        ] {
            assert!(
                matches!(RoleWord::parse(text), Err(RoleWordError::Malformed(_))),
                "{text}"
            );
        }
        for role in Role::ALL {
            assert!(RoleWord::parse(role.as_str()).is_err());
        }
    }

    #[test]
    fn words_come_back() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        for permission in Permission::ALL {
            assert_eq!(Permission::parse(permission.as_str()), Some(permission));
        }
    }

    #[test]
    fn someone_may_do_everything_and_the_qualified_person_only_reads() {
        for permission in Permission::ALL {
            assert!(
                Role::ALL
                    .iter()
                    .any(|role| role.permissions().contains(&permission)),
                "{permission:?}"
            );
        }
        for permission in Role::QualifiedPerson.permissions() {
            assert!(permission.as_str().ends_with(":read"), "{permission:?}");
        }
    }
}
