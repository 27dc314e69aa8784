//! When the house does by itself what has its time: a table of passes, each with its hour, called by a scheduler.
//!
//! The scheduler only says that a pass is due; one thread does them, one after the other, so that a slow pass neither runs
//! twice nor holds the clock up. Every pass may run again at any time and beside another process of the site; each is also
//! run once at the start, for what fell due while nobody was there.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use packtwin_app::error::AppError;
use packtwin_app::house::House;
use packtwin_app::{alert, expiring, upkeep};
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

/// How often the threads look whether it is time to stop.
const LOOK: Duration = Duration::from_millis(250);

/// One pass with its time.
pub struct TimedPass {
    /// Its name in the log.
    pub name: &'static str,
    /// When, as `second minute hour day month weekday` in UTC.
    pub when: &'static str,
    /// Does it; answers how much was done.
    pub run: fn(&House) -> Result<u64, AppError>,
}

/// Every pass that has its time.
pub const TIMED_PASSES: [TimedPass; 3] = [
    TimedPass {
        name: "alerts",
        when: "20 * * * * *",
        run: |house| alert::escalate(house).map(|pass| pass.escalated),
    },
    TimedPass {
        name: "upkeep",
        when: "0 7 * * * *",
        run: |house| upkeep::upkeep(house).map(|pass| pass.packs_purged + pass.swept),
    },
    TimedPass {
        name: "reminders",
        when: "0 30 5 * * *",
        run: expiring::remind,
    },
];

/// Says when passes are due until `stops` says so.
///
/// # Errors
/// The scheduler did not start.
pub fn keep_time(
    due: &Sender<&'static TimedPass>,
    stops: impl Fn() -> bool,
) -> Result<(), JobSchedulerError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|_| JobSchedulerError::CantInit)?;
    runtime.block_on(async {
        let mut scheduler = JobScheduler::new().await?;
        for pass in &TIMED_PASSES {
            let due = due.clone();
            let job = Job::new(pass.when, move |_, _| {
                if due.send(pass).is_err() {
                    tracing::debug!(
                        pass = pass.name,
                        "the process ends; the pass is made at the next start"
                    );
                }
            })?;
            scheduler.add(job).await?;
        }
        scheduler.start().await?;
        while !stops() {
            tokio::time::sleep(LOOK).await;
        }
        scheduler.shutdown().await
    })
}

/// Does every pass once, and then those that fall due, until `stops` says so.
pub fn do_passes(house: &House, due: &Receiver<&'static TimedPass>, stops: impl Fn() -> bool) {
    for pass in &TIMED_PASSES {
        run(house, pass);
    }
    while !stops() {
        match due.recv_timeout(LOOK) {
            Ok(pass) => run(house, pass),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(LOOK),
        }
    }
}

/// A way for passes that are due.
pub fn channel() -> (Sender<&'static TimedPass>, Receiver<&'static TimedPass>) {
    mpsc::channel()
}

fn run(house: &House, pass: &TimedPass) {
    match (pass.run)(house) {
        Ok(done) => tracing::debug!(pass = pass.name, done, "a pass was made"),
        Err(error) => {
            tracing::error!(pass = pass.name, %error, "a pass failed; it is tried again at its next time");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn the_scheduler_knows_every_hour_of_the_table() {
        let (due, _orders) = channel();
        let asked = AtomicBool::new(false);
        // Stops at the second look: by then every row was taken.
        let kept = keep_time(&due, || asked.swap(true, Ordering::SeqCst));
        assert!(kept.is_ok(), "{kept:?}");
    }
}
