//! Verification as a running service: questions of sites go in, durable answers come out (road 3; design, ideas 8 and 9).
//!
//! ```text
//!            ┌────────── recorder ──────────┐        ┌──────── lanes ────────┐
//!  ask ────▶ │ verifiers' side: "asked"     │ ─────▶ │ repository: look up,   │
//!            │                              │        │ decide, write, commit  │
//!  answer ◀─ │ verifiers' side: "answered"  │ ◀───── │                        │
//!            └──────────────────────────────┘        └────────────────────────┘
//! ```
//!
//! Each step is durable before the next begins, so that a kill between any two leaves a request that the same handle
//! finishes: asked and not committed, it is done; committed and not answered, the repository's record tells the answer
//! (URS-VF-013). Whatever arrived while a commit was under way shares the next one; nobody waits for a group to fill.
//!
//! Requests about one product go through one lane, in the order in which they came: two sites that supply one pack at the
//! same instant are two requests of one order, and the second gets the honest answer.

mod group;
mod lane;
mod recorder;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use packtwin_core::market::Market;
use packtwin_core::time::Clock;
use packtwin_core::verification::{Dialect, MarketProfile, Scale, profile, profiles};
use packtwin_tenants::verifier::request_record::{Asking, KeyRefusal};
use packtwin_tenants::verifier::{Answer, VerifierStore};
use packtwin_tenants::verifier_scope::VerifierScope;

pub use self::group::{Judged, Work, judge};

/// Requests under way at once; more are told to come again, so that a flood fills no memory.
const UNDER_WAY_MAX: usize = 50_000;
/// Requests that share a transaction, at most.
const GROUP_MAX: usize = 64;
/// How often the length of SQLite's logs is looked at.
const WRITE_BACK_EVERY: Duration = Duration::from_millis(50);

/// A question as the wire brought it.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Who asks what.
    pub asking: Asking,
    /// Whose conventions the answer follows; the market's own where the wire does not say.
    pub dialect: Option<Dialect>,
    /// Alone or one of many.
    pub scale: Scale,
}

/// What became of a question.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Answered, and the answer is durable on both sides.
    Answered {
        /// The answer.
        answer: Box<Answer>,
        /// The market whose rules counted.
        market: Market,
    },
    /// The key does not let it in.
    Refused(KeyRefusal),
    /// The same request is being worked on.
    Running,
    /// Another request came under this handle before.
    OtherRequest,
    /// The transaction id was used before.
    UsedBefore,
    /// One of the two sides could not be reached; the pack was not judged, or its answer is not known.
    Unavailable,
}

/// Takes the reply; called once, on a thread of the service, and must not wait.
pub type Respond = Box<dyn FnOnce(Reply) + Send>;

/// The running service. Dropped, it finishes what is under way and stops.
pub struct Verifying {
    recorder: Sender<recorder::Message>,
    under_way: Arc<AtomicUsize>,
    write_back: Sender<()>,
    threads: Vec<JoinHandle<()>>,
}

impl Verifying {
    /// Starts the recorder, a lane for each that the repository can take, and the thread that writes logs back.
    ///
    /// # Errors
    /// The system gave no thread.
    pub fn start(
        store: VerifierStore,
        scope: VerifierScope,
        clock: Arc<dyn Clock>,
    ) -> io::Result<Self> {
        let (to_recorder, for_recorder) = mpsc::channel();
        let mut threads = Vec::new();
        let mut lanes = Vec::new();
        for number in 0..scope.lanes() {
            let (to_lane, for_lane) = mpsc::channel();
            let (scope, clock) = (scope.clone(), Arc::clone(&clock));
            let recorder = to_recorder.clone();
            threads.push(start(&format!("lane {number}"), move || {
                lane::run(&scope, clock.as_ref(), &for_lane, &recorder);
            })?);
            lanes.push(to_lane);
        }
        let under_way = Arc::new(AtomicUsize::new(0));
        let (stop, stopped) = mpsc::channel();
        let log_store = store.clone();
        threads.push(start("write back", move || {
            write_back(&log_store, &scope, &stopped);
        })?);
        threads.push(start("recorder", move || {
            recorder::run(&store, clock.as_ref(), &for_recorder, lanes);
        })?);
        Ok(Verifying {
            recorder: to_recorder,
            under_way,
            write_back: stop,
            threads,
        })
    }

    /// Asks. The reply comes later; where too many are under way, at once.
    pub fn ask(&self, ask: Ask, respond: Respond) {
        if self.under_way.fetch_add(1, Ordering::Relaxed) >= UNDER_WAY_MAX {
            self.under_way.fetch_sub(1, Ordering::Relaxed);
            respond(Reply::Unavailable);
            return;
        }
        let under_way = Arc::clone(&self.under_way);
        let respond: Respond = Box::new(move |reply| {
            under_way.fetch_sub(1, Ordering::Relaxed);
            respond(reply);
        });
        let message = recorder::Message::Ask(Box::new(ask), respond);
        if let Err(mpsc::SendError(recorder::Message::Ask(_, respond))) =
            self.recorder.send(message)
        {
            respond(Reply::Unavailable);
        }
    }

    /// As [`Verifying::ask`], waiting for the reply: for passes and tests, never where requests are served.
    pub fn ask_and_wait(&self, ask: Ask) -> Reply {
        let (send, receive) = mpsc::channel();
        self.ask(
            ask,
            Box::new(move |reply| {
                // Whoever asked is still waiting: it is the next line that waits.
                let _heard = send.send(reply);
            }),
        );
        receive.recv().unwrap_or(Reply::Unavailable)
    }
}

impl Drop for Verifying {
    fn drop(&mut self) {
        // A recorder that is gone needs no word to stop.
        let _stopping = self.recorder.send(recorder::Message::Stop);
        // Threads end when nobody is left who could send to them.
        self.recorder = mpsc::channel().0;
        self.write_back = mpsc::channel().0;
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of verification ended by a defect");
            }
        }
    }
}

fn start(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
}

/// Writes the logs of SQLite databases back until the service stops.
fn write_back(store: &VerifierStore, scope: &VerifierScope, stopped: &Receiver<()>) {
    while stopped.recv_timeout(WRITE_BACK_EVERY) == Err(RecvTimeoutError::Timeout) {
        for outcome in [store.write_back(), scope.write_back()] {
            if let Err(error) = outcome {
                tracing::error!(%error, "a log could not be written back; it is tried again");
            }
        }
    }
}

/// What waits already, up to a group, the first waited for. `None` when nobody is left who could send.
fn next_group<T>(waiting: &Receiver<T>) -> Option<Vec<T>> {
    let mut group = vec![waiting.recv().ok()?];
    group.extend(waiting.try_iter().take(GROUP_MAX - 1));
    Some(group)
}

/// The rules of a market; the blueprint's where it has none of its own. Great Britain's are known as those of the UK.
pub fn profile_of(market: Market) -> &'static MarketProfile {
    let name = match market.as_str() {
        "GB" => "UK",
        other => other,
    };
    profile(name)
        .or_else(|| profile("EU"))
        .unwrap_or(&profiles()[0])
}
