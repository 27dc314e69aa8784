//! Facts of an object: a quiet label and a strong value on a grid.

use super::{Code, Link, Mark, Moment};
use crate::pages::format;
use askama::filters::{Escaper, Html};
use std::fmt;

/// What a fact says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactValue {
    /// Plain words.
    Text(String),
    /// A code to read and copy.
    Code(Code),
    /// A point in time.
    Moment(Moment),
    /// A state.
    Mark(Mark),
    /// An exact count.
    Count(u64),
    /// A link.
    Link(Link),
    /// The value does not exist; says why in a word or two ("not yet").
    Absent(String),
}

/// A labelled value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Quiet label.
    pub label: String,
    /// Strong value.
    pub value: FactValue,
}

impl Fact {
    /// A fact of any kind.
    pub fn new(label: &str, value: FactValue) -> Self {
        Fact {
            label: label.to_owned(),
            value,
        }
    }

    /// A fact in words.
    pub fn text(label: &str, value: impl Into<String>) -> Self {
        Self::new(label, FactValue::Text(value.into()))
    }

    /// A counted fact.
    pub fn count(label: &str, value: u64) -> Self {
        Self::new(label, FactValue::Count(value))
    }

    /// A point in time.
    pub fn moment(label: &str, value: Moment) -> Self {
        Self::new(label, FactValue::Moment(value))
    }

    /// A code.
    pub fn code(label: &str, value: Code) -> Self {
        Self::new(label, FactValue::Code(value))
    }

    /// A value that is not there, and why.
    pub fn absent(label: &str, why: &str) -> Self {
        Self::new(label, FactValue::Absent(why.to_owned()))
    }
}

impl fmt::Display for FactValue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FactValue::Text(text) => {
                out.write_str("<span dir=\"auto\">")?;
                Html.write_escaped_str(&mut *out, text)?;
                out.write_str("</span>")
            }
            FactValue::Code(code) => code.fmt(out),
            FactValue::Moment(moment) => moment.fmt(out),
            FactValue::Mark(mark) => mark.fmt(out),
            FactValue::Count(count) => out.write_str(&format::thousands(*count)),
            FactValue::Link(link) => {
                out.write_str("<a href=\"")?;
                Html.write_escaped_str(&mut *out, &link.href)?;
                out.write_str("\">")?;
                Html.write_escaped_str(&mut *out, &link.label)?;
                out.write_str("</a>")
            }
            FactValue::Absent(why) => {
                out.write_str("<span class=\"quiet\">")?;
                Html.write_escaped_str(&mut *out, why)?;
                out.write_str("</span>")
            }
        }
    }
}

super::embeddable!(FactValue);
