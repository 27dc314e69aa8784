//! The verifiers' side of the service: one thread that records questions and answers, all that wait in one transaction.
//!
//! A group that cannot be recorded is tried one by one, so that a single bad one takes nobody with it.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::mpsc::{Receiver, Sender};

use packtwin_core::pack::PackKey;
use packtwin_core::time::Clock;
use packtwin_core::verification::{Dialect, Scale};
use packtwin_tenants::error::StoreError;
use packtwin_tenants::verifier::request_record::{Answering, Asked, Asking};
use packtwin_tenants::verifier::{RequestId, VerifierStore};

use super::group::Work;
use super::{Ask, Reply, Respond, next_group};

/// What reaches the recorder.
pub(super) enum Message {
    /// A question.
    Ask(Box<Ask>, Respond),
    /// An answer that the repository has made durable.
    Answer(Box<Answering>, Respond),
    /// A request that the repository could not do.
    Failed(RequestId),
    /// Take no more questions, finish what is under way.
    Stop,
}

/// Who waits for a question's reply, and how it is to be asked on.
type Waiting = (Option<Dialect>, Scale, Respond);

#[derive(Default)]
struct Group {
    asking: Vec<Asking>,
    waiting: Vec<Waiting>,
    answering: Vec<Answering>,
    answered: Vec<Respond>,
}

/// Runs until everyone who could send is gone.
pub(super) fn run(
    store: &VerifierStore,
    clock: &dyn Clock,
    messages: &Receiver<Message>,
    lanes: Vec<Sender<Work>>,
) {
    let mut lanes = lanes;
    let mut in_flight: HashSet<RequestId> = HashSet::new();
    while let Some(messages) = next_group(messages) {
        let mut group = Group::default();
        for message in messages {
            match message {
                Message::Ask(_, respond) if lanes.is_empty() => respond(Reply::Unavailable),
                Message::Ask(ask, respond) => {
                    group.asking.push(ask.asking);
                    group.waiting.push((ask.dialect, ask.scale, respond));
                }
                Message::Answer(answering, respond) => {
                    in_flight.remove(&answering.asker.request);
                    group.answering.push(*answering);
                    group.answered.push(respond);
                }
                Message::Failed(request) => {
                    in_flight.remove(&request);
                }
                Message::Stop => lanes.clear(),
            }
        }
        record(store, clock, group, &lanes, &mut in_flight);
    }
}

fn record(
    store: &VerifierStore,
    clock: &dyn Clock,
    group: Group,
    lanes: &[Sender<Work>],
    in_flight: &mut HashSet<RequestId>,
) {
    if group.asking.is_empty() && group.answering.is_empty() {
        return;
    }
    match store.exchange(&group.asking, &group.answering, clock.now()) {
        Ok(asked) => {
            answer(group.answering, group.answered);
            pass_on(group.asking, group.waiting, asked, lanes, in_flight);
        }
        Err(error) if group.asking.len() + group.answering.len() == 1 => {
            tracing::error!(%error, "a request could not be recorded");
            let waiting = group.waiting.into_iter().map(|(_, _, respond)| respond);
            for respond in waiting.chain(group.answered) {
                respond(Reply::Unavailable);
            }
        }
        Err(error) => {
            if !matches!(error, StoreError::Taken) {
                tracing::warn!(%error, "a group could not be recorded; its requests are tried one by one");
            }
            for (asking, waiting) in group.asking.into_iter().zip(group.waiting) {
                let one = Group {
                    asking: vec![asking],
                    waiting: vec![waiting],
                    ..Group::default()
                };
                record(store, clock, one, lanes, in_flight);
            }
            for (answering, respond) in group.answering.into_iter().zip(group.answered) {
                let one = Group {
                    answering: vec![answering],
                    answered: vec![respond],
                    ..Group::default()
                };
                record(store, clock, one, lanes, in_flight);
            }
        }
    }
}

fn answer(answering: Vec<Answering>, answered: Vec<Respond>) {
    for (answering, respond) in answering.into_iter().zip(answered) {
        respond(Reply::Answered {
            market: answering.asker.market,
            answer: Box::new(answering.answer),
        });
    }
}

fn pass_on(
    asking: Vec<Asking>,
    waiting: Vec<Waiting>,
    asked: Vec<Asked>,
    lanes: &[Sender<Work>],
    in_flight: &mut HashSet<RequestId>,
) {
    for ((asking, (dialect, scale, respond)), asked) in asking.into_iter().zip(waiting).zip(asked) {
        match asked {
            Asked::Recorded(asker) if !in_flight.insert(asker.request) => respond(Reply::Running),
            Asked::Recorded(asker) => {
                let lane = lane_of(&asking.submitted.pack, lanes.len());
                let request = asker.request;
                let work = Work {
                    asker,
                    asking,
                    dialect,
                    scale,
                    respond,
                };
                // A lane ends only after this thread let go of it.
                if let Err(gone) = lanes[lane].send(work) {
                    in_flight.remove(&request);
                    (gone.0.respond)(Reply::Unavailable);
                }
            }
            Asked::Answered(answer, market) => respond(Reply::Answered {
                answer: Box::new(answer),
                market,
            }),
            Asked::Running => respond(Reply::Running),
            Asked::OtherRequest => respond(Reply::OtherRequest),
            Asked::UsedBefore => respond(Reply::UsedBefore),
            Asked::Refused(refusal) => respond(Reply::Refused(refusal)),
        }
    }
}

/// All of a product goes through one lane: the order per pack is kept, and no two lanes wait for the numbers of one lot.
fn lane_of(pack: &PackKey, lanes: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    pack.product.identity().hash(&mut hasher);
    let lanes = lanes.max(1) as u64;
    (hasher.finish() % lanes) as usize
}
