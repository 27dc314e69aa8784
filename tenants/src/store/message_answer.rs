//! What a far side said to a message: its answer, the packs it refused, and every attempt to reach it.
//!
//! An answer is taken once, while the message is out; a callback that comes twice changes nothing. Attempts are only ever
//! added. Serves URS-SN-006; how a reply reads is the connector's to say.

use diesel::prelude::*;

use packtwin_core::audit::Hash;
use packtwin_core::ids::MessageId;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;

use super::lot_count::MessageSubject;
use super::message::MessageState;
use super::stored::{at_if, column_count, column_number, count, hash_if, number, parsed};
use crate::engine::bulk;
use crate::error::StoreError;
use crate::schema::{message, message_answer, message_attempt, message_refused_pack};
use crate::scope::{Reader, Writer};

/// What the far side answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageAnswer {
    /// The far side's own id of its acknowledgement; empty when it gave none.
    pub acknowledgement: String,
    /// When the far side says it took the message.
    pub acknowledged_at: Option<Timestamp>,
    /// How many packs it took.
    pub acknowledged_packs: u64,
    /// Its reasons, JSON of the use case.
    pub faults: String,
}

/// A pack that the far side refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedPack {
    /// Its serial.
    pub serial: Serial,
    /// The far side's code.
    pub code: String,
    /// The far side's text.
    pub text: String,
}

/// One attempt to reach the far side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageAttempt {
    /// Counted from 1.
    pub attempt: u32,
    /// When.
    pub at: Timestamp,
    /// What was done: sent, asked.
    pub action: String,
    /// What came of it, in a word.
    pub outcome: String,
    /// What came of it, JSON of the use case.
    pub detail: String,
    /// The reply as it arrived.
    pub reply_sha256: Option<Hash>,
}

/// An attempt to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAttempt<'a> {
    /// What was done: sent, asked.
    pub action: &'a str,
    /// What came of it, in a word.
    pub outcome: &'a str,
    /// What came of it, JSON of the use case.
    pub detail: &'a str,
    /// The reply as it arrived.
    pub reply_sha256: Option<Hash>,
}

/// The states in which a message is out and an answer is taken.
const OUT: [MessageState; 3] = [
    MessageState::Sending,
    MessageState::Waiting,
    MessageState::Unknown,
];

impl Reader<'_> {
    /// Packs of a message that the far side refused, with a serial above `after`, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub fn message_refused_packs(
        &mut self,
        id: MessageId,
        after: Option<&Serial>,
        limit: i64,
    ) -> Result<Vec<RefusedPack>, StoreError> {
        let after = after.map_or("", |serial| serial.as_str());
        let rows: Vec<(String, String, String)> = message_refused_pack::table
            .filter(message_refused_pack::tenant_id.eq(self.tenant_id()))
            .filter(message_refused_pack::message_id.eq(id.to_string()))
            .filter(message_refused_pack::serial.gt(after))
            .order(message_refused_pack::serial)
            .limit(limit)
            .select((
                message_refused_pack::serial,
                message_refused_pack::code,
                message_refused_pack::text,
            ))
            .load(self.connection)?;
        rows.into_iter()
            .map(|(serial, code, text)| {
                let serial = parsed(&serial, "serial")?;
                Ok(RefusedPack { serial, code, text })
            })
            .collect()
    }

    /// What the far side said of one pack of a message; `None` when it did not refuse it.
    ///
    /// # Errors
    /// The database failed.
    pub fn message_refused_pack(
        &mut self,
        id: MessageId,
        serial: &Serial,
    ) -> Result<Option<RefusedPack>, StoreError> {
        let row: Option<(String, String)> = message_refused_pack::table
            .filter(message_refused_pack::tenant_id.eq(self.tenant_id()))
            .filter(message_refused_pack::message_id.eq(id.to_string()))
            .filter(message_refused_pack::serial.eq(serial.as_str()))
            .select((message_refused_pack::code, message_refused_pack::text))
            .first(self.connection)
            .optional()?;
        let serial = *serial;
        Ok(row.map(|(code, text)| RefusedPack { serial, code, text }))
    }

    /// Every attempt of a message, the first one first.
    ///
    /// # Errors
    /// The database failed.
    pub fn message_attempts(&mut self, id: MessageId) -> Result<Vec<MessageAttempt>, StoreError> {
        let rows: Vec<AttemptRow> = message_attempt::table
            .filter(message_attempt::tenant_id.eq(self.tenant_id()))
            .filter(message_attempt::message_id.eq(id.to_string()))
            .order(message_attempt::attempt)
            .select(AttemptRow::as_select())
            .load(self.connection)?;
        rows.into_iter().map(MessageAttempt::try_from).collect()
    }
}

impl Writer<'_> {
    /// Records the answer and moves the message to `state`. `false`: it is not out, so this answer comes too late or
    /// twice; nothing was changed.
    ///
    /// # Errors
    /// The database failed; [`StoreError::Taken`] when a serial is refused twice in one answer.
    pub fn message_answer(
        &mut self,
        id: MessageId,
        state: MessageState,
        answer: &MessageAnswer,
        refused: &[(Serial, String, String)],
    ) -> Result<bool, StoreError> {
        let (tenant, id) = (self.tenant_id(), id.to_string());
        let taken: Option<MessageSubject> = diesel::update(message::table)
            .filter(message::tenant_id.eq(tenant))
            .filter(message::message_id.eq(&id))
            .filter(message::state.eq_any(OUT.map(MessageState::as_str)))
            .set((
                message::state.eq(state.as_str()),
                message::answered_at.eq(self.at().micros()),
            ))
            .returning((message::product_no, message::lot_no, message::kind))
            .get_result(self.connection)
            .optional()?;
        let Some(subject) = taken else {
            return Ok(false);
        };
        self.message_answer_forget(&id)?;
        diesel::insert_into(message_answer::table)
            .values((
                message_answer::tenant_id.eq(tenant),
                message_answer::message_id.eq(&id),
                message_answer::acknowledgement.eq(&answer.acknowledgement),
                message_answer::acknowledged_at.eq(answer.acknowledged_at.map(Timestamp::micros)),
                message_answer::acknowledged_packs.eq(column_count(answer.acknowledged_packs)),
                message_answer::faults.eq(&answer.faults),
            ))
            .execute(self.connection)?;
        if !refused.is_empty() {
            bulk::refused_pack_store(self.connection, tenant, &id, refused)?;
        }
        self.lot_recount_of(&subject)?;
        Ok(true)
    }

    /// A message can have an interim answer: the far side took it and will judge its packs later.
    fn message_answer_forget(&mut self, id: &str) -> Result<(), StoreError> {
        let tenant = self.tenant_id();
        diesel::delete(message_answer::table)
            .filter(message_answer::tenant_id.eq(tenant))
            .filter(message_answer::message_id.eq(id))
            .execute(self.connection)?;
        diesel::delete(message_refused_pack::table)
            .filter(message_refused_pack::tenant_id.eq(tenant))
            .filter(message_refused_pack::message_id.eq(id))
            .execute(self.connection)?;
        Ok(())
    }

    /// Adds an attempt, made at the time of this change, and answers its number.
    ///
    /// # Errors
    /// The database failed; [`StoreError::Taken`] when someone else added one at the same moment.
    pub fn message_attempt_add(
        &mut self,
        id: MessageId,
        new: &NewAttempt<'_>,
    ) -> Result<u32, StoreError> {
        let (tenant, id) = (self.tenant_id(), id.to_string());
        let last: Option<i32> = message_attempt::table
            .filter(message_attempt::tenant_id.eq(tenant))
            .filter(message_attempt::message_id.eq(&id))
            .select(diesel::dsl::max(message_attempt::attempt))
            .first(self.connection)?;
        let attempt = number(last.unwrap_or(0))? + 1;
        diesel::insert_into(message_attempt::table)
            .values((
                message_attempt::tenant_id.eq(tenant),
                message_attempt::message_id.eq(&id),
                message_attempt::attempt.eq(column_number(attempt)),
                message_attempt::at.eq(self.at().micros()),
                message_attempt::action.eq(new.action),
                message_attempt::outcome.eq(new.outcome),
                message_attempt::detail.eq(new.detail),
                message_attempt::reply_sha256.eq(new.reply_sha256.map(|hash| hash.to_vec())),
            ))
            .execute(self.connection)?;
        Ok(attempt)
    }
}

/// A row of `message_answer` without its keys.
#[derive(Queryable, Selectable)]
#[diesel(table_name = message_answer)]
pub(super) struct AnswerRow {
    acknowledgement: String,
    acknowledged_at: Option<i64>,
    acknowledged_packs: i64,
    faults: String,
}

impl TryFrom<AnswerRow> for MessageAnswer {
    type Error = StoreError;

    fn try_from(row: AnswerRow) -> Result<Self, StoreError> {
        Ok(MessageAnswer {
            acknowledgement: row.acknowledgement,
            acknowledged_at: at_if(row.acknowledged_at),
            acknowledged_packs: count(row.acknowledged_packs, "pack count")?,
            faults: row.faults,
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = message_attempt)]
struct AttemptRow {
    attempt: i32,
    at: i64,
    action: String,
    outcome: String,
    detail: String,
    reply_sha256: Option<Vec<u8>>,
}

impl TryFrom<AttemptRow> for MessageAttempt {
    type Error = StoreError;

    fn try_from(row: AttemptRow) -> Result<Self, StoreError> {
        Ok(MessageAttempt {
            attempt: number(row.attempt)?,
            at: Timestamp::from_micros(row.at),
            action: row.action,
            outcome: row.outcome,
            detail: row.detail,
            reply_sha256: hash_if(row.reply_sha256, "reply hash")?,
        })
    }
}
