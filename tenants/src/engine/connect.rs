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
const SQLITE_VERIFIER_MIGRATIONS: EmbeddedMigrations =
    embed_migrations!("../migrations/sqlite_verifier");
const POSTGRES_VERIFIER_MIGRATIONS: EmbeddedMigrations =
    embed_migrations!("../migrations/postgres_verifier");

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

/// What every PostgreSQL connection of a serving site is told besides: times in UTC, and a commit is on the disk before it
/// is answered.
const POSTGRES_SETTINGS: &str = "SET TIME ZONE 'UTC'; SET synchronous_commit = on;";

/// A group of requests names its rows; a walk through a whole table is never the better way to a few of them, whatever the
/// statistics of a table say that has just been filled.
const POSTGRES_LOOK_UPS: &str =
    "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off;";

/// Committers of verification never stop to write the log back; a thread beside them does ([`super::write_back`]).
const SQLITE_NO_CHECKPOINT: &str = "PRAGMA wal_autocheckpoint = 0;";

/// For what a pool's connections are. On PostgreSQL each is a role of its own, none of which owns anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseRole {
    /// One tenant at a time: everything but verification.
    Tenants,
    /// Verification in the repository: packs of every tenant, and nothing else.
    Verification,
    /// The verifiers' own database.
    VerifierStore,
}

impl DatabaseRole {
    /// What a connection is told after it was opened.
    const fn settings(self) -> &'static str {
        match self {
            DatabaseRole::Tenants => "SET ROLE packtwin_app;",
            DatabaseRole::Verification => "SET ROLE packtwin_verifier;",
            DatabaseRole::VerifierStore => "SET ROLE packtwin_verifier_store;",
        }
    }
}

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
        self.migrate_with(SQLITE_MIGRATIONS, POSTGRES_MIGRATIONS)
    }

    /// As [`Engine::migrate`], for the database of the verifiers' side.
    ///
    /// # Errors
    /// The database was not reached, or a migration failed; earlier migrations stay.
    pub fn migrate_verifier(&self) -> Result<(), StoreError> {
        self.migrate_with(SQLITE_VERIFIER_MIGRATIONS, POSTGRES_VERIFIER_MIGRATIONS)
    }

    fn migrate_with(
        &self,
        for_sqlite: EmbeddedMigrations,
        for_postgres: EmbeddedMigrations,
    ) -> Result<(), StoreError> {
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
            StoreError::WrongSite(format!("migration failed: {error}"))
        };
        match self {
            Engine::Sqlite { path } => {
                let mut sqlite = SqliteConnection::establish(path).map_err(unreachable)?;
                sqlite.batch_execute(SQLITE_PRAGMAS)?;
                sqlite.run_pending_migrations(for_sqlite).map_err(failed)?;
            }
            Engine::Postgres { url } => {
                // The route is kept until the end: where connections are encrypted, it holds the relay.
                let route = Route::open(url)?;
                let mut postgres = route.connect()?;
                postgres
                    .run_pending_migrations(for_postgres)
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
        self.pool_as(connections, DatabaseRole::Tenants)
    }

    /// As [`Engine::pool`], in another role.
    ///
    /// # Errors
    /// The database was not reached.
    pub(crate) fn pool_as(&self, connections: u32, role: DatabaseRole) -> Result<Pool, StoreError> {
        let connector = Connector {
            role,
            ..Connector::open(self)?
        };
        r2d2::Pool::builder()
            .max_size(connections)
            .min_idle(Some(0))
            .connection_timeout(WAIT_FOR_CONNECTION)
            .build(connector)
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
pub struct Connector {
    way: Way,
    role: DatabaseRole,
}

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
        Ok(Connector {
            way: match engine {
                Engine::Sqlite { path } => Way::Sqlite(path.clone()),
                Engine::Postgres { url } => Way::Postgres(Route::open(url)?),
            },
            role: DatabaseRole::Tenants,
        })
    }

    /// Opens a connection with the rights of the address' login: for migrations and measurements, not for serving.
    ///
    /// # Errors
    /// The database was not reached.
    pub fn connect_as_login(&self) -> Result<AnyConnection, StoreError> {
        match &self.way {
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
        match (&mut connection, self.role) {
            (AnyConnection::Postgres(postgres), role) => {
                postgres.batch_execute(role.settings())?;
                postgres.batch_execute(POSTGRES_SETTINGS)?;
                if role != DatabaseRole::Tenants {
                    postgres.batch_execute(POSTGRES_LOOK_UPS)?;
                }
            }
            (AnyConnection::Sqlite(_), DatabaseRole::Tenants) => {}
            (AnyConnection::Sqlite(sqlite), _) => sqlite.batch_execute(SQLITE_NO_CHECKPOINT)?,
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
