//! The yardstick of `packtwin bench ingest`: how fast the engine itself can durably take the same packs.
//!
//! It belongs to no road. It writes sorted rows into `pack_yardstick`, a table with the columns and the key of `pack`, by
//! the engine's fastest durable bulk route, in one transaction:
//! - SQLite: `json_each`, 10,000 rows a statement, `synchronous=FULL`, the write-ahead log as the site has it;
//! - PostgreSQL: COPY by the table's owner, whom no policy slows down.
//!
//! The stopwatch runs from the first row to the end of the commit; the table is made before and dropped after. Sorting is
//! the caller's, on both sides of the comparison.

use std::cell::RefCell;
use std::io::Write;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::{PgConnection, SqliteConnection};

use packtwin_core::fact::SerialSource;
use packtwin_core::serial::Serial;

use super::bulk::json_array;
use super::{AnyConnection, Connector, Engine};
use crate::error::StoreError;

/// Rows a statement takes on SQLite.
const CHUNK_ROWS: usize = 10_000;

use table::pack_yardstick;

/// Stores the serials, which must be sorted, and answers how long it took.
///
/// On PostgreSQL the engine's address must be the owner's.
///
/// # Errors
/// The database failed, a serial came twice, or the source could not be read.
pub fn yardstick_store(
    owner: &Engine,
    serials: &mut dyn SerialSource,
) -> Result<Duration, StoreError> {
    match Connector::open(owner)?.connect_as_login()? {
        AnyConnection::Sqlite(mut sqlite) => {
            sqlite.batch_execute(
                "DROP TABLE IF EXISTS pack_yardstick;
                 CREATE TABLE pack_yardstick (
                     tenant_id INTEGER NOT NULL, product_no INTEGER NOT NULL, serial TEXT NOT NULL,
                     load_no INTEGER NOT NULL, state SMALLINT NOT NULL,
                     PRIMARY KEY (tenant_id, product_no, serial)) WITHOUT ROWID",
            )?;
            let started = Instant::now();
            sqlite.immediate_transaction(|sqlite| store_by_json(sqlite, serials))?;
            let taken = started.elapsed();
            sqlite.batch_execute("DROP TABLE pack_yardstick")?;
            Ok(taken)
        }
        AnyConnection::Postgres(mut postgres) => {
            postgres.batch_execute(
                "RESET ROLE; DROP TABLE IF EXISTS pack_yardstick;
                 CREATE TABLE pack_yardstick (LIKE pack INCLUDING ALL)",
            )?;
            let started = Instant::now();
            postgres.transaction(|postgres| store_by_copy(postgres, serials))?;
            let taken = started.elapsed();
            postgres.batch_execute("DROP TABLE pack_yardstick")?;
            Ok(taken)
        }
    }
}

fn store_by_json(
    sqlite: &mut SqliteConnection,
    serials: &mut dyn SerialSource,
) -> Result<(), StoreError> {
    let mut chunk: Vec<Serial> = Vec::with_capacity(CHUNK_ROWS);
    loop {
        chunk.clear();
        while chunk.len() < CHUNK_ROWS
            && let Some(serial) = serials.next_serial()?
        {
            chunk.push(serial);
        }
        if chunk.is_empty() {
            return Ok(());
        }
        diesel::sql_query(
            "INSERT INTO pack_yardstick (tenant_id, product_no, serial, load_no, state)
             SELECT 1, 1, value, 1, 0 FROM json_each($1)",
        )
        .bind::<Text, _>(json_array(chunk.iter()))
        .execute(sqlite)?;
    }
}

fn store_by_copy(
    postgres: &mut PgConnection,
    serials: &mut dyn SerialSource,
) -> Result<(), StoreError> {
    // COPY takes a closure that might be called again; a source can be read once.
    let serials = RefCell::new(serials);
    diesel::copy_from(pack_yardstick::table)
        .from_raw_data(pack_yardstick::table, |copy| -> Result<(), CopyFailed> {
            let mut copy = std::io::BufWriter::with_capacity(64 * 1024, copy);
            while let Some(serial) = serials.borrow_mut().next_serial()? {
                writeln!(copy, "1\t1\t{}\t1\t0", serial.as_str())?;
            }
            copy.flush()?;
            Ok(())
        })
        .execute(postgres)
        .map_err(StoreError::from)?;
    Ok(())
}

/// COPY wants one error for the database and the source.
#[derive(Debug, thiserror::Error)]
enum CopyFailed {
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
    #[error(transparent)]
    Source(#[from] std::io::Error),
}

impl From<CopyFailed> for StoreError {
    fn from(failed: CopyFailed) -> Self {
        match failed {
            CopyFailed::Database(error) => error.into(),
            CopyFailed::Source(error) => error.into(),
        }
    }
}

#[derive(QueryableByName)]
struct Bytes {
    #[diesel(sql_type = BigInt)]
    bytes: i64,
}

/// Bytes that the packs take with their key and every index of theirs.
///
/// # Errors
/// The database failed.
pub fn pack_table_bytes(engine: &Engine) -> Result<u64, StoreError> {
    let row: Bytes = match Connector::open(engine)?.connect_as_login()? {
        AnyConnection::Sqlite(mut sqlite) => {
            let sql = "SELECT COALESCE(SUM(pgsize), 0) AS bytes FROM dbstat WHERE name = 'pack'";
            diesel::sql_query(sql).get_result(&mut sqlite)?
        }
        AnyConnection::Postgres(mut postgres) => {
            let sql = "SELECT pg_total_relation_size('pack') AS bytes";
            diesel::sql_query(sql).get_result(&mut postgres)?
        }
    };
    Ok(row.bytes.unsigned_abs())
}

/// Bytes of the whole database once everything written is in its place.
///
/// # Errors
/// The database failed.
pub fn database_bytes(engine: &Engine) -> Result<u64, StoreError> {
    let row: Bytes = match Connector::open(engine)?.connect_as_login()? {
        AnyConnection::Sqlite(mut sqlite) => {
            sqlite.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?;
            let sql = "SELECT page_count * page_size AS bytes
                       FROM pragma_page_count(), pragma_page_size()";
            diesel::sql_query(sql).get_result(&mut sqlite)?
        }
        AnyConnection::Postgres(mut postgres) => {
            let sql = "SELECT pg_database_size(current_database()) AS bytes";
            diesel::sql_query(sql).get_result(&mut postgres)?
        }
    };
    Ok(row.bytes.unsigned_abs())
}

#[allow(missing_docs, reason = "the columns are those of `pack`")]
mod table {
    diesel::table! {
        pack_yardstick (tenant_id, product_no, serial) {
            tenant_id -> Integer,
            product_no -> Integer,
            serial -> Text,
            load_no -> Integer,
            state -> SmallInt,
        }
    }
}
