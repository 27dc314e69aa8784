//! A site: one database, one folder of files, one environment, many tenants.
//!
//! Opening is in [`crate::founding`]. The site itself acts under the number 0, which no customer has: its audit chain tells
//! of tenants and of sign-ins that belong to nobody.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel::prelude::*;

use packtwin_core::environment::Environment;
use packtwin_core::ids::TenantId;
use packtwin_core::time::Timestamp;

use crate::audit::AuditNote;
use crate::engine::{self, Access, AnyConnection, Engine, Pool, PooledConnection};
use crate::error::StoreError;
use crate::founding;
use crate::schema::{tenant, tenant_head};
use crate::scope::{Actor, Reader, TenantScope, Who};
use crate::seal::{Secret, SiteKey};

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
    pub(crate) key: SiteKey,
    pub(crate) engine: Engine,
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
        let pool = settings.engine.pool(settings.connections)?;
        let key = founding::found_or_compare(&pool, &settings, now)?;
        let inner = SiteInner {
            pool,
            folder: settings.folder,
            environment: settings.environment,
            key,
            engine: settings.engine,
            writer: Mutex::new(()),
        };
        Ok(Site {
            inner: Arc::new(inner),
        })
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

    /// A key derived from the site's key for one purpose outside this crate: session tokens, cursors.
    pub fn derived_key(&self, purpose: &'static str) -> Secret {
        self.inner.key.derive(purpose)
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
        self.platform_scope("founding").change(now, |writer| {
            // The platform's head row is held from here on, so that no two tenants get one number.
            let head = tenant_head::table.find(writer.tenant_id());
            diesel::update(head)
                .set(tenant_head::last_fact.eq(tenant_head::last_fact + 1))
                .execute(writer.connection)?;
            let last: Option<i32> = tenant::table
                .select(diesel::dsl::max(tenant::tenant_id))
                .first(writer.connection)?;
            let id = TenantId(last.unwrap_or(0) + 1);
            founding::tenant_insert(
                writer.connection,
                &Tenant {
                    id,
                    name: name.to_owned(),
                    short_name: short_name.to_owned(),
                    time_zone: time_zone.to_owned(),
                },
                "active",
                now,
            )?;
            engine::enter_tenant(writer.connection, founding::PLATFORM)?;
            Ok(AuditNote::new("tenant.created", format!("tenant {short_name}")).returning(id))
        })
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

    /// The platform's own scope, which holds nothing but its audit chain.
    pub fn platform_scope(&self, pass: &'static str) -> TenantScope {
        self.system_scope(founding::PLATFORM, pass)
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

impl Reader<'_> {
    /// Whether the tenant is a customer whose people and machines may come in.
    pub(crate) fn tenant_is_active(&mut self) -> Result<bool, StoreError> {
        let state: Option<String> = tenant::table
            .find(self.tenant_id())
            .select(tenant::state)
            .first(self.connection)
            .optional()?;
        Ok(state.as_deref() == Some("active"))
    }
}
