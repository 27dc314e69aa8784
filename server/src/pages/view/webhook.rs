//! Webhooks (users.md Annex B): targets, their events, deliveries of thirty days, and redelivery.

use crate::pages::filters;
use crate::pages::{
    frame::Frame,
    piece::{Action, Code, EmptyState, Fact, Form, Mark, Moment, Pager, Timeline, Title},
    view::AdministrationTab,
};
use askama::Template;

/// `GET /administration/webhooks`
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/webhooks.html")]
pub struct WebhooksPage {
    /// The frame.
    pub frame: Frame,
    /// The title line; the primary action adds one.
    pub title: Title,
    /// The tab this is.
    pub tab: AdministrationTab,
    /// The webhooks.
    pub rows: Vec<WebhookRow>,
    /// Shown when there is none.
    pub empty: EmptyState,
}

/// A webhook in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookRow {
    /// Its page.
    pub href: String,
    /// Where it posts to.
    pub target: String,
    /// Events it wants, one each.
    pub events: Vec<String>,
    /// "delivering", "not all taken", "paused".
    pub state: Mark,
    /// Last delivery that was taken.
    pub delivered_at: Option<Moment>,
    /// Deliveries whose last attempt, in the last 24 hours, was not taken.
    pub failed_24h: u64,
}

/// `GET /administration/webhooks/new`, `GET /administration/webhooks/{id}/edit`, and again after a refusal.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/webhook_form.html")]
pub struct WebhookFormPage {
    /// The frame.
    pub frame: Frame,
    /// The title line.
    pub title: Title,
    /// The tab this belongs to.
    pub tab: AdministrationTab,
    /// Target, events.
    pub form: Form,
}

/// `GET /administration/webhooks/{id}`
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/webhook.html")]
pub struct WebhookPage {
    /// The frame.
    pub frame: Frame,
    /// The title line.
    pub title: Title,
    /// The tab this belongs to.
    pub tab: AdministrationTab,
    /// Address, by whom and when added.
    pub facts: Vec<Fact>,
    /// Events it wants, one each.
    pub events: Vec<String>,
    /// Change, pause or resume, new secret, remove.
    pub actions: Vec<Action>,
    /// Days for which deliveries are kept.
    pub kept_days: u64,
    /// Deliveries, newest first.
    pub deliveries: Vec<DeliveryRow>,
    /// Where the page stands in the deliveries.
    pub pager: Pager,
    /// Shown when nothing was delivered yet.
    pub empty: EmptyState,
    /// History, newest first.
    pub timeline: Timeline,
}

/// One delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryRow {
    /// Delivery id.
    pub id: Code,
    /// "lot.acknowledged".
    pub event: String,
    /// What it is about.
    pub object: String,
    /// "taken", "will be tried again", "given up", "waiting".
    pub state: Mark,
    /// HTTP status or what went wrong.
    pub answer: String,
    /// Times it was tried.
    pub attempts: u64,
    /// When the event happened.
    pub happened_at: Moment,
    /// When it was last tried; `None` before the first attempt.
    pub tried_at: Option<Moment>,
    /// Send it again.
    pub redeliver: Option<Action>,
}
