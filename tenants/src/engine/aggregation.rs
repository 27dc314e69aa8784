//! The neighbourhood of a hierarchy fact, asked and written in sets: two arms each.
//!
//! The last standing of a node before a key is one step back in the primary key, asked for a whole set of nodes in one
//! statement. What the rows mean is the store's to say (`store::aggregation`); the order of keys is that of their columns.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, SmallInt, Text};

use super::AnyConnection;
use crate::error::StoreError;

/// Both arms of a statement over a set of nodes, which is the parameter of this number. The macro `$arm` takes the connection,
/// what stands in FROM (a row of it is `wanted.value`), and the set with its type.
macro_rules! each_engine {
    ($arm:ident, $connection:expr, $number:literal, $nodes:expr) => {
        match $connection {
            AnyConnection::Sqlite(sqlite) => $arm!(
                sqlite,
                concat!("json_each($", $number, ") AS wanted"),
                Text,
                json_numbers($nodes)
            ),
            AnyConnection::Postgres(postgres) => $arm!(
                postgres,
                concat!("unnest($", $number, ") AS wanted (value)"),
                Array<BigInt>,
                $nodes
            ),
        }
    };
}

/// A fact's key as columns: time, phase, document, position, ordered as they stand.
pub(crate) type Key = (i64, i16, i64, i64);

/// How a node stood after the fact of a key.
#[derive(QueryableByName)]
pub(crate) struct Standing {
    #[diesel(sql_type = BigInt)]
    pub(crate) epc_no: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) at: i64,
    #[diesel(sql_type = SmallInt)]
    pub(crate) phase: i16,
    #[diesel(sql_type = BigInt)]
    pub(crate) document: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) position: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub(crate) parent: Option<i64>,
    #[diesel(sql_type = SmallInt)]
    pub(crate) life: i16,
    #[diesel(sql_type = BigInt)]
    pub(crate) ended: i64,
    #[diesel(sql_type = Text)]
    pub(crate) body: String,
}

/// The last standing of each of these nodes before a key; nodes that did not exist are left out.
pub(crate) fn standings(
    connection: &mut AnyConnection,
    tenant: i32,
    nodes: &[i64],
    before: Key,
) -> Result<Vec<Standing>, StoreError> {
    if nodes.is_empty() {
        return Ok(Vec::new());
    }
    Ok(match connection {
        // CROSS JOIN keeps SQLite from walking the table and probing the list.
        AnyConnection::Sqlite(sqlite) => diesel::sql_query(
            "SELECT s.epc_no, s.at, s.phase, s.document, s.position, s.parent, s.life, s.ended, s.body
             FROM json_each($1) AS wanted
             CROSS JOIN aggregation_standing s ON s.tenant_id = $2 AND s.epc_no = wanted.value
               AND (s.at, s.phase, s.document, s.position) = (
                   SELECT t.at, t.phase, t.document, t.position FROM aggregation_standing t
                   WHERE t.tenant_id = $2 AND t.epc_no = wanted.value
                     AND (t.at, t.phase, t.document, t.position) < ($3, $4, $5, $6)
                   ORDER BY t.at DESC, t.phase DESC, t.document DESC, t.position DESC LIMIT 1)",
        )
        .bind::<Text, _>(json_numbers(nodes))
        .bind::<Integer, _>(tenant)
        .bind::<BigInt, _>(before.0)
        .bind::<SmallInt, _>(before.1)
        .bind::<BigInt, _>(before.2)
        .bind::<BigInt, _>(before.3)
        .load(sqlite)?,
        AnyConnection::Postgres(postgres) => diesel::sql_query(
            "SELECT s.* FROM unnest($1) AS wanted (epc_no)
             CROSS JOIN LATERAL (
                 SELECT t.epc_no, t.at, t.phase, t.document, t.position, t.parent, t.life, t.ended, t.body
                 FROM aggregation_standing t
                 WHERE t.tenant_id = $2 AND t.epc_no = wanted.epc_no
                   AND (t.at, t.phase, t.document, t.position) < ($3, $4, $5, $6)
                 ORDER BY t.at DESC, t.phase DESC, t.document DESC, t.position DESC LIMIT 1) s",
        )
        .bind::<Array<BigInt>, _>(nodes)
        .bind::<Integer, _>(tenant)
        .bind::<BigInt, _>(before.0)
        .bind::<SmallInt, _>(before.1)
        .bind::<BigInt, _>(before.2)
        .bind::<BigInt, _>(before.3)
        .load(postgres)?,
    })
}

#[derive(QueryableByName)]
struct NumberRow {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// The children of a container before a key, ascending, those greater than `after`, at most `limit`.
pub(crate) fn children(
    connection: &mut AnyConnection,
    tenant: i32,
    (parent, after, limit): (i64, i64, i64),
    before: Key,
) -> Result<Vec<i64>, StoreError> {
    const SQL: &str = "SELECT p.child AS number FROM aggregation_placement p
         WHERE p.tenant_id = $1 AND p.parent = $2 AND p.child > $3
           AND (SELECT t.parent FROM aggregation_standing t
                WHERE t.tenant_id = $1 AND t.epc_no = p.child
                  AND (t.at, t.phase, t.document, t.position) < ($4, $5, $6, $7)
                ORDER BY t.at DESC, t.phase DESC, t.document DESC, t.position DESC LIMIT 1) = $2
         ORDER BY p.child LIMIT $8";
    macro_rules! ask {
        ($connection:expr) => {
            diesel::sql_query(SQL)
                .bind::<Integer, _>(tenant)
                .bind::<BigInt, _>(parent)
                .bind::<BigInt, _>(after)
                .bind::<BigInt, _>(before.0)
                .bind::<SmallInt, _>(before.1)
                .bind::<BigInt, _>(before.2)
                .bind::<BigInt, _>(before.3)
                .bind::<BigInt, _>(limit)
                .load($connection)?
        };
    }
    let rows: Vec<NumberRow> = match connection {
        AnyConnection::Sqlite(sqlite) => ask!(sqlite),
        AnyConnection::Postgres(postgres) => ask!(postgres),
    };
    Ok(rows.into_iter().map(|row| row.number).collect())
}

/// A child that ended, or in which something did.
#[derive(QueryableByName)]
pub(crate) struct EndedChild {
    #[diesel(sql_type = BigInt)]
    pub(crate) child: i64,
    #[diesel(sql_type = SmallInt)]
    pub(crate) life: i16,
    #[diesel(sql_type = BigInt)]
    pub(crate) ended: i64,
}

/// The children of containers, before a key, that ended or hold what did.
pub(crate) fn ended_children(
    connection: &mut AnyConnection,
    tenant: i32,
    parents: &[i64],
    before: Key,
) -> Result<Vec<EndedChild>, StoreError> {
    macro_rules! sql {
        ($wanted:expr) => {
            concat!(
                "SELECT s.epc_no AS child, s.life, s.ended FROM ",
                $wanted,
                " CROSS JOIN aggregation_placement p
                 CROSS JOIN aggregation_standing s
                 WHERE p.tenant_id = $2 AND p.parent = wanted.value
                   AND s.tenant_id = $2 AND s.epc_no = p.child AND s.parent = p.parent AND (s.life <> 0 OR s.ended > 0)
                   AND (s.at, s.phase, s.document, s.position) = (
                       SELECT t.at, t.phase, t.document, t.position FROM aggregation_standing t
                       WHERE t.tenant_id = $2 AND t.epc_no = p.child
                         AND (t.at, t.phase, t.document, t.position) < ($3, $4, $5, $6)
                       ORDER BY t.at DESC, t.phase DESC, t.document DESC, t.position DESC LIMIT 1)"
            )
        };
    }
    macro_rules! ask {
        ($connection:expr, $from:expr, $list:ty, $parents:expr) => {
            diesel::sql_query(sql!($from))
                .bind::<$list, _>($parents)
                .bind::<Integer, _>(tenant)
                .bind::<BigInt, _>(before.0)
                .bind::<SmallInt, _>(before.1)
                .bind::<BigInt, _>(before.2)
                .bind::<BigInt, _>(before.3)
                .load($connection)?
        };
    }
    Ok(each_engine!(ask, connection, "1", parents))
}

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = BigInt)]
    at: i64,
    #[diesel(sql_type = SmallInt)]
    phase: i16,
    #[diesel(sql_type = BigInt)]
    document: i64,
    #[diesel(sql_type = BigInt)]
    position: i64,
}

/// The keys after `after` of facts that read one of these nodes.
pub(crate) fn readers_after(
    connection: &mut AnyConnection,
    tenant: i32,
    nodes: &[i64],
    after: Key,
) -> Result<Vec<Key>, StoreError> {
    macro_rules! sql {
        ($wanted:expr) => {
            concat!(
                "SELECT s.at, s.phase, s.document, s.position FROM ",
                $wanted,
                " CROSS JOIN aggregation_standing s WHERE s.tenant_id = $2 AND s.epc_no = wanted.value
                   AND (s.at, s.phase, s.document, s.position) > ($3, $4, $5, $6)
                 UNION SELECT r.at, r.phase, r.document, r.position FROM ",
                $wanted,
                " CROSS JOIN aggregation_reader r WHERE r.tenant_id = $2 AND r.epc_no = wanted.value
                   AND (r.at, r.phase, r.document, r.position) > ($3, $4, $5, $6)"
            )
        };
    }
    macro_rules! ask {
        ($connection:expr, $from:expr, $list:ty, $nodes:expr) => {
            diesel::sql_query(sql!($from))
                .bind::<$list, _>($nodes)
                .bind::<Integer, _>(tenant)
                .bind::<BigInt, _>(after.0)
                .bind::<SmallInt, _>(after.1)
                .bind::<BigInt, _>(after.2)
                .bind::<BigInt, _>(after.3)
                .load($connection)?
        };
    }
    let rows: Vec<KeyRow> = each_engine!(ask, connection, "1", nodes);
    let key = |row: KeyRow| (row.at, row.phase, row.document, row.position);
    Ok(rows.into_iter().map(key).collect())
}

/// What a fact wrote of nodes that stand alike after it.
pub(crate) struct Alike<'b> {
    pub(crate) parent: Option<i64>,
    pub(crate) life: i16,
    pub(crate) ended: i64,
    pub(crate) body: &'b str,
}

/// Writes how nodes stand alike after the fact of a key.
pub(crate) fn standing_store(
    connection: &mut AnyConnection,
    tenant: i32,
    key: Key,
    alike: &Alike<'_>,
    nodes: &[i64],
) -> Result<(), StoreError> {
    macro_rules! store {
        ($connection:expr, $from:expr, $list:ty, $nodes:expr) => {
            diesel::sql_query(concat!(
                "INSERT INTO aggregation_standing
                     (tenant_id, epc_no, at, phase, document, position, parent, life, ended, body)
                 SELECT $1, wanted.value, $2, $3, $4, $5, $6, $7, $8, $9 FROM ",
                $from
            ))
            .bind::<Integer, _>(tenant)
            .bind::<BigInt, _>(key.0)
            .bind::<SmallInt, _>(key.1)
            .bind::<BigInt, _>(key.2)
            .bind::<BigInt, _>(key.3)
            .bind::<Nullable<BigInt>, _>(alike.parent)
            .bind::<SmallInt, _>(alike.life)
            .bind::<BigInt, _>(alike.ended)
            .bind::<Text, _>(alike.body)
            .bind::<$list, _>($nodes)
            .execute($connection)?
        };
    }
    each_engine!(store, connection, "10", nodes);
    Ok(())
}

/// The two tables that say by node which facts touched it.
#[derive(Clone, Copy)]
pub(crate) enum Touch {
    /// How nodes stood after a fact.
    Standing,
    /// Which nodes a fact read without writing them.
    Reader,
}

/// Forgets what the fact of a key wrote of these nodes, or that it read them.
pub(crate) fn touch_remove(
    connection: &mut AnyConnection,
    tenant: i32,
    touch: Touch,
    key: Key,
    nodes: &[i64],
) -> Result<(), StoreError> {
    if nodes.is_empty() {
        return Ok(());
    }
    let table = match touch {
        Touch::Standing => "aggregation_standing",
        Touch::Reader => "aggregation_reader",
    };
    let rest = "AND at = $2 AND phase = $3 AND document = $4 AND position = $5";
    macro_rules! remove {
        ($connection:expr, $in:literal, $list:ty, $nodes:expr) => {
            diesel::sql_query(format!(
                "DELETE FROM {table} WHERE tenant_id = $1 {rest} AND epc_no {}",
                $in
            ))
            .bind::<Integer, _>(tenant)
            .bind::<BigInt, _>(key.0)
            .bind::<SmallInt, _>(key.1)
            .bind::<BigInt, _>(key.2)
            .bind::<BigInt, _>(key.3)
            .bind::<$list, _>($nodes)
            .execute($connection)?
        };
    }
    match connection {
        AnyConnection::Sqlite(sqlite) => remove!(
            sqlite,
            "IN (SELECT value FROM json_each($6))",
            Text,
            json_numbers(nodes)
        ),
        AnyConnection::Postgres(postgres) => {
            remove!(postgres, "= ANY ($6)", Array<BigInt>, nodes)
        }
    };
    Ok(())
}

/// Notes which nodes the fact of a key read without writing them.
pub(crate) fn reader_store(
    connection: &mut AnyConnection,
    tenant: i32,
    key: Key,
    nodes: &[i64],
) -> Result<(), StoreError> {
    if nodes.is_empty() {
        return Ok(());
    }
    macro_rules! store {
        ($connection:expr, $from:expr, $list:ty, $nodes:expr) => {
            diesel::sql_query(concat!(
                "INSERT INTO aggregation_reader (tenant_id, epc_no, at, phase, document, position)
                 SELECT $1, wanted.value, $2, $3, $4, $5 FROM ",
                $from
            ))
            .bind::<Integer, _>(tenant)
            .bind::<BigInt, _>(key.0)
            .bind::<SmallInt, _>(key.1)
            .bind::<BigInt, _>(key.2)
            .bind::<BigInt, _>(key.3)
            .bind::<$list, _>($nodes)
            .execute($connection)?
        };
    }
    each_engine!(store, connection, "6", nodes);
    Ok(())
}

/// Notes that nodes were in a container at some time.
pub(crate) fn placement_store(
    connection: &mut AnyConnection,
    tenant: i32,
    parent: i64,
    nodes: &[i64],
) -> Result<(), StoreError> {
    // SQLite would take ON for the beginning of a join without the WHERE.
    macro_rules! store {
        ($connection:expr, $from:expr, $list:ty, $nodes:expr) => {
            diesel::sql_query(concat!(
                "INSERT INTO aggregation_placement (tenant_id, parent, child)
                 SELECT $1, $2, wanted.value FROM ",
                $from,
                " WHERE true ON CONFLICT DO NOTHING"
            ))
            .bind::<Integer, _>(tenant)
            .bind::<BigInt, _>(parent)
            .bind::<$list, _>($nodes)
            .execute($connection)?
        };
    }
    each_engine!(store, connection, "3", nodes);
    Ok(())
}

/// `[1,2]`.
pub(super) fn json_numbers(numbers: &[i64]) -> String {
    let mut json = String::with_capacity(numbers.len() * 8 + 2);
    json.push('[');
    for number in numbers {
        if json.len() > 1 {
            json.push(',');
        }
        json.push_str(&number.to_string());
    }
    json.push(']');
    json
}
