//! The two engines have one schema: same tables, columns, kinds, nullability, keys, unique constraints and references, and
//! the description that diesel compiles against is the same again.

#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping it"
)]

use std::collections::BTreeSet;

use packtwin_tenants::engine::AnyConnection;
use packtwin_tenants::testing::{TestSite, lines};

/// Names of columns in the order of their keys; SQLite knows an inline primary key and unique constraint as indexes too.
const SQLITE: [(&str, &str); 4] = [
    (
        "columns",
        "SELECT t.name || '.' || c.name || ' ' ||
                CASE c.type WHEN 'BLOB' THEN 'bytes' ELSE lower(c.type) END ||
                CASE c.\"notnull\" WHEN 1 THEN ' not null' ELSE '' END AS line
         FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'",
    ),
    (
        "primary keys",
        "SELECT name || ': ' || group_concat(column_name) AS line FROM (
             SELECT t.name, c.name AS column_name FROM sqlite_schema t JOIN pragma_table_info(t.name) c
             WHERE t.type = 'table' AND c.pk > 0 ORDER BY t.name, c.pk) GROUP BY name",
    ),
    (
        "indexes",
        "SELECT DISTINCT table_name || CASE is_unique WHEN 1 THEN ' unique: ' ELSE ': ' END || columns AS line FROM (
             SELECT table_name, is_unique, group_concat(column_name) AS columns FROM (
                 SELECT t.name AS table_name, i.name AS index_name, i.\"unique\" AS is_unique, x.name AS column_name
                 FROM sqlite_schema t JOIN pragma_index_list(t.name) i JOIN pragma_index_info(i.name) x
                 WHERE t.type = 'table' AND i.origin <> 'pk' ORDER BY t.name, i.name, x.seqno)
             GROUP BY table_name, index_name)",
    ),
    (
        "references",
        "SELECT name || ' (' || group_concat(\"from\") || ') to ' || \"table\" || ' (' || group_concat(\"to\") || ')' AS line FROM (
             SELECT t.name, f.id, f.\"table\", f.\"from\", f.\"to\" FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) f
             WHERE t.type = 'table' ORDER BY t.name, f.id, f.seq) GROUP BY name, id",
    ),
];

const POSTGRES: [(&str, &str); 4] = [
    (
        "columns",
        "SELECT table_name || '.' || column_name || ' ' ||
                CASE data_type WHEN 'bytea' THEN 'bytes' ELSE data_type END ||
                CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END AS line
         FROM information_schema.columns WHERE table_schema = 'public'",
    ),
    (
        "primary keys",
        "SELECT c.relname || ': ' || string_agg(a.attname, ',' ORDER BY k.place) AS line
         FROM pg_constraint p JOIN pg_class c ON c.oid = p.conrelid
         CROSS JOIN LATERAL unnest(p.conkey) WITH ORDINALITY AS k (attnum, place)
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
         WHERE p.contype = 'p' AND c.relnamespace = 'public'::regnamespace GROUP BY c.relname",
    ),
    (
        "indexes",
        "SELECT DISTINCT c.relname || CASE WHEN i.indisunique THEN ' unique: ' ELSE ': ' END ||
                string_agg(a.attname, ',' ORDER BY k.place) AS line
         FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
         CROSS JOIN LATERAL unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, place)
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
         WHERE NOT i.indisprimary AND c.relnamespace = 'public'::regnamespace
         GROUP BY c.relname, i.indexrelid, i.indisunique",
    ),
    (
        "references",
        "SELECT c.relname || ' (' || string_agg(a.attname, ',' ORDER BY k.place) || ') to ' || r.relname || ' (' ||
                string_agg(b.attname, ',' ORDER BY k.place) || ')' AS line
         FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class r ON r.oid = f.confrelid
         CROSS JOIN LATERAL unnest(f.conkey, f.confkey) WITH ORDINALITY AS k (from_num, to_num, place)
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.from_num
         JOIN pg_attribute b ON b.attrelid = r.oid AND b.attnum = k.to_num
         WHERE f.contype = 'f' AND c.relnamespace = 'public'::regnamespace
         GROUP BY f.oid, c.relname, r.relname",
    ),
];

/// What one engine says of its tables, without those that the engines and diesel keep for themselves.
fn told(connection: &mut AnyConnection, sql: &str) -> BTreeSet<String> {
    let lines = lines(connection, sql).unwrap();
    let ours = |line: &String| !line.starts_with("sqlite_") && !line.starts_with("__diesel");
    lines.into_iter().filter(ours).collect()
}

#[test]
fn both_engines_have_one_schema() {
    let Some(postgres) = TestSite::postgres() else {
        return;
    };
    let mut sqlite = TestSite::sqlite();
    let mut connections = (sqlite.owner_connection(), postgres.owner_connection());
    for ((what, on_sqlite), (_, on_postgres)) in SQLITE.into_iter().zip(POSTGRES) {
        let of_sqlite = told(&mut connections.0, on_sqlite);
        let of_postgres = told(&mut connections.1, on_postgres);
        assert!(of_sqlite.len() > 4, "{what} were not read");
        let only_sqlite: Vec<_> = of_sqlite.difference(&of_postgres).collect();
        let only_postgres: Vec<_> = of_postgres.difference(&of_sqlite).collect();
        assert!(
            only_sqlite.is_empty() && only_postgres.is_empty(),
            "{what} only on SQLite: {only_sqlite:#?}; only on PostgreSQL: {only_postgres:#?}"
        );
    }
    sqlite.reopen().unwrap();
}

/// The kinds of `schema.rs` as the migrations call them.
fn kind_of(diesel: &str) -> String {
    let (inner, null) = match diesel.strip_prefix("Nullable<") {
        Some(inner) => (inner.trim_end_matches('>'), ""),
        None => (diesel, " not null"),
    };
    let kind = match inner {
        "Integer" => "integer",
        "BigInt" => "bigint",
        "SmallInt" => "smallint",
        "Text" => "text",
        "Binary" => "bytes",
        other => panic!("{other} is new here"),
    };
    format!("{kind}{null}")
}

#[test]
fn the_compiled_description_is_the_migrated_schema() {
    let mut described = BTreeSet::new();
    let mut table = String::new();
    for line in include_str!("../src/schema.rs").lines() {
        let line = line.trim().trim_end_matches(',');
        if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with('{')) {
            name.clone_into(&mut table);
        } else if let Some((column, kind)) =
            line.split_once(" -> ").filter(|_| !line.ends_with(';'))
        {
            described.insert(format!("{table}.{column} {}", kind_of(kind)));
        }
    }
    let site = TestSite::sqlite();
    let migrated = told(&mut site.owner_connection(), SQLITE[0].1);
    let only_described: Vec<_> = described.difference(&migrated).collect();
    let only_migrated: Vec<_> = migrated.difference(&described).collect();
    assert!(
        only_described.is_empty() && only_migrated.is_empty(),
        "only in schema.rs: {only_described:#?}; only in the migrations: {only_migrated:#?}"
    );
}

#[test]
fn migrations_come_in_pairs_and_say_what_for() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    let names = |engine: &str| -> BTreeSet<String> {
        std::fs::read_dir(folder.join(engine))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
    for engine in ["sqlite", "postgres"] {
        for name in names(engine) {
            let up = folder.join(engine).join(&name).join("up.sql");
            let text = std::fs::read_to_string(up).unwrap();
            assert!(text.starts_with("-- Makes possible: "), "{engine} {name}");
            assert!(folder.join(engine).join(&name).join("down.sql").exists());
        }
    }
}
