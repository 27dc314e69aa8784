//! The one connection type that the rest of the house sees.

use diesel::{PgConnection, SqliteConnection};

/// A connection to either engine.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// PostgreSQL. First, since a file name is no valid connection string for it.
    Postgres(PgConnection),
    /// SQLite.
    Sqlite(SqliteConnection),
}
