//! What every handler shares: the open site, its configuration, its clock, its limits and keys.

use std::path::Path;
use std::sync::Arc;

use actix_web::{HttpRequest, web};

use packtwin_app::house::{House, HouseSettings};
use packtwin_app::verification::Verifying;
use packtwin_connector_port::transport::Limits;
use packtwin_core::time::{Clock, Timestamp};
use packtwin_tenants::site::{Site, Tenant};
use packtwin_transport::HttpsTransport;
use packtwin_transport::mail::{MailServer, PostOffice};
use packtwin_transport::webhook::WebhookPoster;

use super::caller::Caller;
use super::problem::Problem;
use super::rate_limit::RateLimits;
use super::readiness::Readiness;
use super::session_token::SessionTokens;
use crate::configuration::{Configuration, MailRules, MailWay};
use crate::pages::view::sign_in::DemoAccount;

/// One running server.
pub struct Shared {
    /// The data.
    pub site: Site,
    /// The use cases' house around the same site.
    pub house: Arc<House>,
    /// The service that answers sites, where this site has a verifiers' side.
    pub verifying: Option<Verifying>,
    /// How it is set up.
    pub configuration: Configuration,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// The budgets of callers.
    pub rate_limits: RateLimits,
    /// Whether the site can work.
    pub readiness: Readiness,
    /// Session and form tokens.
    pub tokens: SessionTokens,
    /// Accounts that the sign-in page of a demo site shows; empty everywhere else.
    pub demo_accounts: Vec<DemoAccount>,
}

impl Shared {
    /// Puts a server together around an open site.
    pub fn new(site: Site, configuration: Configuration, clock: Arc<dyn Clock>) -> Self {
        let tokens = SessionTokens::new(
            configuration.environment,
            site.derived_key("session token").expose(),
            site.derived_key("form token").expose(),
        );
        let rate_limits = RateLimits::new(&configuration.limits);
        let house = Arc::new(house(&site, &configuration, Arc::clone(&clock)));
        Shared {
            site,
            house,
            verifying: None,
            configuration,
            clock,
            rate_limits,
            readiness: Readiness::default(),
            tokens,
            demo_accounts: Vec::new(),
        }
    }

    /// The server behind a request.
    pub fn of(request: &HttpRequest) -> web::Data<Shared> {
        request
            .app_data::<web::Data<Shared>>()
            .cloned()
            .expect("http::app gives every application its Shared before any request")
    }

    /// The present.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The tenant for which a caller acts.
    ///
    /// # Errors
    /// The store failed.
    pub async fn tenant_of(self: &Arc<Self>, caller: &Caller) -> Result<Tenant, Problem> {
        let id = caller.scope().actor().tenant();
        self.block(move |shared| {
            let tenants = shared.site.tenant_list()?;
            tenants
                .into_iter()
                .find(|tenant| tenant.id == id)
                .ok_or_else(Problem::not_found)
        })
        .await
    }

    /// Runs work that waits for the database or the disk where waiting is allowed.
    ///
    /// # Errors
    /// What the work answers; SYS-002 when it panicked.
    pub async fn block<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Shared) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let shared = Arc::clone(self);
        web::block(move || work(&shared))
            .await
            .unwrap_or_else(|_panicked| Err(Problem::unavailable()))
    }
}

/// The house of a site with its ways out. Without a file of trusted authorities no public webhook can be reached; the
/// log says so.
pub fn house(site: &Site, configuration: &Configuration, clock: Arc<dyn Clock>) -> House {
    let roots = &configuration.trusted_roots;
    let trusted_pem = std::fs::read_to_string(roots).unwrap_or_else(|error| {
        tracing::warn!(file = %roots.display(), %error, "no authorities are trusted for webhook receivers");
        String::new()
    });
    let webhooks = WebhookPoster {
        trusted_pem,
        ports: configuration.webhooks.ports.clone(),
        loopback: configuration.webhooks.loopback,
        limits: Limits::default(),
    };
    let settings = HouseSettings {
        upload_bytes_max: configuration.limits.upload_bytes,
        public_url: configuration.public_url.as_str().to_owned(),
        ..HouseSettings::default()
    };
    let transport = Arc::new(HttpsTransport::new(configuration.environment));
    let post = configuration
        .mail
        .as_ref()
        .and_then(|rules| post_office(rules, roots));
    House::new(site.clone(), clock, transport, webhooks, settings).with_post(post)
}

/// The way for letters. One that cannot be set up is told in the log, and the site writes no letters.
fn post_office(rules: &MailRules, roots: &Path) -> Option<PostOffice> {
    let office = match &rules.way {
        MailWay::Folder(folder) => PostOffice::folder(&rules.sender, folder.clone()),
        MailWay::Server {
            address,
            user,
            password_file,
        } => {
            let password = password_file
                .as_ref()
                .map_or(Ok(String::new()), std::fs::read_to_string)
                .inspect_err(
                    |error| tracing::error!(%error, "the mail server's password could not be read"),
                )
                .ok()?;
            let server = MailServer {
                host: address.host.clone(),
                port: address.port,
                tls: address.tls,
                credentials: user
                    .as_ref()
                    .map(|user| (user.clone(), password.trim().to_owned())),
                trusted_pem: std::fs::read_to_string(roots).unwrap_or_default(),
            };
            PostOffice::server(&rules.sender, &server)
        }
    };
    office
        .inspect_err(|fault| tracing::error!(%fault, "letters cannot leave; none are written"))
        .ok()
}
