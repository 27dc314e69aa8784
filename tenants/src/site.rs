//! A site: one database, one folder of files, one environment, many tenants.
//!
//! Opening checks that the environment written in the database is the configured one; a mismatch stops the start. On
//! PostgreSQL it also checks that the serving role can pass no policy by.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel::prelude::*;
use diesel::sql_types::Bool;

use packtwin_core::environment::Environment;
use packtwin_core::ids::TenantId;
use packtwin_core::time::Timestamp;

use crate::audit::genesis;
use crate::engine::{self, Access, AnyConnection, Engine, Pool, PooledConnection};
use crate::error::StoreError;
use crate::schema::{site, tenant, tenant_head};
use crate::scope::{Actor, TenantScope, Who};

/// How a site is opened.
#[derive(Debug, Clone)]
pub struct SiteSettings {
    /// The database.
    pub engine: Engine,
    /// The folder for files: originals, documents, work in progress.
    pub folder: PathBuf,
    /// What this site is.
    pub environment: Environment,
    /// At most so many connections.
    pub connections: u32,
}

/// An open site.
#[derive(Clone)]
pub struct Site {
    pub(crate) inner: Arc<SiteInner>,
}

pub(crate) struct SiteInner {
    pub(crate) pool: Pool,
    pub(crate) folder: PathBuf,
    pub(crate) environment: Environment,
    engine: Engine,
    /// SQLite has one writer. Writers of this process wait here in turn instead of polling the file's lock.
    writer: Mutex<()>,
}

impl SiteInner {
    pub(crate) fn connection(&self) -> Result<PooledConnection, StoreError> {
        self.pool
            .get()
            .map_err(|error| StoreError::Unreachable(error.to_string()))
    }

    pub(crate) fn writer_turn(&self) -> Option<MutexGuard<'_, ()>> {
        match self.engine {
            Engine::Sqlite { .. } => {
                Some(self.writer.lock().unwrap_or_else(PoisonError::into_inner))
            }
            Engine::Postgres { .. } => None,
        }
    }
}

/// A tenant as the site knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its number.
    pub id: TenantId,
    /// Its name.
    pub name: String,
    /// A short name for file names and bands.
    pub short_name: String,
    /// IANA time zone in which its people read times.
    pub time_zone: String,
}

impl Site {
    /// Opens a site whose schema is up to date, or founds it when the database is empty.
    ///
    /// # Errors
    /// [`StoreError::WrongSite`] when the database belongs to another environment or the role could pass policies by.
    pub fn open(settings: SiteSettings, now: Timestamp) -> Result<Site, StoreError> {
        for folder in ["blobs", "incoming", "work"] {
            std::fs::create_dir_all(settings.folder.join(folder))?;
        }
        let inner = SiteInner {
            pool: settings.engine.pool(settings.connections)?,
            folder: settings.folder,
            environment: settings.environment,
            engine: settings.engine,
            writer: Mutex::new(()),
        };
        let site = Site {
            inner: Arc::new(inner),
        };
        site.platform(Access::Write, |connection| {
            refuse_privileged_role(connection)?;
            found_or_compare(connection, settings.environment, now)
        })?;
        Ok(site)
    }

    /// The environment of the site.
    pub fn environment(&self) -> Environment {
        self.inner.environment
    }

    /// The folder of the site's files.
    pub fn folder(&self) -> &Path {
        &self.inner.folder
    }

    /// Which engine keeps the data, for reports.
    pub fn engine_name(&self) -> &'static str {
        self.inner.engine.name()
    }

    /// Adds a tenant with an empty audit chain.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the short name is in use.
    pub fn tenant_create(
        &self,
        name: &str,
        short_name: &str,
        time_zone: &str,
        now: Timestamp,
    ) -> Result<TenantId, StoreError> {
        let id = self.platform(Access::Write, |connection| {
            let last: Option<i32> = tenant::table
                .select(diesel::dsl::max(tenant::tenant_id))
                .first(connection)?;
            let id = last.unwrap_or(0) + 1;
            diesel::insert_into(tenant::table)
                .values((
                    tenant::tenant_id.eq(id),
                    tenant::name.eq(name),
                    tenant::short_name.eq(short_name),
                    tenant::time_zone.eq(time_zone),
                    tenant::state.eq("active"),
                    tenant::created_at.eq(now.micros()),
                ))
                .execute(connection)?;
            Ok(TenantId(id))
        })?;
        let scope = self.system_scope(id, "founding");
        scope.housekeep(now, crate::scope::Housekeeping::Invisible, |writer| {
            diesel::insert_into(tenant_head::table)
                .values((
                    tenant_head::tenant_id.eq(writer.tenant_id()),
                    tenant_head::audit_seq.eq(0),
                    tenant_head::audit_hash.eq(genesis()),
                    tenant_head::last_product.eq(0),
                    tenant_head::last_fact.eq(0),
                ))
                .execute(writer.connection)
                .map_err(StoreError::from)
        })?;
        Ok(id)
    }

    /// Every active tenant.
    ///
    /// # Errors
    /// The database failed.
    pub fn tenant_list(&self) -> Result<Vec<Tenant>, StoreError> {
        type Row = (i32, String, String, String);
        let rows: Vec<Row> = self.platform(Access::Read, |connection| {
            Ok(tenant::table
                .filter(tenant::state.eq("active"))
                .order(tenant::tenant_id)
                .select((
                    tenant::tenant_id,
                    tenant::name,
                    tenant::short_name,
                    tenant::time_zone,
                ))
                .load(connection)?)
        })?;
        let tenant = |(id, name, short_name, time_zone): Row| Tenant {
            id: TenantId(id),
            name,
            short_name,
            time_zone,
        };
        Ok(rows.into_iter().map(tenant).collect())
    }

    /// The house acting for one tenant: a pass, a job, the command line.
    pub fn system_scope(&self, tenant: TenantId, pass: &'static str) -> TenantScope {
        let actor = Actor {
            tenant,
            who: Who::System(pass),
            correlation: String::new(),
        };
        self.scope(actor)
    }

    /// A tenant's data in the hands of someone whom this crate has recognised.
    pub fn scope(&self, actor: Actor) -> TenantScope {
        TenantScope {
            site: Arc::clone(&self.inner),
            actor,
        }
    }

    /// A transaction over the tables of the whole site; on PostgreSQL no tenant's row is visible in it.
    pub(crate) fn platform<T>(
        &self,
        access: Access,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let _turn = match access {
            Access::Read => None,
            Access::Write => self.inner.writer_turn(),
        };
        let mut connection = self.inner.connection()?;
        engine::begin(&mut connection, access, None)?;
        let outcome =
            work(&mut connection).and_then(|value| engine::commit(&mut connection).map(|()| value));
        if outcome.is_err() {
            engine::roll_back(&mut connection);
        }
        outcome
    }
}

fn found_or_compare(
    connection: &mut AnyConnection,
    environment: Environment,
    now: Timestamp,
) -> Result<(), StoreError> {
    let written: Option<String> = site::table
        .select(site::environment)
        .first(connection)
        .optional()?;
    match written {
        None => {
            diesel::insert_into(site::table)
                .values((
                    site::site_id.eq(1),
                    site::environment.eq(environment.as_str()),
                    site::created_at.eq(now.micros()),
                ))
                .execute(connection)?;
            Ok(())
        }
        Some(written) if written == environment.as_str() => Ok(()),
        Some(written) => Err(StoreError::WrongSite(format!(
            "this database belongs to the {written} environment, the configuration says {environment}"
        ))),
    }
}

#[derive(QueryableByName)]
struct RoleRow {
    #[diesel(sql_type = Bool)]
    privileged: bool,
}

/// Row-level security protects nothing from a superuser, an owner or a role with BYPASSRLS.
fn refuse_privileged_role(connection: &mut AnyConnection) -> Result<(), StoreError> {
    let AnyConnection::Postgres(postgres) = connection else {
        return Ok(());
    };
    let row: RoleRow = diesel::sql_query(
        "SELECT r.rolsuper OR r.rolbypassrls OR EXISTS (
             SELECT FROM pg_class c WHERE c.relname = 'pack' AND c.relowner = r.oid) AS privileged
         FROM pg_roles r WHERE r.rolname = current_user",
    )
    .get_result(postgres)?;
    if row.privileged {
        let told =
            "the serving database role could pass row-level security by; use the role packtwin_app";
        return Err(StoreError::WrongSite(told.to_owned()));
    }
    Ok(())
}
