//! A lot: packs of one product version with one batch number and one expiry, and the count that must come out even.
//!
//! A [`Completeness`] is the promise of road 1: produced = stored = sent = acknowledged, or the difference is named. The
//! retention follows Regulation (EU) 2016/161 Art. 4(d) and 33(4). Serves URS-SN-004, URS-SN-009.

use chrono::{Days, Months, NaiveDate};

use crate::pack::PackState;

/// Art. 4(d), 33(4): one year after the expiry.
const RETENTION_AFTER_EXPIRY_MONTHS: u32 = 12;
/// Art. 4(d), 33(4): five years after release for sale or distribution.
const RETENTION_AFTER_RELEASE_MONTHS: u32 = 60;

/// The last day on which product code and serial of a pack of this lot must stay unique and stored: one year after its
/// expiry or five years after its release, whichever is later (Art. 4(d), 33(4)).
pub fn retention_until(expiry: NaiveDate, released: NaiveDate) -> NaiveDate {
    let after = |day: NaiveDate, months| {
        day.checked_add_months(Months::new(months))
            .unwrap_or(NaiveDate::MAX)
    };
    after(expiry, RETENTION_AFTER_EXPIRY_MONTHS)
        .max(after(released, RETENTION_AFTER_RELEASE_MONTHS))
}

/// The first day on which the serial may be given to another pack.
pub fn reusable_from(retention_until: NaiveDate) -> NaiveDate {
    retention_until
        .checked_add_days(Days::new(1))
        .unwrap_or(NaiveDate::MAX)
}

/// The state of a batch in one market: a recall happens once and is final (emvs.md 2.1). Expired is not stored; it
/// follows from the date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BatchState {
    /// Not recalled.
    Active,
    /// Recalled in this market.
    Recalled,
}

/// The four numbers of a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Completeness {
    /// What the batch record says was produced, when someone entered it; a lot is not complete before.
    pub produced: Option<u64>,
    /// Packs stored and visible.
    pub stored: u64,
    /// Packs in messages that left for the hub.
    pub sent: u64,
    /// Packs the hub acknowledged.
    pub acknowledged: u64,
}

/// How many packs of a lot are in each state of their own (emvs.md 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StateCounts([u64; PackState::ALL.len()]);

impl StateCounts {
    /// Counts by state; what is not named is 0. Active packs are the rest of `stored`.
    pub fn new(stored: u64, inactive: impl IntoIterator<Item = (PackState, u64)>) -> Self {
        let mut counts = StateCounts::default();
        for (state, packs) in inactive {
            counts.0[state as usize] = packs;
        }
        counts.0[PackState::Active as usize] = 0;
        let inactive: u64 = counts.0.iter().sum();
        counts.0[PackState::Active as usize] = stored.saturating_sub(inactive);
        counts
    }

    /// Packs in a state.
    pub fn of(&self, state: PackState) -> u64 {
        self.0[state as usize]
    }

    /// Each state with its packs, in the order of [`PackState::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (PackState, u64)> + '_ {
        PackState::ALL.into_iter().zip(self.0.iter().copied())
    }
}

/// Where a lot's numbers part company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// Between which two numbers.
    pub between: Step,
    /// The left number minus the right: positive when packs are missing on the right.
    pub packs: i64,
}

/// The three equal signs of the completeness line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// produced = stored
    ProducedStored,
    /// stored = sent
    StoredSent,
    /// sent = acknowledged
    SentAcknowledged,
}

impl Completeness {
    /// Whether all four numbers are known, agree, and something is stored.
    pub fn is_complete(&self) -> bool {
        self.produced.is_some() && self.is_acknowledged()
    }

    /// Whether every stored pack is acknowledged and no number that is known says otherwise. Where nobody entered what
    /// was produced, that is all that can be said: packs missing between the line and the file would not be seen.
    pub fn is_acknowledged(&self) -> bool {
        self.stored > 0 && self.differences().is_empty()
    }

    /// Numbers that nobody has stated yet, by name, and without which a lot is not complete.
    pub fn missing(&self) -> &'static [&'static str] {
        match self.produced {
            Some(_) => &[],
            None => &["produced"],
        }
    }

    /// Each equal sign that does not hold. A produced count that nobody entered is no difference.
    pub fn differences(&self) -> Vec<Difference> {
        let minus = |left: u64, right: u64| {
            i64::try_from(i128::from(left) - i128::from(right)).unwrap_or(i64::MAX)
        };
        let mut differences = Vec::new();
        let mut compare = |between, left, right| {
            if left != right {
                differences.push(Difference {
                    between,
                    packs: minus(left, right),
                });
            }
        };
        if let Some(produced) = self.produced {
            compare(Step::ProducedStored, produced, self.stored);
        }
        compare(Step::StoredSent, self.stored, self.sent);
        compare(Step::SentAcknowledged, self.sent, self.acknowledged);
        differences
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// URS-SN-004: whichever is longer.
    #[test]
    fn the_longer_retention_wins() {
        for (expiry, released, until) in [
            ("2029-06-30", "2026-11-22", "2031-11-22"),
            ("2032-02-29", "2026-11-22", "2033-02-28"),
            ("2030-11-22", "2026-11-22", "2031-11-22"),
        ] {
            assert_eq!(
                retention_until(day(expiry), day(released)),
                day(until),
                "{expiry} {released}"
            );
        }
        assert_eq!(reusable_from(day("2031-12-31")), day("2032-01-01"));
    }

    #[test]
    fn active_packs_are_the_rest() {
        let counts = StateCounts::new(10, [(PackState::Sample, 2), (PackState::CheckedOut, 1)]);
        let told: Vec<u64> = PackState::ALL.map(|state| counts.of(state)).to_vec();
        assert_eq!(told, [7, 0, 0, 0, 2, 0, 0, 0, 1]);
        assert_eq!(counts.iter().map(|(_, packs)| packs).sum::<u64>(), 10);
    }

    #[test]
    fn every_equal_sign_that_fails_is_named() {
        let lot = Completeness {
            produced: Some(10),
            stored: 9,
            sent: 9,
            acknowledged: 12,
        };
        let found: Vec<(Step, i64)> = lot
            .differences()
            .iter()
            .map(|d| (d.between, d.packs))
            .collect();
        assert_eq!(
            found,
            [(Step::ProducedStored, 1), (Step::SentAcknowledged, -3)]
        );
        assert!(!lot.is_complete());
    }

    #[test]
    fn complete_are_four_equal_numbers() {
        for (produced, stored, acknowledged, complete, missing) in [
            (None, 0, false, false, 1),
            (Some(0), 0, false, false, 0),
            (None, 5, true, false, 1),
            (Some(5), 5, true, true, 0),
            (Some(6), 5, false, false, 0),
        ] {
            let lot = Completeness {
                produced,
                stored,
                sent: stored,
                acknowledged: stored,
            };
            let told = (
                lot.is_acknowledged(),
                lot.is_complete(),
                lot.missing().len(),
            );
            assert_eq!(told, (acknowledged, complete, missing), "{lot:?}");
        }
    }
}
