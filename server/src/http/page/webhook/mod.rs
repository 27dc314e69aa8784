//! Webhooks as pages (users.md 3.18 and Annex B): the list, one webhook with what was told to it, and how both look.
//! Forms and decisions are in [`act`]; rules and changes are those of the API.

pub(in crate::http) mod act;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use packtwin_core::ids::{DeliveryId, WebhookId};
use packtwin_tenants::store::webhook::{
    DELIVERY_KEPT_DAYS, DeliveryRecord, DeliveryState, WebhookHealth, WebhookRecord, WebhookState,
};

use super::address::{Listing, cursor_parts, cut};
use super::history::{self, People};
use super::{Desk, html, sentence};
use crate::http::list::{time_key, time_key_of};
use crate::http::problem::Problem;
use crate::http::request::{Query, id};
use crate::http::webhook::found;
use crate::pages::piece::{Action, Code, EmptyState, Fact, Mark, Title, Tone};
use crate::pages::view::AdministrationTab;
use crate::pages::view::webhook::{DeliveryRow, WebhookPage, WebhookRow, WebhooksPage};

const LIST: &str = "/administration/webhooks";
/// Deliveries of one page.
const ROWS: usize = 50;
/// How much of a delivery's id is shown.
const ID_SHOWN: usize = 12;

/// The webhooks of the tenant.
pub(in crate::http) async fn list(desk: Desk) -> Result<HttpResponse, Problem> {
    let yesterday = desk.shared.now().plus_days(-1);
    let (records, healths) = desk
        .caller
        .read(move |reader| Ok((reader.webhook_list()?, reader.webhook_health(yesterday)?)))
        .await?;
    let rows = records
        .iter()
        .map(|record| row(&desk, record, health_of(&healths, record.id)))
        .collect();
    let add = Action::link("Add a webhook", format!("{LIST}/new"));
    html(
        StatusCode::OK,
        &WebhooksPage {
            title: Title {
                primary: (!records.is_empty()).then(|| add.clone().primary()),
                ..Title::page("Administration")
            },
            tab: AdministrationTab::Webhooks,
            rows,
            empty: EmptyState {
                heading: "No webhooks yet".into(),
                sentence: "A webhook tells your own system what happened here, such as a lot that was acknowledged, so that it need not ask.".into(),
                next: Some(add),
                sample: None,
            },
            frame: desk.frame,
        },
    )
}

/// One webhook with its deliveries, newest first.
pub(in crate::http) async fn show(
    desk: Desk,
    mut query: Query,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: WebhookId = id(&path)?;
    let at = query.cursor(|key| {
        let (before, key) = cursor_parts(key)?;
        Some((before, time_key_of::<DeliveryId>(&key)?))
    });
    query.close()?;
    let (before, after) = at.map_or((0, None), |(before, key)| (before, Some(key)));
    let yesterday = desk.shared.now().plus_days(-1);
    let (record, healths, mut deliveries) = desk
        .caller
        .block(move |scope| {
            let record = found(scope, id)?;
            let (healths, deliveries) = scope.read(|reader| {
                Ok::<_, packtwin_tenants::error::StoreError>((
                    reader.webhook_health(yesterday)?,
                    reader.webhook_delivery_list(id, after, ROWS as i64 + 1)?,
                ))
            })?;
            Ok((record, healths, deliveries))
        })
        .await?;
    let more = cut(&mut deliveries, ROWS);
    let next = deliveries
        .last()
        .filter(|_| more)
        .map(|last| time_key(last.created_at, last.id));
    let people = People::read(&desk).await?;
    let timeline = history::of(&desk, &people, Some(format!("webhook {id}"))).await?;
    let listing = Listing::new(format!("{LIST}/{id}"), "deliveries");
    html(
        StatusCode::OK,
        &WebhookPage {
            title: Title {
                state: Some(mark(&record, health_of(&healths, id))),
                ..Title::named("Webhook", host_of(&record.url))
            }
            .back("Webhooks", LIST),
            tab: AdministrationTab::Webhooks,
            facts: vec![
                Fact::text("Address", &record.url),
                Fact::text("Added by", people.name(&record.created_by)),
                Fact::moment("Added", desk.moment(record.created_at)),
            ],
            events: record.events.clone(),
            actions: actions(&desk, &record),
            kept_days: DELIVERY_KEPT_DAYS.unsigned_abs(),
            deliveries: deliveries
                .iter()
                .map(|delivery| delivery_row(&desk, delivery))
                .collect(),
            pager: listing.pager(before, deliveries.len(), next, None),
            empty: EmptyState {
                heading: "Nothing was told yet".into(),
                sentence: "The first event it asked for is told as soon as it happens.".into(),
                ..EmptyState::default()
            },
            timeline,
            frame: desk.frame,
        },
    )
}

fn health_of(healths: &[WebhookHealth], id: WebhookId) -> Option<&WebhookHealth> {
    healths.iter().find(|health| health.webhook == id)
}

fn row(desk: &Desk, record: &WebhookRecord, health: Option<&WebhookHealth>) -> WebhookRow {
    WebhookRow {
        href: format!("{LIST}/{}", record.id),
        target: record.url.clone(),
        events: record.events.clone(),
        state: mark(record, health),
        delivered_at: health
            .and_then(|health| health.taken_at)
            .map(|at| desk.moment(at)),
        failed_24h: health.map_or(0, |health| health.not_taken),
    }
}

fn mark(record: &WebhookRecord, health: Option<&WebhookHealth>) -> Mark {
    match (record.state, health) {
        (WebhookState::Disabled, _) => Mark::new(Tone::Neutral, "paused"),
        (WebhookState::Active, Some(health)) if health.not_taken > 0 => {
            Mark::new(Tone::Attention, "not all taken")
        }
        (WebhookState::Active, Some(_)) => Mark::new(Tone::Good, "delivering"),
        (WebhookState::Active, None) => Mark::new(Tone::Info, "nothing told yet"),
    }
}

fn actions(desk: &Desk, record: &WebhookRecord) -> Vec<Action> {
    let own = format!("{LIST}/{}", record.id);
    let (label, state) = match record.state {
        WebhookState::Active => ("Pause", WebhookState::Disabled),
        WebhookState::Disabled => ("Resume", WebhookState::Active),
    };
    vec![
        Action::link("Change address and events", format!("{own}/edit")),
        Action::post(label, format!("{own}/state"), desk.csrf())
            .with("state", state.as_str())
            .with("if_match", record.row_version.to_string()),
        Action::link("New signing secret", format!("{own}/secret")),
        Action::link("Remove", format!("{own}/remove")).danger(),
    ]
}

fn delivery_row(desk: &Desk, delivery: &DeliveryRecord) -> DeliveryRow {
    let again = Action::post(
        "Tell again",
        format!("{LIST}/{}/redeliver", delivery.webhook),
        desk.csrf(),
    )
    .with("delivery", delivery.id.to_string());
    let (state, may_again) = match (delivery.state, delivery.attempts) {
        (DeliveryState::Pending, 0) => (Mark::new(Tone::Info, "waiting"), false),
        (DeliveryState::Pending, _) => (Mark::new(Tone::Attention, "will be tried again"), false),
        (DeliveryState::Delivered, _) => (Mark::new(Tone::Good, "taken"), true),
        (DeliveryState::Failed, _) => (Mark::new(Tone::Bad, "given up"), true),
    };
    DeliveryRow {
        id: Code::abridged("delivery id", delivery.id.to_string(), ID_SHOWN),
        event: delivery.event.clone(),
        object: delivery.object.clone(),
        state,
        answer: answer(delivery),
        attempts: u64::from(delivery.attempts),
        happened_at: desk.moment(delivery.created_at),
        tried_at: delivery.answered_at.map(|at| desk.moment(at)),
        redeliver: may_again.then_some(again),
    }
}

/// What the receiver answered last: its status with its usual words, or what stood in the way.
fn answer(delivery: &DeliveryRecord) -> String {
    let status = delivery
        .status
        .and_then(|status| StatusCode::from_u16(u16::try_from(status).ok()?).ok());
    match (status, delivery.detail.is_empty()) {
        (Some(status), _) => status.to_string(),
        (None, false) => sentence(&delivery.detail),
        (None, true) => String::new(),
    }
}

/// The host of an address, which names a webhook in a title.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use packtwin_core::time::Timestamp;

    #[test]
    fn a_webhook_is_named_by_its_host() {
        for (url, host) in [
            ("https://erp.example.org/hooks?key=1", "erp.example.org"),
            ("http://127.0.0.1:9000", "127.0.0.1:9000"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(host_of(url), host);
        }
    }

    #[test]
    fn an_answer_is_a_status_or_what_stood_in_the_way() {
        let check = |status, detail: &str, expected: &str| {
            let delivery = DeliveryRecord {
                id: DeliveryId::from_random(1),
                webhook: WebhookId::from_random(1),
                event: "lot.sent".into(),
                object: "lot".into(),
                body: String::new(),
                state: DeliveryState::Pending,
                attempts: 1,
                status,
                detail: detail.into(),
                created_at: Timestamp::from_micros(0),
                answered_at: None,
            };
            assert_eq!(answer(&delivery), expected);
        };
        check(
            Some(503),
            "the receiver answered 503",
            "503 Service Unavailable",
        );
        check(None, "no connection", "No connection.");
        check(None, "", "");
    }
}
