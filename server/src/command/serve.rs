//! `packtwin serve`: opens the site and answers until it is told to stop.

use std::sync::Arc;

use actix_web::{rt, web};

use super::Failure;
use crate::background::Background;
use crate::clock::SystemClock;
use crate::configuration::Configuration;
use crate::http::Shared;
use crate::listener;

pub(super) fn run(configuration: Configuration) -> Result<(), Failure> {
    let site = super::open(&configuration)?;
    let listener = listener::bind(configuration.listen)?;
    let verifying = super::verifying(&site, &configuration)?;
    let mut shared = Shared::new(site, configuration, Arc::new(SystemClock));
    shared.verifying = verifying;
    let shared = web::Data::new(shared);
    let background = match shared.configuration.background {
        true => Some(Background::start(&shared.house)?),
        false => None,
    };
    let served = rt::System::new().block_on(async {
        let server = listener::serve(shared.clone(), listener)?;
        tracing::info!(
            address = shared.configuration.public_url.as_str(),
            environment = shared.configuration.environment.as_str(),
            engine = shared.site.engine_name(),
            "the site is served"
        );
        server.await?;
        Ok(())
    });
    if let Some(background) = background {
        background.stop();
    }
    tracing::info!("the site has stopped");
    served
}
