//! Sites for tests, on both engines.
//!
//! A [`TestSite`] is a fresh, migrated, empty site of its own, gone when it is dropped. SQLite needs nothing. PostgreSQL
//! needs the owner's address of a throw-away cluster in the variable `PACKTWIN_TEST_POSTGRES`; where it is missing the run
//! says so on a line of its own and goes on without, unless `CI` is set: then it fails, so that nothing is left out in
//! silence. Tables are migrated by the owner; the site serves with a login that may do no more than production's.

mod verifiers;

pub use self::verifiers::{TestPremises, TestVerifiers};

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Once;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::{PgConnection, SqliteConnection};
use tempfile::TempDir;

use packtwin_core::environment::Environment;
use packtwin_core::ids::TenantId;
use packtwin_core::time::Timestamp;

use crate::engine::{AnyConnection, Engine};
use crate::error::StoreError;
use crate::random;
use crate::scope::TenantScope;
use crate::site::{Site, SiteSettings};

/// Names the cluster.
const POSTGRES_VARIABLE: &str = "PACKTWIN_TEST_POSTGRES";
/// The login of test sites: a member of `packtwin_app` and nothing else.
const LOGIN: &str = "packtwin_test_login";
/// Any number that all test processes share: one at a time makes roles, which belong to the cluster.
const ROLES_LOCK: i64 = 7_216_001;

/// A site that lives as long as one test.
pub struct TestSite {
    site: Site,
    settings: SiteSettings,
    owner: Engine,
    _files: TempDir,
    database: Option<Database>,
}

impl TestSite {
    /// A site on an SQLite file.
    pub fn sqlite() -> TestSite {
        let files = tempfile::tempdir().expect("a test may write to the temporary folder");
        let path = files.path().join("site.db");
        let engine = Engine::Sqlite {
            path: path.display().to_string(),
        };
        TestSite::found(engine.clone(), engine, files, None)
    }

    /// A site on a database of its own in the throw-away cluster, or `None` where no cluster is named.
    ///
    /// # Panics
    /// When no cluster is named although `CI` is set.
    pub fn postgres() -> Option<TestSite> {
        let cluster = cluster_address()?;
        let files = tempfile::tempdir().expect("a test may write to the temporary folder");
        let database = Database::create(cluster);
        let owner = Engine::Postgres {
            url: database.address(None),
        };
        let serving = Engine::Postgres {
            url: database.address(Some(LOGIN)),
        };
        database.with_roles(|| {
            owner
                .migrate()
                .expect("the migrations run on an empty database")
        });
        Some(TestSite::found(serving, owner, files, Some(database)))
    }

    fn found(
        engine: Engine,
        owner: Engine,
        files: TempDir,
        database: Option<Database>,
    ) -> TestSite {
        if database.is_none() {
            owner
                .migrate()
                .expect("the migrations run on an empty file");
        }
        let settings = SiteSettings {
            engine,
            folder: files.path().to_owned(),
            environment: Environment::Test,
            connections: 8,
        };
        let site = Site::open(settings.clone(), now()).expect("a fresh site opens");
        TestSite {
            site,
            settings,
            owner,
            _files: files,
            database,
        }
    }

    /// Closes the site and opens it again, as a restart does.
    ///
    /// # Errors
    /// What [`Site::open`] answers; then the old site stays in use.
    pub fn reopen(&mut self) -> Result<(), StoreError> {
        self.site = Site::open(self.settings.clone(), now())?;
        Ok(())
    }

    /// How the site was opened, for tests that open it otherwise.
    pub fn settings(&self) -> &SiteSettings {
        &self.settings
    }

    /// Two tenants.
    pub fn two_tenants(&self) -> (TenantId, TenantId) {
        (self.tenant("alder"), self.tenant("birch"))
    }

    /// A new tenant.
    pub fn tenant(&self, short_name: &str) -> TenantId {
        self.tenant_create(
            &format!("{short_name} Pharma"),
            short_name,
            "Europe/Berlin",
            now(),
        )
        .expect("the short name is free")
    }

    /// A tenant's data in the hands of a pass called `test`.
    pub fn scope_of(&self, tenant: TenantId) -> TenantScope {
        self.system_scope(tenant, "test")
    }

    /// A connection of the tables' owner, past every scope: for tests that tamper.
    pub fn owner_connection(&self) -> AnyConnection {
        connection_to(&self.owner)
    }

    /// A connection as the server has it, before any scope: for tests that try to break out.
    pub fn serving_connection(&self) -> AnyConnection {
        let mut connection = connection_to(&self.settings.engine);
        if let AnyConnection::Postgres(postgres) = &mut connection {
            postgres
                .batch_execute("SET ROLE packtwin_app")
                .expect("the login is a member");
        }
        connection
    }

    /// Runs statements as the owner of the tables, past every policy: what an attacker with rights on the database does.
    pub fn execute_as_owner(&self, sql: &str) {
        self.owner_connection()
            .batch_execute(sql)
            .expect("the owner's statement runs");
    }

    /// Answers a query for one number, past every policy. The number's column is called `number`.
    pub fn number_as_owner(&self, sql: &str) -> i64 {
        number(&mut self.owner_connection(), sql).expect("the owner's query runs")
    }

    /// Every row of a tenant in every table, past every policy, as text: equal before and after means untouched.
    pub fn dump_of(&self, tenant: TenantId) -> String {
        let mut owner = self.owner_connection();
        let mut dump = String::new();
        for (table, columns) in tenant_tables(&mut owner) {
            let row = match owner {
                AnyConnection::Sqlite(_) => columns.replace(',', ") || ',' || quote("),
                AnyConnection::Postgres(_) => columns.replace(',', ")::text, ',', ("),
            };
            let row = match owner {
                AnyConnection::Sqlite(_) => format!("quote({row})"),
                AnyConnection::Postgres(_) => format!("concat(({row})::text)"),
            };
            let sql = format!("SELECT {row} AS line FROM {table} WHERE tenant_id = {tenant}");
            let mut rows = lines(&mut owner, &sql).expect("the owner's query runs");
            rows.sort_unstable();
            dump.push_str(&format!("{table}\n{}\n", rows.join("\n")));
        }
        dump
    }

    /// The folder of the site.
    pub fn folder(&self) -> &Path {
        &self.settings.folder
    }

    /// The file of an SQLite site.
    pub fn sqlite_file(&self) -> Option<PathBuf> {
        match &self.settings.engine {
            Engine::Sqlite { path } => Some(PathBuf::from(path)),
            Engine::Postgres { .. } => None,
        }
    }

    /// The owner's address on PostgreSQL, for commands that migrate or measure.
    pub fn owner_address(&self) -> Option<String> {
        self.database
            .as_ref()
            .map(|database| database.address(None))
    }
}

impl Deref for TestSite {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

/// Tells the same story on every engine there is.
pub fn for_each_engine(story: impl Fn(&TestSite)) {
    story(&TestSite::sqlite());
    if let Some(site) = TestSite::postgres() {
        story(&site);
    }
}

/// The point in time at which test sites are founded: 2026-11-22T12:00:00Z.
pub fn now() -> Timestamp {
    Timestamp::from_micros(1_795_348_800_000_000)
}

/// The owner's address of the throw-away cluster, when there is one.
///
/// # Panics
/// When there is none although `CI` is set.
pub fn cluster_address() -> Option<String> {
    static TOLD: Once = Once::new();
    match std::env::var(POSTGRES_VARIABLE) {
        Ok(address) => Some(address),
        Err(_) => {
            let ci = std::env::var_os("CI").is_some();
            assert!(
                !ci,
                "{POSTGRES_VARIABLE} must name a PostgreSQL cluster when CI is set"
            );
            TOLD.call_once(|| eprintln!("PostgreSQL is left out: {POSTGRES_VARIABLE} is not set"));
            None
        }
    }
}

/// A database of the throw-away cluster.
struct Database {
    cluster: String,
    name: String,
}

impl Database {
    fn create(cluster: String) -> Database {
        let bits = random::bits().expect("the system gives random bits");
        let name = format!("packtwin_{bits:032x}");
        let database = Database { cluster, name };
        database.run(&format!("CREATE DATABASE {}", database.name));
        database
    }

    /// The address of this database, for the owner or for a login without a password.
    fn address(&self, login: Option<&str>) -> String {
        let (scheme, rest) = self
            .cluster
            .split_once("://")
            .expect("an address has a scheme");
        let (place, settings) = match rest.split_once('?') {
            Some((place, settings)) => (place, format!("?{settings}")),
            None => (rest, String::new()),
        };
        let place = place.split('/').next().unwrap_or(place);
        let place = match (login, place.rsplit_once('@')) {
            (None, _) => place.to_owned(),
            (Some(login), Some((_, host))) => format!("{login}@{host}"),
            (Some(login), None) => format!("{login}@{place}"),
        };
        format!("{scheme}://{place}/{}{settings}", self.name)
    }

    /// Runs `migrate`, which makes roles, while no other test does, and makes the test login.
    fn with_roles(&self, migrate: impl FnOnce()) {
        let mut cluster = postgres_to(&self.cluster);
        let lock = format!("SELECT pg_advisory_lock({ROLES_LOCK})");
        cluster.batch_execute(&lock).expect("a lock is given");
        migrate();
        let login = format!(
            "DO $$ BEGIN
                 IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{LOGIN}') THEN
                     CREATE ROLE {LOGIN} LOGIN NOBYPASSRLS IN ROLE packtwin_app;
                 END IF;
             END $$"
        );
        cluster
            .batch_execute(&login)
            .expect("the owner makes roles");
    }

    fn run(&self, sql: &str) {
        postgres_to(&self.cluster)
            .batch_execute(sql)
            .expect("the owner's statement runs");
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Best effort: the cluster is thrown away as a whole.
        if let Ok(mut cluster) = PgConnection::establish(&self.cluster) {
            let _ = cluster.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
        }
    }
}

#[derive(QueryableByName)]
struct NumberRow {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    number: i64,
}

/// Answers a query for one number, whose column is called `number`, on a connection of a test.
///
/// # Errors
/// What the database said.
pub fn number(connection: &mut AnyConnection, sql: &str) -> QueryResult<i64> {
    let row: NumberRow = match connection {
        AnyConnection::Sqlite(sqlite) => diesel::sql_query(sql).get_result(sqlite)?,
        AnyConnection::Postgres(postgres) => diesel::sql_query(sql).get_result(postgres)?,
    };
    Ok(row.number)
}

#[derive(QueryableByName)]
struct LineRow {
    #[diesel(sql_type = diesel::sql_types::Text)]
    line: String,
}

/// Answers a query for texts, whose column is called `line`, on a connection of a test.
///
/// # Errors
/// What the database said.
pub fn lines(connection: &mut AnyConnection, sql: &str) -> QueryResult<Vec<String>> {
    let rows: Vec<LineRow> = match connection {
        AnyConnection::Sqlite(sqlite) => diesel::sql_query(sql).load(sqlite)?,
        AnyConnection::Postgres(postgres) => diesel::sql_query(sql).load(postgres)?,
    };
    Ok(rows.into_iter().map(|row| row.line).collect())
}

/// Every table that has a column `tenant_id`, with its columns, comma between.
///
/// # Panics
/// When the catalogue cannot be read.
pub fn tenant_tables(owner: &mut AnyConnection) -> Vec<(String, String)> {
    let sql = match owner {
        AnyConnection::Sqlite(_) => {
            "SELECT t.name || ':' || group_concat(c.name) AS line
             FROM sqlite_schema t JOIN pragma_table_info(t.name) c
             WHERE t.type = 'table' GROUP BY t.name HAVING max(c.name = 'tenant_id') ORDER BY t.name"
        }
        AnyConnection::Postgres(_) => {
            "SELECT table_name || ':' || string_agg(column_name, ',' ORDER BY ordinal_position) AS line
             FROM information_schema.columns WHERE table_schema = 'public'
             GROUP BY table_name HAVING bool_or(column_name = 'tenant_id') ORDER BY table_name"
        }
    };
    let tables = lines(owner, sql).expect("the catalogue can be read");
    tables
        .iter()
        .filter_map(|line| line.split_once(':'))
        .map(|(table, columns)| (table.to_owned(), columns.to_owned()))
        .collect()
}

fn connection_to(engine: &Engine) -> AnyConnection {
    match engine {
        Engine::Sqlite { path } => {
            let mut sqlite = SqliteConnection::establish(path).expect("the file is there");
            sqlite
                .batch_execute("PRAGMA busy_timeout = 30000")
                .expect("SQLite knows the setting");
            AnyConnection::Sqlite(sqlite)
        }
        Engine::Postgres { url } => AnyConnection::Postgres(postgres_to(url)),
    }
}

fn postgres_to(address: &str) -> PgConnection {
    PgConnection::establish(address).expect("the throw-away cluster answers")
}
