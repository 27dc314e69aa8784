//! How a use case says no: with all faults the caller can mend, or with what the operator must look at.

use packtwin_core::code::Code;
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_tenants::error::StoreError;

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The caller can mend it: all faults at once.
    #[error("{0}")]
    Refused(Refusals),
    /// There is nothing under this name, or it is someone else's: the two are not told apart.
    #[error("there is nothing here under this name")]
    NotFound,
    /// The caller's role or key does not allow it.
    #[error("{0}")]
    Forbidden(Refusal),
    /// Someone changed the object since the caller read it.
    #[error("someone changed this meanwhile")]
    Stale,
    /// The house failed; the operator must look.
    #[error("the site failed: {0}")]
    Store(#[source] StoreError),
}

impl AppError {
    /// A single fault of the whole request.
    pub fn refuse(code: Code, text: impl Into<String>) -> Self {
        AppError::Refused(Refusal::new(code, text).into())
    }

    /// A single fault at a place.
    pub fn refuse_at(code: Code, place: impl Into<String>, text: impl Into<String>) -> Self {
        AppError::Refused(Refusal::at(code, place, text).into())
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => AppError::NotFound,
            StoreError::Full => AppError::refuse(
                Code::StorageFull,
                "the site has no room left; nothing of this was stored",
            ),
            other => AppError::Store(other),
        }
    }
}

impl From<Refusals> for AppError {
    fn from(refusals: Refusals) -> Self {
        AppError::Refused(refusals)
    }
}

impl From<std::io::Error> for AppError {
    fn from(error: std::io::Error) -> Self {
        AppError::from(StoreError::from(error))
    }
}
