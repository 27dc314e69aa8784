//! Opening a site for the first time, and making sure ever after that it is the same one.
//!
//! The environment and the fingerprint of the site's key are written in the database; when the configuration or the key file
//! says otherwise, the start stops (design.md, idea 12). On PostgreSQL the serving role must not be able to pass a policy by.

use diesel::prelude::*;
use diesel::sql_types::Bool;

use packtwin_core::audit::genesis;
use packtwin_core::environment::Environment;
use packtwin_core::ids::TenantId;
use packtwin_core::time::Timestamp;

use crate::engine::{self, Access, AnyConnection, Pool};
use crate::error::StoreError;
use crate::schema::{site, tenant, tenant_head};
use crate::seal::SiteKey;
use crate::site::{SiteSettings, Tenant};

/// The platform itself among the tenants: nobody's number.
pub(crate) const PLATFORM: TenantId = TenantId(0);

/// Founds the site when its database is empty, otherwise compares. Answers the key of the site.
///
/// # Errors
/// [`StoreError::WrongSite`] when environment or key are another's, or the role could pass policies by.
pub(crate) fn found_or_compare(
    pool: &Pool,
    settings: &SiteSettings,
    now: Timestamp,
) -> Result<SiteKey, StoreError> {
    let mut connection = pool
        .get()
        .map_err(|error| StoreError::Unreachable(error.to_string()))?;
    engine::begin(&mut connection, Access::Write, Some(PLATFORM))?;
    let outcome = refuse_privileged_role(&mut connection, settings.environment)
        .and_then(|()| key_of(&mut connection, settings, now))
        .and_then(|key| engine::commit(&mut connection).map(|()| key));
    if outcome.is_err() {
        engine::roll_back(&mut connection);
    }
    outcome
}

fn key_of(
    connection: &mut AnyConnection,
    settings: &SiteSettings,
    now: Timestamp,
) -> Result<SiteKey, StoreError> {
    let environment = settings.environment;
    let folder = settings.folder.as_path();
    let written: Option<(String, String)> = site::table
        .select((site::environment, site::key_fingerprint))
        .first(connection)
        .optional()?;
    let Some((written_environment, fingerprint)) = written else {
        let key = match SiteKey::load(folder)? {
            Some(key) => key,
            None => SiteKey::make(folder)?,
        };
        found(connection, environment, &key, now)?;
        return Ok(key);
    };
    if written_environment != environment.as_str() {
        return Err(StoreError::WrongSite(format!(
            "this database belongs to the {written_environment} environment, the configuration says {environment}"
        )));
    }
    match SiteKey::load(folder)? {
        Some(key) if key.fingerprint() == fingerprint => Ok(key),
        Some(_) => Err(StoreError::WrongSite(format!(
            "site.key in {} is not the key of this database",
            folder.display()
        ))),
        None => Err(StoreError::WrongSite(format!(
            "site.key is missing in {}; put back the one this site was founded with",
            folder.display()
        ))),
    }
}

fn found(
    connection: &mut AnyConnection,
    environment: Environment,
    key: &SiteKey,
    now: Timestamp,
) -> Result<(), StoreError> {
    diesel::insert_into(site::table)
        .values((
            site::site_id.eq(1),
            site::environment.eq(environment.as_str()),
            site::key_fingerprint.eq(key.fingerprint()),
            site::created_at.eq(now.micros()),
        ))
        .execute(connection)?;
    let platform = Tenant {
        id: PLATFORM,
        name: "Platform".to_owned(),
        short_name: "platform".to_owned(),
        time_zone: "UTC".to_owned(),
    };
    tenant_insert(connection, &platform, "platform", now)
}

/// Writes a tenant and its head. The transaction has turned to that tenant afterwards.
pub(crate) fn tenant_insert(
    connection: &mut AnyConnection,
    row: &Tenant,
    state: &'static str,
    now: Timestamp,
) -> Result<(), StoreError> {
    diesel::insert_into(tenant::table)
        .values((
            tenant::tenant_id.eq(row.id.0),
            tenant::name.eq(&row.name),
            tenant::short_name.eq(&row.short_name),
            tenant::time_zone.eq(&row.time_zone),
            tenant::state.eq(state),
            tenant::created_at.eq(now.micros()),
        ))
        .execute(connection)?;
    engine::enter_tenant(connection, row.id)?;
    diesel::insert_into(tenant_head::table)
        .values((
            tenant_head::tenant_id.eq(row.id.0),
            tenant_head::audit_seq.eq(0),
            tenant_head::audit_hash.eq(genesis(row.id).to_vec()),
            tenant_head::last_product.eq(0),
            tenant_head::last_fact.eq(0),
        ))
        .execute(connection)?;
    Ok(())
}

#[derive(QueryableByName)]
struct RoleRow {
    #[diesel(sql_type = Bool)]
    serving: bool,
    #[diesel(sql_type = Bool)]
    login: bool,
}

/// Row-level security protects nothing from a superuser, an owner or a role with BYPASSRLS. The login behind the serving
/// role could step out of it, so production wants a login without such rights; elsewhere a warning is enough.
fn refuse_privileged_role(
    connection: &mut AnyConnection,
    environment: Environment,
) -> Result<(), StoreError> {
    let AnyConnection::Postgres(postgres) = connection else {
        return Ok(());
    };
    let row: RoleRow = diesel::sql_query(
        "SELECT coalesce(bool_or(p.passes) FILTER (WHERE p.rolname = current_user), true) AS serving,
                coalesce(bool_or(p.passes) FILTER (WHERE p.rolname = session_user), true) AS login
         FROM (SELECT r.rolname, r.rolsuper OR r.rolbypassrls OR EXISTS (
                   SELECT FROM pg_class c WHERE c.relname = 'pack' AND pg_has_role(r.oid, c.relowner, 'MEMBER')) AS passes
               FROM pg_roles r) p",
    )
    .get_result(postgres)?;
    let told = "could pass row-level security by; serve with a login that is a member of packtwin_app and nothing else";
    if row.serving {
        return Err(StoreError::WrongSite(format!(
            "the serving database role {told}"
        )));
    }
    if row.login && environment == Environment::Production {
        return Err(StoreError::WrongSite(format!("the database login {told}")));
    }
    if row.login {
        tracing::warn!("the database login {told}");
    }
    Ok(())
}
