//! Messages that have no final answer yet: which, since when, and when they are tried next (users.md 5, HUB-202).

use packtwin_core::code::Code;
use packtwin_core::ids::MessageId;
use packtwin_core::refusal::Refusal;
use packtwin_core::time::Timestamp;
use packtwin_tenants::scope::Reader;
use packtwin_tenants::store::message::{MessageRecord, MessageState};

use super::TOPIC;
use crate::error::AppError;

/// A message that the far side has not confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unconfirmed {
    /// Which.
    pub message: MessageId,
    /// Since when: it left then, or was made then if it has not left.
    pub since: Timestamp,
    /// When it is sent or asked for next; `None` when that is not planned.
    pub next_try_at: Option<Timestamp>,
}

impl Unconfirmed {
    /// The same in words, under its stable code.
    pub fn told(&self) -> Refusal {
        let next = match self.next_try_at {
            Some(at) => format!("Next try {at}."),
            None => "Its next try is not planned yet.".to_owned(),
        };
        Refusal::new(
            Code::HubNotConfirmed,
            format!(
                "The hub has not confirmed message {} since {}. It is still queued; no action needed. {next}",
                self.message, self.since
            ),
        )
    }
}

/// What of a message is unconfirmed; `None` when it has its final answer.
pub(crate) fn unconfirmed(
    reader: &mut Reader<'_>,
    message: &MessageRecord,
) -> Result<Option<Unconfirmed>, AppError> {
    match message.state {
        MessageState::Queued
        | MessageState::Sending
        | MessageState::Waiting
        | MessageState::Unknown => Ok(Some(Unconfirmed {
            message: message.id,
            since: message.sent_at.unwrap_or(message.created_at),
            next_try_at: reader.outbox_due_at(TOPIC, &message.id.to_string())?,
        })),
        MessageState::Writing
        | MessageState::Accepted
        | MessageState::Partial
        | MessageState::Refused
        | MessageState::Cancelled => Ok(None),
    }
}
