//! Alerts of the tenant's products: raised by verification, moved by the tenant, escalated by the clock (URS-AL-001 to 007).
//!
//! What was raised never changes; where it stands does, by compare-and-set on its version, with a decision row that tells
//! who moved it and why. No row names a site. Which step is allowed is `core::alert::life`'s to say; raising one is
//! [`crate::verifier_scope`]'s.

use diesel::prelude::*;

use serde::{Deserialize, Serialize};

use packtwin_core::alert::record::PreviousBy;
use packtwin_core::alert::{Alert, AlertId, AlertState, Cause, Party, Pseudonym, Standing};
use packtwin_core::ids::ProductNo;
use packtwin_core::market::Market;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;
use packtwin_core::verification::AlertCode;

use super::stored::{at_if, json, json_text, known, parsed};
use crate::error::StoreError;
use crate::schema::{alert, alert_decision, alert_state};
use crate::scope::{Reader, Writer};
use crate::verifier::request_record::{delivery_word, entry_word};

/// Where an alert stands.
macro_rules! standing_of {
    () => {
        alert_state::tenant_id
            .eq(alert::tenant_id)
            .and(alert_state::alert_id.eq(alert::alert_id))
    };
}

/// An alert as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRecord {
    /// Its id.
    pub id: AlertId,
    /// Which alert.
    pub code: AlertCode,
    /// What came of the request, as a stable word.
    pub outcome: String,
    /// When the request was made.
    pub raised_at: Timestamp,
    /// The market.
    pub market: Market,
    /// The product.
    pub product: ProductNo,
    /// The product code as sent.
    pub product_code: String,
    /// The serial as sent.
    pub serial: Serial,
    /// The batch as sent.
    pub batch: Option<String>,
    /// What was asked, in one word.
    pub operation: String,
    /// Stands for the site in this alert alone.
    pub pseudonym: Pseudonym,
    /// What is shown and never searched.
    pub detail: AlertDetail,
    /// Where it stands.
    pub standing: Standing,
    /// The version of its standing, for changes.
    pub row_version: i32,
}

/// What is shown of an alert and never searched, in the words of the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertDetail {
    /// The expiry as sent, six digits.
    pub expiry: Option<String>,
    /// The batch as stored.
    pub known_batch: Option<String>,
    /// The expiry as stored, six digits.
    pub known_expiry: Option<String>,
    /// The state of the pack when it was asked for.
    pub state_before: Option<String>,
    /// `scan` or `manual`.
    pub entry: String,
    /// `immediate` or `deferred`.
    pub delivery: String,
    /// The change before.
    pub previous: Option<PreviousChange>,
}

/// The change that brought a pack into the state it had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousChange {
    /// When.
    pub at: String,
    /// To which state.
    pub state: String,
    /// `same_site` or `other_site`; this is said of one pack and links no others.
    pub by: String,
}

impl AlertDetail {
    pub(crate) fn of(alert: &Alert) -> Self {
        AlertDetail {
            expiry: alert.sent.expiry.map(|expiry| expiry.raw().to_owned()),
            known_batch: alert.known.batch.map(|batch| batch.to_string()),
            known_expiry: alert.known.expiry.map(|expiry| expiry.raw().to_owned()),
            state_before: alert.state_before.map(|state| state.as_str().to_owned()),
            entry: entry_word(alert.entry).to_owned(),
            delivery: delivery_word(alert.delivery).to_owned(),
            previous: alert.previous.map(|previous| PreviousChange {
                at: previous.at.to_string(),
                state: previous.state.as_str().to_owned(),
                by: match previous.by {
                    PreviousBy::SameSite => "same_site".to_owned(),
                    PreviousBy::OtherSite => "other_site".to_owned(),
                },
            }),
        }
    }

    pub(crate) fn to_text(&self) -> String {
        json_text(self)
    }
}

/// One step in the life of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertDecision {
    /// When.
    pub at: Timestamp,
    /// Who, as audit entries name it.
    pub actor: String,
    /// In which capacity.
    pub party: Party,
    /// The state after.
    pub state: AlertState,
    /// The cause from the list.
    pub cause: Option<Cause>,
    /// The reason in words.
    pub comment: String,
}

/// What is listed.
#[derive(Debug, Clone, Default)]
pub struct AlertFilter {
    /// Only those in this state.
    pub state: Option<AlertState>,
    /// Only those of this kind.
    pub code: Option<AlertCode>,
    /// Only those of this product.
    pub product: Option<ProductNo>,
    /// Only those whose request named this batch.
    pub batch: Option<String>,
}

impl Reader<'_> {
    /// One alert.
    ///
    /// # Errors
    /// The database failed.
    pub fn alert_get(&mut self, id: AlertId) -> Result<Option<AlertRecord>, StoreError> {
        let row: Option<Row> = alert::table
            .inner_join(alert_state::table.on(standing_of!()))
            .filter(alert::tenant_id.eq(self.tenant_id()))
            .filter(alert::alert_id.eq(id.to_string()))
            .select(COLUMNS)
            .first(self.connection)
            .optional()?;
        row.map(record).transpose()
    }

    /// Alerts, the newest first, from behind `before`, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub fn alert_list(
        &mut self,
        filter: &AlertFilter,
        before: Option<(Timestamp, AlertId)>,
        limit: i64,
    ) -> Result<Vec<AlertRecord>, StoreError> {
        let mut query = alert::table
            .inner_join(alert_state::table.on(standing_of!()))
            .filter(alert::tenant_id.eq(self.tenant_id()))
            .order((alert::raised_at.desc(), alert::alert_id.desc()))
            .limit(limit)
            .select(COLUMNS)
            .into_boxed();
        if let Some(state) = filter.state {
            query = query.filter(alert_state::state.eq(state.as_str()));
        }
        if let Some(code) = filter.code {
            query = query.filter(alert::code.eq(code.as_str()));
        }
        if let Some(product) = filter.product {
            query = query.filter(alert::product_no.eq(product.0));
        }
        if let Some(batch) = &filter.batch {
            query = query.filter(alert::batch.eq(batch.clone()));
        }
        if let Some((at, id)) = before {
            let earlier = alert::raised_at.lt(at.micros());
            let beside = alert::raised_at
                .eq(at.micros())
                .and(alert::alert_id.lt(id.to_string()));
            query = query.filter(earlier.or(beside));
        }
        let rows: Vec<Row> = query.load(self.connection)?;
        rows.into_iter().map(record).collect()
    }

    /// Alerts whose time ran out by `now`, the oldest deadline first, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub fn alert_list_overdue(
        &mut self,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<AlertRecord>, StoreError> {
        let rows: Vec<Row> = alert::table
            .inner_join(alert_state::table.on(standing_of!()))
            .filter(alert_state::tenant_id.eq(self.tenant_id()))
            .filter(alert_state::deadline.is_not_null())
            .filter(alert_state::deadline.le(now.micros()))
            .order((alert_state::deadline, alert::alert_id))
            .limit(limit)
            .select(COLUMNS)
            .load(self.connection)?;
        rows.into_iter().map(record).collect()
    }

    /// What happened to an alert, the first step first.
    ///
    /// # Errors
    /// The database failed.
    pub fn alert_decisions(&mut self, id: AlertId) -> Result<Vec<AlertDecision>, StoreError> {
        type Row = (i64, String, String, String, Option<String>, String);
        let rows: Vec<Row> = alert_decision::table
            .filter(alert_decision::tenant_id.eq(self.tenant_id()))
            .filter(alert_decision::alert_id.eq(id.to_string()))
            .order(alert_decision::decision_no)
            .select((
                alert_decision::at,
                alert_decision::actor,
                alert_decision::party,
                alert_decision::state,
                alert_decision::cause,
                alert_decision::comment,
            ))
            .load(self.connection)?;
        rows.into_iter()
            .map(|(at, actor, party, state, cause, comment)| {
                let cause = cause.map(|word| known(Cause::parse(&word), "cause"));
                Ok(AlertDecision {
                    at: Timestamp::from_micros(at),
                    actor,
                    party: known(party_of(&party), "party")?,
                    state: known(AlertState::parse(&state), "alert state")?,
                    cause: cause.transpose()?,
                    comment,
                })
            })
            .collect()
    }
}

impl Writer<'_> {
    /// Moves an alert from where `record` says it stands, and keeps who did it and why. `false` when someone was quicker.
    ///
    /// # Errors
    /// The database failed.
    pub fn alert_move(
        &mut self,
        record: &AlertRecord,
        to: &Standing,
        party: Party,
        cause: Option<Cause>,
        comment: &str,
    ) -> Result<bool, StoreError> {
        let (tenant, id) = (self.tenant_id(), record.id.to_string());
        let moved = diesel::update(alert_state::table.find((tenant, &id)))
            .filter(alert_state::row_version.eq(record.row_version))
            .set((
                alert_state::state.eq(to.state.as_str()),
                alert_state::since.eq(to.since.micros()),
                alert_state::deadline.eq(to.deadline.map(Timestamp::micros)),
                alert_state::row_version.eq(record.row_version + 1),
            ))
            .execute(self.connection)?;
        if moved == 0 {
            return Ok(false);
        }
        let (at, actor) = (self.at().micros(), self.actor().who().to_string());
        diesel::insert_into(alert_decision::table)
            .values((
                alert_decision::tenant_id.eq(tenant),
                alert_decision::alert_id.eq(&id),
                alert_decision::decision_no.eq(record.row_version),
                alert_decision::at.eq(at),
                alert_decision::actor.eq(actor),
                alert_decision::party.eq(party_word(party)),
                alert_decision::state.eq(to.state.as_str()),
                alert_decision::cause.eq(cause.map(Cause::as_str)),
                alert_decision::comment.eq(comment),
            ))
            .execute(self.connection)?;
        Ok(true)
    }
}

const PARTIES: [(Party, &str); 5] = [
    (Party::System, "system"),
    (Party::Holder, "holder"),
    (Party::Verifier, "verifier"),
    (Party::Operator, "operator"),
    (Party::Authority, "authority"),
];

fn party_word(party: Party) -> &'static str {
    PARTIES
        .into_iter()
        .find_map(|(known, word)| (known == party).then_some(word))
        .unwrap_or_default()
}

fn party_of(word: &str) -> Option<Party> {
    PARTIES
        .into_iter()
        .find_map(|(party, known)| (known == word).then_some(party))
}

type Row = (
    (String, String, String, i64, String, i32, String, String),
    (Option<String>, String, Vec<u8>, String),
    (String, i64, Option<i64>, i32),
);

type Columns = (
    (
        alert::alert_id,
        alert::code,
        alert::outcome,
        alert::raised_at,
        alert::market,
        alert::product_no,
        alert::product_code,
        alert::serial,
    ),
    (
        alert::batch,
        alert::operation,
        alert::pseudonym,
        alert::detail,
    ),
    (
        alert_state::state,
        alert_state::since,
        alert_state::deadline,
        alert_state::row_version,
    ),
);

const COLUMNS: Columns = (
    (
        alert::alert_id,
        alert::code,
        alert::outcome,
        alert::raised_at,
        alert::market,
        alert::product_no,
        alert::product_code,
        alert::serial,
    ),
    (
        alert::batch,
        alert::operation,
        alert::pseudonym,
        alert::detail,
    ),
    (
        alert_state::state,
        alert_state::since,
        alert_state::deadline,
        alert_state::row_version,
    ),
);

fn record(row: Row) -> Result<AlertRecord, StoreError> {
    let (
        (id, code, outcome, raised_at, market, product, product_code, serial),
        (batch, operation, pseudonym, detail),
        (state, since, deadline, row_version),
    ) = row;
    let pseudonym: Option<[u8; 16]> = pseudonym.try_into().ok();
    Ok(AlertRecord {
        id: parsed(&id, "alert id")?,
        code: known(AlertCode::parse(&code), "alert code")?,
        outcome,
        raised_at: Timestamp::from_micros(raised_at),
        market: parsed(&market, "market")?,
        product: ProductNo(product),
        product_code,
        serial: parsed(&serial, "serial")?,
        batch,
        operation,
        pseudonym: Pseudonym(known(pseudonym, "pseudonym")?),
        detail: json(&detail, "alert detail")?,
        standing: Standing {
            state: known(AlertState::parse(&state), "alert state")?,
            since: Timestamp::from_micros(since),
            deadline: at_if(deadline),
        },
        row_version,
    })
}
