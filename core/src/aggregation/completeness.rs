//! Whether a container holds what the line reported, before it is shipped (URS-AG-007).
//!
//! Compares; does not change the hierarchy and does not keep anything from being shipped.

use std::collections::BTreeSet;

use crate::code::Code;
use crate::refusal::Refusal;

use super::node::NodeId;

/// What a container and its line report do not have in common; all ascending.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// Reported and not in the container.
    pub missing: Vec<NodeId>,
    /// In the container and not reported.
    pub extra: Vec<NodeId>,
    /// Reported by a name that nothing here bears, as the report writes it.
    pub unknown: Vec<String>,
}

/// A child as the line reported it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reported {
    /// A node that exists.
    Known(NodeId),
    /// A name that nothing bears.
    Unknown(String),
}

/// Compares the children of a container with the line report.
pub fn compare(held: &[NodeId], reported: impl IntoIterator<Item = Reported>) -> Difference {
    let held: BTreeSet<NodeId> = held.iter().copied().collect();
    let mut known = BTreeSet::new();
    let mut unknown = BTreeSet::new();
    for child in reported {
        match child {
            Reported::Known(id) => drop(known.insert(id)),
            Reported::Unknown(name) => drop(unknown.insert(name)),
        }
    }
    Difference {
        missing: known.difference(&held).copied().collect(),
        extra: held.difference(&known).copied().collect(),
        unknown: unknown.into_iter().collect(),
    }
}

impl Difference {
    /// Whether container and report are the same.
    pub fn is_none(&self) -> bool {
        self.missing.is_empty() && self.extra.is_empty() && self.unknown.is_empty()
    }

    /// One flag for each difference, in the names that the reader may see.
    pub fn flags(&self, container: &str, name: impl Fn(NodeId) -> String) -> Vec<Refusal> {
        let flag = |code, text: String| Refusal::at(code, container, text);
        let missing = self.missing.iter().map(|id| {
            let text = format!("{} was reported and is not in it", name(*id));
            flag(Code::HierarchyMissing, text)
        });
        let extra = self.extra.iter().map(|id| {
            let text = format!("{} is in it and was not reported", name(*id));
            flag(Code::HierarchyExtra, text)
        });
        let unknown = self.unknown.iter().map(|reported| {
            let text = format!("{reported} was reported and does not exist");
            flag(Code::HierarchyUnknown, text)
        });
        missing.chain(extra).chain(unknown).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// URS-AG-007.
    #[test]
    fn missing_extra_and_unknown_are_flagged() {
        let check = |held: &[u64], reported: &[u64], unknown: &[&str], codes: &[&str]| {
            let held: Vec<NodeId> = held.iter().copied().map(NodeId).collect();
            let known = reported.iter().map(|id| Reported::Known(NodeId(*id)));
            let unknown = unknown
                .iter()
                .map(|name| Reported::Unknown((*name).to_owned()));
            let difference = compare(&held, known.chain(unknown));
            let flags = difference.flags("case", |id| id.0.to_string());
            let found: Vec<&str> = flags.iter().map(|flag| flag.code.as_str()).collect();
            assert_eq!(found, codes);
            assert_eq!(difference.is_none(), codes.is_empty());
        };
        check(&[1, 2, 3], &[3, 2, 1], &[], &[]);
        check(&[1, 2, 9], &[1, 2, 3], &[], &["AGG-420", "AGG-421"]);
        check(&[1], &[1], &["x", "x"], &["AGG-422"]);
        check(&[], &[], &[], &[]);
    }
}
