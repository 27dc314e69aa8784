//! Letters: what is told by mail, to whom, on which occasion, and how far it has come.
//!
//! A letter keeps no text but what its words are filled with, so that no secret (a link that sets a password) rests in the
//! database: the words are written when it leaves. One occasion is told to one recipient once. Sending is the outbox's
//! business.

use diesel::prelude::*;

use packtwin_core::ids::LetterId;
use packtwin_core::time::Timestamp;

use super::stored::{at_if, json, json_text, known, number, parsed, random_bits};
use crate::error::StoreError;
use crate::schema::letter;
use crate::scope::{Reader, Writer};

/// How long letters are kept that left or were given up.
pub const LETTER_KEPT_DAYS: i64 = 400;

/// How far a letter has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LetterState {
    /// To be sent, or tried without success so far.
    Waiting,
    /// The mail server took it.
    Sent,
    /// Given up: the mail server will never take it, or too much time has passed.
    Failed,
}

impl LetterState {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            LetterState::Waiting => "waiting",
            LetterState::Sent => "sent",
            LetterState::Failed => "failed",
        }
    }

    /// Reads the word of [`LetterState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [LetterState::Waiting, LetterState::Sent, LetterState::Failed]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// A letter to be written.
#[derive(Debug, Clone, Copy)]
pub struct NewLetter<'a> {
    /// Which words it has, by name.
    pub kind: &'a str,
    /// In which language, two letters.
    pub language: &'a str,
    /// The mail address.
    pub recipient: &'a str,
    /// What must not be told twice to the same recipient.
    pub occasion: &'a str,
    /// What the words are filled with; never a secret.
    pub data: &'a serde_json::Value,
}

/// A letter as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct LetterRecord {
    /// Its public id; the mail bears it, so that a doubled one can be known.
    pub id: LetterId,
    /// Which words it has.
    pub kind: String,
    /// In which language.
    pub language: String,
    /// The mail address.
    pub recipient: String,
    /// What must not be told twice.
    pub occasion: String,
    /// What the words are filled with.
    pub data: serde_json::Value,
    /// How far it has come.
    pub state: LetterState,
    /// How often it was tried.
    pub attempts: u32,
    /// What came of the last attempt.
    pub detail: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was tried last.
    pub tried_at: Option<Timestamp>,
}

impl Reader<'_> {
    /// One letter.
    ///
    /// # Errors
    /// The database failed.
    pub fn letter_get(&mut self, id: LetterId) -> Result<Option<LetterRecord>, StoreError> {
        let row: Option<Row> = letter::table
            .filter(letter::tenant_id.eq(self.tenant_id()))
            .filter(letter::letter_id.eq(id.to_string()))
            .select(Row::as_select())
            .first(self.connection)
            .optional()?;
        row.map(LetterRecord::try_from).transpose()
    }

    /// The letters of a kind, the newest first, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub fn letter_list(&mut self, kind: &str, limit: i64) -> Result<Vec<LetterRecord>, StoreError> {
        let rows: Vec<Row> = letter::table
            .filter(letter::tenant_id.eq(self.tenant_id()))
            .filter(letter::kind.eq(kind))
            .order((letter::created_at.desc(), letter::letter_id.desc()))
            .limit(limit)
            .select(Row::as_select())
            .load(self.connection)?;
        rows.into_iter().map(LetterRecord::try_from).collect()
    }
}

impl Writer<'_> {
    /// Writes a letter. Nothing when this occasion was told to this recipient before.
    ///
    /// # Errors
    /// The database failed.
    pub fn letter_add(&mut self, new: &NewLetter<'_>) -> Result<Option<LetterId>, StoreError> {
        let told: i64 = letter::table
            .filter(letter::tenant_id.eq(self.tenant_id()))
            .filter(letter::occasion.eq(new.occasion))
            .filter(letter::recipient.eq(new.recipient))
            .count()
            .get_result(self.connection)?;
        if told > 0 {
            return Ok(None);
        }
        let id = LetterId::from_random(random_bits()?);
        diesel::insert_into(letter::table)
            .values((
                letter::tenant_id.eq(self.tenant_id()),
                letter::letter_id.eq(id.to_string()),
                letter::kind.eq(new.kind),
                letter::language.eq(new.language),
                letter::recipient.eq(new.recipient),
                letter::occasion.eq(new.occasion),
                letter::data.eq(json_text(new.data)),
                letter::state.eq(LetterState::Waiting.as_str()),
                letter::attempts.eq(0),
                letter::detail.eq(""),
                letter::created_at.eq(self.at().micros()),
            ))
            .execute(self.connection)?;
        Ok(Some(id))
    }

    /// Records an attempt at the time of this change, and what came of it. `false`: the letter does not wait.
    ///
    /// # Errors
    /// The database failed.
    pub fn letter_tried(
        &mut self,
        id: LetterId,
        state: LetterState,
        detail: &str,
    ) -> Result<bool, StoreError> {
        let changed = diesel::update(letter::table)
            .filter(letter::tenant_id.eq(self.tenant_id()))
            .filter(letter::letter_id.eq(id.to_string()))
            .filter(letter::state.eq(LetterState::Waiting.as_str()))
            .set((
                letter::state.eq(state.as_str()),
                letter::attempts.eq(letter::attempts + 1),
                letter::detail.eq(detail),
                letter::tried_at.eq(self.at().micros()),
            ))
            .execute(self.connection)?;
        Ok(changed == 1)
    }

    /// Removes letters that ended and are older than [`LETTER_KEPT_DAYS`] at the time of this change. Answers how many.
    ///
    /// # Errors
    /// The database failed.
    pub fn letter_sweep(&mut self) -> Result<u64, StoreError> {
        let oldest_kept = self.at().plus_days(-LETTER_KEPT_DAYS);
        let removed = diesel::delete(letter::table)
            .filter(letter::tenant_id.eq(self.tenant_id()))
            .filter(letter::state.ne(LetterState::Waiting.as_str()))
            .filter(letter::created_at.lt(oldest_kept.micros()))
            .execute(self.connection)?;
        Ok(removed as u64)
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = letter)]
struct Row {
    letter_id: String,
    kind: String,
    language: String,
    recipient: String,
    occasion: String,
    data: String,
    state: String,
    attempts: i32,
    detail: String,
    created_at: i64,
    tried_at: Option<i64>,
}

impl TryFrom<Row> for LetterRecord {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(LetterRecord {
            id: parsed(&row.letter_id, "letter id")?,
            kind: row.kind,
            language: row.language,
            recipient: row.recipient,
            occasion: row.occasion,
            data: json(&row.data, "letter data")?,
            state: known(LetterState::parse(&row.state), "letter state")?,
            attempts: number(row.attempts)?,
            detail: row.detail,
            created_at: Timestamp::from_micros(row.created_at),
            tried_at: at_if(row.tried_at),
        })
    }
}
