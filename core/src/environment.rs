//! Test and production are two sites. The environment is written in the database, in the configuration and in every
//! endpoint; a mismatch stops the start, and a key of one is refused by the other (URS "test and production apart").

use std::fmt;
use std::str::FromStr;

/// Which of the two (or the validation site between them) this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Environment {
    /// Sandbox data, simulators allowed.
    Test,
    /// A release candidate under validation, simulators allowed.
    Validation,
    /// Real packs, real far sides, no simulator.
    Production,
}

impl Environment {
    /// The word in configuration, database and documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Environment::Test => "test",
            Environment::Validation => "validation",
            Environment::Production => "production",
        }
    }

    /// What an API key of this environment begins with (users.md, Annex A): `pt_test_` or `pt_live_`.
    pub const fn key_prefix(self) -> &'static str {
        match self {
            Environment::Test => "pt_test_",
            Environment::Validation => "pt_val_",
            Environment::Production => "pt_live_",
        }
    }

    /// Whether stand-ins for far sides may be reached from here.
    pub const fn allows_simulators(self) -> bool {
        match self {
            Environment::Test | Environment::Validation => true,
            Environment::Production => false,
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The word is none of `test`, `validation`, `production`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no environment; write test, validation or production")]
pub struct EnvironmentError(String);

impl FromStr for Environment {
    type Err = EnvironmentError;

    fn from_str(text: &str) -> Result<Self, EnvironmentError> {
        match text {
            "test" => Ok(Environment::Test),
            "validation" => Ok(Environment::Validation),
            "production" => Ok(Environment::Production),
            other => Err(EnvironmentError(other.to_owned())),
        }
    }
}
