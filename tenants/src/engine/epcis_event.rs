//! Events of EPCIS by what they name: written in sets, and asked for by statements that are put together from tests.
//!
//! Every value from outside is bound; only words of our own reach the text of a statement.

use diesel::prelude::*;
use diesel::query_builder::BoxedSqlQuery;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, SmallInt, Text};

use super::AnyConnection;
use crate::error::StoreError;

/// What is bound in a statement.
#[derive(Debug, Clone)]
pub(crate) enum Bind {
    Number(i64),
    Text(String),
}

/// A statement that grows.
#[derive(Debug, Default)]
pub(crate) struct Statement {
    text: String,
    binds: Vec<Bind>,
}

impl Statement {
    pub(crate) fn word(&mut self, word: &str) -> &mut Self {
        self.text.push_str(word);
        self
    }

    pub(crate) fn number(&mut self, number: i64) -> &mut Self {
        self.bind(Bind::Number(number))
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.bind(Bind::Text(text.to_owned()))
    }

    /// `($1, $2)`.
    pub(crate) fn texts(&mut self, texts: &[String]) -> &mut Self {
        self.word("(");
        for (index, text) in texts.iter().enumerate() {
            self.word(if index == 0 { "" } else { ", " }).text(text);
        }
        self.word(")")
    }

    /// Both engines know a place that is named by its number, and name it in order.
    fn bind(&mut self, bind: Bind) -> &mut Self {
        self.binds.push(bind);
        let place = format!("${}", self.binds.len());
        self.word(&place)
    }
}

macro_rules! bound {
    ($statement:expr) => {{
        let mut query: BoxedSqlQuery<'_, _, _> =
            diesel::sql_query($statement.text.clone()).into_boxed();
        for bind in &$statement.binds {
            query = match bind {
                Bind::Number(number) => query.bind::<BigInt, _>(*number),
                Bind::Text(text) => query.bind::<Text, _>(text.clone()),
            };
        }
        query
    }};
}

/// One row of an answer, as its type says.
pub(crate) fn load_events(
    connection: &mut AnyConnection,
    statement: &Statement,
) -> Result<Vec<EventRow>, StoreError> {
    Ok(match connection {
        AnyConnection::Sqlite(sqlite) => bound!(statement).load(sqlite)?,
        AnyConnection::Postgres(postgres) => bound!(statement).load(postgres)?,
    })
}

#[derive(QueryableByName)]
struct TextRow {
    #[diesel(sql_type = Text)]
    value: String,
}

/// A column of texts called `value`.
pub(crate) fn load_texts(
    connection: &mut AnyConnection,
    statement: &Statement,
) -> Result<Vec<String>, StoreError> {
    let rows: Vec<TextRow> = match connection {
        AnyConnection::Sqlite(sqlite) => bound!(statement).load(sqlite)?,
        AnyConnection::Postgres(postgres) => bound!(statement).load(postgres)?,
    };
    Ok(rows.into_iter().map(|row| row.value).collect())
}

/// An event as it lies in its table.
#[derive(QueryableByName)]
pub(crate) struct EventRow {
    #[diesel(sql_type = BigInt)]
    pub(crate) event_no: i64,
    #[diesel(sql_type = Text)]
    pub(crate) event_id: String,
    #[diesel(sql_type = Text)]
    pub(crate) hash: String,
    #[diesel(sql_type = SmallInt)]
    pub(crate) declares: i16,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) capture_id: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub(crate) number: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) line: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) at: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) recorded_at: i64,
    #[diesel(sql_type = Text)]
    pub(crate) kind: String,
    #[diesel(sql_type = Text)]
    pub(crate) body: String,
}

/// The columns of [`EventRow`].
pub(crate) const COLUMNS: &str = "e.event_no, e.event_id, e.hash, e.declares, e.capture_id, e.number, e.line, e.at, \
     e.recorded_at, e.kind, e.body";

/// Notes what events name: identity, event and place.
pub(crate) fn epc_store(
    connection: &mut AnyConnection,
    tenant: i32,
    named: &[(i64, i64, i16)],
) -> Result<(), StoreError> {
    if named.is_empty() {
        return Ok(());
    }
    match connection {
        // One list of rows: lists joined by their keys are parsed anew for every row.
        AnyConnection::Sqlite(sqlite) => {
            let rows = serde_json::to_string(named).expect("numbers have a JSON form");
            diesel::sql_query(
                "INSERT INTO epcis_event_epc (tenant_id, epc_no, event_no, place)
                 SELECT $1, value ->> 0, value ->> 1, value ->> 2 FROM json_each($2)
                 WHERE true ON CONFLICT DO NOTHING",
            )
            .bind::<Integer, _>(tenant)
            .bind::<Text, _>(rows)
            .execute(sqlite)?
        }
        AnyConnection::Postgres(postgres) => diesel::sql_query(
            "INSERT INTO epcis_event_epc (tenant_id, epc_no, event_no, place)
             SELECT $1, epc_no, event_no, place::smallint FROM unnest($2, $3, $4) AS chunk (epc_no, event_no, place)
             ON CONFLICT DO NOTHING",
        )
        .bind::<Integer, _>(tenant)
        .bind::<Array<BigInt>, _>(named.iter().map(|row| row.0).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(named.iter().map(|row| row.1).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(
            named
                .iter()
                .map(|row| i64::from(row.2))
                .collect::<Vec<_>>(),
        )
        .execute(postgres)?,
    };
    Ok(())
}

/// Notes what else can be asked for of events: name, value, event, order.
pub(crate) fn value_store(
    connection: &mut AnyConnection,
    tenant: i32,
    values: &[(&str, &str, i64, Option<i64>)],
) -> Result<(), StoreError> {
    if values.is_empty() {
        return Ok(());
    }
    match connection {
        AnyConnection::Sqlite(sqlite) => {
            let rows = serde_json::to_string(values).expect("texts and numbers have a JSON form");
            diesel::sql_query(
                "INSERT INTO epcis_event_value (tenant_id, name, value, event_no, ordering)
                 SELECT $1, value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each($2)
                 WHERE true ON CONFLICT DO NOTHING",
            )
            .bind::<Integer, _>(tenant)
            .bind::<Text, _>(rows)
            .execute(sqlite)?
        }
        AnyConnection::Postgres(postgres) => diesel::sql_query(
            "INSERT INTO epcis_event_value (tenant_id, name, value, event_no, ordering)
             SELECT $1, name, value, event_no, ordering
             FROM unnest($2, $3, $4, $5) AS chunk (name, value, event_no, ordering) ON CONFLICT DO NOTHING",
        )
        .bind::<Integer, _>(tenant)
        .bind::<Array<Text>, _>(values.iter().map(|row| row.0).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(values.iter().map(|row| row.1).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(values.iter().map(|row| row.2).collect::<Vec<_>>())
        .bind::<Array<Nullable<BigInt>>, _>(values.iter().map(|row| row.3).collect::<Vec<_>>())
        .execute(postgres)?,
    };
    Ok(())
}
