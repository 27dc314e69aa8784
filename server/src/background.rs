//! The work behind the pages: jobs, outgoing messages and letters, and the passes that have their time.
//!
//! A few threads look for work and rest when there is none. Everything is claimed by lease, so that any number of
//! processes may do this beside each other and none is needed to stop well: what was left is taken up when its lease ends.
//! The passes themselves are `app`'s and `tenants`'.

use std::fs::File;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use packtwin_app::house::House;
use packtwin_app::{job, message, upkeep};

use crate::timetable;

/// Threads that do jobs: one tenant's long work does not keep all others waiting.
pub const JOB_THREADS: usize = 2;
/// How long a thread rests that found nothing to do.
const REST: Duration = Duration::from_millis(250);
/// How long stopping waits for a pass to end.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// The running threads. Dropped, they go on; see [`Background::stop`].
pub struct Background {
    bell: Arc<Bell>,
    threads: Vec<JoinHandle<()>>,
    /// Held as long as the process lives; the system lets it go when the process dies, however it dies.
    _only_worker: Option<File>,
}

/// Wakes resting threads when it is time to stop.
#[derive(Default)]
struct Bell {
    stopping: Mutex<bool>,
    rung: Condvar,
}

impl Bell {
    /// Whether it is time to stop.
    fn has_rung(&self) -> bool {
        *self.stopping.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Rests; `false` when it is time to stop.
    fn rest(&self, time: Duration) -> bool {
        let stopping = self.stopping.lock().unwrap_or_else(PoisonError::into_inner);
        let (stopping, _) = self
            .rung
            .wait_timeout_while(stopping, time, |stopping| !*stopping)
            .unwrap_or_else(PoisonError::into_inner);
        !*stopping
    }
}

impl Background {
    /// Begins to work for a house.
    ///
    /// # Errors
    /// The system gave no thread.
    pub fn start(house: &Arc<House>) -> std::io::Result<Self> {
        let mut background = Background {
            bell: Arc::default(),
            threads: Vec::new(),
            _only_worker: take_over_alone(house)?,
        };
        for _ in 0..JOB_THREADS {
            background.add("jobs", REST, house, |house| {
                told("jobs", job::run_jobs(house).map(|pass| pass.worked > 0))
            })?;
        }
        background.add("messages", REST, house, |house| {
            told(
                "messages",
                message::dispatch(house).map(|pass| pass.worked > 0),
            )
        })?;
        background.add_timed_passes(house)?;
        Ok(background)
    }

    /// Asks the threads to stop and waits a while. A job that takes longer is taken up again at the next start.
    pub fn stop(self) {
        *self
            .bell
            .stopping
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = true;
        self.bell.rung.notify_all();
        let until = Instant::now() + STOP_WITHIN;
        while Instant::now() < until && self.threads.iter().any(|thread| !thread.is_finished()) {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Two threads: one keeps the time, one does what is due.
    fn add_timed_passes(&mut self, house: &Arc<House>) -> std::io::Result<()> {
        let (due, orders) = timetable::channel();
        let (bell, house) = (Arc::clone(&self.bell), Arc::clone(house));
        self.add_thread("timed passes", move || {
            timetable::do_passes(&house, &orders, || bell.has_rung());
        })?;
        let bell = Arc::clone(&self.bell);
        self.add_thread("timetable", move || {
            if let Err(error) = timetable::keep_time(&due, || bell.has_rung()) {
                tracing::error!(%error, "the timetable stopped; timed passes are made at the next start");
            }
        })
    }

    fn add_thread(
        &mut self,
        name: &str,
        work: impl FnOnce() + Send + 'static,
    ) -> std::io::Result<()> {
        let thread = std::thread::Builder::new().name(name.to_owned());
        self.threads.push(thread.spawn(work)?);
        Ok(())
    }

    /// A thread that does a pass again and again and rests after one that found nothing.
    fn add(
        &mut self,
        name: &str,
        rest: Duration,
        house: &Arc<House>,
        pass: impl Fn(&House) -> bool + Send + 'static,
    ) -> std::io::Result<()> {
        let (house, bell) = (Arc::clone(house), Arc::clone(&self.bell));
        let work = move || {
            loop {
                let rest = if pass(&house) { Duration::ZERO } else { rest };
                if !bell.rest(rest) {
                    return;
                }
            }
        };
        self.add_thread(name, work)
    }
}

/// The only worker of a site on this machine goes on at once where a killed one stopped, instead of waiting for its
/// leases to end. Whether it is the only one, a lock on a file in the site's folder tells. PostgreSQL sites may have
/// workers on other machines, so there the leases alone decide.
fn take_over_alone(house: &House) -> std::io::Result<Option<File>> {
    if house.site().engine_name() != "sqlite" {
        return Ok(None);
    }
    let lock = File::create(house.site().folder().join("worker.lock"))?;
    if lock.try_lock().is_err() {
        return Ok(None);
    }
    told("take over", upkeep::take_over(house).map(|freed| freed > 0));
    Ok(Some(lock))
}

/// Whether a pass found work; a pass that failed is told and tried again after a rest.
fn told<E: std::error::Error>(pass: &'static str, outcome: Result<bool, E>) -> bool {
    outcome.unwrap_or_else(|error| {
        tracing::error!(pass, %error, "a pass failed; it is tried again");
        false
    })
}
