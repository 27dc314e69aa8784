//! Webhooks (users.md Annex B): targets, their events, deliveries of thirty days, and redelivery.

use crate::pages::filters;
use crate::pages::{
    frame::Frame,
    piece::{Action, Code, EmptyState, Fact, Form, Mark, Moment, Pager, Title},
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
    /// "delivering", "failing since …", "paused".
    pub state: Mark,
    /// Last delivery that was taken.
    pub delivered_at: Option<Moment>,
    /// Deliveries refused in the last 24 hours.
    pub failed_24h: u64,
}

/// `GET /administration/webhooks/new`, and again after a refusal.
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
    /// Target, events, created, signing secret's age.
    pub facts: Vec<Fact>,
    /// Pause, resume, new secret, delete.
    pub actions: Vec<Action>,
    /// Deliveries, newest first.
    pub deliveries: Vec<DeliveryRow>,
    /// Where the page stands in the deliveries.
    pub pager: Pager,
    /// Shown when nothing was delivered yet.
    pub empty: EmptyState,
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
    /// "taken", "refused", "waiting".
    pub state: Mark,
    /// HTTP status or what went wrong.
    pub answer: String,
    /// Times it was tried.
    pub attempts: u64,
    /// When it was last tried.
    pub at: Moment,
    /// Send it again.
    pub redeliver: Option<Action>,
}
