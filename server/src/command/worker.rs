//! `packtwin worker`: jobs and messages without a listener, beside any number of `serve`.

use std::sync::Arc;

use actix_web::rt;

use super::Failure;
use crate::background::Background;
use crate::clock::SystemClock;
use crate::configuration::Configuration;
use crate::http::house;

pub(super) fn run(configuration: &Configuration) -> Result<(), Failure> {
    let site = super::open(configuration)?;
    let house = Arc::new(house(&site, configuration, Arc::new(SystemClock)));
    let background = Background::start(&house)?;
    tracing::info!(
        environment = configuration.environment.as_str(),
        "the worker works"
    );
    rt::System::new().block_on(super::told_to_stop())?;
    background.stop();
    Ok(())
}
