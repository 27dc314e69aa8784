//! The trail of one pack, and how much of it each side may see (Art. 38, 39; URS-VF-016, URS-AL-005).
//!
//! The manufacturer sees state changes and times of its own packs, never where they happened. Only an authority sees sites,
//! and the verifiers' side has to join them first; [`TrailEntry::site`] is empty on the manufacturers' side by construction.

use crate::pack::PackState;
use crate::time::Timestamp;

use super::outcome::{AlertCode, Outcome};
use super::request::Operation;

/// One request about a pack, as the record keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailEntry {
    /// When it was made.
    pub at: Timestamp,
    /// What was asked.
    pub operation: Operation,
    /// What came of it.
    pub outcome: Outcome,
    /// The state afterwards.
    pub state: PackState,
    /// Whether this entry changed the state.
    pub changed: Changed,
    /// The alert raised.
    pub alert: Option<AlertCode>,
    /// The site by its name, joined in from the verifiers' side.
    pub site: Option<String>,
}

/// Whether an entry changed the pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Changed {
    /// The state is another one since.
    State,
    /// Nothing changed.
    Nothing,
}

/// Who looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Viewer {
    /// The manufacturer, at a pack of its own.
    Holder,
    /// An authority with a case, whose look is recorded before it is answered.
    Authority,
}

/// How much of a trail was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Extent {
    /// All of it.
    Complete,
    /// State changes without the acting site.
    Partial,
}

/// The part of a trail that `viewer` may see.
pub fn visible_to(viewer: Viewer, trail: &[TrailEntry]) -> (Extent, Vec<TrailEntry>) {
    match viewer {
        Viewer::Authority => (Extent::Complete, trail.to_vec()),
        Viewer::Holder => {
            let seen = trail
                .iter()
                .filter(|entry| entry.changed == Changed::State || entry.alert.is_some());
            let blind = seen.map(|entry| TrailEntry {
                site: None,
                ..entry.clone()
            });
            (Extent::Partial, blind.collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::request::Removal;
    use super::*;

    /// URS-VF-016.
    #[test]
    fn the_holder_sees_what_happened_and_not_where() {
        let entry = |operation, changed| TrailEntry {
            at: Timestamp::from_micros(0),
            operation,
            outcome: Outcome::Ok,
            state: PackState::Supplied,
            changed,
            alert: None,
            site: Some("somewhere".to_owned()),
        };
        let trail = [
            entry(Operation::Verify, Changed::Nothing),
            entry(Operation::Remove(Removal::Supply), Changed::State),
        ];
        let (extent, seen) = visible_to(Viewer::Holder, &trail);
        assert_eq!((extent, seen.len()), (Extent::Partial, 1));
        assert!(seen.iter().all(|entry| entry.site.is_none()));
        let (extent, seen) = visible_to(Viewer::Authority, &trail);
        assert_eq!((extent, seen.as_slice()), (Extent::Complete, &trail[..]));
    }
}
