//! The message page: canonical on the left, outgoing on the right, the rule per field, what was dropped and why.

use packtwin_connector_port::document::FieldTrace;
use packtwin_core::fact::Fact;
use packtwin_core::ids::MessageId;
use packtwin_core::role::Permission;
use packtwin_tenants::store::message::MessageRecord;
use packtwin_tenants::store::message_answer::{MessageAttempt, RefusedPack};

use super::refused::anew_of;
use super::{Anew, Unconfirmed, fact_of, unconfirmed};
use crate::connector::Link;
use crate::desk::Desk;
use crate::error::AppError;

/// Refused packs shown on the page; all of them come as a list to download.
const REFUSED_SHOWN: i64 = 100;

/// Everything about one message.
pub struct MessageView {
    /// The stored message.
    pub message: MessageRecord,
    /// The fact it carries.
    pub fact: Fact,
    /// How each field of the fact went into the document.
    pub fields: Vec<FieldTrace>,
    /// Every attempt, oldest first.
    pub attempts: Vec<MessageAttempt>,
    /// The first refused packs.
    pub refused: Vec<RefusedPack>,
    /// Whether what was refused of it can leave anew.
    pub anew: Anew,
    /// What is told while it has no final answer.
    pub unconfirmed: Option<Unconfirmed>,
}

/// Everything about one message.
///
/// # Errors
/// There is no such message; the caller may not.
pub fn view_message(desk: &Desk<'_>, id: MessageId) -> Result<MessageView, AppError> {
    desk.require(Permission::ConnectorsRead)?;
    desk.scope().read(|reader| {
        let message = reader.message_get(id)?.ok_or(AppError::NotFound)?;
        let link = Link::of(reader, &message.connector)?;
        let fact = fact_of(reader, &message)?;
        let envelope = link.envelope(desk.house(), id, message.event_at, &message.release);
        let mut fields = link.connector.trace(&fact, &envelope);
        // The callback address is a capability: it is never shown.
        for field in &mut fields {
            let handle = &link.settings.callback_handle;
            if !handle.is_empty() {
                field.value = field.value.replace(handle.as_str(), "…");
                field.outgoing_value = field
                    .outgoing_value
                    .take()
                    .map(|value| value.replace(handle.as_str(), "…"));
            }
        }
        Ok(MessageView {
            attempts: reader.message_attempts(id)?,
            refused: reader.message_refused_packs(id, None, REFUSED_SHOWN)?,
            anew: anew_of(reader, &message)?,
            unconfirmed: unconfirmed(reader, &message)?,
            message,
            fact,
            fields,
        })
    })
}
