//! Keeps the answer to "can this site work?" for a few seconds, so that whoever asks often costs one probe and no more.

use std::sync::Mutex;

use packtwin_core::time::Timestamp;
use packtwin_tenants::site::Site;

/// How long an answer holds.
const HOLDS_SECONDS: i64 = 5;

/// The last answer.
#[derive(Default)]
pub struct Readiness(Mutex<Option<(Timestamp, bool)>>);

impl Readiness {
    /// Whether the site can work: the last answer while it holds, else a fresh one. Whoever asks meanwhile waits for it.
    /// What stands in the way goes to the log.
    pub fn is_ready(&self, site: &Site, now: Timestamp) -> bool {
        let mut last = self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some((at, ready)) = *last
            && (0..HOLDS_SECONDS * 1_000_000).contains(&now.micros_since(at))
        {
            return ready;
        }
        let probed = site.probe(now);
        if let Err(why) = &probed {
            tracing::error!(%why, "the site is not ready to work");
        }
        *last = Some((now, probed.is_ok()));
        probed.is_ok()
    }
}
