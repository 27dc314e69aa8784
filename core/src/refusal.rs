//! A refusal: what was wrong, where, and what to do, all faults at once.
//!
//! Every door of the house that turns something away answers with [`Refusals`]: the API prints them as problem details,
//! a page beside its fields, a file in its last columns.

use std::fmt;

use crate::code::Code;

/// One fault with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The stable code.
    pub code: Code,
    /// Where: a JSON pointer (`/markets/0/mah/name`), a row (`row 17`), a document place. Empty for the whole.
    pub place: String,
    /// What is wrong, with its values, one sentence. Never a secret, never another tenant's data.
    pub text: String,
}

impl Refusal {
    /// A fault at a place.
    pub fn at(code: Code, place: impl Into<String>, text: impl Into<String>) -> Self {
        Refusal {
            code,
            place: place.into(),
            text: text.into(),
        }
    }

    /// A fault of the whole.
    pub fn new(code: Code, text: impl Into<String>) -> Self {
        Refusal::at(code, "", text)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            write!(f, "{} ({})", self.text, self.code)
        } else {
            write!(f, "{}: {} ({})", self.place, self.text, self.code)
        }
    }
}

/// One or more faults. Never empty: the first one decides the code of the whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusals {
    first: Refusal,
    rest: Vec<Refusal>,
}

impl Refusals {
    /// A single fault.
    pub fn one(refusal: Refusal) -> Self {
        Refusals {
            first: refusal,
            rest: Vec::new(),
        }
    }

    /// All faults found, or `None` when there was none.
    pub fn all(faults: Vec<Refusal>) -> Option<Self> {
        let mut faults = faults.into_iter();
        faults.next().map(|first| Refusals {
            first,
            rest: faults.collect(),
        })
    }

    /// `Ok` when no fault was found.
    pub fn check(faults: Vec<Refusal>) -> Result<(), Self> {
        match Refusals::all(faults) {
            Some(refusals) => Err(refusals),
            None => Ok(()),
        }
    }

    /// The code of the whole answer.
    pub fn code(&self) -> Code {
        self.first.code
    }

    /// The fault that is told first.
    pub fn first(&self) -> &Refusal {
        &self.first
    }

    /// Every fault in the order found.
    pub fn iter(&self) -> impl Iterator<Item = &Refusal> {
        std::iter::once(&self.first).chain(&self.rest)
    }
}

impl From<Refusal> for Refusals {
    fn from(refusal: Refusal) -> Self {
        Refusals::one(refusal)
    }
}

impl fmt::Display for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.first, f)?;
        for refusal in &self.rest {
            write!(f, "; {refusal}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusals {}
