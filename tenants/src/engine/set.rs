//! Statements over a set of rows that come as one JSON text: an array of arrays, one for each row.
//!
//! SQLite spreads it with `json_each`, PostgreSQL with `json_array_elements`; both hand a row over as `w.value`, whose
//! columns are `w.value ->> 0`, `w.value ->> 1`, ... So a statement is written twice, but its rows are written once. Made for
//! groups of some hundred rows, where one statement costs more than the text; millions go through [`super::bulk`].

use diesel::prelude::*;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::sql_types::Text;
use diesel::{PgConnection, SqliteConnection};
use serde::Serialize;

use super::AnyConnection;
use crate::error::StoreError;

/// The two arms of one statement; `$1` is the text.
pub(crate) struct Statement {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

type Sqlite<'a> = BoxedSqlQuery<'a, diesel::sqlite::Sqlite, SqlQuery>;
type Postgres<'a> = BoxedSqlQuery<'a, diesel::pg::Pg, SqlQuery>;

impl Statement {
    /// Runs it for every row of the set and answers how many rows it touched. Nothing runs for an empty set.
    pub(crate) fn execute<R: Serialize>(
        &self,
        connection: &mut AnyConnection,
        rows: &[R],
    ) -> Result<usize, StoreError> {
        if rows.is_empty() {
            return Ok(0);
        }
        let text = text_of(rows);
        Ok(match connection {
            AnyConnection::Sqlite(sqlite) => {
                let query: Sqlite<'_> = diesel::sql_query(self.sqlite).into_boxed();
                query.bind::<Text, _>(text).execute(sqlite)?
            }
            AnyConnection::Postgres(postgres) => {
                let query: Postgres<'_> = diesel::sql_query(self.postgres).into_boxed();
                query.bind::<Text, _>(text).execute(postgres)?
            }
        })
    }

    /// Runs it for every row of the set and answers what it found.
    pub(crate) fn load<R, T>(
        &self,
        connection: &mut AnyConnection,
        rows: &[R],
    ) -> Result<Vec<T>, StoreError>
    where
        R: Serialize,
        T: QueryableByName<diesel::sqlite::Sqlite> + QueryableByName<diesel::pg::Pg> + 'static,
    {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let text = text_of(rows);
        Ok(match connection {
            AnyConnection::Sqlite(sqlite) => load_sqlite(self.sqlite, text, sqlite)?,
            AnyConnection::Postgres(postgres) => load_postgres(self.postgres, text, postgres)?,
        })
    }
}

fn load_sqlite<T: QueryableByName<diesel::sqlite::Sqlite> + 'static>(
    sql: &str,
    text: String,
    sqlite: &mut SqliteConnection,
) -> QueryResult<Vec<T>> {
    let query: Sqlite<'_> = diesel::sql_query(sql).into_boxed();
    query.bind::<Text, _>(text).load(sqlite)
}

fn load_postgres<T: QueryableByName<diesel::pg::Pg> + 'static>(
    sql: &str,
    text: String,
    postgres: &mut PgConnection,
) -> QueryResult<Vec<T>> {
    let query: Postgres<'_> = diesel::sql_query(sql).into_boxed();
    query.bind::<Text, _>(text).load(postgres)
}

fn text_of<R: Serialize>(rows: &[R]) -> String {
    serde_json::to_string(rows).expect("texts and numbers always have a JSON form")
}
