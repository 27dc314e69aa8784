//! Which calendar day it is in a market: a pack expires at the end of its last day by the market's own clock.
//!
//! All markets of the European system share one rule for summer time: from the last Sunday of March to the last Sunday of
//! October, both at 01:00 UTC (Directive 2000/84/EC). So an offset and a switch are all a profile needs to say.

use chrono::{Datelike, NaiveDate, Weekday};

use crate::date::last_day_of_month;
use crate::time::Timestamp;

/// The clock of a market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarketClock {
    /// Minutes ahead of UTC in winter.
    pub utc_offset_minutes: i32,
    /// Whether the clocks are put forward in summer.
    pub summer_time: SummerTime,
}

/// Whether a market puts its clocks forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SummerTime {
    /// As all of the Union does.
    Eu,
    /// Never.
    None,
}

impl MarketClock {
    /// The calendar day in this market.
    pub fn day_at(&self, at: Timestamp) -> NaiveDate {
        let summer = match self.summer_time {
            SummerTime::Eu if is_summer(at) => 60,
            SummerTime::Eu | SummerTime::None => 0,
        };
        at.plus_seconds(i64::from(self.utc_offset_minutes + summer) * 60)
            .date()
    }
}

fn is_summer(at: Timestamp) -> bool {
    let switch = |month| {
        let last = last_day_of_month(at.year(), month)?;
        let sunday = last - chrono::Days::new(u64::from(last.weekday().days_since(Weekday::Sun)));
        Some(Timestamp::start_of_day(sunday).plus_seconds(3600))
    };
    match (switch(3), switch(10)) {
        (Some(begins), Some(ends)) => (begins..ends).contains(&at),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(clock: (i32, SummerTime), at: &str, day: &str) {
        let clock = MarketClock {
            utc_offset_minutes: clock.0,
            summer_time: clock.1,
        };
        let at = Timestamp::parse(at).unwrap();
        assert_eq!(clock.day_at(at).to_string(), day, "{at}");
    }

    /// URS-VF-006: the day of the market, on both sides of a clock change.
    #[test]
    fn the_day_begins_at_local_midnight() {
        let berlin = (60, SummerTime::Eu);
        check(berlin, "2027-01-31T22:59:59Z", "2027-01-31");
        check(berlin, "2027-01-31T23:00:00Z", "2027-02-01");
        check(berlin, "2027-06-30T21:59:59Z", "2027-06-30");
        check(berlin, "2027-06-30T22:00:00Z", "2027-07-01");
        check(berlin, "2027-03-28T00:59:59Z", "2027-03-28");
        check(berlin, "2027-10-31T22:30:00Z", "2027-10-31");
        check(berlin, "2027-10-30T22:30:00Z", "2027-10-31");
        check((0, SummerTime::None), "2027-06-30T23:30:00Z", "2027-06-30");
        check((120, SummerTime::Eu), "2027-06-30T21:00:00Z", "2027-07-01");
    }
}
