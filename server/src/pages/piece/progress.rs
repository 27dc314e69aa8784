//! Progress of a job: rows or bytes done of how many, rate and time left (users.md 2.4). `static/progress.js` follows
//! `events_href`; without a script the page says the figures of the moment and offers to look again.

use crate::pages::filters;
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
    fn a_hundred_per_cent_means_done() {
        check(0, 0, 0);
        check(1, 3, 33);
        check(1_999_999, 2_000_000, 99);
        check(2_000_000, 2_000_000, 100);
        check(u64::MAX, u64::MAX, 100);
    }
}
