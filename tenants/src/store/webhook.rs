//! Webhooks: addresses that want to be told of events, and what was told to each.
//!
//! A delivery keeps its body, so that telling again tells the same. The signing secret is sealed before it comes here.
//! Deliveries are kept for 30 days (users.md Annex A). Sending is the outbox's business.

use std::collections::BTreeMap;

use diesel::prelude::*;

use packtwin_core::ids::{DeliveryId, WebhookId};
use packtwin_core::time::Timestamp;

use super::stored::{at_if, count, json, json_text, known, number, parsed, random_bits};
use crate::error::StoreError;
use crate::schema::{webhook, webhook_delivery};
use crate::scope::{Reader, Writer};

/// How long deliveries are kept (users.md Annex A).
pub const DELIVERY_KEPT_DAYS: i64 = 30;

/// Most events about one object that one change causes.
const NEXT_ROWS: i64 = 16;

/// Whether a webhook is told anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WebhookState {
    /// It is told.
    Active,
    /// Someone turned it off.
    Disabled,
}

impl WebhookState {
    /// The word in database and API.
    pub const fn as_str(self) -> &'static str {
        match self {
            WebhookState::Active => "active",
            WebhookState::Disabled => "disabled",
        }
    }

    /// Reads the word of [`WebhookState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [WebhookState::Active, WebhookState::Disabled]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// How far a delivery has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// To be told, or told without success so far.
    Pending,
    /// The receiver took it.
    Delivered,
    /// Given up after the last attempt.
    Failed,
}

impl DeliveryState {
    /// The word in database and API.
    pub const fn as_str(self) -> &'static str {
        match self {
            DeliveryState::Pending => "pending",
            DeliveryState::Delivered => "delivered",
            DeliveryState::Failed => "failed",
        }
    }

    /// Reads the word of [`DeliveryState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [
            DeliveryState::Pending,
            DeliveryState::Delivered,
            DeliveryState::Failed,
        ]
        .into_iter()
        .find(|state| state.as_str() == text)
    }
}

/// A webhook as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookRecord {
    /// Its public id.
    pub id: WebhookId,
    /// Where it listens.
    pub url: String,
    /// The events it wants, by name.
    pub events: Vec<String>,
    /// The sealed signing secret.
    pub sealed: Vec<u8>,
    /// Whether it is told anything.
    pub state: WebhookState,
    /// Who added it: a public id.
    pub created_by: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// Counts the changes; a change names the one it was read at.
    pub row_version: i32,
}

/// Prints no secret, sealed or not.
impl std::fmt::Debug for WebhookRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookRecord")
            .field("id", &self.id)
            .field("url", &self.url)
            .field("events", &self.events)
            .field("state", &self.state)
            .field("row_version", &self.row_version)
            .finish_non_exhaustive()
    }
}

/// One event on its way to one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// Its public id.
    pub id: DeliveryId,
    /// To whom.
    pub webhook: WebhookId,
    /// The event, by name.
    pub event: String,
    /// What it is about: a public id or key.
    pub object: String,
    /// The body as it is signed and sent.
    pub body: String,
    /// How far it has come.
    pub state: DeliveryState,
    /// How often it was told.
    pub attempts: u32,
    /// The HTTP status of the last answer.
    pub status: Option<i32>,
    /// What came of the last attempt.
    pub detail: String,
    /// When the event happened.
    pub created_at: Timestamp,
    /// When the receiver answered last.
    pub answered_at: Option<Timestamp>,
}

/// How a webhook fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebhookHealth {
    /// Which webhook.
    pub webhook: WebhookId,
    /// When a delivery was last taken.
    pub taken_at: Option<Timestamp>,
    /// Deliveries whose last attempt, since the point asked about, was not taken.
    pub not_taken: u64,
}

impl Reader<'_> {
    /// How every webhook that was told anything fares; attempts before `since` do not count as not taken.
    ///
    /// # Errors
    /// The database failed.
    pub fn webhook_health(&mut self, since: Timestamp) -> Result<Vec<WebhookHealth>, StoreError> {
        let taken: Vec<(String, Option<i64>)> = webhook_delivery::table
            .filter(webhook_delivery::tenant_id.eq(self.tenant_id()))
            .filter(webhook_delivery::state.eq(DeliveryState::Delivered.as_str()))
            .group_by(webhook_delivery::webhook_id)
            .select((
                webhook_delivery::webhook_id,
                diesel::dsl::max(webhook_delivery::answered_at),
            ))
            .load(self.connection)?;
        let not_taken: Vec<(String, i64)> = webhook_delivery::table
            .filter(webhook_delivery::tenant_id.eq(self.tenant_id()))
            .filter(webhook_delivery::state.ne(DeliveryState::Delivered.as_str()))
            .filter(webhook_delivery::answered_at.ge(since.micros()))
            // One that was taken and is told again is no failure.
            .filter(
                webhook_delivery::status
                    .is_null()
                    .or(webhook_delivery::status.lt(200))
                    .or(webhook_delivery::status.ge(300)),
            )
            .group_by(webhook_delivery::webhook_id)
            .select((webhook_delivery::webhook_id, diesel::dsl::count_star()))
            .load(self.connection)?;
        let mut healths: BTreeMap<String, (Option<i64>, u64)> = BTreeMap::new();
        for (webhook, at) in taken {
            healths.entry(webhook).or_default().0 = at;
        }
        for (webhook, deliveries) in not_taken {
            healths.entry(webhook).or_default().1 = count(deliveries, "delivery count")?;
        }
        healths
            .into_iter()
            .map(|(webhook, (taken_at, not_taken))| {
                Ok(WebhookHealth {
                    webhook: parsed(&webhook, "webhook id")?,
                    taken_at: at_if(taken_at),
                    not_taken,
                })
            })
            .collect()
    }

    /// Every webhook, the oldest first.
    ///
    /// # Errors
    /// The database failed.
    pub fn webhook_list(&mut self) -> Result<Vec<WebhookRecord>, StoreError> {
        let rows: Vec<Row> = webhook::table
            .filter(webhook::tenant_id.eq(self.tenant_id()))
            .order((webhook::created_at, webhook::webhook_id))
            .select(Row::as_select())
            .load(self.connection)?;
        rows.into_iter().map(WebhookRecord::try_from).collect()
    }

    /// One webhook.
    ///
    /// # Errors
    /// The database failed.
    pub fn webhook_get(&mut self, id: WebhookId) -> Result<Option<WebhookRecord>, StoreError> {
        let row: Option<Row> = webhook::table
            .filter(webhook::tenant_id.eq(self.tenant_id()))
            .filter(webhook::webhook_id.eq(id.to_string()))
            .select(Row::as_select())
            .first(self.connection)
            .optional()?;
        row.map(WebhookRecord::try_from).transpose()
    }

    /// Deliveries of a webhook before a point of the list, the newest first, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub fn webhook_delivery_list(
        &mut self,
        id: WebhookId,
        before: Option<(Timestamp, DeliveryId)>,
        limit: i64,
    ) -> Result<Vec<DeliveryRecord>, StoreError> {
        let mut query = webhook_delivery::table
            .filter(webhook_delivery::tenant_id.eq(self.tenant_id()))
            .filter(webhook_delivery::webhook_id.eq(id.to_string()))
            .order((
                webhook_delivery::created_at.desc(),
                webhook_delivery::delivery_id.desc(),
            ))
            .limit(limit)
            .select(DeliveryRow::as_select())
            .into_boxed();
        if let Some((at, id)) = before {
            query = query.filter(
                webhook_delivery::created_at
                    .lt(at.micros())
                    .or(webhook_delivery::created_at
                        .eq(at.micros())
                        .and(webhook_delivery::delivery_id.lt(id.to_string()))),
            );
        }
        let rows: Vec<DeliveryRow> = query.load(self.connection)?;
        rows.into_iter().map(DeliveryRecord::try_from).collect()
    }

    /// One delivery.
    ///
    /// # Errors
    /// The database failed.
    pub fn webhook_delivery_get(
        &mut self,
        id: DeliveryId,
    ) -> Result<Option<DeliveryRecord>, StoreError> {
        let row: Option<DeliveryRow> = webhook_delivery::table
            .filter(webhook_delivery::tenant_id.eq(self.tenant_id()))
            .filter(webhook_delivery::delivery_id.eq(id.to_string()))
            .select(DeliveryRow::as_select())
            .first(self.connection)
            .optional()?;
        row.map(DeliveryRecord::try_from).transpose()
    }

    /// Whether an earlier event about the same object is still to be told to the same webhook. Events of one change
    /// have no order.
    ///
    /// # Errors
    /// The database failed.
    pub fn webhook_delivery_waits(
        &mut self,
        delivery: &DeliveryRecord,
    ) -> Result<bool, StoreError> {
        Ok(diesel::select(diesel::dsl::exists(
            webhook_delivery::table
                .filter(webhook_delivery::tenant_id.eq(self.tenant_id()))
                .filter(webhook_delivery::webhook_id.eq(delivery.webhook.to_string()))
                .filter(webhook_delivery::object.eq(&delivery.object))
                .filter(webhook_delivery::created_at.lt(delivery.created_at.micros()))
                .filter(webhook_delivery::state.eq(DeliveryState::Pending.as_str())),
        ))
        .get_result(self.connection)?)
    }

    /// The events that waited for this one: those about the same object that are to be told next to the same webhook.
    ///
    /// # Errors
    /// The database failed.
    pub fn webhook_delivery_next(
        &mut self,
        delivery: &DeliveryRecord,
    ) -> Result<Vec<DeliveryId>, StoreError> {
        let rows: Vec<(String, i64)> = webhook_delivery::table
            .filter(webhook_delivery::tenant_id.eq(self.tenant_id()))
            .filter(webhook_delivery::webhook_id.eq(delivery.webhook.to_string()))
            .filter(webhook_delivery::object.eq(&delivery.object))
            .filter(webhook_delivery::created_at.gt(delivery.created_at.micros()))
            .filter(webhook_delivery::state.eq(DeliveryState::Pending.as_str()))
            .order((webhook_delivery::created_at, webhook_delivery::delivery_id))
            .limit(NEXT_ROWS)
            .select((webhook_delivery::delivery_id, webhook_delivery::created_at))
            .load(self.connection)?;
        let at = rows.first().map(|(_, at)| *at);
        rows.iter()
            .filter(|(_, created_at)| Some(*created_at) == at)
            .map(|(id, _)| parsed(id, "delivery id"))
            .collect()
    }
}

impl Writer<'_> {
    /// Adds a webhook, active.
    ///
    /// # Errors
    /// The database failed.
    pub fn webhook_create(
        &mut self,
        url: &str,
        events: &[String],
        sealed: &[u8],
    ) -> Result<WebhookId, StoreError> {
        let id = WebhookId::from_random(random_bits()?);
        let created_by = self.actor().who().to_string();
        diesel::insert_into(webhook::table)
            .values((
                webhook::tenant_id.eq(self.tenant_id()),
                webhook::webhook_id.eq(id.to_string()),
                webhook::url.eq(url),
                webhook::events.eq(json_text(&events)),
                webhook::sealed.eq(sealed),
                webhook::state.eq(WebhookState::Active.as_str()),
                webhook::created_by.eq(created_by),
                webhook::created_at.eq(self.at().micros()),
                webhook::row_version.eq(1),
            ))
            .execute(self.connection)?;
        Ok(id)
    }

    /// Replaces address, events and state. `false`: the row version is another, or there is no such webhook.
    ///
    /// # Errors
    /// The database failed.
    pub fn webhook_change(
        &mut self,
        id: WebhookId,
        url: &str,
        events: &[String],
        state: WebhookState,
        expected_row_version: i32,
    ) -> Result<bool, StoreError> {
        let changed = diesel::update(webhook::table)
            .filter(webhook::tenant_id.eq(self.tenant_id()))
            .filter(webhook::webhook_id.eq(id.to_string()))
            .filter(webhook::row_version.eq(expected_row_version))
            .set((
                webhook::url.eq(url),
                webhook::events.eq(json_text(&events)),
                webhook::state.eq(state.as_str()),
                webhook::row_version.eq(webhook::row_version + 1),
            ))
            .execute(self.connection)?;
        Ok(changed == 1)
    }

    /// Replaces the sealed signing secret: whatever leaves from now on is signed with the new one. `false`: the row
    /// version is another, or there is no such webhook.
    ///
    /// # Errors
    /// The database failed.
    pub fn webhook_reseal(
        &mut self,
        id: WebhookId,
        sealed: &[u8],
        expected_row_version: i32,
    ) -> Result<bool, StoreError> {
        let changed = diesel::update(webhook::table)
            .filter(webhook::tenant_id.eq(self.tenant_id()))
            .filter(webhook::webhook_id.eq(id.to_string()))
            .filter(webhook::row_version.eq(expected_row_version))
            .set((
                webhook::sealed.eq(sealed),
                webhook::row_version.eq(webhook::row_version + 1),
            ))
            .execute(self.connection)?;
        Ok(changed == 1)
    }

    /// Removes a webhook with its deliveries. `false`: the row version is another, or there is no such webhook.
    ///
    /// # Errors
    /// The database failed.
    pub fn webhook_delete(
        &mut self,
        id: WebhookId,
        expected_row_version: i32,
    ) -> Result<bool, StoreError> {
        // Taking the row first keeps a change made at the same moment from losing only the deliveries.
        let held = diesel::update(webhook::table)
            .filter(webhook::tenant_id.eq(self.tenant_id()))
            .filter(webhook::webhook_id.eq(id.to_string()))
            .filter(webhook::row_version.eq(expected_row_version))
            .set(webhook::row_version.eq(webhook::row_version + 1))
            .execute(self.connection)?;
        if held == 0 {
            return Ok(false);
        }
        diesel::delete(webhook_delivery::table)
            .filter(webhook_delivery::tenant_id.eq(self.tenant_id()))
            .filter(webhook_delivery::webhook_id.eq(id.to_string()))
            .execute(self.connection)?;
        diesel::delete(webhook::table)
            .filter(webhook::tenant_id.eq(self.tenant_id()))
            .filter(webhook::webhook_id.eq(id.to_string()))
            .execute(self.connection)?;
        Ok(true)
    }

    /// Adds an event to be told.
    ///
    /// # Errors
    /// The database failed, or there is no such webhook.
    pub fn webhook_delivery_add(
        &mut self,
        webhook: WebhookId,
        event: &str,
        object: &str,
        body: &str,
    ) -> Result<DeliveryId, StoreError> {
        let id = DeliveryId::from_random(random_bits()?);
        diesel::insert_into(webhook_delivery::table)
            .values((
                webhook_delivery::tenant_id.eq(self.tenant_id()),
                webhook_delivery::delivery_id.eq(id.to_string()),
                webhook_delivery::webhook_id.eq(webhook.to_string()),
                webhook_delivery::event.eq(event),
                webhook_delivery::object.eq(object),
                webhook_delivery::body.eq(body),
                webhook_delivery::state.eq(DeliveryState::Pending.as_str()),
                webhook_delivery::attempts.eq(0),
                webhook_delivery::detail.eq(""),
                webhook_delivery::created_at.eq(self.at().micros()),
            ))
            .execute(self.connection)?;
        Ok(id)
    }

    /// Records an attempt at the time of this change, and what came of it. `false`: the delivery is not pending.
    ///
    /// # Errors
    /// The database failed.
    pub fn webhook_delivery_answer(
        &mut self,
        id: DeliveryId,
        state: DeliveryState,
        status: Option<i32>,
        detail: &str,
    ) -> Result<bool, StoreError> {
        let changed = diesel::update(webhook_delivery::table)
            .filter(webhook_delivery::tenant_id.eq(self.tenant_id()))
            .filter(webhook_delivery::delivery_id.eq(id.to_string()))
            .filter(webhook_delivery::state.eq(DeliveryState::Pending.as_str()))
            .set((
                webhook_delivery::state.eq(state.as_str()),
                webhook_delivery::attempts.eq(webhook_delivery::attempts + 1),
                webhook_delivery::status.eq(status),
                webhook_delivery::detail.eq(detail),
                webhook_delivery::answered_at.eq(self.at().micros()),
            ))
            .execute(self.connection)?;
        Ok(changed == 1)
    }

    /// Makes a delivery that ended pending again; the body stays. `false`: it is pending, or there is none.
    ///
    /// # Errors
    /// The database failed.
    pub fn webhook_redeliver(&mut self, id: DeliveryId) -> Result<bool, StoreError> {
        let ended = [DeliveryState::Delivered, DeliveryState::Failed].map(DeliveryState::as_str);
        let changed = diesel::update(webhook_delivery::table)
            .filter(webhook_delivery::tenant_id.eq(self.tenant_id()))
            .filter(webhook_delivery::delivery_id.eq(id.to_string()))
            .filter(webhook_delivery::state.eq_any(ended))
            .set(webhook_delivery::state.eq(DeliveryState::Pending.as_str()))
            .execute(self.connection)?;
        Ok(changed == 1)
    }

    /// Removes deliveries that are older than [`DELIVERY_KEPT_DAYS`] at the time of this change, and answers how many.
    ///
    /// # Errors
    /// The database failed.
    pub fn webhook_delivery_sweep(&mut self) -> Result<u64, StoreError> {
        let oldest_kept = self.at().plus_days(-DELIVERY_KEPT_DAYS);
        let removed = diesel::delete(webhook_delivery::table)
            .filter(webhook_delivery::tenant_id.eq(self.tenant_id()))
            .filter(webhook_delivery::created_at.lt(oldest_kept.micros()))
            .execute(self.connection)?;
        Ok(removed as u64)
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = webhook)]
struct Row {
    webhook_id: String,
    url: String,
    events: String,
    sealed: Vec<u8>,
    state: String,
    created_by: String,
    created_at: i64,
    row_version: i32,
}

impl TryFrom<Row> for WebhookRecord {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(WebhookRecord {
            id: parsed(&row.webhook_id, "webhook id")?,
            url: row.url,
            events: json(&row.events, "webhook events")?,
            sealed: row.sealed,
            state: known(WebhookState::parse(&row.state), "webhook state")?,
            created_by: row.created_by,
            created_at: Timestamp::from_micros(row.created_at),
            row_version: row.row_version,
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = webhook_delivery)]
struct DeliveryRow {
    delivery_id: String,
    webhook_id: String,
    event: String,
    object: String,
    body: String,
    state: String,
    attempts: i32,
    status: Option<i32>,
    detail: String,
    created_at: i64,
    answered_at: Option<i64>,
}

impl TryFrom<DeliveryRow> for DeliveryRecord {
    type Error = StoreError;

    fn try_from(row: DeliveryRow) -> Result<Self, StoreError> {
        Ok(DeliveryRecord {
            id: parsed(&row.delivery_id, "delivery id")?,
            webhook: parsed(&row.webhook_id, "webhook id")?,
            event: row.event,
            object: row.object,
            body: row.body,
            state: known(DeliveryState::parse(&row.state), "delivery state")?,
            attempts: number(row.attempts)?,
            status: row.status,
            detail: row.detail,
            created_at: Timestamp::from_micros(row.created_at),
            answered_at: at_if(row.answered_at),
        })
    }
}
