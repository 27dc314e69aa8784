//! Messages: one document to a far side each, from its writing to the answer.
//!
//! A message says what it carries: nothing but itself, a stretch of a load's serial list, or a list of its own. The same
//! bytes are sent again on a retry, and the original event time stays. Answers, refused packs and attempts are in
//! [`super::message_answer`]. Serves URS-CN-006; which state follows which reply is the use case's to say.

use diesel::prelude::*;

use packtwin_core::audit::Hash;
use packtwin_core::fact::FactKind;
use packtwin_core::ids::{LoadNo, LotNo, MessageId, ProductNo};
use packtwin_core::time::Timestamp;

use super::lot_count::MessageSubject;
use super::message_answer::{AnswerRow, MessageAnswer};
use super::stored::{self, at_if, column_count, column_number, count, hash_if, known, parsed};
use crate::blob::Stored;
use crate::error::StoreError;
use crate::schema::{message, message_answer, message_content};
use crate::scope::{Reader, Writer};

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageState {
    /// Its document is being written.
    Writing,
    /// Written; it waits for its turn.
    Queued,
    /// A worker is sending it, or was when it died.
    Sending,
    /// Sent; the far side will answer later.
    Waiting,
    /// The far side took all of it.
    Accepted,
    /// The far side took some packs and refused others.
    Partial,
    /// The far side took nothing of it.
    Refused,
    /// Nobody knows whether it arrived; the far side is asked before it is sent again.
    Unknown,
    /// Withdrawn before it left.
    Cancelled,
}

impl MessageState {
    /// Every state.
    pub const ALL: [MessageState; 9] = [
        MessageState::Writing,
        MessageState::Queued,
        MessageState::Sending,
        MessageState::Waiting,
        MessageState::Accepted,
        MessageState::Partial,
        MessageState::Refused,
        MessageState::Unknown,
        MessageState::Cancelled,
    ];

    /// The word in database and API.
    pub const fn as_str(self) -> &'static str {
        match self {
            MessageState::Writing => "writing",
            MessageState::Queued => "queued",
            MessageState::Sending => "sending",
            MessageState::Waiting => "waiting",
            MessageState::Accepted => "accepted",
            MessageState::Partial => "partial",
            MessageState::Refused => "refused",
            MessageState::Unknown => "unknown",
            MessageState::Cancelled => "cancelled",
        }
    }

    /// Reads the word of [`MessageState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        MessageState::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// The packs a message carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageContent {
    /// None: a product, a recall, a withdrawal.
    None,
    /// A stretch of a load's serial list.
    Stretch {
        /// Whose list.
        load: LoadNo,
        /// The place of the first serial in the list, counted from 0.
        first: u64,
        /// How many serials.
        count: u64,
    },
    /// A list of its own.
    List {
        /// The hash of the list.
        sha256: Hash,
        /// How many serials.
        count: u64,
        /// The load they come from, when it is one.
        load: Option<LoadNo>,
        /// How many of them an earlier message carried that left and was not refused as a whole. They count as sent
        /// once.
        repeats: u64,
    },
}

impl MessageContent {
    /// How many packs the message carries.
    pub const fn packs(&self) -> u64 {
        match self {
            MessageContent::None => 0,
            MessageContent::Stretch { count, .. } | MessageContent::List { count, .. } => *count,
        }
    }
}

/// A message as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRecord {
    /// Its public id, also the one under which the far side knows it.
    pub id: MessageId,
    /// The connector it goes through.
    pub connector: String,
    /// The kind of fact it tells.
    pub kind: FactKind,
    /// The product it tells of.
    pub product: ProductNo,
    /// The lot it tells of.
    pub lot: Option<LotNo>,
    /// The product version it tells of.
    pub version: Option<u32>,
    /// The packs it carries.
    pub content: MessageContent,
    /// How far it has come.
    pub state: MessageState,
    /// The far side's release whose form the document has.
    pub release: String,
    /// The document as it is sent, once it is written.
    pub document: Option<Stored>,
    /// When the fact happened; a replay keeps it.
    pub event_at: Timestamp,
    /// When the message was made.
    pub created_at: Timestamp,
    /// When it was sent first.
    pub sent_at: Option<Timestamp>,
    /// When the answer arrived.
    pub answered_at: Option<Timestamp>,
    /// JSON of the use case.
    pub detail: String,
    /// What the far side answered.
    pub answer: Option<MessageAnswer>,
}

/// A message to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage<'a> {
    /// Its public id; see [`super::random_bits`].
    pub id: MessageId,
    /// The connector it goes through.
    pub connector: &'a str,
    /// The kind of fact it tells.
    pub kind: FactKind,
    /// The product it tells of.
    pub product: ProductNo,
    /// The lot it tells of.
    pub lot: Option<LotNo>,
    /// The product version it tells of.
    pub version: Option<u32>,
    /// The packs it carries.
    pub content: MessageContent,
    /// The far side's release whose form the document has.
    pub release: &'a str,
    /// When the fact happened.
    pub event_at: Timestamp,
    /// JSON of the use case.
    pub detail: &'a str,
}

/// Which messages a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessageFilter {
    /// Through this connector.
    pub connector: Option<String>,
    /// In this state.
    pub state: Option<MessageState>,
    /// Telling this kind of fact.
    pub kind: Option<FactKind>,
    /// Of this product.
    pub product: Option<ProductNo>,
    /// Of this lot of the product.
    pub lot: Option<LotNo>,
}

/// A stretch of a load's serial list that a message carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageStretch {
    /// Whose list.
    pub load: LoadNo,
    /// The place of the first serial, counted from 0.
    pub first: u64,
    /// How many serials.
    pub count: u64,
    /// The message.
    pub message: MessageId,
    /// How far it has come.
    pub state: MessageState,
}

/// The messages of one connector in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageCount {
    /// The connector.
    pub connector: String,
    /// The state.
    pub state: MessageState,
    /// How many.
    pub messages: u64,
    /// When the oldest was made.
    pub oldest_at: Timestamp,
}

/// A message with its content and, where there is one, its answer.
macro_rules! messages {
    () => {
        message::table
            .inner_join(
                message_content::table.on(message_content::tenant_id
                    .eq(message::tenant_id)
                    .and(message_content::message_id.eq(message::message_id))),
            )
            .left_join(
                message_answer::table.on(message_answer::tenant_id
                    .eq(message::tenant_id)
                    .and(message_answer::message_id.eq(message::message_id))),
            )
            .select((
                Row::as_select(),
                ContentRow::as_select(),
                Option::<AnswerRow>::as_select(),
            ))
    };
}

impl Reader<'_> {
    /// One message.
    ///
    /// # Errors
    /// The database failed.
    pub fn message_get(&mut self, id: MessageId) -> Result<Option<MessageRecord>, StoreError> {
        let row: Option<FullRow> = messages!()
            .filter(message::tenant_id.eq(self.tenant_id()))
            .filter(message::message_id.eq(id.to_string()))
            .first(self.connection)
            .optional()?;
        row.map(message_record).transpose()
    }

    /// Messages before a point of the list, the newest first, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub fn message_list(
        &mut self,
        filter: &MessageFilter,
        before: Option<(Timestamp, MessageId)>,
        limit: i64,
    ) -> Result<Vec<MessageRecord>, StoreError> {
        let mut query = messages!()
            .filter(message::tenant_id.eq(self.tenant_id()))
            .order((message::created_at.desc(), message::message_id.desc()))
            .limit(limit)
            .into_boxed();
        if let Some(connector) = &filter.connector {
            query = query.filter(message::connector.eq(connector.clone()));
        }
        if let Some(state) = filter.state {
            query = query.filter(message::state.eq(state.as_str()));
        }
        if let Some(kind) = filter.kind {
            query = query.filter(message::kind.eq(kind.as_str()));
        }
        if let Some(product) = filter.product {
            query = query.filter(message::product_no.eq(product.0));
        }
        if let Some(lot) = filter.lot {
            query = query.filter(message::lot_no.eq(lot.0));
        }
        if let Some((at, id)) = before {
            query = query.filter(
                message::created_at.lt(at.micros()).or(message::created_at
                    .eq(at.micros())
                    .and(message::message_id.lt(id.to_string()))),
            );
        }
        let rows: Vec<FullRow> = query.load(self.connection)?;
        rows.into_iter().map(message_record).collect()
    }

    /// Which stretches of a lot's serial lists are in which commissioning message, by load and place; cancelled messages
    /// are left out.
    ///
    /// # Errors
    /// The database failed.
    pub fn message_stretches_of_lot(
        &mut self,
        product: ProductNo,
        lot: LotNo,
    ) -> Result<Vec<MessageStretch>, StoreError> {
        let rows: Vec<(String, String, Option<i32>, i64, i64)> = message::table
            .inner_join(
                message_content::table.on(message_content::tenant_id
                    .eq(message::tenant_id)
                    .and(message_content::message_id.eq(message::message_id))),
            )
            .filter(message::tenant_id.eq(self.tenant_id()))
            .filter(message::product_no.eq(product.0))
            .filter(message::lot_no.eq(lot.0))
            .filter(message::kind.eq(FactKind::Commissioned.as_str()))
            .filter(message::state.ne(MessageState::Cancelled.as_str()))
            .filter(message_content::load_no.is_not_null())
            .filter(message_content::list_sha256.is_null())
            .order((
                message_content::load_no,
                message_content::first,
                message::created_at,
                message::message_id,
            ))
            .select((
                message::message_id,
                message::state,
                message_content::load_no,
                message_content::first,
                message_content::count,
            ))
            .load(self.connection)?;
        rows.into_iter()
            .map(|(message, state, load, first, serials)| {
                Ok(MessageStretch {
                    load: LoadNo(known(load, "load number")?),
                    first: count(first, "stretch")?,
                    count: count(serials, "stretch")?,
                    message: parsed(&message, "message id")?,
                    state: known(MessageState::parse(&state), "message state")?,
                })
            })
            .collect()
    }

    /// How many messages each connector has in each state, and how old they are.
    ///
    /// # Errors
    /// The database failed.
    pub fn message_counts(&mut self) -> Result<Vec<MessageCount>, StoreError> {
        let rows: Vec<(String, String, i64, Option<i64>)> = message::table
            .filter(message::tenant_id.eq(self.tenant_id()))
            .group_by((message::connector, message::state))
            .order((message::connector, message::state))
            .select((
                message::connector,
                message::state,
                diesel::dsl::count_star(),
                diesel::dsl::min(message::created_at),
            ))
            .load(self.connection)?;
        rows.into_iter()
            .map(|(connector, state, messages, oldest)| {
                Ok(MessageCount {
                    connector,
                    state: known(MessageState::parse(&state), "message state")?,
                    messages: count(messages, "message count")?,
                    oldest_at: Timestamp::from_micros(known(oldest, "message time")?),
                })
            })
            .collect()
    }
}

impl Writer<'_> {
    /// Adds a message in the state writing.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the id is in use.
    pub fn message_create(&mut self, new: &NewMessage<'_>) -> Result<(), StoreError> {
        let (tenant, id) = (self.tenant_id(), new.id.to_string());
        let (load, first, list, repeats) = match new.content {
            MessageContent::None => (None, 0, None, 0),
            MessageContent::Stretch { load, first, .. } => (Some(load), first, None, 0),
            MessageContent::List {
                sha256,
                load,
                repeats,
                ..
            } => (load, 0, Some(sha256.to_vec()), repeats),
        };
        let packs = column_count(new.content.packs());
        diesel::insert_into(message::table)
            .values((
                message::tenant_id.eq(tenant),
                message::message_id.eq(&id),
                message::connector.eq(new.connector),
                message::kind.eq(new.kind.as_str()),
                message::product_no.eq(new.product.0),
                message::lot_no.eq(new.lot.map(|lot| lot.0)),
                message::version.eq(new.version.map(column_number)),
                message::packs.eq(packs),
                message::state.eq(MessageState::Writing.as_str()),
                message::release.eq(new.release),
                message::document_bytes.eq(0),
                message::event_at.eq(new.event_at.micros()),
                message::created_at.eq(self.at().micros()),
            ))
            .execute(self.connection)?;
        diesel::insert_into(message_content::table)
            .values((
                message_content::tenant_id.eq(tenant),
                message_content::message_id.eq(&id),
                message_content::product_no.eq(new.product.0),
                message_content::load_no.eq(load.map(|load| load.0)),
                message_content::first.eq(column_count(first)),
                message_content::count.eq(packs),
                message_content::repeats.eq(column_count(repeats)),
                message_content::list_sha256.eq(list),
                message_content::detail.eq(new.detail),
            ))
            .execute(self.connection)?;
        Ok(())
    }

    /// Names the written document. `false`: the message is not being written.
    ///
    /// # Errors
    /// The database failed.
    pub fn message_document(
        &mut self,
        id: MessageId,
        document: &Stored,
    ) -> Result<bool, StoreError> {
        let changed = diesel::update(message::table)
            .filter(message::tenant_id.eq(self.tenant_id()))
            .filter(message::message_id.eq(id.to_string()))
            .filter(message::state.eq(MessageState::Writing.as_str()))
            .set((
                message::document_sha256.eq(document.sha256.to_vec()),
                message::document_bytes.eq(column_count(document.bytes)),
            ))
            .execute(self.connection)?;
        Ok(changed == 1)
    }

    /// Moves a message on. `false`: its state is none of `from`.
    ///
    /// # Errors
    /// The database failed.
    pub fn message_state(
        &mut self,
        id: MessageId,
        from: &[MessageState],
        to: MessageState,
    ) -> Result<bool, StoreError> {
        let from: Vec<&str> = from.iter().map(|state| state.as_str()).collect();
        let changed: Option<MessageSubject> = diesel::update(message::table)
            .filter(message::tenant_id.eq(self.tenant_id()))
            .filter(message::message_id.eq(id.to_string()))
            .filter(message::state.eq_any(from))
            .set(message::state.eq(to.as_str()))
            .returning((message::product_no, message::lot_no, message::kind))
            .get_result(self.connection)
            .optional()?;
        if let Some(subject) = &changed {
            self.lot_recount_of(subject)?;
        }
        Ok(changed.is_some())
    }

    /// Records when the message left. `false`: it had left before, and the first time stays.
    ///
    /// # Errors
    /// The database failed.
    pub fn message_sent(&mut self, id: MessageId, at: Timestamp) -> Result<bool, StoreError> {
        let changed = diesel::update(message::table)
            .filter(message::tenant_id.eq(self.tenant_id()))
            .filter(message::message_id.eq(id.to_string()))
            .filter(message::sent_at.is_null())
            .set(message::sent_at.eq(at.micros()))
            .execute(self.connection)?;
        Ok(changed == 1)
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = message)]
struct Row {
    message_id: String,
    connector: String,
    kind: String,
    product_no: i32,
    lot_no: Option<i32>,
    version: Option<i32>,
    state: String,
    release: String,
    document_sha256: Option<Vec<u8>>,
    document_bytes: i64,
    event_at: i64,
    created_at: i64,
    sent_at: Option<i64>,
    answered_at: Option<i64>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = message_content)]
struct ContentRow {
    load_no: Option<i32>,
    first: i64,
    count: i64,
    repeats: i64,
    list_sha256: Option<Vec<u8>>,
    detail: String,
}

type FullRow = (Row, ContentRow, Option<AnswerRow>);

fn message_record((row, content, answer): FullRow) -> Result<MessageRecord, StoreError> {
    let sha256 = hash_if(row.document_sha256, "document hash")?;
    let bytes = count(row.document_bytes, "document length")?;
    let detail = content.detail.clone();
    Ok(MessageRecord {
        id: parsed(&row.message_id, "message id")?,
        connector: row.connector,
        kind: known(FactKind::parse(&row.kind), "fact kind")?,
        product: ProductNo(row.product_no),
        lot: row.lot_no.map(LotNo),
        version: row.version.map(stored::number).transpose()?,
        content: message_content(content)?,
        state: known(MessageState::parse(&row.state), "message state")?,
        release: row.release,
        document: sha256.map(|sha256| Stored { sha256, bytes }),
        event_at: Timestamp::from_micros(row.event_at),
        created_at: Timestamp::from_micros(row.created_at),
        sent_at: at_if(row.sent_at),
        answered_at: at_if(row.answered_at),
        detail,
        answer: answer.map(MessageAnswer::try_from).transpose()?,
    })
}

fn message_content(row: ContentRow) -> Result<MessageContent, StoreError> {
    let packs = count(row.count, "pack count")?;
    Ok(
        match (row.load_no, hash_if(row.list_sha256, "list hash")?) {
            (load, Some(sha256)) => MessageContent::List {
                sha256,
                count: packs,
                load: load.map(LoadNo),
                repeats: count(row.repeats, "pack count")?,
            },
            (Some(load), None) => MessageContent::Stretch {
                load: LoadNo(load),
                first: count(row.first, "stretch")?,
                count: packs,
            },
            (None, None) => MessageContent::None,
        },
    )
}
