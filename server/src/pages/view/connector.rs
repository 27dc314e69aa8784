//! Connectors (users.md 3.9): health at a glance, and one connector with its certificate, limits, check and, on test
//! sites, the simulator's fault switches.

use crate::pages::filters;
use crate::pages::{
    frame::Frame,
    piece::{Action, EmptyState, Fact, Form, Mark, Moment, Timeline, Title},
};
use askama::Template;

/// `GET /connectors`
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/connectors.html")]
pub struct ConnectorsPage {
    /// The frame.
    pub frame: Frame,
    /// The title line.
    pub title: Title,
    /// The connectors of this tenant.
    pub rows: Vec<ConnectorRow>,
    /// Shown when there is none.
    pub empty: EmptyState,
}

/// A connector in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectorRow {
    /// Its page.
    pub href: String,
    /// Its name.
    pub name: String,
    /// Country or region.
    pub country: String,
    /// Environment written in its endpoint: "TEST".
    pub environment: String,
    /// up, slow, down at far side, down here, blocked by certificate, terms not accepted, paused.
    pub state: Mark,
    /// Messages waiting.
    pub queue: u64,
    /// Age of the oldest waiting message in seconds.
    pub oldest_seconds: Option<u64>,
    /// Messages refused or acknowledged in part.
    pub refused: u64,
}

/// `GET /connectors/{id}`
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/connector.html")]
pub struct ConnectorPage {
    /// The frame.
    pub frame: Frame,
    /// The title line; the primary action checks the credentials.
    pub title: Title,
    /// The answer in one sentence: "Answering; nothing waits." or whose fault it is.
    pub answer: String,
    /// Queue, oldest, last acknowledgement, p95, errors.
    pub health: Vec<Fact>,
    /// Endpoint, schema release, schedule.
    pub settings: Vec<Fact>,
    /// The client certificate; `None` for connectors without one.
    pub certificate: Option<Certificate>,
    /// Packs per message, calls per minute.
    pub limits: Vec<Fact>,
    /// What the last credential check found.
    pub check: Option<CredentialCheck>,
    /// The simulator behind it; `None` where the far side is real, so always in production.
    pub simulator: Option<Simulator>,
    /// The settings as a form, for those who may change them.
    pub form: Option<Form>,
    /// Pause, resume, drain, messages.
    pub actions: Vec<Action>,
    /// History, newest first.
    pub timeline: Timeline,
}

/// A client certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// "412 days left", "expired".
    pub mark: Mark,
    /// Subject, issuer, serial, begin, end.
    pub facts: Vec<Fact>,
    /// How to renew it, one step each.
    pub renewal_steps: Vec<String>,
}

/// What a credential check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CredentialCheck {
    /// When.
    pub at: Moment,
    /// The steps: name found, TLS, certificate accepted, credentials accepted, terms accepted.
    pub steps: Vec<CheckStep>,
}

/// One step of a credential check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckStep {
    /// Its outcome.
    pub mark: Mark,
    /// What was tried and what came back.
    pub sentence: String,
}

/// A simulator and its fault switches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Simulator {
    /// Whether a fault is switched on, or it does not run.
    pub state: Mark,
    /// What is switched on, in a sentence.
    pub sentence: String,
    /// What it holds.
    pub facts: Vec<Fact>,
    /// The switches, for those who may set them.
    pub form: Option<Form>,
    /// Switches everything back; none where nothing is switched.
    pub reset: Option<Action>,
}
