//! Many rows at once: the fastest durable route of each engine, two arms each.
//!
//! SQLite takes a chunk as one JSON text and spreads it with `json_each`; PostgreSQL takes arrays and spreads them with
//! `unnest`. Row-level security forbids COPY into the table itself. Every function names the tenant in its `WHERE` or in
//! its rows; who may call it is the store's to say.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, SmallInt, Text};

use packtwin_core::ids::{LoadNo, ProductNo};
use packtwin_core::pack::PackState;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;

use super::AnyConnection;
use crate::error::StoreError;

/// Stores active packs.
pub(crate) fn pack_store(
    connection: &mut AnyConnection,
    tenant: i32,
    product: ProductNo,
    packs: &[(Serial, LoadNo)],
) -> Result<(), StoreError> {
    if packs.is_empty() {
        return Ok(());
    }
    let active = PackState::Active.number();
    match connection {
        AnyConnection::Sqlite(sqlite) if let Some(load) = only_load(packs) => diesel::sql_query(
            "INSERT INTO pack (tenant_id, product_no, serial, load_no, state)
             SELECT $1, $2, value, $3, $4 FROM json_each($5)",
        )
        .bind::<Integer, _>(tenant)
        .bind::<Integer, _>(product.0)
        .bind::<Integer, _>(load.0)
        .bind::<SmallInt, _>(active)
        .bind::<Text, _>(json_array(packs.iter().map(|(serial, _)| serial)))
        .execute(sqlite)?,
        AnyConnection::Sqlite(sqlite) => diesel::sql_query(
            "INSERT INTO pack (tenant_id, product_no, serial, load_no, state)
             SELECT $1, $2, key, value, $3 FROM json_each($4)",
        )
        .bind::<Integer, _>(tenant)
        .bind::<Integer, _>(product.0)
        .bind::<SmallInt, _>(active)
        .bind::<Text, _>(json_object(packs))
        .execute(sqlite)?,
        AnyConnection::Postgres(postgres) => diesel::sql_query(
            "INSERT INTO pack (tenant_id, product_no, serial, load_no, state)
             SELECT $1, $2, serial, load_no, $3 FROM unnest($4, $5) AS chunk (serial, load_no)",
        )
        .bind::<Integer, _>(tenant)
        .bind::<Integer, _>(product.0)
        .bind::<SmallInt, _>(active)
        .bind::<Array<Text>, _>(texts(packs.iter().map(|(serial, _)| serial)))
        .bind::<Array<Integer>, _>(packs.iter().map(|(_, load)| load.0).collect::<Vec<_>>())
        .execute(postgres)?,
    };
    Ok(())
}

#[derive(QueryableByName)]
struct ExistingRow {
    #[diesel(sql_type = Text)]
    serial: String,
    #[diesel(sql_type = Integer)]
    load_no: i32,
}

/// Which of these serials the product has.
pub(crate) fn pack_existing(
    connection: &mut AnyConnection,
    tenant: i32,
    product: ProductNo,
    serials: &[Serial],
) -> Result<Vec<(Serial, LoadNo)>, StoreError> {
    let (Some(first), Some(last)) = (serials.iter().min(), serials.iter().max()) else {
        return Ok(Vec::new());
    };
    let mut rows: Vec<ExistingRow> = match connection {
        // CROSS JOIN keeps SQLite from walking the table and probing the list.
        AnyConnection::Sqlite(sqlite) => diesel::sql_query(
            "SELECT pack.serial, pack.load_no FROM json_each($1) AS wanted
             CROSS JOIN pack ON pack.tenant_id = $2 AND pack.product_no = $3 AND pack.serial = wanted.value",
        )
        .bind::<Text, _>(json_array(serials.iter()))
        .bind::<Integer, _>(tenant)
        .bind::<Integer, _>(product.0)
        .load(sqlite)?,
        // The range keeps a planner that prefers one walk over many look-ups from walking further than the chunk.
        AnyConnection::Postgres(postgres) => diesel::sql_query(
            "SELECT pack.serial, pack.load_no FROM pack
             WHERE tenant_id = $1 AND product_no = $2 AND serial >= $3 AND serial <= $4
               AND serial = ANY ($5)",
        )
        .bind::<Integer, _>(tenant)
        .bind::<Integer, _>(product.0)
        .bind::<Text, _>(first.as_str())
        .bind::<Text, _>(last.as_str())
        .bind::<Array<Text>, _>(texts(serials.iter()))
        .load(postgres)?,
    };
    rows.sort_unstable_by(|left, right| left.serial.cmp(&right.serial));
    rows.dedup_by(|left, right| left.serial == right.serial);
    rows.into_iter()
        .map(|row| Ok((serial(&row.serial)?, LoadNo(row.load_no))))
        .collect()
}

#[derive(QueryableByName)]
struct SerialRow {
    #[diesel(sql_type = Text)]
    serial: String,
}

/// Moves visible packs from one state to another.
pub(crate) fn pack_state_set(
    connection: &mut AnyConnection,
    tenant: i32,
    product: ProductNo,
    serials: &[Serial],
    (from, to): (PackState, PackState),
) -> Result<Vec<Serial>, StoreError> {
    if serials.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows: Vec<SerialRow> = match connection {
        AnyConnection::Sqlite(sqlite) => diesel::sql_query(
            "UPDATE pack SET state = $1
             WHERE tenant_id = $2 AND product_no = $3 AND state = $4
               AND serial IN (SELECT value FROM json_each($5))
               AND load_no IN (SELECT load_no FROM load
                   WHERE tenant_id = $2 AND product_no = $3 AND state = 'visible')
             RETURNING serial",
        )
        .bind::<SmallInt, _>(to.number())
        .bind::<Integer, _>(tenant)
        .bind::<Integer, _>(product.0)
        .bind::<SmallInt, _>(from.number())
        .bind::<Text, _>(json_array(serials.iter()))
        .load(sqlite)?,
        AnyConnection::Postgres(postgres) => diesel::sql_query(
            "UPDATE pack SET state = $1
             WHERE tenant_id = $2 AND product_no = $3 AND state = $4 AND serial = ANY ($5)
               AND load_no IN (SELECT load_no FROM load
                   WHERE tenant_id = $2 AND product_no = $3 AND state = 'visible')
             RETURNING serial",
        )
        .bind::<SmallInt, _>(to.number())
        .bind::<Integer, _>(tenant)
        .bind::<Integer, _>(product.0)
        .bind::<SmallInt, _>(from.number())
        .bind::<Array<Text>, _>(texts(serials.iter()))
        .load(postgres)?,
    };
    rows.sort_unstable_by(|left, right| left.serial.cmp(&right.serial));
    rows.iter().map(|row| serial(&row.serial)).collect()
}

/// Notes for each of these packs that the manufacturer's side gave it a state.
pub(crate) fn pack_change_store(
    connection: &mut AnyConnection,
    tenant: i32,
    product: ProductNo,
    serials: &[Serial],
    to: PackState,
    at: Timestamp,
) -> Result<(), StoreError> {
    if serials.is_empty() {
        return Ok(());
    }
    match connection {
        AnyConnection::Sqlite(sqlite) => diesel::sql_query(
            "INSERT INTO pack_change (tenant_id, product_no, serial, change_no, state, at, recorded_at, repeats)
             SELECT $1, $2, value, 1 + (SELECT coalesce(max(c.change_no), 0) FROM pack_change c
                 WHERE c.tenant_id = $1 AND c.product_no = $2 AND c.serial = value), $3, $4, $4, 0
             FROM json_each($5)",
        )
        .bind::<Integer, _>(tenant)
        .bind::<Integer, _>(product.0)
        .bind::<SmallInt, _>(to.number())
        .bind::<BigInt, _>(at.micros())
        .bind::<Text, _>(json_array(serials.iter()))
        .execute(sqlite)?,
        AnyConnection::Postgres(postgres) => diesel::sql_query(
            "INSERT INTO pack_change (tenant_id, product_no, serial, change_no, state, at, recorded_at, repeats)
             SELECT $1, $2, chunk.serial, 1 + (SELECT coalesce(max(c.change_no), 0) FROM pack_change c
                 WHERE c.tenant_id = $1 AND c.product_no = $2 AND c.serial = chunk.serial), $3, $4, $4, 0
             FROM unnest($5) AS chunk (serial)",
        )
        .bind::<Integer, _>(tenant)
        .bind::<Integer, _>(product.0)
        .bind::<SmallInt, _>(to.number())
        .bind::<BigInt, _>(at.micros())
        .bind::<Array<Text>, _>(texts(serials.iter()))
        .execute(postgres)?,
    };
    Ok(())
}

/// Notes a fact of single packs.
pub(crate) fn pack_fact_store(
    connection: &mut AnyConnection,
    tenant: i32,
    product: ProductNo,
    fact_no: i64,
    serials: &[Serial],
) -> Result<(), StoreError> {
    match connection {
        AnyConnection::Sqlite(sqlite) => diesel::sql_query(
            "INSERT INTO pack_fact (tenant_id, product_no, serial, fact_no)
             SELECT $1, $2, value, $3 FROM json_each($4)",
        )
        .bind::<Integer, _>(tenant)
        .bind::<Integer, _>(product.0)
        .bind::<BigInt, _>(fact_no)
        .bind::<Text, _>(json_array(serials.iter()))
        .execute(sqlite)?,
        AnyConnection::Postgres(postgres) => diesel::sql_query(
            "INSERT INTO pack_fact (tenant_id, product_no, serial, fact_no)
             SELECT $1, $2, serial, $3 FROM unnest($4) AS chunk (serial)",
        )
        .bind::<Integer, _>(tenant)
        .bind::<Integer, _>(product.0)
        .bind::<BigInt, _>(fact_no)
        .bind::<Array<Text>, _>(texts(serials.iter()))
        .execute(postgres)?,
    };
    Ok(())
}

/// Notes the packs that a far side refused: serial, its code, its text.
pub(crate) fn refused_pack_store(
    connection: &mut AnyConnection,
    tenant: i32,
    message_id: &str,
    refused: &[(Serial, String, String)],
) -> Result<(), StoreError> {
    match connection {
        AnyConnection::Sqlite(sqlite) => {
            let rows: Vec<(&str, &str, &str)> = refused
                .iter()
                .map(|(serial, code, text)| (serial.as_str(), code.as_str(), text.as_str()))
                .collect();
            let rows = serde_json::to_string(&rows).expect("texts always have a JSON form");
            diesel::sql_query(
                "INSERT INTO message_refused_pack (tenant_id, message_id, serial, code, text)
                 SELECT $1, $2, value ->> 0, value ->> 1, value ->> 2 FROM json_each($3)",
            )
            .bind::<Integer, _>(tenant)
            .bind::<Text, _>(message_id)
            .bind::<Text, _>(rows)
            .execute(sqlite)?
        }
        AnyConnection::Postgres(postgres) => diesel::sql_query(
            "INSERT INTO message_refused_pack (tenant_id, message_id, serial, code, text)
             SELECT $1, $2, serial, code, text FROM unnest($3, $4, $5) AS chunk (serial, code, text)",
        )
        .bind::<Integer, _>(tenant)
        .bind::<Text, _>(message_id)
        .bind::<Array<Text>, _>(texts(refused.iter().map(|(serial, _, _)| serial)))
        .bind::<Array<Text>, _>(refused.iter().map(|(_, code, _)| code).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(refused.iter().map(|(_, _, text)| text).collect::<Vec<_>>())
        .execute(postgres)?,
    };
    Ok(())
}

/// The load of all packs of a chunk, when it is one. Most files hold one lot.
fn only_load(packs: &[(Serial, LoadNo)]) -> Option<LoadNo> {
    let (_, first) = packs.first()?;
    packs
        .iter()
        .all(|(_, load)| load == first)
        .then_some(*first)
}

fn serial(text: &str) -> Result<Serial, StoreError> {
    Serial::from_bytes(text.as_bytes()).ok_or(StoreError::Damaged { what: "serial" })
}

fn texts<'a>(serials: impl Iterator<Item = &'a Serial>) -> Vec<&'a str> {
    serials.map(Serial::as_str).collect()
}

/// `["A1","A2"]`.
pub(super) fn json_array<'a>(serials: impl ExactSizeIterator<Item = &'a Serial>) -> String {
    let mut json = String::with_capacity(serials.len() * 24 + 2);
    json.push('[');
    for serial in serials {
        if json.len() > 1 {
            json.push(',');
        }
        push_serial(&mut json, serial);
    }
    json.push(']');
    json
}

/// `{"A1":7,"A2":7}`: `json_each` hands key and value over as two columns.
fn json_object(packs: &[(Serial, LoadNo)]) -> String {
    let mut json = String::with_capacity(packs.len() * 32 + 2);
    let mut loads = LoadText::default();
    json.push('{');
    for (serial, load) in packs {
        if json.len() > 1 {
            json.push(',');
        }
        push_serial(&mut json, serial);
        json.push(':');
        json.push_str(loads.text(*load));
    }
    json.push('}');
    json
}

/// Writes a load's number once for the many packs of it that follow each other.
#[derive(Default)]
struct LoadText {
    of: Option<LoadNo>,
    text: String,
}

impl LoadText {
    fn text(&mut self, load: LoadNo) -> &str {
        if self.of != Some(load) {
            self.of = Some(load);
            self.text = load.to_string();
        }
        &self.text
    }
}

/// Of the characters a serial can have (set 82), only the quotation mark needs an escape in JSON.
fn push_serial(json: &mut String, serial: &Serial) {
    json.push('"');
    for (index, part) in serial.as_str().split('"').enumerate() {
        if index > 0 {
            json.push_str("\\\"");
        }
        json.push_str(part);
    }
    json.push('"');
}
