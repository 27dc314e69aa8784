//! `packtwin migrate`: brings the databases to the schema of this build. On PostgreSQL it works as the owner, the only
//! command that does.

use super::Failure;
use crate::configuration::Configuration;

pub(super) fn run(configuration: &Configuration) -> Result<(), Failure> {
    configuration.database_owner.migrate()?;
    if let Some(verifier) = &configuration.verifier {
        verifier.database_owner.migrate_verifier()?;
    }
    tracing::info!(
        engine = configuration.database_owner.name(),
        "the database has the schema of this build"
    );
    Ok(())
}
