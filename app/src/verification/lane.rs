//! One committer of the repository: what waits is looked up, decided and written in one transaction.

use std::sync::mpsc::{Receiver, Sender};

use packtwin_core::time::Clock;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::verifier::request_record::Answering;
use packtwin_tenants::verifier_scope::VerifierScope;

use super::group::{Judged, Work, judge};
use super::recorder::Message;
use super::{Reply, next_group};

/// How often a group is looked at again that someone else was quicker than.
const ATTEMPTS: usize = 4;

/// Runs until the recorder lets go of it.
pub(super) fn run(
    scope: &VerifierScope,
    clock: &dyn Clock,
    waiting: &Receiver<Work>,
    recorder: &Sender<Message>,
) {
    while let Some(group) = next_group(waiting) {
        commit(scope, clock, group, recorder);
    }
}

fn commit(scope: &VerifierScope, clock: &dyn Clock, group: Vec<Work>, recorder: &Sender<Message>) {
    match with_patience(scope, clock, &group) {
        Ok(judged) => {
            for (work, judged) in group.into_iter().zip(judged) {
                let answering = Answering {
                    product: work.asking.submitted.pack.product.identity(),
                    operation: work.asking.operation,
                    asker: work.asker,
                    answer: judged.answer,
                    typing: judged.typing,
                    alert: judged.alert,
                };
                tell(recorder, Message::Answer(Box::new(answering), work.respond));
            }
        }
        Err(error) if group.len() == 1 => {
            tracing::error!(%error, "the repository could not do a request");
            for work in group {
                tell(recorder, Message::Failed(work.asker.request));
                (work.respond)(Reply::Unavailable);
            }
        }
        Err(error) => {
            tracing::warn!(%error, "the repository could not do a group; its requests are tried one by one");
            for work in group {
                commit(scope, clock, vec![work], recorder);
            }
        }
    }
}

fn with_patience(
    scope: &VerifierScope,
    clock: &dyn Clock,
    group: &[Work],
) -> Result<Vec<Judged>, StoreError> {
    let mut attempt = 1;
    loop {
        match judge(scope, group, clock.now()) {
            Err(StoreError::Busy) if attempt < ATTEMPTS => attempt += 1,
            outcome => return outcome,
        }
    }
}

fn tell(recorder: &Sender<Message>, message: Message) {
    // The recorder ends after every lane; a message that is not taken is answered as unavailable.
    if let Err(gone) = recorder.send(message)
        && let Message::Answer(_, respond) = gone.0
    {
        respond(Reply::Unavailable);
    }
}
