//! The two engines: SQLite in the binary, PostgreSQL beside it. Everything in which they differ is in this folder, two
//! arms each; the rest of the house sees one [`AnyConnection`].
//!
//! SQLite runs with a write-ahead log and `synchronous=FULL`: what was answered survives a power cut. It has one writer,
//! so writers of this process queue at a lock of their own and never poll. PostgreSQL runs as the role `packtwin_app`,
//! which owns nothing and passes no row-level policy by; each transaction names its tenant in its first words.

pub(crate) mod aggregation;
#[allow(
    missing_docs,
    reason = "the derive makes public items for diesel's own use and documents none of them"
)]
mod any;
pub(crate) mod bulk;
mod connect;
pub(crate) mod epc;
pub(crate) mod epcis_event;
mod postgres_address;
mod postgres_tls;
mod postgres_trust;
pub mod scratch;
pub(crate) mod set;
pub(crate) mod write_back;
pub mod yardstick;

use diesel::RunQueryDsl;
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::sql_types::Integer;

use packtwin_core::ids::{LotNo, ProductNo, TenantId};

pub use self::any::AnyConnection;
pub use self::connect::{Connector, DatabaseRole, Engine, Pool, PooledConnection};

use crate::error::StoreError;

/// What a transaction may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Read a consistent state.
    Read,
    /// Read and write.
    Write,
}

/// Begins a transaction that sees one tenant, or, without one, only the tables of the whole site.
pub(crate) fn begin(
    connection: &mut AnyConnection,
    access: Access,
    tenant: Option<TenantId>,
) -> Result<(), StoreError> {
    match connection {
        AnyConnection::Sqlite(sqlite) => {
            let sql = match access {
                Access::Read => "BEGIN DEFERRED",
                Access::Write => "BEGIN IMMEDIATE",
            };
            AnsiTransactionManager::begin_transaction_sql(sqlite, sql)?;
        }
        AnyConnection::Postgres(postgres) => {
            let mode = match access {
                Access::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                Access::Write => "BEGIN",
            };
            // The number is an integer of ours; nothing from outside reaches this text.
            let tenant = tenant.map_or(String::new(), |tenant| tenant.0.to_string());
            let sql = format!("{mode}; SET LOCAL app.tenant = '{tenant}'");
            AnsiTransactionManager::begin_transaction_sql(postgres, &sql)?;
        }
    }
    Ok(())
}

/// Turns the open transaction to another tenant: needed once, when a tenant's first row is made.
pub(crate) fn enter_tenant(
    connection: &mut AnyConnection,
    tenant: TenantId,
) -> Result<(), StoreError> {
    match connection {
        AnyConnection::Sqlite(_) => Ok(()),
        AnyConnection::Postgres(_) => execute(
            connection,
            &format!("SET LOCAL app.tenant = '{}'", tenant.0),
        ),
    }
}

/// Keeps other changes of a lot's row waiting until this one ends. SQLite has one writer anyway.
pub(crate) fn hold_lot(
    connection: &mut AnyConnection,
    tenant: i32,
    product: ProductNo,
    lot: LotNo,
) -> Result<(), StoreError> {
    if let AnyConnection::Postgres(postgres) = connection {
        diesel::sql_query(
            "SELECT 1 FROM lot WHERE tenant_id = $1 AND product_no = $2 AND lot_no = $3 FOR UPDATE",
        )
        .bind::<Integer, _>(tenant)
        .bind::<Integer, _>(product.0)
        .bind::<Integer, _>(lot.0)
        .execute(postgres)?;
    }
    Ok(())
}

/// Makes the changes of the open transaction durable and visible.
pub(crate) fn commit(connection: &mut AnyConnection) -> Result<(), StoreError> {
    match connection {
        AnyConnection::Sqlite(sqlite) => AnsiTransactionManager::commit_transaction(sqlite)?,
        AnyConnection::Postgres(postgres) => AnsiTransactionManager::commit_transaction(postgres)?,
    }
    Ok(())
}

/// Throws the changes of the open transaction away. A connection that fails even here is thrown away by the pool.
pub(crate) fn roll_back(connection: &mut AnyConnection) {
    let outcome = match connection {
        AnyConnection::Sqlite(sqlite) => AnsiTransactionManager::rollback_transaction(sqlite),
        AnyConnection::Postgres(postgres) => AnsiTransactionManager::rollback_transaction(postgres),
    };
    if let Err(error) = outcome {
        tracing::warn!(%error, "a transaction could not be rolled back; its connection is dropped");
    }
}

/// Whether a transaction was left open.
fn is_in_transaction(connection: &mut AnyConnection) -> bool {
    fn depth<C>(connection: &mut C) -> bool
    where
        C: diesel::Connection<TransactionManager = AnsiTransactionManager>,
    {
        !matches!(
            AnsiTransactionManager::transaction_manager_status_mut(connection).transaction_depth(),
            Ok(None)
        )
    }
    match connection {
        AnyConnection::Sqlite(sqlite) => depth(sqlite),
        AnyConnection::Postgres(postgres) => depth(postgres),
    }
}

/// Runs statements that return nothing.
pub(crate) fn execute(connection: &mut AnyConnection, sql: &str) -> Result<(), StoreError> {
    connection.batch_execute(sql).map_err(StoreError::from)
}
