//! Progress of a job: rows or bytes done of how many, rate and time left (users.md 2.4). `static/progress.js` follows
//! `events_href`; without a script the page says the figures of the moment and offers to look again.

use crate::pages::{filters, format};
use askama::Template;

/// Progress of long work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "piece/progress.html")]
pub struct Progress {
    /// What is being done: "Checking rows".
    pub label: String,
    /// Units done.
    pub done: u64,
    /// Units in all; 0 when not yet known.
    pub total: u64,
    /// The unit in the plural: "rows", "bytes", "packs".
    pub unit: String,
    /// Units per second over the last seconds; 0 when not yet known.
    pub per_second: u64,
    /// Whole seconds left at this rate; `None` when not yet known.
    pub seconds_left: Option<u64>,
    /// Server-sent events of this job; empty when nothing runs any more.
    pub events_href: String,
    /// Where to look when the job has ended; the script goes there.
    pub after_href: String,
}

super::embeddable!(Progress);

impl Progress {
    /// What is done of how much: `1,220,000 of 2,000,000 rows`, `4.0 MiB of 1.2 GiB`, `17 rows` while the total is unknown.
    pub fn amount(&self) -> String {
        let total = format::amount(self.total, &self.unit);
        match (self.total, self.unit.as_str()) {
            (0, _) => format::amount(self.done, &self.unit),
            (_, "bytes") => format!("{} of {total}", format::bytes(self.done)),
            _ => format!("{} of {total}", format::thousands(self.done)),
        }
    }

    /// Whole per cent, never 100 before the last unit is done.
    pub fn percent(&self) -> u64 {
        if self.total == 0 {
            return 0;
        }
        let percent = u128::from(self.done) * 100 / u128::from(self.total);
        u64::try_from(percent.min(100)).unwrap_or(100)
    }
}

#[cfg(test)]
mod tests {
    use super::Progress;

    fn check(done: u64, total: u64, percent: u64) {
        assert_eq!(
            Progress {
                done,
                total,
                ..Progress::default()
            }
            .percent(),
            percent
        );
    }

    #[test]
    fn the_unit_is_said_once() {
        for (done, total, unit, words) in [
            (1_220_000, 2_000_000, "rows", "1,220,000 of 2,000,000 rows"),
            (4 << 20, 3 << 30, "bytes", "4.0 MiB of 3.0 GiB"),
            (17, 0, "rows", "17 rows"),
        ] {
            let progress = Progress {
                done,
                total,
                unit: unit.into(),
                ..Progress::default()
            };
            assert_eq!(progress.amount(), words);
        }
    }

    #[test]
    fn a_hundred_per_cent_means_done() {
        check(0, 0, 0);
        check(1, 3, 33);
        check(1_999_999, 2_000_000, 99);
        check(2_000_000, 2_000_000, 100);
        check(u64::MAX, u64::MAX, 100);
    }
}
