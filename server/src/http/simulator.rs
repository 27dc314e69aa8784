//! The control address of a simulated hub: what it holds, and its switches. Plain HTTP on loopback, named by the setting
//! `simulators.eu_hub`, which a production site refuses.

use std::collections::BTreeMap;
use std::time::Duration;

use packtwin_simulators::eu_hub::Switches;
use serde::Deserialize;

use super::problem::Problem;
use crate::configuration::ControlUrl;

/// A stand-in on this machine answers at once or not at all.
const SECONDS_MAX: u64 = 2;
/// Its answers are small.
const BYTES_MAX: u64 = 4 * 1024 * 1024;

/// What a simulated hub holds, as far as a page shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Held {
    /// Messages decided, refused ones included.
    pub(super) messages: u64,
    /// Messages that came again.
    pub(super) repeats: u64,
    /// Packs refused because they were held already.
    pub(super) duplicates_refused: u64,
    /// Products by scheme and code.
    pub(super) products: BTreeMap<String, HeldProduct>,
}

/// What it holds of one product.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct HeldProduct {
    /// Packs, each once.
    pub(super) packs: u64,
}

/// A simulated hub to be asked and switched. Waits; never called where requests are served.
pub(super) struct Control<'a> {
    url: &'a ControlUrl,
    agent: ureq::Agent,
}

impl<'a> Control<'a> {
    /// The hub behind a control address.
    pub(super) fn of(url: &'a ControlUrl) -> Self {
        let configuration = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(SECONDS_MAX)))
            .max_redirects(0)
            .proxy(None)
            .build();
        Control {
            url,
            agent: configuration.into(),
        }
    }

    /// Its switches and what it holds.
    ///
    /// # Errors
    /// SYS-002 when it does not answer.
    pub(super) fn look(&self) -> Result<(Switches, Held), Problem> {
        Ok((self.get("switches")?, self.get("state")?))
    }

    /// Sets all switches.
    ///
    /// # Errors
    /// SYS-002 when it does not answer or does not take them.
    pub(super) fn set(&self, switches: &Switches) -> Result<(), Problem> {
        let text = serde_json::to_string(switches).map_err(silent)?;
        let sent = self
            .agent
            .put(self.address("switches"))
            .header("Content-Type", "application/json")
            .send(text);
        sent.map(drop).map_err(silent)
    }

    fn get<T: serde::de::DeserializeOwned>(&self, last: &str) -> Result<T, Problem> {
        let mut answer = self.agent.get(self.address(last)).call().map_err(silent)?;
        let body = answer.body_mut().with_config().limit(BYTES_MAX);
        let text = body.read_to_string().map_err(silent)?;
        serde_json::from_str(&text).map_err(silent)
    }

    fn address(&self, last: &str) -> String {
        format!("{}/simulator/{last}", self.url.as_str())
    }
}

fn silent(error: impl std::fmt::Display) -> Problem {
    tracing::warn!(%error, "the simulated hub does not answer at its control address");
    Problem::unavailable()
}
