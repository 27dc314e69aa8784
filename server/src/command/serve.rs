//! `packtwin serve`: opens the site and answers until it is told to stop.

use std::sync::Arc;

use actix_web::{rt, web};

use super::Failure;
use crate::clock::SystemClock;
use crate::configuration::Configuration;
use crate::http::Shared;
use crate::listener;

pub(super) fn run(configuration: Configuration) -> Result<(), Failure> {
    let site = super::open(&configuration)?;
    let listener = listener::bind(configuration.listen)?;
    let shared = web::Data::new(Shared::new(site, configuration, Arc::new(SystemClock)));
    rt::System::new().block_on(async {
        let server = listener::serve(shared.clone(), listener)?;
        tracing::info!(
            address = shared.configuration.public_url.as_str(),
            environment = shared.configuration.environment.as_str(),
            engine = shared.site.engine_name(),
            "the site is served"
        );
        server.await?;
        tracing::info!("the site has stopped");
        Ok(())
    })
}
