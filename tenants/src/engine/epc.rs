//! Names of identities and their numbers, asked and given out in sets: two arms each.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Text};

use super::AnyConnection;
use super::aggregation::json_numbers;
use crate::error::StoreError;

/// A name with its number.
#[derive(QueryableByName)]
pub(crate) struct Named {
    #[diesel(sql_type = BigInt)]
    pub(crate) epc_no: i64,
    #[diesel(sql_type = Text)]
    pub(crate) name: String,
}

/// Numbers of a tenant: how many are taken, or the last of each after that.
#[derive(Default, QueryableByName)]
pub(crate) struct Counts {
    #[diesel(sql_type = BigInt)]
    pub(crate) epcs: i64,
    #[diesel(sql_type = Integer)]
    pub(crate) goods: i32,
    #[diesel(sql_type = BigInt)]
    pub(crate) events: i64,
}

/// Takes the next numbers and answers the last of each. Until the change ends, nobody else takes any.
pub(crate) fn take(
    connection: &mut AnyConnection,
    tenant: i32,
    taken: Counts,
) -> Result<Counts, StoreError> {
    let sql = "INSERT INTO aggregation_head (tenant_id, last_epc, last_goods, last_event) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant_id) DO UPDATE SET
             last_epc = aggregation_head.last_epc + excluded.last_epc,
             last_goods = aggregation_head.last_goods + excluded.last_goods,
             last_event = aggregation_head.last_event + excluded.last_event
         RETURNING last_epc AS epcs, last_goods AS goods, last_event AS events";
    let query = diesel::sql_query(sql)
        .bind::<Integer, _>(tenant)
        .bind::<BigInt, _>(taken.epcs)
        .bind::<Integer, _>(taken.goods)
        .bind::<BigInt, _>(taken.events);
    Ok(match connection {
        AnyConnection::Sqlite(sqlite) => query.get_result(sqlite)?,
        AnyConnection::Postgres(postgres) => query.get_result(postgres)?,
    })
}

/// Those of these names that have a number.
pub(crate) fn find(
    connection: &mut AnyConnection,
    tenant: i32,
    names: &[&str],
) -> Result<Vec<Named>, StoreError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    Ok(match connection {
        AnyConnection::Sqlite(sqlite) => diesel::sql_query(
            "SELECT e.epc_no, e.name FROM json_each($1) AS wanted
             CROSS JOIN epc e ON e.tenant_id = $2 AND e.name = wanted.value",
        )
        .bind::<Text, _>(json_texts(names))
        .bind::<Integer, _>(tenant)
        .load(sqlite)?,
        AnyConnection::Postgres(postgres) => diesel::sql_query(
            "SELECT e.epc_no, e.name FROM epc e WHERE e.name = ANY ($1) AND e.tenant_id = $2",
        )
        .bind::<Array<Text>, _>(names)
        .bind::<Integer, _>(tenant)
        .load(postgres)?,
    })
}

/// The names of these numbers.
pub(crate) fn names(
    connection: &mut AnyConnection,
    tenant: i32,
    numbers: &[i64],
) -> Result<Vec<Named>, StoreError> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    Ok(match connection {
        AnyConnection::Sqlite(sqlite) => diesel::sql_query(
            "SELECT e.epc_no, e.name FROM json_each($1) AS wanted
             CROSS JOIN epc e ON e.tenant_id = $2 AND e.epc_no = wanted.value",
        )
        .bind::<Text, _>(json_numbers(numbers))
        .bind::<Integer, _>(tenant)
        .load(sqlite)?,
        AnyConnection::Postgres(postgres) => diesel::sql_query(
            "SELECT e.epc_no, e.name FROM epc e WHERE e.epc_no = ANY ($1) AND e.tenant_id = $2",
        )
        .bind::<Array<BigInt>, _>(numbers)
        .bind::<Integer, _>(tenant)
        .load(postgres)?,
    })
}

/// Gives names, none of which has a number, the numbers from `first` on.
pub(crate) fn store(
    connection: &mut AnyConnection,
    tenant: i32,
    names: &[&str],
    first: i64,
) -> Result<(), StoreError> {
    match connection {
        AnyConnection::Sqlite(sqlite) => diesel::sql_query(
            "INSERT INTO epc (tenant_id, epc_no, name) SELECT $1, $2 + key, value FROM json_each($3)",
        )
        .bind::<Integer, _>(tenant)
        .bind::<BigInt, _>(first)
        .bind::<Text, _>(json_texts(names))
        .execute(sqlite)?,
        AnyConnection::Postgres(postgres) => diesel::sql_query(
            "INSERT INTO epc (tenant_id, epc_no, name)
             SELECT $1, $2 + place - 1, name FROM unnest($3) WITH ORDINALITY AS chunk (name, place)",
        )
        .bind::<Integer, _>(tenant)
        .bind::<BigInt, _>(first)
        .bind::<Array<Text>, _>(names)
        .execute(postgres)?,
    };
    Ok(())
}

pub(super) fn json_texts(texts: &[&str]) -> String {
    serde_json::to_string(texts).expect("texts always have a JSON form")
}
