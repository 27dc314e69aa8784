//! What can go wrong when keeping things, sorted by who can mend it.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// A failure of the store. Refusals that a caller can mend are values of the store methods, not errors.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique key is taken: someone else was first.
    #[error("a unique key is taken")]
    Taken,
    /// The row is not there, or belongs to someone else: the two are not told apart.
    #[error("there is no such row")]
    NotFound,
    /// No room left on the disk. Nothing of the change was kept.
    #[error("no room left where the data are kept")]
    Full,
    /// Another change holds the database; nothing of this one was kept.
    #[error("the database is busy")]
    Busy,
    /// The database was not reached, or its connection broke.
    #[error("the database was not reached: {0}")]
    Unreachable(String),
    /// The site that was opened is not the one that was expected.
    #[error("{0}")]
    WrongSite(String),
    /// A stored value cannot be read back: the data were changed from outside.
    #[error("stored {what} cannot be read")]
    Damaged {
        /// Which value.
        what: &'static str,
    },
    /// A file of the site's folder failed.
    #[error("a file of the site failed")]
    File(#[source] std::io::Error),
    /// Anything else the database said.
    #[error("the database refused")]
    Database(#[source] DieselError),
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        match &error {
            DieselError::NotFound => StoreError::NotFound,
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => StoreError::Taken,
            DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, told) => {
                StoreError::Unreachable(told.message().to_owned())
            }
            DieselError::DatabaseError(_, told) if is_full(told.message()) => StoreError::Full,
            DieselError::DatabaseError(_, told) if is_busy(told.message()) => StoreError::Busy,
            _ => StoreError::Database(error),
        }
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => StoreError::Full,
            std::io::ErrorKind::NotFound => StoreError::NotFound,
            _ => StoreError::File(error),
        }
    }
}

/// SQLite says `database or disk is full`, PostgreSQL `could not extend file …: No space left on device`.
fn is_full(message: &str) -> bool {
    message.contains("disk is full") || message.contains("No space left on device")
}

/// SQLite says `database is locked`; PostgreSQL gives up with a serialization failure or a deadlock.
fn is_busy(message: &str) -> bool {
    message.contains("database is locked")
        || message.contains("deadlock detected")
        || message.contains("could not serialize")
}
