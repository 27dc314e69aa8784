//! Partner dialects: in what a partner's system departs from the standard, kept as data, and how it is put right.
//!
//! The table is `dialect_profiles.txt`; a profile begins with the lines of `common` and adds its own, each with its certainty
//! and source. A site can load a table of its own. [`DialectReader`] applies a profile to the events of a document. What a
//! profile does not name stays a fault; nothing that the reader had to pass over is ever tolerated.

mod reader;
mod repair;

use std::sync::OnceLock;

use packtwin_core::code::Code;

pub use self::reader::DialectReader;

/// The profile whose lines all others begin with.
pub const COMMON: &str = "common";

/// How sure a line is of its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// A public document or schema states it.
    Certain,
    /// Seen in public samples, and no text says so.
    Mixed,
    /// Our own rule.
    Inferred,
}

/// A field whose words a dialect has others for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WordField {
    Action,
    BizStep,
    Disposition,
    /// The type of a business transaction.
    BizTransaction,
    /// The type of a source or destination.
    SourceDest,
}

/// What a line puts right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deviation {
    /// A warning of the reader is no fault.
    Finding(Code),
    TimeNoZone,
    TimeSpace,
    TimeTwoZones,
    OffsetSeconds,
    OffsetZulu,
    OffsetShort,
    DecimalComma,
    /// A word, or a stem where `is_stem`.
    Word {
        field: WordField,
        from: String,
        to: String,
        is_stem: bool,
    },
    /// Parts of a GLN without the stem of their URN.
    PlaceStem(String),
    /// A place that is named by a text.
    PlaceText(String),
    /// Local names from the outermost on, and the value of the attribute `name` of the last one.
    Field {
        path: Vec<String>,
        named: Option<String>,
        ilmd: String,
    },
    /// The digits of a date in this field of the ILMD.
    Date(String),
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tolerance {
    /// What is tolerated, as the table has it.
    pub what: String,
    /// What it becomes, as the table has it.
    pub becomes: String,
    /// How sure this is.
    pub certainty: Certainty,
    /// Where it is known from.
    pub source: String,
    pub(crate) deviation: Deviation,
}

/// What one partner's system is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// The name in commands and settings.
    pub name: String,
    /// The lines, those of `common` first.
    pub tolerances: Vec<Tolerance>,
}

/// Why a table cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DialectError {
    /// A line has not six parts, or an empty one.
    #[error("line {line}: write profile | deviation | what | becomes | certainty | source")]
    Line {
        /// Its number, counted from 1.
        line: usize,
    },
    /// A deviation that does not exist, or that cannot become this.
    #[error("line {line}: there is no deviation {deviation} {what:?} that becomes {becomes:?}")]
    Unknown {
        /// Its number, counted from 1.
        line: usize,
        /// The word of the second part.
        deviation: String,
        /// The third part.
        what: String,
        /// The fourth part.
        becomes: String,
    },
}

/// The dialects that come with the product, `common` first.
pub fn dialects() -> &'static [Dialect] {
    static DIALECTS: OnceLock<Vec<Dialect>> = OnceLock::new();
    DIALECTS.get_or_init(|| {
        Dialect::load(include_str!("dialect_profiles.txt"))
            .expect("a test reads the table that is compiled in")
    })
}

/// The dialect of this name.
pub fn dialect(name: &str) -> Option<&'static Dialect> {
    dialects().iter().find(|dialect| dialect.name == name)
}

impl Dialect {
    /// Reads a whole table; a table without a `common` of its own has an empty one.
    ///
    /// # Errors
    /// All faults at once.
    pub fn load(table: &str) -> Result<Vec<Dialect>, Vec<DialectError>> {
        let mut dialects = vec![Dialect {
            name: COMMON.to_owned(),
            tolerances: Vec::new(),
        }];
        let mut faults = Vec::new();
        for (index, line) in table.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, tolerance) = match read_line(index + 1, line) {
                Ok(read) => read,
                Err(fault) => {
                    faults.push(fault);
                    continue;
                }
            };
            match dialects.iter_mut().find(|dialect| dialect.name == name) {
                Some(dialect) => dialect.tolerances.push(tolerance),
                None => dialects.push(Dialect {
                    name,
                    tolerances: vec![tolerance],
                }),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        if let [common, others @ ..] = dialects.as_mut_slice() {
            for other in others {
                let own = std::mem::replace(&mut other.tolerances, common.tolerances.clone());
                other.tolerances.extend(own);
            }
        }
        Ok(dialects)
    }

    pub(crate) fn has(&self, deviation: &Deviation) -> bool {
        self.tolerances
            .iter()
            .any(|line| line.deviation == *deviation)
    }
}

fn read_line(line: usize, text: &str) -> Result<(String, Tolerance), DialectError> {
    let parts: Vec<&str> = text.split('|').map(str::trim).collect();
    let [name, deviation, what, becomes, certainty, source] = parts[..] else {
        return Err(DialectError::Line { line });
    };
    let certainty = match certainty {
        "certain" => Certainty::Certain,
        "mixed" => Certainty::Mixed,
        "inferred" => Certainty::Inferred,
        _ => return Err(DialectError::Line { line }),
    };
    if parts.iter().any(|part| part.is_empty()) {
        return Err(DialectError::Line { line });
    }
    let read = read_deviation(deviation, what, becomes).ok_or_else(|| DialectError::Unknown {
        line,
        deviation: deviation.to_owned(),
        what: what.to_owned(),
        becomes: becomes.to_owned(),
    })?;
    let tolerance = Tolerance {
        what: what.to_owned(),
        becomes: becomes.to_owned(),
        certainty,
        source: source.to_owned(),
        deviation: read,
    };
    Ok((name.to_owned(), tolerance))
}

fn read_deviation(deviation: &str, what: &str, becomes: &str) -> Option<Deviation> {
    Some(match (deviation, what, becomes) {
        ("finding", code, "read") => {
            let known = Code::ALL.iter().find(|known| known.as_str() == code);
            Deviation::Finding(*known?)
        }
        ("time", "no-zone", "offset") => Deviation::TimeNoZone,
        ("time", "space", "T") => Deviation::TimeSpace,
        ("time", "two-zones", "first") => Deviation::TimeTwoZones,
        ("offset", "seconds", "minutes") => Deviation::OffsetSeconds,
        ("offset", "zulu", "+00:00") => Deviation::OffsetZulu,
        ("offset", "short", "minutes") => Deviation::OffsetShort,
        ("number", "decimal-comma", "point") => Deviation::DecimalComma,
        ("word", what, to) => read_word(what, to)?,
        ("place", "no-stem", stem) => Deviation::PlaceStem(stem.to_owned()),
        ("place", "text", stem) => Deviation::PlaceText(stem.to_owned()),
        ("field", path, ilmd) => read_path(path, ilmd)?,
        ("date", field, "digits") => Deviation::Date(field.to_owned()),
        _ => return None,
    })
}

fn read_word(what: &str, to: &str) -> Option<Deviation> {
    let (field, from) = what.split_once(' ')?;
    let field = match field {
        "action" => WordField::Action,
        "bizStep" => WordField::BizStep,
        "disposition" => WordField::Disposition,
        "bizTransaction" => WordField::BizTransaction,
        "sourceDest" => WordField::SourceDest,
        _ => return None,
    };
    let (from_stem, to_stem) = (from.strip_suffix('*'), to.strip_suffix('*'));
    if from_stem.is_some() != to_stem.is_some() {
        return None;
    }
    Some(Deviation::Word {
        field,
        from: from_stem.unwrap_or(from).to_owned(),
        to: to_stem.unwrap_or(to).to_owned(),
        is_stem: from_stem.is_some(),
    })
}

fn read_path(path: &str, ilmd: &str) -> Option<Deviation> {
    let (path, named) = match path.split_once("[name=") {
        Some((path, value)) => (path, Some(value.strip_suffix(']')?.to_owned())),
        None => (path, None),
    };
    Some(Deviation::Field {
        path: path.split('/').map(str::to_owned).collect(),
        named,
        ilmd: ilmd.to_owned(),
    })
}

#[cfg(test)]
mod tests;
