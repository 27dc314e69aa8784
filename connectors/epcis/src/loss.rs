//! What a form could not carry, counted and said: a translation loses nothing in silence.

use std::collections::BTreeMap;

/// What a document does not carry, by kind, with the first place and a count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Losses {
    kinds: BTreeMap<String, Loss>,
}

/// One kind of loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss {
    /// The event it happened in first, counted from 1; 0 for the document.
    pub first_event: u64,
    /// How often it happened.
    pub count: u64,
}

impl Loss {
    fn told(self, what: &str) -> String {
        match self.first_event {
            0 => format!("{what}."),
            event => format!("{what} ({} times, first in event {event}).", self.count),
        }
    }
}

/// Kinds of loss that are told apart; beyond them they are counted together.
const KINDS_MAX: usize = 200;
/// What a note begins with among the kinds.
const NOTE: &str = "note: ";

impl Losses {
    /// Counts a loss.
    pub fn add(&mut self, event: u64, what: impl Into<String>) {
        let mut what = what.into();
        if self.kinds.len() >= KINDS_MAX && !self.kinds.contains_key(&what) {
            what = "further kinds of loss".to_owned();
        }
        let fresh = Loss {
            first_event: event,
            count: 0,
        };
        self.kinds.entry(what).or_insert(fresh).count += 1;
    }

    /// Counts something that was carried, and that the reader of the document should know.
    pub fn note(&mut self, event: u64, what: impl Into<String>) {
        self.add(event, format!("{NOTE}{}", what.into()));
    }

    /// Whether everything was carried.
    pub fn is_empty(&self) -> bool {
        self.kinds.keys().all(|what| what.starts_with(NOTE))
    }

    /// Every kind of loss, and every note, in words.
    pub fn sentences(&self) -> impl Iterator<Item = String> + '_ {
        let losses = self.lost().map(|what| format!("Not carried: {what}"));
        losses.chain(self.notes().map(|note| format!("Note: {note}")))
    }

    /// Every kind of loss in words, with place and count.
    pub fn lost(&self) -> impl Iterator<Item = String> + '_ {
        self.iter().map(|(what, loss)| loss.told(what))
    }

    /// Every note in words, with place and count.
    pub fn notes(&self) -> impl Iterator<Item = String> + '_ {
        let notes = self.kinds.iter();
        notes.filter_map(|(what, loss)| Some(loss.told(what.strip_prefix(NOTE)?)))
    }

    /// Every kind of loss with its count; notes are none.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Loss)> {
        let losses = self
            .kinds
            .iter()
            .filter(|(what, _)| !what.starts_with(NOTE));
        losses.map(|(what, loss)| (what.as_str(), *loss))
    }
}
