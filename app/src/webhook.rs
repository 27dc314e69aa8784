//! Events for whoever asked to be told: written in the transaction that causes them, delivered afterwards, at least once.
//!
//! Signed as Standard Webhooks does it: HMAC-SHA-256 over `id.timestamp.body`, tolerance five minutes at the receiver.
//! Events about one object are told to a webhook in their order: the later ones wait while an earlier one is tried.
//! No personal data and no secret in a payload (users.md, Annex B).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use packtwin_core::ids::{DeliveryId, WebhookId};
use packtwin_core::role::Permission;
use packtwin_core::time::Timestamp;
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::scope::{Housekeeping, TenantScope, Writer};
use packtwin_tenants::seal::Secret;
use packtwin_tenants::store::outbox::Claim;
use packtwin_tenants::store::webhook::{
    DeliveryRecord, DeliveryState, WebhookRecord, WebhookState,
};
use serde_json::Value;
use sha2::Sha256;

use crate::desk::Desk;
use crate::error::AppError;
use crate::house::House;
use crate::message::pause_before;

/// The topic of deliveries in the outbox.
pub(crate) const TOPIC: &str = "webhook";
/// What a webhook's secret is bound to, beside the tenant.
pub const SEAL_PURPOSE: &str = "webhook secret";
/// Deliveries are tried for 72 hours (users.md, Annex B).
const RETRY_HOURS: i64 = 72;
/// What is told of every fault on the way alike: whoever chose the address learns nothing of names, ports and machines
/// behind it (security.md section 8). The log has the whole.
const NOT_REACHED: &str = "the receiver was not reached, or gave no complete answer";

/// How often a delivery looks again that waits for an earlier one about the same object, should nobody wake it.
const LOOK_AGAIN_SECONDS: i64 = 30;

/// The events of the roads that exist, in the order of users.md, Annex B.
pub const EVENTS: [&str; 11] = [
    "upload.checked",
    "upload.committed",
    "lot.sent",
    "lot.acknowledged",
    "lot.difference",
    "pack.state_changed",
    "alert.closed",
    "alert.escalated",
    "connector.down",
    "connector.recovered",
    "job.finished",
];

/// Tells every webhook that asked for `event`. Part of the change that caused it.
pub(crate) fn announce(
    writer: &mut Writer<'_>,
    event: &str,
    object: &str,
    data: &Value,
) -> Result<(), AppError> {
    let asked = |webhook: &WebhookRecord| {
        webhook.state == WebhookState::Active && webhook.events.iter().any(|wanted| wanted == event)
    };
    for webhook in writer
        .webhook_list()?
        .iter()
        .filter(|webhook| asked(webhook))
    {
        let body = serde_json::json!({
            "type": event, "timestamp": writer.at().to_string(), "object": object, "data": data,
        });
        let delivery = writer.webhook_delivery_add(webhook.id, event, object, &body.to_string())?;
        let now = writer.at();
        writer.outbox_put(TOPIC, &delivery.to_string(), now)?;
    }
    Ok(())
}

/// Sends one delivery that a worker has claimed.
pub(crate) fn deliver(house: &House, scope: &TenantScope, claim: &Claim) -> Result<(), AppError> {
    let now = house.now();
    let Ok(id) = claim.object_id.parse::<DeliveryId>() else {
        return give_up(scope, claim, now);
    };
    let found = scope.read(|reader| {
        let Some(delivery) = reader.webhook_delivery_get(id)? else {
            return Ok(None);
        };
        let webhook = reader.webhook_get(delivery.webhook)?;
        let waits = reader.webhook_delivery_waits(&delivery)?;
        Ok::<_, AppError>(webhook.map(|webhook| (delivery, webhook, waits)))
    })?;
    let Some((delivery, webhook, waits)) = found else {
        return give_up(scope, claim, now);
    };
    if waits {
        return hold(scope, claim, now);
    }
    let secret = scope.unseal(SEAL_PURPOSE, &webhook.sealed)?;
    let seconds = now.seconds().to_string();
    let signature = sign(&secret, &delivery.id.to_string(), &seconds, &delivery.body);
    let headers = [
        ("webhook-id".to_owned(), delivery.id.to_string()),
        ("webhook-timestamp".to_owned(), seconds),
        ("webhook-signature".to_owned(), signature),
    ];
    let outcome = house.webhooks().post(
        &webhook.url,
        &headers,
        "application/json",
        delivery.body.as_bytes(),
    );
    let (state, status, detail) = match outcome {
        Ok(reply) if (200..300).contains(&reply.status) => (
            DeliveryState::Delivered,
            Some(reply.status),
            "received".to_owned(),
        ),
        Ok(reply) => (
            DeliveryState::Pending,
            Some(reply.status),
            format!("the receiver answered {}", reply.status),
        ),
        Err(fault) => {
            tracing::info!(delivery = %delivery.id, %fault, "a webhook was not reached");
            (DeliveryState::Pending, None, NOT_REACHED.to_owned())
        }
    };
    let now = house.now();
    let last_try = delivery.created_at.plus_seconds(RETRY_HOURS * 3_600);
    scope.housekeep(now, Housekeeping::Progress, |writer| {
        if state == DeliveryState::Delivered {
            writer.webhook_delivery_answer(id, state, status.map(i32::from), &detail)?;
            writer.outbox_done(claim)?;
            return let_next_go(writer, &delivery);
        }
        let next = now.plus_seconds(pause_before(claim.attempts));
        if next > last_try {
            writer.webhook_delivery_answer(
                id,
                DeliveryState::Failed,
                status.map(i32::from),
                &detail,
            )?;
            writer.outbox_done(claim)?;
            let_next_go(writer, &delivery)?;
        } else {
            writer.webhook_delivery_answer(id, state, status.map(i32::from), &detail)?;
            writer.outbox_again(claim, next)?;
        }
        Ok::<_, AppError>(())
    })
}

/// Tells a delivery that ended once more: the same id and the same body.
///
/// # Errors
/// There is no such delivery of this webhook; the caller may not. `false`: it is still on its way.
pub fn redeliver(desk: &Desk<'_>, webhook: WebhookId, id: DeliveryId) -> Result<bool, AppError> {
    desk.require(Permission::Administer)?;
    let now = desk.now();
    desk.scope().change(now, |writer| {
        let delivery = writer.webhook_delivery_get(id)?;
        if delivery.is_none_or(|delivery| delivery.webhook != webhook) {
            return Err(AppError::NotFound);
        }
        let again = writer.webhook_redeliver(id)?;
        if again {
            writer.outbox_put(TOPIC, &id.to_string(), now)?;
        }
        let note = AuditNote::new("webhook.redelivered", format!("webhook {webhook}"));
        let told = serde_json::json!({ "delivery": id.to_string(), "again": again });
        Ok(note.detail(told).returning(again))
    })
}

/// Gives a delivery back untried: an earlier event about the same object is not told yet. That one wakes it when it ends.
fn hold(scope: &TenantScope, claim: &Claim, now: Timestamp) -> Result<(), AppError> {
    let untried = Claim {
        attempts: claim.attempts.saturating_sub(1),
        ..claim.clone()
    };
    scope.housekeep(now, Housekeeping::Lease, |writer| {
        writer.outbox_again(&untried, now.plus_seconds(LOOK_AGAIN_SECONDS))?;
        Ok(())
    })
}

/// What waited for this delivery is due now; what a worker holds in this moment finds out by itself.
fn let_next_go(writer: &mut Writer<'_>, ended: &DeliveryRecord) -> Result<(), AppError> {
    for next in writer.webhook_delivery_next(ended)? {
        writer.outbox_hasten(TOPIC, &next.to_string())?;
    }
    Ok(())
}

fn give_up(scope: &TenantScope, claim: &Claim, now: Timestamp) -> Result<(), AppError> {
    scope.housekeep(now, Housekeeping::Progress, |writer| {
        writer.outbox_done(claim)?;
        Ok(())
    })
}

/// What stands before a signing secret of Standard Webhooks; the rest is the key in base 64.
const SECRET_MARK: &str = "whsec_";

/// The text in which the receiver is given a key.
pub fn secret_text(key: &[u8; 32]) -> String {
    format!("{SECRET_MARK}{}", BASE64.encode(key))
}

/// The key that a secret's text stands for.
fn key_of(secret: &Secret) -> Vec<u8> {
    let text = std::str::from_utf8(secret.expose()).unwrap_or_default();
    let key = text.strip_prefix(SECRET_MARK);
    key.and_then(|key| BASE64.decode(key).ok())
        .unwrap_or_else(|| secret.expose().to_vec())
}

/// The signature header of Standard Webhooks: version and HMAC-SHA-256 over `id.timestamp.body` in base 64.
fn sign(secret: &Secret, id: &str, seconds: &str, body: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(&key_of(secret)).map(|mut mac| {
        for part in [id, ".", seconds, ".", body] {
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes()
    });
    // HMAC takes keys of any length, so there is always a signature.
    mac.map_or(String::new(), |bytes| {
        format!("v1,{}", BASE64.encode(bytes))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that the documentation of Standard Webhooks gives for its verifiers.
    #[test]
    fn a_signature_is_what_any_verifier_expects() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        assert_eq!(
            sign(
                &secret,
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                "1614265330",
                "{\"test\": 2432232314}"
            ),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn a_fresh_secret_stands_for_its_key() {
        let key = [0x2a; 32];
        assert_eq!(key_of(&Secret::new(secret_text(&key))), key);
    }
}
