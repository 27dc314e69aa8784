//! The packs of one product at the simulated hub: sorted runs of serials, one run a message, and the few that changed.
//!
//! Two million packs fit in about 42 MB. A serial stands in one run at most; that is what the hub promises (DR 35(3)).

use std::collections::HashMap;

use packtwin_core::pack::PackState;
use packtwin_core::serial::Serial;

/// All packs of a product.
#[derive(Debug, Default)]
pub(crate) struct PackRegister {
    runs: Vec<Run>,
    changed: HashMap<Serial, Changed>,
}

#[derive(Debug)]
struct Run {
    batch: String,
    serials: Vec<Serial>,
}

/// A pack that is or was out of circulation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Changed {
    pub state: PackState,
    /// When, in microseconds.
    pub at: i64,
}

impl PackRegister {
    /// Takes a sorted run that holds no serial known before.
    pub fn add(&mut self, batch: &str, serials: Vec<Serial>) {
        self.runs.push(Run {
            batch: batch.to_owned(),
            serials,
        });
    }

    /// The batch of a pack, `None` when it is unknown.
    pub fn batch_of(&self, serial: &Serial) -> Option<&str> {
        self.runs
            .iter()
            .find(|run| run.holds(serial))
            .map(|run| run.batch.as_str())
    }

    /// The state of a pack that is known.
    pub fn state_of(&self, serial: &Serial) -> Changed {
        self.changed.get(serial).copied().unwrap_or(Changed {
            state: PackState::Active,
            at: 0,
        })
    }

    /// Sets the state of a pack.
    pub fn set(&mut self, serial: Serial, state: PackState, at: i64) {
        self.changed.insert(serial, Changed { state, at });
    }

    /// How many packs there are.
    pub fn count(&self) -> u64 {
        self.runs.iter().map(|run| run.serials.len() as u64).sum()
    }

    /// How many packs a batch has.
    pub fn count_of(&self, batch: &str) -> u64 {
        self.runs
            .iter()
            .filter(|run| run.batch == batch)
            .map(|run| run.serials.len() as u64)
            .sum()
    }

    /// How many packs are in each state other than active.
    pub fn changed_counts(&self) -> HashMap<PackState, u64> {
        let mut counts = HashMap::new();
        for changed in self
            .changed
            .values()
            .filter(|changed| changed.state != PackState::Active)
        {
            *counts.entry(changed.state).or_default() += 1;
        }
        counts
    }

    /// Every serial in ascending order.
    pub fn serials(&self) -> Vec<Serial> {
        let mut all: Vec<Serial> = self
            .runs
            .iter()
            .flat_map(|run| run.serials.iter().copied())
            .collect();
        all.sort_unstable();
        all
    }
}

impl Run {
    fn holds(&self, serial: &Serial) -> bool {
        self.serials.first().is_some_and(|first| first <= serial)
            && self.serials.last().is_some_and(|last| last >= serial)
            && self.serials.binary_search(serial).is_ok()
    }
}
