//! What every handler shares: the open site, its configuration, its clock, its limits and keys.

use std::sync::Arc;

use actix_web::{HttpRequest, web};

use packtwin_core::time::{Clock, Timestamp};
use packtwin_tenants::site::Site;

use super::problem::Problem;
use super::rate_limit::RateLimits;
use super::session_token::SessionTokens;
use crate::configuration::Configuration;

/// One running server.
pub struct Shared {
    /// The data.
    pub site: Site,
    /// How it is set up.
    pub configuration: Configuration,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// The budgets of callers.
    pub rate_limits: RateLimits,
    /// Session and form tokens.
    pub tokens: SessionTokens,
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
        Shared {
            site,
            configuration,
            clock,
            rate_limits,
            tokens,
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
