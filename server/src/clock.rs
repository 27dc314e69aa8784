//! The machine's clock: the one place in the house that asks what time it is.

use std::time::{SystemTime, UNIX_EPOCH};

use packtwin_core::time::{Clock, Timestamp};

/// Reads the clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // A clock set before 1970 is a broken machine; the epoch makes every limit of time speak up at once.
        let micros = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |elapsed| {
                i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX)
            });
        Timestamp::from_micros(micros)
    }
}
