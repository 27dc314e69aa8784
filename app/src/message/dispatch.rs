//! The outbox worker: claims what is due, sends it, reads the answer, and writes down what it means.
//!
//! ```text
//! queued ──send──▶ sending ──reply──▶ accepted | partial | refused | waiting
//!                     │                                         │
//!                     └── no answer ──▶ unknown ──ask──▶ … ◀──ask┘
//! ```
//!
//! *Sending* is written before the first byte leaves. Whoever finds a message in that state after a crash does not know
//! whether it arrived, so it asks; only "never received" leads back to *queued*. No transaction is open while the far
//! side is spoken to. A replay keeps message id and event time.

use packtwin_connector_port::document::Envelope;
use packtwin_connector_port::transport::TransportFault;
use packtwin_connector_port::verdict::Verdict;
use packtwin_core::fact::FactKind;
use packtwin_core::ids::MessageId;
use packtwin_core::role::Permission;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;
use packtwin_tenants::audit::{AuditNote, Noted};
use packtwin_tenants::scope::{Housekeeping, TenantScope, Writer};
use packtwin_tenants::store::connector::ConnectorState;
use packtwin_tenants::store::message::{MessageRecord, MessageState};
use packtwin_tenants::store::message_answer::{MessageAnswer, NewAttempt};
use packtwin_tenants::store::outbox::Claim;
use packtwin_tenants::store::product::VersionRecord;

use super::TOPIC;
use super::refused::send_anew;
use crate::connector::Link;
use crate::desk::Desk;
use crate::error::AppError;
use crate::house::House;
use crate::letter;
use crate::webhook;

/// How long a worker may take for one exchange before another may claim the row.
const LEASE_SECONDS: i64 = 60;
/// Rows claimed at once.
const CLAIM_ROWS: i64 = 8;
/// How often a message that waits for something here looks again.
const LOOK_AGAIN_SECONDS: i64 = 30;
/// Longest pause between two attempts.
const PAUSE_SECONDS_MAX: i64 = 3_600;

/// What one pass of the worker did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DispatchPass {
    /// Rows that were worked on.
    pub worked: u32,
    /// Rows that broke in a way the operator must look at.
    pub broken: u32,
}

/// Claims and works on what is due, tenant by tenant.
///
/// # Errors
/// The tenants could not be listed.
pub fn dispatch(house: &House) -> Result<DispatchPass, AppError> {
    let mut pass = DispatchPass::default();
    for tenant in house.site().tenant_list()? {
        let scope = house.site().system_scope(tenant.id, "outbox");
        let claims = scope.housekeep(house.now(), Housekeeping::Lease, |writer| {
            writer
                .outbox_claim(writer.at(), LEASE_SECONDS, CLAIM_ROWS)
                .map_err(AppError::from)
        })?;
        for claim in claims {
            let outcome = match claim.topic.as_str() {
                TOPIC => work_on(house, &scope, &claim),
                webhook::TOPIC => webhook::deliver(house, &scope, &claim),
                letter::TOPIC => letter::deliver(house, &scope, &claim),
                other => {
                    tracing::error!(topic = other, "this version knows no such outgoing work");
                    Ok(())
                }
            };
            pass.worked += 1;
            if let Err(error) = outcome {
                pass.broken += 1;
                tracing::error!(
                    tenant = tenant.id.0,
                    object = claim.object_id,
                    error = &error as &dyn std::error::Error,
                    "outgoing work broke off; it is claimed again when its lease ends"
                );
            }
        }
    }
    Ok(pass)
}

/// Seconds to wait before attempt number `attempts + 1`: doubling from 2 s to an hour.
pub fn pause_before(attempts: u32) -> i64 {
    (2_i64 << attempts.min(20)).min(PAUSE_SECONDS_MAX)
}

fn work_on(house: &House, scope: &TenantScope, claim: &Claim) -> Result<(), AppError> {
    let id: MessageId = claim.object_id.parse().map_err(|_| AppError::NotFound)?;
    let scope = house
        .site()
        .scope(scope.actor().clone().within(id.to_string()));
    let (message, link) = scope.read(|reader| {
        let message = reader.message_get(id)?.ok_or(AppError::NotFound)?;
        let link = Link::of(reader, &message.connector)?;
        Ok::<_, AppError>((message, link))
    })?;
    let envelope = link.envelope(house, id, message.event_at, &message.release);
    let work = Work {
        house,
        scope: &scope,
        claim,
        message,
        link,
        envelope,
    };
    if work.link.state == ConnectorState::Paused {
        return work.later(LOOK_AGAIN_SECONDS);
    }
    match work.message.state {
        MessageState::Queued => match work.waits_for_version()? {
            true => work.later(LOOK_AGAIN_SECONDS),
            false => work.send(),
        },
        MessageState::Sending | MessageState::Unknown | MessageState::Waiting => work.ask(),
        MessageState::Writing => work.later(LOOK_AGAIN_SECONDS),
        MessageState::Accepted
        | MessageState::Partial
        | MessageState::Refused
        | MessageState::Cancelled => {
            work.scope
                .housekeep(house.now(), Housekeeping::Lease, |writer| {
                    writer.outbox_done(claim)?;
                    Ok(())
                })
        }
    }
}

/// One message in a worker's hands.
struct Work<'a> {
    house: &'a House,
    scope: &'a TenantScope,
    claim: &'a Claim,
    message: MessageRecord,
    link: Link,
    envelope: Envelope,
}

impl Work<'_> {
    /// Pack data wait until the hub holds the product version (URS-MD-008).
    fn waits_for_version(&self) -> Result<bool, AppError> {
        let (FactKind::Commissioned, Some(version)) = (self.message.kind, self.message.version)
        else {
            return Ok(false);
        };
        let record: Option<VersionRecord> = self.scope.read(|reader| {
            reader
                .product_version_get(self.message.product, version)
                .map_err(AppError::from)
        })?;
        Ok(record.is_none_or(|record| record.acknowledged_at.is_none()))
    }

    fn later(&self, seconds: i64) -> Result<(), AppError> {
        let now = self.house.now();
        self.scope.housekeep(now, Housekeeping::Lease, |writer| {
            writer.outbox_again(self.claim, now.plus_seconds(seconds))?;
            Ok(())
        })
    }

    fn send(&self) -> Result<(), AppError> {
        let document = self.message.document.ok_or(AppError::NotFound)?;
        let endpoint = match self.link.endpoint(self.scope) {
            Ok(endpoint) => endpoint,
            Err(AppError::Refused(refusals)) => {
                let fault = TransportFault::Certificate {
                    why: refusals.to_string(),
                };
                return self.after_fault("send", fault);
            }
            Err(error) => return Err(error),
        };
        let mut file = self.scope.blobs().open(&document.sha256)?;
        let now = self.house.now();
        let mine = self
            .scope
            .housekeep(now, Housekeeping::Progress, |writer| {
                let mine = writer.message_state(
                    self.message.id,
                    &[MessageState::Queued],
                    MessageState::Sending,
                )?;
                if mine {
                    writer.message_sent(self.message.id, now)?;
                }
                Ok::<_, AppError>(mine)
            })?;
        if !mine {
            return self.later(0);
        }
        let length = document.bytes;
        let reply = self
            .house
            .transport()
            .exchange(&endpoint, CONTENT_TYPE, &mut file, length);
        match reply {
            Ok(reply) => {
                let read = self.link.connector.read_reply(reply.status, &reply.body);
                self.after_reply(
                    "send",
                    read.message_id.as_deref(),
                    read.verdict,
                    &reply.body,
                )
            }
            Err(fault) => self.after_fault("send", fault),
        }
    }

    fn ask(&self) -> Result<(), AppError> {
        let endpoint = self.link.endpoint(self.scope)?;
        let mut question = Vec::new();
        self.link.connector.write_query(
            &self.message.id.to_string(),
            &self.envelope,
            &mut question,
        )?;
        let length = question.len() as u64;
        match self.house.transport().exchange(
            &endpoint,
            CONTENT_TYPE,
            &mut question.as_slice(),
            length,
        ) {
            Ok(reply) => {
                let read = self.link.connector.read_reply(reply.status, &reply.body);
                self.after_reply("ask", read.message_id.as_deref(), read.verdict, &reply.body)
            }
            Err(fault) => self.after_fault("ask", fault),
        }
    }

    fn after_reply(
        &self,
        action: &str,
        named: Option<&str>,
        verdict: Verdict,
        body: &[u8],
    ) -> Result<(), AppError> {
        let verdict = match named {
            Some(named) if named != self.message.id.to_string() => Verdict::Unknown {
                why: "the answer names another message".to_owned(),
            },
            _ => verdict,
        };
        let reply = keep_reply(self.scope, body)?;
        let ask_after = self.link.settings.ask_after_seconds;
        let pause = pause_before(self.claim.attempts);
        let now = self.house.now();
        self.scope.change(now, |writer| {
            let outcome = verdict_word(&verdict);
            let detail = verdict_text(&verdict);
            let attempt = NewAttempt {
                action,
                outcome,
                detail: &detail,
                reply_sha256: Some(reply),
            };
            writer.message_attempt_add(self.message.id, &attempt)?;
            let settled = settle(writer, &self.message, &verdict)?;
            match settled {
                Settled::Final => writer.outbox_done(self.claim)?,
                Settled::Ask => {
                    writer.outbox_again(self.claim, now.plus_seconds(ask_after.max(pause)))?
                }
                Settled::SendAgain => writer.outbox_again(self.claim, now)?,
            };
            Ok(note_of(&self.message, outcome))
        })
    }

    fn after_fault(&self, action: &str, fault: TransportFault) -> Result<(), AppError> {
        let (state, outcome) = match (&fault, action) {
            (TransportFault::Unknown { .. }, "send") => (MessageState::Unknown, "unknown"),
            (_, "ask") => (self.message.state, "not asked"),
            (TransportFault::Certificate { .. }, _) => (MessageState::Queued, "certificate"),
            (TransportFault::NotAllowed { .. }, _) => (MessageState::Queued, "not allowed"),
            _ => (MessageState::Queued, "not reached"),
        };
        let now = self.house.now();
        let next = now.plus_seconds(pause_before(self.claim.attempts));
        let from = [
            MessageState::Queued,
            MessageState::Sending,
            MessageState::Unknown,
            MessageState::Waiting,
        ];
        self.scope.change(now, |writer| {
            let detail = fault.to_string();
            let attempt = NewAttempt { action, outcome, detail: &detail, reply_sha256: None };
            writer.message_attempt_add(self.message.id, &attempt)?;
            writer.message_state(self.message.id, &from, state)?;
            writer.outbox_again(self.claim, next)?;
            if self.claim.attempts == 1 {
                let told = serde_json::json!({ "connector": self.message.connector, "why": fault.to_string() });
                webhook::announce(writer, "connector.down", &self.message.connector, &told)?;
            }
            Ok::<_, AppError>(note_of(&self.message, outcome))
        })
    }
}

/// Documents and questions are XML at every far side so far.
const CONTENT_TYPE: &str = packtwin_eu_hub::connector::CONTENT_TYPE;

fn note_of(message: &MessageRecord, outcome: &str) -> Noted<()> {
    let told = serde_json::json!({ "outcome": outcome, "connector": message.connector, "packs": message.content.packs() });
    AuditNote::new("message.answered", format!("message {}", message.id))
        .detail(told)
        .returning(())
}

fn keep_reply(scope: &TenantScope, body: &[u8]) -> Result<packtwin_core::audit::Hash, AppError> {
    use std::io::Write;
    let mut file = scope.blobs().create()?;
    file.write_all(body)?;
    Ok(file.finish()?.sha256)
}

/// What is to be done after a verdict was written down.
pub(super) enum Settled {
    /// Nothing more.
    Final,
    /// Ask later.
    Ask,
    /// The far side never received it: send the same bytes.
    SendAgain,
}

/// Writes down what a verdict means for the message, its product version, its lot and its recall.
pub(super) fn settle(
    writer: &mut Writer<'_>,
    message: &MessageRecord,
    verdict: &Verdict,
) -> Result<Settled, AppError> {
    let open = [
        MessageState::Queued,
        MessageState::Sending,
        MessageState::Unknown,
        MessageState::Waiting,
    ];
    let answer = |acknowledgement: &packtwin_connector_port::verdict::Acknowledgement, packs| {
        MessageAnswer {
            acknowledgement: acknowledgement.id.clone(),
            acknowledged_at: acknowledgement.at,
            acknowledged_packs: packs,
            faults: faults_json(&acknowledgement.warnings),
        }
    };
    match verdict {
        Verdict::Accepted(acknowledgement) => {
            let answer = answer(acknowledgement, message.content.packs());
            if writer.message_answer(message.id, MessageState::Accepted, &answer, &[])? {
                accepted(writer, message, acknowledgement.at)?;
            }
            Ok(Settled::Final)
        }
        Verdict::Partial {
            acknowledgement,
            refused,
        } => {
            let packs = message.content.packs().saturating_sub(refused.len() as u64);
            let refused: Vec<(Serial, String, String)> = refused
                .iter()
                .map(|pack| {
                    (
                        pack.serial,
                        pack.fault.code.clone(),
                        pack.fault.text.clone(),
                    )
                })
                .collect();
            let answer = answer(acknowledgement, packs);
            if writer.message_answer(message.id, MessageState::Partial, &answer, &refused)? {
                let told = serde_json::json!({ "message": message.id.to_string(), "missing": refused.len() });
                announce_of(writer, message, "lot.difference", &told)?;
            }
            Ok(Settled::Final)
        }
        Verdict::Refused { faults } => {
            let answer = MessageAnswer {
                acknowledgement: String::new(),
                acknowledged_at: None,
                acknowledged_packs: 0,
                faults: faults_json(faults),
            };
            if writer.message_answer(message.id, MessageState::Refused, &answer, &[])? {
                refused(writer, message)?;
            }
            Ok(Settled::Final)
        }
        Verdict::Waiting { .. } => {
            writer.message_state(message.id, &open, MessageState::Waiting)?;
            Ok(Settled::Ask)
        }
        Verdict::NotReceived => {
            writer.message_state(message.id, &open, MessageState::Queued)?;
            Ok(Settled::SendAgain)
        }
        Verdict::Unknown { .. } => {
            writer.message_state(message.id, &open, MessageState::Unknown)?;
            Ok(Settled::Ask)
        }
    }
}

fn accepted(
    writer: &mut Writer<'_>,
    message: &MessageRecord,
    at: Option<Timestamp>,
) -> Result<(), AppError> {
    let now = writer.at();
    match (message.kind, message.version) {
        (FactKind::ProductVersioned, Some(version)) => {
            writer.product_version_acknowledge(message.product, version, at.unwrap_or(now))?;
        }
        (FactKind::Commissioned, _) => {
            if let Some(lot) = message.lot {
                let numbers = writer.lot_completeness(message.product, lot)?;
                if numbers.stored == numbers.acknowledged {
                    let told = serde_json::json!({ "packs": numbers.acknowledged });
                    announce_of(writer, message, "lot.acknowledged", &told)?;
                }
            }
        }
        _ => {}
    }
    Ok(())
}

fn refused(writer: &mut Writer<'_>, message: &MessageRecord) -> Result<(), AppError> {
    use packtwin_core::product::VersionState;
    match (message.kind, message.version) {
        (FactKind::ProductVersioned, Some(version)) => {
            let from = [VersionState::Sent];
            writer.product_version_state(
                message.product,
                version,
                &from,
                VersionState::Refused,
                Some(message.id),
            )?;
        }
        (FactKind::Commissioned | FactKind::Recalled | FactKind::StateChanged, _) => {
            let told = serde_json::json!({ "message": message.id.to_string(), "missing": message.content.packs() });
            announce_of(writer, message, "lot.difference", &told)?;
        }
        (FactKind::ProductVersioned | FactKind::Withdrawn, _) => {}
    }
    Ok(())
}

/// Tells of what a message is about: a product code, or product code and batch.
fn announce_of(
    writer: &mut Writer<'_>,
    message: &MessageRecord,
    event: &str,
    told: &serde_json::Value,
) -> Result<(), AppError> {
    let product = writer
        .product_get(message.product)?
        .ok_or(AppError::NotFound)?;
    let object = match message.lot {
        Some(lot) => {
            let lot = writer
                .lot_get(message.product, lot)?
                .ok_or(AppError::NotFound)?;
            crate::lot::lot_name(&product.code, &lot.batch)
        }
        None => product.code.to_string(),
    };
    webhook::announce(writer, event, &object, told)
}

fn faults_json(faults: &[packtwin_connector_port::verdict::FarFault]) -> String {
    let faults: Vec<serde_json::Value> = faults
        .iter()
        .map(|fault| {
            serde_json::json!({
                "code": fault.code, "place": fault.place, "text": fault.text,
                "ours": fault.ours.as_str(), "advice": fault.advice,
            })
        })
        .collect();
    serde_json::Value::Array(faults).to_string()
}

fn verdict_word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted(_) => "accepted",
        Verdict::Waiting { .. } => "waiting",
        Verdict::Partial { .. } => "partial",
        Verdict::Refused { .. } => "refused",
        Verdict::NotReceived => "not received",
        Verdict::Unknown { .. } => "unknown",
    }
}

fn verdict_text(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Accepted(acknowledgement) => format!("acknowledged as {}", acknowledgement.id),
        Verdict::Waiting { reference } => format!("received; the result comes later ({reference})"),
        Verdict::Partial { refused, .. } => format!("all but {} packs are held", refused.len()),
        Verdict::Refused { faults } => faults
            .iter()
            .map(|fault| format!("{}: {}", fault.code, fault.text))
            .collect::<Vec<_>>()
            .join("; "),
        Verdict::NotReceived => "the far side never received it".to_owned(),
        Verdict::Unknown { why } => why.clone(),
    }
}

/// Lets a message leave now instead of at its next turn, or what was refused of it leave anew. A message whose outcome is
/// unknown is asked for first, as ever. Answers the message that carries the content from now on.
///
/// # Errors
/// HUB-206: it has its final answer and nothing of it can leave anew, or did so already; it is not there.
pub fn retry_message(desk: &Desk<'_>, id: MessageId) -> Result<MessageId, AppError> {
    desk.require(Permission::ConnectorsWrite)?;
    let now = desk.now();
    let message = desk
        .scope()
        .read(|reader| reader.message_get(id)?.ok_or(AppError::NotFound))?;
    match message.state {
        MessageState::Accepted
        | MessageState::Partial
        | MessageState::Refused
        | MessageState::Cancelled => send_anew(desk, &message),
        MessageState::Writing
        | MessageState::Queued
        | MessageState::Sending
        | MessageState::Waiting
        | MessageState::Unknown => desk.scope().change(now, |writer| {
            writer.outbox_put(TOPIC, &id.to_string(), now)?;
            let note = AuditNote::new("message.retry_asked", format!("message {id}"));
            Ok::<_, AppError>(note.returning(id))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour() {
        let pauses: Vec<i64> = [0, 1, 2, 10, 11, 200]
            .into_iter()
            .map(pause_before)
            .collect();
        assert_eq!(pauses, [2, 4, 8, 2_048, 3_600, 3_600]);
    }
}
