//! Opening connections: which engine an address means, what every fresh connection is told, and the pool.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::migration::MigrationSource;
use diesel::r2d2::{self, ManageConnection};
use diesel::{Connection as _, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::AnyConnection;
use super::postgres_tls::Route;
use crate::error::StoreError;

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations/postgres");

/// How long a caller waits for a free connection.
const WAIT_FOR_CONNECTION: Duration = Duration::from_secs(30);

/// What every SQLite connection is told. The cache is small so that a load of any size stays in flat memory; the log is
/// written back after 64 MiB, not after every 4.
const SQLITE_PRAGMAS: &str = "PRAGMA busy_timeout = 30000;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA trusted_schema = OFF;
PRAGMA cache_size = -16000;
PRAGMA temp_store = MEMORY;
PRAGMA wal_autocheckpoint = 16384;
PRAGMA journal_size_limit = 67108864;";

/// What every PostgreSQL connection of a serving site is told: become the role without privileges.
const POSTGRES_SETTINGS: &str =
    "SET ROLE packtwin_app; SET TIME ZONE 'UTC'; SET synchronous_commit = on;";

/// Which database, by its address.
#[derive(Clone, PartialEq, Eq)]
pub enum Engine {
    /// A file on this machine.
    Sqlite {
        /// Its path.
        path: String,
    },
    /// A PostgreSQL database.
    Postgres {
        /// `postgres://user:password@host/database?…`; a secret.
        url: String,
    },
}

impl Engine {
    /// `postgres://…` and `postgresql://…` mean PostgreSQL, everything else is the path of an SQLite file.
    pub fn from_address(address: &str) -> Self {
        if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            Engine::Postgres {
                url: address.to_owned(),
            }
        } else {
            let path = address.strip_prefix("sqlite://").unwrap_or(address);
            Engine::Sqlite {
                path: path.to_owned(),
            }
        }
    }

    /// The engine's name in reports.
    pub const fn name(&self) -> &'static str {
        match self {
            Engine::Sqlite { .. } => "sqlite",
            Engine::Postgres { .. } => "postgresql",
        }
    }

    /// Brings the schema to this build's version. On PostgreSQL the address must be the owner's.
    ///
    /// # Errors
    /// The database was not reached, or a migration failed; earlier migrations stay.
    pub fn migrate(&self) -> Result<(), StoreError> {
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
            StoreError::WrongSite(format!("migration failed: {error}"))
        };
        match self {
            Engine::Sqlite { path } => {
                let mut sqlite = SqliteConnection::establish(path).map_err(unreachable)?;
                sqlite.batch_execute(SQLITE_PRAGMAS)?;
                sqlite
                    .run_pending_migrations(SQLITE_MIGRATIONS)
                    .map_err(failed)?;
            }
            Engine::Postgres { url } => {
                // The route is kept until the end: where connections are encrypted, it holds the relay.
                let route = Route::open(url)?;
                let mut postgres = route.connect()?;
                postgres
                    .run_pending_migrations(POSTGRES_MIGRATIONS)
                    .map_err(failed)?;
            }
        }
        Ok(())
    }

    /// The versions of the migrations in this build, the oldest first.
    ///
    /// # Errors
    /// The embedded migrations cannot be read.
    pub(crate) fn migrations(&self) -> Result<Vec<String>, StoreError> {
        let unreadable = |error: Box<dyn std::error::Error + Send + Sync>| {
            StoreError::WrongSite(format!(
                "the migrations of this build cannot be read: {error}"
            ))
        };
        let mut versions: Vec<String> = match self {
            Engine::Sqlite { .. } => versions_of::<diesel::sqlite::Sqlite>(&SQLITE_MIGRATIONS),
            Engine::Postgres { .. } => versions_of::<diesel::pg::Pg>(&POSTGRES_MIGRATIONS),
        }
        .map_err(unreadable)?;
        versions.sort();
        Ok(versions)
    }

    /// Opens a pool of at most `connections`.
    ///
    /// # Errors
    /// The database was not reached.
    pub fn pool(&self, connections: u32) -> Result<Pool, StoreError> {
        r2d2::Pool::builder()
            .max_size(connections)
            .min_idle(Some(0))
            .connection_timeout(WAIT_FOR_CONNECTION)
            .build(Connector::open(self)?)
            .map_err(|error| StoreError::Unreachable(error.to_string()))
    }
}

fn versions_of<B: diesel::backend::Backend>(
    migrations: &EmbeddedMigrations,
) -> Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>> {
    let migrations = MigrationSource::<B>::migrations(migrations)?;
    Ok(migrations
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect())
}

/// Never prints the address: it may hold a password.
impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// How connections to one database are opened. Where they are encrypted, it holds the relay that does it, and must outlive
/// them.
pub struct Connector(Way);

enum Way {
    Sqlite(String),
    Postgres(Route),
}

impl Connector {
    /// Prepares connections to an engine.
    ///
    /// # Errors
    /// The address or a file it names is not usable, or the server was not reached where it is to choose the encryption.
    pub fn open(engine: &Engine) -> Result<Self, StoreError> {
        Ok(Connector(match engine {
            Engine::Sqlite { path } => Way::Sqlite(path.clone()),
            Engine::Postgres { url } => Way::Postgres(Route::open(url)?),
        }))
    }

    /// Opens a connection with the rights of the address' login: for migrations and measurements, not for serving.
    ///
    /// # Errors
    /// The database was not reached.
    pub fn connect_as_login(&self) -> Result<AnyConnection, StoreError> {
        match &self.0 {
            Way::Sqlite(path) => {
                let mut sqlite = SqliteConnection::establish(path).map_err(unreachable)?;
                sqlite.batch_execute(SQLITE_PRAGMAS)?;
                Ok(AnyConnection::Sqlite(sqlite))
            }
            Way::Postgres(route) => Ok(AnyConnection::Postgres(route.connect()?)),
        }
    }
}

/// The connections of one site.
pub type Pool = r2d2::Pool<Connector>;
/// A connection on loan.
pub type PooledConnection = r2d2::PooledConnection<Connector>;

impl ManageConnection for Connector {
    type Connection = AnyConnection;
    type Error = StoreError;

    fn connect(&self) -> Result<AnyConnection, StoreError> {
        let mut connection = self.connect_as_login()?;
        if let AnyConnection::Postgres(postgres) = &mut connection {
            postgres.batch_execute(POSTGRES_SETTINGS)?;
        }
        Ok(connection)
    }

    fn is_valid(&self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        super::execute(connection, "SELECT 1")
    }

    fn has_broken(&self, connection: &mut AnyConnection) -> bool {
        std::thread::panicking() || super::is_in_transaction(connection)
    }
}

fn unreachable(error: diesel::ConnectionError) -> StoreError {
    StoreError::Unreachable(error.to_string())
}
