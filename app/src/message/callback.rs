//! Late answers: the far side calls us. At least once, in any order, and trusted only as far as the message it names.
//!
//! The address holds a handle that cannot be guessed and names one connector of one tenant. A callback for a message that
//! has its final answer changes nothing.

use packtwin_core::code::Code;
use packtwin_core::ids::MessageId;
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::store::message_answer::NewAttempt;

use super::TOPIC;
use super::dispatch::settle;
use crate::connector::Link;
use crate::error::AppError;
use crate::house::House;

/// Takes a callback that came in under `handle`.
///
/// # Errors
/// [`AppError::NotFound`] for an unknown handle or message; HUB-207 when it cannot be read.
pub fn receive_callback(house: &House, handle: &str, body: &[u8]) -> Result<(), AppError> {
    let found = house
        .site()
        .callback_find(handle)?
        .ok_or(AppError::NotFound)?;
    let scope = house.site().system_scope(found.tenant, "callback");
    let link = scope.read(|reader| Link::of(reader, &found.connector))?;
    let reply = link.connector.read_reply(200, body);
    let named = reply
        .message_id
        .as_deref()
        .and_then(|id| id.parse::<MessageId>().ok());
    let Some(id) = named else {
        return Err(AppError::refuse(
            Code::HubUnknownOutcome,
            "the callback names no message of ours",
        ));
    };
    let scope = house
        .site()
        .scope(scope.actor().clone().within(id.to_string()));
    let now = house.now();
    scope.change(now, |writer| {
        let message = writer
            .message_get(id)?
            .filter(|message| message.connector == found.connector);
        let message = message.ok_or(AppError::NotFound)?;
        let attempt = NewAttempt {
            action: "callback",
            outcome: "received",
            detail: "",
            reply_sha256: None,
        };
        writer.message_attempt_add(id, &attempt)?;
        settle(writer, &message, &reply.verdict)?;
        // The worker looks again: it ends what is final and asks about the rest.
        writer.outbox_put(TOPIC, &id.to_string(), now)?;
        Ok(AuditNote::new("message.called_back", format!("message {id}")).returning(()))
    })
}
