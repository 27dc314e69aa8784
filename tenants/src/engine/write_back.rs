//! Writing SQLite's log back into the database beside those who commit.
//!
//! A commit that has to write the log back keeps everyone waiting for as long as that takes; so committers of verification
//! never do it (`wal_autocheckpoint = 0`) and a thread of its own looks at the log's length. Most pages are written back
//! while others commit; only the few that came meanwhile are written in the writers' turn, so that the log can begin anew
//! and does not grow for ever. PostgreSQL has a process for this.

use diesel::connection::SimpleConnection;

use super::{AnyConnection, Connector, Engine};
use crate::error::StoreError;

/// From this length on the log is written back.
const LOG_BYTES_MAX: u64 = 48 * 1024 * 1024;

/// Whether the log of an SQLite database is long enough to be written back.
pub(crate) fn is_due(engine: &Engine) -> bool {
    match engine {
        Engine::Sqlite { path } => {
            std::fs::metadata(format!("{path}-wal")).is_ok_and(|log| log.len() >= LOG_BYTES_MAX)
        }
        Engine::Postgres { .. } => false,
    }
}

/// Writes the log back: first beside the writers, then the rest in `turn`, which keeps them waiting as long as it is held.
///
/// # Errors
/// The database was not reached or failed; the log stays and is tried again.
pub(crate) fn write_back<T>(engine: &Engine, turn: impl FnOnce() -> T) -> Result<(), StoreError> {
    let mut connection = Connector::open(engine)?.connect_as_login()?;
    if let AnyConnection::Sqlite(sqlite) = &mut connection {
        // Someone who reads for long keeps the log from beginning anew; the writers are not kept waiting for them.
        sqlite.batch_execute("PRAGMA busy_timeout = 5; PRAGMA wal_checkpoint(PASSIVE)")?;
        let _turn = turn();
        sqlite.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?;
    }
    Ok(())
}
