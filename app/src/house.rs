//! The house: one open site with its clock and its ways out.

use std::sync::Arc;

use packtwin_connector_port::transport::Transport;
use packtwin_core::time::{Clock, Timestamp};
use packtwin_tenants::site::Site;
use packtwin_transport::mail::PostOffice;
use packtwin_transport::webhook::WebhookPoster;

/// Limits and habits that an operator may set.
#[derive(Debug, Clone)]
pub struct HouseSettings {
    /// Largest file taken, in bytes.
    pub upload_bytes_max: u64,
    /// Most lots in one file.
    pub upload_lots_max: usize,
    /// Rows kept in memory while sorting a file, 32 bytes each; more go through the disk.
    pub sort_rows_max: usize,
    /// Findings of a check that are listed one by one; more are only counted.
    pub findings_listed_max: u64,
    /// Packs stored in one transaction of a commit.
    pub store_rows_per_change: usize,
    /// Where far sides reach this site with late answers, `https://…` without a slash at the end.
    pub public_url: String,
}

impl Default for HouseSettings {
    fn default() -> Self {
        HouseSettings {
            upload_bytes_max: 20 * 1024 * 1024 * 1024,
            upload_lots_max: 1_000,
            sort_rows_max: 1_000_000,
            findings_listed_max: 1_000_000,
            store_rows_per_change: 50_000,
            public_url: String::new(),
        }
    }
}

/// One open site and what belongs to it.
pub struct House {
    site: Site,
    clock: Arc<dyn Clock>,
    transport: Arc<dyn Transport>,
    webhooks: WebhookPoster,
    post: Option<PostOffice>,
    settings: HouseSettings,
}

impl House {
    /// Puts a house together.
    pub fn new(
        site: Site,
        clock: Arc<dyn Clock>,
        transport: Arc<dyn Transport>,
        webhooks: WebhookPoster,
        settings: HouseSettings,
    ) -> Self {
        House {
            site,
            clock,
            transport,
            webhooks,
            post: None,
            settings,
        }
    }

    /// The same house with a way for letters.
    pub fn with_post(self, post: Option<PostOffice>) -> Self {
        House { post, ..self }
    }

    /// The site.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The present time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The way to far sides.
    pub fn transport(&self) -> &dyn Transport {
        self.transport.as_ref()
    }

    /// The way to webhooks.
    pub fn webhooks(&self) -> &WebhookPoster {
        &self.webhooks
    }

    /// The way for letters; none where the site has no mail server, and then none are written.
    pub fn post(&self) -> Option<&PostOffice> {
        self.post.as_ref()
    }

    /// Limits and habits.
    pub fn settings(&self) -> &HouseSettings {
        &self.settings
    }
}
