//! The lot's line of four numbers: produced = stored = sent = acknowledged. An equal sign turns into the difference as
//! soon as there is one (users.md 3.6); every number is exact to the unit.

use crate::pages::format;
use askama::Template;

/// The four counts of a lot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "piece/completeness.html")]
pub struct Completeness {
    /// Packs produced according to the batch record, typed in by a person; `None` until someone says.
    pub produced: Option<u64>,
    /// Packs stored here.
    pub stored: u64,
    /// Packs sent to the hub.
    pub sent: u64,
    /// Packs the hub acknowledged.
    pub acknowledged: u64,
    /// Link to the rows that make up each difference; the number of the step (1 to 3) is appended.
    pub difference_href: String,
}

super::embeddable!(Completeness);

/// One number and the sign before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// "Produced", "Stored", …
    pub label: &'static str,
    /// The count with separators, or "not given".
    pub number: String,
    /// The sign that stands before it; `None` before the first.
    pub sign: Option<Sign>,
    /// Share of the largest count, 0 to 100, for the bar beneath.
    pub percent: u64,
}

/// What stands between two numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sign {
    /// The same number.
    Equal,
    /// The left number is not known.
    Unknown,
    /// Fewer on the right, by this many.
    Missing {
        /// How many, with separators.
        count: String,
        /// The rows.
        href: String,
    },
    /// More on the right, by this many.
    Surplus {
        /// How many, with separators.
        count: String,
        /// The rows.
        href: String,
    },
}

impl Completeness {
    /// Whether all four numbers are given and the same.
    pub fn is_complete(&self) -> bool {
        self.produced == Some(self.stored)
            && self.stored == self.sent
            && self.sent == self.acknowledged
    }

    /// The four steps in order.
    pub fn steps(&self) -> Vec<Step> {
        let counts = [
            self.produced,
            Some(self.stored),
            Some(self.sent),
            Some(self.acknowledged),
        ];
        let largest = counts.iter().flatten().copied().max().unwrap_or(0).max(1);
        let labels = ["Produced", "Stored", "Sent", "Acknowledged"];
        (0..4)
            .map(|index| Step {
                label: labels[index],
                number: counts[index].map_or_else(|| "not given".to_owned(), format::thousands),
                sign: index
                    .checked_sub(1)
                    .map(|before| self.sign(index, counts[before], counts[index])),
                percent: counts[index].map_or(0, |count| percent_of(count, largest)),
            })
            .collect()
    }

    fn sign(&self, step: usize, left: Option<u64>, right: Option<u64>) -> Sign {
        let (Some(left), Some(right)) = (left, right) else {
            return Sign::Unknown;
        };
        let count = format::thousands(left.abs_diff(right));
        let href = format!("{}{step}", self.difference_href);
        match left.cmp(&right) {
            std::cmp::Ordering::Equal => Sign::Equal,
            std::cmp::Ordering::Greater => Sign::Missing { count, href },
            std::cmp::Ordering::Less => Sign::Surplus { count, href },
        }
    }
}

fn percent_of(count: u64, largest: u64) -> u64 {
    u64::try_from(u128::from(count) * 100 / u128::from(largest)).unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use super::{Completeness, Sign};

    fn check(produced: Option<u64>, rest: [u64; 3], signs: &str) {
        let line = Completeness {
            produced,
            stored: rest[0],
            sent: rest[1],
            acknowledged: rest[2],
            difference_href: "/d?step=".into(),
        };
        let drawn: Vec<String> = line
            .steps()
            .into_iter()
            .filter_map(|step| step.sign)
            .map(|sign| match sign {
                Sign::Equal => "=".to_owned(),
                Sign::Unknown => "?".to_owned(),
                Sign::Missing { count, href } => format!("-{count}@{href}"),
                Sign::Surplus { count, .. } => format!("+{count}"),
            })
            .collect();
        assert_eq!(drawn.join(" "), signs);
        assert_eq!(line.is_complete(), signs == "= = =");
    }

    #[test]
    fn equal_signs_turn_into_the_difference() {
        check(Some(24_000), [24_000, 24_000, 24_000], "= = =");
        check(None, [24_000, 24_000, 24_000], "? = =");
        check(
            Some(24_000),
            [23_998, 23_998, 20_000],
            "-2@/d?step=1 = -3,998@/d?step=3",
        );
        check(Some(10), [12, 0, 0], "+2 -12@/d?step=2 =");
    }
}
